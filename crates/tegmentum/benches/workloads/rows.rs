//! The rows: workloads with their learners. A faster learner of a workload is one more line here.

use std::sync::Arc;

use tegmentum::error::Result;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::perturbation::Family;
use tegmentum::random::Key;
use tegmentum_engine::kernel::limits::add_constant;
use tegmentum_engine::kernel::{InstructionSet, Numerics};

use crate::problem;
use crate::work::{Subject, Work, elman, elman_with, mlp, mlp_with, xor};

/// Members of a population of the small networks, and runs of theirs that are measured together.
const MEMBERS: usize = 256;
const RUNS: usize = 256;

/// Makes the work of a row.
type Build = Box<dyn Fn() -> Result<Work>>;

/// One row of the table.
pub(crate) struct Row {
    /// What `--only` and `--serve` call it.
    pub(crate) name: String,
    /// For people.
    pub(crate) title: String,
    /// Unit of the rate.
    pub(crate) unit: &'static str,
    pub(crate) build: Build,
    /// Other work of the library or of this machine that is measured in turn: what it is, and its maker. The ratio is
    /// the rate of the row over the other's.
    pub(crate) against: Option<(&'static str, Build)>,
}

impl Row {
    fn new(name: &str, title: &str, unit: &'static str, build: impl Fn() -> Result<Work> + 'static) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), unit, build: Box::new(build), against: None }
    }

    fn against(mut self, what: &'static str, build: impl Fn() -> Result<Work> + 'static) -> Self {
        self.against = Some((what, Box::new(build)));
        self
    }
}

/// The row called `name`.
pub(crate) fn find(name: &str) -> Result<Row> {
    let found = rows(false).into_iter().find(|row| row.name == name);
    found.ok_or_else(|| problem(format!("no row is called {name}; --list prints the names")))
}

/// A step of one direction, both ways.
fn steps(subject: &Subject, count: u64) -> Result<Work> {
    subject.updates(subject.learner(1)?, count, 2, 1.0)
}

/// Updates from `members` candidates in pairs.
fn population(subject: &Subject, members: usize, count: u64) -> Result<Work> {
    subject.updates(subject.learner(members / 2)?, count, members, members as f64)
}

/// The same along directions of rank 1. The rate counts members; what they cost is less than a pass each.
fn low_rank_population(subject: &Subject, members: usize, count: u64) -> Result<Work> {
    let mut work = subject.updates(subject.low_rank_learner(members / 2)?, count, members, members as f64)?;
    // Not the operations of whole passes.
    work.operations = 0.0;
    Ok(work)
}

/// A step of node perturbation in the unit of its two passes.
fn node_perturbation(subject: &Subject, count: u64) -> Result<Work> {
    let rule = PlasticityConfig::NodePerturbation(NodePerturbationConfig::default());
    let (network, problem) = (Arc::clone(&subject.network), Arc::clone(&subject.problem));
    subject.updates(rule.build(network, problem, subject.start.clone(), Key::from_seed(3))?, count, 2, 2.0)
}

/// Noise of `family` added to a buffer of `size` numbers.
fn noise(family: Family, size: usize) -> Result<Work> {
    let (mut buffer, mut draw, calls) = (vec![0.0; size], 0, (100_000 / size).max(1));
    Work::new((size * calls) as f64, move || {
        for _ in 0..calls {
            family.direction(Key::from_seed(5).child(draw)).write_to(1.0, &mut buffer);
            draw += 1;
        }
        Ok(())
    })
}

/// Bytes of a number that is read and written.
const READ_AND_WRITTEN: f64 = 8.0;

fn perturb(family: Family, size: usize) -> Result<Work> {
    let mut work = noise(family, size)?;
    work.bytes = READ_AND_WRITTEN * work.units;
    Ok(work)
}

fn add_in_place(size: usize) -> Result<Work> {
    let mut values = vec![0.0; size];
    let mut work = Work::new(size as f64, move || {
        add_constant(1e-3, &mut values);
        Ok(())
    })?;
    work.bytes = READ_AND_WRITTEN * size as f64;
    Ok(work)
}

/// All rows; `quick` makes the largest one smaller.
pub(crate) fn rows(quick: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(small_rows());
    rows.extend(recurrent_rows());
    rows.extend(large_rows());
    rows.extend(noise_rows(if quick { 10_000_000 } else { 100_000_000 }));
    rows.extend(thread_rows());
    rows
}

fn small_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for hidden in [4, 10] {
        let title = |what: &str| format!("XOR 2-{hidden}-1, {what}");
        rows.push(Row::new(&format!("xor-step-{hidden}"), &title("WP step"), "steps", move || {
            xor(hidden)?.small_updates(1, 1000, 1.0)
        }));
        rows.push(Row::new(&format!("xor-population-{hidden}"), &title("population 256"), "evals", move || {
            xor(hidden)?.small_updates(MEMBERS / 2, 100, MEMBERS as f64)
        }));
        rows.push(Row::new(
            &format!("xor-lockstep-{hidden}"),
            &title("256 runs, 16 in lockstep"),
            "steps",
            move || xor(hidden)?.lockstep(RUNS, 100),
        ));
        // What a network that is not small pays; studies have no use for it here.
        rows.push(Row::new(
            &format!("xor-step-general-{hidden}"),
            &title("WP step, general form"),
            "steps",
            move || steps(&xor(hidden)?, 1000),
        ));
    }
    rows
}

fn recurrent_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in [1, 32] {
        let title = |what: &str| format!("Elman 3-64-3, T = 200, batch {batch}, {what}");
        rows.push(Row::new(&format!("elman-step-{batch}"), &title("WP step"), "steps", move || {
            steps(&elman(batch, 200)?, 1)
        }));
        rows.push(Row::new(&format!("elman-population-{batch}"), &title("population 256"), "evals", move || {
            population(&elman(batch, 200)?, 256, 1)
        }));
        let name = format!("elman-population-{batch}-avx2");
        rows.push(Row::new(&name, &title("population 256, AVX2"), "evals", move || {
            Ok(population(&elman(batch, 200)?, 256, 1)?.at_most(InstructionSet::Avx2))
        }));
        let name = format!("elman-population-{batch}-portable");
        rows.push(Row::new(&name, &title("population 256, portable numerics"), "evals", move || {
            population(&elman_with(Numerics::Portable, batch, 200)?, 256, 1)
        }));
        let name = format!("elman-population-{batch}-bfloat16");
        rows.push(Row::new(&name, &title("population 256, bfloat16"), "evals", move || {
            population(&elman_with(Numerics::Bfloat16, batch, 200)?, 256, 1)
        }));
        let name = format!("elman-population-{batch}-low-rank");
        let row = Row::new(&name, &title("population 256, rank 1"), "evals", move || {
            low_rank_population(&elman(batch, 200)?, 256, 1)
        });
        rows.push(row.against("independent normals", move || population(&elman(batch, 200)?, 256, 1)));
    }
    let title = "Elman 3-64-3, T = 200, batch 32, node perturbation";
    let row = Row::new("elman-node-perturbation", title, "passes", || node_perturbation(&elman(32, 200)?, 1));
    rows.push(row.against("its two passes", || elman(32, 200)?.passes(2)));
    rows
}

fn large_rows() -> Vec<Row> {
    let title = |what: &str| format!("MLP 784-256-10, batch 128, {what}");
    let subject = || mlp(&[256], 128);
    let in_bytes = || mlp_with(Numerics::Int8, &[256], 128);
    let node = Row::new("mlp-node-perturbation", &title("node perturbation"), "passes", move || {
        node_perturbation(&subject()?, 1)
    });
    vec![
        Row::new("mlp-step", &title("WP step"), "steps", move || steps(&subject()?, 1)),
        Row::new("mlp-population", &title("population 64"), "evals", move || population(&subject()?, 64, 1)),
        Row::new("mlp-population-low-rank", &title("population 64, rank 1"), "evals", move || {
            low_rank_population(&subject()?, 64, 1)
        })
        .against("independent normals", move || population(&subject()?, 64, 1)),
        node.against("its two passes", move || subject()?.passes(2)),
        Row::new("mlp-passes-int8", &title("passes alone, int8"), "passes", move || in_bytes()?.passes(2))
            .against("float32", move || subject()?.passes(2)),
        Row::new("mlp-step-int8", &title("WP step, int8"), "steps", move || steps(&in_bytes()?, 1))
            .against("float32", move || steps(&subject()?, 1)),
    ]
}

fn noise_rows(parameters: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (family, name) in [(Family::Gaussian, "normals"), (Family::Rademacher, "signs")] {
        for size in [1_000_000, 4547, 17] {
            let title = format!("{size} {name} drawn");
            rows.push(Row::new(&format!("{name}-{size}"), &title, "numbers", move || noise(family, size)));
        }
        let (name, title) =
            (format!("in-place-{name}"), format!("{name} added to {:.0e} parameters", parameters as f64));
        let row = Row::new(&name, &title, "numbers", move || perturb(family, parameters));
        rows.push(row.against("x += c", move || add_in_place(parameters)));
    }
    rows
}

fn thread_rows() -> Vec<Row> {
    let elman_of = |batch, threads| population(&elman(batch, 200)?, 256, 1)?.on_threads(threads);
    let mlp_of = |threads| population(&mlp(&[256], 128)?, 64, 1)?.on_threads(threads);
    let one = "one thread";
    vec![
        Row::new("elman-population-1-threads", "Elman, batch 1, population 256, two threads", "evals", move || {
            elman_of(1, 2)
        })
        .against(one, move || elman_of(1, 1)),
        Row::new("elman-population-32-threads", "Elman, batch 32, population 256, two threads", "evals", move || {
            elman_of(32, 2)
        })
        .against(one, move || elman_of(32, 1)),
        Row::new("mlp-population-threads", "MLP, batch 128, population 64, two threads", "evals", move || mlp_of(2))
            .against(one, move || mlp_of(1)),
    ]
}

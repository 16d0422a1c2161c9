//! What a step of weight perturbation costs beyond its own forward passes, from 10⁴ to 10⁷ parameters, and what a second thread gains within a
//! single pair: `cargo bench -p tegmentum --bench sizes`.
//!
//! A step is one direction, both sides, and the update. Its passes are those of two candidates of the same network and batch without a perturbation.
//! Each ratio is the median of rounds in which both take turns, because machines are shared. The gain of a second thread counts only in rounds in
//! which two threads multiply numbers in registers [nearly twice](TWO_PROCESSORS) as fast as one; without such a round there is none.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod arguments;

use std::sync::Arc;
use std::time::Instant;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tegmentum::data::batch::Batch;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::{Base, Bases, Probe};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;
use tegmentum_engine::kernel::limits::multiply_add;

/// Hidden layers for a number of parameters, with 64 inputs and 10 outputs.
const SIZES: [(&str, &str); 4] = [("1e4", "133"), ("1e5", "1333"), ("1e6", "960, 960"), ("1e7", "3125, 3125")];
/// Directions, in the words of a study.
const FAMILIES: [(&str, &str); 3] =
    [("signs", "\"rademacher\""), ("normals", "\"gaussian\""), ("rank 1", "{ low_rank = { rank = 1 } }")];

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| Error::Study { origin: "bench".to_owned(), problem: error.to_string() })
}

struct Work {
    objective: NetworkLoss,
    start: Vec<f32>,
}

impl Work {
    fn new(hidden: &str, batch: usize) -> Result<Self> {
        let problem = read::<TaskConfig>(&format!("[digits]\nbatch = {batch}"))?.build()?.problem(Key::from_seed(0))?;
        let config: NetworkConfig = read(&format!("[mlp]\nhidden = [{hidden}]\noutput_activation = \"softmax\""))?;
        let network: Arc<dyn Network> = Arc::from(config.build(problem.num_inputs(), problem.num_outputs())?);
        let start = network.initialise(Key::from_seed(1));
        Ok(Self { objective: NetworkLoss::new(network, problem), start })
    }

    fn learner(&self, family: &str) -> Result<BlackBoxLearner<'_>> {
        let text = format!("[weight_perturbation]\ntwo_sided = true\nlearning_rate = 1e-9\nfamily = {family}");
        let mut config = read::<OptimizerConfig>(&text)?;
        config.fit_to(&**self.objective.network());
        let optimizer = config.build(self.start.clone(), Key::from_seed(3), 1_000_000)?;
        Ok(BlackBoxLearner::new(&self.objective, optimizer))
    }

    /// Seconds of a call with two passes.
    fn passes(&self, calls: u64) -> Result<f64> {
        let (probes, mut losses) = ([Probe::unperturbed(Base::Acting); 2], [0.0; 2]);
        let begin = Instant::now();
        for call in 0..calls {
            let batch = Batch(Key::from_seed(2).child(call));
            self.objective.losses(Bases::single(&self.start), &probes, batch, &mut losses)?;
        }
        Ok(begin.elapsed().as_secs_f64() / calls as f64)
    }
}

/// Seconds of an update.
fn update(learner: &mut dyn Learner, calls: u64) -> Result<f64> {
    let begin = Instant::now();
    for call in 0..calls {
        learner.update(Key::from_seed(2).child(call), &Modulation::default())?;
    }
    Ok(begin.elapsed().as_secs_f64() / calls as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How many times as fast as one thread two must multiply for a round to count.
const TWO_PROCESSORS: f64 = 1.9;

/// Whether two threads multiply as fast as two processors would.
fn has_two_processors(pool: &ThreadPool) -> bool {
    let multiply = || {
        let begin = Instant::now();
        let done: u64 = (0..1_000).map(|_| multiply_add(8)).sum();
        done as f64 / begin.elapsed().as_secs_f64()
    };
    let alone = pool.install(multiply);
    let (a, b) = pool.install(|| rayon::join(multiply, multiply));
    a + b >= TWO_PROCESSORS * alone
}

/// A step over its passes, and the gain of a second thread.
fn ratios(work: &Work, family: &str, pools: &[ThreadPool; 2], rounds: usize, least: f64) -> Result<[Option<f64>; 2]> {
    let [one, two] = pools;
    let mut learner = work.learner(family)?;
    let warm = one.install(|| update(&mut learner, 1))?;
    let calls = (least / warm).clamp(1.0, 10_000.0) as u64;
    let (mut overheads, mut gains) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let passes = one.install(|| work.passes(calls))?;
        let step = one.install(|| update(&mut learner, calls))?;
        overheads.push(step / passes);
        if has_two_processors(two) {
            gains.push(step / two.install(|| update(&mut learner, calls))?);
        }
    }
    Ok([median(overheads), median(gains)])
}

fn main() -> Result<()> {
    let (rounds, least) = if arguments::quick()? { (3, 0.02) } else { (9, 0.2) };
    let pool = |threads| {
        let built = ThreadPoolBuilder::new().num_threads(threads).build();
        built.map_err(|error| Error::Study { origin: "bench".to_owned(), problem: error.to_string() })
    };
    let pools = [pool(1)?, pool(2)?];
    println!("a step of weight perturbation over its two passes; in brackets how many times as fast two threads are");
    println!("{:<8} {:>8} {:>18} {:>18} {:>18}", "P", "batch", FAMILIES[0].0, FAMILIES[1].0, FAMILIES[2].0);
    for (name, hidden) in SIZES {
        for batch in [1, 32, 256] {
            let work = Work::new(hidden, batch)?;
            print!("{name:<8} {batch:>8}");
            for (_, family) in FAMILIES {
                let found = ratios(&work, family, &pools, rounds, least)?;
                let [overhead, gain] = found.map(|ratio| ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}")));
                print!("{:>18}", format!("{overhead} ({gain})"));
            }
            println!();
        }
    }
    Ok(())
}

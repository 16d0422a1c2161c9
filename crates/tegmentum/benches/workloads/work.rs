//! What is measured: networks on problems under learners, made through the public interface of the library.

use std::sync::Arc;

use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem, Task, Windows};
use tegmentum::data::tasks::lorenz::LorenzConfig;
use tegmentum::error::Result;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::fused::PerceptronProblem;
use tegmentum::learning::fused::learner::FusedPerceptron;
use tegmentum::learning::fused::lockstep::{Lockstep, MAX_RUNS};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::low_rank::{Layout, LowRank};
use tegmentum::model::perturbation::{Base, Bases, Family, Probe};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;
use tegmentum_engine::kernel::{InstructionSet, Numerics, limit};

use crate::problem;

/// Work of which a rate is measured.
pub(crate) struct Work {
    /// What one call does, in the unit of the row.
    pub(crate) units: f64,
    /// Useful floating-point operations of one call: products and sums of forward passes. 0 where that says nothing.
    pub(crate) operations: f64,
    /// Bytes that one call has to move through memory. 0 where all fits the caches.
    pub(crate) bytes: f64,
    /// Threads it may use.
    pub(crate) threads: usize,
    /// The widest instructions it may use.
    pub(crate) widest: InstructionSet,
    pool: rayon::ThreadPool,
    run: Box<dyn FnMut() -> Result<()> + Send>,
}

impl Work {
    /// `run`, which does `units` of work, on one thread.
    pub(crate) fn new(units: f64, run: impl FnMut() -> Result<()> + Send + 'static) -> Result<Self> {
        let work = Self {
            units,
            operations: 0.0,
            bytes: 0.0,
            threads: 1,
            widest: InstructionSet::Avx512,
            pool: pool(1)?,
            run: Box::new(run),
        };
        Ok(work)
    }

    /// The same work on several threads.
    pub(crate) fn on_threads(mut self, threads: usize) -> Result<Self> {
        (self.threads, self.pool) = (threads, pool(threads)?);
        Ok(self)
    }

    /// The same work with narrower instructions.
    pub(crate) fn at_most(mut self, widest: InstructionSet) -> Self {
        self.widest = widest;
        self
    }

    /// Does it once.
    pub(crate) fn call(&mut self) -> Result<()> {
        limit(self.widest);
        let run = &mut self.run;
        self.pool.install(run)
    }

    /// Does it until it is enough, at least once; returns how often. All on one visit to the thread: to wake it for each call would
    /// take longer than the shortest of them.
    pub(crate) fn repeat(&mut self, is_enough: impl Fn() -> bool + Sync) -> Result<f64> {
        limit(self.widest);
        let run = &mut self.run;
        self.pool.install(|| {
            let mut calls = 0.0;
            loop {
                run()?;
                calls += 1.0;
                if is_enough() {
                    return Ok(calls);
                }
            }
        })
    }

    /// Does it once, in a function that a profiler can find by its name.
    pub(crate) fn call_measured(&mut self) -> Result<()> {
        let run = &mut self.run;
        self.pool.install(|| measured_work(run))
    }
}

#[inline(never)]
fn measured_work(run: &mut (dyn FnMut() -> Result<()> + Send)) -> Result<()> {
    std::hint::black_box(run())
}

fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| problem(error.to_string()))
}

/// Weight perturbation, two-sided, normal noise, `directions` pairs an update, at a rate that leaves the weights about where
/// they are and still computes every step.
fn weight_perturbation(directions: usize) -> WeightPerturbationConfig {
    WeightPerturbationConfig {
        learning_rate: 1e-9,
        directions,
        two_sided: true,
        family: Family::Gaussian,
        ..WeightPerturbationConfig::default()
    }
}

/// A network, what it learns, and where it starts.
pub(crate) struct Subject {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) problem: Arc<Problem>,
    pub(crate) start: Vec<f32>,
    /// As long as the process: learners borrow it.
    pub(crate) objective: &'static NetworkLoss,
}

impl Subject {
    pub(crate) fn new(problem: Problem, network: &str) -> Result<Self> {
        Self::with_kernel(Numerics::Native, problem, network)
    }

    pub(crate) fn with_kernel(numerics: Numerics, problem: Problem, network: &str) -> Result<Self> {
        let config: NetworkConfig = toml::from_str(network).map_err(|error| crate::problem(error.to_string()))?;
        let network: Arc<dyn Network> =
            Arc::from(config.build_with(numerics, problem.num_inputs(), problem.num_outputs())?);
        let (problem, start) = (Arc::new(problem), network.initialise(Key::from_seed(1)));
        let objective = Box::leak(Box::new(NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem))));
        Ok(Self { network, problem, start, objective })
    }

    /// Operations of one evaluation.
    pub(crate) fn operations(&self) -> f64 {
        self.objective.operations().unwrap_or(0) as f64
    }

    /// [`weight_perturbation`] in the general form.
    pub(crate) fn learner(&self, directions: usize) -> Result<Box<dyn Learner>> {
        self.learner_from(self.start.clone(), directions)
    }

    /// The same, which takes the parameters over.
    pub(crate) fn learner_from(&self, start: Vec<f32>, directions: usize) -> Result<Box<dyn Learner>> {
        self.learner_of(Family::Gaussian, start, directions)
    }

    /// The same with directions of rank 1.
    pub(crate) fn low_rank_learner(&self, directions: usize) -> Result<Box<dyn Learner>> {
        let family = Family::LowRank(LowRank { rank: 1, layout: Layout::default() }).for_network(&*self.network);
        self.learner_of(family, self.start.clone(), directions)
    }

    fn learner_of(&self, family: Family, start: Vec<f32>, directions: usize) -> Result<Box<dyn Learner>> {
        let config = WeightPerturbationConfig { family, ..weight_perturbation(directions) };
        let optimizer = config.build(start, Key::from_seed(3), u64::MAX)?;
        Ok(Box::new(BlackBoxLearner::new(self.objective, Box::new(optimizer))))
    }

    fn small(&self) -> Result<Arc<PerceptronProblem>> {
        PerceptronProblem::new(&self.network, &self.problem)
            .map(Arc::new)
            .ok_or_else(|| problem("the network is not small"))
    }

    /// `count` updates of the same learner in the form for small networks, each worth `units`: what a study runs by itself.
    pub(crate) fn small_updates(&self, directions: usize, count: u64, units: f64) -> Result<Work> {
        let config = weight_perturbation(directions);
        let learner = FusedPerceptron::new(self.small()?, &config, self.start.clone(), Key::from_seed(3), u64::MAX)?;
        let mut learner = learner.ok_or_else(|| problem("the learner has no form for small networks"))?;
        let (evaluations, modulation) = (count * 2 * directions as u64, Modulation::default());
        let mut update = 0;
        let mut work = Work::new(count as f64 * units, move || {
            update += learner.advance(Key::from_seed(2), update, evaluations, &modulation)?.updates;
            Ok(())
        })?;
        work.operations = evaluations as f64 * self.operations();
        Ok(work)
    }

    /// `count` steps of each of `runs` runs with starts and directions of their own, as many side by side as there are lanes. The
    /// unit is a step of a run.
    pub(crate) fn lockstep(&self, runs: usize, count: u64) -> Result<Work> {
        let run = |number: usize| {
            let key = Key::from_seed(number as u64);
            (self.network.initialise(key.child(0)), key.child(1))
        };
        let runs: Vec<_> = (0..runs).map(run).collect();
        let (config, small) = (weight_perturbation(1), self.small()?);
        let groups = runs.chunks(MAX_RUNS).map(|runs| Lockstep::new(Arc::clone(&small), &config, runs, u64::MAX));
        let groups: Result<Option<Vec<Lockstep>>> =
            groups.collect::<Result<Vec<_>>>().map(|found| found.into_iter().collect());
        let mut groups = groups?.ok_or_else(|| problem("the learner has no form for small networks"))?;
        let steps = count as f64 * runs.len() as f64;
        let modulation = Modulation::default();
        let mut work = Work::new(steps, move || {
            for group in &mut groups {
                group.advance(count, &modulation);
            }
            Ok(())
        })?;
        work.operations = 2.0 * steps * self.operations();
        Ok(work)
    }

    /// Updates of `learner`, each with `evaluations` of the whole batch and worth `units`.
    pub(crate) fn updates(
        &self,
        learner: Box<dyn Learner>,
        count: u64,
        evaluations: usize,
        units: f64,
    ) -> Result<Work> {
        let (mut learner, mut update, modulation) = (learner, 0, Modulation::default());
        let batches = Key::from_seed(2);
        let mut work = Work::new(count as f64 * units, move || {
            for _ in 0..count {
                learner.update(batches.child(update), &modulation)?;
                update += 1;
            }
            Ok(())
        })?;
        work.operations = count as f64 * evaluations as f64 * self.operations();
        Ok(work)
    }

    /// Passes of the unperturbed network, `count` of them on one batch.
    pub(crate) fn passes(&self, count: usize) -> Result<Work> {
        self.passes_from(self.start.clone(), count)
    }

    /// The same, which takes the parameters over.
    pub(crate) fn passes_from(&self, start: Vec<f32>, count: usize) -> Result<Work> {
        let objective = self.objective;
        let (probes, mut losses) = (vec![Probe::unperturbed(Base::Acting); count], vec![0.0; count]);
        let mut call = 0;
        let mut work = Work::new(count as f64, move || {
            call += 1;
            let batch = tegmentum::data::batch::Batch(Key::from_seed(2).child(call));
            objective.losses(Bases::single(&start), &probes, batch, &mut losses)
        })?;
        work.operations = count as f64 * self.operations();
        Ok(work)
    }
}

/// XOR on all four patterns: MLP 2-`hidden`-1 with a logistic output, squared error.
pub(crate) fn xor(hidden: usize) -> Result<Subject> {
    let task = tegmentum::data::tasks::TaskConfig::from_name("xor")?.build()?;
    Subject::new(
        task.problem(Key::from_seed(0))?,
        &format!("[mlp]\nhidden = [{hidden}]\noutput_activation = \"logistic\""),
    )
}

/// The Lorenz series, `batch` windows of `steps` steps, 0.05 between samples.
pub(crate) fn lorenz(batch: usize, steps: usize) -> Result<Problem> {
    let config = LorenzConfig {
        sampling_step: 0.05,
        substeps: 10,
        train: (steps + 1).max(4000),
        test: (steps + 1).max(2000),
        windows: Windows { count: batch, length: steps, washout: 0 },
        ..LorenzConfig::default()
    };
    config.build()?.problem(Key::from_seed(0))
}

/// Elman 3-64-3 on it.
pub(crate) fn elman(batch: usize, steps: usize) -> Result<Subject> {
    elman_with(Numerics::Native, batch, steps)
}

/// The same by either kernel.
pub(crate) fn elman_with(numerics: Numerics, batch: usize, steps: usize) -> Result<Subject> {
    Subject::with_kernel(numerics, lorenz(batch, steps)?, "[elman]\nhidden = 64")
}

/// MLP 784-`hidden`-10 with tanh and softmax cross-entropy on `batch` synthetic examples: normal inputs, classes in turn.
pub(crate) fn mlp(hidden: &[usize], batch: usize) -> Result<Subject> {
    mlp_with(Numerics::Native, hidden, batch)
}

/// The same in other numerics.
pub(crate) fn mlp_with(numerics: Numerics, hidden: &[usize], batch: usize) -> Result<Subject> {
    let (num_inputs, num_outputs) = (784, 10);
    let mut stream = Key::from_seed(4).stream();
    let inputs = (0..batch * num_inputs).map(|_| stream.normal()).collect();
    let targets =
        (0..batch * num_outputs).map(|i| f32::from(u8::from(i / num_outputs % num_outputs == i % num_outputs)));
    let train = ExampleSet { inputs, targets: targets.collect() };
    let test = train.clone();
    let examples = Examples { num_inputs, num_outputs, train, test, batch: None, loss: Loss::CrossEntropy };
    let network = format!("[mlp]\nhidden = {hidden:?}\noutput_activation = \"softmax\"");
    Subject::with_kernel(numerics, Problem::Examples(examples), &network)
}

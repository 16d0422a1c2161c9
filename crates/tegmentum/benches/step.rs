//! What a step costs beyond its forward passes, and the bytes that training needs: `cargo xtask bench`.
//!
//! Each figure is the median of rounds in which the two sides take turns, because machines are shared.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod arguments;

use std::sync::Arc;
use std::time::Instant;

use tegmentum::data::batch::Batch;
use tegmentum::data::task::Problem;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Result;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::{Base, Bases, Probe};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

#[global_allocator]
static ALLOCATOR: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

struct Workload {
    name: &'static str,
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    objective: NetworkLoss,
    start: Vec<f32>,
}

impl Workload {
    fn new(name: &'static str, task: &str, network: &str) -> Result<Self> {
        let parse = |problem: toml::de::Error| tegmentum::error::Error::Study {
            origin: name.to_owned(),
            problem: problem.to_string(),
        };
        let task: TaskConfig = toml::from_str(task).map_err(parse)?;
        let config: NetworkConfig = toml::from_str(network).map_err(parse)?;
        let problem = Arc::new(task.build()?.problem(Key::from_seed(0))?);
        let network: Arc<dyn Network> = Arc::from(config.build(problem.num_inputs(), problem.num_outputs())?);
        let start = network.initialise(Key::from_seed(1));
        let objective = NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem));
        Ok(Self { name, network, problem, objective, start })
    }

    /// Seconds of one forward pass, as part of a call with `count` of them.
    fn forward(&self, count: usize, calls: u64) -> Result<f64> {
        let probes = vec![Probe::unperturbed(Base::Acting); count];
        let mut losses = vec![0.0; count];
        let begin = Instant::now();
        for call in 0..calls {
            let batch = Batch(Key::from_seed(2).child(call));
            self.objective.losses(Bases::single(&self.start), &probes, batch, &mut losses)?;
        }
        Ok(begin.elapsed().as_secs_f64() / (calls as usize * count) as f64)
    }

    fn learner(&self, optimizer: &OptimizerConfig) -> Result<BlackBoxLearner<'_>> {
        let optimizer = optimizer.build(self.start.clone(), Key::from_seed(3), 1_000_000)?;
        Ok(BlackBoxLearner::new(&self.objective, optimizer))
    }
}

/// Seconds of an update for each evaluation it makes.
fn update(learner: &mut dyn Learner, calls: u64) -> Result<f64> {
    let (begin, mut evaluations) = (Instant::now(), 0);
    for call in 0..calls {
        evaluations += learner.update(Key::from_seed(2).child(call), &Modulation::default())?.evaluations;
    }
    Ok(begin.elapsed().as_secs_f64() / evaluations as f64)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Cost of an update over the forward passes it makes, median of rounds in turn.
fn overhead(work: &Workload, learner: &mut dyn Learner, rounds: usize, calls: u64) -> Result<(f64, f64)> {
    let (mut ratios, mut times) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let forward = work.forward(5, calls)?;
        let step = update(learner, calls)?;
        ratios.push(step / forward);
        times.push(1e6 * forward);
    }
    Ok((median(ratios), median(times)))
}

fn main() -> Result<()> {
    let quick = arguments::quick()?;
    let (rounds, calls) = if quick { (5, 50) } else { (15, 400) };
    let digits =
        "[mlp]\nhidden = [32]\nactivation = \"relu\"\noutput_activation = \"softmax\"\ninitialisation = \"he\"";
    let workloads = [
        Workload::new("digits 64-32-10, batch 64", "[digits]", digits)?,
        Workload::new("Lorenz, Elman 16, 16 × 100", "[lorenz]", "[elman]\nhidden = 16")?,
    ];
    println!("{:<28} {:<26} {:>14} {:>10}", "workload", "learner", "µs a forward", "overhead");
    for work in &workloads {
        for (name, text) in [
            ("Dopamine", "[dopamine]"),
            ("Dopamine, 8 directions", "[dopamine]\ndirections = 8"),
            ("weight perturbation", "[weight_perturbation]\nlearning_rate = 1e-3"),
        ] {
            let config: OptimizerConfig = toml::from_str(text).map_err(|error| tegmentum::error::Error::Study {
                origin: name.to_owned(),
                problem: error.to_string(),
            })?;
            let (ratio, time) = overhead(work, &mut work.learner(&config)?, rounds, calls)?;
            println!("{:<28} {name:<26} {time:>14.2} {ratio:>9.3}×", work.name);
        }
        let rule = PlasticityConfig::NodePerturbation(NodePerturbationConfig::default());
        let (network, problem) = (Arc::clone(&work.network), Arc::clone(&work.problem));
        let mut learner = rule.build(network, problem, work.start.clone(), Key::from_seed(3))?;
        let (ratio, time) = overhead(work, &mut *learner, rounds, calls / 5)?;
        println!("{:<28} {:<26} {time:>14.2} {ratio:>9.3}×", work.name, "node perturbation (of 3)");
    }
    println!("most bytes held at once by this process: {:.1} MiB", ALLOCATOR.peak_usage_as_mb());
    Ok(())
}

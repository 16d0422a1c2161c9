//! Time to an error: Elman 3-64-3 on the Lorenz series, one step ahead, until the NRMSE on held-out windows is below 0.1.
//!
//! Each update sees one new window of 200 steps. The test windows are looked at every ten updates, outside the clock. The peers'
//! scripts do the same. For scale: the last value as the prediction has an NRMSE of about 0.37, a linear regression 0.30.

use std::sync::Arc;

use tegmentum::data::task::Problem;
use tegmentum::error::Result;
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

use crate::clock::processor_seconds;
use crate::problem;
use crate::work::{Subject, lorenz};

/// The error to reach.
const GOAL: f64 = 0.1;
/// Updates between two looks.
const LOOK: u64 = 10;
/// Evaluations after which a run is given up.
const BUDGET: u64 = 400_000;
/// First steps of a test window that are not judged.
const WASHOUT: usize = 20;

/// The learner: weight perturbation with moments, 8 pairs an update. Rate and number of pairs are the best of 14 settings on seeds of
/// their own (100 to 104): fewer pairs or a larger rate are faster on some seeds and do not arrive on others.
pub(crate) const LEARNER: &str = "[weight_perturbation]
learning_rate = 0.01
perturbation_scale = 0.02
directions = 8
two_sided = true
family = \"gaussian\"
reading = \"adam\"";

/// One run for each seed, one line for each.
pub(crate) fn race(learner: &str, seeds: &[u64]) -> Result<()> {
    let config: OptimizerConfig = toml::from_str(learner).map_err(|error| problem(error.to_string()))?;
    for &seed in seeds {
        let (seconds, evaluations, nrmse) = run(&config, seed)?;
        let reached = nrmse < GOAL;
        let line = serde_json::json!({
            "seed": seed, "seconds": seconds, "evaluations": evaluations, "nrmse": nrmse, "reached": reached
        });
        println!("{line}");
    }
    Ok(())
}

/// Seconds of stepping, evaluations and the error at the end.
fn run(config: &OptimizerConfig, seed: u64) -> Result<(f64, u64, f64)> {
    let key = Key::from_seed(seed);
    let subject = Subject::new(lorenz(1, 200)?, "[elman]\nhidden = 64")?;
    let start = subject.network.initialise(key.child(0));
    let mut evaluator = Evaluator::new(Arc::clone(&subject.network), Arc::new(judged(&subject.problem)));
    let mut learner = BlackBoxLearner::new(
        subject.objective,
        config.for_network(&*subject.network).build(start.clone(), key.child(1), BUDGET)?,
    );
    let (mut seconds, mut evaluations, mut update, mut model) = (0.0, 0, 0, start);
    loop {
        let before = now();
        for _ in 0..LOOK {
            evaluations += learner.update(key.child(2).child(update), &Modulation::default())?.evaluations;
            update += 1;
        }
        seconds += now() - before;
        learner.solution().write(1.0, &mut model);
        let nrmse = evaluator.measure(Metric::Nrmse, &model)?;
        if nrmse < GOAL || evaluations >= BUDGET {
            return Ok((seconds, evaluations, nrmse));
        }
    }
}

/// The same series with windows as they are judged.
fn judged(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    if let Problem::Series(series) = &mut problem {
        series.windows.washout = WASHOUT;
    }
    problem
}

/// Processor seconds, or those of the wall since the first call.
fn now() -> f64 {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let begin = BEGIN.get_or_init(std::time::Instant::now);
    processor_seconds().unwrap_or_else(|| begin.elapsed().as_secs_f64())
}

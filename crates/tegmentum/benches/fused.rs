//! Rates of the forms for small networks, and of the general form in turn with them.
//!
//! Each figure is the median of rounds in which the sides take turns, because machines are shared.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod arguments;

use std::sync::Arc;
use std::time::Instant;

use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::fused::PerceptronProblem;
use tegmentum::learning::fused::learner::FusedPerceptron;
use tegmentum::learning::fused::lockstep::{Lockstep, MAX_RUNS};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use tegmentum::learning::training::train;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::Family;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

fn main() -> Result<()> {
    let quick = arguments::quick()?;
    let (rounds, evaluations) = if quick { (2, 2_000) } else { (15, 40_000) };
    println!("{:44}{:>16}{:>16}{:>16}", "evaluations a second", "small", "general", "lockstep");
    for hidden in [4, 10] {
        for family in [Family::Rademacher, Family::Gaussian] {
            for directions in [1, 128] {
                let row = Row::new(hidden, family, directions)?;
                let [small, general, lockstep] = row.measure(rounds, evaluations)?;
                let name = format!("2-{hidden}-1, {family:?}, {directions} pairs");
                println!("{name:44}{small:>16.3e}{general:>16.3e}{lockstep:>16.3e}");
            }
        }
    }
    Ok(())
}

/// Exclusive or with a perceptron, four examples, two-sided.
struct Row {
    network: Arc<dyn Network>,
    objective: NetworkLoss,
    small: Arc<PerceptronProblem>,
    config: WeightPerturbationConfig,
}

impl Row {
    fn new(hidden: usize, family: Family, directions: usize) -> Result<Self> {
        let parse =
            |problem: toml::de::Error| Error::Study { origin: "bench".to_owned(), problem: problem.to_string() };
        let task: TaskConfig = toml::from_str("[xor]").map_err(parse)?;
        let text = format!("[mlp]\nhidden = [{hidden}]\noutput_activation = \"logistic\"");
        let config: NetworkConfig = toml::from_str(&text).map_err(parse)?;
        let problem = Arc::new(task.build()?.problem(Key::from_seed(0))?);
        let network: Arc<dyn Network> = Arc::from(config.build(problem.num_inputs(), problem.num_outputs())?);
        let not_small = || Error::Study { origin: "bench".to_owned(), problem: "not small".to_owned() };
        Ok(Self {
            small: Arc::new(PerceptronProblem::new(&network, &problem).ok_or_else(not_small)?),
            objective: NetworkLoss::new(Arc::clone(&network), problem),
            network,
            config: WeightPerturbationConfig {
                learning_rate: 0.5,
                perturbation_scale: 0.05,
                two_sided: true,
                family,
                directions,
                ..Default::default()
            },
        })
    }

    /// Evaluations a second: small form, general form, 16 runs in lockstep.
    fn measure(&self, rounds: usize, evaluations: u64) -> Result<[f64; 3]> {
        let mut rates = [const { Vec::new() }; 3];
        for round in 0..rounds {
            let key = Key::from_seed(round as u64);
            let start = self.network.initialise(key);
            if let Some(mut learner) =
                FusedPerceptron::new(Arc::clone(&self.small), &self.config, start.clone(), key, evaluations)?
            {
                rates[0].push(rate(&mut learner, key, evaluations)?);
            }
            let optimizer = self.config.build(start.clone(), key, evaluations)?;
            let mut general = BlackBoxLearner::new(&self.objective, Box::new(optimizer));
            rates[1].push(rate(&mut general, key, evaluations / 10)?);
            let runs: Vec<_> = (0..MAX_RUNS as u64).map(|run| (start.clone(), key.child(run))).collect();
            if let Some(mut together) = Lockstep::new(Arc::clone(&self.small), &self.config, &runs, evaluations)? {
                let updates = (evaluations / together.evaluations()).max(1);
                let begin = Instant::now();
                together.advance(updates, &Modulation::default());
                let made = updates * together.evaluations() * MAX_RUNS as u64;
                rates[2].push(made as f64 / begin.elapsed().as_secs_f64());
            }
        }
        Ok(rates.map(median))
    }
}

fn rate(learner: &mut dyn Learner, key: Key, evaluations: u64) -> Result<f64> {
    let begin = Instant::now();
    let ended = train(learner, key, evaluations, &mut [])?;
    Ok(ended.evaluations as f64 / begin.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

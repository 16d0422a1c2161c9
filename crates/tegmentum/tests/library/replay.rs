//! How much quicker a state of a logged run is had again than by training.

#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::sync::Arc;
use std::time::Instant;

use tegmentum::archive::Archive;
use tegmentum::data::task::{Problem, Task as _};
use tegmentum::data::tasks::digits::DigitsConfig;
use tegmentum::error::Result;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::group::Member;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::Observer;
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::run_log::{ROOM, RunLog, train_logged};
use tegmentum::model::network::Activation;
use tegmentum::model::network::Network;
use tegmentum::model::networks::mlp::MlpConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::random::Key;

const BUDGET: u64 = 20_000;
const STATES: usize = 50;

/// Digits with a perceptron.
fn problem() -> (Arc<Problem>, Arc<dyn Network>) {
    let problem = DigitsConfig::default().build().unwrap().problem(Key::from_seed(0)).unwrap();
    let network = MlpConfig { hidden: vec![32], output_activation: Activation::Softmax, ..MlpConfig::default() };
    let network = network.build(problem.num_inputs(), problem.num_outputs()).unwrap();
    (Arc::new(problem), Arc::from(network))
}

fn learner<'a>(
    name: &str,
    objective: &'a dyn Objective,
    problem: &Arc<Problem>,
    network: &Arc<dyn Network>,
) -> Box<dyn Learner + 'a> {
    let start = network.initialise(Key::from_seed(1));
    if name == "dopamine" {
        let optimizer = DopamineConfig::default().build(start, Key::from_seed(2), BUDGET).unwrap();
        return Box::new(BlackBoxLearner::new(objective, Box::new(optimizer)));
    }
    let rule = NodePerturbationConfig::default();
    Box::new(rule.build(Arc::clone(network), Arc::clone(problem), start, Key::from_seed(2)).unwrap())
}

fn train(learner: &mut dyn Learner, log: &RunLog) -> Result<()> {
    let mut marks = log.marks();
    let mut observers: [&mut dyn Observer; 1] = [&mut marks];
    let mut member = Member::new(&mut observers);
    train_logged(Some(log), learner, Key::from_seed(3), BUDGET, &mut member, &mut || false)?;
    log.finish(learner, &member.finish())
}

#[test]
#[ignore = "a measurement: cargo test --release -p tegmentum --test library replay -- --ignored --nocapture"]
fn fifty_states_are_had_again_much_quicker_than_by_training() {
    let (problem, network) = problem();
    let loss = NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem));
    for name in ["dopamine", "node perturbation"] {
        let folder = tempfile::tempdir().unwrap();
        let log = RunLog::record(folder.path(), name.as_bytes(), ROOM).unwrap();
        let objective = log.objective(&loss);
        let mut logged = learner(name, &objective, &problem, &network);
        let begun = Instant::now();
        train(&mut *logged, &log).unwrap();
        let training = begun.elapsed().as_secs_f64();
        let end = Archive::write(&mut logged).unwrap();

        let log = RunLog::open(folder.path()).unwrap();
        let objective = log.objective(&loss);
        let (updates, mut stream) = (log.ended().updates, Key::from_seed(4).stream());
        let begun = Instant::now();
        for _ in 0..STATES {
            let mut again = learner(name, &objective, &problem, &network);
            log.restore(&mut *again, Key::from_seed(3), stream.below(updates as usize + 1) as u64).unwrap();
        }
        let mean = begun.elapsed().as_secs_f64() / STATES as f64;
        let mut again = learner(name, &objective, &problem, &network);
        log.restore(&mut *again, Key::from_seed(3), updates).unwrap();
        assert!(Archive::write(&mut again).unwrap() == end, "{name}: the last state is another one");
        let (losses, states, bytes) = log.sizes();
        println!(
            "{name}: training {training:.2} s, a state {:.2} ms on average of {STATES}: {:.0} times quicker; \
             {losses} losses, {states} states, {} kB",
            1e3 * mean,
            training / mean,
            bytes / 1000
        );
    }
}

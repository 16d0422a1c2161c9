//! No behaviour depends on the unit of rewards and outcomes: every agent in every environment, without modulators and under each
//! preset.

use crate::behaviour::agents::AgentConfig;
use crate::behaviour::environment::{Action, ActionSpace, Environment, Outcome, OutcomeModel, TrialReport};
use crate::behaviour::environments::EnvironmentConfig;
use crate::behaviour::environments::conformance::quick_environments;
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::behaviour::session::Behaviour;
use crate::error::Error;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;

/// An environment in another unit: rewards, and where the answer is a number outcomes, noise and interval, are `unit` times as large.
#[derive(Debug)]
struct InUnit {
    environment: Box<dyn Environment>,
    unit: f64,
    /// The observation in the unit 1.
    observation: Vec<f32>,
}

impl InUnit {
    fn of_numbers(&self) -> f64 {
        match self.environment.actions() {
            ActionSpace::Interval { .. } => self.unit,
            ActionSpace::Choices(_) => 1.0,
        }
    }

    fn show(&self, observation: &mut [f32]) {
        let unit = self.of_numbers();
        let seen = observation.iter_mut().zip(&self.observation);
        seen.for_each(|(seen, value)| *seen = (f64::from(*value) * unit) as f32);
    }
}

impl Environment for InUnit {
    fn num_observations(&self) -> usize {
        self.environment.num_observations()
    }

    fn actions(&self) -> ActionSpace {
        match self.environment.actions() {
            ActionSpace::Interval { low, high } => {
                ActionSpace::Interval { low: self.unit * low, high: self.unit * high }
            }
            choices @ ActionSpace::Choices(_) => choices,
        }
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        self.environment.begin(key, &mut self.observation);
        self.show(observation);
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let action = match action {
            Action::Value(value) => Action::Value(value / self.unit),
            choice @ Action::Choice(_) => choice,
        };
        let outcome = self.environment.step(action, &mut self.observation);
        self.show(observation);
        Outcome { reward: self.unit * outcome.reward, ..outcome }
    }

    fn outcome_model(&self) -> Option<OutcomeModel> {
        match self.environment.outcome_model() {
            Some(OutcomeModel::ChangePoints(blocks)) => {
                let scaled = |block: ChangePointBlock| ChangePointBlock { noise: self.unit * block.noise, ..block };
                Some(OutcomeModel::ChangePoints(blocks.into_iter().map(scaled).collect()))
            }
            model => model,
        }
    }
}

/// Trials in an environment in `unit`, with numbers as in the unit 1; `None` if the agent cannot act there.
fn play(
    environment: &EnvironmentConfig,
    agent: &AgentConfig,
    preset: Preset,
    unit: f64,
    trials: u64,
) -> Option<Vec<TrialReport>> {
    let key = Key::from_seed(11);
    let environment = environment.build(key.child(0)).unwrap();
    let observation = vec![0.0; environment.num_observations()];
    let environment = Box::new(InUnit { environment, unit, observation });
    let numbers = environment.of_numbers();
    let agent = match agent.build(&*environment, key.child(1)) {
        Ok(agent) => agent,
        Err(Error::Incompatible { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let system = NeuromodulationConfig { preset, ..NeuromodulationConfig::default() }.build(key.child(2)).unwrap();
    let mut behaviour = Behaviour::new(environment, agent, system);
    let trial = |number| {
        let report = behaviour.trial(key.child(3).child(number)).unwrap();
        TrialReport { action: report.action / numbers, reward: report.reward / unit, ..report }
    };
    Some((0..trials).map(trial).collect())
}

/// Mean size of `difference` as a share of the mean size of `of`.
fn share(pairs: &[(f64, f64)]) -> f64 {
    let difference: f64 = pairs.iter().map(|(one, other)| (one - other).abs()).sum();
    let size: f64 = pairs.iter().map(|(one, _)| one.abs()).sum();
    if difference == 0.0 { 0.0 } else { difference / size }
}

fn check(preset: Preset, units: &[f64], trials: u64) {
    for environment in quick_environments() {
        for agent in AgentConfig::registry() {
            let Some(known) = play(&environment, &agent, preset, 1.0, trials) else { continue };
            for &unit in units {
                let found = play(&environment, &agent, preset, unit, trials).unwrap();
                let pairs = |of: fn(&TrialReport) -> f64| -> Vec<(f64, f64)> {
                    known.iter().zip(&found).map(|(one, other)| (of(one), of(other))).collect()
                };
                let [actions, rewards] = [share(&pairs(|trial| trial.action)), share(&pairs(|trial| trial.reward))];
                let (agent, environment) = (agent.description().name, environment.description().name);
                assert!(
                    actions < 0.05 && rewards < 0.05,
                    "{agent} in {environment} under {preset:?}, unit {unit}: {actions} {rewards}"
                );
                // A power of two moves no digit but through logarithms.
                let exact = unit.log2().fract() == 0.0;
                assert!(!exact || (actions < 1e-6 && rewards < 1e-6), "{agent} in {environment}, {preset:?}, {unit}");
            }
        }
    }
}

#[test]
fn behaviour_does_not_depend_on_the_unit_of_rewards_and_outcomes() {
    check(Preset::None, &[1e-3, 0.1, 1e3, 1024.0], 40);
}

#[test]
fn no_preset_depends_on_the_unit() {
    for preset in Preset::ALL.into_iter().filter(|&preset| preset != Preset::None) {
        check(preset, &[1e-3, 1024.0], 25);
    }
}

/// The environment's own settings in another unit: rewards of ten, and an interval of 0 to 3.
#[test]
fn settings_in_another_unit_give_the_same_behaviour() {
    let run = |environment: &str, agent: &str, preset: Preset| -> Vec<TrialReport> {
        let environment: EnvironmentConfig = toml::from_str(environment).unwrap();
        let agent: AgentConfig = toml::from_str(agent).unwrap();
        let system = NeuromodulationConfig { preset, ..NeuromodulationConfig::default() };
        let key = Key::from_seed(4);
        let mut behaviour = Behaviour::from_settings(&environment, &agent, &system, key).unwrap();
        (0..800).map(|trial| behaviour.trial(key.child(3).child(trial)).unwrap()).collect()
    };
    let agent = "[actor_critic]\nwithhold = 0";
    let one = run("[go_no_go]", agent, Preset::Tegmentum);
    for unit in [1e-3, 0.1, 10.0, 1e3] {
        let rewards = format!("[go_no_go]\nrewards = {{ hit = {unit:?}, false_alarm = -{unit:?} }}");
        let other = run(&rewards, agent, Preset::Tegmentum);
        assert!(one.iter().zip(&other).all(|(one, other)| one.action == other.action), "{unit}");
    }
    let block = |unit: f64| {
        let (high, noise) = (300.0 * unit, 10.0 * unit);
        format!("[helicopter]\nhigh = {high:?}\nblocks = [{{ trials = 200, hazard = 0.05, noise = {noise:?} }}]")
    };
    let one = run(&block(1.0), "[adaptive_estimator]", Preset::ChangePoint);
    for unit in [1e-3, 0.01, 1e3] {
        let other = run(&block(unit), "[adaptive_estimator]", Preset::ChangePoint);
        let pairs: Vec<_> = one.iter().zip(&other).map(|(one, other)| (one.action, other.action / unit)).collect();
        assert!(share(&pairs) < 1e-3, "{unit}: {}", share(&pairs));
    }
}

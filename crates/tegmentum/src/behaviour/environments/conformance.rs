//! What every registered environment, and every registered agent in it, promises.

use crate::behaviour::agents::AgentConfig;
use crate::behaviour::environment::{Action, ActionSpace, TrialReport};
use crate::behaviour::environments::EnvironmentConfig;
use crate::behaviour::session::Behaviour;
use crate::error::Error;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;

const TRIALS: u64 = 60;

/// `trials` trials of an agent in an environment, both as text, without modulators.
pub(crate) fn play(agent: &str, environment: &str, trials: u64, seed: u64) -> Vec<TrialReport> {
    let environment: EnvironmentConfig = toml::from_str(environment).unwrap();
    let agent: AgentConfig = toml::from_str(agent).unwrap();
    let key = Key::from_seed(seed);
    let mut behaviour = Behaviour::from_settings(&environment, &agent, &NeuromodulationConfig::default(), key).unwrap();
    (0..trials).map(|trial| behaviour.trial(key.child(3).child(trial)).unwrap()).collect()
}

/// The environments with their default settings, but for a field so small that many trials cost little.
pub(super) fn quick_environments() -> Vec<EnvironmentConfig> {
    let text = "[open_field]\ncells_per_side = 5\nmax_steps = 20\ngoal_radius = 0.2\nstride = 0.1\ngoals = [[0.7, 0.7], [0.3, 0.3]]";
    let field: EnvironmentConfig = toml::from_str(text).unwrap();
    let quick =
        |config: EnvironmentConfig| if config.description() == field.description() { field.clone() } else { config };
    environments().map(quick).collect()
}

/// The environments with their default settings, and the helicopter with a bucket: an environment of its own.
fn environments() -> impl Iterator<Item = EnvironmentConfig> {
    EnvironmentConfig::registry().into_iter().chain([toml::from_str("[helicopter.bucket]").unwrap()])
}

fn run(environment: &EnvironmentConfig, agent: &AgentConfig, seed: u64) -> Result<(Vec<TrialReport>, Vec<f32>), Error> {
    let key = Key::from_seed(seed);
    let mut behaviour = Behaviour::from_settings(environment, agent, &NeuromodulationConfig::default(), key)?;
    let trials = (0..TRIALS).map(|trial| behaviour.trial(key.child(3).child(trial))).collect::<Result<_, _>>()?;
    Ok((trials, behaviour.agent().parameters().to_vec()))
}

#[test]
fn names_are_unique_and_configurations_survive_a_study_file() {
    let mut names: Vec<&str> = EnvironmentConfig::registry().iter().map(EnvironmentConfig::name).collect();
    for config in EnvironmentConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<EnvironmentConfig>(&text).unwrap(), config, "{text}");
        assert_eq!(EnvironmentConfig::from_name(config.description().name).unwrap(), config);
        assert!(text.starts_with(&format!("[{}]", config.description().name)), "{text}");
    }
    for config in AgentConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<AgentConfig>(&text).unwrap(), config, "{text}");
        assert_eq!(AgentConfig::from_name(config.description().name).unwrap(), config);
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Trials end, observations have the stated length and are finite, actions outside the space do no harm.
#[test]
fn environments_keep_their_contract() {
    for config in environments() {
        let mut environment = config.build(Key::from_seed(1)).unwrap();
        let actions = environment.actions();
        let mut observation = vec![f32::NAN; environment.num_observations()];
        let mut random = Key::from_seed(2).stream();
        for trial in 0..TRIALS {
            environment.begin(Key::from_seed(3).child(trial), &mut observation);
            for step in 0..100_000 {
                assert!(observation.iter().all(|value| value.is_finite()), "{config:?}");
                let action = match actions {
                    ActionSpace::Choices(count) => Action::Choice(random.below(2 * count)),
                    ActionSpace::Interval { low, high } => Action::Value(3.0 * (low + (high - low) * random.uniform())),
                };
                let outcome = environment.step(action, &mut observation);
                assert!(outcome.reward.is_finite() && outcome.target.is_finite(), "{config:?}");
                if outcome.end_of_trial {
                    break;
                }
                assert!(step < 99_999, "{config:?} does not end its trials");
            }
        }
    }
}

/// Every agent in every environment: it runs or says why not; same key, same behaviour; what was learned is finite.
#[test]
fn agents_run_or_say_why_not() {
    for agent in AgentConfig::registry() {
        let mut at_home = 0;
        for environment in quick_environments() {
            let (trials, learned) = match run(&environment, &agent, 5) {
                Ok(result) => result,
                Err(Error::Incompatible { .. }) => continue,
                Err(error) => panic!("{agent:?} in {environment:?}: {error}"),
            };
            at_home += 1;
            assert!(learned.iter().all(|value| value.is_finite()), "{agent:?} in {environment:?}");
            let (again, learned_again) = run(&environment, &agent, 5).unwrap();
            let bits = |trials: &[TrialReport]| -> Vec<[u64; 2]> {
                trials.iter().map(|trial| [trial.action.to_bits(), trial.reward.to_bits()]).collect()
            };
            assert_eq!(bits(&trials), bits(&again), "{agent:?} in {environment:?}");
            assert_eq!(learned, learned_again, "{agent:?} in {environment:?}");
            let scores = environment.scores(&trials);
            assert_eq!(scores.len(), environment.score_names().len(), "{environment:?}");
        }
        assert!(at_home > 0, "{agent:?} can act nowhere");
    }
}

/// A factor of zero on the learning rate, with nothing else that learns, leaves the learner of values as it was.
#[test]
fn a_learning_rate_of_zero_changes_nothing() {
    let system: NeuromodulationConfig = toml::from_str(
        "pharmacology = [{ modulator = 'noradrenaline', action = { clamp = 1.0 } }]\n\
         [[receptor]]\nname = 'block'\ntransmitter = 'noradrenaline'\ntarget = 'learning_rate'\nefficacy = -1.0",
    )
    .unwrap();
    for (agent, environment) in [
        ("rescorla_wagner", "reversal"),
        ("q_learning", "two_step"),
        ("opal", "reversal"),
        ("adaptive_estimator", "helicopter"),
    ] {
        let (environment, agent) =
            (EnvironmentConfig::from_name(environment).unwrap(), AgentConfig::from_name(agent).unwrap());
        let key = Key::from_seed(9);
        let mut behaviour = Behaviour::from_settings(&environment, &agent, &system, key).unwrap();
        behaviour.trial(key.child(0)).unwrap();
        let before = behaviour.agent().parameters().to_vec();
        (1..30).for_each(|trial| {
            behaviour.trial(key.child(trial)).unwrap();
        });
        // Situations that are new to a table have the value of the beginning.
        let after = behaviour.agent().parameters();
        assert_eq!(before[..], after[..before.len()], "{agent:?}");
        assert!(after[before.len()..].iter().all(|value| *value == 0.0));
    }
}

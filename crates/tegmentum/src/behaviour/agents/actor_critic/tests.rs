use super::*;
use crate::behaviour::agent::AgentSettings;
use crate::behaviour::environments::go_no_go::GoNoGoConfig;
use crate::random::Key;

fn agent(config: ActorCriticConfig) -> ActorCritic {
    config.build(&GoNoGoConfig::default().build().unwrap(), Key::from_seed(3)).unwrap()
}

fn stimulus() -> Vec<f32> {
    (0..80).map(|unit| if unit < 20 || unit % 3 == 0 { 0.2 } else { 0.0 }).collect()
}

/// One trial against the equations, written out in f64 over the whole matrix.
#[test]
fn a_trial_follows_the_equations() {
    let mut agent = agent(ActorCriticConfig::default());
    let x = stimulus();
    let before = agent.parameters.clone();
    let modulation = Modulation { temperature: 3.0, learning_rate: 2.0, ..Modulation::default() };
    agent.act(&x, &modulation);
    let feedback = Feedback { reward: 1.0, observation: &x, end_of_trial: true };
    let signals = agent.appraise(&feedback, &modulation);
    agent.learn(&modulation);

    let rate = |unit: usize| -> f64 {
        (0..80).map(|i| f64::from(x[i]) * f64::from(before[i * 160 + unit])).sum::<f64>().max(0.0).tanh()
    };
    let mean = |from: usize, count: usize| (from..from + count).map(rate).sum::<f64>() / count as f64;
    let logits = [0, 40].map(|from| 20.0 * (mean(from, 20) - mean(from + 20, 20)) / 3.0);
    let go = 1.0 / (1.0 + (logits[0] - logits[1]).exp());
    let value = 2.0 * (mean(80, 40) - mean(120, 40));
    let delta = 1.0 - value;
    assert!((signals.prediction_error.unwrap() - delta).abs() < 1e-5);
    assert!((signals.value.unwrap() - value).abs() < 1e-5);
    assert_eq!(signals.outcome_error, Some(1.0));
    let bits = -go * go.log2() - (1.0 - go) * (1.0 - go).log2();
    assert!((signals.policy_entropy.unwrap() - bits).abs() < 1e-5);
    assert!((signals.action_value_variance.unwrap() - (1.5 * (logits[0] - logits[1])).powi(2)).abs() < 1e-4);

    let policy = [1.0 - go, go];
    for i in 0..80 {
        for unit in 0..160 {
            let sign = if unit / 20 % 2 == 0 { 1.0 } else { -1.0 };
            let step = match unit {
                0..80 => sign * (f64::from(u8::from(unit / 40 == agent.action)) - policy[unit / 40]),
                80..120 => 1.0,
                _ => -1.0,
            };
            let expected = f64::from(before[i * 160 + unit]) + 2.0 * 0.02 * delta * step * f64::from(x[i]);
            let found = f64::from(agent.parameters[i * 160 + unit]);
            assert!((found - expected.clamp(0.0, 1.0)).abs() < 1e-6, "input {i}, unit {unit}");
        }
        for action in 0..2 {
            let expected = if action == agent.action { 0.05 * x[i] } else { 0.0 };
            assert!((agent.parameters[80 * 160 + 80 * action + i] - expected).abs() < 1e-7);
        }
    }
}

#[test]
fn without_reinforcement_only_the_predictor_learns() {
    let mut agent = agent(ActorCriticConfig::default());
    let (x, none) = (stimulus(), Modulation { reinforcement: Some(0.0), ..Modulation::default() });
    let before = agent.parameters.clone();
    agent.act(&x, &none);
    agent.appraise(&Feedback { reward: 1.0, observation: &x, end_of_trial: true }, &none);
    agent.learn(&none);
    assert_eq!(agent.parameters[..agent.weights], before[..agent.weights]);
    assert_ne!(agent.parameters[agent.weights..], before[agent.weights..]);
}

#[test]
fn effects_on_a_population_leave_the_others_alone() {
    use crate::neuromodulation::modulation::LocalEffect;
    let x = stimulus();
    let after = |place: &str, target| {
        let place = Place::Population(place.to_owned());
        let local = vec![LocalEffect { target, place, value: 0.0 }];
        let modulation = Modulation { local, ..Modulation::default() };
        let mut agent = agent(ActorCriticConfig::default());
        agent.act(&x, &modulation);
        agent.appraise(&Feedback { reward: 1.0, observation: &x, end_of_trial: true }, &modulation);
        agent.learn(&modulation);
        agent.parameters
    };
    let start = agent(ActorCriticConfig::default()).parameters;
    // Columns of the actor come first in a row of 160 units, those of the critic after them.
    let columns = |parameters: &[f32], from: usize| -> Vec<f32> {
        parameters[..80 * 160].chunks(160).flat_map(|row| row[from..from + 80].to_vec()).collect()
    };
    let still = after("actor", Target::LearningRate);
    assert_eq!(columns(&still, 0), columns(&start, 0));
    assert_ne!(columns(&still, 80), columns(&start, 80));
    let still = after("critic", Target::LearningRate);
    assert_ne!(columns(&still, 0), columns(&start, 0));
    assert_eq!(columns(&still, 80), columns(&start, 80));
    let still = after("predictor", Target::LearningRate);
    assert_eq!(still[80 * 160..], start[80 * 160..]);
    assert_ne!(columns(&still, 0), columns(&start, 0));
}

#[test]
fn a_threshold_holds_back_all_but_the_choice_that_is_no_response() {
    let held = Modulation { threshold: 2.0, ..Modulation::default() };
    for (withhold, difference) in [(None, 0.0), (Some(0), -2.0), (Some(1), 2.0)] {
        let mut agent = agent(ActorCriticConfig { withhold, ..ActorCriticConfig::default() });
        let parameters = agent.parameters.clone();
        let mut logit = |modulation: &Modulation| {
            let policy = agent.policy(&parameters, &stimulus(), modulation).unwrap();
            (policy[1] / policy[0]).ln()
        };
        assert!((logit(&held) - logit(&Modulation::default()) - difference).abs() < 1e-5);
    }
}

#[test]
fn within_a_trial_value_is_carried_back() {
    let mut agent = agent(ActorCriticConfig { discount: 0.5, ..ActorCriticConfig::default() });
    let (x, next, neutral) = (stimulus(), vec![0.3; 80], Modulation::default());
    agent.act(&next, &neutral);
    let following = agent.value;
    agent.act(&x, &neutral);
    let value = agent.value;
    let feedback = Feedback { reward: 0.2, observation: &next, end_of_trial: false };
    let signals = agent.appraise(&feedback, &neutral);
    assert!((signals.prediction_error.unwrap() - (0.2 + 0.5 * following - value)).abs() < 1e-12);
}

#[test]
fn parameters_out_of_range_are_named() {
    for text in ["learning_rate = 0.0", "initial_weight = 2.0", "withhold = 2", "actor_units = 0"] {
        let config: ActorCriticConfig = toml::from_str(text).unwrap();
        let error = config.build(&GoNoGoConfig::default().build().unwrap(), Key::from_seed(1)).unwrap_err();
        assert!(error.to_string().contains(text.split(' ').next().unwrap()), "{error}");
    }
}

/// One trial of two actions with values, against the equations: Q_a moves by its share of V + M − Q_a, the other stays.
#[test]
fn the_value_of_the_action_taken_moves_towards_the_outcome() {
    let values = Some(ActionValuesConfig { rate: 0.25, gain: 3.0 });
    for (reinforcement, expected) in [(None, 1.0), (Some(0.0), 0.0)] {
        let mut agent = agent(ActorCriticConfig { values, ..ActorCriticConfig::default() });
        let (x, modulation) = (stimulus(), Modulation { reinforcement, ..Modulation::default() });
        let value_of = |agent: &ActorCritic, action: usize| -> f64 {
            let first = 80 * 162 + 80 * action;
            (0..80).map(|i| f64::from(x[i]) * f64::from(agent.parameters[first + i])).sum()
        };
        for _ in 0..2 {
            agent.act(&x, &modulation);
            let (value, before) = (agent.value, [0, 1].map(|action| value_of(&agent, action)));
            agent.appraise(&Feedback { reward: 1.0, observation: &x, end_of_trial: true }, &modulation);
            agent.learn(&modulation);
            // With its own error the outcome is the reward; without dopamine it is the value of the policy.
            let outcome = if expected == 1.0 { 1.0 } else { value };
            for (action, before) in before.into_iter().enumerate() {
                let step = if action == agent.action { 0.25 * (outcome - before) } else { 0.0 };
                assert!((value_of(&agent, action) - before - step).abs() < 1e-5, "{action}");
            }
        }
        let parameters = agent.parameters.clone();
        let mut logit = |gain: f64| {
            use crate::neuromodulation::modulation::LocalEffect;
            let place = Place::Population("values".to_owned());
            let local = vec![LocalEffect { target: Target::Gain, place, value: gain }];
            let policy = agent.policy(&parameters, &x, &Modulation { local, ..Modulation::default() }).unwrap();
            (policy[1] / policy[0]).ln()
        };
        let difference = logit(2.0) - logit(1.0);
        let values = value_of(&agent, 1) - value_of(&agent, 0);
        assert!((difference - 3.0 * values).abs() < 1e-4, "{difference} {values}");
    }
}

#[test]
fn a_search_of_rates_keeps_values_in_proportion() {
    let mut config = ActorCriticConfig { values: Some(ActionValuesConfig::default()), ..ActorCriticConfig::default() };
    assert!(config.set_learning_rate(0.04));
    assert_eq!((config.learning_rate, config.values.unwrap().rate), (0.04, 0.6));
    config.set_learning_rate(1.0);
    assert_eq!(config.values.unwrap().rate, 1.0);
}

#[test]
fn memory_holds_the_first_observation_of_a_trial_alone() {
    let mut memory = Memory::new(2);
    assert_eq!(memory.see(&[1.0, -1.0]), [1.0, 0.0, 0.0, 0.0, 0.0]);
    memory.hold(&[1.0, -1.0]);
    memory.hold(&[0.0, 5.0]);
    assert_eq!(memory.see(&[0.5, 2.0]), [0.5, 2.0, 1.0, 0.0, 0.5]);
    memory.release();
    assert_eq!(memory.see(&[0.5, 2.0]), [0.5, 2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_environment_says_which_choice_is_no_response() {
    use crate::behaviour::environments::EnvironmentConfig;
    let config = ActorCriticConfig { withholds_no_response: true, ..ActorCriticConfig::default() };
    for (environment, withheld) in
        [("go_no_go", Some(0)), ("stop_signal", Some(0)), ("reversal", None), ("two_step", None)]
    {
        let environment = EnvironmentConfig::from_name(environment).unwrap().build(Key::from_seed(1)).unwrap();
        assert_eq!(config.build(&*environment, Key::from_seed(2)).unwrap().withheld, withheld);
    }
    for (text, named) in [
        ("withhold = 0\nwithholds_no_response = true", "actor_critic.withhold = 0"),
        ("values = { rate = 0.0 }", "actor_critic.values.rate = 0"),
        ("values = { rate = 1.5 }", "actor_critic.values.rate = 1.5"),
        ("values = { gain = -1.0 }", "actor_critic.values.gain = -1"),
    ] {
        let config: ActorCriticConfig = toml::from_str(text).unwrap();
        let error = config.build(&GoNoGoConfig::default().build().unwrap(), Key::from_seed(1)).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

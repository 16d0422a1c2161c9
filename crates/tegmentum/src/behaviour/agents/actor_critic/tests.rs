use super::*;
use crate::behaviour::environments::go_no_go::GoNoGoConfig;

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

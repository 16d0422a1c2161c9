use super::*;
use crate::behaviour::environments::EnvironmentConfig;
use crate::neuromodulation::modulation::LocalEffect;

fn go_no_go() -> Box<dyn Environment> {
    EnvironmentConfig::from_name("go_no_go").unwrap().build(Key::from_seed(0)).unwrap()
}

fn agent(config: &SpikingActorCriticConfig, seed: u64) -> SpikingActorCritic {
    config.build(&*go_no_go(), Key::from_seed(seed)).unwrap()
}

/// Runs trials under a modulation that stays; returns which answers were right.
fn run(agent: &mut SpikingActorCritic, seed: u64, trials: u64, modulation: &Modulation) -> Vec<bool> {
    let mut environment = go_no_go();
    let mut observation = vec![0.0; environment.num_observations()];
    let mut correct = Vec::new();
    for trial in 0..trials {
        environment.begin(Key::from_seed(seed).child(trial), &mut observation);
        let action = agent.act(&observation, modulation);
        let outcome = environment.step(action, &mut observation);
        let feedback =
            Feedback { reward: outcome.reward, observation: &observation, end_of_trial: outcome.end_of_trial };
        agent.appraise(&feedback, modulation);
        agent.learn(modulation);
        correct.push(outcome.correct);
    }
    correct
}

/// Mean rate of a population in the last trial, in hertz.
fn rate(agent: &SpikingActorCritic, name: &str) -> f64 {
    let raster = agent.raster().unwrap();
    let index = raster.populations.iter().position(|population| population.0 == name).unwrap();
    let first = raster.populations[index].1;
    let end = raster.populations.get(index + 1).map_or(raster.cells, |next| next.1);
    let spikes = raster.spikes.iter().filter(|spike| (first..end).contains(&spike.1)).count();
    1000.0 * spikes as f64 / f64::from(end - first) / 130.0
}

#[test]
fn it_learns_a_rule() {
    let mut late = Vec::new();
    for seed in 0..4 {
        let mut agent = agent(&SpikingActorCriticConfig::default(), seed);
        let correct = run(&mut agent, seed, 240, &Modulation::default());
        late.push(correct[180..].iter().filter(|&&correct| correct).count() as f64 / 60.0);
        let largest = agent.config.largest_weight as f32;
        assert!(agent.parameters().iter().all(|weight| (0.0..=largest).contains(weight)));
    }
    // Chance is one half.
    assert!(late.iter().all(|&share| share > 0.75), "{late:?}");
    assert!(late.iter().sum::<f64>() / 4.0 > 0.85, "{late:?}");
}

#[test]
fn without_a_third_factor_actor_and_critic_stay_as_they_are() {
    let mut agent = agent(&SpikingActorCriticConfig::default(), 1);
    let first = agent.parameters().to_vec();
    run(&mut agent, 1, 10, &Modulation { reinforcement: Some(0.0), ..Modulation::default() });
    let end = agent.actor.last().unwrap().end();
    assert_eq!(agent.parameters()[..end], first[..end]);
    // The prediction learns from its own error.
    assert_ne!(agent.parameters()[end..], first[end..]);
}

#[test]
fn same_seed_same_bits_and_neutral_effects_change_none() {
    let neutral = [("excitatory", Target::Bursting, 0.0), ("actor", Target::LearningRate, 1.0)];
    let local =
        neutral.map(|(name, target, value)| LocalEffect { target, place: Place::Population(name.to_owned()), value });
    let outcome = |seed: u64, modulation: &Modulation| {
        let mut agent = agent(&SpikingActorCriticConfig::default(), seed);
        run(&mut agent, 5, 8, modulation);
        (agent.parameters().to_vec(), agent.raster().unwrap().clone())
    };
    let first = outcome(1, &Modulation::default());
    assert_eq!(first, outcome(1, &Modulation::default()));
    assert_eq!(first, outcome(1, &Modulation { local: local.to_vec(), ..Modulation::default() }));
    assert_ne!(first.0, outcome(2, &Modulation::default()).0);
}

/// Noradrenaline at the excitatory cells of actor and critic: these fire more, all others as before; acetylcholine takes it back.
#[test]
fn bursting_reaches_the_cells_it_is_meant_for() {
    let at = |level: f64, name: Option<&str>| {
        let local = name.map(|name| LocalEffect {
            target: Target::Bursting,
            place: Place::Population(name.to_owned()),
            value: level,
        });
        let bursting = if name.is_none() { level } else { 0.0 };
        let mut agent = agent(&SpikingActorCriticConfig::default(), 3);
        run(&mut agent, 3, 1, &Modulation { bursting, local: local.into_iter().collect(), ..Modulation::default() });
        [
            "critic excitatory",
            "critic inhibitory",
            "actor 0 excitatory",
            "actor 1 inhibitory",
            "prediction 0 excitatory",
        ]
        .map(|name| rate(&agent, name))
    };
    let rest = at(0.0, None);
    for (level, name, raised) in [
        (0.5, None, [0, 2]),
        (0.5, Some("excitatory"), [0, 2]),
        (0.5, Some("critic"), [0, 0]),
        (0.5, Some("actor"), [2, 2]),
    ] {
        let rates = at(level, name);
        for index in 0..rest.len() {
            if raised.contains(&index) {
                assert!(rates[index] > 1.3 * rest[index], "{name:?}: {rates:?} {rest:?}");
            } else {
                assert_eq!(rates[index], rest[index], "{name:?} {index}");
            }
        }
    }
    // A level that another transmitter has taken below zero is regular spiking.
    assert_eq!(at(-0.3, None), rest);
}

#[test]
fn temperature_flattens_the_choice() {
    let entropy_at = |temperature: f64| {
        let mut agent = agent(&SpikingActorCriticConfig::default(), 4);
        run(&mut agent, 4, 150, &Modulation::default());
        run(&mut agent, 4, 1, &Modulation { temperature, ..Modulation::default() });
        entropy(agent.policy())
    };
    let (cold, hot) = (entropy_at(1.0), entropy_at(7.0));
    assert!(hot > cold + 0.2 && hot <= 1.0, "{cold} {hot}");
}

#[test]
fn the_raster_is_in_order_and_complete() {
    let mut agent = agent(&SpikingActorCriticConfig::default(), 6);
    run(&mut agent, 6, 1, &Modulation::default());
    let raster = agent.raster().unwrap();
    assert!(raster.spikes.iter().all(|&(time, cell)| time < raster.duration && cell < raster.cells));
    assert!(raster.spikes.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let expected = 80 + 2 * (64 + 2 * 32 + 2 * 32) + 2 * 64;
    assert_eq!((raster.cells, raster.populations.len()), (expected, 1 + 2 * 5 + 2));
    // 40 active cells at 200 Hz and the others at most at 5 Hz.
    assert!((80.0..125.0).contains(&rate(&agent, "input")), "{}", rate(&agent, "input"));
}

/// A step that does not end the trial is followed by a look ahead, and eligibility of the choice outlasts it.
#[test]
fn a_look_at_the_next_observation_keeps_eligibility() {
    let mut agent = agent(&SpikingActorCriticConfig::default(), 7);
    let observation = vec![1.0f32; 80];
    agent.act(&observation, &Modulation::default());
    let eligible = agent.critic.take_eligibility();
    agent.critic.give_eligibility(eligible.clone());
    let feedback = Feedback { reward: 0.5, observation: &observation, end_of_trial: false };
    let signals = agent.appraise(&feedback, &Modulation::default());
    assert_ne!(signals.prediction_error, Some(0.5 - signals.value.unwrap()));
    assert!(signals.prediction_error.unwrap().is_finite());
    assert_eq!(agent.critic.take_eligibility(), eligible);
}

#[test]
fn bad_settings_are_named() {
    let environment = go_no_go();
    for (config, name) in [
        (SpikingActorCriticConfig { critic_cells: 0, ..Default::default() }, "critic_cells = 0"),
        (SpikingActorCriticConfig { active_rate: 2000.0, ..Default::default() }, "active_rate = 2000"),
        (SpikingActorCriticConfig { hold_duration: 0, ..Default::default() }, "hold_duration = 0"),
        (SpikingActorCriticConfig { first_weight: f64::NAN, ..Default::default() }, "first_weight = NaN"),
        (SpikingActorCriticConfig { longest_delay: 0, ..Default::default() }, "longest_delay = 0"),
    ] {
        let text = config.build(&*environment, Key::from_seed(1)).unwrap_err().to_string();
        assert!(text.starts_with(name), "{text}");
    }
    let helicopter = EnvironmentConfig::from_name("helicopter").unwrap().build(Key::from_seed(0)).unwrap();
    let config = SpikingActorCriticConfig::default();
    assert!(matches!(config.build(&*helicopter, Key::from_seed(1)), Err(Error::Incompatible { .. })));
}

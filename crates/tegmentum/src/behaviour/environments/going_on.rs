//! Every registered agent in every registered environment goes on from its state with the bits of what was never interrupted.

use super::conformance::quick_environments;
use crate::archive::Archive;
use crate::behaviour::agents::AgentConfig;
use crate::behaviour::environment::TrialReport;
use crate::behaviour::environments::EnvironmentConfig;
use crate::behaviour::session::Behaviour;
use crate::error::Error;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;

/// Trials before the state is taken.
const BEFORE: [u64; 4] = [0, 1, 7, 40];
/// Trials after it.
const AFTER: u64 = 15;

/// The bits of everything that is reported of trials.
fn play(behaviour: &mut Behaviour, trials: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    let report = |trial: u64| -> TrialReport { behaviour.trial(Key::from_seed(3).child(trial)).unwrap() };
    trials.map(report).map(|mut report| Archive::write(&mut report).unwrap()).collect()
}

/// The bits of what was learned, of the levels and of the effects.
fn learned(behaviour: &Behaviour) -> (Vec<u32>, Vec<u64>) {
    let levels = behaviour.system().levels();
    let mut numbers = vec![levels.dopamine, levels.acetylcholine, levels.serotonin, levels.noradrenaline];
    numbers.extend(behaviour.system().effects().flat_map(|(_, seen, effect)| [seen, effect]));
    let parameters = behaviour.agent().parameters();
    (parameters.iter().map(|value| value.to_bits()).collect(), numbers.into_iter().map(f64::to_bits).collect())
}

/// Whether a behaviour goes on as if nothing had happened.
fn goes_on(what: &str, build: &dyn Fn() -> Behaviour) {
    let mut first = build();
    let mut made = 0;
    for before in BEFORE {
        play(&mut first, made..before);
        let bytes = Archive::write(&mut first).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut second = build();
        Archive::read(&bytes, &mut second).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(Archive::write(&mut second).unwrap(), bytes, "{what}: what was read is what was written");
        made = before + AFTER.min(BEFORE.into_iter().find(|next| *next > before).map_or(AFTER, |next| next - before));
        let (expected, found) = (play(&mut first, before..made), play(&mut second, before..made));
        assert_eq!(found, expected, "{what}, {before} trials before");
        assert_eq!(learned(&second), learned(&first), "{what}, {before} trials before");
    }
}

fn behaviour(environment: &EnvironmentConfig, agent: &AgentConfig, preset: Preset) -> Result<Behaviour, Error> {
    let system = NeuromodulationConfig { preset, ..NeuromodulationConfig::default() };
    Behaviour::from_settings(environment, agent, &system, Key::from_seed(5))
}

#[test]
fn every_agent_goes_on_in_every_environment() {
    for agent in AgentConfig::registry() {
        let mut at_home = 0;
        for environment in quick_environments() {
            if behaviour(&environment, &agent, Preset::None).is_err() {
                continue;
            }
            at_home += 1;
            let what = format!("{} in {}", agent.name(), environment.name());
            goes_on(&what, &|| behaviour(&environment, &agent, Preset::None).unwrap());
        }
        assert!(at_home > 0, "{agent:?} can act nowhere");
    }
}

#[test]
fn every_preset_goes_on_around_an_agent() {
    for preset in Preset::ALL {
        let mut fits = 0;
        for agent in AgentConfig::registry() {
            for environment in quick_environments() {
                if fits < 3 && behaviour(&environment, &agent, preset).is_ok() {
                    fits += 1;
                    let what = format!("{} in {} under {}", agent.name(), environment.name(), preset.name());
                    goes_on(&what, &|| behaviour(&environment, &agent, preset).unwrap());
                }
            }
        }
        assert!(
            fits > 0
                || matches!(preset, Preset::DopamineOptimizer | Preset::NodePerturbation | Preset::FeedbackAlignment),
            "{preset:?}"
        );
    }
}

#[test]
fn every_synaptic_rule_and_every_option_with_a_state_goes_on() {
    let agents = [
        ("open_field", "[synaptic_actor.rule.r_stdp]\nthird_factor = { reward_minus_mean = 0.1 }"),
        ("open_field", "[synaptic_actor.rule.acetylcholine_dopamine]"),
        ("open_field", "[synaptic_actor.rule.dopamine_serotonin]"),
        ("open_field", "[synaptic_actor.rule.dopamine_synapse]"),
        ("delayed_match", "[q_learning]\nmemory = true"),
        ("go_no_go", "[actor_critic]\ncontexts = 2"),
    ];
    for (environment, text) in agents {
        let environment =
            quick_environments().into_iter().find(|config| config.name() == environment).expect("it is registered");
        let agent: AgentConfig = toml::from_str(text).unwrap();
        goes_on(text, &|| behaviour(&environment, &agent, Preset::None).unwrap());
    }
}

#[test]
fn states_of_others_and_damaged_ones_are_refused() {
    let environments = ["reversal", "go_no_go"].map(|name| EnvironmentConfig::from_name(name).unwrap());
    let agents = ["rescorla_wagner", "opal", "win_stay_lose_shift"].map(|name| AgentConfig::from_name(name).unwrap());
    let build =
        |environment: usize, agent: usize| behaviour(&environments[environment], &agents[agent], Preset::None).unwrap();
    let mut own = build(0, 0);
    play(&mut own, 0..5);
    let bytes = Archive::write(&mut own).unwrap();
    for agent in 0..3 {
        for environment in 0..2 {
            if let Ok(mut other) = behaviour(&environments[environment], &agents[agent], Preset::None) {
                assert_eq!(Archive::read(&bytes, &mut other).is_ok(), (environment, agent) == (0, 0));
            }
        }
    }
    for at in 0..bytes.len() {
        assert!(Archive::read(&bytes[..at], &mut build(0, 0)).is_err());
        let mut mutated = bytes.clone();
        mutated[at] ^= 1 << (at % 8);
        assert!(Archive::read(&mutated, &mut build(0, 0)).is_err());
    }
}

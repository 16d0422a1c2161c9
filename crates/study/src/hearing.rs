//! Who obeys what: the effects of modulators that each learner obeys, as they are checked when a study is read.
//!
//! An entry is an arm as a study writes it, with the options under which it obeys most, and what it then says of itself
//! ([`Optimizer::hears`](tegmentum::learning::optimizer::Optimizer::hears), [`Agent::hears`](tegmentum::behaviour::agent::Agent::hears)).
//! Places are those of the network `hidden = [4]` for one that is learned by perturbation.

use std::sync::Arc;

use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Result;
use tegmentum::learning::continual::learners::ContinualConfig;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::neuromodulation::hearing::Heard;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::random::Key;

/// The network of the entries, which learn exclusive or.
pub const NETWORK: &str = "[mlp]\nhidden = [4]\noutput_activation = \"logistic\"\ninitialisation = { normal = 0.5 }";

/// Options under which a learner obeys more than with its defaults.
const OPTIONS: [(&str, &str); 4] = [
    ("weight_perturbation", "reading = \"normalised\", averaging = \"schedule_free\""),
    ("actor_critic", "withholds_no_response = true, contexts = 2, values = {}"),
    ("synaptic_actor", ""),
    ("synaptic_actor", "rule = { r_stdp = { third_factor = \"prediction_error\" } }"),
];

/// What a learner obeys.
#[derive(Clone, Debug)]
pub struct Obedience {
    /// The field of an arm: `optimizer`, `plasticity`, `gradient`, `continual` or `agent`.
    pub field: &'static str,
    /// The learner's name.
    pub name: &'static str,
    /// Whether it has modulators of its own, which `[arm.neuromodulation]` then sets.
    pub has_own: bool,
    /// The options that were given, as an inline table without its braces.
    pub options: &'static str,
    /// The effects.
    pub heard: Vec<Heard>,
    /// The transmitters whose levels its synapses bind.
    pub binds: Vec<Transmitter>,
}

/// What every learner of the library obeys, registered ones included.
///
/// # Errors
/// If a learner cannot be built with its defaults, which is a mistake in it.
///
/// # Example
/// ```
/// let all = tegmentum_study::hearing::all()?;
/// let cma_es = all.iter().find(|one| one.name == "cma_es").expect("an optimizer");
/// assert_eq!(cma_es.words(), "learning_rate, perturbation_scale");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn all() -> Result<Vec<Obedience>> {
    let network: Arc<dyn Network> =
        Arc::from(toml::from_str::<NetworkConfig>(NETWORK).map_err(|error| never(&error))?.build(2, 1)?);
    let start = network.initialise(Key::from_seed(0));
    let plain = |field, name, heard| Obedience { field, name, has_own: false, options: "", heard, binds: Vec::new() };
    let mut all = Vec::new();
    for config in OptimizerConfig::registry() {
        let (name, options) = (config.name(), options(config.name())[0]);
        let config: OptimizerConfig =
            toml::from_str(&format!("{name} = {{ {options} }}")).map_err(|error| never(&error))?;
        let has_own = config.modulators().is_some();
        let heard = if has_own {
            config.hears_within(&*network)
        } else {
            config.for_network(&*network).build(start.clone(), Key::from_seed(1), 1000)?.hears()
        };
        all.push(Obedience { has_own, options, ..plain("optimizer", name, heard) });
    }
    let problem = Arc::new(TaskConfig::from_name("xor")?.build()?.problem(Key::from_seed(2))?);
    for config in PlasticityConfig::registry() {
        let has_own = config.modulators().is_some();
        let heard = if has_own {
            config.hears_within(&*network)
        } else {
            config.build(Arc::clone(&network), Arc::clone(&problem), start.clone(), Key::from_seed(1))?.hears()
        };
        all.push(Obedience { has_own, ..plain("plasticity", config.name(), heard) });
    }
    all.extend(GradientConfig::registry().iter().map(|config| plain("gradient", config.name(), Vec::new())));
    for config in ContinualConfig::registry() {
        let has_own = config.modulators().is_some();
        all.push(Obedience { has_own, ..plain("continual", config.name(), config.hears_within()) });
    }
    for config in AgentConfig::registry() {
        for options in options(config.name()) {
            all.push(agent(config.name(), options)?);
        }
    }
    Ok(all)
}

/// What an agent obeys under `options`.
fn agent(name: &'static str, options: &'static str) -> Result<Obedience> {
    let config: AgentConfig = toml::from_str(&format!("{name} = {{ {options} }}")).map_err(|error| never(&error))?;
    let mut obedience =
        Obedience { field: "agent", name, has_own: false, options, heard: Vec::new(), binds: Vec::new() };
    for environment in EnvironmentConfig::registry() {
        let built = environment.build(Key::from_seed(0))?;
        // An agent that answers with a number has no place where choices are asked for.
        let Ok(agent) = config.build(&*built, Key::from_seed(1)) else { continue };
        for heard in agent.hears() {
            if !obedience.heard.contains(&heard) {
                obedience.heard.push(heard);
            }
        }
        obedience.binds = agent.binds().to_vec();
    }
    Ok(obedience)
}

/// The options under which a learner is asked; its defaults if there are none.
fn options(name: &str) -> Vec<&'static str> {
    let options: Vec<&str> = OPTIONS.iter().filter(|(of, _)| *of == name).map(|(_, options)| *options).collect();
    if options.is_empty() { vec![""] } else { options }
}

/// A text of this file that cannot be read.
fn never(error: &toml::de::Error) -> tegmentum::error::Error {
    tegmentum::error::Error::Study { origin: "who obeys what".to_owned(), problem: error.to_string() }
}

impl Obedience {
    /// What is obeyed in one line: each effect with its places, and the levels that synapses bind.
    pub fn words(&self) -> String {
        tegmentum::neuromodulation::hearing::obeyed(&self.heard, &self.binds)
    }
}

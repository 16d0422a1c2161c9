//! A nucleus of your own: signals in, release out. Run it: `cargo run -p tegmentum --example own_nucleus`.

use tegmentum::neuromodulation::nucleus::{Nucleus, Release, Transmitter};
use tegmentum::neuromodulation::system::NeuromodulatorySystem;
use tegmentum::prelude::*;

/// A burst of noradrenaline where an error is more than twice as large as usual.
#[derive(Clone, Debug, Default)]
struct Astonishment {
    usual: f64,
}

impl Nucleus for Astonishment {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(size) = signals.outcome_error.map(f64::abs).filter(|size| size.is_finite()) else {
            return Release::default();
        };
        let is_large = size > 2.0 * self.usual && self.usual > 0.0;
        self.usual += 0.1 * (size - self.usual);
        Release::phasic(f64::from(u8::from(is_large)))
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A burst multiplies the learning rate by 1 + 4.
const RECEPTOR: &str = "receptor = [
    { name = 'alpha', transmitter = 'noradrenaline', target = 'learning_rate', efficacy = 4.0 },
]";

/// Mean error of the predictions of a number that jumps.
fn error(nuclei: Vec<Box<dyn Nucleus>>) -> Result<f64, Box<dyn std::error::Error>> {
    let key = Key::from_seed(1);
    let task = EnvironmentConfig::from_name("helicopter")?;
    let environment = task.build(key.child(0))?;
    let agent = toml::from_str::<AgentConfig>("[adaptive_estimator]\nlearning_rate = 0.2")?;
    let agent = agent.build(&*environment, key.child(1))?;
    let wiring: NeuromodulationConfig = toml::from_str(RECEPTOR)?;
    let system = NeuromodulatorySystem::new(nuclei, &wiring.parts(), &[], key.child(2))?;
    let trials = Behaviour::new(environment, agent, system).run(key.child(3), 2_000)?;
    Ok(task.scores(&trials)[0].or_nan())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (with, without) = (error(vec![Box::new(Astonishment::default())])?, error(Vec::new())?);
    assert!(with < 0.8 * without, "{with} with astonishment, {without} without");
    Ok(())
}

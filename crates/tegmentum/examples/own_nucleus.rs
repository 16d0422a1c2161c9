//! A model of a nucleus of your own: signals in, release out. Run it: `cargo run -p tegmentum --example own_nucleus`.

use serde::{Deserialize, Serialize};
use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use tegmentum::prelude::*;

/// A burst of noradrenaline where an error is more than twice as large as usual. The fields of
/// `locus_coeruleus = { astonishment = { … } }` in a study, and the state of the nucleus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Astonishment {
    /// The usual size of an error to begin with.
    usual: f64,
}

impl NucleusSettings for Astonishment {
    fn description(&self) -> Description {
        Description { name: "astonishment", summary: "a burst at a large error", reference: "this example" }
    }

    fn build(&self, _: Transmitter, _: Key) -> Result<Box<dyn Nucleus>, Error> {
        Ok(Box::new(*self))
    }
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
        self.usual = 0.0;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    LocusCoeruleusConfig::register::<Astonishment>()?;
    let (world, key) = (EnvironmentConfig::from_name("helicopter")?, Key::from_seed(1));
    let agent = toml::from_str("[adaptive_estimator]\nlearning_rate = 0.2")?;
    // A burst multiplies the learning rate by 1 + 4.
    let receptor = "{ name = 'alpha', transmitter = 'noradrenaline', target = 'learning_rate', efficacy = 4.0 }";
    let astonished = toml::from_str(&format!("locus_coeruleus = 'astonishment'\nreceptor = [{receptor}]"))?;
    let error = |modulators: &NeuromodulationConfig| -> Result<f64, Error> {
        let trials = Behaviour::from_settings(&world, &agent, modulators, key)?.run(key.child(3), 2_000)?;
        Ok(world.scores(&trials)[0].or_nan())
    };
    let (with, without) = (error(&astonished)?, error(&NeuromodulationConfig::default())?);
    assert!(with < 0.8 * without, "{with} with astonishment, {without} without");
    Ok(())
}

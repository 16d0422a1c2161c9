//! A model of a nucleus that was registered at run time: a study can name it, and it releases what its nucleus releases.

use serde::{Deserialize, Serialize};
use tegmentum::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use tegmentum::prelude::*;

/// Always the same release of noradrenaline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Steady {
    release: f64,
}

impl NucleusSettings for Steady {
    fn description(&self) -> Description {
        Description { name: "steady", summary: "always the same", reference: "this test" }
    }

    fn build(&self, _: Transmitter, _: Key) -> Result<Box<dyn Nucleus>, Error> {
        Ok(Box::new(*self))
    }
}

impl Nucleus for Steady {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, _: &Signals) -> Release {
        Release::phasic(self.release)
    }

    fn reset(&mut self) {}
}

#[test]
fn a_registered_model_is_named_in_a_study_and_releases_its_transmitter_alone() {
    LocusCoeruleusConfig::register::<Steady>().unwrap();
    DorsalRapheConfig::register::<Steady>().unwrap();
    let config: NeuromodulationConfig = toml::from_str("locus_coeruleus = { steady = { release = 0.5 } }").unwrap();
    let again: NeuromodulationConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    let mut system = config.build(Key::from_seed(1)).unwrap();
    system.observe(&Signals::default());
    assert_eq!(system.levels().noradrenaline, 0.5);
    let wrong: NeuromodulationConfig = toml::from_str("dorsal_raphe = 'steady'").unwrap();
    let error = wrong.build(Key::from_seed(1)).unwrap_err().to_string();
    assert!(error.contains("steady, which releases noradrenaline") && error.contains("dorsal_raphe"), "{error}");
    let unknown = toml::from_str::<NeuromodulationConfig>("locus_coeruleus = 'stead'").unwrap_err().to_string();
    assert!(unknown.contains("steady") && unknown.contains("bayes_factor"), "{unknown}");
}

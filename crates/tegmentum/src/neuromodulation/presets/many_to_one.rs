//! `many-to-one`: four modulators for an agent that acts, the same in every environment. Ours.
//!
//! ```text
//!     dopamine         reinforcement = δ
//!     noradrenaline    burst of 1 when errors in units of their usual spread add up, cleared with τ = 60
//!                      temperature × (1 + 13 NA) ,  learning rate × (1 + 10 NA) ,  where M < 0: × 1/(1 + NA)
//!     acetylcholine    U, the usual size of outcome errors, rate 1/40
//!                      gain of action values × (1 + 40 ACh) ,  gain of the actor × 1/(1 + 4 ACh) ,  temperature × (1 + ACh)
//!                      burst × max(0, 1 − 2.5 ACh)
//!     serotonin        r̄, the average reward, rate 1/10
//!                      threshold of a response + 16 5HT ,  discount × (1 + .1 5HT) ,  temperature × 1/(1 + 5HT)
//! ```
//! M reinforcement, δ prediction error. What each is for:
//! - **Acetylcholine**, expected uncertainty, arbitrates. Where outcomes are certain a habit is as good as a value and has less noise; where
//!   they are not, the actor's habit is turned down and values of actions, which follow a change at once, are turned up. It also says that errors
//!   are to be expected, and makes bursts smaller.
//! - **Noradrenaline**, unexpected uncertainty, opens the search where outcomes were certain and are no longer the expected ones.
//! - **Serotonin**, average reward, waits: it holds responses back where there is a choice that is no response, lets what comes later count for
//!   more, and lets a choice that goes well be repeated; when rewards fail to come all three give way.
//! - **Dopamine** teaches actor, critic and action values.
//!
//! The agent it was made for is `actor_critic` with `withholds_no_response`, `memory` and `values`; an agent without values hears less of it.
//!
//! # Where the numbers come from
//! Nuclei, and receptors that are not named here, are those of `uncertain-worlds` (`tegmentum` has the roles), the locus coeruleus with its
//! defaults. 40, 4, 2.5, 1/10, 16, .1 and 1 were chosen among some forty settings on seeds 0–59 of Go/No-Go (extradimensional,
//! intradimensional, serial, false rewards), two bandits and the
//! stop-signal task. None of them is measured in an animal.
//!
//! References for the roles: N. D. Daw, Y. Niv, P. Dayan, Nature Neuroscience 8, 1704–1711, 2005 (uncertainty arbitrates between values and habits);
//! A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005 (expected and unexpected uncertainty); K. Doya, Neural Networks 15, 495–506, 2002, and K. Miyazaki, K. W. Miyazaki,
//! K. Doya, J. Neurosci. 31, 469–479, 2011 (serotonin, discount and waiting). That acetylcholine is what arbitrates is inferred.

use crate::neuromodulation::coupling::{Coupling, CouplingKind, Drive};
use crate::neuromodulation::modulation::{Place, Target};
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::average_outcome::AverageOutcomeConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::standardised_surprise::StandardisedSurpriseConfig;
use crate::neuromodulation::nucleus::Transmitter::{Acetylcholine, Noradrenaline, Serotonin};
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::presets::tegmentum;
use crate::neuromodulation::receptor::Receptor;

/// The parts.
pub(crate) fn parts() -> Parts {
    let mut parts = tegmentum::with_surprise(StandardisedSurpriseConfig::default());
    parts.dorsal_raphe = Some(DorsalRapheConfig::AverageOutcome(AverageOutcomeConfig { rate: 0.1 }));
    parts.couplings = vec![Coupling {
        from: Drive::Acetylcholine,
        to: Noradrenaline,
        kind: CouplingKind::Modulatory,
        strength: -2.5,
    }];
    for receptor in &mut parts.receptors {
        if receptor.name == "serotonin_inhibition" {
            receptor.efficacy = 16.0;
        }
    }
    let at =
        |population: &str, receptor: Receptor| Receptor { place: Place::Population(population.to_owned()), ..receptor };
    let exploitation = Receptor::new("serotonin_exploitation", Serotonin, Target::Temperature, 1.0);
    let habit = at("actor", Receptor::new("acetylcholine_habit", Acetylcholine, Target::Gain, 4.0));
    parts.receptors.extend([
        at("values", Receptor::new("acetylcholine_values", Acetylcholine, Target::Gain, 40.0)),
        Receptor { divides: true, ..habit },
        Receptor::new("serotonin_patience", Serotonin, Target::Discount, 0.1),
        Receptor { divides: true, ..exploitation },
    ]);
    parts
}

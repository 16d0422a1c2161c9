//! Simultaneous weight perturbation under a rate rule.
//!
//! # Update
//! ```text
//!     ρ_k = (L(w + σ v_k) − L(w))/σ                    one-sided
//!     ρ_k = (L(w + σ v_k) − L(w − σ v_k))/(2σ)         two-sided
//!     w   ← w − s_t (1/K) Σ_k η_t f(ρ_k) v_k
//! ```
//! w parameters `[P]` · `v_k` directions `[P]`, entries ±1 or standard normal · σ perturbation scale, in the unit of w
//! · L mean loss on the batch of the update, the same for all probes · `η_t`, f the [reading](super::rate_rule), w per
//! (loss/w); with the normalised readings in the unit of w · `s_t` schedule in `[0, 1]` · K directions. With `anchor_strength` a
//! decay to the start, w ← w* + (w − w*)/(1 + s η λ), follows, at the rate `s_t η_t`.
//!
//! # Cost
//! K + 1 evaluations an update (one-sided) or 2K (two-sided). Memory P numbers; 2P with schedule-free averaging, 3P
//! with the reading `adam`. Directions are kept as keys.
//!
//! # Logged
//! `loss` L(w), or the mean of the pairs · `learning_rate` `s_t η_t`, or `s_t η0` for readings that normalise ·
//! `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(10, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let config = WeightPerturbationConfig { learning_rate: 0.04, two_sided: true, ..Default::default() };
//! let mut learner = config.build(vec![1.0; 10], Key::from_seed(1), 1000)?;
//! let (modulation, mut losses) = (Modulation::default(), [0.0; 2]);
//! for update in 0..500 {
//!     let probes = learner.ask(&modulation).to_vec();
//!     sphere.losses(learner.bases(), &probes, Batch(Key::from_seed(update)), &mut losses)?;
//!     learner.tell(&losses, &modulation)?;
//! }
//! assert!(losses[0] < 1e-3);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # References
//! 1. G. Cauwenberghs, *A fast stochastic error-descent algorithm for supervised learning and optimization*, NIPS 5,
//!    1993.
//! 2. P. Zuege, C. Klos, R.-M. Memmesheimer, PRX 13, 021006, 2023.
//! 3. S. Nambusubramaniyan et al., arXiv:2510.22178, 2025: the readings are INFERRED from its abstract.

use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::anchor::Anchor;
use super::averaging::{Averaging, Iterate};
use super::checks::{check_start, is_zero, non_negative};
use super::exploration::Exploration;
use super::rate_rule::{Observation, RateRule, Reading};
use crate::error::{Error, Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of weight perturbation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeightPerturbationConfig {
    /// η0, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// Whether directions are tried both ways.
    pub two_sided: bool,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
    /// How the error sets the rate.
    pub reading: Reading,
    /// Whether the model that is handed over is an average.
    pub averaging: Averaging,
    /// Strength λ, 0 or above, with which the weights are drawn back to the start.
    #[serde(skip_serializing_if = "is_zero")]
    pub anchor_strength: f64,
}

impl Default for WeightPerturbationConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            perturbation_scale: 1e-3,
            directions: 1,
            two_sided: false,
            family: Family::Rademacher,
            schedule: Schedule::Constant,
            reading: Reading::Plain,
            averaging: Averaging::None,
            anchor_strength: 0.0,
        }
    }
}

impl WeightPerturbationConfig {
    /// The effects that it obeys: a reset where there is anything to be forgotten.
    pub fn hears(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale]);
        if self.reading.has_memory() || self.averaging != Averaging::None {
            heard.extend(Heard::everywhere(&[Target::Reset]));
        }
        heard
    }

    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range, [`Error::Incompatible`] for the reading `adam` or an anchor with
    /// schedule-free averaging.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<WeightPerturbation> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("directions", self.directions)?;
        let adam = self.reading == Reading::Adam;
        if adam && self.averaging != Averaging::None {
            return Err(Error::Incompatible {
                what: "the reading \"adam\"".into(),
                with: "schedule-free averaging".into(),
                reason: "its moments move one vector; use another reading or no averaging".into(),
            });
        }
        let anchor = Anchor::new(self.anchor_strength, &start)?;
        if anchor.is_some() && self.averaging != Averaging::None {
            return Err(Error::Incompatible {
                what: "anchor_strength".into(),
                with: "schedule-free averaging".into(),
                reason: "one vector is drawn back; use no averaging".into(),
            });
        }
        Ok(WeightPerturbation {
            exploration: Exploration::new(key, self.family, self.directions, self.two_sided),
            rule: RateRule::new(self.reading, self.learning_rate),
            moments: adam.then(|| Adam::new(start.len())),
            iterate: Iterate::new(start, self.averaging),
            budget: budget_evaluations,
            anchor,
            config: self.clone(),
        })
    }
}

impl OptimizerSettings for WeightPerturbationConfig {
    fn description(&self) -> Description {
        Description {
            name: "weight_perturbation",
            summary: "all weights at once, the rate set by a reading of the prediction error",
            reference: "Cauwenberghs 1993; readings inferred from the abstract of arXiv:2510.22178",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }

    fn set_strength(&mut self, strength: f64) -> bool {
        self.anchor_strength = strength;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.family = self.family.for_network(network);
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct WeightPerturbation {
    config: WeightPerturbationConfig,
    budget: u64,
    exploration: Exploration,
    rule: RateRule,
    iterate: Iterate,
    moments: Option<Adam>,
    anchor: Option<Anchor>,
}

crate::archived!(WeightPerturbation { exploration, rule, iterate } optional { moments } fixed { config, budget, anchor });

impl WeightPerturbation {
    fn forget(&mut self) {
        self.rule.reset();
        self.iterate.restart_average();
        if let Some(moments) = &mut self.moments {
            moments.reset();
        }
    }

    fn descend(&mut self, rate: f64) -> Result<()> {
        let update = self.exploration.update();
        let (rule, share) = (&self.rule, 1.0 / self.exploration.directions() as f64);
        match &mut self.moments {
            None => {
                let terms = self.exploration.weigh(|slope| rate * share * rule.shape(slope));
                self.iterate.descend(terms, update)
            }
            Some(moments) => {
                let estimate = self.exploration.weigh(|slope| share * slope);
                moments.descend(self.iterate.point_mut(), estimate, rate as f32, update)
            }
        }
    }
}

impl Optimizer for WeightPerturbation {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        if modulation.reset {
            self.forget();
        }
        let raw = self.rule.rate(&Observation {
            slopes: self.exploration.slopes(),
            usable: outcome.usable,
            loss: outcome.loss,
            perturbed_loss: outcome.perturbed_loss,
            scale: outcome.scale,
        });
        let factor = self.config.schedule.factor(self.exploration.spent(), self.budget) * modulation.learning_rate;
        if outcome.usable > 0 {
            self.descend(raw * factor)?;
            if let Some(anchor) = &self.anchor {
                anchor.pull(self.iterate.point_mut(), raw * factor);
            }
        }
        self.exploration.advance();
        let reported = if self.config.reading.is_normalised() { self.config.learning_rate } else { raw };
        Ok(StepReport {
            loss: outcome.loss,
            learning_rate: reported * factor,
            non_finite: outcome.non_finite,
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        self.config.hears()
    }

    fn state_bytes(&self) -> usize {
        self.iterate.bytes()
            + self.moments.as_ref().map_or(0, Adam::bytes)
            + self.anchor.as_ref().map_or(0, Anchor::bytes)
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&WeightPerturbationConfig::default()), [0.048_278_607, 0.068_931_36, -0.048_278_607]);
    }
}

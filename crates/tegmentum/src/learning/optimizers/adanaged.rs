//! AdaNAGED: parameter-free steps from losses alone, as long as the way so far allows.
//!
//! # Update
//! ```text
//!     ρ_k = (L(w + σ v_k) − L(w − σ v_k))/(2σ)                 k = 1 … K ,  σ = c s
//!     d   ← max(d, rms(w − w₀))                                d = c₀ s before the first update
//!
//!     "distance" (Euclidean norm)      G ← G + P/K² Σ_k ρ_k² ,   w ← w − m d √P/√G · (1/K) Σ_k ρ_k v_k
//!     "sign"     (largest entry)       t ← t + 1 ,               w ← w − m d/√t · sign(Σ_k ρ_k v_k)
//! ```
//! w parameters `[P]`, w₀ the start `[P]` · s root mean square of the start, or 1 for zeros · v_k directions `[P]`, entries ±1 · c perturbation
//! scale and c₀ first distance, shares of s · d largest distance from the start so far, as a root mean square, in the unit of w · G sum of the squared norms
//! of the estimates, up to the products of different directions, which have mean 0 · m factor of modulation, 1 without · L mean loss on
//! the batch of the update. There is no learning rate.
//!
//! # Readings
//! The equations of arXiv:2606.14970 could not be obtained; its abstract says that it unifies estimates from losses, steps without parameters
//! and a geometry by a linear minimisation oracle. `"distance"` (the default) is the oracle of the Euclidean norm, where the rule becomes
//! the distance over finite differences of POEM (Ren et al., ICML 2025, arXiv:2502.05600), as a third party accounts for it, with σ constant.
//! `"sign"` is that of the largest entry: every step has the length 1 in its norm, so that the sum of squares is the number of steps; the
//! distance is a root mean square there too, because the largest entry of a walk of noise runs away. Both are ours; neither has the momentum
//! or the blocks that the paper may have. Noise alone makes d grow as √t: without progress steps neither decay nor grow.
//!
//! # Cost
//! 2K evaluations an update. Memory 2P numbers.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` the factor on the sum or on its sign · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::adanaged::AdanagedConfig;
//!
//! let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x - 3.0).powi(2)).sum::<f64>();
//! let found = minimise(bowl, &[0.5; 5]).optimizer(AdanagedConfig::default()).budget(4_000).run()?;
//! assert!(found.loss < 0.1, "{}", found.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! D. Bystrov, D. Medyakov, D. Bylinkin, A. Beznosikov, *Zero-order parameter-free optimization for LMO-based methods*, arXiv:2606.14970, 2026
//! (see the readings).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_finite, check_start};
use super::dopamine::parameter_size;
use super::exploration::Exploration;
use crate::error::{Result, at_least_one, positive};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::model::perturbation::{Bases, Family, Probe, for_each_weighted_part};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Which norm measures steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Geometry {
    /// The Euclidean norm: distance over finite differences.
    #[default]
    Distance,
    /// The largest entry: every weight moves by the same length.
    Sign,
}

/// Configuration of AdaNAGED.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdanagedConfig {
    /// Which norm measures steps.
    pub geometry: Geometry,
    /// c, above 0: scale of a perturbation as a share of the start's root mean square.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// c₀, above 0: the first distance as a share of the start's size.
    pub first_distance: f64,
}

impl Default for AdanagedConfig {
    fn default() -> Self {
        Self { geometry: Geometry::Distance, perturbation_scale: 1e-3, directions: 4, first_distance: 0.1 }
    }
}

impl AdanagedConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Adanaged> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        at_least_one("directions", self.directions)?;
        positive("first_distance", self.first_distance)?;
        let size = parameter_size(&start);
        Ok(Adanaged {
            config: self.clone(),
            size,
            distance: self.first_distance * size,
            squares: 0.0,
            exploration: Exploration::new(key, Family::Rademacher, self.directions, true),
            origin: start.clone(),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for AdanagedConfig {
    fn description(&self) -> Description {
        Description {
            name: "adanaged",
            summary: "parameter-free: steps as long as the way so far allows; readings",
            reference: "readings of arXiv:2606.14970; Ren et al. 2025, arXiv:2502.05600",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct Adanaged {
    config: AdanagedConfig,
    /// s.
    size: f64,
    /// d.
    distance: f64,
    /// G, or t.
    squares: f64,
    exploration: Exploration,
    /// w₀.
    origin: Vec<f32>,
    iterate: Iterate,
}

crate::archived!(
    Adanaged { size, distance, squares, exploration, iterate } sized { origin } fixed { config }
);

impl Adanaged {
    /// The root mean square of w − w₀.
    fn way(&mut self) -> f64 {
        let differences = self.iterate.point_mut().iter().zip(&self.origin);
        let squares = differences.map(|(w, start)| (f64::from(*w) - f64::from(*start)).powi(2));
        (squares.sum::<f64>() / self.origin.len() as f64).sqrt()
    }

    /// Moves by `factor` times the estimate, or its sign.
    fn step(&mut self, factor: f64) -> Result<()> {
        let update = self.exploration.update();
        match self.config.geometry {
            Geometry::Distance => self.iterate.descend(self.exploration.weigh(|slope| factor * slope), update),
            Geometry::Sign => {
                // Only signs matter: in their own size no slope is too small or too large for 32 bits.
                let largest = self.exploration.slopes().iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
                let (length, point) = (factor as f32, self.iterate.point_mut());
                let terms = self.exploration.weigh(|slope| slope / largest);
                let finite = for_each_weighted_part(terms, [point], |[point], sum| {
                    for (w, part) in point.iter_mut().zip(sum).filter(|(_, part)| **part != 0.0) {
                        *w -= length * part.signum();
                    }
                    point.iter().all(|w| w.is_finite())
                });
                check_finite(finite, update)
            }
        }
    }
}

impl Optimizer for Adanaged {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * self.size * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        let way = self.way();
        self.distance = self.distance.max(way);
        let directions = self.exploration.directions() as f64;
        let square: f64 = self.exploration.slopes().iter().map(|slope| slope * slope).sum();
        let mut factor = 0.0;
        if square > 0.0 && square.is_finite() {
            let parameters = self.origin.len() as f64;
            let (own, share) = match self.config.geometry {
                Geometry::Distance => (parameters / (directions * directions) * square, parameters.sqrt() / directions),
                Geometry::Sign => (1.0, 1.0),
            };
            self.squares += own;
            factor = modulation.learning_rate * self.distance / self.squares.sqrt() * share;
            if factor > 0.0 {
                self.step(factor)?;
            }
        }
        self.exploration.advance();
        Ok(StepReport {
            loss: outcome.loss,
            learning_rate: factor,
            non_finite: outcome.non_finite,
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        self.iterate.bytes() + size_of_val(self.origin.as_slice())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    /// Three updates of one direction in four dimensions from zeros, where s = 1: by hand, with `own(slope)` added to the sum and a step of
    /// `length(d, sum, slope)` times the signs.
    fn follows(config: &AdanagedConfig, slopes: [f64; 3], own: fn(f64) -> f64, length: fn(f64, f64, f64) -> f64) {
        let mut learner = config.build(vec![0.0; 4], Key::from_seed(1), 100).unwrap();
        let modulation = Modulation::default();
        let (mut exact, mut distance, mut sum) = ([0.0f64; 4], 0.01f64, 0.0);
        for slope in slopes {
            let probe = learner.ask(&modulation)[0];
            let sigma = f64::from(probe.scale);
            learner.tell(&[slope * sigma, -slope * sigma], &modulation).unwrap();
            distance = distance.max((exact.iter().map(|w| w * w).sum::<f64>() / 4.0).sqrt());
            sum += own(slope);
            let mut signs = vec![0.0f32; 4];
            probe.direction.write_to(1.0, &mut signs);
            exact.iter_mut().zip(signs).for_each(|(w, sign)| *w -= length(distance, sum, slope) * f64::from(sign));
            let mut found = [0.0; 4];
            learner.bases().acting.write(1.0, &mut found);
            assert!(found.iter().zip(exact).all(|(w, exact)| (f64::from(*w) - exact).abs() < 1e-6), "{exact:?}");
        }
    }

    /// A first slope of 3 has ‖ĝ‖² = 4 · 9 and a step of .01 in every weight; a second slope of 4 has G = 36 + 64 and the step .02/10 · 4 = .008.
    #[test]
    fn distances_over_differences() {
        let config = AdanagedConfig { directions: 1, first_distance: 0.01, ..AdanagedConfig::default() };
        let step = |distance: f64, sum: f64, slope: f64| 2.0 * distance / sum.sqrt() * slope;
        assert!((step(0.01, 36.0, 3.0) - 0.01).abs() < 1e-12 && (step(0.01, 100.0, 4.0) - 0.008).abs() < 1e-12);
        follows(&config, [3.0, 4.0, -20.0], |slope| 4.0 * slope * slope, step);
    }

    #[test]
    fn signs_move_every_weight_alike() {
        let geometry = Geometry::Sign;
        let config = AdanagedConfig { geometry, directions: 1, first_distance: 0.01, ..AdanagedConfig::default() };
        follows(&config, [3e-100, -7.0, 1e100], |_| 1.0, |distance, sum, slope| slope.signum() * distance / sum.sqrt());
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&AdanagedConfig::default()), [0.345_907_8, 0.561_955_33, 0.175_001_49]);
    }
}

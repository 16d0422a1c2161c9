//! Probes around the acting model, and the slopes that their losses give.
//!
//! ```text
//!     one-sided    ρ_k = (L(w + σ v_k) − L(w))/σ              K + 1 evaluations, L(w) first
//!     two-sided    ρ_k = (L(w + σ v_k) − L(w − σ v_k))/(2σ)   2K evaluations, in pairs
//! ```
//! A slope that is not finite is replaced by 0.

use super::checks::{check_losses, count_non_finite};
use crate::error::Result;
use crate::model::perturbation::{Base, Direction, Family, Probe};
use crate::random::Key;

/// The directions of an update, their probes and their slopes.
#[derive(Clone, Debug)]
pub(super) struct Exploration {
    key: Key,
    family: Family,
    directions: usize,
    two_sided: bool,
    update: u64,
    spent: u64,
    probes: Vec<Probe>,
    slopes: Vec<f64>,
    terms: Vec<(Direction, f32)>,
}

crate::archived!(Exploration { update, spent } empty { probes } fixed { key, family, directions, two_sided, slopes, terms });

/// What the losses of an update say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// Loss of the acting model: measured, or the mean of the finite losses of the pairs. NaN if none is finite.
    pub(super) loss: f64,
    /// Mean of the finite losses of perturbed models; NaN if there is none.
    pub(super) perturbed_loss: f64,
    /// Slopes that are not replaced by 0.
    pub(super) usable: usize,
    /// Losses that are NaN or infinite.
    pub(super) non_finite: u32,
    /// The scale σ of the probes.
    pub(super) scale: f64,
}

impl Exploration {
    pub(super) fn new(key: Key, family: Family, directions: usize, two_sided: bool) -> Self {
        Self {
            key,
            family,
            directions,
            two_sided,
            update: 0,
            spent: 0,
            probes: Vec::new(),
            slopes: Vec::new(),
            terms: Vec::new(),
        }
    }

    /// Updates so far.
    pub(super) fn update(&self) -> u64 {
        self.update
    }

    /// Evaluations of all updates before this one.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    /// Number of directions K.
    pub(super) fn directions(&self) -> usize {
        self.directions
    }

    /// The slopes ρ `[K]` of the last outcome.
    pub(super) fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// The probes of this update, made with `scale` when first asked for.
    pub(super) fn ask(&mut self, scale: f64) -> &[Probe] {
        if self.probes.is_empty() {
            self.make_probes(scale as f32);
        }
        &self.probes
    }

    fn make_probes(&mut self, scale: f32) {
        let key = self.key.child(self.update);
        if !self.two_sided {
            self.probes.push(Probe::unperturbed(Base::Acting));
        }
        for k in 0..self.directions {
            let direction = self.family.direction_of(key, k as u64);
            self.probes.push(Probe::perturbed(direction, scale));
            if self.two_sided {
                self.probes.push(Probe::perturbed(direction, -scale));
            }
        }
    }

    /// Reads the slopes off the losses.
    pub(super) fn observe(&mut self, losses: &[f64]) -> Result<Outcome> {
        check_losses(self.probes.len(), losses)?;
        let scale = self.probes.iter().map(|probe| f64::from(probe.scale)).fold(0.0, f64::max);
        let perturbed = if self.two_sided { losses } else { losses.get(1..).unwrap_or_default() };
        self.slopes.clear();
        if self.two_sided {
            self.slopes.extend(losses.chunks_exact(2).map(|pair| (pair[0] - pair[1]) / (2.0 * scale)));
        } else {
            self.slopes.extend(perturbed.iter().map(|loss| (loss - losses[0]) / scale));
        }
        let mut usable = 0;
        for slope in &mut self.slopes {
            if slope.is_finite() {
                usable += 1;
            } else {
                *slope = 0.0;
            }
        }
        let perturbed_loss = mean_of_finite(perturbed);
        let loss = if self.two_sided { perturbed_loss } else { mean_of_finite(&losses[..1]) };
        Ok(Outcome { loss, perturbed_loss, usable, non_finite: count_non_finite(losses), scale })
    }

    /// The directions of this update, each with the weight made of its slope and its number.
    pub(super) fn weigh(&mut self, weight: impl Fn(f64) -> f64) -> &[(Direction, f32)] {
        let (first, step) = if self.two_sided { (0, 2) } else { (1, 1) };
        self.terms.clear();
        for (k, slope) in self.slopes.iter().enumerate() {
            self.terms.push((self.probes[first + k * step].direction, weight(*slope) as f32));
        }
        &self.terms
    }

    /// Ends the update.
    pub(super) fn advance(&mut self) {
        self.spent += self.probes.len() as u64;
        self.update += 1;
        self.probes.clear();
    }
}

/// Mean of the losses that are finite; NaN if there is none.
pub(crate) fn mean_of_finite(losses: &[f64]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for loss in losses.iter().filter(|loss| loss.is_finite()) {
        count += 1.0;
        sum += (loss - sum) / count;
    }
    if count > 0.0 { sum } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_is_not_finite_gives_no_slope_and_is_counted() {
        let mut exploration = Exploration::new(Key::from_seed(1), Family::Rademacher, 2, true);
        assert_eq!(exploration.ask(0.5).len(), 4);
        let outcome = exploration.observe(&[3.0, 1.0, f64::NAN, 5.0]).unwrap();
        assert_eq!(exploration.slopes(), [2.0, 0.0]);
        assert_eq!((outcome.usable, outcome.non_finite, outcome.loss), (1, 1, 3.0));
    }

    #[test]
    fn a_wrong_number_of_losses_changes_nothing() {
        let mut exploration = Exploration::new(Key::from_seed(1), Family::Gaussian, 1, false);
        let first = exploration.ask(0.5).to_vec();
        assert!(exploration.observe(&[1.0]).is_err());
        assert_eq!(exploration.ask(0.7), first);
        assert!(exploration.observe(&[1.0, 2.0]).is_ok());
    }
}

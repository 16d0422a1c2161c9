//! The scale of perturbations where the loss has plateaus, steps or a noise of its own.
//!
//! ```text
//!     all regrets of an update exactly 0       f ← min(2 f, .5/c) , nothing moves
//!     else                                     f ← max(1, .98 f)
//!
//!     `search_scale`, opening: probes take turns with σ and 8σ, nothing moves; after 16 of each
//!                            A > 3.3 B         f ← 8 f , once more; else the opening is over
//!     `search_scale`: probes take turns with σ and 2σ;  A, B mean squares of their regrets r since f last changed
//!     after 128 of each      A > 1.8 B         f ← 2 f             regrets that do not grow with σ: noise, or steps smaller than the step
//!                            B > 1.8 A         f ← max(1, f/2)     regrets that grow faster: curvature
//! ```
//! σ = c s f, c `perturbation_scale`, s size of the weights. Of a smooth loss r is v·g and A = B; a noise of the loss alone gives A = 4 B, steps much
//! finer than the loss sees A = 2 B, curvature alone B = 4 A.
//!
//! The role is noradrenaline's: where nothing answers, look further. Ours; the second part is the ratio test by which finite differences choose
//! their interval (P. E. Gill, W. Murray, M. A. Saunders, M. H. Wright, SIAM J. Sci. Stat. Comput. 4, 310–321, 1983), on random directions.

/// Decay of a widened scale for each update in which something answers.
const RETURN: f64 = 0.98;
/// Largest scale as a share of the weights' size.
const LARGEST: f64 = 0.5;
/// Regrets of each of both scales before they are compared.
const SAMPLES: f64 = 128.0;
/// Ratio of mean squares at which the scale changes; between 1 and 2.
const RATIO: f64 = 1.8;

/// The same before the first step: the double is an eightfold, so that a few regrets tell.
const OPENING: (f64, f64, f64) = (8.0, 16.0, 3.3);

/// The factor f on the scale, and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    factor: f64,
    largest: f64,
    searches: bool,
    /// Whether no step is made yet.
    opening: bool,
    /// Sums of squares of regrets per unit of noise, and their numbers, at σ and at 2σ.
    squares: [f64; 2],
    counts: [f64; 2],
}

crate::archived!(Scale { factor, opening } sized { squares, counts } fixed { largest, searches });

impl Scale {
    /// For perturbations of a share `perturbation_scale` of the weights' size.
    pub(super) fn new(perturbation_scale: f64, searches: bool) -> Self {
        let largest = (LARGEST / perturbation_scale).max(1.0);
        Self { factor: 1.0, largest, searches, opening: searches, squares: [0.0; 2], counts: [0.0; 2] }
    }

    /// The factor on the scale of the direction with this number, counted from the first update on.
    pub(super) fn factor(&self, number: u64) -> f64 {
        let wide = if self.opening { OPENING.0 } else { 2.0 };
        self.factor * if self.is_wide(number) { wide } else { 1.0 }
    }

    fn is_wide(&self, number: u64) -> bool {
        self.searches && number % 2 == 1
    }

    /// Whether no step is to be made yet.
    pub(super) fn is_opening(&self) -> bool {
        self.opening
    }

    /// Nothing answered.
    pub(super) fn widen(&mut self) {
        self.change(2.0);
    }

    /// Takes in the regrets of an update, the first with this number; some are not 0.
    pub(super) fn observe(&mut self, first: u64, regrets: &[f64]) {
        if !self.searches {
            self.factor = (RETURN * self.factor).max(1.0);
            return;
        }
        for (number, regret) in (first..).zip(regrets) {
            let which = usize::from(self.is_wide(number));
            self.squares[which] += regret * regret;
            self.counts[which] += 1.0;
        }
        let (factor, samples, ratio) = if self.opening { OPENING } else { (2.0, SAMPLES, RATIO) };
        if self.counts[0].min(self.counts[1]) >= samples {
            let [narrow, wide] = [0, 1].map(|which| self.squares[which] / self.counts[which]);
            if narrow > ratio * wide && self.factor < self.largest {
                self.change(factor);
            } else if self.opening {
                self.opening = false;
            } else if wide > ratio * narrow {
                self.change(0.5);
            }
            (self.squares, self.counts) = ([0.0; 2], [0.0; 2]);
        }
    }

    fn change(&mut self, factor: f64) {
        self.factor = (self.factor * factor).clamp(1.0, self.largest);
        (self.squares, self.counts) = ([0.0; 2], [0.0; 2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// The factor after many updates of 4 directions on a loss with this change between y and y + σ v.
    fn after(change: impl Fn(f64, &mut crate::random::Stream) -> f64) -> f64 {
        let mut scale = Scale::new(1e-3, true);
        let mut stream = Key::from_seed(3).stream();
        for update in 0..3000u64 {
            let regrets: Vec<f64> = (0..4)
                .map(|k| {
                    let sigma = 1e-3 * scale.factor(4 * update + k);
                    change(sigma, &mut stream) / sigma
                })
                .collect();
            scale.observe(4 * update, &regrets);
        }
        scale.factor
    }

    #[test]
    fn the_scale_is_where_neither_noise_nor_curvature_rules() {
        let normal = |stream: &mut crate::random::Stream| f64::from(stream.normal());
        let smooth = after(|sigma, stream| sigma * normal(stream));
        assert!(smooth <= 4.0, "{smooth}");
        // A noise of .02 beside a slope of 1 asks for a scale of about .03.
        let noisy = after(|sigma, stream| sigma * normal(stream) + 0.02 * normal(stream));
        assert!((8.0..=128.0).contains(&noisy), "{noisy}");
        // A curvature stops it before it is .5/1e-3.
        let bent = after(|sigma, stream| (sigma + 20.0 * sigma * sigma) * normal(stream) + 0.02 * normal(stream));
        assert!(bent < noisy.max(64.0) && bent >= 4.0, "{bent}");
        let only_noise = after(|_, stream| normal(stream));
        assert_eq!(only_noise, 500.0);
    }

    #[test]
    fn where_nothing_answers_it_widens_and_it_comes_back() {
        let mut scale = Scale::new(1e-3, false);
        (0..5).for_each(|_| scale.widen());
        assert_eq!(scale.factor(1), 32.0);
        (0..20).for_each(|_| scale.widen());
        assert_eq!(scale.factor(0), 500.0);
        (0..400).for_each(|update| scale.observe(update, &[1.0]));
        assert_eq!(scale.factor(0), 1.0);
    }
}

//! How far weights walk along directions that a loss does not depend on, when they are moved by what random perturbations did to it.
//!
//! # One update
//! ```text
//!     w ← w* + (w − η ĝ − w*)/(1 + ηλ) ,   ĝ = Σ_k c_k v_k
//! ```
//! w parameters `[P]`, w* where they were at first · `v_k` directions `[P]`, n of them, independent entries of mean 0 and variance 1 · η rate ·
//! λ strength of an anchor, 0 for none. Let L depend on w through k directions alone (the span S). The numbers `c_k` then depend on the part
//! of `v_k` in S. For normal entries the rest of it is independent of that, has the mean square P − k, and is walked at random:
//! ```text
//!     D_{t+1} = (D_t + η_t² (P − k) q_t)/(1 + η_t λ)² ,   q = E Σ_k c_k² ,   D = E‖P_⊥(w − w*)‖²
//! ```
//! This holds for any losses and any σ; what depends on the learner is q.
//!
//! | estimate | `c_k` | q |
//! |---|---|---|
//! | slopes of n directions | `ρ_k/n`, ρ = (L⁺ − L⁻)/2σ or (L⁺ − L)/σ | ‖g‖²/n |
//! | centred ranks of n antithetic pairs | (u⁺ − u⁻)/2n | (2n + 1)/(12 n (2n − 1)) |
//!
//! g gradient `[P]`. Both are exact for a linear loss. With two-sided slopes a quadratic one is linear; else an error of order σ is left.
//! Ranks forget the size of g: they walk as far where nothing is left to be learned.
//!
//! *Signs instead of normals:* `v_k` of ±1 has a fourth moment of 1 for 3, and P − k becomes P − k − 2 Σ_i g_i² Q_ii/‖g‖², Q the projection off
//! S: at most 2 less, which is left out here.
//!
//! # A bowl: L = ½ h Σ_{i ≤ k} w_i², slopes of n normal directions
//! ```text
//!     r       = 1 − 2ηh + η²h² (n + k + 1)/n          E L_t = L_0 rᵗ ,   E‖g_t‖² = 2h E L_t
//!     D_T     = η (P − k)/n · (L_0 − E L_T)/(1 − ηh (n + k + 1)/2n)
//!     fastest : ηh = n/(n + k + 1)   so that   D_T = 2 (P − k) (L_0 − E L_T)/(h (n + k + 1))
//! ```
//! **At equal loss** a walk is as long as η/n is large: a population of n at the rate η walks as far as a population of one at η/n. At its fastest
//! rate a population buys less walk only in so far as n grows beyond k, the number of directions of the task.
//!
//! # Cost
//! A few multiplications an update.
//!
//! # References
//! The estimator's moments are those of [`closed_forms`](super::closed_forms). That evolution strategies forget, and that they walk along
//! directions that do not matter to the new task: arXiv:2601.20861, arXiv:2604.01499; the equations here are worked out anew, not copied.

/// How a learner makes its estimate of the gradient.
///
/// # Example
/// ```
/// use tegmentum::evidence::random_walk::Estimate;
///
/// // One pair of ranks: u⁺ − u⁻ is 1 or −1, so that c is ±½ whatever the gradient.
/// assert_eq!(Estimate::Ranks { pairs: 1 }.mean_square(7.0), 0.25);
/// assert_eq!(Estimate::Slopes { directions: 4 }.mean_square(8.0), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// The mean of the slopes along so many directions.
    Slopes {
        /// n, at least 1.
        directions: usize,
    },
    /// Centred ranks of so many antithetic pairs.
    Ranks {
        /// n, at least 1.
        pairs: usize,
    },
}

impl Estimate {
    /// q = E Σ c², where the gradient has the square `gradient_square` ‖g‖².
    pub fn mean_square(self, gradient_square: f64) -> f64 {
        match self {
            Self::Slopes { directions } => gradient_square / directions as f64,
            Self::Ranks { pairs } => {
                let n = pairs as f64;
                (2.0 * n + 1.0) / (12.0 * n * (2.0 * n - 1.0))
            }
        }
    }
}

/// The expected square of a walk, update by update.
///
/// # Example
/// ```
/// use tegmentum::evidence::random_walk::RandomWalk;
///
/// let mut walk = RandomWalk::new(100.0);
/// for _ in 0..4 {
///     walk.step(0.1, 0.0, 0.5);
/// }
/// assert!((walk.square() - 4.0 * 0.01 * 100.0 * 0.5).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomWalk {
    dimensions: f64,
    square: f64,
}

crate::archived!(RandomWalk { dimensions, square });

impl RandomWalk {
    /// A walk at its beginning in so many dimensions, P − k.
    pub fn new(dimensions: f64) -> Self {
        Self { dimensions, square: 0.0 }
    }

    /// One update at `rate` η under an anchor of strength λ, with q = `mean_square`.
    pub fn step(&mut self, rate: f64, strength: f64, mean_square: f64) {
        let kept = 1.0 / (1.0 + rate * strength);
        self.square = kept * kept * (self.square + rate * rate * self.dimensions * mean_square);
    }

    /// D so far, in the square of the unit of a weight.
    pub fn square(&self) -> f64 {
        self.square
    }
}

/// A bowl with k directions of curvature h among P, and a learner by slopes of n normal directions at a rate.
///
/// # Example
/// ```
/// use tegmentum::evidence::random_walk::Bowl;
///
/// let of = |directions| Bowl { curvature: 1.0, stiff: 5, parameters: 105, directions, rate: 0.01 }.drift(1.0, 0.5);
/// // At the same rate and the same loss twice the directions walk half as far, nearly.
/// assert!((of(1) / of(2) / 2.0 - 1.0).abs() < 0.03);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bowl {
    /// h, above 0.
    pub curvature: f64,
    /// k.
    pub stiff: usize,
    /// P.
    pub parameters: usize,
    /// n.
    pub directions: usize,
    /// η.
    pub rate: f64,
}

impl Bowl {
    /// (n + k + 1)/n.
    fn spread(self) -> f64 {
        (self.directions + self.stiff + 1) as f64 / self.directions as f64
    }

    /// The rate at which the loss falls fastest: 1/(h (n + k + 1)/n).
    #[must_use]
    pub fn at_fastest_rate(self) -> Self {
        Self { rate: 1.0 / (self.curvature * self.spread()), ..self }
    }

    /// r, by which the expected loss is multiplied in an update.
    pub fn contraction(self) -> f64 {
        let step = self.rate * self.curvature;
        1.0 - 2.0 * step + step * step * self.spread()
    }

    /// D when the expected loss has come from `first` to `last`.
    pub fn drift(self, first: f64, last: f64) -> f64 {
        let off = (self.parameters - self.stiff) as f64 / self.directions as f64;
        let step = self.rate * self.curvature;
        self.rate * off * (first - last) / (1.0 - 0.5 * step * self.spread())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::black_box_learner::BlackBoxLearner;
    use crate::learning::learner::Learner;
    use crate::learning::optimizers::OptimizerConfig;
    use crate::model::objectives::BlackBox;
    use crate::neuromodulation::modulation::Modulation;
    use crate::random::Key;

    const PARAMETERS: usize = 120;
    const STIFF: usize = 6;
    const CURVATURE: f64 = 2.0;

    fn loss(weights: &[f32]) -> f64 {
        0.5 * CURVATURE * weights[..STIFF].iter().map(|&w| f64::from(w).powi(2)).sum::<f64>()
    }

    /// Loss and drift off the stiff directions, averaged over `seeds` runs of `updates` updates; with the standard error of the drift.
    fn measured(optimizer: &str, updates: u64, seeds: u64) -> (f64, f64, f64) {
        let config: OptimizerConfig = toml::from_str(optimizer).unwrap();
        let objective = BlackBox::new(PARAMETERS, loss);
        let mut drifts = Vec::new();
        let mut losses = 0.0;
        for seed in 0..seeds {
            let key = Key::from_seed(700_000 + seed);
            let mut start = vec![0.25; PARAMETERS];
            start[..STIFF].fill(1.0);
            let optimizer = config.build(start, key.child(0), 1_000_000).unwrap();
            let mut learner = BlackBoxLearner::new(&objective, optimizer);
            for update in 0..updates {
                learner.update(key.child(1).child(update), &Modulation::default()).unwrap();
            }
            let mut weights = vec![0.0; PARAMETERS];
            learner.solution().write(1.0, &mut weights);
            losses += loss(&weights) / seeds as f64;
            drifts.push(weights[STIFF..].iter().map(|&w| (f64::from(w) - 0.25).powi(2)).sum::<f64>());
        }
        let mean = drifts.iter().sum::<f64>() / seeds as f64;
        let variance = drifts.iter().map(|drift| (drift - mean).powi(2)).sum::<f64>() / (seeds - 1) as f64;
        (losses, mean, (variance / seeds as f64).sqrt())
    }

    fn slopes(directions: usize, rate: f64, rest: &str) -> String {
        format!(
            "[weight_perturbation]\nfamily = \"gaussian\"\ntwo_sided = true\ndirections = {directions}\nlearning_rate = {rate}\n{rest}"
        )
    }

    fn bowl(directions: usize, rate: f64) -> Bowl {
        Bowl { curvature: CURVATURE, stiff: STIFF, parameters: PARAMETERS, directions, rate }
    }

    #[test]
    fn the_engine_walks_as_far_as_the_formula_says() {
        let first = 0.5 * CURVATURE * STIFF as f64;
        for (directions, rate, updates) in [(1, 0.02, 60), (4, 0.08, 40), (16, 0.2, 10)] {
            let bowl = bowl(directions, rate);
            let last = first * bowl.contraction().powi(updates);
            let expected = bowl.drift(first, last);
            let (loss, drift, error) = measured(&slopes(directions, rate, ""), updates as u64, 400);
            assert!((drift - expected).abs() < 4.0 * error, "n = {directions}: {drift} ± {error}, expected {expected}");
            assert!(error < 0.06 * expected, "the test must be able to fail: {error}");
            assert!((loss / last - 1.0).abs() < 0.25, "n = {directions}: loss {loss}, expected {last}");
        }
    }

    /// At the same rate and to the same loss; and by ranks, which forget how large the gradient is.
    #[test]
    fn twice_the_population_halves_the_walk() {
        let (rate, updates) = (0.004, 50);
        let of = |directions| measured(&slopes(directions, rate, ""), updates, 200);
        let (one, two, four) = (of(4), of(8), of(16));
        for (more, fewer) in [(two, one), (four, two)] {
            let (ratio, error) = (fewer.1 / more.1, (fewer.2 / fewer.1).hypot(more.2 / more.1));
            assert!((ratio - 2.0).abs() < 2.0 * 4.0 * error + 0.05, "{ratio} ± {error}");
            assert!(error < 0.03);
            assert!((fewer.0 / more.0 - 1.0).abs() < 0.05, "equal loss: {} and {}", fewer.0, more.0);
        }
    }

    #[test]
    fn ranks_walk_as_far_whatever_the_gradient() {
        // At so small a scale the loss is linear between the two probes of a pair.
        for pairs in [1, 3, 16] {
            let (rate, updates) = (0.01, 20);
            let text = format!(
                "[evolution_strategy]\nupdate_rule = \"sgd\"\nlearning_rate = {rate}\npairs = {pairs}\nperturbation_scale = 1e-3"
            );
            let mut walk = RandomWalk::new((PARAMETERS - STIFF) as f64);
            for _ in 0..updates {
                walk.step(rate, 0.0, Estimate::Ranks { pairs }.mean_square(f64::NAN));
            }
            let (_, drift, error) = measured(&text, updates, 300);
            assert!((drift - walk.square()).abs() < 4.0 * error, "n = {pairs}: {drift} ± {error}, {}", walk.square());
            assert!(error < 0.05 * drift);
        }
    }

    #[test]
    fn an_anchor_holds_the_walk_as_the_formula_says() {
        // A rate so small that the gradient hardly changes beside what the anchor does to it.
        let (rate, strength, updates) = (0.02, 5.0, 40);
        let (free, held) = (slopes(8, rate, ""), slopes(8, rate, &format!("anchor_strength = {strength}")));
        let (_, far, _) = measured(&free, updates, 200);
        let (_, near, error) = measured(&held, updates, 400);
        assert!(near < 0.5 * far, "{near} of {far}");
        // E‖w_S‖² under the anchor, by its own recursion: a w_S + (1 − a) w*, a = 1/(1 + ηλ).
        let (step, kept) = (rate * CURVATURE, 1.0 / (1.0 + rate * strength));
        let spread = (8 + STIFF + 1) as f64 / 8.0;
        let anchor = STIFF as f64;
        let (mut square, mut along) = (anchor, anchor);
        let mut walk = RandomWalk::new((PARAMETERS - STIFF) as f64);
        for _ in 0..updates {
            walk.step(rate, strength, Estimate::Slopes { directions: 8 }.mean_square(CURVATURE * CURVATURE * square));
            let (next_square, next_along) = (square * (1.0 - 2.0 * step + step * step * spread), along * (1.0 - step));
            square = kept * kept * next_square + 2.0 * kept * (1.0 - kept) * next_along + (1.0 - kept).powi(2) * anchor;
            along = kept * next_along + (1.0 - kept) * anchor;
        }
        assert!((near - walk.square()).abs() < 4.0 * error, "{near} ± {error}, expected {}", walk.square());
    }

    /// 2 (P − k) ΔL/(h (n + k + 1)): a population smaller than the number of directions buys nothing.
    #[test]
    fn at_its_fastest_rate_a_population_must_be_larger_than_the_task() {
        let of = |directions| bowl(directions, 1.0).at_fastest_rate().drift(6.0, 1.0);
        for directions in [1, 4, 64] {
            let off = (PARAMETERS - STIFF) as f64;
            let expected = 2.0 * off * 5.0 / (CURVATURE * (directions + STIFF + 1) as f64);
            assert!((of(directions) / expected - 1.0).abs() < 1e-12);
        }
        assert!(of(1) / of(2) < 1.2 && of(64) / of(128) > 1.9);
    }
}

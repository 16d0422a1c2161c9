//! The rate at which a step along random directions gains most, from slopes and curvatures along random directions.
//!
//! An update moves every weight by `rate · s`, along K directions that are mixed by their slopes:
//! ```text
//!     u          = − rate · s · Σ_k ρ_k v_k / (√K ‖g‖) ,   ρ_k = g·v_k ,   E ρ² = ‖g‖²
//!     E L(θ + u) = L − rate · √K · s‖g‖ + ½ rate² · (s² tr H + (K + c) s² λ) + …
//!     rate*      = √K · s‖g‖ / (s² tr H + (K + c) s² λ)   ≈   √K · b ,   b = a/h ,   a = s‖g‖ ,   h = s² tr H
//! ```
//! θ weights `[P]`, s their root mean square · `v_k` directions `[P]` of independent entries ±1 · L loss, g its gradient `[P]`, H its second
//! derivatives `[P × P]`, λ = gᵀHg/‖g‖² · c is 0 or 1, by the fourth moment of the entries. What is dropped on the right, Kλ, is small beside the
//! trace where many directions are curved.
//!
//! a is the *relative slope*, the root mean square change of the loss per unit of relative change of the weights; h the *relative curvature*;
//! b the *best rate* of one direction. All three are free of the unit of the weights, b is free of that of the loss, too. A bowl
//! L = ½ λ ‖θ‖² has a = λ s² √P, h = λ s² P and b = 1/√P. In a network b need not fall with P: a relative change of all weights by r
//! changes what reaches a unit by about r of its usual size, whatever the number of its inputs.
//!
//! # Estimates
//! ```text
//!     a² = mean_k ((L(θ + σ v_k) − L(θ − σ v_k)) s/2σ)² ,   h = mean_k (L(θ + σ v_k) + L(θ − σ v_k) − 2 L(θ)) s²/σ²
//! ```
//! a² has the relative standard error √(2/N) from N directions; h that of 2‖H‖²_F/(N tr² H), small where many directions are curved.
//!
//! # Cost
//! 2N + 1 evaluations.
//!
//! # Reference
//! Step sizes of simultaneous perturbation by the trace of the curvature: S. Malladi et al., *Fine-tuning language models with just forward
//! passes*, arXiv:2305.17333 (their "local effective rank" is tr H/λ). The form with the unit of the weights is worked out here.

/// Slopes and curvatures along random directions.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::RelativeSteps;
///
/// // L = ½ ‖θ‖² at θ = (1, 1): along (1, 1) and along (1, −1), with σ = 0.5.
/// let loss = |x: f64, y: f64| 0.5 * (x * x + y * y);
/// let along = |x: f64, y: f64| [loss(1.0 + 0.5 * x, 1.0 + 0.5 * y), loss(1.0 - 0.5 * x, 1.0 - 0.5 * y)];
/// let steps = RelativeSteps::new(1.0, 0.5, loss(1.0, 1.0), &[along(1.0, 1.0), along(1.0, -1.0)]);
/// assert_eq!((steps.slope, steps.curvature), (2.0_f64.sqrt(), 2.0));
/// assert!((steps.best_rate() - 1.0 / 2.0_f64.sqrt()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeSteps {
    /// a, in units of the loss.
    pub slope: f64,
    /// h, in units of the loss.
    pub curvature: f64,
}

impl RelativeSteps {
    /// From the loss L(θ) and the `pairs` L(θ ± σ v) of N directions; `size` s and `scale` σ in the unit of the weights. NaN without pairs.
    pub fn new(size: f64, scale: f64, loss: f64, pairs: &[[f64; 2]]) -> Self {
        let (ratio, count) = (size / scale, pairs.len() as f64);
        let squares = pairs.iter().map(|[plus, minus]| (0.5 * (plus - minus) * ratio).powi(2));
        let bends = pairs.iter().map(|[plus, minus]| (plus - loss) + (minus - loss));
        Self { slope: (squares.sum::<f64>() / count).sqrt(), curvature: bends.sum::<f64>() / count * ratio * ratio }
    }

    /// b, a share of the size of the weights; infinite where the loss does not curve upwards.
    pub fn best_rate(&self) -> f64 {
        if self.curvature > 0.0 {
            self.slope / self.curvature
        } else if self.curvature <= 0.0 {
            f64::INFINITY
        } else {
            f64::NAN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::Family;
    use crate::random::Key;

    /// A bowl with curvatures 1 to P, at its edge.
    fn bowl(dimensions: usize, directions: u64) -> (RelativeSteps, f64) {
        let loss = |theta: &[f32]| {
            let terms = theta.iter().enumerate().map(|(index, &x)| 0.5 * (index + 1) as f64 * f64::from(x).powi(2));
            terms.sum::<f64>()
        };
        let theta = vec![2.0f32; dimensions];
        let at = |scale: f32, direction: u64| {
            let mut moved = theta.clone();
            Family::Rademacher.direction(Key::from_seed(direction)).add_to(scale, &mut moved);
            loss(&moved)
        };
        let pairs: Vec<[f64; 2]> = (0..directions).map(|index| [at(0.25, index), at(-0.25, index)]).collect();
        let gradient = (1..=dimensions).map(|index| (2.0 * index as f64).powi(2)).sum::<f64>().sqrt();
        (RelativeSteps::new(2.0, 0.25, loss(&theta), &pairs), 2.0 * gradient)
    }

    #[test]
    fn slope_and_curvature_of_a_bowl_are_those_of_its_derivatives() {
        let (steps, slope) = bowl(50, 4000);
        // Four standard errors of the mean square of 4000 slopes.
        assert!(
            (steps.slope.powi(2) / slope.powi(2) - 1.0).abs() < 4.0 * (2.0f64 / 4000.0).sqrt(),
            "{steps:?}, {slope}"
        );
        // With entries ±1 the curvature along every direction is the trace.
        let trace = 4.0 * (50.0 * 51.0 / 2.0);
        assert!((steps.curvature / trace - 1.0).abs() < 1e-4, "{steps:?}, {trace}");
        assert!((steps.best_rate() - steps.slope / steps.curvature).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_curve_upwards_has_no_best_rate() {
        assert_eq!(RelativeSteps::new(1.0, 0.5, 1.0, &[[0.5, 1.5]]).best_rate(), f64::INFINITY);
        assert!(RelativeSteps::new(1.0, 0.1, 1.0, &[]).best_rate().is_nan());
    }

    #[test]
    fn a_rate_of_the_best_size_gains_most() {
        // Updates of one direction from the edge of the bowl: the mean loss after a step is least near b of the closed form.
        let (steps, _) = bowl(200, 2000);
        let gradient: Vec<f64> = (1..=200).map(|index| 2.0 * f64::from(index)).collect();
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let after = |rate: f64| {
            let gains = (0..4000).map(|seed| {
                let mut direction = vec![0.0f32; 200];
                Family::Rademacher.direction(Key::from_seed(seed)).add_to(1.0, &mut direction);
                let slope: f64 = direction.iter().zip(&gradient).map(|(&v, g)| f64::from(v) * g).sum();
                let move_by = -rate * 2.0 * slope / norm;
                let moved = direction
                    .iter()
                    .enumerate()
                    .map(|(index, &v)| 0.5 * (index + 1) as f64 * (2.0 + move_by * f64::from(v)).powi(2));
                moved.sum::<f64>()
            });
            gains.sum::<f64>() / 4000.0
        };
        let best = steps.best_rate();
        let (less, there, more) = (after(0.5 * best), after(best), after(2.0 * best));
        assert!(there < less && there < more, "{less}, {there}, {more}");
    }
}

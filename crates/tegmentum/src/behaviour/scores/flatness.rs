//! Flatness of the landscape around a solution: how much of the loss appears when weights are shaken.
//!
//! ```text
//!     sharpness(σ) = mean_k L(w + σ v_k) − L(w) ,   v_k standard normal, σ in units of the weights
//! ```
//! For small σ this is σ²/2 · trace of the Hessian: a flat landscape has a small value. Compare it at the same scale only: a loss that
//! is saturated around w is flat too.
//!
//! Cost: 1 + K losses. Reference: arXiv:2501.06762, sections 6 and 7.1, for the notion; that a random shake of the weights
//! measures it is our choice.

use crate::kernel::noise;
use crate::random::Key;

/// Mean rise of `loss` over `directions` random shakes of size `scale`, in the loss's unit; NaN without directions.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::sharpness;
/// use tegmentum::random::Key;
///
/// let bowl = |w: &[f32]| w.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
/// let rise = sharpness(&[0.0; 10], 0.1, 200, Key::from_seed(1), bowl);
/// assert!((rise - 0.1).abs() < 0.02);
/// ```
pub fn sharpness(
    parameters: &[f32],
    scale: f32,
    directions: usize,
    key: Key,
    mut loss: impl FnMut(&[f32]) -> f64,
) -> f64 {
    let here = loss(parameters);
    let mut shaken = parameters.to_vec();
    let sum: f64 = (0..directions)
        .map(|direction| {
            shaken.copy_from_slice(parameters);
            noise::add_box_muller(key.child(direction as u64), 0, scale, &mut shaken);
            loss(&shaken) - here
        })
        .sum();
    sum / directions as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L = Σ c_i w_i² has the Hessian 2c: the rise is σ² Σ c_i at any σ, wherever w is.
    #[test]
    fn of_a_quadratic_it_is_half_the_trace() {
        let curvature: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
        let loss = |w: &[f32]| w.iter().zip(&curvature).map(|(&x, c)| c * f64::from(x).powi(2)).sum::<f64>();
        for scale in [0.01f32, 0.3] {
            let rise = sharpness(&[0.5; 50], scale, 20_000, Key::from_seed(3), loss);
            let exact = f64::from(scale).powi(2) * curvature.iter().sum::<f64>();
            let deviation = f64::from(scale) * curvature.iter().map(|c| c * c).sum::<f64>().sqrt() / 20_000f64.sqrt();
            assert!((rise - exact).abs() < 0.02 * exact + 5.0 * deviation, "{rise} for {exact}");
        }
        assert!(sharpness(&[1.0], 0.1, 0, Key::from_seed(1), |_| 1.0).is_nan());
    }
}

//! Prediction intervals by conformal calibration that adapts.
//!
//! ```text
//!     s_t = exponentially weighted mean of |e| up to the last error known at origin t, rate .06
//!     q_t = the ⌈(k + 1)(1 − α_t)⌉-th smallest of the last k ≤ 400 scores |e_i|/s_i
//!     interval  ŷ_t ± q_t s_t
//!     α_{t+1} = α_t + γ (α − [y_t outside])                   γ = .01, α_t kept in [α/4, 2 α]
//! ```
//! e errors of predictions `horizon` rows ahead, in the unit of the data, each made without its own truth · 1 − α nominal coverage. An
//! error of a prediction h rows ahead is known h rows after its origin. The scale follows calm and stormy times, so that a
//! score keeps its distribution; α_t mends what is left.
//!
//! Cost: O(k) a row.
//!
//! References: V. Vovk, A. Gammerman, G. Shafer, *Algorithmic Learning in a Random World*, 2005; J. Lei et al., JASA 113, 1094–1111,
//! 2018 (locally weighted); I. Gibbs, E. Candès, NeurIPS 2021 (adaptive α). Rates are ours.

/// Scores that are remembered.
const SCORES: usize = 400;
/// Rate of the scale.
const RATE: f64 = 0.06;
/// Rate γ of α.
const ADAPTATION: f64 = 0.01;

/// Half widths \[origins\] of intervals with the nominal coverage `coverage`.
///
/// `errors[i]` is the error of the prediction from origin i, as far as it is known; there is one origin more for each horizon
/// whose truth is still to come. No half width uses an error that was not known at its origin.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::intervals::half_widths;
///
/// let errors: Vec<f64> = (0..200).map(|i| f64::from(i % 10) / 10.0).collect();
/// let widths = half_widths(&errors, 1, 0.8, 201);
/// assert!(widths[200] > 0.6 && widths[200] < 1.2);
/// ```
pub fn half_widths(errors: &[f64], horizon: usize, coverage: f64, origins: usize) -> Vec<f64> {
    let alpha = 1.0 - coverage;
    let (mut scale, mut adapted) = (mean_size(errors, horizon), alpha);
    let mut scores: std::collections::VecDeque<f64> = std::collections::VecDeque::with_capacity(SCORES);
    let mut used: Vec<(f64, f64)> = Vec::with_capacity(origins);
    for origin in 0..origins {
        // The errors that have become known since the last origin.
        if let Some(known) = origin.checked_sub(horizon)
            && let Some(error) = errors.get(known).map(|error| error.abs())
        {
            let (width, scale_then): (f64, f64) = used[known];
            let outside = if error > width { 1.0 } else { 0.0 };
            adapted = (adapted + ADAPTATION * (alpha - outside)).clamp(alpha / 4.0, 2.0 * alpha);
            if scores.len() == SCORES {
                scores.pop_front();
            }
            scores.push_back(error / scale_then);
            scale += RATE * (error - scale);
        }
        let scale = scale.max(f64::MIN_POSITIVE);
        used.push((scale * quantile(&scores, 1.0 - adapted), scale));
    }
    used.into_iter().map(|(width, _)| width).collect()
}

/// The mean size of the first errors, where the scale begins.
fn mean_size(errors: &[f64], horizon: usize) -> f64 {
    let first = &errors[..errors.len().min(20.max(2 * horizon))];
    first.iter().map(|error| error.abs()).sum::<f64>() / first.len().max(1) as f64
}

/// The conformal quantile of the scores; beyond the largest it grows as a normal distribution's would.
fn quantile(scores: &std::collections::VecDeque<f64>, level: f64) -> f64 {
    let mut sorted: Vec<f64> = scores.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = ((sorted.len() + 1) as f64 * level).ceil() as usize;
    match sorted.get(rank.max(1) - 1) {
        Some(score) => *score,
        // Too few scores for this level.
        None => 1.2 * sorted.last().copied().unwrap_or(2.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(errors: &[f64], horizon: usize, coverage: f64) -> f64 {
        let widths = half_widths(errors, horizon, coverage, errors.len());
        let inside = errors.iter().zip(&widths).skip(100).filter(|(error, width)| error.abs() <= **width).count();
        inside as f64 / (errors.len() - 100) as f64
    }

    #[test]
    fn intervals_cover_what_they_say_in_calm_and_in_stormy_times() {
        for (horizon, coverage) in [(1, 0.8), (1, 0.95), (5, 0.8), (5, 0.95)] {
            for storm in [1.0, 4.0] {
                let mut total = 0.0;
                for seed in 0..20 {
                    let mut stream = tegmentum::random::Key::from_seed(seed).stream();
                    let size = |t: usize| if t / 100 % 2 == 1 { storm } else { 1.0 };
                    let errors: Vec<f64> = (0..600).map(|t| size(t) * f64::from(stream.normal())).collect();
                    total += covered(&errors, horizon, coverage) / 20.0;
                }
                assert!((total - coverage).abs() < 0.03, "{horizon} {coverage} {storm}: {total}");
            }
        }
    }
}

//! The season of a series: after how many rows it repeats itself.
//!
//! ```text
//!     x_t = y_t − (a + b t)  and  x_t = y_t − y_{t−1}         without its line, and its differences
//!     r_k = n/(n − k) · Σ_t x_t x_{t−k} / Σ_t x_t²            autocorrelation at lag k
//!     m   = the lag of 2 … n/3 with the largest r_k among the local maxima of either, if it is above max(.3, 3/√(n − k))
//! ```
//! y \[n\] the values to learn from · a, b by least squares. A multiple of a shorter period is not taken if that period reaches
//! nine tenths of its autocorrelation. The direct sums cost O(n · lags); at most [`MAX_LAG`] lags are looked at.
//!
//! Reference: G. E. P. Box, G. M. Jenkins, *Time Series Analysis*, 1970, chapter 2; the thresholds are ours.

/// Longest season that is looked for.
pub const MAX_LAG: usize = 400;
/// Least autocorrelation at a season.
const LEAST: f64 = 0.3;
/// Part of the largest autocorrelation at which a shorter period is preferred.
const SHORTER: f64 = 0.9;
/// Most rows that are looked at, from the last.
const MAX_ROWS: usize = 20_000;

/// The season of `values` in rows; `None` if there is none.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::season::find;
///
/// let wave: Vec<f64> = (0..120).map(|t| 0.1 * f64::from(t) + (f64::from(t % 12) - 6.0).abs()).collect();
/// assert_eq!(find(&wave), Some(12));
/// assert_eq!(find(&[1.0, 2.0, 4.0, 8.0]), None);
/// ```
pub fn find(values: &[f64]) -> Option<usize> {
    let values = &values[values.len().saturating_sub(MAX_ROWS)..];
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let found = [peak(&without_line(values)), peak(&differences)];
    found.into_iter().flatten().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(lag, _)| lag)
}

/// The values less the line that fits them best.
fn without_line(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let (mut across, mut along) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let time = index as f64 - middle;
        across += time * (value - mean);
        along += time * time;
    }
    let slope = if along > 0.0 { across / along } else { 0.0 };
    values.iter().enumerate().map(|(index, value)| value - mean - slope * (index as f64 - middle)).collect()
}

/// The best lag and its autocorrelation.
fn peak(values: &[f64]) -> Option<(usize, f64)> {
    let n = values.len();
    let most = MAX_LAG.min(n / 3);
    let mean = values.iter().sum::<f64>() / n.max(1) as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let power: f64 = centred.iter().map(|value| value * value).sum();
    if most < 2 || power <= 0.0 || !power.is_finite() {
        return None;
    }
    let at = |lag: usize| {
        let products = centred[lag..].iter().zip(&centred).map(|(a, b)| a * b);
        products.sum::<f64>() / power * n as f64 / (n - lag) as f64
    };
    // One lag on either side, so that maxima can be seen.
    let correlations: Vec<f64> = (1..=most + 1).map(at).collect();
    let least = |lag: usize| LEAST.max(3.0 / ((n - lag) as f64).sqrt());
    let maxima: Vec<(usize, f64)> = (2..=most)
        .map(|lag| (lag, correlations[lag - 1]))
        .filter(|&(lag, r)| r >= least(lag) && r > correlations[lag - 2] && r >= correlations[lag])
        .collect();
    let best = maxima.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let shorter = maxima.iter().copied().find(|&(lag, r)| best.0.is_multiple_of(lag) && r >= SHORTER * best.1);
    Some(shorter.unwrap_or(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_hours_is_found_and_not_the_day() {
        let load = |t: u32| {
            let (hour, day) = (f64::from(t % 24), t / 24 % 7);
            (if day < 5 { 100.0 } else { 40.0 }) * (1.0 + (std::f64::consts::TAU * hour / 24.0).sin())
        };
        assert_eq!(find(&(0..24 * 7 * 6).map(load).collect::<Vec<_>>()), Some(168));
    }

    #[test]
    fn noise_and_lines_have_no_season() {
        let mut stream = tegmentum::random::Key::from_seed(1).stream();
        let noise: Vec<f64> = (0..300).map(|_| f64::from(stream.normal())).collect();
        assert_eq!(find(&noise), None);
        assert_eq!(find(&(0..100).map(f64::from).collect::<Vec<_>>()), None);
        assert_eq!(find(&[5.0; 60]), None);
        assert_eq!(find(&[]), None);
    }
}

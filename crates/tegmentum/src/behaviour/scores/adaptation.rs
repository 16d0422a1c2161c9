//! How fast a new rule is learned: trials to criterion, area of loss, savings.
//!
//! ```text
//!     trials to criterion   the first t with at least k correct among trials t − n + 1 … t        38 of 40
//!     area of loss          Σ_t (accuracy before − correct_t)                                     [trials]
//!     savings               (first − again)/first                                                 share
//! ```
//! first, again: trials to criterion when a rule was learned and when it came back. By chance alone 38 of 40 are passed by a
//! run of 75 % accuracy once in a thousand windows; 18 of 20, which is often used, in nine of a hundred.
//!
//! Reference for savings: H. Ebbinghaus, *Über das Gedächtnis*, 1885.

/// The window of the criterion.
pub const CRITERION_WINDOW: usize = 40;
/// Correct trials in the window.
pub const CRITERION_CORRECT: usize = 38;

/// Number of trials until at least `needed` of the last `window` were correct; infinite if that never happens.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::trials_to_criterion;
///
/// let correct = (0..100).map(|trial| trial >= 10);
/// assert_eq!(trials_to_criterion(correct, 40, 38), 48.0);
/// ```
pub fn trials_to_criterion(correct: impl IntoIterator<Item = bool>, window: usize, needed: usize) -> f64 {
    let mut recent = std::collections::VecDeque::with_capacity(window + 1);
    let mut count = 0;
    for (trial, correct) in correct.into_iter().enumerate() {
        count += usize::from(correct);
        recent.push_back(correct);
        if recent.len() > window {
            count -= usize::from(recent.pop_front().unwrap_or(false));
        }
        if recent.len() == window && count >= needed {
            return (trial + 1) as f64;
        }
    }
    f64::INFINITY
}

/// Trials lost after a change, against an accuracy of `before`.
///
/// # Example
/// ```
/// assert_eq!(tegmentum::behaviour::scores::area_of_loss(0.75, [false, false, true, true]), 1.0);
/// ```
pub fn area_of_loss(before: f64, correct: impl IntoIterator<Item = bool>) -> f64 {
    correct.into_iter().map(|correct| before - f64::from(u8::from(correct))).sum()
}

/// What was kept of a rule that comes back: 1 if it needs no trial, 0 if it needs as many as the first time, negative if more.
/// A rule that is not learned again counts with `most` trials; NaN if it was never learned.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::savings;
///
/// assert_eq!(savings(100.0, 60.0, 400.0), 0.4);
/// assert_eq!(savings(100.0, f64::INFINITY, 400.0), -3.0);
/// assert!(savings(f64::INFINITY, 60.0, 400.0).is_nan());
/// ```
pub fn savings(first: f64, again: f64, most: f64) -> f64 {
    if first.is_finite() { (first - again.min(most)) / first } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn the_criterion_slides() {
        // Two errors in every forty pass, three do not.
        let every = |period: usize| (0..400).map(move |trial| trial % period != 0);
        assert_eq!(trials_to_criterion(every(20), 40, 38), 40.0);
        assert_eq!(trials_to_criterion(every(13), 40, 38), f64::INFINITY);
        assert_eq!(trials_to_criterion([true; 39], 40, 38), f64::INFINITY);
        assert_eq!(trials_to_criterion((0..80).map(|trial| trial % 2 == 0 || trial > 20), 40, 38), 56.0);
    }

    /// P(at least 38 of 40 at .75) = Σ C(40, k) .75ᵏ .25⁴⁰⁻ᵏ = .00102.
    #[test]
    fn chance_passes_as_often_as_the_binomial_says() {
        let mut stream = Key::from_seed(2).stream();
        let runs = 100_000;
        let passed = (0..runs)
            .filter(|_| trials_to_criterion((0..40).map(|_| stream.uniform() < 0.75), 40, 38).is_finite())
            .count();
        // Standard deviation of the count is 10.
        assert!((passed as f64 - 102.0).abs() < 40.0, "{passed}");
    }

    #[test]
    fn loss_is_counted_in_trials() {
        assert_eq!(area_of_loss(1.0, (0..100).map(|trial| trial >= 30)), 30.0);
        assert_eq!(area_of_loss(0.5, (0..100).map(|trial| trial % 2 == 0)), 0.0);
    }
}

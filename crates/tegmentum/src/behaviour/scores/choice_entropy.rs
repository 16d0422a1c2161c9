//! Conditional entropy of choices, H(A|C), in bits: from a policy, and from what was done.
//!
//! ```text
//!     analytic    mean over trials of  −Σ_a π(a|c) log₂ π(a|c)
//!     empirical   Σ_c n_c/n · (−Σ_a p̂ log₂ p̂) ,  p̂ = n_ca/n_c
//! ```
//! c condition (cue or compound) · a action · n trials. The empirical value is the plug-in estimate: it is too small by about
//! (actions − 1)/(2 n ln 2) bits for each condition, .014 bits for two actions over 50 trials.
//!
//! Reference: the use of H(A|C) for a set shift is arXiv:2501.06762, section 6; the bias is that of G. A. Miller, 1955.

use std::collections::BTreeMap;

/// Entropy of `counts` in bits.
fn entropy(counts: &BTreeMap<usize, u64>) -> f64 {
    let total = counts.values().sum::<u64>() as f64;
    counts.values().map(|&count| count as f64 / total).map(|share| -share * share.log2()).sum()
}

/// Empirical H(A|C) of pairs (condition, action); NaN without any.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::choice_entropy;
///
/// assert_eq!(choice_entropy([(0, 1), (0, 0), (1, 1), (1, 1)]), 0.5);
/// ```
pub fn choice_entropy(choices: impl IntoIterator<Item = (u16, usize)>) -> f64 {
    let mut counts: BTreeMap<u16, BTreeMap<usize, u64>> = BTreeMap::new();
    for (condition, action) in choices {
        *counts.entry(condition).or_default().entry(action).or_default() += 1;
    }
    let total: u64 = counts.values().flat_map(BTreeMap::values).sum();
    if total == 0 {
        return f64::NAN;
    }
    counts.values().map(|actions| actions.values().sum::<u64>() as f64 / total as f64 * entropy(actions)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn entropy_of_a_known_coin() {
        // H(1/4) = 2 − ¾ log₂ 3.
        let choices = (0..400).map(|trial| (0, usize::from(trial % 4 == 0)));
        assert!((choice_entropy(choices) - (2.0 - 0.75 * 3f64.log2())).abs() < 1e-12);
        assert_eq!(choice_entropy((0..30).map(|_| (2, 1))), 0.0);
        assert!((choice_entropy((0..300).map(|trial| (0, trial % 3))) - 3f64.log2()).abs() < 1e-12);
        assert!(choice_entropy([]).is_nan());
    }

    #[test]
    fn the_bias_is_as_large_as_stated() {
        let mut stream = Key::from_seed(4).stream();
        let runs = 20_000;
        let mean =
            (0..runs).map(|_| choice_entropy((0..50).map(|_| (0, stream.below(2))))).sum::<f64>() / f64::from(runs);
        let bias = 1.0 / (2.0 * 50.0 * std::f64::consts::LN_2);
        assert!((1.0 - mean - bias).abs() < 0.001, "{mean}");
    }
}

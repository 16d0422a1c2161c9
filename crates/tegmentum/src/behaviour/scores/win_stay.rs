//! Win-stay and lose-shift: what one outcome does to the next choice in the same condition.
//!
//! ```text
//!     win-stay     share of rewarded choices (r > 0) that are repeated when their condition comes again
//!     lose-shift   share of punished choices (r < 0) that are not
//! ```
//! Outcomes of zero are neither.

use std::collections::BTreeMap;

/// Win-stay and lose-shift of trials (condition, action, reward); NaN for one that never had an occasion.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::win_stay_lose_shift;
///
/// let (stay, shift) = win_stay_lose_shift([(0, 1, 1.0), (1, 0, -1.0), (0, 1, 1.0), (1, 1, 0.0), (0, 0, 0.0)]);
/// assert_eq!((stay, shift), (0.5, 1.0));
/// ```
pub fn win_stay_lose_shift(trials: impl IntoIterator<Item = (u16, usize, f64)>) -> (f64, f64) {
    let mut last: BTreeMap<u16, (usize, f64)> = BTreeMap::new();
    let ([mut wins, mut stays], [mut losses, mut shifts]) = ([0u64; 2], [0u64; 2]);
    for (condition, action, reward) in trials {
        if let Some((before, outcome)) = last.insert(condition, (action, reward)) {
            if outcome > 0.0 {
                wins += 1;
                stays += u64::from(action == before);
            } else if outcome < 0.0 {
                losses += 1;
                shifts += u64::from(action != before);
            }
        }
    }
    (stays as f64 / wins as f64, shifts as f64 / losses as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn a_player_of_that_strategy_scores_one_and_a_coin_a_half() {
        let mut stream = Key::from_seed(1).stream();
        let mut action = 0;
        let player: Vec<(u16, usize, f64)> = (0..1000)
            .map(|_| {
                let reward = if stream.uniform() < 0.5 { 1.0 } else { -1.0 };
                let trial = (0, action, reward);
                action = if reward > 0.0 { action } else { 1 - action };
                trial
            })
            .collect();
        assert_eq!(win_stay_lose_shift(player), (1.0, 1.0));
        let coin: Vec<(u16, usize, f64)> =
            (0..20_000).map(|_| (0, stream.below(2), if stream.below(2) == 0 { 1.0 } else { -1.0 })).collect();
        let (stay, shift) = win_stay_lose_shift(coin);
        assert!((stay - 0.5).abs() < 0.025 && (shift - 0.5).abs() < 0.025);
        let (stay, shift) = win_stay_lose_shift([(0, 1, 0.0), (0, 1, 0.0)]);
        assert!(stay.is_nan() && shift.is_nan());
    }
}

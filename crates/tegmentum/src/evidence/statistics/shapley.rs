//! Who did it? Shapley values and synergies of parts that can be taken away one by one.
//!
//! # Equations
//! ```text
//!     φ_i      = Σ_{S ⊆ N∖i} |S|! (n − |S| − 1)!/n! · (f(S ∪ i) − f(S))
//!     Σ_i φ_i  = f(N) − f(∅)                                                        efficiency
//!     Syn(i,j) = f(ij) − f(i) − f(j) + f(∅)
//!     I(i,j)   = Σ_{S ⊆ N∖ij} |S|! (n − |S| − 2)!/(n − 1)! · (f(S ∪ ij) − f(S ∪ i) − f(S ∪ j) + f(S))
//!     share_i  = mean over seeds of φ_i / mean over seeds of f(N) − f(∅)
//! ```
//! N the n parts, here the modulators · S the parts that are left intact · f(S) the score of a run with these, in the unit
//! of the metric, which is that of φ, Syn and I; a share has none.
//!
//! φ is what a part adds, averaged over all orders in which the parts can be put in. Syn is what two parts do together
//! beyond the sum of what each does alone, *with all others taken away*; where nothing is learned without a third, it is
//! zero. I is the same difference averaged over all sets of others (the Shapley interaction index).
//!
//! All of them are linear in f, so that they are made for each seed from the scores of that seed alone (the pairing), and
//! the mean over seeds of the shares is the share of the means. Intervals are bootstraps over seeds. A seed without a
//! finite score in one of the sets has no value, and neither has the mean then.
//!
//! # Cost
//! O(n² 2ⁿ) additions a seed.
//!
//! # References
//! 1. L. S. Shapley, *A value for n-person games*, Contributions to the Theory of Games II, 307–317, Princeton 1953,
//!    doi:10.1515/9781400881970-018.
//! 2. M. Grabisch, M. Roubens, *An axiomatic approach to the concept of interaction among players in cooperative games*,
//!    International Journal of Game Theory 28, 547–565, 1999, doi:10.1007/s001820050125.
//! 3. A. Keinan, B. Sandbank, C. C. Hilgetag, I. Meilijson, E. Ruppin, *Fair attribution of functional contribution in
//!    artificial and biological networks*, Neural Computation 16, 1887–1915, 2004, doi:10.1162/0899766041336387: Shapley
//!    values of multiple lesions.

use crate::error::{Error, Result};
use crate::random::Key;

use super::{Effect, Estimate, RESAMPLES, Statistic, bootstrap, mean, paired_comparison};

/// Most parts of a game: 2ⁿ sets have to be scored.
const MAX_PLAYERS: usize = 16;

/// The scores of all sets of n parts, on the same seeds.
///
/// A set is numbered by its bits: part i is in set S if bit i of S is one; set 0 is empty.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::Game;
///
/// // Two seeds; both parts are needed: with one alone nothing is gained.
/// let game = Game::new(2, vec![vec![0.0, 0.1], vec![0.0, 0.1], vec![0.0, 0.1], vec![1.0, 0.9]])?;
/// assert_eq!(game.shapley_values(0), [0.5, 0.4]);
/// assert_eq!(game.synergy_values(0, 1), [1.0, 0.8]);
/// assert_eq!(game.share(0, Key::from_seed(1))?.value, 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Game {
    players: usize,
    scores: Vec<Vec<f64>>,
}

impl Game {
    /// A game from its scores `[2^players][seeds]`.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if there are not 2ⁿ sets with equally many seeds, [`Error::InvalidParameter`] for no parts
    /// or more than 16.
    pub fn new(players: usize, scores: Vec<Vec<f64>>) -> Result<Self> {
        if !(1..=MAX_PLAYERS).contains(&players) {
            return Err(Error::InvalidParameter {
                name: "players",
                value: players as f64,
                requirement: "between 1 and 16",
            });
        }
        if scores.len() != 1 << players {
            return Err(Error::ShapeMismatch {
                what: "game, sets of parts",
                expected: 1 << players,
                found: scores.len(),
            });
        }
        let seeds = scores[0].len();
        if let Some(other) = scores.iter().find(|scores| scores.len() != seeds) {
            return Err(Error::ShapeMismatch { what: "game, seeds of a set", expected: seeds, found: other.len() });
        }
        Ok(Self { players, scores })
    }

    /// Number n of parts.
    pub fn players(&self) -> usize {
        self.players
    }

    /// Scores of a set `[seeds]`.
    ///
    /// # Panics
    /// If `set` is not below 2ⁿ.
    pub fn scores(&self, set: usize) -> &[f64] {
        &self.scores[set]
    }

    /// φ of `player` for each seed `[seeds]`.
    pub fn shapley_values(&self, player: usize) -> Vec<f64> {
        let own = 1 << player;
        self.weighted(own, |without| (weight(without, self.players), vec![(1.0, without | own), (-1.0, without)]))
    }

    /// Syn of two parts for each seed `[seeds]`.
    pub fn synergy_values(&self, first: usize, second: usize) -> Vec<f64> {
        let pair = square(0, 1 << first, 1 << second);
        (0..self.scores[0].len()).map(|seed| self.sum(&pair, seed)).collect()
    }

    /// I of two parts for each seed `[seeds]`.
    pub fn interaction_values(&self, first: usize, second: usize) -> Vec<f64> {
        let (first, second) = (1 << first, 1 << second);
        self.weighted(first | second, |without| (weight(without, self.players - 1), square(without, first, second)))
    }

    /// f(N) − f(∅) for each seed `[seeds]`.
    pub fn total_values(&self) -> Vec<f64> {
        let all = self.scores.len() - 1;
        self.scores[all].iter().zip(&self.scores[0]).map(|(all, none)| all - none).collect()
    }

    /// Mean φ of `player` with its interval.
    pub fn shapley(&self, player: usize, key: Key) -> Estimate {
        estimate(&self.shapley_values(player), key)
    }

    /// Mean Syn of two parts with its interval.
    pub fn synergy(&self, first: usize, second: usize, key: Key) -> Estimate {
        estimate(&self.synergy_values(first, second), key)
    }

    /// Mean I of two parts with its interval.
    pub fn interaction(&self, first: usize, second: usize, key: Key) -> Estimate {
        estimate(&self.interaction_values(first, second), key)
    }

    /// Mean f(N) − f(∅) with its interval.
    pub fn total(&self, key: Key) -> Estimate {
        estimate(&self.total_values(), key)
    }

    /// Share of `player` in f(N) − f(∅), seeds drawn in pairs; without a value where all parts together do nothing.
    ///
    /// # Errors
    /// None for a game that could be made.
    pub fn share(&self, player: usize, key: Key) -> Result<Estimate> {
        let (own, total) = (self.shapley_values(player), self.total_values());
        if own.iter().chain(&total).any(|value| !value.is_finite()) {
            return Ok(nothing(own.len()));
        }
        paired_comparison(&own, &total, Statistic::Mean, Effect::Ratio, RESAMPLES, key)
    }

    /// The sum over all sets without `parts` of a weight times a combination of scores, for each seed.
    fn weighted(&self, parts: usize, terms: impl Fn(usize) -> (f64, Vec<(f64, usize)>)) -> Vec<f64> {
        let mut sums = vec![0.0; self.scores[0].len()];
        for without in (0..self.scores.len()).filter(|set| set & parts == 0) {
            let (weight, terms) = terms(without);
            for (seed, sum) in sums.iter_mut().enumerate() {
                *sum += weight * self.sum(&terms, seed);
            }
        }
        sums
    }

    fn sum(&self, terms: &[(f64, usize)], seed: usize) -> f64 {
        terms.iter().map(|&(sign, set)| sign * self.scores[set][seed]).sum()
    }
}

/// The mean over seeds; a seed without a value leaves it without one.
fn estimate(values: &[f64], key: Key) -> Estimate {
    if values.iter().any(|value| !value.is_finite()) {
        return nothing(values.len());
    }
    bootstrap(values, mean, RESAMPLES, key)
}

fn nothing(n: usize) -> Estimate {
    Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n }
}

/// f(S ∪ ij) − f(S ∪ i) − f(S ∪ j) + f(S) as signs and sets.
fn square(without: usize, first: usize, second: usize) -> Vec<(f64, usize)> {
    vec![(1.0, without | first | second), (-1.0, without | first), (-1.0, without | second), (1.0, without)]
}

/// |S|! (n − |S| − 1)!/n! = 1/(n · C(n − 1, |S|)) for a set among n parts.
fn weight(set: usize, players: usize) -> f64 {
    let size = set.count_ones() as usize;
    let choices = (0..size).fold(1.0, |choices, k| choices * (players - 1 - k) as f64 / (k + 1) as f64);
    1.0 / (players as f64 * choices)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::statistics::oracle::assert_close;

    /// A game of one seed from a function of the set's bits.
    fn game(players: usize, score: impl Fn(usize) -> f64) -> Game {
        Game::new(players, (0..1 << players).map(|set| vec![score(set)]).collect()).unwrap()
    }

    fn values(game: &Game) -> Vec<f64> {
        (0..game.players()).map(|player| game.shapley_values(player)[0]).collect()
    }

    #[test]
    fn in_an_additive_game_each_gets_its_own() {
        let own = [0.3, -1.2, 0.0, 5.0];
        let game = game(4, |set| 7.0 + (0..4).filter(|player| set >> player & 1 == 1).map(|p| own[p]).sum::<f64>());
        for (found, expected) in values(&game).into_iter().zip(own) {
            assert_close(found, expected, 1e-12);
        }
        assert!(game.synergy_values(0, 3)[0].abs() < 1e-12 && game.interaction_values(1, 3)[0].abs() < 1e-12);
    }

    #[test]
    fn where_all_are_needed_they_share_alike() {
        let game = game(4, |set| f64::from(u8::from(set == 0b1111)));
        for value in values(&game) {
            assert_close(value, 0.25, 1e-12);
        }
        // With the others away two parts do nothing; averaged over the sets of others they work in one of (n − 1).
        assert_eq!(game.synergy_values(0, 1), [0.0]);
        assert_close(game.interaction_values(0, 1)[0], 1.0 / 3.0, 1e-12);
        let two = super::tests::game(2, |set| f64::from(u8::from(set == 0b11)));
        assert_eq!((two.synergy_values(0, 1)[0], two.interaction_values(0, 1)[0]), (1.0, 1.0));
    }

    /// One left glove, two right ones: a pair is worth 1. The textbook's answer is 2/3, 1/6, 1/6.
    #[test]
    fn the_glove_game() {
        let game = game(3, |set| f64::from(u8::from(set & 1 == 1 && set > 1)));
        for (found, expected) in values(&game).into_iter().zip([2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]) {
            assert_close(found, expected, 1e-12);
        }
        assert_eq!(game.synergy_values(0, 1), [1.0]);
        assert_close(game.interaction_values(1, 2)[0], -0.5, 1e-12); // they replace each other
    }

    /// The worked example of three airlines that share a runway (Littlechild & Owen 1973): costs 1, 2, 4.
    #[test]
    fn the_airport_game() {
        let costs = [1.0, 2.0, 4.0];
        let game = game(3, |set| (0..3).filter(|p| set >> p & 1 == 1).map(|p| costs[p]).fold(0.0, f64::max));
        for (found, expected) in values(&game).into_iter().zip([1.0 / 3.0, 1.0 / 3.0 + 0.5, 1.0 / 3.0 + 0.5 + 2.0]) {
            assert_close(found, expected, 1e-12);
        }
    }

    #[test]
    fn seeds_are_paired_in_the_interval() {
        // A hard seed is hard for all sets: what the part adds is the same in each seed, so the interval has no width.
        let hard: Vec<f64> = (0..20).map(|seed| f64::from(seed * seed)).collect();
        let with: Vec<f64> = hard.iter().map(|score| score + 2.0).collect();
        let game = Game::new(1, vec![hard, with]).unwrap();
        let estimate = game.shapley(0, Key::from_seed(1));
        assert_eq!((estimate.value, estimate.ci95, estimate.n), (2.0, [2.0, 2.0], 20));
        assert_eq!(game.share(0, Key::from_seed(1)).unwrap().ci95, [1.0, 1.0]);
    }

    #[test]
    fn a_share_of_nothing_has_no_value() {
        let idle = Game::new(2, vec![vec![0.5; 5]; 4]).unwrap();
        assert!(idle.share(0, Key::from_seed(1)).unwrap().value.is_nan());
        assert_eq!(idle.shapley(0, Key::from_seed(1)).ci95, [0.0, 0.0]);
        let failed = Game::new(1, vec![vec![0.0, f64::NAN], vec![1.0, 1.0]]).unwrap();
        assert!(failed.shapley(0, Key::from_seed(1)).value.is_nan());
        assert!(failed.share(0, Key::from_seed(1)).unwrap().ci95.iter().all(|end| end.is_nan()));
    }

    #[test]
    fn shapes_are_checked() {
        assert!(matches!(Game::new(2, vec![vec![]; 3]), Err(Error::ShapeMismatch { expected: 4, found: 3, .. })));
        let uneven = vec![vec![1.0], vec![1.0, 2.0]];
        assert!(matches!(Game::new(1, uneven), Err(Error::ShapeMismatch { expected: 1, found: 2, .. })));
        assert!(Game::new(0, vec![vec![]]).is_err() && Game::new(17, vec![]).is_err());
    }

    /// φ by its other definition: the mean over all orders of what a part adds when it comes.
    fn by_orders(scores: &[f64], player: usize) -> f64 {
        fn visit(scores: &[f64], set: usize, player: usize, sum: &mut f64, orders: &mut f64) {
            if set >> player & 1 == 1 {
                // All that follow have the player: the number of their orders counts this path.
                let left = (scores.len().ilog2() - set.count_ones()) as usize;
                let paths = (1..=left).product::<usize>() as f64;
                *sum += paths * (scores[set] - scores[set & !(1 << player)]);
                *orders += paths;
                return;
            }
            for next in (0..scores.len().ilog2() as usize).filter(|next| set >> next & 1 == 0) {
                visit(scores, set | 1 << next, player, sum, orders);
            }
        }
        let (mut sum, mut orders) = (0.0, 0.0);
        visit(scores, 0, player, &mut sum, &mut orders);
        sum / orders
    }

    proptest! {
        #[test]
        fn efficiency_and_orders(scores in prop::collection::vec(-10.0f64..10.0, 16)) {
            let game = game(4, |set| scores[set]);
            let total: f64 = values(&game).iter().sum();
            prop_assert!((total - (scores[15] - scores[0])).abs() < 1e-9);
            for (player, value) in values(&game).into_iter().enumerate() {
                prop_assert!((value - by_orders(&scores, player)).abs() < 1e-9);
            }
        }

        #[test]
        fn parts_that_cannot_be_told_apart_get_the_same(scores in prop::collection::vec(-10.0f64..10.0, 12)) {
            // Parts 0 and 1 are exchangeable: the score sees only how many of the two there are.
            let seen = |set: usize| 3 * (set >> 2) + (set & 1) + (set >> 1 & 1);
            let game = game(4, |set| scores[seen(set)]);
            let values = values(&game);
            prop_assert!((values[0] - values[1]).abs() < 1e-9);
            prop_assert_eq!(game.synergy_values(0, 1), game.synergy_values(1, 0));
        }

        #[test]
        fn a_part_that_does_nothing_gets_nothing(scores in prop::collection::vec(-10.0f64..10.0, 8)) {
            let game = game(4, |set| scores[set & 0b111]);
            prop_assert!(values(&game)[3].abs() < 1e-12);
            prop_assert!(game.interaction_values(0, 3)[0].abs() < 1e-12);
        }
    }
}

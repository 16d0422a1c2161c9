//! The bucket: the helicopter's task for agents that choose. A choice moves a bucket, and what is seen is how far off the last bag fell.
//!
//! ```text
//!     B ← clamp(B + v_a, low, high)              v the moves, a the choice ;  B the middle of the range at first
//!     d = clamp(x − B, −D, D)                    x the last bag, 0 before the first one ;  D reach of the eye
//!     o_j ∝ exp(−(d − c_j)²/2 s²) ,  Σ_j o_j² = 1       c_j = −D … D in n equal steps of s
//!     r = max(0, 1 − |B − x|/w)                  x the bag of this trial, w tolerance
//! ```
//! B bucket, d what is seen, v, D, s, w in the unit of the range · o observation `[n]`, rates of units tuned to a signed distance, with divisive
//! normalisation.
//!
//! # A trial
//! One step: one move, then the bag falls. So much is enough: a bucket that is moved with each bag by a share of the distance is the delta rule, and
//! which move belongs to which distance says how the learning rate depends on the size of the error. Steps within a trial would ask for a way
//! to a place that is already seen, another task. A jump farther than the largest move takes several bags to follow. No move is "no response": as
//! in the original a place for the bucket is given in every trial, and to leave it where it is is one of them.
//!
//! # Scores
//! `reward` mean r, the first · `correct` share of trials with the bucket within σ of the helicopter · `error` mean |B − m|, `error_block_1`…,
//! `error_high_hazard`… as without a bucket. There are no learning rates: a record of choices has no places.
//!
//! For the record `target` is m − B after the move: how far the best place still is.
//!
//! # Oracles
//! The moves nearest to a share α of the distance are a delta rule with that rate, up to the grid of moves; errors and rewards of such rules,
//! and of a bucket that stays, are in the tests.
//!
//! Cost: n exponentials a trial.
//!
//! Reference: J. T. McGuire, M. R. Nassar, J. I. Gold, J. W. Kable, Neuron 84(4), 870–881, 2014, doi:10.1016/j.neuron.2014.10.013, for helicopter
//! and bucket; M. Carandini, D. J. Heeger, Nature Reviews Neuroscience 13, 51–62, 2012, for normalisation. That the bucket goes by moves of fixed
//! sizes, the code and the graded reward are inferred.

use serde::{Deserialize, Serialize};

use super::{Helicopter, HelicopterConfig};
use crate::behaviour::environment::{Action, ActionSpace, Environment, Outcome, OutcomeModel, TrialReport};
use crate::behaviour::environments::reversal::share_correct;
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, positive};
use crate::kernel::math;
use crate::random::Key;

/// The settings of the bucket.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::helicopter::HelicopterConfig;
///
/// let config: HelicopterConfig = toml::from_str("bucket = { moves = [-20, 0, 20] }")?;
/// assert_eq!(config.bucket.unwrap().moves, [-20.0, 0.0, 20.0]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BucketConfig {
    /// The moves v, one for each choice: 2 to 1000 different numbers in the unit of the range.
    pub moves: Vec<f64>,
    /// Units n of the code, 2 to 100 000.
    pub units: usize,
    /// The largest distance D that is told from others, above 0.
    pub reach: f64,
    /// The miss w at which there is no reward any more, above 0.
    pub tolerance: f64,
}

impl Default for BucketConfig {
    fn default() -> Self {
        Self { moves: vec![-120.0, -40.0, -15.0, 0.0, 15.0, 40.0, 120.0], units: 17, reach: 150.0, tolerance: 100.0 }
    }
}

impl BucketConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn check(&self) -> Result<()> {
        let wrong = |name, value, requirement| Err(Error::InvalidParameter { name, value, requirement });
        if !(2..=1000).contains(&self.moves.len()) {
            return wrong("helicopter.bucket.moves", self.moves.len() as f64, "a list of 2 to 1000 moves");
        }
        for (index, &step) in self.moves.iter().enumerate() {
            if !step.is_finite() {
                return wrong("helicopter.bucket.moves", step, "finite numbers");
            }
            if self.moves[..index].contains(&step) {
                return wrong("helicopter.bucket.moves", step, "there only once");
            }
        }
        if !(2..=100_000).contains(&self.units) {
            return wrong("helicopter.bucket.units", self.units as f64, "between 2 and 100000");
        }
        for (name, value) in [("helicopter.bucket.reach", self.reach), ("helicopter.bucket.tolerance", self.tolerance)]
        {
            positive(name, value)?;
            if !(1e-30..=1e30).contains(&value) {
                return wrong(name, value, "between 1e-30 and 1e30");
            }
        }
        Ok(())
    }
}

/// The scores of a bucket that a helicopter alone has not.
pub(super) const OWN_SCORES: [&str; 2] = ["reward", "correct"];

/// The scores in [`OWN_SCORES`].
pub(super) fn own_scores(trials: &[TrialReport]) -> [Score; 2] {
    let reward = trials.iter().map(|trial| trial.reward).sum::<f64>() / trials.len() as f64;
    [reward, share_correct(trials.iter())].map(|score| Score::of(score, "no trial"))
}

/// Trials with the bucket at zero and the helicopter where it is from there: of such the errors are those of answers.
pub(super) fn as_numbers(trials: &[TrialReport]) -> Vec<TrialReport> {
    trials.iter().map(|trial| TrialReport { action: 0.0, ..*trial }).collect()
}

/// The helicopter with a bucket; see the module's head.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    helicopter: Helicopter,
    config: BucketConfig,
    place: f64,
}

crate::archived!(Bucket { helicopter, place } fixed { config });

impl Bucket {
    /// A bucket under the helicopter of `config`.
    pub(super) fn new(config: &HelicopterConfig, bucket: &BucketConfig, key: Key) -> Result<Self> {
        bucket.check()?;
        let helicopter = config.flight(key)?;
        Ok(Self { place: helicopter.last, helicopter, config: bucket.clone() })
    }

    /// Writes the code of the distance to the last bag.
    fn show(&self, observation: &mut [f32]) {
        let BucketConfig { reach, units, .. } = self.config;
        // In steps of the code: from 0 to n − 1.
        let steps = (units - 1) as f64;
        let distance = (self.helicopter.last - self.place).clamp(-reach, reach);
        let seen = (steps * (distance / reach + 1.0) / 2.0) as f32;
        let mut square = 0.0;
        for (unit, rate) in observation.iter_mut().enumerate() {
            let offset = seen - unit as f32;
            *rate = math::exp(-0.5 * offset * offset);
            square += *rate * *rate;
        }
        let length = square.sqrt();
        for rate in observation {
            *rate /= length;
        }
    }
}

impl Environment for Bucket {
    fn num_observations(&self) -> usize {
        self.config.units
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(self.config.moves.len())
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        self.helicopter.begin(key, &mut [0.0]);
        self.show(observation);
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let choice = action.number().clamp(0.0, (self.config.moves.len() - 1) as f64) as usize;
        let HelicopterConfig { low, high, .. } = self.helicopter.config;
        self.place = (self.place + self.config.moves[choice]).clamp(low, high);
        let outcome = self.helicopter.step(Action::Value(self.place), &mut [0.0]);
        self.show(observation);
        Outcome {
            reward: (1.0 + outcome.reward / self.config.tolerance).max(0.0),
            target: outcome.target - self.place,
            ..outcome
        }
    }

    fn outcome_model(&self) -> Option<OutcomeModel> {
        self.helicopter.outcome_model()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests;

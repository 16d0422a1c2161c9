//! Switching exclusive or: which of two responses is right is the exclusive or of two cues, until the rule is turned round.
//!
//! ```text
//!     cues       a, b ∈ {0, 1}, uniform and independent
//!     right      a ⊕ b ⊕ k mod 2                    k number of the block, from 0: the rule is turned round after every block
//!     x_j        max(0, 1/√n·[population of j is active] + N(0, σ²))
//!     reward     1 if right, else 0, with probability p        the other way round with probability 1 − p
//! ```
//! x observation `[8 n]`, populations in the order a = 0, a = 1, b = 0, b = 1, then of the conjunctions (a, b) = 00, 01, 10, 11; four
//! populations without them `[4 n]` · n units of a population (10) · σ noise (.05) · p validity (1).
//!
//! # A trial
//! One step, two choices. Three populations are active: that of each cue and that of their conjunction. No observation names the rule.
//!
//! # Why there are conjunctions
//! A learner with one layer of weights sees the cues as a sum. Compounds of which two and two belong together across the diagonal have no line
//! between them: with the cues alone (`conjunctive = false`) a choice by sums is right for three of the four compounds at most, and on average no
//! cue tells anything of the reward to a policy that is undecided. Neurons of the prefrontal cortex answer to conjunctions of cues (mixed
//! selectivity), and so make such a rule one of sums; that is what the conjunctive populations stand for. They are given here, not learned.
//!
//! # Scores
//! `correct` share of right choices by the rule, whatever the reward was, the first · `correct_late` in the second half of each block ·
//! `correct_after_switch` in the 20 trials after each switch, fewer where a block is shorter.
//!
//! # Oracles
//! Chance ½. Who knows that the rule is turned round as a whole errs once a switch; who keeps the last right answer of each conjunction errs four
//! times. A table that forgets an answer that failed, and then guesses, errs eight times: once, and once more on average until the guess is right.
//! A learner that looks at no cue is at chance, whatever its rate.
//!
//! `condition` 2 a + b · `block` number of the block · `target` the right choice.
//!
//! Cost: 8n normals a trial.
//!
//! Reference: M. Rigotti, O. Barak, M. R. Warden, X.-J. Wang, N. D. Daw, E. K. Miller, S. Fusi, Nature 497, 585–590, 2013,
//! doi:10.1038/nature12160, for conjunctions (mixed selectivity); M. Minsky, S. Papert, *Perceptrons*, 1969, for sums without them. The schedule is
//! ours.

use serde::{Deserialize, Serialize};

use super::reversal::share_correct;
use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result};
use crate::kernel::noise;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "switching_xor",
    summary: "the exclusive or of two cues says which response is right; the rule is turned round without a word",
    reference: "Rigotti et al., Nature 497, 585, 2013, for conjunctions of cues; schedule ours",
};

/// Populations of cues, and as many of conjunctions.
const POPULATIONS: usize = 4;
/// Trials after a switch that are looked at.
const EARLY: usize = 20;

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::switching_xor::SwitchingXorConfig;
///
/// let config: SwitchingXorConfig = toml::from_str("trials_per_block = 100\nconjunctive = false")?;
/// assert_eq!(config.populations(), 4);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchingXorConfig {
    /// Trials until the rule is turned round, 1 to 10⁹.
    pub trials_per_block: u64,
    /// Probability p with which the reward is that of the answer given, above ½.
    pub validity: f64,
    /// Whether there are populations for conjunctions of the cues.
    pub conjunctive: bool,
    /// Units n of each population, 1 to 100 000.
    pub units: usize,
    /// Standard deviation σ of the noise on each unit, at least 0.
    pub noise: f64,
}

impl Default for SwitchingXorConfig {
    fn default() -> Self {
        Self { trials_per_block: 300, validity: 1.0, conjunctive: true, units: 10, noise: 0.05 }
    }
}

impl SwitchingXorConfig {
    /// Populations of units.
    pub fn populations(&self) -> usize {
        if self.conjunctive { 2 * POPULATIONS } else { POPULATIONS }
    }

    /// The environment.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(self) -> Result<SwitchingXor> {
        let check = |name, value: f64, fits: bool, requirement| {
            if fits { Ok(()) } else { Err(Error::InvalidParameter { name, value, requirement }) }
        };
        let trials = self.trials_per_block;
        let fits = (1..=1_000_000_000).contains(&trials);
        check("switching_xor.trials_per_block", trials as f64, fits, "between 1 and 1000000000")?;
        let validity = self.validity;
        check("switching_xor.validity", validity, validity > 0.5 && validity <= 1.0, "above 0.5 and at most 1")?;
        let fits = (1..=100_000).contains(&self.units);
        check("switching_xor.units", self.units as f64, fits, "between 1 and 100000")?;
        let noise = self.noise;
        check("switching_xor.noise", noise, noise.is_finite() && noise >= 0.0, "a finite number, at least 0")?;
        let active = (1.0 / (self.units as f64).sqrt()) as f32;
        Ok(SwitchingXor { config: self, active, trial: 0, condition: 0, valid: true })
    }
}

impl EnvironmentSettings for SwitchingXorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(*self)?))
    }

    fn score_names(&self) -> Vec<String> {
        ["correct", "correct_late", "correct_after_switch"].map(str::to_owned).to_vec()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        // Blocks that were begun.
        let blocks = || trials.chunk_by(|one, next| one.block == next.block);
        let half = (self.trials_per_block as usize).div_ceil(2);
        let late = blocks().flat_map(|block| block.iter().skip(half));
        let after = blocks().skip(1).flat_map(|block| block.iter().take(EARLY));
        vec![
            Score::of(share_correct(trials.iter()), "no trial"),
            Score::of(share_correct(late), "no trial in the second half of a block"),
            Score::of(share_correct(after), "no trial after a switch"),
        ]
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct SwitchingXor {
    config: SwitchingXorConfig,
    /// Activity of a unit whose population is active, 1/√n.
    active: f32,
    trial: u64,
    condition: u16,
    valid: bool,
}

crate::archived!(SwitchingXor { trial, condition, valid } fixed { config, active });

impl Environment for SwitchingXor {
    fn num_observations(&self) -> usize {
        self.config.populations() * self.config.units
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        // The noise has chunks of its own, from the first one on: block 0 is left to what is drawn here.
        let block = key.block(0);
        self.condition = (block[0] >> 30) as u16;
        self.valid = f64::from(block[1]) < self.config.validity * 4_294_967_296.0;
        let condition = usize::from(self.condition);
        let active = [condition / 2, 2 + condition % 2, POPULATIONS + condition];
        for (index, population) in observation.chunks_mut(self.config.units).enumerate() {
            population.fill(if active.contains(&index) { self.active } else { 0.0 });
        }
        if self.config.noise > 0.0 {
            noise::add_box_muller(key, 1, self.config.noise as f32, observation);
        }
        for value in observation {
            *value = value.max(0.0);
        }
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let block = self.trial / self.config.trials_per_block;
        let wanted = (u64::from(self.condition / 2 + self.condition % 2) + block) % 2 == 1;
        let correct = (action.number() >= 0.5) == wanted;
        self.trial += 1;
        Outcome {
            reward: f64::from(u8::from(correct == self.valid)),
            end_of_trial: true,
            correct,
            condition: self.condition,
            block: block as u16,
            target: f64::from(u8::from(wanted)),
        }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests;

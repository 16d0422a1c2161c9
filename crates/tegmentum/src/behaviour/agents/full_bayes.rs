//! Full Bayes: the whole distribution over the mean on a grid. The ideal observer of the helicopter, told noise and hazard.
//!
//! ```text
//!     p(m_i) ← (1 − h) p(m_i) + h/n                      it may have jumped
//!     B = median of p                                    least expected |B − m|
//!     p(m_i) ← p(m_i) exp(−(x − m_i)²/(2 σ²)) / sum
//! ```
//! m_i n positions, evenly spaced over the interval · x outcome, σ noise `[outcome]` · h hazard.
//!
//! In the four blocks of [helicopter](crate::behaviour::environments::helicopter) its error is 11.07: the optimum, as long as it is told
//! what the environment says of itself; `blocks` tell it something else.
//!
//! # Modulation
//! Nothing is obeyed.
//!
//! Cost: n exponentials a trial; n numbers.
//!
//! Reference: R. P. Adams, D. J. C. MacKay, arXiv:0710.3742, 2007, for the problem; a grid in place of run lengths, as the mean
//! has one dimension.

use serde::{Deserialize, Serialize};

use super::number::{Interval, change_points};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "full_bayes",
    summary: "the ideal observer of a number that jumps: its whole distribution; told noise and hazard",
    reference: "Adams, MacKay, arXiv:0710.3742, 2007; on a grid",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::full_bayes::FullBayesConfig;
///
/// assert_eq!(FullBayesConfig::default().positions, 301);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FullBayesConfig {
    /// Hazard and noise of block after block that it is told instead of the environment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<ChangePointBlock>>,
    /// Positions n of the grid, between 2 and 100 000.
    pub positions: usize,
}

impl Default for FullBayesConfig {
    fn default() -> Self {
        Self { blocks: None, positions: 301 }
    }
}

impl FullBayesConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where choices are wanted, or where
    /// nothing is told.
    pub fn build(&self, environment: &dyn Environment) -> Result<FullBayes> {
        if !(2..=100_000).contains(&self.positions) {
            let (name, value) = ("full_bayes.positions", self.positions as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "between 2 and 100000" });
        }
        let interval = Interval::of(environment, DESCRIPTION.name)?;
        let blocks = change_points(self.blocks.as_ref(), environment, DESCRIPTION.name)?;
        let step = interval.width() / (self.positions - 1) as f64;
        Ok(FullBayes {
            positions: (0..self.positions).map(|index| interval.low + step * index as f64).collect(),
            beliefs: vec![1.0 / self.positions as f64; self.positions],
            learned: vec![1.0 / self.positions as f32; self.positions],
            blocks,
            interval,
            trial: 0,
            answer: 0.0,
            outcome: 0.0,
        })
    }
}

impl AgentSettings for FullBayesConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, _: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct FullBayes {
    blocks: Vec<ChangePointBlock>,
    interval: Interval,
    positions: Vec<f64>,
    beliefs: Vec<f64>,
    learned: Vec<f32>,
    trial: u64,
    answer: f64,
    outcome: f64,
}

crate::archived!(FullBayes { trial, answer, outcome } sized { beliefs, learned } fixed { blocks, interval, positions });

impl FullBayes {
    /// The median, linear within a cell of the grid.
    fn median(&self) -> f64 {
        let step = self.positions[1] - self.positions[0];
        let mut below = 0.0;
        for (position, belief) in self.positions.iter().zip(&self.beliefs) {
            if below + belief >= 0.5 {
                return position + step * ((0.5 - below) / belief - 0.5);
            }
            below += belief;
        }
        self.positions[self.positions.len() - 1]
    }
}

impl Agent for FullBayes {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        let (_, block) = ChangePointBlock::at(&self.blocks, self.trial);
        let jumped = block.hazard / self.beliefs.len() as f64;
        self.beliefs.iter_mut().for_each(|belief| *belief = (1.0 - block.hazard) * *belief + jumped);
        self.answer = self.median();
        Action::Value(self.answer)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.outcome = f64::from(feedback.observation[0]);
        self.interval.signals(feedback, self.outcome - self.answer)
    }

    fn learn(&mut self, _: &Modulation) {
        let (_, block) = ChangePointBlock::at(&self.blocks, self.trial);
        // Relative to the likeliest position: an outcome far outside does not make all of them impossible.
        let squared = |position: &f64| (self.outcome - position).powi(2);
        let least = self.positions.iter().map(squared).fold(f64::INFINITY, f64::min);
        let mut sum = 0.0;
        for (belief, position) in self.beliefs.iter_mut().zip(&self.positions) {
            let distance = squared(position) - least;
            *belief *= (-distance / (2.0 * block.noise * block.noise)).exp();
            sum += *belief;
        }
        // Told no jump where there was one, it may hold all positions for impossible: then it knows nothing.
        let flat = 1.0 / self.beliefs.len() as f64;
        for (belief, learned) in self.beliefs.iter_mut().zip(&mut self.learned) {
            *belief = if sum > 0.0 { *belief / sum } else { flat };
            *learned = *belief as f32;
        }
        self.trial += 1;
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.positions.len() * (2 * size_of::<f64>() + size_of::<f32>())
    }

    crate::archives!();
}

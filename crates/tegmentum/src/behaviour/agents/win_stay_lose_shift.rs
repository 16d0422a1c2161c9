//! Win-stay, lose-shift: what was rewarded is done again, what was not is not.
//!
//! ```text
//!     r > θ   the same choice again       else   another one, each with the same probability
//! ```
//! θ reward above which it stays.
//!
//! Where the better of two arms pays p and the arms change with hazard h, its share of better choices is p(1 − h) + (1 − p)h: .782 in
//! [reversal](crate::behaviour::environments::reversal). θ is in units of the largest reward.
//!
//! # Modulation
//! Nothing is obeyed.
//!
//! Reference: H. Robbins, Bulletin of the American Mathematical Society 58, 527–535, 1952.

use serde::{Deserialize, Serialize};

use super::choice::choices;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "win_stay_lose_shift",
    summary: "repeats what was rewarded, leaves what was not",
    reference: "Robbins, Bull. Amer. Math. Soc. 58, 527, 1952",
};

/// The settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WinStayLoseShiftConfig {
    /// Reward θ above which it stays, in units of the largest reward.
    pub threshold: f64,
}

impl WinStayLoseShiftConfig {
    /// An agent for `environment`; the first choice follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a threshold that is not finite, [`Error::Incompatible`] where a number is wanted.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<WinStayLoseShift> {
        if !self.threshold.is_finite() {
            let (name, value) = ("win_stay_lose_shift.threshold", self.threshold);
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        let count = choices(environment, DESCRIPTION.name)?;
        let mut stream = key.stream();
        let choice = stream.below(count);
        Ok(WinStayLoseShift { config: self, count, stream, choice, reward: 0.0, learned: [choice as f32] })
    }
}

impl AgentSettings for WinStayLoseShiftConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct WinStayLoseShift {
    config: WinStayLoseShiftConfig,
    count: usize,
    stream: Stream,
    choice: usize,
    reward: f64,
    learned: [f32; 1],
}

crate::archived!(WinStayLoseShift { stream, choice, reward } sized { learned } fixed { config, count });

impl Agent for WinStayLoseShift {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        Action::Choice(self.choice)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
        Signals { reward: Some(feedback.reward), policy_entropy: Some(0.0), ..Signals::default() }
    }

    fn learn(&mut self, _: &Modulation) {
        if self.reward <= self.config.threshold && self.count > 1 {
            self.choice = (self.choice + 1 + self.stream.below(self.count - 1)) % self.count;
        }
        self.learned = [self.choice as f32];
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
    }

    crate::archives!();
}

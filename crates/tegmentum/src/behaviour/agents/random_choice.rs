//! Chance: every choice with the same probability, every number of an interval with the same density. Learns nothing.
//!
//! ```text
//!     P(a) = 1/n        x ~ U(low, high)
//! ```
//! The floor of every comparison. Cost: one random number a step.
//!
//! # Modulation
//! Nothing is obeyed.

use serde::{Deserialize, Serialize};

use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, ActionSpace, Environment};
use crate::error::Result;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "random_choice",
    summary: "chance: every action with the same probability, nothing is learned",
    reference: "the floor of every comparison",
};

/// The agent has no settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomChoiceConfig {}

impl RandomChoiceConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// None so far.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<RandomChoice> {
        Ok(RandomChoice { actions: environment.actions(), stream: key.stream() })
    }
}

impl AgentSettings for RandomChoiceConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct RandomChoice {
    actions: ActionSpace,
    stream: Stream,
}

crate::archived!(RandomChoice { stream } fixed { actions });

impl Agent for RandomChoice {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        match self.actions {
            ActionSpace::Choices(count) => Action::Choice(self.stream.below(count)),
            ActionSpace::Interval { low, high } => Action::Value(low + (high - low) * self.stream.uniform()),
        }
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        let entropy = match self.actions {
            ActionSpace::Choices(count) => Some((count as f64).log2()),
            ActionSpace::Interval { .. } => None,
        };
        Signals { reward: Some(feedback.reward), policy_entropy: entropy, ..Signals::default() }
    }

    fn learn(&mut self, _: &Modulation) {}

    fn parameters(&self) -> &[f32] {
        &[]
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
    }

    crate::archives!();
}

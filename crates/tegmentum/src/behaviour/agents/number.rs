//! What agents share that answer with a number: the interval, the unit of their errors, and what an observer is told.

use crate::behaviour::agent::Feedback;
use crate::behaviour::environment::{Action, ActionSpace, Environment, OutcomeModel};
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;

use super::choice::incompatible;

/// The interval of answers. Its width is the unit of all errors that leave an agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Interval {
    /// The interval of `environment`, or an error that says what the agent called `agent` needs.
    pub(super) fn of(environment: &dyn Environment, agent: &str) -> Result<Self> {
        match environment.actions() {
            ActionSpace::Interval { low, high } => Ok(Self { low, high }),
            ActionSpace::Choices(_) => {
                Err(incompatible(agent, "an environment of choices", "it answers with a number"))
            }
        }
    }

    pub(super) fn width(self) -> f64 {
        self.high - self.low
    }

    pub(super) fn middle(self) -> f64 {
        self.low + self.width() / 2.0
    }

    /// `estimate` as an answer.
    pub(super) fn answer(self, estimate: f64) -> Action {
        Action::Value(estimate.clamp(self.low, self.high))
    }

    /// The signals after an answer that missed by `error`.
    pub(super) fn signals(self, feedback: &Feedback<'_>, error: f64) -> Signals {
        let share = Some(error / self.width());
        Signals { reward: Some(feedback.reward), prediction_error: share, outcome_error: share, ..Signals::default() }
    }

    /// The third factor in the unit of outcomes: that of modulation, or `error` itself.
    pub(super) fn reinforcement(self, modulation: &Modulation, error: f64) -> f64 {
        modulation.reinforcement.map_or(error, |share| share * self.width())
    }
}

/// What an observer knows of hazard and noise: `told` if it is given, else what the environment says of itself.
pub(super) fn change_points(
    told: Option<&Vec<ChangePointBlock>>,
    environment: &dyn Environment,
    agent: &str,
) -> Result<Vec<ChangePointBlock>> {
    let blocks = match (told, environment.outcome_model()) {
        (Some(blocks), _) => blocks.clone(),
        (None, Some(OutcomeModel::ChangePoints(blocks))) => blocks,
        (None, _) => {
            let with = "an environment that does not say how its outcomes are made";
            return Err(incompatible(agent, with, "it is told hazard and noise: give it blocks"));
        }
    };
    if blocks.is_empty() {
        return Err(Error::InvalidParameter { name: "blocks", value: 0.0, requirement: "at least one block" });
    }
    blocks.iter().try_for_each(ChangePointBlock::check)?;
    Ok(blocks)
}

//! Open field: walk from the middle of a square to a place that pays, which later is another place.
//!
//! ```text
//!     x ← x + s (cos θ_a, sin θ_a) ,   θ_a = 2π a/n          reflected at the walls of the unit square
//!     o_j = exp(−|x − c_j|²/σ²)                              place cells on a grid, σ the distance of neighbours
//! ```
//! x position · s stride · a heading chosen, of n · c_j centre of place cell j. Lengths are shares of the side.
//!
//! # A trial
//! Steps until the goal is reached (within its radius) or `max_steps` are over. Observation `[cells_per_side²]`: the activity of the place cells,
//! 0 to 1. Choices: the headings. Reward 1 at the goal, else 0. A trial begins at `start`; nothing in it is random. The
//! goal is the first of `goals` for `trials_before_shift` trials, then each next one for as many, and the last one stays; nobody is told.
//!
//! # Scores
//! `found_late` share of the last ten trials under the last goal in which it was found, the first · `steps_late` mean steps there, all of them where
//! it was not found · `old_goal_late` share of the same trials that came by the goal before · `found_after` share in the first ten trials
//! after a shift · `found_before`, `steps_before` in the last ten under the first goal · `found`. With one goal only the last three.
//!
//! # Oracle
//! Straight ahead: the distance to the goal less its radius, divided by the stride, is the least number of steps. A test holds it.
//!
//! Reference: Z. Brzosko et al., eLife 6, e27756, 2017, and S. Zannone et al., Scientific Reports 8, 9486, 2018: field, place cells, goals
//! and trials of 15 s, there in continuous time; that headings are chosen in steps is ours. R. G. M. Morris, Learning and
//! Motivation 12, 239–260, 1981, for the task.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, fraction};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
pub(crate) const DESCRIPTION: Description = Description {
    name: "open_field",
    summary: "walk to a place that pays, by place cells; then another place pays",
    reference: "Brzosko et al., eLife 6, e27756, 2017; Zannone et al., Sci. Rep. 8, 9486, 2018; steps ours",
};

/// Trials at the end of a goal, and right after a shift, that are looked at.
const WINDOW: usize = 10;

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::open_field::OpenFieldConfig;
///
/// let config: OpenFieldConfig = toml::from_str("goals = [[0.9, 0.9]]\nstride = 0.1")?;
/// assert_eq!(config.headings, 8);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenFieldConfig {
    /// Place cells along a side, 2 to 100.
    pub cells_per_side: usize,
    /// Headings n, 3 to 100.
    pub headings: usize,
    /// Length s of a step, above 0 and at most 0.5.
    pub stride: f64,
    /// Steps of a trial at most, up to 10 000.
    pub max_steps: u64,
    /// Where a trial begins, each coordinate between 0 and 1.
    pub start: [f64; 2],
    /// Places that pay, one after the other.
    pub goals: Vec<[f64; 2]>,
    /// Distance from a goal within which it is reached, above 0 and at most 1.
    pub goal_radius: f64,
    /// Trials under each goal; the last one stays.
    pub trials_before_shift: u64,
}

impl Default for OpenFieldConfig {
    fn default() -> Self {
        Self {
            cells_per_side: 11,
            headings: 8,
            stride: 0.04,
            max_steps: 150,
            start: [0.5, 0.5],
            goals: vec![[0.875, 0.875], [0.125, 0.125]],
            goal_radius: 0.075,
            trials_before_shift: 20,
        }
    }
}

impl OpenFieldConfig {
    /// The environment.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(&self) -> Result<OpenField> {
        let check = |name, value: f64, known: bool, requirement| {
            if known { Ok(()) } else { Err(Error::InvalidParameter { name, value, requirement }) }
        };
        let cells = self.cells_per_side;
        check("open_field.cells_per_side", cells as f64, (2..=100).contains(&cells), "between 2 and 100")?;
        let headings = self.headings;
        check("open_field.headings", headings as f64, (3..=100).contains(&headings), "between 3 and 100")?;
        let stride = self.stride;
        check("open_field.stride", stride, stride > 0.0 && stride <= 0.5, "above 0 and at most 0.5")?;
        let steps = self.max_steps;
        check("open_field.max_steps", steps as f64, (1..=10_000).contains(&steps), "between 1 and 10000")?;
        let radius = self.goal_radius;
        check("open_field.goal_radius", radius, radius > 0.0 && radius <= 1.0, "above 0 and at most 1")?;
        let trials = self.trials_before_shift;
        check("open_field.trials_before_shift", trials as f64, trials > 0, "at least 1")?;
        let goals = self.goals.len();
        check("open_field.goals", goals as f64, (1..=1000).contains(&goals), "between 1 and 1000 places")?;
        for place in self.goals.iter().chain([&self.start]) {
            place.iter().try_for_each(|&coordinate| fraction("open_field: a coordinate", coordinate).map(|_| ()))?;
        }
        Ok(OpenField { config: self.clone(), trial: 0, step: 0, position: self.start, came_by: false })
    }
}

impl OpenFieldConfig {
    /// The number of the goal in force at `trial`.
    fn goal(&self, trial: u64) -> usize {
        (trial / self.trials_before_shift).min(self.goals.len() as u64 - 1) as usize
    }
}

impl EnvironmentSettings for OpenFieldConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        let _ = key;
        Ok(Box::new(Self::build(self)?))
    }

    fn score_names(&self) -> Vec<String> {
        let after: &[&str] =
            if self.goals.len() > 1 { &["found_late", "steps_late", "old_goal_late", "found_after"] } else { &[] };
        after.iter().chain(&["found_before", "steps_before", "found"]).map(|&name| name.to_owned()).collect()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let last = self.goals.len() - 1;
        let under = |goal: usize| trials.iter().filter(|trial| usize::from(trial.block) == goal).collect::<Vec<_>>();
        let late =
            |trials: &[&TrialReport]| trials[trials.len().saturating_sub(WINDOW)..].iter().map(|&t| *t).collect();
        let found = |trials: &[TrialReport]| mean(trials, |trial| f64::from(u8::from(trial.correct)));
        let steps = |trials: &[TrialReport]| mean(trials, |trial| trial.steps as f64);
        let [first, end]: [Vec<TrialReport>; 2] = [late(&under(0)), late(&under(last))];
        let mut scores = Vec::new();
        if last > 0 {
            let early: Vec<TrialReport> =
                (1..=last).flat_map(|goal| under(goal).into_iter().take(WINDOW).copied().collect::<Vec<_>>()).collect();
            let came_by = mean(&end, |trial| f64::from(trial.condition));
            let values = [found(&end), steps(&end), came_by, found(&early)];
            scores.extend(values.map(|value| Score::of(value, "the run ends before the last goal")));
        }
        let values = [found(&first), steps(&first), found(trials)];
        scores.extend(values.map(|value| Score::of(value, "no trial")));
        scores
    }

    fn events(&self) -> Vec<(u64, String)> {
        (1..self.goals.len() as u64)
            .map(|goal| (goal.saturating_mul(self.trials_before_shift), "the goal moves".to_owned()))
            .collect()
    }
}

/// Mean over trials; NaN of none.
fn mean(trials: &[TrialReport], of: impl Fn(&TrialReport) -> f64) -> f64 {
    trials.iter().map(of).sum::<f64>() / trials.len() as f64
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct OpenField {
    config: OpenFieldConfig,
    trial: u64,
    step: u64,
    position: [f64; 2],
    /// Whether this trial came by the goal that was in force before.
    came_by: bool,
}

crate::archived!(OpenField { trial, step, position, came_by } fixed { config });

impl OpenField {
    fn observe(&self, observation: &mut [f32]) {
        let side = self.config.cells_per_side;
        let distance = 1.0 / (side - 1) as f64;
        for (cell, activity) in observation.iter_mut().enumerate() {
            let centre = [(cell % side) as f64 * distance, (cell / side) as f64 * distance];
            *activity = (-squared_distance(self.position, centre) / (distance * distance)).exp() as f32;
        }
    }

    fn is_at(&self, goal: usize) -> bool {
        squared_distance(self.position, self.config.goals[goal]) <= self.config.goal_radius.powi(2)
    }
}

fn squared_distance(one: [f64; 2], other: [f64; 2]) -> f64 {
    (one[0] - other[0]).powi(2) + (one[1] - other[1]).powi(2)
}

/// A coordinate beyond a wall, reflected.
fn reflected(coordinate: f64) -> f64 {
    let inside = if coordinate < 0.0 { -coordinate } else { coordinate };
    if inside > 1.0 { 2.0 - inside } else { inside }
}

impl Environment for OpenField {
    fn num_observations(&self) -> usize {
        self.config.cells_per_side.pow(2)
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(self.config.headings)
    }

    fn begin(&mut self, _: Key, observation: &mut [f32]) {
        (self.position, self.step, self.came_by) = (self.config.start, 0, false);
        self.observe(observation);
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let most = (self.config.headings - 1) as f64;
        let heading = TAU * action.number().clamp(0.0, most).round() / self.config.headings as f64;
        self.position = [
            reflected(self.position[0] + self.config.stride * heading.cos()),
            reflected(self.position[1] + self.config.stride * heading.sin()),
        ];
        self.step += 1;
        self.observe(observation);
        let goal = self.config.goal(self.trial);
        let found = self.is_at(goal);
        self.came_by |= goal > 0 && !found && self.is_at(goal - 1);
        let end_of_trial = found || self.step >= self.config.max_steps;
        self.trial += u64::from(end_of_trial);
        Outcome {
            reward: f64::from(u8::from(found)),
            end_of_trial,
            correct: found,
            condition: u16::from(self.came_by),
            block: goal as u16,
            target: 0.0,
        }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks along one heading; steps, reward and whether it came by the goal before.
    fn walk(environment: &mut OpenField, heading: usize) -> (u64, f64, u16) {
        let mut observation = vec![0.0; environment.num_observations()];
        environment.begin(Key::from_seed(1), &mut observation);
        for step in 1.. {
            let outcome = environment.step(Action::Choice(heading), &mut observation);
            if outcome.end_of_trial {
                return (step, outcome.reward, outcome.condition);
            }
        }
        unreachable!("a trial has an end")
    }

    /// Straight to the goal, then by the old one and past it: √2 · .375 less the radius, in steps of .04.
    #[test]
    fn the_straight_way_takes_the_least_steps() {
        let mut environment = OpenFieldConfig { trials_before_shift: 1, ..OpenFieldConfig::default() }.build().unwrap();
        let least = ((0.375 * 2.0f64.sqrt() - 0.075) / 0.04).ceil() as u64;
        assert_eq!(walk(&mut environment, 1), (least, 1.0, 0));
        // The goal has moved: the same walk comes by the old one, is turned by the corner and finds the new one.
        let (steps, reward, came_by) = walk(&mut environment, 1);
        assert!(steps > least && came_by == 1, "{steps} {reward}");
        assert_eq!(walk(&mut environment, 5), (least, 1.0, 0));
    }

    #[test]
    fn place_cells_see_the_position() {
        let mut environment = OpenFieldConfig::default().build().unwrap();
        let mut observation = vec![0.0; 121];
        environment.begin(Key::from_seed(1), &mut observation);
        let largest = (0..121).max_by(|&one, &other| observation[one].total_cmp(&observation[other]));
        assert_eq!(largest, Some(60));
        assert!((f64::from(observation[60]) - 1.0).abs() < 1e-6);
        assert!((f64::from(observation[61]) - (-1.0f64).exp()).abs() < 1e-6);
    }

    #[test]
    fn walls_reflect() {
        let config = OpenFieldConfig { goals: vec![[0.0, 0.0]], max_steps: 500, ..OpenFieldConfig::default() };
        let mut environment = config.build().unwrap();
        let mut observation = vec![0.0; 121];
        environment.begin(Key::from_seed(1), &mut observation);
        for _ in 0..400 {
            environment.step(Action::Choice(0), &mut observation);
            assert!((0.0..=1.0).contains(&environment.position[0]), "{:?}", environment.position);
        }
    }

    #[test]
    fn scores_say_what_there_is() {
        let config = OpenFieldConfig::default();
        let trial = |block: u16, correct, steps, condition| TrialReport {
            condition,
            block,
            correct,
            steps,
            ..Default::default()
        };
        let trials =
            [vec![trial(0, true, 20, 0); 20], vec![trial(1, false, 150, 1); 15], vec![trial(1, true, 30, 0); 5]]
                .concat();
        let scores: Vec<f64> = config.scores(&trials).into_iter().map(Score::or_nan).collect();
        assert_eq!(scores, [0.5, 90.0, 0.5, 0.0, 1.0, 20.0, 25.0 / 40.0]);
        assert!(config.scores(&trials[..20])[0].reason().is_some());
        let one = OpenFieldConfig { goals: vec![[0.9, 0.9]], ..config };
        assert_eq!(one.scores(&trials[..20]).len(), one.score_names().len());
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        for text in ["goals = []", "stride = 0.0", "start = [0.5, 1.5]", "headings = 2", "cells_per_side = 1000000"] {
            let config: OpenFieldConfig = toml::from_str(text).unwrap();
            assert!(config.build().unwrap_err().to_string().contains("open_field"), "{text}");
        }
    }
}

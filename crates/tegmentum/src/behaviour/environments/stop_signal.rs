//! Stop signal: respond at once to an arrow, unless a signal comes after it.
//!
//! ```text
//!     go trial     arrow left or right ─▶ the right response before the deadline
//!     stop trial   the same, and a stop signal d after the arrow ─▶ no response at all
//!     staircase    d ← d + s after a stop that succeeded, d − s after one that failed:  half of them succeed
//! ```
//! d stop-signal delay, s step of the staircase, both in time steps.
//!
//! # A trial
//! At most as many steps as the deadline. Observation `[4]`: arrow left, arrow right, stop signal, and the time since the arrow as a share
//! of the deadline. Choices: 0 wait, 1 left, 2 right; a response ends the trial, and so does the deadline. Reward 1 for the right response on a
//! go trial less `cost_of_time` for each step before it, 1 for none on a stop trial, else 0. Which arrow, and whether a signal comes, follows
//! from the key of the trial.
//!
//! # Scores
//! `stop_signal_reaction_time` in steps, by the integration method, the first: the quantile of the reaction times on go trials at the share of stop
//! trials with a response, minus the mean delay; omissions count with the deadline · `go_correct`, `go_reaction_time`, `omissions` ·
//! `stop_success`, `stop_signal_delay` mean · `balanced` mean of `go_correct` and `stop_success`: with a fixed delay (`staircase_step = 0`) the share of
//! trials that are right if both kinds count alike. A staircase holds `stop_success` near one half, whatever is learned.
//!
//! The reaction time is undefined where the race model cannot hold or the method is not to be trusted: nothing was stopped, or everything;
//! success outside .25 to .75; responses on stop trials that are not faster on average than those on go trials; a time below zero.
//!
//! # Oracle
//! If going and stopping race independently, the integration method finds the finishing time of stopping.
//!
//! Reference: G. D. Logan, W. B. Cowan, Psychological Review 91(3), 295–327, 1984, doi:10.1037/0033-295X.91.3.295; F. Verbruggen et al.,
//! eLife 8, e46323, 2019, for the integration method with omissions.

use serde::{Deserialize, Serialize};

use super::reversal::share_correct;
use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, fraction};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "stop_signal",
    summary: "respond to an arrow unless a stop signal follows; its delay tracks success",
    reference: "Logan, Cowan, Psychol. Rev. 91, 295, 1984; Verbruggen et al., eLife 8, e46323, 2019",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::stop_signal::StopSignalConfig;
///
/// let config: StopSignalConfig = toml::from_str("staircase_step = 0\ninitial_delay = 3")?;
/// assert_eq!(config.stop_share, 0.25);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StopSignalConfig {
    /// Share of stop trials.
    pub stop_share: f64,
    /// Steps to the deadline, 2 to 10 000.
    pub deadline: u64,
    /// Delay d of the stop signal at first, below the deadline.
    pub initial_delay: u64,
    /// Step s of the staircase; 0 for a fixed delay.
    pub staircase_step: u64,
    /// Reward lost for each step before the right response, 0 to 1.
    pub cost_of_time: f64,
}

impl Default for StopSignalConfig {
    fn default() -> Self {
        Self { stop_share: 0.25, deadline: 20, initial_delay: 5, staircase_step: 1, cost_of_time: 0.0 }
    }
}

impl StopSignalConfig {
    /// The environment.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(self) -> Result<StopSignal> {
        fraction("stop_signal.stop_share", self.stop_share)?;
        fraction("stop_signal.cost_of_time", self.cost_of_time)?;
        if !(2..=10_000).contains(&self.deadline) {
            let (name, value) = ("stop_signal.deadline", self.deadline as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "between 2 and 10000 steps" });
        }
        for (name, steps) in
            [("stop_signal.initial_delay", self.initial_delay), ("stop_signal.staircase_step", self.staircase_step)]
        {
            if steps >= self.deadline {
                return Err(Error::InvalidParameter { name, value: steps as f64, requirement: "below the deadline" });
            }
        }
        Ok(StopSignal { config: self, delay: self.initial_delay, right: false, stops: false, time: 0 })
    }
}

impl StopSignalConfig {
    /// By the integration method, where the independent race can be believed.
    fn stop_signal_reaction_time(self, trials: &[TrialReport]) -> Score {
        let of = |stops: bool| trials.iter().filter(move |trial| (trial.condition & 2 != 0) == stops);
        let responses = |stops: bool| of(stops).filter(|trial| trial.action != 0.0).map(response_time);
        let deadline = self.deadline as f64;
        let time = |trial: &TrialReport| if trial.action == 0.0 { deadline } else { response_time(trial) };
        let mut times: Vec<f64> = of(false).map(time).collect();
        times.sort_by(f64::total_cmp);
        let success = share_correct(of(true));
        if times.is_empty() || success.is_nan() {
            return Score::Undefined("there are no go trials or no stop trials");
        }
        if success == 0.0 {
            return Score::Undefined("it never stopped");
        }
        if success == 1.0 {
            return Score::Undefined("it never responded on a stop trial");
        }
        if !RELIABLE.contains(&success) {
            return Score::Undefined("success on stop trials is outside 25 to 75 %, where the method holds");
        }
        // The slow half of the race is stopped: what escapes the signal must be faster than going is.
        if mean(responses(true)) >= mean(responses(false)) {
            return Score::Undefined("responses on stop trials are not faster than on go trials: no race");
        }
        let rank = ((1.0 - success) * times.len() as f64).ceil().max(1.0) as usize;
        let reaction_time = times[rank.min(times.len()) - 1] - mean(of(true).map(|trial| trial.target));
        if reaction_time < 0.0 {
            return Score::Undefined("it would be below zero: no race");
        }
        Score::Value(reaction_time)
    }
}

impl EnvironmentSettings for StopSignalConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(*self)?))
    }

    fn score_names(&self) -> Vec<String> {
        [
            "stop_signal_reaction_time",
            "go_correct",
            "go_reaction_time",
            "omissions",
            "stop_success",
            "stop_signal_delay",
            "balanced",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let of = |stops: bool| trials.iter().filter(move |trial| (trial.condition & 2 != 0) == stops);
        let responses = |stops: bool| of(stops).filter(|trial| trial.action != 0.0).map(response_time);
        let delays = of(true).map(|trial| trial.target);
        let [going, responding] = [of(false).count(), responses(false).count()].map(|count| count as f64);
        let success = share_correct(of(true));
        vec![
            self.stop_signal_reaction_time(trials),
            Score::of(share_correct(of(false)), "no go trial"),
            Score::of(mean(responses(false)), "no response on a go trial"),
            Score::of(1.0 - responding / going, "no go trial"),
            Score::of(success, "no stop trial"),
            Score::of(mean(delays), "no stop trial"),
            Score::of(f64::midpoint(share_correct(of(false)), success), "no go trial or no stop trial"),
        ]
    }
}

/// Shares of successful stops for which the integration method is recommended (Verbruggen et al. 2019).
const RELIABLE: std::ops::RangeInclusive<f64> = 0.25..=0.75;

/// Steps before the response of a trial that ended with one.
fn response_time(trial: &TrialReport) -> f64 {
    trial.steps.saturating_sub(1) as f64
}

/// Mean; NaN of none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct StopSignal {
    config: StopSignalConfig,
    delay: u64,
    right: bool,
    stops: bool,
    time: u64,
}

crate::archived!(StopSignal { delay, right, stops, time } fixed { config });

impl StopSignal {
    fn observe(&self, observation: &mut [f32]) {
        let signal = self.stops && self.time >= self.delay;
        let elapsed = self.time as f32 / self.config.deadline as f32;
        let flag = |on: bool| f32::from(u8::from(on));
        observation.copy_from_slice(&[flag(!self.right), flag(self.right), flag(signal), elapsed]);
    }

    fn end(&mut self, response: usize) -> Outcome {
        let responded = response > 0;
        let correct = if self.stops { !responded } else { responded && (response == 2) == self.right };
        // For the scores: the delay of this trial's signal.
        let target = if self.stops { self.delay as f64 } else { 0.0 };
        let cost = if self.stops { 0.0 } else { self.config.cost_of_time * self.time as f64 };
        if self.stops {
            let longest = self.config.deadline - 1;
            let step = self.config.staircase_step;
            self.delay = if correct { (self.delay + step).min(longest) } else { self.delay.saturating_sub(step) };
        }
        Outcome {
            reward: if correct { 1.0 - cost } else { 0.0 },
            end_of_trial: true,
            correct,
            condition: u16::from(self.right) | u16::from(self.stops) << 1,
            block: 0,
            target,
        }
    }
}

impl Environment for StopSignal {
    fn num_observations(&self) -> usize {
        4
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(3)
    }

    fn no_response(&self) -> Option<usize> {
        Some(0)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let mut stream = key.stream();
        self.right = stream.below(2) == 1;
        self.stops = stream.uniform() < self.config.stop_share;
        self.time = 0;
        self.observe(observation);
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let response = action.number().clamp(0.0, 2.0).round() as usize;
        if response > 0 {
            return self.end(response);
        }
        self.time += 1;
        if self.time == self.config.deadline {
            return self.end(0);
        }
        self.observe(observation);
        Outcome { condition: u16::from(self.right) | u16::from(self.stops) << 1, ..Outcome::default() }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    /// Independent race: going finishes at a random time, stopping a fixed time after the signal. `slowed`: a signal that does
    /// not stop in time slows the response by so much, against the race.
    fn race(stopping: f64, slowed: f64, trials: u64) -> Vec<Score> {
        let config = StopSignalConfig { deadline: 100, initial_delay: 20, ..StopSignalConfig::default() };
        let mut environment = config.build().unwrap();
        let (mut reports, mut observation) = (Vec::new(), [0.0f32; 4]);
        for trial in 0..trials {
            environment.begin(Key::from_seed(7).child(trial), &mut observation);
            let go = (45.0 + 8.0 * f64::from(Key::from_seed(8).child(trial).stream().normal())).round().max(1.0);
            let (mut signal, mut time, mut reward) = (None, 0.0, 0.0);
            loop {
                if observation[2] == 1.0 && signal.is_none() {
                    signal = Some(time);
                }
                let stopped = signal.is_some_and(|signal| signal + stopping <= go);
                let go = go + if signal.is_some() { slowed } else { 0.0 };
                let right = 1 + usize::from(observation[1] == 1.0);
                let action = if time >= go && !stopped { right } else { 0 };
                let outcome = environment.step(Action::Choice(action), &mut observation);
                (time, reward) = (time + 1.0, reward + outcome.reward);
                if outcome.end_of_trial {
                    let Outcome { correct, condition, target, .. } = outcome;
                    let action = action as f64;
                    let steps = time as u64;
                    let report =
                        TrialReport { condition, action, reward, correct, target, steps, ..Default::default() };
                    reports.push(report);
                    break;
                }
            }
        }
        config.scores(&reports)
    }

    /// The integration method finds the time of stopping, to the step of time and a little noise.
    #[test]
    fn the_integration_method_recovers_the_race() {
        for stopping in [12.0, 20.0] {
            let scores: Vec<f64> = race(stopping, 0.0, 4000).into_iter().map(Score::or_nan).collect();
            assert!((scores[0] - stopping).abs() < 1.5, "{stopping}: {scores:?}");
            // The staircase holds success at one half; going knows no omission.
            assert!((scores[4] - 0.5).abs() < 0.05 && scores[3] < 0.01, "{scores:?}");
        }
    }

    /// Each reason for which there is no reaction time, by an agent that has it; chance never stops.
    #[test]
    fn without_a_race_there_is_no_reaction_time() {
        let reason = |score: Score| score.reason().unwrap_or("none");
        let config = StopSignalConfig::default();
        let chance = config.scores(&play("[random_choice]", "[stop_signal]", 800, 1));
        assert_eq!(reason(chance[0]), "it never stopped");
        assert!(chance[1..].iter().all(|score| score.value().is_some()), "{chance:?}");
        assert!(reason(race(15.0, 30.0, 2000)[0]).contains("no race"));
        let report = |condition: u16, action: f64, steps, target| TrialReport {
            condition,
            action,
            steps,
            target,
            correct: (condition < 2) == (action > 0.0),
            ..Default::default()
        };
        let go = vec![report(0, 1.0, 8, 0.0); 10];
        let with = |stops: Vec<TrialReport>| reason(config.scores(&[go.clone(), stops].concat())[0]);
        assert!(with(vec![]).contains("no stop trials"));
        assert_eq!(with(vec![report(2, 0.0, 20, 5.0); 5]), "it never responded on a stop trial");
        let one_of_ten = [vec![report(2, 1.0, 4, 5.0); 9], vec![report(2, 0.0, 20, 5.0)]].concat();
        assert!(with(one_of_ten).contains("outside 25 to 75 %"));
        let late_signal = [vec![report(2, 1.0, 4, 15.0); 5], vec![report(2, 0.0, 20, 15.0); 5]].concat();
        assert!(with(late_signal).contains("below zero"));
    }

    #[test]
    fn a_learner_learns_to_go() {
        let go = |agent: &str| {
            let trials = play(agent, "[stop_signal]", 2000, 1);
            share_correct(trials[1000..].iter().filter(|trial| trial.condition & 2 == 0))
        };
        let (learner, chance) = (go("[q_learning]\ninverse_temperature = 10.0"), go("[random_choice]"));
        assert!(learner > 0.85 && chance < 0.6, "{learner} {chance}");
    }
}

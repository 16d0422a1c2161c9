//! Go/No-Go with a set shift: respond to one cue of a compound, and find out alone that the cue has changed.
//!
//! ```text
//!     stimulus   v ∈ {A, B} seen, s ∈ {X, Y} heard, uniform and independent
//!     x_j        max(0, 1/√n·[population of j is v or s] + N(0, σ²))
//!     rule       go ⇔ the cue of the rule is there
//!     reward     hit +1 ,  false alarm −1 ,  miss 0 ,  correct rejection 0        with probability p
//!                what the other kind of stimulus would have brought               with probability 1 − p
//! ```
//! x observation `[4 n]`, populations in the order A, B, X, Y · n units of a population (20) · σ noise (.05) · p validity (1).
//! Choice 1 is Go, choice 0 is to withhold. A trial is one step.
//!
//! # Shifts
//! | shift | cues, one rule after the other |
//! |---|---|
//! | `extradimensional` | A, X: half of the compounds keep their answer |
//! | `intradimensional` | A, B: a reversal, all answers change |
//! | `serial` | A, X, B, Y, and back to A: what is left of the first rule are its savings |
//! | `custom` | any cues |
//!
//! The rule changes after `trials_before_shift` trials, then after every `trials_between_shifts`; the last one stays. Nothing
//! of this is in the observation. A false alarm has to cost something: if it does not, to respond always is the best policy. A
//! miss costs nothing: a new Go cue that is never tried gives no error to learn from, which is the trap of the
//! extradimensional shift.
//!
//! # For the record
//! `condition` 0 to 3 = A·X, A·Y, B·X, B·Y · `block` number of the rule · `correct` by the rule, whatever the reward was.
//!
//! Cost: 4n normals a trial.
//!
//! # Reference
//! arXiv:2501.06762, section 6 and its figure, for stimuli, rule, one unannounced shift of either kind and sparse population
//! activity. Sizes, rewards, numbers of trials and noise are not reported there: those here are inferred. Probabilistic
//! reward and serial shifts are additions.

mod scores;

use serde::{Deserialize, Serialize};

use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, at_least_one};
use crate::kernel::noise;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "go_no_go",
    summary: "respond to one of two visual or auditory cues; the rule shifts without a word",
    reference: "arXiv:2501.06762, section 6; sizes, rewards and numbers of trials inferred",
};

/// Populations of units: A, B, X, Y.
const POPULATIONS: usize = 4;

/// One of the four cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// The first visual cue.
    A,
    /// The second visual cue.
    B,
    /// The first auditory cue.
    X,
    /// The second auditory cue.
    Y,
}

impl Cue {
    /// Whether the cue is part of the compound `condition`, 0 to 3 = A·X, A·Y, B·X, B·Y.
    pub fn is_in(self, condition: u16) -> bool {
        match self {
            Self::A => condition / 2 == 0,
            Self::B => condition / 2 == 1,
            Self::X => condition.is_multiple_of(2),
            Self::Y => !condition.is_multiple_of(2),
        }
    }
}

/// How the rule changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// From a visual to an auditory cue.
    #[default]
    Extradimensional,
    /// From one visual cue to the other: a reversal.
    Intradimensional,
    /// A, X, B, Y and back to A.
    Serial,
    /// These Go cues, one after the other.
    Custom(Vec<Cue>),
}

/// What each kind of answer brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rewards {
    /// Go to the Go cue.
    pub hit: f64,
    /// Go without it.
    pub false_alarm: f64,
    /// No answer to the Go cue.
    pub miss: f64,
    /// No answer without it.
    pub correct_rejection: f64,
}

impl Default for Rewards {
    fn default() -> Self {
        Self { hit: 1.0, false_alarm: -1.0, miss: 0.0, correct_rejection: 0.0 }
    }
}

impl Rewards {
    /// The reward of an answer, `go`, where `wanted` says whether it should have been Go.
    fn of(&self, go: bool, wanted: bool) -> f64 {
        match (go, wanted) {
            (true, true) => self.hit,
            (true, false) => self.false_alarm,
            (false, true) => self.miss,
            (false, false) => self.correct_rejection,
        }
    }
}

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::go_no_go::{Cue, GoNoGoConfig};
///
/// let config: GoNoGoConfig = toml::from_str("shift = { custom = ['a', 'y', 'a'] }\nvalidity = 0.8")?;
/// assert_eq!(config.rules(), [Cue::A, Cue::Y, Cue::A]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoNoGoConfig {
    /// How the rule changes.
    pub shift: Shift,
    /// Trials under the first rule.
    pub trials_before_shift: u64,
    /// Trials under each later rule; the last one stays.
    pub trials_between_shifts: u64,
    /// What each kind of answer brings.
    pub rewards: Rewards,
    /// Probability p with which the reward is that of the answer given, above ½.
    pub validity: f64,
    /// Units n of each of the four populations.
    pub units: usize,
    /// Standard deviation σ of the noise on each unit.
    pub noise: f64,
}

impl Default for GoNoGoConfig {
    fn default() -> Self {
        Self {
            shift: Shift::Extradimensional,
            trials_before_shift: 400,
            trials_between_shifts: 400,
            rewards: Rewards::default(),
            validity: 1.0,
            units: 20,
            noise: 0.05,
        }
    }
}

impl GoNoGoConfig {
    /// The Go cues, one rule after the other.
    pub fn rules(&self) -> Vec<Cue> {
        match &self.shift {
            Shift::Extradimensional => vec![Cue::A, Cue::X],
            Shift::Intradimensional => vec![Cue::A, Cue::B],
            Shift::Serial => vec![Cue::A, Cue::X, Cue::B, Cue::Y, Cue::A],
            Shift::Custom(cues) => cues.clone(),
        }
    }

    /// The environment.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(&self) -> Result<GoNoGo> {
        let rules = self.rules();
        at_least_one("go_no_go.shift.custom", rules.len())?;
        at_least_one("go_no_go.units", self.units)?;
        at_least_one("go_no_go.trials_before_shift", self.trials_before_shift as usize)?;
        at_least_one("go_no_go.trials_between_shifts", self.trials_between_shifts as usize)?;
        let check = |name, value: f64, fits: bool, requirement| {
            if fits { Ok(()) } else { Err(Error::InvalidParameter { name, value, requirement }) }
        };
        let count = rules.len() as f64;
        check("go_no_go.shift.custom", count, rules.len() <= 1 << 15, "a list of at most 32768 cues")?;
        let most = "at most 100000";
        check("go_no_go.units", self.units as f64, self.units <= 100_000, most)?;
        let validity = self.validity;
        check("go_no_go.validity", validity, validity > 0.5 && validity <= 1.0, "above 0.5 and at most 1")?;
        let noise = self.noise;
        check("go_no_go.noise", noise, noise.is_finite() && noise >= 0.0, "a finite number, at least 0")?;
        let Rewards { hit, false_alarm, miss, correct_rejection } = self.rewards;
        for (name, value) in [
            ("go_no_go.rewards.hit", hit),
            ("go_no_go.rewards.false_alarm", false_alarm),
            ("go_no_go.rewards.miss", miss),
            ("go_no_go.rewards.correct_rejection", correct_rejection),
        ] {
            check(name, value, value.is_finite(), "a finite number")?;
        }
        let requirement = "at least that of a miss: else the answer that counts as correct pays less";
        check("go_no_go.rewards.hit", hit, hit >= miss, requirement)?;
        let requirement = "at least that of a false alarm: else the answer that counts as correct pays less";
        check("go_no_go.rewards.correct_rejection", correct_rejection, correct_rejection >= false_alarm, requirement)?;
        let active = (1.0 / (self.units as f64).sqrt()) as f32;
        Ok(GoNoGo { config: self.clone(), rules, active, trial: 0, condition: 0, valid: true })
    }

    /// The number of the rule in force at `trial`, from 0.
    fn block(&self, trial: u64, rules: usize) -> usize {
        if trial < self.trials_before_shift {
            return 0;
        }
        let later = (trial - self.trials_before_shift) / self.trials_between_shifts.max(1);
        (later as usize + 1).min(rules.saturating_sub(1))
    }
}

impl EnvironmentSettings for GoNoGoConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(self)?))
    }

    fn score_names(&self) -> Vec<String> {
        scores::names(&self.rules()).map(str::to_owned).collect()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        scores::scores(&self.rules(), trials)
    }

    fn events(&self) -> Vec<(u64, String)> {
        let shifts = self.rules().len().saturating_sub(1) as u64;
        let name = |index| if shifts == 1 { "shift".to_owned() } else { format!("shift {}", index + 1) };
        (0..shifts).map(|index| (self.trials_before_shift + index * self.trials_between_shifts, name(index))).collect()
    }
}

/// The environment; see the module's head.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environment::{Action, Environment};
/// use tegmentum::behaviour::environments::go_no_go::GoNoGoConfig;
/// use tegmentum::random::Key;
///
/// let mut environment = GoNoGoConfig::default().build()?;
/// let mut stimulus = vec![0.0; environment.num_observations()];
/// environment.begin(Key::from_seed(1), &mut stimulus);
/// let outcome = environment.step(Action::Choice(0), &mut stimulus);
/// assert!(outcome.end_of_trial && outcome.reward == 0.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GoNoGo {
    config: GoNoGoConfig,
    rules: Vec<Cue>,
    /// Activity of a unit whose population is active, 1/√n.
    active: f32,
    trial: u64,
    condition: u16,
    valid: bool,
}

crate::archived!(GoNoGo { trial, condition, valid } fixed { config, rules, active });

impl Environment for GoNoGo {
    fn num_observations(&self) -> usize {
        POPULATIONS * self.config.units
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn no_response(&self) -> Option<usize> {
        Some(0)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        // The noise has chunks of its own, from the first one on: block 0 is left to what is drawn here.
        let block = key.block(0);
        self.condition = (block[0] >> 30) as u16;
        self.valid = f64::from(block[1]) < self.config.validity * 4_294_967_296.0;
        let (visual, auditory) = (usize::from(self.condition / 2), 2 + usize::from(self.condition % 2));
        for (index, population) in observation.chunks_mut(self.config.units).enumerate() {
            population.fill(if index == visual || index == auditory { self.active } else { 0.0 });
        }
        if self.config.noise > 0.0 {
            noise::add_box_muller(key, 1, self.config.noise as f32, observation);
        }
        for value in observation {
            *value = value.max(0.0);
        }
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let block = self.config.block(self.trial, self.rules.len());
        let wanted = self.rules[block].is_in(self.condition);
        let go = action.number() >= 0.5;
        self.trial += 1;
        Outcome {
            reward: self.config.rewards.of(go, wanted == self.valid),
            end_of_trial: true,
            correct: go == wanted,
            condition: self.condition,
            block: block as u16,
            target: f64::from(u8::from(wanted)),
        }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(config: &GoNoGoConfig, trials: u64, answer: impl Fn(u64) -> f64) -> Vec<(Outcome, Vec<f32>)> {
        let mut environment = config.build().unwrap();
        let mut observation = vec![0.0; environment.num_observations()];
        (0..trials)
            .map(|trial| {
                environment.begin(Key::from_seed(5).child(trial), &mut observation);
                let seen = observation.clone();
                (environment.step(Action::Choice(answer(trial) as usize), &mut observation), seen)
            })
            .collect()
    }

    #[test]
    fn stimuli_are_two_populations_of_four() {
        let clean = GoNoGoConfig { noise: 0.0, ..GoNoGoConfig::default() };
        let mut counts = [0u32; 4];
        for (outcome, seen) in play(&clean, 4000, |_| 0.0) {
            let length: f64 = seen.iter().map(|&value| f64::from(value).powi(2)).sum();
            assert!((length - 2.0).abs() < 1e-5);
            let active: Vec<usize> = (0..4).filter(|&index| seen[20 * index] > 0.0).collect();
            let condition = usize::from(outcome.condition);
            assert_eq!(active, [condition / 2, 2 + condition % 2]);
            counts[condition] += 1;
        }
        // Standard deviation of a count is 27.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 135), "{counts:?}");
    }

    #[test]
    fn noise_is_floored_and_has_its_size() {
        let trials = play(&GoNoGoConfig::default(), 500, |_| 0.0);
        let active = 1.0 / 20f64.sqrt();
        let (mut square, mut count) = (0.0, 0.0);
        for (outcome, seen) in &trials {
            assert!(seen.iter().all(|&value| value >= 0.0));
            let visual = 20 * usize::from(outcome.condition / 2);
            for &value in &seen[visual..visual + 20] {
                square += (f64::from(value) - active).powi(2);
                count += 1.0;
            }
        }
        // 1/√20 is 4.5 deviations above the floor.
        assert!(((square / count).sqrt() - 0.05).abs() < 0.001);
    }

    #[test]
    fn rules_follow_one_another_and_the_last_one_stays() {
        let config = GoNoGoConfig {
            shift: Shift::Serial,
            trials_before_shift: 10,
            trials_between_shifts: 5,
            ..GoNoGoConfig::default()
        };
        let blocks: Vec<u16> = play(&config, 40, |_| 1.0).iter().map(|(outcome, _)| outcome.block).collect();
        let expected: Vec<u16> = (0..40u16).map(|t| if t < 10 { 0 } else { ((t - 10) / 5 + 1).min(4) }).collect();
        assert_eq!(blocks, expected);
        assert_eq!(config.events().iter().map(|event| event.0).collect::<Vec<_>>(), [10, 15, 20, 25]);
    }

    #[test]
    fn rewards_are_those_of_the_table() {
        for (outcome, _) in play(&GoNoGoConfig::default(), 800, |trial| (trial % 2) as f64) {
            let wanted = if outcome.block == 0 { outcome.condition < 2 } else { outcome.condition % 2 == 0 };
            let go = outcome.correct == wanted;
            assert_eq!(outcome.reward, if go { if wanted { 1.0 } else { -1.0 } } else { 0.0 });
        }
    }

    #[test]
    fn validity_is_the_share_of_rewards_that_fit() {
        let config = GoNoGoConfig { validity: 0.8, trials_before_shift: 20_000, ..GoNoGoConfig::default() };
        let trials = play(&config, 20_000, |_| 1.0);
        let fitting = trials.iter().filter(|(outcome, _)| outcome.correct == (outcome.reward > 0.0)).count() as f64;
        // Standard deviation .0028.
        assert!((fitting / 20_000.0 - 0.8).abs() < 0.012);
    }

    #[test]
    fn an_agent_changes_no_stimulus() {
        let config = GoNoGoConfig::default();
        let (first, second) = (play(&config, 50, |_| 0.0), play(&config, 50, |_| 1.0));
        assert!(first.iter().zip(&second).all(|((_, a), (_, b))| a == b));
    }

    /// Whatever is called correct pays at least what is not.
    #[test]
    fn a_correct_answer_must_not_pay_less() {
        for (text, known) in [
            ("rewards = { hit = -1.0 }", false),
            ("rewards = { correct_rejection = -2.0 }", false),
            ("rewards = { false_alarm = 0.5 }", false),
            ("rewards = { false_alarm = 0.0 }", true),
            ("rewards = { hit = 10.0, false_alarm = -10.0 }", true),
        ] {
            assert_eq!(toml::from_str::<GoNoGoConfig>(text).unwrap().build().is_ok(), known, "{text}");
        }
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        for text in
            ["validity = 0.5", "noise = -1.0", "units = 0", "rewards = { hit = inf }", "shift = { custom = [] }"]
        {
            let config: GoNoGoConfig = toml::from_str(text).unwrap();
            let name = text.split([' ', '{']).next().unwrap();
            assert!(config.build().unwrap_err().to_string().contains(name), "{text}");
        }
    }
}

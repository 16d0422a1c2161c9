//! Volatile bandit: two arms whose probabilities are stable in one phase and swap in another.
//!
//! ```text
//!     the better arm pays with the phase's p, and when it does not the other one pays;  it changes every so many trials
//! ```
//!
//! | schedule | phases | source |
//! |---|---|---|
//! | `meder-2017` | 60 trials at 75/25; 60 at 80/20, a swap every 20; which comes first is random | Meder et al. 2017 |
//! | `behrens-2007` | 120 trials at 75/25; 120 at 80/20, a swap every 30 to 40 (random) | Behrens et al. 2007 |
//! | `noise-control` | 120 trials at 90/10 and 120 at 65/35, a swap every 30 in both: the same volatility, more noise | ours |
//! | `custom` | the `phases` given | |
//!
//! # A trial
//! One step. Observation `[1]`: always 1. Two choices. Reward 1 if the chosen arm pays, else 0; exactly one arm pays in a trial. The
//! first better arm, random swaps and the random order follow from the key of the run, which arm pays from that of the
//! trial. After the last phase the first comes again.
//!
//! # Scores
//! `correct` share of choices of the better arm, the first · `correct_NAME` by phase · `learning_rate_NAME` as fitted to the choices of the
//! phase · `learning_rate_change` that of the second phase minus that of the first, if there are two.
//!
//! # Oracle
//! In a stable phase the better arm pays p: an agent that always takes it earns p, chance earns one half.
//!
//! Reference: T. E. J. Behrens, M. W. Woolrich, M. E. Walton, M. F. S. Rushworth, Nature Neuroscience 10, 1214–1221, 2007,
//! doi:10.1038/nn1954 (length of a swap as usually quoted); D. Meder et al., Nature Communications 8, 1942, 2017, for the other.

use serde::{Deserialize, Serialize};

use super::reversal::{check_better_arm, chosen_arm, fitted_rate, share_correct};
use crate::behaviour::environment::{
    Action, ActionSpace, Environment, EnvironmentSettings, Outcome, OutcomeModel, ReversalModel, TrialReport,
};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result};
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "volatile_bandit",
    summary: "two arms, stable in one phase and swapping in another",
    reference: "Behrens, Woolrich, Walton, Rushworth, Nat. Neurosci. 10, 1214, 2007; Meder et al. 2017",
};

/// A phase.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::volatile_bandit::BanditPhase;
///
/// let phase: BanditPhase = toml::from_str("name = 'volatile'\ntrials = 60\nprobability = 0.8\nswap_every = [20, 20]")?;
/// assert_eq!(phase.swap_every, Some([20, 20]));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BanditPhase {
    /// Its name, in the names of scores.
    pub name: String,
    /// Number of trials.
    pub trials: u64,
    /// Probability p that the better arm pays, between 0.5 and 1.
    pub probability: f64,
    /// Least and most trials between swaps; none if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_every: Option<[u64; 2]>,
}

/// BanditSchedules by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BanditSchedule {
    /// Stable, then volatile.
    #[default]
    #[serde(rename = "behrens-2007")]
    Behrens2007,
    /// Stable and volatile in random order.
    #[serde(rename = "meder-2017")]
    Meder2017,
    /// Little, then more noise.
    NoiseControl,
    /// The phases given.
    Custom,
}

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::volatile_bandit::VolatileBanditConfig;
///
/// let config: VolatileBanditConfig = toml::from_str("schedule = 'meder-2017'")?;
/// assert_eq!(config.phases().iter().map(|phase| phase.trials).sum::<u64>(), 120);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VolatileBanditConfig {
    /// Which schedule.
    pub schedule: BanditSchedule,
    /// The phases of a `custom` schedule.
    pub phases: Vec<BanditPhase>,
}

impl VolatileBanditConfig {
    /// The phases, in the order of the table.
    pub fn phases(&self) -> Vec<BanditPhase> {
        let phase = |name: &str, trials, probability, swap_every| BanditPhase {
            name: name.to_owned(),
            trials,
            probability,
            swap_every,
        };
        match self.schedule {
            BanditSchedule::Behrens2007 => {
                vec![phase("stable", 120, 0.75, None), phase("volatile", 120, 0.8, Some([30, 40]))]
            }
            BanditSchedule::Meder2017 => {
                vec![phase("stable", 60, 0.75, None), phase("volatile", 60, 0.8, Some([20, 20]))]
            }
            BanditSchedule::NoiseControl => {
                vec![phase("clear", 120, 0.9, Some([30, 30])), phase("noisy", 120, 0.65, Some([30, 30]))]
            }
            BanditSchedule::Custom => self.phases.clone(),
        }
    }

    /// The environment; the first better arm, swaps and order follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a phase outside its range, no phase, or phases beside a named schedule.
    pub fn build(&self, key: Key) -> Result<VolatileBandit> {
        let mut phases = self.phases();
        if phases.is_empty() || (self.schedule != BanditSchedule::Custom && !self.phases.is_empty()) {
            let (value, requirement) = (self.phases.len() as f64, "given with schedule = \"custom\" and only there");
            return Err(Error::InvalidParameter { name: "phases", value, requirement });
        }
        for phase in &phases {
            check_better_arm("phases.probability", phase.probability)?;
            let [least, most] = phase.swap_every.unwrap_or([1, 1]);
            if phase.trials == 0 || least == 0 || most < least {
                let requirement = "at least 1 trial, between swaps too, and the least at most the most";
                return Err(Error::InvalidParameter { name: "phases", value: phase.trials as f64, requirement });
            }
        }
        let mut random = key.stream();
        let mut order: Vec<u16> = (0..phases.len() as u16).collect();
        if self.schedule == BanditSchedule::Meder2017 && random.below(2) == 1 {
            phases.reverse();
            order.reverse();
        }
        let better = random.below(2);
        Ok(VolatileBandit { phases, order, random, better, trial_of_phase: 0, phase: 0, until_swap: None, pays: 0 })
    }
}

impl EnvironmentSettings for VolatileBanditConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(self, key)?))
    }

    fn score_names(&self) -> Vec<String> {
        let phases = self.phases();
        let by_phase = |score: &'static str| phases.iter().map(move |phase| format!("{score}_{}", phase.name));
        let mut names = vec!["correct".to_owned()];
        names.extend(by_phase("correct"));
        names.extend(by_phase("learning_rate"));
        if phases.len() > 1 {
            names.push("learning_rate_change".to_owned());
        }
        names
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let phases = 0..self.phases().len();
        let in_phase = |phase: usize| trials.iter().filter(move |trial| usize::from(trial.block) == phase);
        let correct = |share: f64| Score::of(share, "no trial of this phase");
        let mut scores = vec![correct(share_correct(trials.iter()))];
        scores.extend(phases.clone().map(|phase| correct(share_correct(in_phase(phase)))));
        let rates: Vec<Score> = phases.map(|phase| fitted_rate(in_phase(phase))).collect();
        scores.extend(&rates);
        if let [first, second, ..] = rates[..] {
            scores.push(Score::of(second.or_nan() - first.or_nan(), "the run has no trial of one of the two phases"));
        }
        scores
    }

    fn events(&self) -> Vec<(u64, String)> {
        if self.schedule == BanditSchedule::Meder2017 {
            return Vec::new();
        }
        let mut begin = 0;
        let mut events = Vec::new();
        for phase in self.phases() {
            events.push((begin, phase.name));
            begin += phase.trials;
        }
        events
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct VolatileBandit {
    phases: Vec<BanditPhase>,
    order: Vec<u16>,
    random: Stream,
    better: usize,
    phase: usize,
    trial_of_phase: u64,
    until_swap: Option<u64>,
    pays: usize,
}

crate::archived!(VolatileBandit { random, better, phase, trial_of_phase, until_swap, pays } fixed { phases, order });

impl VolatileBandit {
    /// Time passes: the next phase, a swap.
    fn advance(&mut self) {
        if self.trial_of_phase == self.phases[self.phase].trials {
            (self.phase, self.trial_of_phase) = ((self.phase + 1) % self.phases.len(), 0);
        }
        let swaps = self.phases[self.phase].swap_every;
        if self.trial_of_phase == 0 {
            self.until_swap = swaps.map(|bounds| self.draw(bounds));
        } else if self.until_swap == Some(0) {
            self.better = 1 - self.better;
            self.until_swap = swaps.map(|bounds| self.draw(bounds));
        }
        self.until_swap = self.until_swap.map(|trials| trials.saturating_sub(1));
    }

    fn draw(&mut self, [least, most]: [u64; 2]) -> u64 {
        least + self.random.below((most - least + 1) as usize) as u64
    }
}

impl Environment for VolatileBandit {
    fn num_observations(&self) -> usize {
        1
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        self.advance();
        let as_expected = key.stream().uniform() < self.phases[self.phase].probability;
        self.pays = if as_expected { self.better } else { 1 - self.better };
        observation[0] = 1.0;
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let chosen = chosen_arm(action);
        self.trial_of_phase += 1;
        Outcome {
            reward: f64::from(u8::from(chosen == self.pays)),
            end_of_trial: true,
            correct: chosen == self.better,
            condition: 0,
            block: self.order[self.phase],
            target: self.better as f64,
        }
    }

    /// Swaps at fixed distances are told as a hazard: one over their mean distance.
    fn outcome_model(&self) -> Option<OutcomeModel> {
        let model = |phase: &BanditPhase| ReversalModel {
            trials: phase.trials,
            hazard: phase.swap_every.map_or(0.0, |[least, most]| 2.0 / (least as f64 + most as f64)),
            probability: phase.probability,
        };
        Some(OutcomeModel::Reversals(self.phases.iter().map(model).collect()))
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn better_arms(schedule: BanditSchedule, trials: u64, seed: u64) -> Vec<(usize, u16, f64)> {
        let config = VolatileBanditConfig { schedule, ..VolatileBanditConfig::default() };
        let mut environment = config.build(Key::from_seed(seed)).unwrap();
        let answer = |trial| {
            environment.begin(Key::from_seed(seed + 1).child(trial), &mut [0.0]);
            let better = environment.better;
            let outcome = environment.step(Action::Choice(better), &mut [0.0]);
            assert!(outcome.correct);
            (better, outcome.block, outcome.reward)
        };
        (0..trials).map(answer).collect()
    }

    #[test]
    fn arms_swap_when_the_schedule_says() {
        let swaps = |arms: &[(usize, u16, f64)]| -> Vec<usize> {
            (1..arms.len()).filter(|&trial| arms[trial].0 != arms[trial - 1].0).collect()
        };
        assert_eq!(swaps(&better_arms(BanditSchedule::NoiseControl, 240, 1)), [30, 60, 90, 150, 180, 210]);
        let behrens = swaps(&better_arms(BanditSchedule::Behrens2007, 240, 2));
        assert!(behrens.iter().all(|&swap| swap >= 150) && (2..=3).contains(&behrens.len()), "{behrens:?}");
        let orders: Vec<u16> = (0..20).map(|seed| better_arms(BanditSchedule::Meder2017, 1, seed)[0].1).collect();
        assert!(orders.contains(&0) && orders.contains(&1));
    }

    #[test]
    fn the_better_arm_must_not_pay_less_in_any_phase() {
        let text = "schedule = 'custom'\nphases = [{ name = 'a', trials = 10, probability = 0.3 }]";
        let config: VolatileBanditConfig = toml::from_str(text).unwrap();
        assert!(config.build(Key::from_seed(1)).unwrap_err().to_string().contains("0.3"));
        assert!(!config.score_names().contains(&"learning_rate_change".to_owned()), "there is one phase");
    }

    /// Always the better arm: paid with the probability of the phase, within four standard errors.
    #[test]
    fn the_better_arm_pays_as_often_as_it_should() {
        let arms = better_arms(BanditSchedule::NoiseControl, 24_000, 3);
        for (block, probability) in [(0, 0.9), (1, 0.65)] {
            let rewards: Vec<f64> = arms.iter().filter(|arm| arm.1 == block).map(|arm| arm.2).collect();
            let count = rewards.len() as f64;
            let error = rewards.iter().sum::<f64>() / count - probability;
            assert!(error.abs() < 4.0 * (probability * (1.0 - probability) / count).sqrt());
        }
    }
}

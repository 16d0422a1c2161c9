//! Helicopter: predict where the next bag falls, while the helicopter that drops it moves without a word.
//!
//! ```text
//!     with probability h   m_t ~ U(low, high)     else   m_t = m_{t−1}          m_0 ~ U(low, high)
//!     x_t ~ N(m_t, σ²)                             hazard h and noise σ are those of the block
//! ```
//! m position of the helicopter · x outcome · B the answer, all in the unit of the range.
//!
//! # A trial
//! One step. Observation `[1]`: the last outcome, before the first one the middle of the range. The answer is a number B
//! between `low` and `high`, given before x is drawn into view. Reward −|B − x|. The positions m follow from the key of the run,
//! the noise of an outcome from the key of the trial.
//!
//! With [`bucket`](HelicopterConfig::bucket) the task is one for agents that choose: a choice moves a bucket (`helicopter/bucket.rs`).
//!
//! # Scores
//! `error` mean |B − m|, the first · `error_block_1`… the same by block · `learning_rate_block_1`… how much of its error the
//! agent acts upon, Σ|B_{t+1} − B_t| / Σ|x_t − B_t| · where hazards differ from block to block: `error_high_hazard`, `error_low_hazard` over
//! the blocks above the middle of their range, and those below, `hazard_effect` high minus low, `learning_rate_hazard_effect` the same for
//! learning rates · where noises differ: `error_high_noise`, `error_low_noise`, `noise_effect`, `learning_rate_noise_effect`. Errors are
//! in the unit of the range.
//!
//! # Oracles
//! The four blocks of the default, 200 trials each: [full Bayes](crate::behaviour::agents::full_bayes) 11.07, reduced Bayes with the true h and
//! σ 12.11, with (.05, 17.5) throughout 13.29, best Pearce–Hall 13.94, best fixed learning rate 16.94 (simulated, 200 seeds, standard
//! deviation over seeds 1.2 to 1.5).
//!
//! Reference: M. R. Nassar, R. C. Wilson, B. Heasly, J. I. Gold, Journal of Neuroscience 30(37), 12366–12378, 2010,
//! doi:10.1523/JNEUROSCI.0822-10.2010. The blocks of the default are ours.

mod bucket;

pub use self::bucket::BucketConfig;

use serde::{Deserialize, Serialize};

use self::bucket::Bucket;
use super::cycle::block_at;
use crate::behaviour::environment::{
    Action, ActionSpace, Environment, EnvironmentSettings, Outcome, OutcomeModel, TrialReport,
};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, fraction, positive};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "helicopter",
    summary: "predict a noisy number whose mean jumps: expected against unexpected uncertainty",
    reference: "Nassar, Wilson, Heasly, Gold, J. Neurosci. 30, 12366, 2010",
};

/// A stretch of trials with one hazard and one noise.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::helicopter::ChangePointBlock;
///
/// let block: ChangePointBlock = toml::from_str("trials = 200\nhazard = 0.1\nnoise = 25.0")?;
/// assert!(block.check().is_ok());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePointBlock {
    /// Number of trials.
    pub trials: u64,
    /// Probability h of a jump at each trial.
    pub hazard: f64,
    /// Standard deviation σ of outcomes around the mean.
    pub noise: f64,
}

impl ChangePointBlock {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn check(&self) -> Result<()> {
        if self.trials == 0 {
            return Err(Error::InvalidParameter { name: "blocks.trials", value: 0.0, requirement: "at least 1" });
        }
        fraction("blocks.hazard", self.hazard)?;
        positive("blocks.noise", self.noise)?;
        Ok(())
    }

    /// The number of the block that trial `trial` is in, and the block; after the last one the first comes again.
    pub(crate) fn at(blocks: &[Self], trial: u64) -> (u64, Self) {
        let (number, index) = block_at(blocks.iter().map(|block| block.trials), trial);
        (number, blocks[index])
    }

    /// The four blocks of the default: low and high hazard, with low and then with high noise.
    pub(crate) fn four() -> Vec<Self> {
        let block = |hazard, noise| Self { trials: 200, hazard, noise };
        vec![block(0.02, 10.0), block(0.1, 10.0), block(0.02, 25.0), block(0.1, 25.0)]
    }
}

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::helicopter::HelicopterConfig;
///
/// let config = HelicopterConfig::default();
/// assert_eq!(config.blocks.iter().map(|block| block.trials).sum::<u64>(), 800);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HelicopterConfig {
    /// The lowest position.
    pub low: f64,
    /// The highest position.
    pub high: f64,
    /// What follows what; after the last block the first comes again.
    pub blocks: Vec<ChangePointBlock>,
    /// A bucket that a choice moves, for agents that choose; none by default: then the answer is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketConfig>,
}

impl Default for HelicopterConfig {
    fn default() -> Self {
        Self { low: 0.0, high: 300.0, blocks: ChangePointBlock::four(), bucket: None }
    }
}

impl HelicopterConfig {
    /// The environment without a bucket; where the helicopter flies follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty range, no block, or a block outside its range, [`Error::Incompatible`] if there is a
    /// [`bucket`](Self::bucket): that is built by [`EnvironmentSettings::build`].
    pub fn build(&self, key: Key) -> Result<Helicopter> {
        match self.bucket {
            None => self.flight(key),
            Some(_) => Err(Error::Incompatible {
                what: "HelicopterConfig::build".to_owned(),
                with: "a bucket".to_owned(),
                reason: "the answer is a choice there: EnvironmentSettings::build makes it".to_owned(),
            }),
        }
    }

    /// The helicopter, with or without a bucket under it.
    fn flight(&self, key: Key) -> Result<Helicopter> {
        check_interval("helicopter.high", self.low, self.high)?;
        if self.blocks.is_empty() {
            return Err(Error::InvalidParameter { name: "blocks", value: 0.0, requirement: "at least one block" });
        }
        self.blocks.iter().try_for_each(ChangePointBlock::check)?;
        Ok(Helicopter {
            last: self.low + (self.high - self.low) / 2.0,
            config: self.clone(),
            key,
            trial: 0,
            mean: 0.0,
            outcome: 0.0,
            jumped: false,
        })
    }
}

impl HelicopterConfig {
    /// What differs between the blocks: its name, and its value in each of them.
    fn factors(&self) -> Vec<(&'static str, Vec<f64>)> {
        let of = |factor: fn(&ChangePointBlock) -> f64| self.blocks.iter().map(factor).collect::<Vec<_>>();
        let factors = [("hazard", of(|block| block.hazard)), ("noise", of(|block| block.noise))];
        factors.into_iter().filter(|(_, values)| values.iter().any(|value| *value != values[0])).collect()
    }
}

impl EnvironmentSettings for HelicopterConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        match &self.bucket {
            Some(bucket) => Ok(Box::new(Bucket::new(self, bucket, key)?)),
            None => Ok(Box::new(self.flight(key)?)),
        }
    }

    fn score_names(&self) -> Vec<String> {
        if self.bucket.is_some() {
            let of_places = self.names_of_numbers().into_iter().filter(|name| !name.starts_with("learning_rate"));
            return bucket::OWN_SCORES.map(str::to_owned).into_iter().chain(of_places).collect();
        }
        self.names_of_numbers()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        if self.bucket.is_none() {
            return self.scores_of_numbers(trials);
        }
        let of_places = self.scores_of_numbers(&bucket::as_numbers(trials));
        let named = self.names_of_numbers().into_iter().zip(of_places);
        let of_places = named.filter(|(name, _)| !name.starts_with("learning_rate")).map(|(_, score)| score);
        bucket::own_scores(trials).into_iter().chain(of_places).collect()
    }

    fn events(&self) -> Vec<(u64, String)> {
        let mut begin = 0;
        let mut events = Vec::new();
        for block in &self.blocks {
            events.push((begin, format!("hazard {}, noise {}", block.hazard, block.noise)));
            begin += block.trials;
        }
        events
    }
}

impl HelicopterConfig {
    /// The names of the scores where the answer is a number.
    fn names_of_numbers(&self) -> Vec<String> {
        let by_block = |name: &'static str| (1..=self.blocks.len()).map(move |block| format!("{name}_block_{block}"));
        let mut names = vec!["error".to_owned()];
        names.extend(by_block("error"));
        names.extend(by_block("learning_rate"));
        for (factor, _) in self.factors() {
            names.push(format!("error_high_{factor}"));
            names.push(format!("error_low_{factor}"));
            names.push(format!("{factor}_effect"));
            names.push(format!("learning_rate_{factor}_effect"));
        }
        names
    }

    /// The scores where the answer is a number.
    fn scores_of_numbers(&self, trials: &[TrialReport]) -> Vec<Score> {
        let sums = Sums::of(trials, self.blocks.len());
        let all = |_: usize| true;
        let mut scores = vec![Score::of(sums.error(all), "no trial")];
        let blocks = 0..self.blocks.len();
        scores.extend(blocks.clone().map(|block| Score::of(sums.error(|at| at == block), "no trial of this block")));
        scores.extend(blocks.map(|block| Score::of(sums.rate(|at| at == block), "no error of this block to act upon")));
        for (_, values) in self.factors() {
            let (low, high) = values.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &v| (low.min(v), high.max(v)));
            let is_high = |block: usize| values[block] > low + (high - low) / 2.0;
            let is_low = |block: usize| !is_high(block);
            let [high, low] = [sums.error(is_high), sums.error(is_low)];
            let effects = [high, low, high - low, sums.rate(is_high) - sums.rate(is_low)];
            scores.extend(effects.map(|effect| Score::of(effect, "the run has no trial of one kind of block")));
        }
        scores
    }
}

/// Whether `high` is above `low`, and both are such that the interval is resolved by what is seen: f32 has seven digits.
pub(super) fn check_interval(name: &'static str, low: f64, high: f64) -> Result<()> {
    let (width, largest) = (high - low, low.abs().max(high.abs()));
    if (1e-30..=1e30).contains(&largest) && width >= 1e-4 * largest {
        return Ok(());
    }
    let requirement = "above low by at least a ten-thousandth of the larger of both, which is between 1e-30 and 1e30";
    Err(Error::InvalidParameter { name, value: high, requirement })
}

/// Sums over the trials of each block.
struct Sums {
    errors: Vec<f64>,
    trials: Vec<f64>,
    /// Σ|B_{t+1} − B_t| and Σ|x_t − B_t|.
    moved: Vec<f64>,
    missed: Vec<f64>,
}

impl Sums {
    fn of(trials: &[TrialReport], blocks: usize) -> Self {
        let [errors, count, moved, missed] = [0; 4].map(|_| vec![0.0; blocks]);
        let mut sums = Self { errors, trials: count, moved, missed };
        for (index, trial) in trials.iter().enumerate() {
            let block = usize::from(trial.block) % blocks;
            sums.errors[block] += (trial.action - trial.target).abs();
            sums.trials[block] += 1.0;
            if let Some(next) = trials.get(index + 1) {
                sums.moved[block] += (next.action - trial.action).abs();
                sums.missed[block] -= trial.reward;
            }
        }
        sums
    }

    fn over(values: &[f64], wanted: impl Fn(usize) -> bool) -> f64 {
        values.iter().enumerate().filter(|(block, _)| wanted(*block)).map(|(_, value)| value).sum()
    }

    /// Mean error over the blocks that are wanted; NaN without a trial.
    fn error(&self, wanted: impl Fn(usize) -> bool + Copy) -> f64 {
        Self::over(&self.errors, wanted) / Self::over(&self.trials, wanted)
    }

    /// Share of the error that was acted upon.
    fn rate(&self, wanted: impl Fn(usize) -> bool + Copy) -> f64 {
        Self::over(&self.moved, wanted) / Self::over(&self.missed, wanted)
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct Helicopter {
    config: HelicopterConfig,
    key: Key,
    trial: u64,
    mean: f64,
    outcome: f64,
    last: f64,
    jumped: bool,
}

crate::archived!(Helicopter { trial, mean, outcome, last, jumped } fixed { config, key });

impl Environment for Helicopter {
    fn num_observations(&self) -> usize {
        1
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Interval { low: self.config.low, high: self.config.high }
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let (_, block) = ChangePointBlock::at(&self.config.blocks, self.trial);
        let mut flight = self.key.child(self.trial).stream();
        self.jumped = flight.uniform() < block.hazard || self.trial == 0;
        if self.jumped {
            self.mean = self.config.low + (self.config.high - self.config.low) * flight.uniform();
        }
        self.outcome = self.mean + block.noise * f64::from(key.stream().normal());
        observation[0] = self.last as f32;
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let answer = action.number().clamp(self.config.low, self.config.high);
        let (number, block) = ChangePointBlock::at(&self.config.blocks, self.trial);
        self.trial += 1;
        self.last = self.outcome;
        observation[0] = self.outcome as f32;
        Outcome {
            reward: -(answer - self.outcome).abs(),
            end_of_trial: true,
            correct: (answer - self.mean).abs() <= block.noise,
            condition: u16::from(self.jumped),
            block: number as u16,
            target: self.mean,
        }
    }

    fn outcome_model(&self) -> Option<OutcomeModel> {
        Some(OutcomeModel::ChangePoints(self.config.blocks.clone()))
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::agents::AgentConfig;
    use crate::behaviour::environments::EnvironmentConfig;
    use crate::behaviour::session::Behaviour;
    use crate::neuromodulation::system::NeuromodulationConfig;

    #[test]
    fn blocks_follow_each_other_and_come_again() {
        let blocks = ChangePointBlock::four();
        let at = |trial| ChangePointBlock::at(&blocks, trial).0;
        assert_eq!([at(0), at(199), at(200), at(799), at(800), at(1000)], [0, 0, 1, 3, 4, 5]);
    }

    /// Hazard, spread and mean of the flights are those of the settings, within four standard errors.
    #[test]
    fn flights_have_the_stated_statistics() -> Result<()> {
        let blocks = vec![ChangePointBlock { trials: 1, hazard: 0.1, noise: 25.0 }];
        let mut environment = HelicopterConfig { blocks, ..HelicopterConfig::default() }.build(Key::from_seed(1))?;
        let (trials, mut jumps, mut means, mut squares) = (40_000, 0.0, 0.0, 0.0);
        for trial in 0..trials {
            let mut observation = [0.0];
            environment.begin(Key::from_seed(2).child(trial), &mut observation);
            let outcome = environment.step(Action::Value(0.0), &mut observation);
            jumps += f64::from(outcome.condition);
            means += outcome.target;
            squares += (f64::from(observation[0]) - outcome.target).powi(2);
        }
        let count = trials as f64;
        assert!((jumps / count - 0.1).abs() < 4.0 * (0.09 / count).sqrt());
        assert!((squares / count / 625.0 - 1.0).abs() < 4.0 * (2.0 / count).sqrt());
        // The position is kept for 1/h trials, twice that with its correlation: (2/h − 1) times fewer free ones.
        assert!((means / count - 150.0).abs() < 4.0 * (7500.0 * 19.0 / count).sqrt());
        Ok(())
    }

    #[test]
    fn settings_out_of_range_are_named() {
        for text in [
            "low = 5.0\nhigh = 5.0",
            "low = 1e9\nhigh = 1000000001.0",
            "high = 1e-300",
            "blocks = []",
            "blocks = [{ trials = 0, hazard = 0.1, noise = 1.0 }]",
        ] {
            let config: HelicopterConfig = toml::from_str(text).unwrap();
            assert!(config.build(Key::from_seed(1)).is_err(), "{text}");
        }
    }

    fn run(environment: &str, agent: &str, system: &str, seeds: std::ops::Range<u64>, trials: u64) -> Vec<Vec<f64>> {
        let environment: EnvironmentConfig = toml::from_str(environment).unwrap();
        let agent: AgentConfig = toml::from_str(agent).unwrap();
        let system: NeuromodulationConfig = toml::from_str(system).unwrap();
        let scores = |seed| {
            let key = Key::from_seed(seed);
            let mut behaviour = Behaviour::from_settings(&environment, &agent, &system, key).unwrap();
            let trials: Vec<_> = (0..trials).map(|trial| behaviour.trial(key.child(3).child(trial)).unwrap()).collect();
            environment.scores(&trials).into_iter().map(Score::or_nan).collect()
        };
        seeds.map(scores).collect()
    }

    fn mean(runs: &[Vec<f64>], score: &str) -> f64 {
        let names = HelicopterConfig::default().score_names();
        let index = names.iter().position(|name| name == score).unwrap();
        runs.iter().map(|run| run[index]).sum::<f64>() / runs.len() as f64
    }

    const CHANGE_POINT: &str = "preset = 'change-point'";

    /// The table of the module's head: figures of an independent simulation, within four standard errors of a difference
    /// (standard deviation over seeds 1.2 to 1.5, 100 seeds here, 200 there).
    #[test]
    fn observers_have_the_published_errors() {
        for (agent, expected) in [
            ("[adaptive_estimator]\nlearning_rate = 0.61", 16.94),
            ("[reduced_bayes]", 12.11),
            ("[reduced_bayes]\nrun_length = 'expected'", 12.17),
            ("[reduced_bayes]\nblocks = [{ trials = 200, hazard = 0.05, noise = 17.5 }]", 13.29),
            (
                "[reduced_bayes]\nrun_length = 'expected'\nblocks = [{ trials = 200, hazard = 0.05, noise = 17.5 }]",
                13.78,
            ),
            ("[full_bayes]\npositions = 101", 11.07),
        ] {
            let error = mean(&run("[helicopter]", agent, "", 0..100, 800), "error");
            assert!((error - expected).abs() < 4.0 * 1.4 * (1.0f64 / 100.0 + 1.0 / 200.0).sqrt(), "{agent}: {error}");
        }
        let pearce_hall = mean(&run("[helicopter]", "[pearce_hall]", "", 0..100, 800), "error");
        assert!((13.3..14.8).contains(&pearce_hall), "{pearce_hall}");
    }

    /// Told noise and hazard, the four modulators are reduced Bayes: the same answers, trial by trial.
    #[test]
    fn the_modulators_make_a_delta_rule_reduced_bayes() {
        let environment = "[helicopter]\nblocks = [{ trials = 300, hazard = 0.1, noise = 25.0 }]";
        let told = "[reduced_bayes]\nblocks = [{ trials = 300, hazard = 0.1, noise = 25.0 }]";
        let system = "preset = 'change-point'\npharmacology = [{ modulator = 'acetylcholine', action = { clamp = 0.083333333333333333 } }]\n\
                      [locus_coeruleus.change_point_probability]\ninitial_hazard = 0.1\ninitial_trials = inf";
        let one = &run(environment, told, "", 0..3, 300);
        let other = &run(environment, "[adaptive_estimator]", system, 0..3, 300);
        for (one, other) in one.iter().zip(other) {
            assert!((one[0] - other[0]).abs() < 1e-6, "{one:?} {other:?}");
        }
    }

    /// Without being told: 12.5 over 200 seeds, with a standard deviation of 1.25; the bound is what is asked for.
    #[test]
    fn noise_and_hazard_need_not_be_told() {
        let error = mean(&run("[helicopter]", "[adaptive_estimator]", CHANGE_POINT, 60_000..60_100, 800), "error");
        assert!(error < 12.8, "{error}");
    }

    #[test]
    fn noradrenaline_and_acetylcholine_dissociate() {
        let drugged = |drug: &str| {
            let system = format!("{CHANGE_POINT}\npharmacology = [{{ modulator = {drug} }}]");
            run("[helicopter]", "[adaptive_estimator]", &system, 60_000..60_040, 800)
        };
        let intact = run("[helicopter]", "[adaptive_estimator]", CHANGE_POINT, 60_000..60_040, 800);
        let half = drugged("'noradrenaline', action = { lesion = 0.5 }");
        let none = drugged("'noradrenaline', action = { lesion = 1.0 }");
        let blind = drugged("'acetylcholine', action = { clamp = 0.033333333333333333 }");
        let cost = |runs: &[Vec<f64>], score: &str| mean(runs, score) - mean(&intact, score);
        assert!(cost(&half, "error_high_hazard") > cost(&half, "error_low_hazard") + 1.0);
        assert!(cost(&blind, "error_high_noise") > 3.0);
        assert!(cost(&blind, "error_low_noise").abs() < 0.4);
        assert!((1..=4).all(|block| cost(&none, &format!("error_block_{block}")) > 10.0));
    }
}

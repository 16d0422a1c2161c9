//! Seeds of one arm side by side, where the arm is plain weight perturbation on a tiny perceptron.
//!
//! The runs share a [`Lockstep`]; each is watched as if it were alone, at the same updates and with the same bits, and its
//! trial is the same one. A run that reaches its targets is seen no more. When few are left, they go on alone.

use std::sync::Arc;

use super::prepared::PreparedSetting;
use super::watch::RunWatch;
use crate::config::{Arm, StudyConfig};
use crate::logs::{LoggedRun, StateOfRun};
use crate::metric::Metric;
use crate::trial::{ProcessorClock, Trial};
use crate::work::Work;
use tegmentum::archive::{Archive, Archived};
use tegmentum::error::{Error, Result};
use tegmentum::learning::fused::lockstep::{Lockstep, MAX_RUNS, MIN_RUNS};
use tegmentum::learning::fused::seeds::Seeds;
use tegmentum::learning::fused::{MAX_DIRECTIONS, is_plain};
use tegmentum::learning::group::Member;
use tegmentum::learning::observer::Observer;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::run_log::RunLog;
use tegmentum::learning::training::Ended;
use tegmentum::random::Key;

/// What runs in a setting are judged by.
pub(super) struct Judge<'a> {
    pub(super) study: &'a StudyConfig,
    pub(super) metrics: &'a [Metric],
    pub(super) setting: &'a PreparedSetting,
}

/// How many of `count` seeds of an arm are run together: 1 where they are not.
pub(super) fn seeds_per_job(setting: &PreparedSetting, arm: &Arm, count: usize) -> usize {
    let groups = count.div_ceil(MAX_RUNS).max(1);
    let size = count.div_ceil(groups);
    if size >= MIN_RUNS && is_served(setting, arm) { size } else { 1 }
}

/// Whether runs of an arm can go in lockstep, and gain by it: many directions fill the lanes of one run alone.
fn is_served(setting: &PreparedSetting, arm: &Arm) -> bool {
    let Some(OptimizerConfig::WeightPerturbation(config)) = &arm.optimizer else { return false };
    setting.fused_for(arm).is_some()
        && arm.neuromodulation.is_none()
        && is_plain(config)
        && config.directions <= MAX_DIRECTIONS
}

impl Judge<'_> {
    /// Runs one arm with one seed.
    ///
    /// # Errors
    /// If the arm cannot be built. A run whose parameters become NaN or infinite is lost, and no error.
    pub(super) fn run_trial(&self, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        let mut clock = ProcessorClock::start();
        let log = work.log(&self.logged(arm, seed))?;
        let objective = log.as_ref().map(|log| log.objective(self.setting.objective(arm)));
        let mut learner = match &objective {
            Some(objective) => self.setting.learner_on(objective, arm, seed)?,
            None => self.setting.learner(arm, seed)?,
        };
        let mut watch = RunWatch::new(self.study, (self.setting, arm), work);
        let (batches, budget) = (Key::from_seed(seed).child(2), self.setting.budget);
        let training = (&mut *learner, batches, budget);
        let ended = work.train(&format!("seed {seed}"), training, log.as_ref(), &mut watch, &mut clock)?;
        let seconds = clock.seconds() - watch.judging;
        let state_bytes = learner.state_bytes();
        self.trial(watch, (arm, seed), ended, state_bytes, seconds)
    }

    /// The run of an arm with a seed, as its log has it.
    fn logged<'b>(&'b self, arm: &'b Arm, seed: u64) -> LoggedRun<'b> {
        LoggedRun { study: self.study, setting: &self.setting.setting.name, arm, seed }
    }

    /// A logged run after `update` of its updates; the objective is not evaluated, the model is judged.
    ///
    /// # Errors
    /// Those of [`RunLog::restore`].
    pub(super) fn state(&self, arm: &Arm, seed: u64, log: &RunLog, update: u64) -> Result<StateOfRun> {
        let objective = log.objective(self.setting.objective(arm));
        let mut learner = self.setting.learner_on(&objective, arm, seed)?;
        let place = log.restore(&mut *learner, Key::from_seed(seed).child(2), update)?;
        let (network, problem) = (self.setting.network_of(arm), &self.setting.problem);
        StateOfRun::of(&mut *learner, place, (network, problem), &self.study.metrics, |model| {
            self.setting.deliver(arm, model);
        })
    }

    /// The trial of a run from how it ended.
    fn trial(
        &self,
        watch: RunWatch<'_>,
        (arm, seed): (&Arm, u64),
        ended: Result<(Ended, Vec<f32>)>,
        state_bytes: usize,
        seconds: f64,
    ) -> Result<Trial> {
        match ended {
            Ok((ended, mut solution)) => {
                self.setting.deliver(arm, &mut solution);
                watch.trial(seed, &ended, solution, state_bytes, seconds)
            }
            Err(Error::NonFinite { .. }) => {
                let budget = self.setting.budget;
                Ok(Trial::lost(seed, watch.into_curve(), self.metrics, budget, seconds))
            }
            Err(error) => Err(error),
        }
    }

    /// One run for each seed, side by side if possible, in the order of the seeds.
    ///
    /// # Errors
    /// As [`run_trial`](Self::run_trial); the error of the first seed that has one.
    pub(super) fn run_trials(&self, arm: &Arm, seeds: &[u64], work: &Work<'_>) -> Result<Vec<Trial>> {
        let mut clock = ProcessorClock::start();
        let is_logged = seeds.iter().any(|&seed| work.is_logged(&self.logged(arm, seed)));
        let lockstep = if is_logged { None } else { lockstep(self.setting, arm, seeds)? };
        let Some(lockstep) = lockstep else {
            return seeds.iter().map(|&seed| self.run_trial(arm, seed, work)).collect();
        };
        let state_bytes = lockstep.state_bytes();
        let keys: Vec<Key> = seeds.iter().map(|&seed| Key::from_seed(seed).child(2)).collect();
        let mut watches: Vec<RunWatch<'_>> =
            seeds.iter().map(|_| RunWatch::new(self.study, (self.setting, arm), work)).collect();
        let ended: Vec<Result<(Ended, Vec<f32>)>> = {
            let mut observers: Vec<[&mut dyn Observer; 1]> =
                watches.iter_mut().map(|watch| [watch as &mut dyn Observer]).collect();
            let mut members: Vec<Member<'_, '_>> =
                observers.iter_mut().map(|observers| Member::new(observers.as_mut_slice())).collect();
            let mut runs = Seeds::new(lockstep);
            work.restore(SIDE_BY_SIDE, &mut State { runs: &mut runs, members: &mut members, clock: &mut clock })?;
            while runs.train(&keys, self.setting.budget, &mut members, &mut || work.wants_pause())? {
                work.save(SIDE_BY_SIDE, &mut State { runs: &mut runs, members: &mut members, clock: &mut clock })?;
            }
            members.into_iter().map(Member::finish).collect()
        };
        let judging: f64 = watches.iter().map(|watch| watch.judging).sum();
        let seconds = (clock.seconds() - judging) / seeds.len() as f64;
        let runs = watches.into_iter().zip(seeds).zip(ended);
        runs.map(|((watch, &seed), ended)| self.trial(watch, (arm, seed), ended, state_bytes, seconds)).collect()
    }
}

/// The name of the state of runs side by side.
const SIDE_BY_SIDE: &str = "side by side";

/// Runs side by side, as they are saved.
struct State<'a, 'b, 'c> {
    runs: &'a mut Seeds,
    members: &'a mut [Member<'b, 'c>],
    clock: &'a mut ProcessorClock,
}

impl Archived for State<'_, '_, '_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.runs.archive(archive)?;
        self.members.iter_mut().try_for_each(|member| member.archive(archive))?;
        self.clock.archive(archive)
    }
}

/// The runs of an arm, if they can go side by side.
fn lockstep(setting: &PreparedSetting, arm: &Arm, seeds: &[u64]) -> Result<Option<Lockstep>> {
    let (Some(OptimizerConfig::WeightPerturbation(config)), Some(fused)) = (&arm.optimizer, setting.fused_for(arm))
    else {
        return Ok(None);
    };
    if seeds.len() < MIN_RUNS || seeds.len() > MAX_RUNS || !is_served(setting, arm) {
        return Ok(None);
    }
    let start = |&seed: &u64| Ok((setting.start(seed)?, Key::from_seed(seed).child(1)));
    let starts: Vec<_> = seeds.iter().map(start).collect::<Result<_>>()?;
    Lockstep::new(Arc::clone(fused), config, &starts, setting.budget)
}

#[cfg(test)]
mod tests;

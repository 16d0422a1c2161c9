//! Behaviour: agents in an environment, trial by trial.
//!
//! An arm is an agent with its modulators. A run has as many trials as the study's budget says; the stimuli of trial u
//! follow from the seed's key, child 2, child u, so that all arms of a seed meet the same ones. The metrics are the
//! environment's scores.

mod figures;
pub(super) mod scores;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::claims;
use crate::config::{Arm, StudyConfig};
use crate::execution::{Criterion, Design, First, Runner, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_searches};
use crate::logs::{LoggedRun, StateOfRun};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::result::{StudyResult, assemble};
use crate::trial::{Point, ProcessorClock, Trial};
use crate::tuning::candidates;
use crate::work::Work;
use tegmentum::archive::{Archive, Archived};
use tegmentum::archived;
use tegmentum::behaviour::agent::Raster;
use tegmentum::behaviour::environment::TrialReport;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::behaviour::scores::Score;
use tegmentum::behaviour::session::Behaviour;
use tegmentum::error::{Error, Result};
use tegmentum::learning::run_log::{RunLog, Steps};
use tegmentum::neuromodulation::nucleus::{Levels, Transmitter};
use tegmentum::random::Key;

/// What is measured along a run: shares and means over the trials of a point.
pub(super) const CURVES: [&str; 4] = ["correct", "policy_entropy", "reward", "bursts"];
/// Points of a run's curve.
const POINTS: u64 = 40;
/// Trials after a change at which spikes are kept.
const AFTER_CHANGE: u64 = 15;

/// Most trials of a run, which are kept until its end.
pub(super) const MAX_TRIALS: u64 = 10_000_000;

/// The kind.
pub(super) struct BehaviourStudy;

impl StudyKind for BehaviourStudy {
    fn name(&self) -> &'static str {
        "behaviour"
    }

    fn summary(&self) -> &'static str {
        "agents in an environment; the budget is in trials, the metrics are the environment's scores"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        if study.environment.is_none() {
            return Err("kind = \"behaviour\" needs [environment.…]".to_owned());
        }
        if !study.metrics.is_empty() || !study.targets.is_empty() {
            return Err("metrics, targets: a study of behaviour has the scores of its environment".to_owned());
        }
        if study.budget > MAX_TRIALS {
            return Err(format!("budget = {}: must be at most {MAX_TRIALS} trials", study.budget));
        }
        check_arms(study, Learners::Agents)?;
        check_searches(study)
    }

    fn curve_names(&self, _: &StudyConfig) -> Vec<String> {
        CURVES.map(str::to_owned).to_vec()
    }

    fn x_unit(&self) -> &'static str {
        "trials"
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        study.environment.as_ref().map_or_else(Vec::new, scores::of)
    }

    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        let quality = self.metrics(study).into_iter().next()?;
        Some(Criterion { quality, speed: None, first: First::Quality })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(PreparedEnvironment::new(design.study)?))
    }

    fn without_logs(&self) -> Option<&'static str> {
        None
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let design = self.design(study);
        let prepared = PreparedEnvironment::new(study)?;
        let (all, tuning) = run_all(&design, &prepared, monitor)?;
        let claims = claims::test(&design, &all);
        let drawn = figures::draw(&design, &prepared.environment, &all, &tuning);
        Ok(assemble(&design, &all, claims, drawn, tuning))
    }
}

/// The environment made ready.
#[derive(Debug)]
pub(super) struct PreparedEnvironment<'a> {
    study: &'a StudyConfig,
    trials: u64,
    environment: EnvironmentConfig,
}

impl<'a> PreparedEnvironment<'a> {
    /// Takes the environment from a study and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// [`Error::Study`] for a study without an environment; those of the parts.
    pub(super) fn new(study: &'a StudyConfig) -> Result<Self> {
        let Some(environment) = study.environment.clone() else {
            let problem = "kind = \"behaviour\" needs [environment.…]".to_owned();
            return Err(Error::Study { origin: study.name.clone(), problem });
        };
        let prepared = Self { study, trials: study.budget, environment };
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                prepared.behaviour(&candidate.arm, study.seeds.first)?;
            }
        }
        Ok(prepared)
    }

    fn behaviour(&self, arm: &Arm, seed: u64) -> Result<Behaviour> {
        let Some(agent) = &arm.agent else {
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem: "has no agent".to_owned() });
        };
        let neuromodulation = arm.neuromodulation.clone().unwrap_or_default();
        Behaviour::from_settings(&self.environment, agent, &neuromodulation, Key::from_seed(seed))
    }
}

/// The key of the stimuli of a run.
fn stimuli(seed: u64) -> Key {
    Key::from_seed(seed).child(2)
}

impl Runner for PreparedEnvironment<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.study.name.clone(), self.trials)]
    }

    /// The trials after the nearest state are made again with the environment, which is archived with the agent.
    fn state(&self, _: usize, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
        let (mut behaviour, mut sums, mut steps) = (self.behaviour(arm, seed)?, Sums::default(), Steps::new(Some(log)));
        let mut place = log.nearest(&mut (&mut behaviour, &mut sums), update)?;
        let interval = interval(self.trials);
        while place.updates < update {
            if sums.trials == interval {
                sums = Sums::default();
            }
            let trial = behaviour.trial(stimuli(seed).child(place.updates))?;
            place.updates += 1;
            (place.evaluations, place.probes) = (place.updates, place.updates);
            steps.note(place.updates, place.evaluations, trial.reward)?;
            sums.take(&behaviour, &trial);
        }
        let levels = behaviour.system().levels();
        let means = CURVES.iter().enumerate().map(|(index, name)| ((*name).to_owned(), sums.mean(index)));
        let metrics = means.filter(|(_, mean)| !mean.is_nan()).collect();
        let parameters = behaviour.agent().parameters().to_vec();
        StateOfRun::archived(&mut behaviour, place, (Some(levels), metrics), parameters)
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        let mut clock = ProcessorClock::start();
        let mut behaviour = self.behaviour(arm, seed)?;
        let mut watch = TrialWatch::new(self.trials, work);
        // Spikes are kept around the first change: well before it, just after it, and at the end.
        if let Some((change, _)) = self.environment.events().first() {
            watch.keep = vec![change.saturating_sub(AFTER_CHANGE), change + AFTER_CHANGE, self.trials - 1];
        }
        let log = work.log(&LoggedRun { study: self.study, setting: &self.study.name, arm, seed })?;
        let (name, mut steps) = (format!("seed {seed}"), Steps::new(log.as_ref()));
        steps.begin(&mut (&mut behaviour, &mut watch.sums))?;
        work.restore(&name, &mut (&mut behaviour, &mut watch, &mut clock, &mut steps))?;
        while watch.trials() < self.trials {
            let (trials, mut noted) = (watch.trials()..self.trials, Ok(false));
            behaviour.run_observed(stimuli(seed), trials, |behaviour, number, trial| {
                noted = steps.note(number + 1, number + 1, trial.reward);
                let goes_on = watch.observe(behaviour, number, trial);
                if matches!(noted, Ok(false)) { goes_on } else { ControlFlow::Break(()) }
            })?;
            if noted? {
                steps.take(&mut (&mut behaviour, &mut watch.sums))?;
            }
            if watch.trials() < self.trials && work.wants_pause() {
                work.save(&name, &mut (&mut behaviour, &mut watch, &mut clock, &mut steps))?;
            }
        }
        steps.finish(&mut (&mut behaviour, &mut watch.sums), (self.trials, self.trials), None)?;
        watch.end_point();
        let names = self.environment.score_names();
        let scores: BTreeMap<String, Score> = names.into_iter().zip(self.environment.scores(&watch.reports)).collect();
        let undefined =
            scores.iter().filter_map(|(name, score)| Some((name.clone(), score.reason()?.to_owned()))).collect();
        Ok(Trial {
            seed,
            curve: watch.curve,
            metrics: scores.into_iter().map(|(name, score)| (name, score.or_nan())).collect(),
            undefined,
            solution: behaviour.agent().parameters().to_vec(),
            rasters: watch.rasters,
            seconds: clock.seconds(),
            diverged: false,
        })
    }
}

/// Trials of a point of a run's curve.
fn interval(trials: u64) -> u64 {
    (trials / POINTS).max(1)
}

/// Sums over the trials of a point.
#[derive(Debug, Default)]
struct Sums {
    measures: [f64; CURVES.len()],
    counts: [f64; CURVES.len()],
    levels: [f64; 4],
    trials: u64,
}

archived!(Sums { measures, counts, levels, trials });

impl Sums {
    /// Takes in a trial that is over.
    fn take(&mut self, behaviour: &Behaviour, trial: &TrialReport) {
        let values =
            [f64::from(u8::from(trial.correct)), trial.entropy, trial.reward, f64::from(u8::from(trial.burst))];
        for ((sum, count), value) in self.measures.iter_mut().zip(&mut self.counts).zip(values) {
            if value.is_finite() {
                *sum += value;
                *count += 1.0;
            }
        }
        let levels = behaviour.system().levels();
        for (sum, transmitter) in self.levels.iter_mut().zip(Transmitter::ALL) {
            *sum += levels.of(transmitter);
        }
        self.trials += 1;
    }

    fn mean(&self, index: usize) -> f64 {
        self.measures[index] / self.counts[index]
    }

    /// Mean levels.
    fn levels(&self) -> Levels {
        let mut levels = Levels::default();
        for (transmitter, sum) in Transmitter::ALL.into_iter().zip(self.levels) {
            levels.set(transmitter, sum / self.trials as f64);
        }
        levels
    }
}

/// Watches a run.
struct TrialWatch<'a> {
    work: &'a Work<'a>,
    interval: u64,
    reports: Vec<TrialReport>,
    curve: Vec<Point>,
    sums: Sums,
    learning_rate: f64,
    keep: Vec<u64>,
    rasters: Vec<(u64, Raster)>,
}

impl Archived for TrialWatch<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { reports, curve, sums, learning_rate, rasters, work: _, interval: _, keep: _ } = self;
        (reports, curve).archive(archive)?;
        (sums, learning_rate, rasters).archive(archive)
    }
}

impl<'a> TrialWatch<'a> {
    fn new(trials: u64, work: &'a Work<'a>) -> Self {
        Self {
            work,
            interval: interval(trials),
            reports: Vec::with_capacity(trials as usize),
            curve: Vec::with_capacity(POINTS as usize + 1),
            sums: Sums::default(),
            learning_rate: f64::NAN,
            keep: Vec::new(),
            rasters: Vec::new(),
        }
    }

    /// Trials so far.
    fn trials(&self) -> u64 {
        self.reports.len() as u64
    }

    fn observe(&mut self, behaviour: &Behaviour, number: u64, trial: &TrialReport) -> ControlFlow<()> {
        self.reports.push(*trial);
        self.sums.take(behaviour, trial);
        self.learning_rate = behaviour.system().modulation().learning_rate;
        if self.sums.trials == self.interval {
            self.end_point();
        }
        if self.keep.contains(&number)
            && let Some(raster) = behaviour.agent().raster()
        {
            self.rasters.push((number, raster.clone()));
        }
        self.work.advance(1);
        if self.work.wants_pause() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end_point(&mut self) {
        if self.sums.trials == 0 {
            return;
        }
        let sums = std::mem::take(&mut self.sums);
        self.curve.push(Point {
            x: self.reports.len() as u64,
            metrics: (0..CURVES.len()).map(|index| sums.mean(index)).collect(),
            learning_rate: self.learning_rate,
            levels: Some(sums.levels()),
        });
    }
}

#[cfg(test)]
mod tests;

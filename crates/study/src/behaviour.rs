//! Behaviour: agents in an environment, trial by trial.
//!
//! An arm is an agent with its modulators. A run has as many trials as the study's budget says; the stimuli of trial u
//! follow from the seed's key, child 2, child u, so that all arms of a seed meet the same ones. The metrics are the
//! environment's scores.

mod figures;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::claims;
use super::config::{Arm, StudyConfig};
use super::run::{Monitor, Runner, StudyResult, assemble, run_all};
use super::trial::{Point, ProcessorClock, Trial};
use super::tuning::candidates;
use tegmentum::behaviour::agent::Raster;
use tegmentum::behaviour::environment::{EnvironmentConfig, TrialReport};
use tegmentum::behaviour::scores::Score;
use tegmentum::behaviour::session::Behaviour;
use tegmentum::error::{Error, Result};
use tegmentum::learning::observer::{Observer, Record};
use tegmentum::learning::training::{StopReason, train};
use tegmentum::neuromodulation::nucleus::{Levels, Transmitter};
use tegmentum::random::Key;

/// What is measured along a run: shares and means over the trials of a point.
pub const CURVES: [&str; 4] = ["correct", "policy_entropy", "reward", "bursts"];
/// Points of a run's curve.
const POINTS: u64 = 40;
/// Trials after a change at which spikes are kept.
const AFTER_CHANGE: u64 = 15;

/// Runs a study of behaviour.
pub(crate) fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let stage = Stage::new(study)?;
    let (all, tuning) = run_all(study, &stage, monitor)?;
    let claims = claims::test(study, &all);
    let drawn = figures::draw(study, &stage.environment, &all, &tuning);
    Ok(assemble(study, quick, &all, claims, drawn, tuning))
}

/// The environment made ready.
#[derive(Debug)]
pub struct Stage {
    name: String,
    trials: u64,
    /// The environment.
    pub environment: EnvironmentConfig,
}

impl Stage {
    /// Takes the environment from a study and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// [`Error::Study`] for a study without an environment; those of the parts.
    pub fn new(study: &StudyConfig) -> Result<Self> {
        let Some(environment) = study.environment.clone() else {
            return Err(Error::Study {
                origin: study.name.clone(),
                problem: "kind = \"behaviour\" needs [environment.…]".to_owned(),
            });
        };
        let stage = Self { name: study.name.clone(), trials: study.budget, environment };
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                stage.behaviour(&candidate.arm, study.seeds.first)?;
            }
        }
        Ok(stage)
    }

    fn behaviour(&self, arm: &Arm, seed: u64) -> Result<Behaviour> {
        let Some(agent) = &arm.agent else {
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem: "has no agent".to_owned() });
        };
        let neuromodulation = arm.neuromodulation.clone().unwrap_or_default();
        Behaviour::new(&self.environment, agent, &neuromodulation, Key::from_seed(seed))
    }
}

impl Runner for Stage {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.name.clone(), self.trials)]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial> {
        let clock = ProcessorClock::start();
        let mut behaviour = self.behaviour(arm, seed)?;
        let mut watch = Watch::new(self.trials, tick);
        // Spikes are kept around the first change: well before it, just after it, and at the end.
        if let Some((change, _)) = self.environment.events().first() {
            watch.keep = vec![change.saturating_sub(AFTER_CHANGE), change + AFTER_CHANGE, self.trials - 1];
        }
        train(&mut behaviour, Key::from_seed(seed).child(2), self.trials, &mut [&mut watch])?;
        watch.end_point();
        let names = self.environment.score_names();
        let scores = self.environment.scores(&watch.reports).into_iter().map(Score::or_nan);
        let metrics: BTreeMap<String, f64> = names.into_iter().zip(scores).collect();
        Ok(Trial {
            seed,
            curve: watch.curve,
            metrics,
            solution: behaviour.agent().parameters().to_vec(),
            rasters: watch.rasters,
            seconds: clock.seconds(),
        })
    }
}

/// Watches a run.
struct Watch<'a> {
    tick: &'a (dyn Fn(u64) -> bool + Sync),
    interval: u64,
    reports: Vec<TrialReport>,
    curve: Vec<Point>,
    sums: [f64; CURVES.len()],
    counts: [f64; CURVES.len()],
    levels: [f64; 4],
    in_point: u64,
    learning_rate: f64,
    keep: Vec<u64>,
    rasters: Vec<(u64, Raster)>,
}

impl<'a> Watch<'a> {
    fn new(trials: u64, tick: &'a (dyn Fn(u64) -> bool + Sync)) -> Self {
        Self {
            tick,
            interval: (trials / POINTS).max(1),
            reports: Vec::with_capacity(trials as usize),
            curve: Vec::with_capacity(POINTS as usize + 1),
            sums: [0.0; CURVES.len()],
            counts: [0.0; CURVES.len()],
            levels: [0.0; 4],
            in_point: 0,
            learning_rate: f64::NAN,
            keep: Vec::new(),
            rasters: Vec::new(),
        }
    }

    fn take(&mut self, trial: &TrialReport) {
        let values =
            [f64::from(u8::from(trial.correct)), trial.entropy, trial.reward, f64::from(u8::from(trial.burst))];
        for ((sum, count), value) in self.sums.iter_mut().zip(&mut self.counts).zip(values) {
            if value.is_finite() {
                *sum += value;
                *count += 1.0;
            }
        }
        self.in_point += 1;
    }

    fn end_point(&mut self) {
        if self.in_point == 0 {
            return;
        }
        let mut levels = Levels::default();
        for (transmitter, sum) in Transmitter::ALL.into_iter().zip(self.levels) {
            levels.set(transmitter, sum / self.in_point as f64);
        }
        let mean = |index: usize| self.sums[index] / self.counts[index];
        self.curve.push(Point {
            evaluations: self.reports.len() as u64,
            metrics: (0..CURVES.len()).map(mean).collect(),
            learning_rate: self.learning_rate,
            levels: Some(levels),
        });
        (self.sums, self.counts) = ([0.0; CURVES.len()], [0.0; CURVES.len()]);
        (self.levels, self.in_point) = ([0.0; 4], 0);
    }
}

impl Observer for Watch<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        let Some(trial) = record.report.trial else { return Ok(ControlFlow::Continue(())) };
        self.reports.push(trial);
        self.take(&trial);
        self.learning_rate = record.report.learning_rate;
        if let Some(levels) = record.learner.levels() {
            for (sum, transmitter) in self.levels.iter_mut().zip(Transmitter::ALL) {
                *sum += levels.of(transmitter);
            }
        }
        if self.in_point == self.interval {
            self.end_point();
        }
        if self.keep.contains(&(record.updates - 1))
            && let Some(raster) = record.learner.raster()
        {
            self.rasters.push((record.updates - 1, raster.clone()));
        }
        let go_on = (self.tick)(1);
        Ok(if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(StopReason::Interrupted) })
    }
}

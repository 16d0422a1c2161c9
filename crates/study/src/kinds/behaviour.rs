//! Behaviour: agents in an environment, trial by trial.
//!
//! An arm is an agent with its modulators. A run has as many trials as the study's budget says; the stimuli of trial u
//! follow from the seed's key, child 2, child u, so that all arms of a seed meet the same ones. The metrics are the
//! environment's scores.

mod figures;
mod scores;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::claims;
use crate::config::{Arm, StudyConfig};
use crate::execution::{Criterion, Design, Runner, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_searches};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::result::{StudyResult, assemble};
use crate::trial::{Point, ProcessorClock, Trial};
use crate::tuning::candidates;
use crate::work::Work;
use tegmentum::archive::{Archive, Archived};
use tegmentum::behaviour::agent::Raster;
use tegmentum::behaviour::environment::TrialReport;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::behaviour::scores::Score;
use tegmentum::behaviour::session::Behaviour;
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::nucleus::{Levels, Transmitter};
use tegmentum::random::Key;

/// What is measured along a run: shares and means over the trials of a point.
const CURVES: [&str; 4] = ["correct", "policy_entropy", "reward", "bursts"];
/// Points of a run's curve.
const POINTS: u64 = 40;
/// Trials after a change at which spikes are kept.
const AFTER_CHANGE: u64 = 15;

/// Most trials of a run, which are kept until its end.
const MAX_TRIALS: u64 = 10_000_000;

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
        Some(Criterion { quality, speed: None, speed_first: false })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(PreparedEnvironment::new(design.study)?))
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
struct PreparedEnvironment {
    name: String,
    trials: u64,
    environment: EnvironmentConfig,
}

impl PreparedEnvironment {
    /// Takes the environment from a study and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// [`Error::Study`] for a study without an environment; those of the parts.
    fn new(study: &StudyConfig) -> Result<Self> {
        let Some(environment) = study.environment.clone() else {
            let problem = "kind = \"behaviour\" needs [environment.…]".to_owned();
            return Err(Error::Study { origin: study.name.clone(), problem });
        };
        let prepared = Self { name: study.name.clone(), trials: study.budget, environment };
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

impl Runner for PreparedEnvironment {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.name.clone(), self.trials)]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        let mut clock = ProcessorClock::start();
        let mut behaviour = self.behaviour(arm, seed)?;
        let mut watch = TrialWatch::new(self.trials, work);
        // Spikes are kept around the first change: well before it, just after it, and at the end.
        if let Some((change, _)) = self.environment.events().first() {
            watch.keep = vec![change.saturating_sub(AFTER_CHANGE), change + AFTER_CHANGE, self.trials - 1];
        }
        let (key, name) = (Key::from_seed(seed).child(2), format!("seed {seed}"));
        work.restore(&name, &mut (&mut behaviour, &mut watch, &mut clock))?;
        while watch.trials() < self.trials {
            let trials = watch.trials()..self.trials;
            behaviour.run_observed(key, trials, |behaviour, number, trial| watch.observe(behaviour, number, trial))?;
            if watch.trials() < self.trials {
                work.save(&name, &mut (&mut behaviour, &mut watch, &mut clock))?;
            }
        }
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

/// Watches a run.
struct TrialWatch<'a> {
    work: &'a Work<'a>,
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

impl Archived for TrialWatch<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self {
            reports,
            curve,
            sums,
            counts,
            levels,
            in_point,
            learning_rate,
            rasters,
            work: _,
            interval: _,
            keep: _,
        } = self;
        reports.archive(archive)?;
        curve.archive(archive)?;
        (sums, counts, levels).archive(archive)?;
        (in_point, learning_rate, rasters).archive(archive)
    }
}

impl<'a> TrialWatch<'a> {
    fn new(trials: u64, work: &'a Work<'a>) -> Self {
        Self {
            work,
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

    /// Trials so far.
    fn trials(&self) -> u64 {
        self.reports.len() as u64
    }

    fn observe(&mut self, behaviour: &Behaviour, number: u64, trial: &TrialReport) -> ControlFlow<()> {
        self.reports.push(*trial);
        self.take(trial);
        self.learning_rate = behaviour.system().modulation().learning_rate;
        let levels = behaviour.system().levels();
        for (sum, transmitter) in self.levels.iter_mut().zip(Transmitter::ALL) {
            *sum += levels.of(transmitter);
        }
        if self.in_point == self.interval {
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
            x: self.reports.len() as u64,
            metrics: (0..CURVES.len()).map(mean).collect(),
            learning_rate: self.learning_rate,
            levels: Some(levels),
        });
        (self.sums, self.counts) = ([0.0; CURVES.len()], [0.0; CURVES.len()]);
        (self.levels, self.in_point) = ([0.0; 4], 0);
    }
}

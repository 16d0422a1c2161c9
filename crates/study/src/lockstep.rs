//! Seeds of one arm side by side, where the arm is plain weight perturbation on a small network.
//!
//! The runs share a [`Lockstep`]; each is watched as if it were alone, at the same updates and with the same bits, and its
//! trial is the same one. A run that reaches its targets is seen no more. When few are left, they go on alone.

use std::sync::Arc;

use super::config::{Arm, StudyConfig};
use super::trial::{ProcessorClock, Seen, Stage, Trial, Watch, run_trial};
use tegmentum::error::{Error, Result};
use tegmentum::learning::optimizer::OptimizerConfig;
use tegmentum::learning::fused::MAX_DIRECTIONS;
use tegmentum::learning::fused::is_plain;
use tegmentum::learning::fused::lockstep::{Lockstep, MAX_RUNS};
use tegmentum::learning::training::{Ended, Learner as _, StopReason, resume};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

/// Fewest runs that are quicker side by side than one after the other: 16 lanes cost about as much as six runs alone.
const FEWEST: usize = 6;

/// How many of `count` seeds of an arm are run together: 1 where they are not.
pub(crate) fn abreast(stage: &Stage, arm: &Arm, count: usize) -> usize {
    let groups = count.div_ceil(MAX_RUNS).max(1);
    let size = count.div_ceil(groups);
    if size >= FEWEST && is_served(stage, arm) { size } else { 1 }
}

/// Whether runs of an arm can go in lockstep, and gain by it: many directions fill the lanes of one run alone.
fn is_served(stage: &Stage, arm: &Arm) -> bool {
    let Some(OptimizerConfig::WeightPerturbation(config)) = &arm.optimizer else { return false };
    stage.small.is_some() && arm.neuromodulation.is_none() && is_plain(config) && config.directions <= MAX_DIRECTIONS
}

/// One run for each seed, side by side if possible, in the order of the seeds.
///
/// # Errors
/// As [`run_trial`]; the error of the first seed that has one.
pub(crate) fn run_trials(
    study: &StudyConfig,
    stage: &Stage,
    arm: &Arm,
    seeds: &[u64],
    tick: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Vec<Trial>> {
    let clock = ProcessorClock::start();
    let Some(lockstep) = lockstep(stage, arm, seeds)? else {
        return seeds.iter().map(|&seed| run_trial(study, stage, arm, seed, tick)).collect();
    };
    let runs = seeds.iter().enumerate().map(|(lane, &seed)| Run {
        lane,
        seed,
        watch: Watch::new(study, stage, tick),
        solution: vec![0.0; lockstep.num_parameters()],
        ended: None,
    });
    let mut runs: Vec<Run<'_>> = runs.collect();
    let state_bytes = train(lockstep, stage.budget, &mut runs)?;
    let judging: f64 = runs.iter().map(|run| run.watch.judging).sum();
    let seconds = (clock.seconds() - judging) / seeds.len() as f64;
    runs.into_iter()
        .map(|Run { seed, watch, solution, ended, .. }| {
            let ended = ended.ok_or_else(|| Error::Study {
                origin: study.name.clone(),
                problem: format!("the run of seed {seed} did not end"),
            })?;
            watch.trial(seed, &ended, solution, state_bytes, seconds)
        })
        .collect()
}

/// The runs of an arm, if they can go side by side.
fn lockstep(stage: &Stage, arm: &Arm, seeds: &[u64]) -> Result<Option<Lockstep>> {
    let (Some(OptimizerConfig::WeightPerturbation(config)), Some(small)) = (&arm.optimizer, &stage.small) else {
        return Ok(None);
    };
    if seeds.len() < FEWEST || seeds.len() > MAX_RUNS || !is_served(stage, arm) {
        return Ok(None);
    }
    let keys = seeds.iter().map(|&seed| Key::from_seed(seed));
    let starts: Vec<_> = keys.map(|key| (stage.network.initialise(key.child(0)), key.child(1))).collect();
    Lockstep::new(Arc::clone(small), config, &starts, stage.budget)
}

/// A run in its lane.
struct Run<'a> {
    lane: usize,
    seed: u64,
    watch: Watch<'a>,
    /// Its parameters when it was last seen, `[P]`.
    solution: Vec<f32>,
    ended: Option<Ended>,
}

/// [`train`](tegmentum::learning::training::train) for runs side by side, which all end. Returns the bytes of state of one.
fn train(mut lockstep: Lockstep, budget: u64, runs: &mut [Run<'_>]) -> Result<usize> {
    loop {
        let mut active: Vec<&mut Run<'_>> = runs.iter_mut().filter(|run| run.ended.is_none()).collect();
        if active.len() < FEWEST {
            for run in &mut active {
                run.go_on_alone(&lockstep, budget)?;
            }
            active.retain(|run| run.ended.is_none());
        }
        if active.is_empty() {
            return Ok(lockstep.state_bytes());
        }
        let evaluations = lockstep.updates() * lockstep.evaluations();
        let last = evaluations >= budget;
        let mut until = budget;
        for run in &mut active {
            run.look(&lockstep, evaluations, last)?;
            until = until.min(run.watch.next_look());
        }
        let wanted = until.saturating_sub(evaluations).max(1);
        active.retain(|run| run.ended.is_none());
        if active.is_empty() {
            continue;
        }
        lockstep.advance(wanted.div_ceil(lockstep.evaluations()), &Modulation::default());
        for run in &active {
            if let Some(step) = lockstep.failed_at(run.lane) {
                return Err(Error::NonFinite { what: "a parameter", step });
            }
        }
    }
}

impl Run<'_> {
    fn ended(&self, lockstep: &Lockstep, reason: StopReason) -> Ended {
        let updates = lockstep.updates();
        Ended {
            reason,
            evaluations: updates * lockstep.evaluations(),
            updates,
            non_finite: lockstep.non_finite(self.lane),
            surprises: 0,
        }
    }

    /// Shows the run as it is now to its watch.
    fn look(&mut self, lockstep: &Lockstep, evaluations: u64, last: bool) -> Result<()> {
        let lane = self.lane;
        let seen = Seen {
            evaluations,
            last,
            learning_rate: lockstep.report(lane).learning_rate,
            levels: None,
            write: &|parameters| {
                parameters.clear();
                parameters.extend(lockstep.parameters(lane));
            },
        };
        let stopped = self.watch.see(&seen)?.break_value();
        if let Some(reason) = stopped.or(last.then_some(StopReason::Budget)) {
            self.ended = Some(self.ended(lockstep, reason));
            (seen.write)(&mut self.solution);
        }
        Ok(())
    }

    /// Ends the run by itself, if there is a form for one of its kind.
    fn go_on_alone(&mut self, lockstep: &Lockstep, budget: u64) -> Result<()> {
        let Some(mut learner) = lockstep.learner(self.lane)? else { return Ok(()) };
        let so_far = self.ended(lockstep, StopReason::Budget);
        let report = lockstep.report(self.lane);
        let key = Key::from_seed(self.seed).child(2);
        let ended = resume(&mut learner, key, budget, &mut [&mut self.watch], so_far, report)?;
        learner.solution().write(1.0, &mut self.solution);
        self.ended = Some(ended);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::folder;
    use crate::run::{Comparison, Monitor, Runner, Silent, StudyResult, assemble, run, run_all, stages};

    /// Runs that end at very different times, runs that all go to the end, and arms that have no lockstep.
    fn study(seeds: u64, more: &str) -> StudyConfig {
        let text = format!(
            r#"
            name = "small"
            title = "t"
            question = "q"
            budget = 2500
            metrics = ["mean_squared_error"]
            {more}
            seeds = {{ first = 3, count = {seeds} }}
            [tuning]
            seeds = {{ first = 100, count = 7 }}
            [task.xor]
            [network.mlp]
            hidden = [4]
            output_activation = "logistic"
            initialisation = {{ normal = 0.5 }}
            [[arm]]
            name = "one-sided"
            optimizer = {{ weight_perturbation = {{ learning_rate = 2.0, directions = 2, schedule = "linear" }} }}
            [[arm]]
            name = "two-sided"
            optimizer = {{ weight_perturbation = {{ two_sided = true, family = "gaussian" }} }}
            tune = {{ learning_rate = [1.0, 4.0] }}
            [[arm]]
            name = "many"
            optimizer = {{ weight_perturbation = {{ two_sided = true, directions = 16 }} }}
            [[arm]]
            name = "signed"
            optimizer = {{ weight_perturbation = {{ learning_rate = 0.01, reading = "sign" }} }}
        "#
        );
        StudyConfig::from_toml(&text, "small.toml").unwrap()
    }

    const TARGETS: &str = "targets = [0.24, 0.1]\nstop_at_target = true";

    fn stage(study: &StudyConfig) -> Stage {
        Stage::new(study, &study.settings()[0]).unwrap()
    }

    #[test]
    fn trials_side_by_side_are_the_trials_alone() {
        for (count, more) in [(16, TARGETS), (16, ""), (FEWEST as u64, TARGETS), (11, "targets = [0.2]")] {
            let study = study(count, more);
            let stage = stage(&study);
            let seeds: Vec<u64> = study.seeds.iter().collect();
            for arm in &study.arm {
                let spent = [const { AtomicU64::new(0) }; 2];
                let tick = |of: usize, evaluations| {
                    spent[of].fetch_add(evaluations, Ordering::Relaxed);
                    true
                };
                let together = run_trials(&study, &stage, arm, &seeds, &|evaluations| tick(0, evaluations)).unwrap();
                assert_eq!(together.len(), seeds.len());
                let mut ends = Vec::new();
                for (seed, found) in seeds.iter().zip(together) {
                    let alone = run_trial(&study, &stage, arm, *seed, &|evaluations| tick(1, evaluations)).unwrap();
                    ends.push(alone.metrics["evaluations"]);
                    let timeless = |trial: Trial| format!("{:?}", Trial { seconds: 0.0, ..trial });
                    assert_eq!(timeless(found), timeless(alone), "{} {seed}", arm.name);
                }
                let [together, alone] = spent.map(AtomicU64::into_inner);
                assert_eq!(together, alone);
                // The case is one in which runs leave the lockstep one after the other.
                let distinct: std::collections::BTreeSet<u64> = ends.iter().map(|end| *end as u64).collect();
                assert!(more != TARGETS || arm.name != "one-sided" || distinct.len() > 3, "{ends:?}");
            }
        }
    }

    /// Runs every seed by itself.
    struct Alone<'a>(Comparison<'a>);

    impl Runner for Alone<'_> {
        fn settings(&self) -> Vec<(String, u64)> {
            self.0.settings()
        }

        fn run(&self, setting: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial> {
            self.0.run(setting, arm, seed, tick)
        }
    }

    /// The files of a result that do not depend on time.
    fn files(result: &StudyResult) -> [Vec<u8>; 3] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        folder::write(folder, result, &[]).unwrap();
        ["records.csv", "summary.json", "tuning.json"].map(|name| std::fs::read(folder.join(name)).unwrap())
    }

    #[test]
    fn a_study_writes_the_same_bytes_on_any_number_of_threads_and_as_seeds_alone() {
        for count in [1, 5, 16, 20] {
            let study = study(count, TARGETS);
            let on_threads = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| files(&run(&study, false, &Silent).unwrap()))
            };
            let alone = Alone(Comparison { study: &study, stages: stages(&study).unwrap() });
            let (all, tuning) = run_all(&study, &alone, &Silent).unwrap();
            let expected = files(&assemble(&study, false, &all, Vec::new(), Vec::new(), tuning));
            assert!(expected == on_threads(1), "{count} seeds on one thread");
            assert!(expected == on_threads(2), "{count} seeds on two threads");
        }
    }

    #[test]
    fn which_arms_go_side_by_side_and_how_many_seeds() {
        let study = study(20, "");
        let mut stage = stage(&study);
        let of = |arm: usize, count: usize| abreast(&stage, &study.arm[arm], count);
        assert_eq!([1, 5, 6, 16, 17, 20, 33].map(|count| of(0, count)), [1, 1, 6, 16, 9, 10, 11]);
        assert_eq!([of(1, 20), of(2, 20), of(3, 20)], [10, 1, 1]);
        let modulated = Arm {
            neuromodulation: Some(tegmentum::neuromodulation::system::NeuromodulationConfig::default()),
            ..study.arm[0].clone()
        };
        assert_eq!(abreast(&stage, &modulated, 20), 1);
        stage.small = None;
        assert_eq!(abreast(&stage, &study.arm[0], 20), 1);
    }

    #[test]
    fn a_run_that_diverges_is_the_same_error() {
        let mut study = study(16, "");
        let text = "[mlp]\nhidden = [4]\nactivation = \"linear\"";
        study.network = toml::from_str(text).unwrap();
        let Some(OptimizerConfig::WeightPerturbation(config)) = &mut study.arm[0].optimizer else { panic!() };
        config.learning_rate = 1e45;
        let stage = stage(&study);
        let seeds: Vec<u64> = study.seeds.iter().collect();
        let together = run_trials(&study, &stage, &study.arm[0], &seeds, &|_| true).unwrap_err().to_string();
        let alone = run_trial(&study, &stage, &study.arm[0], seeds[0], &|_| true).unwrap_err().to_string();
        assert_eq!(together, alone);
    }

    /// Stops after some work.
    struct Impatient(AtomicU64);

    impl Monitor for Impatient {
        fn expect(&self, _: &str, _: u64) {}
        fn advance(&self, evaluations: u64) -> bool {
            self.0.fetch_add(evaluations, Ordering::Relaxed) + evaluations < 8000
        }
    }

    #[test]
    fn a_study_stops_when_it_is_told() {
        let stopped = run(&study(16, ""), false, &Impatient(AtomicU64::new(0)));
        assert!(matches!(stopped, Err(Error::Study { .. })), "{stopped:?}");
    }
}

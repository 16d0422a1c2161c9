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

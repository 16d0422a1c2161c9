use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::execution::{Design, Runner, run_all};
use crate::folder;
use crate::kind::StudyKind;
use crate::kinds::compare::{Compare, Comparison};
use crate::result::assemble;
use crate::run::{Monitor, Silent, StudyResult, run};

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

fn prepared(study: &StudyConfig) -> PreparedSetting {
    PreparedSetting::new(study, &study.settings()[0]).unwrap()
}

fn judge<'a>(design: &'a Design<'a>, setting: &'a PreparedSetting) -> Judge<'a> {
    Judge { study: design.study, metrics: &design.metrics, setting }
}

#[test]
fn trials_side_by_side_are_the_trials_alone() {
    for (count, more) in [(16, TARGETS), (16, ""), (MIN_RUNS as u64, TARGETS), (11, "targets = [0.2]")] {
        let study = study(count, more);
        let (design, setting) = (Compare.design(&study), prepared(&study));
        let judge = judge(&design, &setting);
        let seeds: Vec<u64> = study.seeds.iter().collect();
        for arm in &study.arm {
            let spent = [const { AtomicU64::new(0) }; 2];
            let tick = |of: usize, evaluations| {
                spent[of].fetch_add(evaluations, Ordering::Relaxed);
                true
            };
            let together = judge.run_trials(arm, &seeds, &Work::alone(&|evaluations| tick(0, evaluations))).unwrap();
            assert_eq!(together.len(), seeds.len());
            let mut ends = Vec::new();
            for (seed, found) in seeds.iter().zip(together) {
                let alone = judge.run_trial(arm, *seed, &Work::alone(&|evaluations| tick(1, evaluations))).unwrap();
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

    fn run(&self, setting: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        self.0.run(setting, arm, seed, work)
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
        let design = Compare.design(&study);
        let alone = Alone(Comparison::new(&design).unwrap());
        let (all, tuning) = run_all(&design, &alone, &Silent).unwrap();
        let expected = files(&assemble(&design, &all, Vec::new(), Vec::new(), tuning));
        assert!(expected == on_threads(1), "{count} seeds on one thread");
        assert!(expected == on_threads(2), "{count} seeds on two threads");
    }
}

#[test]
fn which_arms_go_side_by_side_and_how_many_seeds() {
    let study = study(20, "");
    let mut setting = prepared(&study);
    let of = |arm: usize, count: usize| seeds_per_job(&setting, &study.arm[arm], count);
    assert_eq!([1, 5, 6, 16, 17, 20, 33].map(|count| of(0, count)), [1, 1, 6, 16, 9, 10, 11]);
    assert_eq!([of(1, 20), of(2, 20), of(3, 20)], [10, 1, 1]);
    let modulated = Arm {
        neuromodulation: Some(tegmentum::neuromodulation::system::NeuromodulationConfig::default()),
        ..study.arm[0].clone()
    };
    assert_eq!(seeds_per_job(&setting, &modulated, 20), 1);
    setting.fused = None;
    assert_eq!(seeds_per_job(&setting, &study.arm[0], 20), 1);
}

#[test]
fn a_run_that_diverges_is_lost_alone_and_the_same_in_lockstep() {
    let mut study = study(16, TARGETS);
    let text = "[mlp]\nhidden = [4]\nactivation = \"linear\"";
    study.network = toml::from_str(text).unwrap();
    let Some(OptimizerConfig::WeightPerturbation(config)) = &mut study.arm[0].optimizer else { panic!() };
    config.learning_rate = 1e45;
    let (design, setting) = (Compare.design(&study), prepared(&study));
    let judge = judge(&design, &setting);
    let seeds: Vec<u64> = study.seeds.iter().collect();
    let together = judge.run_trials(&study.arm[0], &seeds, &Work::alone(&|_| true)).unwrap();
    for (found, seed) in together.into_iter().zip(seeds) {
        let alone = judge.run_trial(&study.arm[0], seed, &Work::alone(&|_| true)).unwrap();
        let timeless = |trial: Trial| format!("{:?}", Trial { seconds: 0.0, ..trial });
        assert!(alone.diverged && alone.solution.is_empty());
        assert_eq!(alone.metrics["evaluations"], 2500.0);
        assert_eq!(timeless(found), timeless(alone));
    }
    // The others go on: the study says so and is whole.
    let result = run(&study, false, &Silent).unwrap();
    assert!(
        result.summary.notes.iter().any(|note| note == "16 of 16 runs of one-sided diverged."),
        "{:?}",
        result.summary.notes
    );
    assert_eq!(result.summary.arms["one-sided"]["solved_0.1"].ones(), 0);
    assert!(result.summary.arms["two-sided"]["mean_squared_error"].iqm.is_some());
}

#[test]
fn trials_on_tiny_perceptrons_are_those_of_the_general_form() {
    let study = study(4, "targets = [0.2, 0.05]\nstop_at_target = true");
    let (design, setting) = (Compare.design(&study), prepared(&study));
    assert!(setting.fused.is_some());
    let mut general = setting.afresh().unwrap();
    general.fused = None;
    for arm in &study.arm {
        for seed in 0..4 {
            let run = |setting: &PreparedSetting| {
                let trial = judge(&design, setting).run_trial(arm, seed, &Work::alone(&|_| true)).unwrap();
                Trial { seconds: 0.0, ..trial }
            };
            assert_eq!(run(&setting), run(&general), "{} {seed}", arm.name);
        }
    }
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

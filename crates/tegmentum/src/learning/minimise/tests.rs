use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::neuromodulation::modulation::Modulation;

fn square(value: f32, centre: f64) -> f64 {
    (f64::from(value) - centre).powi(2)
}

/// A start near the optimum in many dimensions, of a loss without noise: it never ends worse than it began, and the optimizer itself keeps it.
#[test]
fn a_warm_start_is_respected() {
    for length in [2usize, 20, 200, 1000] {
        for distance in [0.0f32, 1e-3, 1e-2] {
            for (budget, seed) in [(400, 0), (2000, 1), (2000, 2)] {
                let start: Vec<f32> =
                    (0..length).map(|index| 1.0 + if index % 2 == 0 { distance } else { -distance }).collect();
                let found = minimise(|x: &[f32]| x.iter().map(|&x| square(x, 1.0)).sum(), &start);
                let found = found.budget(budget).seed(seed).run().unwrap();
                assert!(found.loss <= found.start_loss, "{length} {distance} {budget}: {found:?}");
            }
        }
    }
}

#[test]
fn regions_without_a_loss_are_walked_around() {
    let mut wrong = Vec::new();
    let mut check = |right: bool, what: String| {
        if !right {
            wrong.push(what);
        }
    };
    for seed in 0..20 {
        let run = |function: &(dyn Fn(&[f32]) -> f64 + Sync), start: &[f32]| {
            minimise(function, start).budget(5000).seed(seed).run().unwrap()
        };
        let root = run(&|x| f64::from(x[0]).sqrt() + square(x[1], 0.0), &[1.0, 1.0]);
        // At the edge the slope is infinite and half of the plane has no loss; the start has 2.
        check(root.loss < 0.5 && root.non_finite < 3000, format!("root {seed}: {root:?}"));
        let penalty = |x: &[f32]| {
            if x.iter().any(|x| x.abs() > 1.0) { 1e6 } else { square(x[0], 1.0) + square(x[1], 1.0) }
        };
        let corner = run(&penalty, &[0.9, 0.9]);
        check(corner.loss <= corner.start_loss, format!("corner {seed}: {corner:?}"));
        let data = [1.2, 0.7, 2.9, -0.3, 1.4];
        let likelihood = |x: &[f32]| {
            let (mean, deviation) = (f64::from(x[0]), f64::from(x[1]));
            data.iter().map(|y| deviation.ln() + 0.5 * ((y - mean) / deviation).powi(2)).sum::<f64>()
        };
        let normal = run(&likelihood, &[1.0, 1.0]);
        // The mean is 1.18, the deviation 1.047.
        check((f64::from(normal.parameters[0]) - 1.18).abs() < 0.05, format!("mean {seed}: {normal:?}"));
        check((f64::from(normal.parameters[1]) - 1.047).abs() < 0.05, format!("deviation {seed}: {normal:?}"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn plateaus_and_rounded_parameters_are_left() {
    for seed in 0..20 {
        let run = |function: &(dyn Fn(&[f32]) -> f64 + Sync), start: &[f32]| {
            minimise(function, start).budget(5000).seed(seed).run().unwrap()
        };
        let rounded = |unit: f64| {
            move |x: &[f32]| x.iter().map(|&x| ((f64::from(x) / unit).round() * unit - 0.75).powi(2)).sum::<f64>()
        };
        for unit in [1.0 / 128.0, 1.0 / 64.0, 0.05] {
            let found = run(&rounded(unit), &[0.3, 0.4]);
            assert!(found.loss < 2.0 * unit * unit + 1e-3, "{seed} {unit}: {found:?}");
        }
        let steps = run(&|x| x.iter().map(|&x| square(x, 0.0)).sum::<f64>().floor(), &[3.3, 4.4]);
        assert!(steps.loss <= 2.0, "{seed}: {steps:?}");
    }
}

#[test]
fn what_is_reported_is_what_happened() {
    let error = minimise(|_: &[f32]| f64::NAN, &[1.0]).run().unwrap_err();
    assert!(matches!(error, Error::NoFiniteLoss { evaluations: 100..110 }), "{error}");
    let deep =
        minimise(|x: &[f32]| if x[0] < 0.0 { f64::NEG_INFINITY } else { f64::from(x[0]) }, &[1.0]).run().unwrap();
    assert!(deep.loss == f64::NEG_INFINITY && deep.evaluations < 9000, "{deep:?}");
    let far = minimise(|x: &[f32]| square(x[0], 1e6), &[1.0]).budget(1000).run().unwrap();
    assert!(far.still_moving && far.loss < far.start_loss, "{far:?}");
    let near = minimise(|x: &[f32]| square(x[0], 3.0), &[1.0]).budget(10_000).run().unwrap();
    assert!(!near.still_moving && near.loss < 1e-6 && near.start_loss == 4.0, "{near:?}");
    let count = AtomicU64::new(0);
    let counted = |x: &[f32]| {
        count.fetch_add(1, Ordering::Relaxed);
        square(x[0], 3.0)
    };
    let found = minimise(counted, &[1.0]).budget(500).run().unwrap();
    assert_eq!(found.evaluations, count.load(Ordering::Relaxed));
}

/// An own noise, other at every call: what is handed over is better than the start by far more than the noise.
#[test]
fn a_noise_of_its_own_is_borne() {
    let mut worst = 0.0f64;
    for seed in 0..20 {
        let calls = AtomicU64::new(seed << 32);
        let noisy = |x: &[f32]| {
            let noise = Key::from_seed(calls.fetch_add(1, Ordering::Relaxed)).stream().normal();
            x.iter().map(|&x| square(x, 0.5)).sum::<f64>() + 0.1 * f64::from(noise)
        };
        let found = minimise(noisy, &[3.0, -2.0]).budget(5000).seed(seed).run().unwrap();
        worst = worst.max(found.parameters.iter().map(|&x| square(x, 0.5)).sum());
    }
    assert!(worst < 0.5, "{worst}; the start has 12.5");
}

/// A log changes nothing, and gives every state and the result again without the function.
#[test]
fn a_logged_minimisation_is_had_again() {
    let valley = |x: &[f32]| square(x[0], 1.0) + 10.0 * f64::from(x[1] - x[0] * x[0]).powi(2);
    let start = [-1.0f32, 1.0];
    let folder = tempfile::tempdir().unwrap();
    let log = RunLog::record(folder.path(), b"a valley", 1 << 20).unwrap();
    let found = minimise(valley, &start).budget(900).seed(3).logged(&log).run().unwrap();
    assert_eq!(minimise(valley, &start).budget(900).seed(3).run().unwrap(), found);
    let log = RunLog::open(folder.path()).unwrap();
    let again = || minimise(|_: &[f32]| panic!("the function is evaluated"), &start).budget(900).seed(3);
    assert_eq!(again().logged(&log).run().unwrap(), found);
    let objective = BlackBox::new(2, valley);
    let config: OptimizerConfig = DopamineConfig { search_scale: true, ..DopamineConfig::default() }.into();
    let key = Key::from_seed(3);
    let optimizer = config.build(start.to_vec(), key.child(1), 900).unwrap();
    let mut learner = BlackBoxLearner::new(&objective, optimizer);
    let last = log.ended().updates;
    for update in 0..=last {
        if update > 0 {
            learner.update(key.child(2).child(update - 1), &Modulation::default()).unwrap();
        }
        if update < 3 || update % 17 == 0 || update == last {
            let state = again().state(&log, update).unwrap();
            let expected = Archive::write(&mut (&mut learner as &mut dyn Learner)).unwrap();
            assert!(state.place.updates == update && state.archive == expected, "update {update}");
        }
    }
    // Another seed is another run.
    let log = RunLog::open(folder.path()).unwrap();
    let other = minimise(|_: &[f32]| f64::NAN, &start).budget(900).seed(4).logged(&log).run();
    assert!(other.unwrap_err().to_string().contains("is not the run that was logged"));
}

/// Solution, start, best seen, the model at three quarters of the budget.
#[test]
fn the_best_of_the_four_is_handed_over() {
    let losses = [2.0, 5.0, 1.5, 1.0];
    for winner in 0..4 {
        let mut turned = losses;
        turned.swap(3, winner);
        assert_eq!(choose(&[turned; 3]), winner);
    }
    // The solution stays unless it loses on every batch, to a loss that is none too.
    assert_eq!(choose(&[losses, [2.0, 5.0, 3.0, 3.0], losses]), 0);
    assert_eq!(choose(&[[2.0, 5.0, f64::NAN, f64::NAN]; 3]), 0);
    assert_eq!(choose(&[[f64::NAN, 5.0, f64::NAN, 4.0]; 3]), 3);
}

//! What every optimizer does with a black box as users have them: without a loss in places, flat, in steps, in a far-off unit, noisy, unbounded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use tegmentum::error::Error;
use tegmentum::learning::minimise::{Minimum, minimise_objective};
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::model::objectives::BlackBox;
use tegmentum::random::Key;

type Loss<'a> = &'a (dyn Fn(&[f32], Key) -> f64 + Sync);

fn square(value: f32, centre: f64) -> f64 {
    (f64::from(value) - centre).powi(2)
}

fn sphere(x: &[f32], centre: f64) -> f64 {
    x.iter().map(|&x| square(x, centre)).sum()
}

fn outside(x: &[f32]) -> bool {
    x.iter().any(|x| x.abs() > 1.0)
}

/// The registry, and Dopamine as `minimise` has it when nothing is set.
fn all() -> Vec<OptimizerConfig> {
    let mut all: Vec<_> = OptimizerConfig::registry();
    all.push(DopamineConfig { search_scale: true, ..DopamineConfig::default() }.into());
    all
}

/// What a minimisation saw itself, beside what it says.
struct Run {
    found: Result<Minimum, Error>,
    /// The smallest finite loss that was returned.
    best: f64,
    /// The smallest one of the search itself, without the comparisons at its end.
    searched: f64,
    calls: u64,
    non_finite: u64,
}

fn run(config: &OptimizerConfig, start: &[f32], budget: u64, seed: u64, loss: Loss<'_>) -> Run {
    let seen = Mutex::new((f64::INFINITY, f64::INFINITY, 0, 0));
    let objective = BlackBox::with_batches(start.len(), |x: &[f32], key| {
        let value = loss(x, key);
        let (best, searched, calls, non_finite) = &mut *seen.lock().unwrap();
        *calls += 1;
        if value.is_finite() {
            *best = best.min(value);
        } else {
            *non_finite += 1;
        }
        if *calls <= budget {
            *searched = *best;
        }
        value
    });
    let found = minimise_objective(&objective, start).optimizer(config.clone()).budget(budget).seed(seed).run();
    drop(objective);
    let (best, searched, calls, non_finite) = seen.into_inner().unwrap();
    Run { found, best, searched, calls, non_finite }
}

/// A loss without noise: what is handed over is finite, no worse than the start and than what was seen, and it was counted.
#[test]
fn no_box_makes_the_result_worse_than_what_was_seen() {
    let boxes: [(&str, &[f32], Loss<'_>); 18] = [
        ("no loss outside", &[0.9, 0.9], &|x, _| if outside(x) { f64::NAN } else { sphere(x, 0.0) }),
        ("no loss below 0", &[1.0, 1.0], &|x, _| {
            if x[0] < 0.0 { f64::NAN } else { f64::from(x[0]) + square(x[1], 0.0) }
        }),
        ("root", &[1.0, 1.0], &|x, _| f64::from(x[0]).sqrt() + square(x[1], 0.0)),
        ("barrier", &[0.5, 0.5], &|x, _| square(x[0], 1.2) - 1e-3 * (1.0 - f64::from(x[0])).ln() + square(x[1], 0.2)),
        ("penalty", &[0.9, 0.9], &|x, _| if outside(x) { 1e6 } else { sphere(x, 1.0) }),
        ("flat", &[1.0, 2.0], &|_, _| 3.0),
        ("steps", &[3.3, 4.4], &|x, _| sphere(x, 0.0).floor()),
        ("one parameter", &[0.0], &|x, _| square(x[0], 3.0)),
        ("one parameter of 1", &[1.0], &|x, _| square(x[0], 3.0)),
        ("at the optimum", &[1.0, 2.0], &|x, _| square(x[0], 1.0) + square(x[1], 2.0)),
        ("at the optimum 0", &[0.0, 0.0], &|x, _| sphere(x, 0.0)),
        ("far", &[1.0, 1.0], &|x, _| sphere(x, 1000.0)),
        ("far from 0", &[0.0, 0.0], &|x, _| sphere(x, 1000.0)),
        ("a tiny loss", &[1.0, 1.0], &|x, _| 1e-18 * sphere(x, 0.5)),
        ("tiny parameters", &[3e-9, 1e-9], &|x, _| x.iter().map(|&x| (f64::from(x) * 1e9 - 2.0).powi(2)).sum()),
        ("a constant of 1e9", &[1.0, 1.0], &|x, _| 1e9 + sphere(x, 0.5)),
        ("negative", &[1.0, 1.0], &|x, _| sphere(x, 0.5) - 1e3),
        ("unbounded", &[1.0, 1.0], &|x, _| -sphere(x, 0.0)),
    ];
    let mut wrong = Vec::new();
    for config in all() {
        for (name, start, loss) in boxes {
            for seed in 0..3 {
                let Run { found, best, searched, calls, non_finite } = run(&config, start, 1500, seed, loss);
                let right = match &found {
                    Ok(found) => {
                        found.loss.is_finite()
                            && found.loss <= found.start_loss
                            && found.loss <= searched
                            && found.best_loss == best
                            && found.parameters.iter().all(|x| x.is_finite())
                            && (found.evaluations, found.non_finite) == (calls, non_finite)
                    }
                    Err(_) => false,
                };
                if !right {
                    wrong
                        .push(format!("{} on {name:?}, seed {seed}: {found:?}, best {best:e}, {calls}", config.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_box_that_never_answers_is_an_error_and_a_bottomless_one_ends_the_search() {
    for config in all() {
        for nothing in [f64::NAN, f64::INFINITY] {
            let found = run(&config, &[1.3, 0.7, 0.8], 2000, 1, &move |_, _| nothing).found;
            assert!(matches!(found, Err(Error::NoFiniteLoss { evaluations: 90..200 })), "{config:?}: {found:?}");
        }
        let hole: Loss<'_> = &|x, _| if x[0] < 0.0 { f64::NEG_INFINITY } else { sphere(x, 0.0) };
        let run = run(&config, &[1.0, 1.0], 5000, 1, hole);
        let found = run.found.unwrap();
        assert!(!found.loss.is_nan() && found.loss < found.start_loss, "{config:?}: {found:?}");
        assert!(
            found.loss.is_finite() || (found.loss == f64::NEG_INFINITY && run.calls < 5000),
            "{config:?}: {found:?}"
        );
    }
}

/// A closure that panics panics where it was called from; no parameters, a start that is no number and no budget are refused by name;
/// a budget of 1 is kept to.
#[test]
fn the_edges_are_named() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let died = all().iter().all(|config| {
        let died: Loss<'_> = &|_, _| panic!("the simulator died");
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let objective = BlackBox::with_batches(2, died);
            minimise_objective(&objective, &[1.0, 1.0]).optimizer(config.clone()).budget(100).run().map(|_| ())
        }));
        caught.is_err()
    });
    std::panic::set_hook(hook);
    assert!(died);
    for config in all() {
        let loss: Loss<'_> = &|x, _| sphere(x, 0.0);
        for (start, budget, name) in
            [(&[][..], 100, "parameters"), (&[f32::NAN, 1.0], 100, "start"), (&[1.0, 1.0], 0, "budget_evaluations")]
        {
            let found = run(&config, start, budget, 1, loss).found;
            assert!(
                matches!(&found, Err(Error::InvalidParameter { name: found, .. }) if *found == name),
                "{config:?}: {found:?}"
            );
        }
        let one = run(&config, &[1.0, 1.0], 1, 1, loss);
        let found = one.found.unwrap();
        assert!(found.loss <= found.start_loss && one.calls < 64, "{config:?}: {found:?}");
    }
}

/// A noise of the batch's key, which all candidates of an update share, and one of its own: both are borne.
#[test]
fn noise_is_borne() {
    let dopamine: OptimizerConfig = DopamineConfig { search_scale: true, ..DopamineConfig::default() }.into();
    for seed in 0..10 {
        let shared: Loss<'_> = &|x, key| sphere(x, 0.5) + key.stream().uniform() - 0.5;
        let found = run(&dopamine, &[3.0, -2.0], 5000, seed, shared).found.unwrap();
        let truth = sphere(&found.parameters, 0.5);
        assert!(truth < 0.5, "{seed}: {truth}; the start has 12.5");
    }
}

/// Dopamine in far-off units of the loss, under offsets and in far-off units of the parameters: each is as near as in the usual one.
#[test]
fn no_unit_is_too_far_off() {
    let dopamine: OptimizerConfig = DopamineConfig { search_scale: true, ..DopamineConfig::default() }.into();
    let near = |x: &[f32], size: f64| x.iter().all(|&x| (f64::from(x) / size - 0.5).abs() < 0.05);
    for seed in 0..5 {
        for exponent in [-100, -30, -18, -12, -9, -6, -3, 0, 3, 6, 9, 12, 18, 30, 100] {
            let unit = 10f64.powi(exponent);
            let found = run(&dopamine, &[1.0, 1.0], 5000, seed, &move |x, _| unit * sphere(x, 0.5)).found.unwrap();
            assert!(near(&found.parameters, 1.0), "1e{exponent}, {seed}: {found:?}");
            assert!(found.loss < 1e-2 * unit, "1e{exponent}, {seed}: {found:?}");
        }
        for exponent in [0, 3, 6, 9] {
            let offset = 10f64.powi(exponent);
            let found = run(&dopamine, &[1.0, 1.0], 5000, seed, &move |x, _| offset + sphere(x, 0.5)).found.unwrap();
            assert!(near(&found.parameters, 1.0), "+ 1e{exponent}, {seed}: {found:?}");
        }
        for exponent in [-9, -6, -3, -1, 0, 3, 6, 9] {
            let size = 10f64.powi(exponent);
            let start = [1.0, 1.0].map(|x| (x * size) as f32);
            let loss = move |x: &[f32], _: Key| x.iter().map(|&x| (f64::from(x) / size - 0.5).powi(2)).sum();
            let found = run(&dopamine, &start, 5000, seed, &loss).found.unwrap();
            assert!(near(&found.parameters, size), "parameters of 1e{exponent}, {seed}: {found:?}");
        }
    }
}

/// Steps of the loss and rounded parameters, in one-sided probes, wider ones and pairs.
#[test]
fn steps_and_rounded_parameters_are_left() {
    let plain = DopamineConfig { search_scale: true, ..DopamineConfig::default() };
    let wide = DopamineConfig { perturbation_scale: 0.1, ..plain.clone() };
    let pairs = DopamineConfig { perturbation_scale: 0.3, two_sided: true, ..plain.clone() };
    for config in [plain, wide, pairs].map(OptimizerConfig::from) {
        for seed in 0..5 {
            let end = |start: &[f32], loss: Loss<'_>| run(&config, start, 5000, seed, loss).found.unwrap();
            let steps = end(&[3.3, 4.4], &|x, _| sphere(x, 0.0).floor());
            assert!(steps.loss <= 2.0, "{config:?}, {seed}: {steps:?}");
            let fine = end(&[3.3, 4.4], &|x, _| (10.0 * sphere(x, 0.0)).floor() / 10.0);
            assert!(fine.loss <= 0.2, "{config:?}, {seed}: {fine:?}");
            for (unit, centre, start) in [(0.1, 1.0, [3.3, 4.4]), (1.0 / 128.0, 0.75, [0.3, 0.4])] {
                let rounded = move |x: &[f32], _: Key| {
                    x.iter().map(|&x| ((f64::from(x) / unit).round() * unit - centre).powi(2)).sum()
                };
                let found = end(&start, &rounded);
                assert!(found.loss < 2.0 * unit * unit + 1e-3, "{config:?}, {unit}, {seed}: {found:?}");
            }
        }
    }
}

/// A start near the optimum with many parameters is not left for a worse place, whatever optimizer it is, and Dopamine improves it.
#[test]
fn a_warm_start_is_kept() {
    for config in all() {
        for (length, budget) in [(200, 2000), (1000, 4000)] {
            let start: Vec<f32> = (0..length).map(|index| 1.0 + if index % 2 == 0 { 1e-3 } else { -1e-3 }).collect();
            let found = run(&config, &start, budget, 1, &|x, _| sphere(x, 1.0)).found.unwrap();
            assert!(found.loss <= found.start_loss, "{config:?}, {length}: {found:?}");
        }
    }
}

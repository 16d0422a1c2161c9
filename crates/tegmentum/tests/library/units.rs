//! Nothing depends on a unit: that of the loss, an offset of it, that of the parameters.

use super::optimizers::{parameters, update};
use tegmentum::data::batch::Batch;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::model::objective::Objective as _;
use tegmentum::model::objectives::{BlackBox, InUnits, Units};
use tegmentum::model::perturbation::{Base, Bases, Direction, Point, Probe};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

const START: [f64; 3] = [1.0, -0.5, 2.0];

/// Optimizers whose steps are relative to the loss, or that compare losses. A rate on an estimate that is not normalised has the loss's
/// unit by its definition; `meazo` has an absolute guard of 10⁻¹².
fn relative() -> Vec<OptimizerConfig> {
    let mut configs = vec![
        DopamineConfig::default().into(),
        DopamineConfig { directions: 16, ..DopamineConfig::default() }.into(),
        DopamineConfig { two_sided: true, search_scale: true, ..DopamineConfig::default() }.into(),
        DopamineConfig { search_scale: true, patience: Some(200), ..DopamineConfig::default() }.into(),
    ];
    let named = [
        "fzoo",
        "cma_es",
        "random_search",
        "random_descent",
        "adanaged",
        "zo_mopi",
        "polystep",
        "integer_perturbation",
    ];
    configs.extend(named.map(|name| OptimizerConfig::from_name(name).unwrap()));
    configs
}

/// The averaged parameters after `evaluations`, in the unit of the parameters, for losses in another unit.
fn after(config: &OptimizerConfig, evaluations: u64, (loss, offset, size): (f64, f64, f64), seed: u64) -> Vec<f64> {
    let bowl = move |x: &[f32]| {
        let at = |index: usize| f64::from(x[index]) / size;
        let sum = (at(0) - 3.0).powi(2) + 4.0 * (at(1) - 1.0).powi(2) + 0.5 * (at(2) * at(0) - 2.0).powi(2);
        offset + loss * sum
    };
    let objective = BlackBox::new(3, bowl);
    let start = START.iter().map(|&x| (x * size) as f32).collect();
    let mut learner = config.build(start, Key::from_seed(seed), evaluations).unwrap();
    let mut spent = 0;
    while spent < evaluations {
        spent += update(&mut *learner, &objective, &Modulation::default(), spent).1;
    }
    parameters(&*learner, Base::Averaged).into_iter().map(|x| f64::from(x) / size).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / (1e-3 + b.abs())).fold(0.0, f64::max)
}

#[test]
fn the_unit_of_the_loss_does_not_matter() {
    for config in relative() {
        for seed in 0..5 {
            let usual = after(&config, 1500, (1.0, 0.0, 1.0), seed);
            // Powers of two change no bit of a product.
            for exponent in [-60, 60, -300, 200] {
                let found = after(&config, 1500, (2.0f64.powi(exponent), 0.0, 1.0), seed);
                assert!(distance(&found, &usual) < 1e-3, "{config:?}, 2^{exponent}: {found:?} and {usual:?}");
            }
        }
    }
}

#[test]
fn an_offset_of_the_loss_does_not_matter_beyond_its_rounding() {
    for config in relative() {
        for seed in 0..5 {
            let usual = after(&config, 1500, (1.0, 0.0, 1.0), seed);
            let found = after(&config, 1500, (1.0, 1e6, 1.0), seed);
            // Both end near (3, 1, 2/3); on the way rounding of 1e-10 in the losses grows.
            let near = |end: &[f64]| distance(end, &[3.0, 1.0, 2.0 / 3.0]);
            assert!(near(&found) < near(&usual).max(0.02) * 1.5, "{config:?}: {found:?} and {usual:?}");
        }
    }
}

#[test]
fn the_unit_of_the_parameters_does_not_matter_to_dopamine() {
    for config in relative().into_iter().take(4) {
        for seed in 0..5 {
            let usual = after(&config, 1500, (1.0, 0.0, 1.0), seed);
            for exponent in [-20, 20, -30] {
                let found = after(&config, 1500, (1.0, 0.0, 2.0f64.powi(exponent)), seed);
                assert!(distance(&found, &usual) < 1e-3, "{config:?}, 2^{exponent}: {found:?} and {usual:?}");
            }
        }
    }
}

/// A start that is far too small finds its size.
#[test]
fn a_small_start_grows() {
    for (size, seed) in [(1e-3f32, 1), (1e-4, 2), (1e-6, 3)] {
        let bowl = |x: &[f32]| x.iter().map(|&x| (f64::from(x) - 1.0).powi(2)).sum();
        let config: OptimizerConfig = DopamineConfig::default().into();
        let mut learner = config.build(vec![size, -size, size], Key::from_seed(seed), 8000).unwrap();
        let mut spent = 0;
        while spent < 8000 {
            spent += update(&mut *learner, &BlackBox::new(3, bowl), &Modulation::default(), spent).1;
        }
        let found = bowl(&parameters(&*learner, Base::Averaged));
        assert!(found < 0.01, "{size}: {found}");
    }
}

/// Every kind of probe, of every base: the loss is that of the candidate in the objective's unit.
#[test]
fn an_objective_in_other_units_is_the_same_function() {
    let loss = |x: &[f32], _: Key| x.iter().enumerate().map(|(i, &x)| f64::from(x) * (i + 1) as f64).sum();
    let units = Units { loss: 8.0, offset: -3.0, parameters: 0.25 };
    let (acting, other, candidates) = ([1.0f32, -2.0, 0.5], [4.0f32, 3.0, -1.0], [0.5f32, 1.5, 2.5]);
    let bases = Bases {
        acting: Point::Vector(&acting),
        averaged: Point::Mixture { first: &acting, second: &other, weight: 0.25 },
        candidates: &candidates,
    };
    let mut probes = Vec::new();
    for base in [Base::Acting, Base::Averaged, Base::Candidate(0)] {
        for (gain, scale) in [(1.0, 0.0), (0.5, 0.25), (1.0, -0.5)] {
            for direction in [Direction::Rademacher(Key::from_seed(7)), Direction::Coordinate(1)] {
                probes.push(Probe { base, gain, direction, scale });
            }
        }
    }
    let mut found = vec![0.0; probes.len()];
    let objective = InUnits::new(BlackBox::with_batches(3, loss), units).unwrap();
    objective.losses(bases, &probes, Batch(Key::from_seed(1)), &mut found).unwrap();
    for (probe, found) in probes.iter().zip(found) {
        let mut candidate = [0.0f32; 3];
        probe.write(bases, &mut candidate).unwrap();
        units.to_objective(&mut candidate);
        // All numbers are small multiples of powers of two: nothing is rounded.
        assert_eq!(found, 8.0 * loss(&candidate, Key::from_seed(1)) - 3.0, "{probe:?}");
        let back = candidate;
        units.to_learner(&mut candidate);
        assert!(candidate.iter().zip(back).all(|(&there, back)| there == 0.25 * back));
    }
}

#[test]
fn units_out_of_range_are_refused() {
    let message = |units: Units| units.check().unwrap_err().to_string();
    let usual = Units::default();
    assert_eq!(message(Units { loss: 0.0, ..usual }), "units.loss = 0: must be a finite number above 0");
    assert_eq!(message(Units { loss: 1e200, ..usual }), "units.loss = 1e200: must be from 1e-100 to 1e100");
    assert_eq!(message(Units { parameters: 1e-13, ..usual }), "units.parameters = 1e-13: must be from 1e-12 to 1e12");
    assert!(message(Units { parameters: f64::NAN, ..usual }).starts_with("units.parameters = NaN"));
    assert_eq!(message(Units { offset: f64::INFINITY, ..usual }), "units.offset = inf: must be a finite number");
    assert_eq!(usual.check().unwrap(), usual);
}

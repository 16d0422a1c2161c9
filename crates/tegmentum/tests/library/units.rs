//! Nothing depends on a unit: that of the loss, an offset of it, that of the parameters.

use super::optimizers::{parameters, update};
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::model::objectives::BlackBox;
use tegmentum::model::perturbation::Base;
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
    let named = ["fzoo", "cma_es", "random_search", "random_descent", "adanaged", "zo_mopi", "polystep"];
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

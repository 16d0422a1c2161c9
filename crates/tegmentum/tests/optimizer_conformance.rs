//! What every registered optimizer promises, and what single ones promise beyond it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tegmentum::data::batch::Batch;
use tegmentum::error::Error;
use tegmentum::learning::optimizer::{Optimizer, StepReport};
use tegmentum::learning::optimizers::Averaging;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::cma_es::CmaEsConfig;
use tegmentum::learning::optimizers::evolution_strategy::{EvolutionStrategyConfig, UpdateRule};
use tegmentum::learning::optimizers::rate_rule::Reading;
use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::BlackBox;
use tegmentum::model::perturbation::{Base, Family};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

/// The registry, every reading of the rate rule, and the options that change the code that runs.
fn all() -> Vec<OptimizerConfig> {
    let mut configs: Vec<_> = OptimizerConfig::registry();
    let plain = WeightPerturbationConfig { directions: 2, two_sided: true, ..WeightPerturbationConfig::default() };
    for reading in Reading::ALL {
        configs.push(OptimizerConfig::WeightPerturbation(WeightPerturbationConfig { reading, ..plain.clone() }));
        if reading != Reading::Adam {
            configs.push(OptimizerConfig::WeightPerturbation(WeightPerturbationConfig {
                reading,
                two_sided: false,
                averaging: Averaging::ScheduleFree,
                ..plain.clone()
            }));
        }
    }
    configs.push(OptimizerConfig::EvolutionStrategy(EvolutionStrategyConfig {
        update_rule: UpdateRule::Sgd,
        ..EvolutionStrategyConfig::default()
    }));
    configs
}

/// A quadratic with its minimum at 1 in every parameter.
fn bowl(parameters: &[f32]) -> f64 {
    parameters.iter().map(|&x| 0.5 * f64::from(x - 1.0) * f64::from(x - 1.0)).sum()
}

fn start(length: usize) -> Vec<f32> {
    let mut stream = Key::from_seed(99).stream();
    let mut start: Vec<f32> = (0..length).map(|_| 0.1 * stream.normal()).collect();
    start[0] = -0.0;
    start
}

/// One update; returns the report and the number of evaluations.
fn update(
    learner: &mut dyn Optimizer,
    objective: &impl Objective,
    modulation: &Modulation,
    batch: u64,
) -> (StepReport, u64) {
    let probes = learner.ask(modulation).to_vec();
    let mut losses = vec![0.0; probes.len()];
    objective.losses(learner.bases(), &probes, Batch(Key::from_seed(batch)), &mut losses).unwrap();
    (learner.tell(&losses, modulation).unwrap(), probes.len() as u64)
}

fn run(learner: &mut dyn Optimizer, objective: &impl Objective, evaluations: u64) {
    let mut spent = 0;
    while spent < evaluations {
        spent += update(learner, objective, &Modulation::default(), spent).1;
    }
}

fn parameters(learner: &dyn Optimizer, base: Base) -> Vec<f32> {
    let bases = learner.bases();
    let mut vector = vec![0.0; bases.num_parameters()];
    bases.point(base).unwrap().write(1.0, &mut vector);
    vector
}

fn bits(learner: &dyn Optimizer) -> Vec<u32> {
    let mut all = parameters(learner, Base::Acting);
    all.extend(parameters(learner, Base::Averaged));
    all.into_iter().map(f32::to_bits).collect()
}

#[test]
fn same_key_same_bits_and_another_key_others() {
    let objective = BlackBox::new(150, bowl);
    for config in all() {
        let after = |seed| {
            let mut learner = config.build(start(150), Key::from_seed(seed), 400).unwrap();
            run(&mut *learner, &objective, 200);
            let next = learner.ask(&Modulation::default()).to_vec();
            (bits(&*learner), next)
        };
        assert_eq!(after(1), after(1), "{config:?}");
        let draws = !matches!(config, OptimizerConfig::FiniteDifference(_));
        assert_eq!(after(1) != after(2), draws, "{config:?}");
    }
}

#[test]
fn learning_rate_zero_changes_no_bit() {
    let objective = BlackBox::new(150, bowl);
    let mut checked = 0;
    for mut config in all() {
        config.set_learning_rate(0.0);
        if config.learning_rate().is_none() {
            continue;
        }
        let mut learner = config.build(start(150), Key::from_seed(1), 4000).unwrap();
        let before = bits(&*learner);
        run(&mut *learner, &objective, 2000);
        assert_eq!(bits(&*learner), before, "{config:?}");
        checked += 1;
    }
    assert!(checked >= 6 + Reading::ALL.len());
}

#[test]
fn a_silenced_learning_rate_changes_no_bit_either() {
    let objective = BlackBox::new(40, bowl);
    let silence = Modulation { learning_rate: 0.0, ..Modulation::default() };
    for config in all().into_iter().filter(|config| config.learning_rate().is_some()) {
        let mut learner = config.build(start(40), Key::from_seed(1), 4000).unwrap();
        let before = bits(&*learner);
        for batch in 0..20 {
            update(&mut *learner, &objective, &silence, batch);
        }
        assert_eq!(bits(&*learner), before, "{config:?}");
    }
}

#[test]
fn modulation_multiplies_step_and_scale() {
    let objective = BlackBox::new(10, bowl);
    for config in OptimizerConfig::registry() {
        let step = |modulation: Modulation, config: &OptimizerConfig| {
            let mut learner = config.build(start(10), Key::from_seed(1), 4000).unwrap();
            update(&mut *learner, &objective, &modulation, 0);
            bits(&*learner)
        };
        let neutral = step(Modulation::default(), &config);
        // Powers of two: the products are exact, so the bits must agree with those of another configuration.
        let mut wide = config.clone();
        wide.set_perturbation_scale(2.0 * config.perturbation_scale().unwrap());
        let doubled = Modulation { perturbation_scale: 2.0, ..Modulation::default() };
        if config.name() != "cma_es" {
            assert_eq!(step(doubled, &config), step(Modulation::default(), &wide), "{config:?}");
        }
        if let Some(rate) = config.learning_rate() {
            let mut fast = config.clone();
            fast.set_learning_rate(0.5 * rate);
            let halved = step(Modulation { learning_rate: 0.5, ..Modulation::default() }, &config);
            assert_eq!(halved, step(Modulation::default(), &fast), "{config:?}");
            assert_ne!(halved, neutral, "{config:?}");
        }
    }
}

#[test]
fn asking_again_gives_the_same_probes() {
    for config in all() {
        let mut learner = config.build(start(10), Key::from_seed(1), 4000).unwrap();
        let first = learner.ask(&Modulation::default()).to_vec();
        assert!(!first.is_empty());
        assert_eq!(learner.ask(&Modulation::default()), first, "{config:?}");
    }
}

#[test]
fn losses_that_are_not_finite_are_counted_and_move_nothing_out_of_range() {
    for config in all() {
        for pattern in [[f64::NAN; 3], [f64::INFINITY; 3], [f64::NEG_INFINITY; 3], [1.0, f64::NAN, f64::INFINITY]] {
            let mut learner = config.build(start(20), Key::from_seed(1), 4000).unwrap();
            let before = bits(&*learner);
            for round in 0..30 {
                let count = learner.ask(&Modulation::default()).len();
                let losses: Vec<f64> = (0..count).map(|index| pattern[(index + round) % 3]).collect();
                let expected = losses.iter().filter(|loss| !loss.is_finite()).count();
                let report = learner.tell(&losses, &Modulation::default()).unwrap();
                assert_eq!(report.non_finite as usize, expected, "{config:?}");
            }
            if !pattern[0].is_finite() {
                let averaging =
                    matches!(&config, OptimizerConfig::WeightPerturbation(c) if c.averaging != Averaging::None);
                assert!(averaging || bits(&*learner) == before, "{config:?} moved on {pattern:?}");
            }
            for base in [Base::Acting, Base::Averaged] {
                assert!(parameters(&*learner, base).iter().all(|value| value.is_finite()), "{config:?}");
            }
            run(&mut *learner, &BlackBox::new(20, bowl), 100);
        }
    }
}

#[test]
fn a_wrong_number_of_losses_is_an_error_and_changes_nothing() {
    for config in all() {
        let mut learner = config.build(start(10), Key::from_seed(1), 4000).unwrap();
        for early in [&[][..], &[1.0]] {
            let found = learner.tell(early, &Modulation::default());
            assert!(matches!(found, Err(Error::ShapeMismatch { .. })), "{config:?}");
        }
        let count = learner.ask(&Modulation::default()).len();
        let before = bits(&*learner);
        for wrong in [0, count - 1, count + 1] {
            let found = learner.tell(&vec![1.0; wrong], &Modulation::default());
            assert!(matches!(found, Err(Error::ShapeMismatch { .. })), "{config:?}");
        }
        assert_eq!(bits(&*learner), before);
        assert!(learner.tell(&vec![1.0; count], &Modulation::default()).is_ok());
    }
}

#[test]
fn state_is_as_large_as_documented() {
    let vectors = |config: &OptimizerConfig| match config {
        OptimizerConfig::WeightPerturbation(c) if c.reading == Reading::Adam => 3,
        OptimizerConfig::WeightPerturbation(c) if c.averaging == Averaging::ScheduleFree => 2,
        OptimizerConfig::EvolutionStrategy(c) if c.update_rule == UpdateRule::Adam => 3,
        OptimizerConfig::Dopamine(_) | OptimizerConfig::RandomSearch(_) => 2,
        // 4 + ⌊3 ln 1000⌋ candidates.
        OptimizerConfig::CmaEs(_) => 4 + 24,
        _ => 1,
    };
    for config in all() {
        let mut learner = config.build(start(1000), Key::from_seed(1), 4000).unwrap();
        assert_eq!(learner.state_bytes(), 4000 * vectors(&config), "{config:?}");
        run(&mut *learner, &BlackBox::new(1000, bowl), 100);
        assert_eq!(learner.state_bytes(), 4000 * vectors(&config), "{config:?}");
    }
}

#[test]
fn every_default_improves_a_quadratic() {
    let objective = BlackBox::new(5, bowl);
    for config in OptimizerConfig::registry() {
        let mut found: Vec<f64> = (0..7)
            .map(|seed| {
                let mut learner = config.build(vec![0.0; 5], Key::from_seed(seed), 2000).unwrap();
                run(&mut *learner, &objective, 2000);
                bowl(&parameters(&*learner, Base::Averaged))
            })
            .collect();
        found.sort_by(f64::total_cmp);
        // The start has 2.5.
        assert!(found[6] < 1.25, "{}: {found:?}", config.name());
    }
}

#[test]
fn configurations_survive_toml_and_refuse_unknown_fields() {
    for config in OptimizerConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<OptimizerConfig>(&text).unwrap(), config);
        let default = format!("[{}]\n", config.name());
        assert_eq!(toml::from_str::<OptimizerConfig>(&default).unwrap(), config, "{default}");
        assert!(toml::from_str::<OptimizerConfig>(&format!("{default}learning_rat = 1.0")).is_err());
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    for config in OptimizerConfig::registry() {
        let name = |config: &OptimizerConfig, start: Vec<f32>, budget| match config
            .build(start, Key::from_seed(1), budget)
            .map(|_| ())
        {
            Err(Error::InvalidParameter { name, .. }) => name,
            other => panic!("{config:?}: {other:?}"),
        };
        assert_eq!(name(&config, vec![], 10), "parameters");
        assert_eq!(name(&config, vec![f32::NAN], 10), "start");
        assert_eq!(name(&config, vec![0.0], 0), "budget_evaluations");
        let mut wrong = config.clone();
        wrong.set_perturbation_scale(0.0);
        assert_eq!(name(&wrong, vec![0.0], 10), "perturbation_scale");
        if config.learning_rate().is_some() {
            let mut wrong = config.clone();
            wrong.set_learning_rate(-1.0);
            assert_eq!(name(&wrong, vec![0.0], 10), "learning_rate");
        }
    }
}

#[test]
fn learners_can_be_sent() {
    fn is_send<T: Send + ?Sized>() {}
    is_send::<dyn Optimizer>();
}

/// `E ĝ·g` and `E‖ĝ‖²` of one step of plain weight perturbation on a linear loss with a gradient of length 1 in 50
/// dimensions, over 400 000 draws.
fn moments(family: Family, directions: usize) -> (f64, f64) {
    let length = 50;
    let gradient: Vec<f32> = {
        let mut stream = Key::from_seed(5).stream();
        let raw: Vec<f32> = (0..length).map(|_| stream.normal()).collect();
        let norm = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
        raw.iter().map(|x| x / norm).collect()
    };
    let dot = |x: &[f32]| gradient.iter().zip(x).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let config = WeightPerturbationConfig {
        learning_rate: 1.0,
        perturbation_scale: 0.5,
        directions,
        family,
        ..WeightPerturbationConfig::default()
    };
    let (mut along, mut squared, draws) = (0.0, 0.0, 400_000);
    let mut losses = vec![0.0; directions + 1];
    let mut candidate = vec![0.0; length];
    for draw in 0..draws {
        let mut learner = config.build(vec![0.0; length], Key::from_seed(draw), 10).unwrap();
        let probes = learner.ask(&Modulation::default()).to_vec();
        for (probe, loss) in probes.iter().zip(&mut losses) {
            probe.write(learner.bases(), &mut candidate).unwrap();
            *loss = dot(&candidate);
        }
        learner.tell(&losses, &Modulation::default()).unwrap();
        let step = parameters(&learner, Base::Acting);
        along -= dot(&step);
        squared += step.iter().map(|x| f64::from(x * x)).sum::<f64>();
    }
    (along / draws as f64, squared / draws as f64)
}

#[test]
fn moments_of_the_estimate_are_those_of_the_theory() {
    // E ĝ = g; E‖ĝ‖² = ((P + 1)/K + 1) for normals, ((P − 1)/K + 1) for signs.
    for (family, directions, squared) in [
        (Family::Gaussian, 1, 52.0),
        (Family::Rademacher, 1, 50.0),
        (Family::Gaussian, 4, 13.75),
        (Family::Rademacher, 4, 13.25),
    ] {
        let found = moments(family, directions);
        assert!((found.0 - 1.0).abs() < 0.02, "{family:?}, K = {directions}: mean {}", found.0);
        assert!((found.1 / squared - 1.0).abs() < 0.02, "{family:?}, K = {directions}: square {}", found.1);
    }
}

#[test]
fn the_noise_ball_of_the_normalised_reading_has_the_radius_of_the_theory() {
    for (family, length, rate, curvature) in
        [(Family::Rademacher, 50, 0.002, 1.0), (Family::Gaussian, 50, 0.002, 1.0), (Family::Rademacher, 20, 0.005, 3.0)]
    {
        let config = WeightPerturbationConfig {
            learning_rate: rate,
            reading: Reading::Normalised,
            two_sided: true,
            family,
            ..WeightPerturbationConfig::default()
        };
        let objective = BlackBox::new(length, move |x: &[f32]| {
            x.iter().map(|&x| 0.5 * curvature * f64::from(x) * f64::from(x)).sum()
        });
        let mut learner = config.build(vec![0.02; length], Key::from_seed(3), 1).unwrap();
        let (mut sum, steps) = (0.0, 40_000);
        for step in 0..2_000 + steps {
            update(&mut learner, &objective, &Modulation::default(), step);
            if step >= 2_000 {
                let w = parameters(&learner, Base::Acting);
                sum += w.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
            }
        }
        let (found, expected) = (sum / steps as f64, rate * length as f64 / 2.0);
        assert!((found / expected - 1.0).abs() < 0.05, "{family:?}: radius {found}, expected {expected}");
    }
}

/// Evaluations until a candidate is below 1e-8 on the ellipsoid of `oracles/sep_cma_es.py`.
fn evaluations_on_the_ellipsoid(seed: u64) -> f64 {
    let objective = BlackBox::new(10, |x: &[f32]| {
        x.iter().enumerate().map(|(i, &x)| 10f64.powf(6.0 * i as f64 / 9.0) * f64::from(x) * f64::from(x)).sum()
    });
    let config = CmaEsConfig { perturbation_scale: 2.0, population: None };
    let mut learner = config.build(vec![3.0; 10], Key::from_seed(seed), 100_000).unwrap();
    let mut spent = 0;
    while spent < 20_000 {
        let (report, evaluations) = update(&mut learner, &objective, &Modulation::default(), spent);
        spent += evaluations;
        if report.loss < 1e-8 {
            break;
        }
    }
    spent as f64
}

#[test]
fn separable_cma_es_is_as_fast_as_an_independent_one() {
    // Median of 51 seeds of the PyPI package `cmaes` 0.13.1; quartiles 2580 and 2810.
    let oracle = 2660.0;
    let mut found: Vec<f64> = (0..31).map(evaluations_on_the_ellipsoid).collect();
    found.sort_by(f64::total_cmp);
    let ratio = found[15] / oracle;
    assert!((1.0 / 1.25..1.25).contains(&ratio), "median {}, oracle {oracle}", found[15]);
}

#[test]
fn separable_cma_es_solves_the_ellipsoid_from_every_seed() {
    assert!((100..110).map(evaluations_on_the_ellipsoid).all(|evaluations| evaluations < 4000.0));
}

/// Mean squared error of a 2-4-1 network (tanh, logistic) on the four patterns of XOR.
fn xor(w: &[f32]) -> f64 {
    let error = |(a, b, target): (f32, f32, f32)| {
        let hidden = (0..4).map(|j| w[12 + j] * (w[3 * j] * a + w[3 * j + 1] * b + w[3 * j + 2]).tanh());
        let output = 1.0 / (1.0 + (-hidden.sum::<f32>() - w[16]).exp());
        f64::from(output - target).powi(2)
    };
    [(0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)].map(error).iter().sum::<f64>() / 4.0
}

/// Updates to an error below 0.01 for 60 initialisations, in order; those that fail have the limit.
fn updates_to_solve_xor(reading: Reading, learning_rate: f64, averaging: Averaging) -> Vec<u64> {
    let limit = 5_000;
    let config = WeightPerturbationConfig {
        reading,
        learning_rate,
        averaging,
        perturbation_scale: 0.01,
        family: Family::Gaussian,
        ..WeightPerturbationConfig::default()
    };
    let objective = BlackBox::new(17, xor);
    let solve = |seed| {
        let key = Key::from_seed(seed);
        let mut stream = key.child(0).stream();
        let start = (0..17).map(|_| 0.5 * stream.normal()).collect();
        let mut learner = config.build(start, key.child(1), 2 * limit).unwrap();
        (0..limit)
            .find(|&step| {
                update(&mut learner, &objective, &Modulation::default(), step);
                xor(&parameters(&learner, Base::Averaged)) < 0.01
            })
            .unwrap_or(limit)
    };
    let mut updates: Vec<u64> = (0..60).map(solve).collect();
    updates.sort_unstable();
    updates
}

/// Medians of independent simulations in f64: 203 (plain, rate 1), 162 (normalised, 0.1), 107 (sign, 0.3), every
/// initialisation solved; 80 for the normalised reading with schedule-free averaging, there with pairs and a rate of its
/// own.
#[test]
fn readings_solve_xor_as_fast_as_in_independent_simulations() {
    for (reading, rate, averaging, median) in [
        (Reading::Plain, 1.0, Averaging::None, 203.0),
        (Reading::Normalised, 0.1, Averaging::None, 162.0),
        (Reading::Sign, 0.3, Averaging::None, 107.0),
        (Reading::Normalised, 0.3, Averaging::ScheduleFree, 80.0),
    ] {
        let found = updates_to_solve_xor(reading, rate, averaging);
        assert!(found[57] < 5_000, "{reading:?}: {found:?}");
        assert!((0.6..1.6).contains(&(found[30] as f64 / median)), "{reading:?}: {found:?}");
    }
}

/// Each optimizer's file has its values, so that an optimizer is added in its own file and the registry.
#[test]
fn every_optimizer_has_a_test_of_value_stability() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/learning/optimizers");
    for config in OptimizerConfig::registry() {
        let text = std::fs::read_to_string(folder.join(config.name()).with_extension("rs")).unwrap();
        assert!(text.contains("fn value_stability()"), "{} has no test called value_stability", config.name());
    }
}

/// The second parameter after three updates of every reading, from R0 to R11, K = 2, one-sided.
const READING_VALUES: [f32; 14] = [
    0.078_904_256,
    8.000_046e-8,
    0.204_091_15,
    0.208_475_53,
    0.028_326_431,
    0.03,
    0.044_439_82,
    0.083_346_1,
    0.079_255_216,
    0.079_256_2,
    0.175_450_24,
    0.080_461_33,
    0.185_767_02,
    0.029_554_535,
];

#[test]
fn value_stability_of_readings() {
    let objective = BlackBox::new(5, bowl);
    let found = Reading::ALL.map(|reading| {
        let config = WeightPerturbationConfig { reading, directions: 2, ..WeightPerturbationConfig::default() };
        let mut learner = config.build(vec![0.0; 5], Key(42), 2000).unwrap();
        for batch in 0..3 {
            update(&mut learner, &objective, &Modulation::default(), batch);
        }
        parameters(&learner, Base::Acting)[1]
    });
    assert_eq!(found, READING_VALUES);
}

/// The drugs of an experimenter on the four modulators of Dopamine: without dopamine not one bit is learned, a lesion is
/// a clamp to zero, doses of nothing are nothing, and the same key gives the same noise.
#[test]
fn drugs_on_the_modulators_of_dopamine() {
    let objective = BlackBox::new(150, bowl);
    let after = |settings: &str| {
        let config: OptimizerConfig = toml::from_str(&format!("[dopamine]\n{settings}")).unwrap();
        let mut learner = config.build(start(150), Key::from_seed(1), 4000).unwrap();
        run(&mut *learner, &objective, 600);
        bits(&*learner)
    };
    let drug = |modulator: &str, action: &str| {
        after(&format!(
            "neuromodulation = {{ pharmacology = [{{ modulator = '{modulator}', action = {{ {action} }} }}] }}"
        ))
    };
    let intact = after("");
    let untouched = {
        let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
        bits(&*config.build(start(150), Key::from_seed(1), 4000).unwrap())
    };
    assert_ne!(intact, untouched);
    for action in ["lesion = 1.0", "clamp = 0.0"] {
        assert_eq!(drug("dopamine", action), untouched, "{action}");
    }
    assert_eq!(drug("acetylcholine", "antagonist = 0.0"), intact);
    assert_eq!(drug("noradrenaline", "agonist = 0.0"), intact);
    for modulator in ["acetylcholine", "serotonin", "noradrenaline"] {
        assert_eq!(drug(modulator, "lesion = 1.0"), drug(modulator, "clamp = 0.0"), "{modulator}");
    }
    for modulator in ["dopamine", "acetylcholine", "serotonin"] {
        assert_ne!(drug(modulator, "antagonist = 1.0"), intact, "{modulator}");
        assert_eq!(drug(modulator, "noise = 0.1"), drug(modulator, "noise = 0.1"), "{modulator}");
    }
}

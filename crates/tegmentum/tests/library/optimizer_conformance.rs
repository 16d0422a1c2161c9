//! What every registered optimizer promises, and what single ones promise beyond it.

use super::optimizers::{parameters, update};
use tegmentum::error::Error;
use tegmentum::learning::optimizer::Optimizer;
use tegmentum::learning::optimizers::Averaging;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::adanaged::{AdanagedConfig, Geometry};
use tegmentum::learning::optimizers::evolution_strategy::{EvolutionStrategyConfig, UpdateRule};
use tegmentum::learning::optimizers::mezo_greedy::MezoGreedyConfig;
use tegmentum::learning::optimizers::rate_rule::Reading;
use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::BlackBox;
use tegmentum::model::perturbation::Base;
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
    configs.push(AdanagedConfig { geometry: Geometry::Distance, ..AdanagedConfig::default() }.into());
    configs.push(MezoGreedyConfig { keep_best: true, ..MezoGreedyConfig::default() }.into());
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

fn run(learner: &mut dyn Optimizer, objective: &impl Objective, evaluations: u64) {
    let mut spent = 0;
    while spent < evaluations {
        spent += update(learner, objective, &Modulation::default(), spent).1;
    }
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
            while update(&mut *learner, &objective, &modulation, 0).0.follow_up {}
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
        OptimizerConfig::Dopamine(_) | OptimizerConfig::RandomSearch(_) | OptimizerConfig::Adanaged(_) => 2,
        // Without matrices the frame is one vector in 64 bits.
        OptimizerConfig::ZoMopi(_) => 4,
        // 4 + ⌊3 ln 1000⌋ candidates.
        OptimizerConfig::CmaEs(_) => 4 + 24,
        _ => 1,
    };
    for config in all() {
        let mut learner = config.build(start(1000), Key::from_seed(1), 4000).unwrap();
        // The start of Dopamine is kept for its first three windows.
        let watched = usize::from(matches!(config, OptimizerConfig::Dopamine(_)));
        assert_eq!(learner.state_bytes(), 4000 * (vectors(&config) + watched), "{config:?}");
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

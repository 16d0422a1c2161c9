//! What is saved and loaded goes on with the bits of what was never interrupted: every registered learner, on every kind of network.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use tegmentum::archive::Archive;
use tegmentum::data::task::Problem;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Result;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::gradient::GradientLearner;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::group::Member;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::loss_signals::LossSignals;
use tegmentum::learning::modulated_learner::ModulatedLearner;
use tegmentum::learning::observer::{Observer, Record, StopReason};
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::feedback_alignment::FeedbackAlignmentConfig;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::learning::stream::Stream;
use tegmentum::learning::training::{train, train_member};
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::{BlackBox, NetworkLoss};
use tegmentum::model::perturbation::Point;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::neuromodulation::preset::Preset;
use tegmentum::neuromodulation::system::NeuromodulationConfig;
use tegmentum::random::Key;

/// Updates before the state is taken.
const BEFORE: [u64; 5] = [0, 1, 7, 33, 100];
/// Updates after it.
const AFTER: u64 = 40;

/// The bits of everything that can be seen of a learner.
fn bits(learner: &dyn Learner) -> Vec<u64> {
    let vector = |point: Point<'_>| {
        let mut vector = vec![0.0f32; point.len()];
        point.write(1.0, &mut vector);
        vector.into_iter().map(|value| u64::from(value.to_bits())).collect::<Vec<_>>()
    };
    let mut bits = [vector(learner.averaged()), vector(learner.solution())].concat();
    if let Some(levels) = learner.levels() {
        let levels = [levels.dopamine, levels.acetylcholine, levels.serotonin, levels.noradrenaline];
        bits.extend(levels.map(f64::to_bits));
    }
    bits
}

/// Makes the updates and returns the bits of their reports.
fn make(learner: &mut dyn Learner, updates: std::ops::Range<u64>) -> Vec<u64> {
    let mut reports = Vec::new();
    for update in updates {
        let done = learner.update(Key::from_seed(4).child(update), &Modulation::default()).unwrap();
        let (report, evaluations) = (done.report, done.evaluations);
        let events = evaluations << 40 | u64::from(report.non_finite) << 1 | u64::from(report.surprised);
        reports.extend([report.loss.to_bits(), report.learning_rate.to_bits(), events]);
    }
    reports
}

/// Whether a learner goes on as if nothing had happened, whenever its state is taken.
fn goes_on<L: Learner>(what: &str, build: &dyn Fn() -> L) {
    for before in BEFORE {
        let mut first = build();
        make(&mut first, 0..before);
        let bytes = save(&mut first).unwrap_or_else(|error| panic!("{what}: {error}"));
        let expected = (make(&mut first, before..before + AFTER), bits(&first));
        let mut second = build();
        load(&bytes, &mut second).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(save(&mut second).unwrap(), bytes, "{what}: what was read is what was written");
        let found = (make(&mut second, before..before + AFTER), bits(&second));
        assert_eq!(found, expected, "{what}, {before} updates before");
    }
}

fn save(mut learner: &mut dyn Learner) -> Result<Vec<u8>> {
    Archive::write(&mut learner)
}

fn load(bytes: &[u8], mut learner: &mut dyn Learner) -> Result<()> {
    Archive::read(bytes, &mut learner)
}

/// A small problem and a network of each kind for it: examples for those without a state, a series for the others.
fn cases() -> Vec<(String, Arc<dyn Network>, Arc<Problem>)> {
    let problem = |text: &str| {
        let task: TaskConfig = toml::from_str(text).unwrap();
        Arc::new(task.build().unwrap().problem(Key::from_seed(11)).unwrap())
    };
    let kinds = [
        ("[mlp]\nhidden = [5]", "[xor]"),
        (
            "[elman]\nhidden = 4",
            "[mackey_glass]\ntrain = 200\ntest = 60\nwindows = { count = 3, length = 10, washout = 2 }",
        ),
        (
            "[gru]\nhidden = 3",
            "[mackey_glass]\ntrain = 200\ntest = 60\nwindows = { count = 3, length = 10, washout = 2 }",
        ),
    ];
    kinds
        .into_iter()
        .map(|(network, task)| {
            let problem = problem(task);
            let config: NetworkConfig = toml::from_str(network).unwrap();
            let network = config.build(problem.num_inputs(), problem.num_outputs()).unwrap();
            (config.name().to_owned(), Arc::from(network), problem)
        })
        .collect()
}

fn start(network: &dyn Network) -> Vec<f32> {
    network.initialise(Key::from_seed(12))
}

#[test]
fn every_optimizer_goes_on_with_every_network() {
    for (name, network, problem) in cases() {
        let objective = NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem));
        for config in OptimizerConfig::registry() {
            goes_on(&format!("{} with {name}", config.name()), &|| {
                let mut config = config.clone();
                config.fit_to(&*network);
                let optimizer = config.build(start(&*network), Key::from_seed(1), 2_000).unwrap();
                BlackBoxLearner::new(&objective, optimizer)
            });
        }
    }
}

#[test]
fn options_that_have_a_state_go_on() {
    let texts = [
        "[weight_perturbation]\nreading = 'adam'\nschedule = 'linear'",
        "[weight_perturbation]\nreading = 'baseline'\naveraging = 'schedule_free'",
        "[weight_perturbation]\nreading = 'recursive_sum'",
        "[weight_perturbation]\nreading = 'bold_driver'",
        "[weight_perturbation]\nreading = 'normalised'\naveraging = 'schedule_free'",
        "[evolution_strategy]\nupdate_rule = 'sgd'",
        "[dopamine]\npatience = 5",
        "[dopamine]\nsearch_scale = true",
        "[dopamine]\npatience = 20\ntwo_sided = true\nfirst_window = 3",
        "[dopamine]\npatience = 20\nparameter_sizes = 'each'",
        "[adanaged]\ngeometry = 'sign'",
        "[mezo_greedy]\nkeep_best = true",
        "[dopamine.neuromodulation]\npharmacology = [\
            { modulator = 'dopamine', action = { noise = 0.2 } }, { modulator = 'dopamine', action = { delay = 3 } }]",
    ];
    let objective = BlackBox::new(12, |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum());
    for text in texts {
        let config: OptimizerConfig = toml::from_str(text).unwrap();
        goes_on(text, &|| {
            let start = (0..12).map(|index| 0.1 * index as f32 - 0.4).collect();
            BlackBoxLearner::new(&objective, config.build(start, Key::from_seed(1), 2_000).unwrap())
        });
    }
}

#[test]
fn a_world_that_changes_is_met_as_before() {
    // From update 60 on the minimum is elsewhere.
    let later: HashSet<u64> = (60..300).map(|update| Key::from_seed(4).child(update).child(0).0).collect();
    let objective = BlackBox::with_batches(4, move |x: &[f32], batch: Key| {
        let minimum = if later.contains(&batch.0) { -20.0 } else { 1.0 };
        1.0 + x.iter().map(|&x| (f64::from(x) - minimum).powi(2)).sum::<f64>()
    });
    for text in ["[dopamine]", "[dopamine]\npatience = 40"] {
        let config: OptimizerConfig = toml::from_str(text).unwrap();
        let build = || BlackBoxLearner::new(&objective, config.build(vec![-1.0; 4], Key::from_seed(1), 2_000).unwrap());
        let events = make(&mut build(), 0..140).into_iter().skip(2).step_by(3);
        assert!(events.map(|events| events & 1).sum::<u64>() > 0, "{text}: nothing surprised it");
        goes_on(text, &build);
    }
}

#[test]
fn every_plasticity_rule_and_gradient_baseline_goes_on_with_every_network() {
    for (name, network, problem) in cases() {
        for config in PlasticityConfig::registry() {
            goes_on(&format!("{} with {name}", config.name()), &|| {
                let parts = (Arc::clone(&network), Arc::clone(&problem));
                Alone(config.build(parts.0, parts.1, start(&*network), Key::from_seed(1)).unwrap())
            });
        }
        let online: NodePerturbationConfig = toml::from_str("credit = 'online'\nreadout = 'noise'").unwrap();
        goes_on(&format!("online node perturbation with {name}"), &|| {
            online.build(Arc::clone(&network), Arc::clone(&problem), start(&*network), Key::from_seed(1)).unwrap()
        });
        for config in GradientConfig::registry() {
            goes_on(&format!("{} with {name}", config.name()), &|| {
                let descent = config.build(start(&*network), 2_000).unwrap();
                GradientLearner::new(descent, Arc::clone(&network), Arc::clone(&problem))
            });
        }
    }
}

/// A boxed learner as a learner.
struct Alone(Box<dyn Learner>);

impl Learner for Alone {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<tegmentum::learning::learner::Update> {
        self.0.update(batch, modulation)
    }

    fn averaged(&self) -> Point<'_> {
        self.0.averaged()
    }

    fn solution(&self) -> Point<'_> {
        self.0.solution()
    }

    fn state_bytes(&self) -> usize {
        self.0.state_bytes()
    }

    fn levels(&self) -> Option<tegmentum::learning::optimizer::Levels> {
        self.0.levels()
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)
    }
}

/// An optimizer that hears more than the others, so that many presets can be put around it.
fn modulated(system: &NeuromodulationConfig, objective: &'static dyn Objective) -> Result<ModulatedLearner<'static>> {
    let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
    let optimizer = config.build(vec![0.3; 6], Key::from_seed(1), 2_000)?;
    ModulatedLearner::new(
        Box::new(BlackBoxLearner::new(objective, optimizer)),
        system,
        LossSignals::default(),
        Key::from_seed(2),
    )
}

#[test]
fn every_preset_goes_on_around_a_learner() {
    fn bowl(x: &[f32]) -> f64 {
        x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum()
    }
    let objective: &'static dyn Objective = Box::leak(Box::new(BlackBox::new(6, bowl)));
    let mut fitted = 0;
    for preset in Preset::ALL {
        for drug in [
            "",
            "[[pharmacology]]\nmodulator = 'dopamine'\naction = { delay = 4 }",
            "[[pharmacology]]\nmodulator = 'dopamine'\naction = { noise = 0.1 }",
        ] {
            let mut system: NeuromodulationConfig = toml::from_str(drug).unwrap();
            system.preset = preset;
            if modulated(&system, objective).is_err() {
                continue;
            }
            fitted += 1;
            goes_on(&format!("{} {drug}", preset.name()), &|| modulated(&system, objective).unwrap());
        }
    }
    assert!(fitted >= 6, "{fitted} systems fit");
}

#[test]
fn learners_of_a_stream_go_on_in_the_world_that_they_are_in() {
    let (_, network, problem) = cases().swap_remove(0);
    let other: TaskConfig = toml::from_str("[xor]\ninverted = true").unwrap();
    let other = Arc::new(other.build().unwrap().problem(Key::from_seed(11)).unwrap());
    let worlds = vec![(0, Arc::clone(&problem)), (103, other), (300, Arc::clone(&problem))];
    let stream = Stream::new(Arc::clone(&network), worlds).unwrap();
    let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
    goes_on("dopamine in a stream", &|| {
        stream.optimizer(config.build(start(&*network), Key::from_seed(1), 2_000).unwrap())
    });
    let rule = NodePerturbationConfig::default();
    goes_on("node perturbation in a stream", &|| {
        let rule = rule.build(Arc::clone(&network), Arc::clone(&problem), start(&*network), Key::from_seed(1));
        stream.node_perturbation(rule.unwrap())
    });
    let rule = FeedbackAlignmentConfig::default();
    goes_on("feedback alignment in a stream", &|| {
        let rule = rule.build(Arc::clone(&network), Arc::clone(&problem), start(&*network), Key::from_seed(1));
        stream.feedback_alignment(rule.unwrap())
    });
    goes_on("a gradient baseline in a stream", &|| {
        let descent = GradientConfig::registry()[2].build(start(&*network), 2_000).unwrap();
        stream.gradient(GradientLearner::new(descent, Arc::clone(&network), Arc::clone(&problem)))
    });
}

#[test]
fn foreign_and_damaged_states_are_refused() {
    fn flat(_: &[f32]) -> f64 {
        1.0
    }
    let (small, large) = (BlackBox::new(5, flat), BlackBox::new(6, flat));
    let learner = |config: &OptimizerConfig, length| {
        let objective = if length == 5 { &small } else { &large };
        BlackBoxLearner::new(objective, config.build(vec![0.3; length], Key::from_seed(1), 2_000).unwrap())
    };
    for config in OptimizerConfig::registry() {
        let mut own = learner(&config, 5);
        make(&mut own, 0..3);
        let bytes = save(&mut own).unwrap();
        for other in OptimizerConfig::registry() {
            let wrong = load(&bytes, &mut learner(&other, 5)).is_err();
            assert_eq!(wrong, other.name() != config.name(), "{} into {}", config.name(), other.name());
        }
        let error = load(&bytes, &mut learner(&config, 6)).unwrap_err().to_string();
        assert!(error.contains("expected 6 values") && error.contains("found 5"), "{error}");
        for at in 0..bytes.len() {
            assert!(load(&bytes[..at], &mut learner(&config, 5)).is_err());
            let mut mutated = bytes.clone();
            mutated[at] ^= 1 << (at % 8);
            assert!(load(&mutated, &mut learner(&config, 5)).is_err());
        }
    }
}

/// What an observer saw, and when it wants to look again.
#[derive(Default)]
struct Seen(Vec<(u64, u64, u64)>);

impl Observer for Seen {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        self.0.push((record.evaluations, record.updates, record.report.loss.to_bits()));
        Ok(ControlFlow::Continue(()))
    }

    fn next_look(&self, evaluations: u64) -> u64 {
        evaluations + 13
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        tegmentum::archive::Archived::archive(&mut self.0, archive)
    }
}

#[test]
fn a_loop_that_is_left_and_entered_again_shows_what_one_that_stays_shows() {
    let objective = BlackBox::new(6, |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum());
    let key = Key::from_seed(3);
    for config in OptimizerConfig::registry() {
        let build = || BlackBoxLearner::new(&objective, config.build(vec![0.2; 6], Key::from_seed(1), 400).unwrap());
        let (mut whole, mut expected) = (build(), Seen::default());
        let ended = train(&mut whole, key, 400, &mut [&mut expected]).unwrap();
        for advances in [0u64, 1, 3, 10] {
            let (mut kept, mut found) = (None::<Vec<u8>>, Seen::default());
            let finished = loop {
                let (mut learner, mut seen) = (build(), Seen::default());
                let mut observers: [&mut dyn Observer; 1] = [&mut seen];
                let mut member = Member::new(&mut observers);
                if let Some(bytes) = &kept {
                    Archive::read(bytes, &mut (&mut learner, &mut member)).unwrap();
                }
                // With no advance at all there would be no end: the first time alone.
                let (mut left, first) = (if kept.is_some() { advances.max(1) } else { advances }, kept.is_none());
                let paused = train_member(&mut learner, key, 400, &mut member, &mut || {
                    let pause = left == 0;
                    left = left.saturating_sub(1);
                    pause
                });
                if paused.unwrap() {
                    kept = Some(Archive::write(&mut (&mut learner, &mut member)).unwrap());
                    continue;
                }
                assert!(!first, "{} was never paused", config.name());
                let finished = member.finish().unwrap();
                assert_eq!(bits(&learner), bits(&whole), "{}, {advances}", config.name());
                found.0.append(&mut seen.0);
                break finished;
            };
            assert_eq!(finished.0, ended, "{}, {advances}", config.name());
            assert_eq!(found.0, expected.0, "{}, {advances}", config.name());
        }
    }
}

//! A moment of a system of modulators asks for no memory. Alone in its file: the allocator counts for the whole process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use peak_alloc::PeakAlloc;
use tegmentum::neuromodulation::nuclei::registry;
use tegmentum::neuromodulation::preset::Preset;
use tegmentum::neuromodulation::record::SystemRecord;
use tegmentum::neuromodulation::signals::Signals;
use tegmentum::neuromodulation::system::NeuromodulationConfig;
use tegmentum::random::Key;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// A receptor on a named population, one with a slow Hill curve, an arrow, and drugs that remember.
const EXTRAS: &str = "
coupling = [{ from = 'prediction_error_variance', to = 'noradrenaline', kind = 'opponent', strength = 0.1 }]
receptor = [
    { name = 'actor', transmitter = 'dopamine', target = 'gain', efficacy = 0.1, place = { population = 'actor' } },
    { name = 'synapse', transmitter = 'noradrenaline', target = 'trace_decay', efficacy = 0.1, place = { synapse = { from = 'input', to = 'critic' } }, time_constant = 5.0, curve = { hill = { half = 1.0, exponent = 3.0 } } },
]
pharmacology = [
    { modulator = 'dopamine', action = { delay = 3 } },
    { modulator = 'noradrenaline', receptor = 'synapse', action = { noise = 0.1 } },
]
";

/// Peak of memory in use while `work` runs, beyond that before it: the least of five rounds, since the thread of the test
/// harness asks for memory now and then.
fn grown_by(mut work: impl FnMut()) -> usize {
    let mut round = || {
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        work();
        ALLOCATOR.peak_usage().saturating_sub(before)
    };
    (0..5).map(|_| round()).min().unwrap()
}

#[test]
fn a_moment_allocates_nothing() {
    let moment = |index: u32| Signals {
        reward: Some(f64::from(index % 5) - 2.0),
        value: Some(0.5),
        prediction_error: Some(f64::from(index % 3) - 1.0),
        outcome_error: Some(f64::from(index % 90) / 60.0),
        bayes_factor: Some(1.0),
        action_value_variance: Some(0.1),
        ..Signals::default()
    };
    for preset in Preset::ALL {
        for extras in ["", EXTRAS] {
            let text = format!("preset = '{}'\n{extras}", preset.name());
            let config: NeuromodulationConfig = toml::from_str(&text).unwrap();
            let mut system = config.build(Key::from_seed(1)).unwrap();
            let mut record = SystemRecord::default();
            system.record(&mut record);
            let grown = grown_by(|| {
                for index in 0..500 {
                    system.observe(&moment(index));
                    system.record(&mut record);
                }
            });
            assert_eq!(grown, 0, "{text}");
        }
    }
    for reading in registry() {
        let mut nucleus = reading.build(Key::from_seed(1)).unwrap();
        let grown = grown_by(|| {
            for index in 0..500 {
                std::hint::black_box(nucleus.release(&moment(index)));
            }
        });
        assert_eq!(grown, 0, "{reading:?}");
    }
    assert!(grown_by(|| drop(std::hint::black_box(vec![0u8; 100]))) >= 100, "the allocator counts");
}

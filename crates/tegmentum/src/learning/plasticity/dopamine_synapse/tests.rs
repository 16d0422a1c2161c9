use super::*;
use crate::random::Key;

const CELLS: usize = 3;
const STEPS: usize = 4000;

/// The spikes of one millisecond.
#[derive(Default)]
struct Moment {
    dopamine: bool,
    before: Vec<u32>,
    after: Vec<u32>,
}

fn trains(seed: u64) -> Vec<Moment> {
    let mut stream = Key::from_seed(seed).stream();
    let moment = |_| {
        let dopamine = stream.uniform() < 0.004;
        let mut side = || (0..CELLS as u32).filter(|_| stream.uniform() < 0.02).collect::<Vec<_>>();
        Moment { dopamine, before: side(), after: side() }
    };
    (0..STEPS).map(moment).collect()
}

/// The events of the synapse from cell `before` to cell `after`.
fn events(trains: &[Moment], before: u32, after: u32) -> Vec<(f64, SynapseEvent)> {
    let mut events = Vec::new();
    for (now, moment) in trains.iter().enumerate() {
        let time = (now + 1) as f64;
        events.extend(moment.dopamine.then_some((time, SynapseEvent::Dopamine)));
        events.extend(moment.before.contains(&before).then_some((time, SynapseEvent::Presynaptic)));
        events.extend(moment.after.contains(&after).then_some((time, SynapseEvent::Postsynaptic)));
    }
    events
}

/// A bundle online and each of its synapses from event to event.
fn agree(config: DopamineSynapseConfig, first: f64, seed: u64) {
    let trains = trains(seed);
    let start: Vec<f64> = (0..CELLS * CELLS).map(|synapse| first + synapse as f64).collect();
    let mut online = config.build(CELLS, CELLS, start.clone()).unwrap();
    for moment in &trains {
        let mut signals = Signals::default();
        signals.levels.dopamine = f64::from(u8::from(moment.dopamine));
        online.step(Spikes { before: &moment.before, after: &moment.after }, &signals);
    }
    let mut moved = 0.0;
    for (synapse, &start) in start.iter().enumerate() {
        let events = events(&trains, (synapse / CELLS) as u32, (synapse % CELLS) as u32);
        let expected = exact(&config, DopamineSynapseState::of_weight(start), &events, STEPS as f64).unwrap();
        for (found, expected) in [
            (online.weights()[synapse], expected.weight),
            (online.eligibility(synapse), expected.eligibility),
            (online.dopamine(), expected.dopamine),
        ] {
            assert!((found - expected).abs() < 1e-9, "{synapse}: {found} {expected}");
        }
        moved += (expected.weight - start).abs();
    }
    assert!(moved > 0.5, "{moved}");
}

/// NEST's first values: n(999⁺) and n(2000) after one dopamine spike at 999 ms.
#[test]
fn dopamine_is_that_of_the_analytic_solution() {
    let config = DopamineSynapseConfig::default();
    let start = DopamineSynapseState { dopamine: 0.005, ..DopamineSynapseState::of_weight(1.0) };
    let spike = [(999.0, SynapseEvent::Dopamine)];
    let just_after = exact(&config, start, &spike, 999.0).unwrap().dopamine;
    let late = exact(&config, start, &spike, 2000.0).unwrap().dopamine;
    let expected = 0.005 * (-999.0f64 / 200.0).exp() + 0.005;
    assert!((just_after - expected).abs() < 1e-15 && (just_after - 0.005_033_9).abs() < 5e-8, "{just_after}");
    assert!((late - expected * (-1001.0f64 / 200.0).exp()).abs() < 1e-15 && (late - 3.375e-5).abs() < 5e-9, "{late}");
}

#[test]
fn online_and_exact_agree() {
    agree(DopamineSynapseConfig::default(), 100.0, 1);
    agree(DopamineSynapseConfig { dopamine_time_constant: 20.0, ..DopamineSynapseConfig::default() }, 100.0, 2);
}

/// With a baseline that dopamine falls through, and with bounds that are met.
#[test]
fn they_agree_with_a_baseline_and_at_the_bounds() {
    let config = DopamineSynapseConfig { baseline: 0.004, ..DopamineSynapseConfig::default() };
    agree(config, 100.0, 3);
    agree(DopamineSynapseConfig { smallest_weight: 0.9, largest_weight: 9.5, ..config }, 1.0, 4);
}

/// Against a plain Euler integration with tiny steps, which knows nothing of closed forms.
#[test]
fn exact_is_the_limit_of_small_steps() {
    let config = DopamineSynapseConfig { baseline: 0.003, ..DopamineSynapseConfig::default() };
    let events = [
        (5.0, SynapseEvent::Presynaptic),
        (12.0, SynapseEvent::Postsynaptic),
        (30.0, SynapseEvent::Dopamine),
        (31.0, SynapseEvent::Presynaptic),
    ];
    let expected = exact(&config, DopamineSynapseState::of_weight(1.0), &events, 400.0).unwrap();
    let (mut w, mut c, mut n, mut x, mut y, h) = (1.0f64, 0.0f64, 0.0f64, 0.0f64, 0.0f64, 1e-3);
    for step in 0..400_000u32 {
        for (time, event) in &events {
            if step == (time / h).round() as u32 {
                match event {
                    SynapseEvent::Dopamine => n += 1.0 / 200.0,
                    SynapseEvent::Presynaptic => (c, x) = (c - 1.5 * y, x + 1.0),
                    SynapseEvent::Postsynaptic => (c, y) = (c + x, y + 1.0),
                }
            }
        }
        w += h * c * (n - 0.003);
        c -= h * c / 1000.0;
        n -= h * n / 200.0;
        x -= h * x / 20.0;
        y -= h * y / 20.0;
    }
    assert!((w - expected.weight).abs() < 1e-4 && (c - expected.eligibility).abs() < 1e-4, "{w} {expected:?}");
}

#[test]
fn bad_input_is_refused() {
    let config = DopamineSynapseConfig::default();
    let late = exact(
        &config,
        DopamineSynapseState::of_weight(1.0),
        &[(5.0, SynapseEvent::Dopamine), (4.0, SynapseEvent::Dopamine)],
        9.0,
    );
    assert!(late.unwrap_err().to_string().starts_with("time of an event = 4"));
    let bad = DopamineSynapseConfig { dopamine_time_constant: 0.0, ..config };
    assert!(bad.check().unwrap_err().to_string().starts_with("dopamine_time_constant = 0"));
    assert!(config.build(1, 2, vec![1.0]).is_err());
}

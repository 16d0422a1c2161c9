use super::*;
use crate::random::Key;

/// Random trains for `synapses` synapses, with the events of each one for the oracle.
fn trains(synapses: usize, steps: usize, step: f64, seed: u64) -> (Trains, Vec<Vec<(f64, Event)>>) {
    let mut stream = Key::from_seed(seed).stream();
    let mut train = |probability: f64| (0..steps).map(|_| stream.uniform() < probability).collect::<Vec<bool>>();
    let dopamine: Vec<u32> = train(0.004).into_iter().map(u32::from).collect();
    let presynaptic: Vec<_> = (0..synapses).map(|_| train(0.02)).collect();
    let postsynaptic: Vec<_> = (0..synapses).map(|_| train(0.02)).collect();
    let events = |synapse: usize| {
        let mut events = Vec::new();
        for now in 0..steps {
            let time = (now + 1) as f64 * step;
            events.extend((0..dopamine[now]).map(|_| (time, Event::Dopamine)));
            events.extend(presynaptic[synapse][now].then_some((time, Event::Presynaptic)));
            events.extend(postsynaptic[synapse][now].then_some((time, Event::Postsynaptic)));
        }
        events
    };
    let events = (0..synapses).map(events).collect();
    (Trains { dopamine, presynaptic, postsynaptic }, events)
}

fn agree(config: DopamineSynapseConfig, first: f64, step: f64, seed: u64) {
    let (synapses, steps) = (8, 4000);
    let (trains, events) = trains(synapses, steps, step, seed);
    let start: Vec<State> =
        (0..synapses).map(|synapse| State { dopamine: 0.005, ..State::of_weight(first + synapse as f64) }).collect();
    let mut online = OnlineSynapses::new(config, step, start.clone()).unwrap();
    online.run(&trains, 0..steps).unwrap();
    let mut moved = 0.0;
    for (synapse, state) in online.states().iter().enumerate() {
        let expected = exact(&config, start[synapse], &events[synapse], steps as f64 * step).unwrap();
        for (found, expected) in [
            (state.weight, expected.weight),
            (state.eligibility, expected.eligibility),
            (state.dopamine, expected.dopamine),
            (state.presynaptic, expected.presynaptic),
            (state.postsynaptic, expected.postsynaptic),
        ] {
            assert!((found - expected).abs() < 1e-9, "{synapse}: {found} {expected}");
        }
        moved += (expected.weight - start[synapse].weight).abs();
    }
    assert!(moved > 0.5, "{moved}");
}

/// NEST's first values: n(999⁺) and n(2000) after one dopamine spike at 999 ms.
#[test]
fn dopamine_is_that_of_the_analytic_solution() {
    let config = DopamineSynapseConfig::default();
    let start = State { dopamine: 0.005, ..State::of_weight(1.0) };
    let spike = [(999.0, Event::Dopamine)];
    let just_after = exact(&config, start, &spike, 999.0).unwrap().dopamine;
    let late = exact(&config, start, &spike, 2000.0).unwrap().dopamine;
    let expected = 0.005 * (-999.0f64 / 200.0).exp() + 0.005;
    assert!((just_after - expected).abs() < 1e-15 && (just_after - 0.005_033_9).abs() < 5e-8, "{just_after}");
    assert!((late - expected * (-1001.0f64 / 200.0).exp()).abs() < 1e-15 && (late - 3.375e-5).abs() < 5e-9, "{late}");
}

#[test]
fn online_and_exact_agree() {
    agree(DopamineSynapseConfig::default(), 100.0, 1.0, 1);
    agree(DopamineSynapseConfig::default(), 100.0, 0.1, 2);
}

/// With a baseline that dopamine falls through, and with bounds that are met.
#[test]
fn they_agree_with_a_baseline_and_at_the_bounds() {
    let config = DopamineSynapseConfig { baseline: 0.004, ..DopamineSynapseConfig::default() };
    agree(config, 100.0, 1.0, 3);
    agree(DopamineSynapseConfig { smallest_weight: 0.9, largest_weight: 8.5, ..config }, 1.0, 1.0, 4);
}

/// Against a plain Euler integration with tiny steps, which knows nothing of closed forms.
#[test]
fn exact_is_the_limit_of_small_steps() {
    let config = DopamineSynapseConfig { baseline: 0.003, ..DopamineSynapseConfig::default() };
    let events =
        [(5.0, Event::Presynaptic), (12.0, Event::Postsynaptic), (30.0, Event::Dopamine), (31.0, Event::Presynaptic)];
    let expected = exact(&config, State::of_weight(1.0), &events, 400.0).unwrap();
    let (mut w, mut c, mut n, mut x, mut y, h) = (1.0f64, 0.0f64, 0.0f64, 0.0f64, 0.0f64, 1e-3);
    for step in 0..400_000u32 {
        for (time, event) in &events {
            if step == (time / h).round() as u32 {
                match event {
                    Event::Dopamine => n += 1.0 / 200.0,
                    Event::Presynaptic => (c, x) = (c - 1.5 * y, x + 1.0),
                    Event::Postsynaptic => (c, y) = (c + x, y + 1.0),
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

/// The same bits however time is cut and however many threads there are.
#[test]
fn cuts_and_threads_do_not_matter() {
    let (trains, _) = trains(9, 3000, 1.0, 5);
    let config = DopamineSynapseConfig { baseline: 0.002, ..DopamineSynapseConfig::default() };
    let run = |threads: usize, cuts: &[usize]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut synapses = OnlineSynapses::new(config, 1.0, vec![State::of_weight(1.0); 9]).unwrap();
        let mut from = 0;
        for &to in cuts.iter().chain(&[3000]) {
            pool.install(|| synapses.run(&trains, from..to)).unwrap();
            from = to;
        }
        synapses.states().to_vec()
    };
    let expected = run(1, &[]);
    for (threads, cuts) in [(2, &[][..]), (4, &[1500]), (3, &[1, 2, 999, 2999])] {
        assert_eq!(run(threads, cuts), expected, "{threads} {cuts:?}");
    }
}

#[test]
fn bad_input_is_refused() {
    let config = DopamineSynapseConfig::default();
    let late = exact(&config, State::of_weight(1.0), &[(5.0, Event::Dopamine), (4.0, Event::Dopamine)], 9.0);
    assert!(late.unwrap_err().to_string().starts_with("time of an event = 4"));
    let bad = DopamineSynapseConfig { dopamine_time_constant: 0.0, ..config };
    assert!(bad.check().unwrap_err().to_string().starts_with("dopamine_time_constant = 0"));
    let mut online = OnlineSynapses::new(config, 1.0, vec![State::of_weight(1.0)]).unwrap();
    assert!(online.run(&Trains::default(), 0..1).is_err());
}

use super::*;
use crate::behaviour::spiking::izhikevich::IzhikevichConfig;
use crate::behaviour::spiking::leaky_integrate_and_fire::LeakyIntegrateAndFireConfig;

/// The circuit of the reference, a tenth of its size: 80 excitatory and 20 inhibitory cells.
fn cortex(seed: u64) -> (Circuit, usize, usize) {
    let mut circuit = Circuit::new(Key::from_seed(seed));
    let regular = CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING);
    let fast = CellConfig::Izhikevich(IzhikevichConfig::FAST_SPIKING);
    let background = Background { mean: 3.0, spread: 6.5 };
    let e = circuit.add("excitatory", 80, &regular, Sign::Excitatory, background).unwrap();
    let i = circuit.add("inhibitory", 20, &fast, Sign::Inhibitory, background).unwrap();
    for (from, to, weight, delays) in [(e, e, 1.0, (1, 5)), (e, i, 1.0, (1, 5)), (i, e, 1.0, (1, 1))] {
        circuit.connect(from, to, Connectivity { out_degree: 10, weight, delays }).unwrap();
    }
    (circuit, e, i)
}

fn record(circuit: &mut Circuit, population: usize, duration: u32) -> Vec<(u32, u32)> {
    let mut spikes = Vec::new();
    for time in 0..duration {
        circuit.step();
        spikes.extend(circuit.population(population).spikes().iter().map(|&cell| (time, cell)));
    }
    spikes
}

/// Variance of the number of spikes in windows of 20 ms over its mean: 1 for independent spikes.
fn fano_factor(spikes: &[(u32, u32)], duration: u32) -> f64 {
    let mut counts = vec![0.0f64; (duration / 20) as usize];
    for &(time, _) in spikes {
        counts[(time / 20) as usize] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
}

#[test]
fn same_seed_same_spikes() {
    let spikes = |seed| {
        let (mut circuit, e, _) = cortex(seed);
        record(&mut circuit, e, 500)
    };
    let first = spikes(1);
    assert!(first.len() > 100, "{}", first.len());
    assert_eq!(first, spikes(1));
    assert_ne!(first, spikes(2));
}

/// Two independent circuits in threads of their own give what they give one after the other.
#[test]
fn threads_do_not_matter() {
    let alone: Vec<_> = (0..4).map(|seed| record(&mut cortex(seed).0, 0, 200)).collect();
    let handles: Vec<_> = (0..4).map(|seed| std::thread::spawn(move || record(&mut cortex(seed).0, 0, 200))).collect();
    let together: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
    assert_eq!(alone, together);
}

/// A synapse can be made zero, never the other sign.
#[test]
fn the_sign_of_a_population_is_kept() {
    let (mut circuit, ..) = cortex(3);
    let mut stream = Key::from_seed(4).stream();
    for projection in 0..3 {
        circuit.change_weights(projection, |_, _, weight| weight + stream.normal());
        circuit.change_weights(projection, |_, target, weight| if target == 0 { f32::NAN } else { weight });
    }
    for (projection, sign) in [(0, 1.0), (1, 1.0), (2, -1.0)] {
        let weights: Vec<f32> = circuit.synapses(projection).map(|synapse| synapse.2).collect();
        assert!(weights.iter().all(|&weight| weight * sign >= 0.0));
        assert!(weights.contains(&0.0) && weights.iter().any(|&weight| weight * sign > 1.0));
    }
}

/// One cell that spikes once: every target spikes exactly its delay later.
#[test]
fn synaptic_delays_are_exact() {
    let mut circuit = Circuit::new(Key::from_seed(7));
    let cell = CellConfig::LeakyIntegrateAndFire(LeakyIntegrateAndFireConfig::default());
    let strong = Background { mean: 20.0, spread: 0.0 };
    let source = circuit.add("source", 1, &cell, Sign::Excitatory, strong).unwrap();
    let target = circuit.add("target", 50, &cell, Sign::Excitatory, Background::default()).unwrap();
    circuit.connect(source, target, Connectivity { out_degree: 40, weight: 40.0, delays: (1, 5) }).unwrap();
    // The first spike of a target is due to the first spike of the source, which comes in millisecond 0, over its shortest synapse.
    let mut due = vec![None::<u32>; 50];
    for (_, target, _, delay) in circuit.synapses(0) {
        let delay = u32::from(delay);
        due[target as usize] = Some(due[target as usize].map_or(delay, |known| known.min(delay)));
    }
    let spikes = record(&mut circuit, target, 10);
    for (cell, &due) in due.iter().enumerate() {
        let first = spikes.iter().find(|spike| spike.1 as usize == cell).map(|spike| spike.0);
        assert_eq!(first, due, "{cell}");
    }
    assert!(due.iter().flatten().any(|&delay| delay > 1));
}

/// Bursting cells with a shared drive spike together: counts vary more than those of regular ones.
#[test]
fn bursting_with_a_shared_drive_is_correlated() {
    let fano = |bursting, drive| {
        let (mut circuit, e, _) = cortex(5);
        circuit.set_state(e, bursting, drive, 1.0);
        fano_factor(&record(&mut circuit, e, 2000), 2000)
    };
    let (regular, bursts) = (fano(0.0, 0.0), fano(0.5, 5.0));
    assert!(bursts > 3.0 * regular, "{regular} {bursts}");
}

#[test]
fn bad_wiring_is_refused() {
    let (mut circuit, e, _) = cortex(6);
    for (connectivity, name) in [
        (Connectivity { out_degree: 0, weight: 1.0, delays: (1, 2) }, "out_degree"),
        (Connectivity { out_degree: 1, weight: -1.0, delays: (1, 2) }, "weight"),
        (Connectivity { out_degree: 1, weight: 1.0, delays: (0, 2) }, "shortest delay"),
        (Connectivity { out_degree: 1, weight: 1.0, delays: (1, 101) }, "delay"),
    ] {
        let text = circuit.connect(e, e, connectivity).unwrap_err().to_string();
        assert!(text.starts_with(name), "{text}");
    }
    assert!(circuit.connect(e, 9, Connectivity { out_degree: 1, weight: 1.0, delays: (1, 2) }).is_err());
}

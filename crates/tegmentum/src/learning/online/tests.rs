//! The learner against its equations written plainly in `f64`, and what it promises.

use super::*;
use crate::neuromodulation::pharmacology::{Action, Drug};
use crate::random::Stream;

fn numbers(count: usize) -> Vec<InputKind> {
    vec![InputKind::Number; count]
}

fn lesioned(modulator: Transmitter) -> OnlineConfig {
    let drug = Drug { modulator, receptor: None, action: Action::Lesion(1.0) };
    let neuromodulation = NeuromodulationConfig { pharmacology: vec![drug], ..NeuromodulationConfig::default() };
    OnlineConfig { neuromodulation, ..OnlineConfig::default() }
}

/// Two classes by the sign of a product; after `change` they are exchanged.
fn product(stream: &mut Stream, step: u64, change: u64) -> ([f64; 3], usize) {
    let x = [0; 3].map(|_| 6.0 * stream.uniform() - 3.0);
    (x, usize::from((x[0] * x[1] > 0.0) != (step >= change)))
}

/// Share of right answers of the last `counted` of `steps` examples.
fn accuracy(config: &OnlineConfig, seed: u64, steps: u64, change: u64, counted: u64) -> f64 {
    let mut learner = config.build(&numbers(3), 2, Key::from_seed(seed)).unwrap();
    let mut stream = Key::from_seed(seed).child(1).stream();
    let mut right = 0;
    for step in 0..steps {
        let (x, y) = product(&mut stream, step, change);
        let observed = learner.observe(&x, y).unwrap();
        right += u64::from(step >= steps - counted && observed.predicted == y);
    }
    right as f64 / counted as f64
}

fn mean(of: impl Fn(u64) -> f64) -> f64 {
    (0..10).map(of).sum::<f64>() / 10.0
}

/// Squares of the estimates of w, b, v, r, c.
type Squares = (Matrix, Vec<f64>, Matrix, Matrix, Vec<f64>);
type Matrix = Vec<Vec<f64>>;

/// The equations of the module's head, one network, written as they stand there.
struct Plain {
    w: Vec<Vec<f64>>,
    b: Vec<f64>,
    v: Vec<Vec<f64>>,
    r: Vec<Vec<f64>>,
    c: Vec<f64>,
    /// Squares of w, b, v, r, c.
    s: Squares,
    scale: Vec<(f64, f64)>,
    n: i32,
    patience: f64,
}

impl Plain {
    fn step(&mut self, x: &[f64], y: usize, config: &MemberConfig, signs: impl Fn(usize) -> f64) -> Vec<f64> {
        self.n += 1;
        let mut u = Vec::new();
        for (x, (mean, variance)) in x.iter().zip(&mut self.scale) {
            let rate = (1.0 / f64::from(self.n)).max(1e-3);
            let difference = x - *mean;
            *mean += rate * difference;
            *variance = if self.n > 1 { (1.0 - rate) * (*variance + rate * difference * difference) } else { 1.0 };
            let z = ((x - *mean) / (*variance + 1e-9).sqrt()).clamp(-3.0, 3.0);
            u.push(z);
            u.extend((0..8).map(|g| (-((z - (-2.0 + 4.0 * f64::from(g) / 7.0)) / (4.0 / 7.0)).powi(2)).exp()));
        }
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let a: Vec<f64> = self.w.iter().zip(&self.b).map(|(w, b)| dot(w, &u) + b).collect();
        let h: Vec<f64> = a.iter().map(|a| a.max(0.0)).collect();
        let softmax = |h: &[f64]| {
            let logits = (0..self.c.len()).map(|k| dot(&self.v[k], &u) + dot(&self.r[k], h) + self.c[k]);
            let all: Vec<f64> = logits.map(f64::exp).collect();
            let sum: f64 = all.iter().sum();
            all.into_iter().map(|e| e / sum).collect::<Vec<f64>>()
        };
        let p = softmax(&h);
        let xi: Vec<f64> = (0..h.len()).map(|unit| if a[unit] > 0.0 { signs(unit) } else { 0.0 }).collect();
        let shaken = |sign: f64| {
            let h: Vec<f64> = h.iter().zip(&xi).map(|(h, xi)| h + sign * 1e-2 * xi).collect();
            -softmax(&h)[y].ln()
        };
        let d = (shaken(1.0) - shaken(-1.0)) / 2e-2;
        let cool = config.floor.max(1.0 / (1.0 + self.patience));
        let (rate, hidden_rate) = (cool * config.rate, cool * config.hidden_rate);
        let correction = 1.0 - 0.999f64.powi(self.n);
        let descend = |w: &mut f64, s: &mut f64, g: f64, rate: f64| {
            *s = 0.999 * *s + 0.001 * g * g;
            *w -= rate * g / ((*s / correction).sqrt() + 1e-4);
        };
        for k in 0..self.c.len() {
            let e = p[k] - f64::from(u8::from(k == y));
            descend(&mut self.c[k], &mut self.s.4[k], e, rate);
            (0..u.len()).for_each(|j| descend(&mut self.v[k][j], &mut self.s.2[k][j], e * u[j], rate));
            (0..h.len()).for_each(|i| descend(&mut self.r[k][i], &mut self.s.3[k][i], e * h[i], rate));
        }
        for i in (0..h.len()).filter(|&i| xi[i] != 0.0) {
            descend(&mut self.b[i], &mut self.s.1[i], xi[i] * d, hidden_rate);
            (0..u.len()).for_each(|j| descend(&mut self.w[i][j], &mut self.s.0[i][j], xi[i] * d * u[j], hidden_rate));
        }
        if self.n % 20 == 0 {
            self.patience = f64::from(self.n) / 500.0;
        }
        p
    }
}

#[test]
fn one_network_follows_its_equations() {
    let one = MemberConfig { hidden: 12, ..MemberConfig::default() };
    let config = OnlineConfig { members: vec![one], ..OnlineConfig::default() };
    let key = Key::from_seed(4);
    let mut learner = config.build(&numbers(3), 3, key).unwrap();
    // First weights as the learner draws them: those of input j and of class k from a key of their own.
    let own = key.child(0);
    let drawn = |child: u64, index: u64, scale: f64| -> Vec<f64> {
        let mut stream = own.child(child).child(index).stream();
        (0..12).map(|_| scale * f64::from(stream.normal())).collect()
    };
    let columns: Vec<Vec<f64>> = (0..27).map(|j| drawn(1, j, (0.5f64 / 3.0).sqrt())).collect();
    let mut plain = Plain {
        w: (0..12).map(|i| columns.iter().map(|column| column[i]).collect()).collect(),
        b: vec![0.0; 12],
        v: vec![vec![0.0; 27]; 3],
        r: (0..3).map(|k| drawn(2, k, 0.5 / 12f64.sqrt())).collect(),
        c: vec![0.0; 3],
        s: (vec![vec![0.0; 27]; 12], vec![0.0; 12], vec![vec![0.0; 27]; 3], vec![vec![0.0; 12]; 3], vec![0.0; 3]),
        scale: vec![(0.0, 1.0); 3],
        n: 0,
        patience: 0.0,
    };
    let mut stream = Key::from_seed(9).stream();
    for step in 1..=150 {
        let x = [0; 3].map(|_| 3.0 * stream.uniform() - 1.0);
        let y = usize::from(x[0] > x[1]) + usize::from(x[2] > 1.0);
        let words = own.child(3).block(step - 1);
        let signs = |unit: usize| if words[unit / 32] >> (unit % 32) & 1 == 1 { 1.0 } else { -1.0 };
        let found = learner.probabilities(&x).unwrap();
        learner.observe(&x, y).unwrap();
        let expected = plain.step(&x, y, &one, signs);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 2e-3, "{step}: {found} {expected}");
        }
    }
}

#[test]
fn a_product_is_learned_by_hidden_units_and_not_without() {
    let flat = |code| {
        let one = MemberConfig { hidden: 0, code, ..MemberConfig::default() };
        OnlineConfig { members: vec![one], ..OnlineConfig::default() }
    };
    let whole = mean(|seed| accuracy(&OnlineConfig::default(), seed, 4000, u64::MAX, 1000));
    let additive = mean(|seed| accuracy(&flat(true), seed, 4000, u64::MAX, 1000));
    assert!(whole > 0.85 && additive < 0.6, "{whole} {additive}");
}

#[test]
fn each_lesion_does_what_the_preset_says() {
    let after = |config: &OnlineConfig| mean(|seed| accuracy(config, seed, 6000, 4500, 700));
    let intact = after(&OnlineConfig::default());
    let without = |of| after(&lesioned(of));
    let dopamine = without(Transmitter::Dopamine);
    assert!((dopamine - 0.5).abs() < 0.04, "{dopamine}");
    // Without the restless member noradrenaline is what notices that classes were exchanged.
    let main = vec![MemberConfig::default()];
    let alone = OnlineConfig { members: main.clone(), ..OnlineConfig::default() };
    let never = OnlineConfig { members: main, ..lesioned(Transmitter::Noradrenaline) };
    let (alone, never) = (after(&alone), after(&never));
    assert!(intact > 0.75 && alone > never + 0.05, "{intact} {alone} {never}");
    let mut config = lesioned(Transmitter::Serotonin).build(&numbers(3), 2, Key::from_seed(1)).unwrap();
    for step in 0..100 {
        config.observe(&[f64::from(step), 0.0, 1.0], 0).unwrap();
    }
    assert_eq!((config.look(0).cooling, config.look(0).levels.serotonin), (1.0, 0.0));
}

#[test]
fn predicting_is_what_observing_would_say_and_changes_nothing() {
    let mut learner = OnlineConfig::default().build(&numbers(3), 2, Key::from_seed(2)).unwrap();
    let mut stream = Key::from_seed(3).stream();
    for step in 0..300 {
        let (x, y) = product(&mut stream, step, u64::MAX);
        let before = Archive::write(&mut learner).unwrap();
        let probabilities = learner.probabilities(&x).unwrap();
        assert_eq!(Archive::write(&mut learner).unwrap(), before);
        let observed = learner.observe(&x, y).unwrap();
        assert_eq!(probabilities[y].to_bits(), observed.likelihood.to_bits());
        assert_eq!(observed.predicted, argmax(&probabilities));
    }
}

#[test]
fn a_state_goes_on_with_the_same_bits_with_what_has_grown() {
    let start = || OnlineConfig::default().build(&numbers(1), 1, Key::from_seed(6)).unwrap();
    let mut first = start();
    let mut stream = Key::from_seed(7).stream();
    let mut grow = |learner: &mut OnlineClassifier, steps: u64| {
        let mut bits = Vec::new();
        for step in 0..steps {
            if step == 50 {
                learner.add_inputs(&[InputKind::Flag, InputKind::Number]).unwrap();
                learner.add_class().unwrap();
            }
            let x: Vec<f64> = (0..learner.features()).map(|_| stream.uniform().round()).collect();
            let y = stream.below(learner.classes());
            bits.push(learner.observe(&x, y).unwrap().likelihood.to_bits());
        }
        bits
    };
    grow(&mut first, 333);
    let bytes = Archive::write(&mut first).unwrap();
    let mut second = start();
    Archive::read(&bytes, &mut second).unwrap();
    assert_eq!((second.features(), second.classes()), (3, 2));
    let mut again = Key::from_seed(8).stream();
    for _ in 0..200 {
        let x = [again.uniform(), again.uniform(), f64::NAN];
        let y = again.below(2);
        assert_eq!(first.observe(&x, y).unwrap(), second.observe(&x, y).unwrap());
    }
    // Another configuration, or bytes that were cut, are refused.
    let other = OnlineConfig { members: vec![MemberConfig::default()], ..OnlineConfig::default() };
    assert!(Archive::read(&bytes, &mut other.build(&numbers(1), 1, Key::from_seed(6)).unwrap()).is_err());
    assert!(Archive::read(&bytes[..bytes.len() / 2], &mut start()).is_err());
}

#[test]
fn what_appears_later_is_learned() {
    let learned = |seed| {
        let mut learner = OnlineConfig::default().build(&numbers(1), 1, Key::from_seed(seed)).unwrap();
        let mut stream = Key::from_seed(seed).child(1).stream();
        for _ in 0..500 {
            learner.observe(&[stream.uniform()], 0).unwrap();
        }
        learner.add_inputs(&[InputKind::Flag]).unwrap();
        learner.add_class().unwrap();
        let mut right = 0;
        for step in 0..1000 {
            let y = stream.below(2);
            let predicted = learner.observe(&[stream.uniform(), y as f64], y).unwrap().predicted;
            right += u64::from(step >= 500 && predicted == y);
        }
        right as f64 / 500.0
    };
    let learned = mean(learned);
    assert!(learned > 0.95, "{learned}");
}

#[test]
fn what_cannot_be_used_is_an_error_and_teaches_nothing() {
    let mut learner = OnlineConfig::default().build(&numbers(2), 2, Key::from_seed(1)).unwrap();
    let before = Archive::write(&mut learner).unwrap();
    for (x, y) in [(&[1.0][..], 0), (&[1.0, f64::INFINITY], 0), (&[1.0, -1e101], 0), (&[1.0, 2.0], 2)] {
        assert!(learner.observe(x, y).is_err(), "{x:?} {y}");
    }
    assert_eq!(Archive::write(&mut learner).unwrap(), before);
    // What is missing, constant or far away is survived.
    for step in 0..500 {
        let x = if step % 2 == 0 { [f64::NAN, 1e99] } else { [7.0, -1e99] };
        assert!(learner.observe(&x, step % 2).unwrap().likelihood.is_finite());
    }
    for wrong in
        ["members = []", "block = 0", "bumps = 0", "memory = 1.0", "members = [{ rate = -1.0 }]", "share = 2.0"]
    {
        let config: OnlineConfig = toml::from_str(wrong).unwrap();
        assert!(config.build(&numbers(1), 2, Key::from_seed(1)).is_err(), "{wrong}");
    }
    let unheard = "[neuromodulation]\npreset = 'mei-2025'\nkinetics = { serotonin = { clearance = 5.0 } }";
    let config: OnlineConfig = toml::from_str(unheard).unwrap();
    assert!(config.build(&numbers(1), 2, Key::from_seed(1)).is_err());
}

//! Microseconds of one `observe` of a learner of a stream, nanoseconds of one `update` of a detector: `cargo bench -p tegmentum --bench online`.
//!
//! The median of rounds in which all take turns, because machines are shared.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod arguments;

use std::time::Instant;

use tegmentum::error::Result;
use tegmentum::learning::online::{InputKind, MemberConfig, OnlineClassifier, OnlineConfig};
use tegmentum::neuromodulation::detector::Detector;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::random::Key;

/// Examples of a round.
const EXAMPLES: usize = 5000;

/// Seconds of a round of examples of two classes.
fn time(learner: &mut OnlineClassifier, examples: &[Vec<f64>]) -> Result<f64> {
    let begin = Instant::now();
    for step in 0..EXAMPLES {
        let x = &examples[step % examples.len()];
        learner.observe(x, usize::from(x[0] + x[1] * x[2] > 0.0))?;
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// Values of a round of a detector.
const VALUES: usize = 1 << 16;

/// Nanoseconds of one `update` of every detector on errors that do not change, so that windows are as long as they can be.
fn detectors(rounds: usize) -> Result<()> {
    let mut stream = Key::from_seed(3).stream();
    let errors: Vec<f64> = (0..VALUES).map(|_| f64::from(u8::from(stream.uniform() < 0.2))).collect();
    let configs = DetectorConfig::registry();
    let key = Key::from_seed(4);
    let mut built: Vec<Box<dyn Detector>> = configs.iter().map(|config| config.build(key)).collect::<Result<_>>()?;
    let mut seconds = vec![Vec::new(); built.len()];
    for _ in 0..rounds {
        for (detector, seconds) in built.iter_mut().zip(&mut seconds) {
            let begin = Instant::now();
            let fired = errors.iter().filter(|&&error| detector.update(error)).count();
            seconds.push(begin.elapsed().as_secs_f64());
            std::hint::black_box(fired);
        }
    }
    println!("\n{:<32} {:>10} {:>10}", "update", "median ns", "best ns");
    for (config, mut seconds) in configs.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let of = |seconds: f64| 1e9 * seconds / VALUES as f64;
        println!("{:<32} {:>10.2} {:>10.2}", config.name(), of(seconds[seconds.len() / 2]), of(seconds[0]));
    }
    Ok(())
}

fn main() -> Result<()> {
    let quick = arguments::quick()?;
    let rounds = if quick { 3 } else { 21 };
    let one = MemberConfig { code: false, ..MemberConfig::default() };
    let cases = [
        ("one network, 30-64-2", 30, OnlineConfig { members: vec![one], ..OnlineConfig::default() }),
        ("committee of four, 10 numbers", 10, OnlineConfig::default()),
    ];
    let mut stream = Key::from_seed(1).stream();
    let mut seconds = vec![Vec::new(); cases.len()];
    let mut learners = Vec::new();
    for (_, features, config) in &cases {
        let examples: Vec<Vec<f64>> =
            (0..1000).map(|_| (0..*features).map(|_| 3.0 * stream.uniform() - 1.5).collect()).collect();
        learners.push((config.build(&vec![InputKind::Number; *features], 2, Key::from_seed(2))?, examples));
    }
    for _ in 0..rounds {
        for ((learner, examples), seconds) in learners.iter_mut().zip(&mut seconds) {
            seconds.push(time(learner, examples)?);
        }
    }
    println!("{:<32} {:>10} {:>10}", "observe", "median µs", "best µs");
    for ((name, ..), mut seconds) in cases.into_iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let of = |seconds: f64| 1e6 * seconds / EXAMPLES as f64;
        println!("{name:<32} {:>10.3} {:>10.3}", of(seconds[seconds.len() / 2]), of(seconds[0]));
    }
    detectors(rounds)
}

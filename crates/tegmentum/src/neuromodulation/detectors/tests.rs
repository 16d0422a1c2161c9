//! What every registered detector promises, and alarms of other programs.

use proptest::prelude::*;
use serde_json::Value;

use super::adwin::AdwinConfig;
use super::kswin::{KswinConfig, p_values};
use super::*;
use crate::archive::Archive;
use crate::neuromodulation::detector::Detector;
use crate::random::Key;

/// The places at which it fires.
fn fired(detector: &mut dyn Detector, values: &[f64]) -> Vec<usize> {
    values.iter().enumerate().filter_map(|(place, &value)| detector.update(value).then_some(place)).collect()
}

/// The streams of `tests/oracles/drift.py`.
fn stream(kind: &str, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let value = |t: u32| {
        state = state * 48271 % 2_147_483_647;
        let u = state as f64 / 2_147_483_647.0;
        match kind {
            "binary" => f64::from(
                u < if t < 1000 {
                    0.2
                } else if t < 2500 {
                    0.5
                } else {
                    0.1
                },
            ),
            "shift" => {
                u + if t < 1000 {
                    0.0
                } else if t < 2000 {
                    0.3
                } else if t < 3000 {
                    -0.2
                } else {
                    1.0
                }
            }
            "slow" => u + f64::from(t) / 2000.0,
            "large" => 100.0 * u + if (t / 700).is_multiple_of(2) { 0.0 } else { 40.0 },
            "same" => u,
            _ => panic!("no stream {kind}"),
        }
    };
    (0..4000).map(value).collect()
}

fn build(config: &DetectorConfig) -> Box<dyn Detector> {
    config.build(Key::from_seed(3)).expect("valid settings")
}

fn state(detector: &mut Box<dyn Detector>) -> Vec<u8> {
    Archive::write(detector).expect("a state")
}

fn oracle() -> Value {
    serde_json::from_str(include_str!("../../../tests/oracles/drift.json")).expect("valid JSON")
}

#[test]
fn alarms_are_those_of_river() {
    let oracle = oracle();
    assert_eq!(oracle["river"], "0.26.1");
    let cases = oracle["alarms"].as_array().unwrap();
    let (mut alarms, mut quiet) = (0, 0);
    for case in cases {
        let config: DetectorConfig = serde_json::from_value(case["detector"].clone()).unwrap();
        let values = stream(case["stream"].as_str().unwrap(), case["seed"].as_u64().unwrap());
        let expected: Vec<usize> = serde_json::from_value(case["fired"].clone()).unwrap();
        assert_eq!(fired(&mut *build(&config), &values), expected, "{case}");
        (alarms, quiet) = (alarms + expected.len(), quiet + usize::from(expected.is_empty()));
        if let DetectorConfig::Adwin(config) = config {
            let mut detector = config.build().unwrap();
            fired(&mut detector, &values);
            let [width, sum, squares]: [f64; 3] = serde_json::from_value(case["window"].clone()).unwrap();
            let mean = detector.mean().unwrap();
            assert_eq!(detector.width() as f64, width, "{case}");
            assert!((mean - sum / width).abs() < 1e-9 * mean.abs().max(1.0), "{case}: {mean}");
            assert!((detector.variance() * width / squares - 1.0).abs() < 1e-9, "{case}");
        }
    }
    assert!(cases.len() == 105 && alarms > 500 && quiet > 5, "{} {alarms} {quiet}", cases.len());
}

#[test]
fn p_values_are_those_of_scipy() {
    for case in oracle()["p_values"].as_array().unwrap() {
        let (r, k, expected): (usize, usize, f64) = serde_json::from_value(case.clone()).unwrap();
        let found = p_values(r)[k - 1];
        assert!((found / expected - 1.0).abs() < 1e-9, "{case}: {found}");
    }
}

/// With as many older values as are drawn the sample does not matter, else a change is noticed by every one.
#[test]
fn samples_of_kswin_follow_from_the_key_and_every_one_notices() {
    let run = |config: KswinConfig, seed: u64, values: &[f64]| {
        fired(&mut config.build(Key::from_seed(seed)).expect("valid"), values)
    };
    let values = stream("large", 1);
    let whole = KswinConfig { window_size: 60, ..KswinConfig::default() };
    let one = run(whole, 0, &values);
    assert!(!one.is_empty() && (1..20).all(|seed| run(whole, seed, &values) == one));
    let drawn = KswinConfig::default();
    assert_eq!(run(drawn, 1, &values), run(drawn, 1, &values));
    assert!((2..20).any(|seed| run(drawn, seed, &values) != run(drawn, 1, &values)));
    // A jump by more than the spread.
    let jump: Vec<f64> = stream("same", 2).iter().enumerate().map(|(t, u)| u + f64::from(t >= 1000)).collect();
    let cautious = KswinConfig { alpha: 1e-6, ..drawn };
    for seed in 0..50 {
        let all = run(cautious, seed, &jump);
        assert!(all.first().is_some_and(|first| (1010..1030).contains(first)), "{seed}: {all:?}");
    }
}

/// δ bounds the chance of a false alarm of a test; many are made, so that a few of 40 streams may have one.
#[test]
fn adwin_is_quiet_where_nothing_changes() {
    let alarms: usize =
        (1..=40).map(|seed| fired(&mut AdwinConfig::default().build().unwrap(), &stream("same", seed)).len()).sum();
    assert!(alarms <= 3, "{alarms}");
}

#[test]
fn names_are_unique_and_settings_survive_a_file() {
    let mut names: Vec<_> = DetectorConfig::registry().iter().map(DetectorConfig::name).collect();
    names.sort_unstable();
    assert_eq!(names, ["adwin", "always", "kswin", "never", "page_hinkley", "periodic"]);
    for config in DetectorConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<DetectorConfig>(&text).unwrap(), config, "{text}");
        assert_eq!(DetectorConfig::from_name(config.name()).unwrap(), config);
        assert!(!config.description().summary.is_empty());
    }
}

#[test]
fn what_is_no_number_changes_nothing() {
    for config in DetectorConfig::registry() {
        let mut detector = build(&config);
        fired(&mut *detector, &stream("shift", 1)[..150]);
        let before = state(&mut detector);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101, -f64::MAX] {
            assert!(!detector.update(value), "{}", config.name());
        }
        assert_eq!(state(&mut detector), before, "{}", config.name());
    }
}

#[test]
fn the_largest_values_are_survived() {
    for config in DetectorConfig::registry() {
        let mut detector = build(&config);
        let mut values = stream("binary", 1);
        values.iter_mut().step_by(2).for_each(|value| *value = 1e100 * (1.0 - 2.0 * *value));
        fired(&mut *detector, &values);
        let bytes = state(&mut detector);
        Archive::read(&bytes, &mut build(&config)).unwrap_or_else(|error| panic!("{}: {error}", config.name()));
    }
}

#[test]
fn a_detector_goes_on_where_it_was() {
    let small = AdwinConfig { max_buckets: 1, clock: 1, min_window_length: 1, grace_period: 0, delta: 0.9 };
    for config in DetectorConfig::registry().into_iter().chain([small.into()]) {
        for kind in ["shift", "large", "binary"] {
            let values = stream(kind, 2);
            for stop in [0, 1, 95, 1011, 1048, 2600] {
                let mut first = build(&config);
                fired(&mut *first, &values[..stop]);
                let bytes = state(&mut first);
                let mut second = build(&config);
                Archive::read(&bytes, &mut second).unwrap();
                assert_eq!(state(&mut second), bytes, "{}", config.name());
                assert_eq!(
                    fired(&mut *first, &values[stop..]),
                    fired(&mut *second, &values[stop..]),
                    "{}",
                    config.name()
                );
                assert_eq!(state(&mut first), state(&mut second), "{}", config.name());
            }
        }
    }
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    let mut large: Box<dyn Detector> =
        Box::new(AdwinConfig { max_buckets: 50, ..AdwinConfig::default() }.build().unwrap());
    fired(&mut *large, &stream("same", 1));
    let bytes = state(&mut large);
    assert!(Archive::read(&bytes, &mut build(&AdwinConfig::default().into())).is_err());
    let mut wide: Box<dyn Detector> =
        Box::new(KswinConfig { window_size: 500, ..KswinConfig::default() }.build(Key::from_seed(1)).unwrap());
    fired(&mut *wide, &stream("same", 1)[..400]);
    let bytes = state(&mut wide);
    assert!(Archive::read(&bytes, &mut build(&KswinConfig::default().into())).is_err());
}

#[test]
fn settings_out_of_range_are_refused() {
    for (text, expected) in [
        ("[adwin]\ndelta = 0.0", "detector.adwin.delta"),
        ("[adwin]\ndelta = nan", "detector.adwin.delta"),
        ("[adwin]\ndelta = 1.0", "above 0 and below 1"),
        ("[adwin]\nclock = 0", "detector.adwin.clock"),
        ("[adwin]\nmax_buckets = 0", "detector.adwin.max_buckets"),
        ("[adwin]\nmax_buckets = 1001", "between 1 and 1000"),
        ("[adwin]\nmin_window_length = 0", "detector.adwin.min_window_length"),
        ("[page_hinkley]\ndelta = -1.0", "detector.page_hinkley.delta"),
        ("[page_hinkley]\nthreshold = 0.0", "detector.page_hinkley.threshold"),
        ("[page_hinkley]\nalpha = 1.5", "detector.page_hinkley.alpha"),
        ("[kswin]\nalpha = 0.0", "detector.kswin.alpha"),
        ("[kswin]\nstat_size = 0", "detector.kswin.stat_size"),
        ("[kswin]\nwindow_size = 59", "at least twice stat_size"),
        ("[kswin]\nstat_size = 3", "never differ enough"),
        ("[periodic]\nperiod = 0", "detector.periodic.period"),
    ] {
        let config: DetectorConfig = toml::from_str(text).unwrap();
        let error = config.build(Key::from_seed(1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(toml::from_str::<DetectorConfig>("[adwin]\ndelay = 1").is_err());
    assert!(toml::from_str::<DetectorConfig>("[page_hinkley]\nmode = \"sideways\"").is_err());
}

proptest! {
    /// Width, mean and variance are those of the values themselves as long as nothing was dropped.
    #[test]
    fn a_window_that_keeps_all_has_their_mean_and_variance(
        values in prop::collection::vec(-5.0f64..5.0, 1..400),
        max_buckets in 1usize..8,
    ) {
        let mut detector = AdwinConfig { max_buckets, grace_period: 1000, ..AdwinConfig::default() }.build().unwrap();
        prop_assert!(fired(&mut detector, &values).is_empty());
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        prop_assert_eq!(detector.width(), values.len() as u64);
        prop_assert!((detector.mean().unwrap() - mean).abs() < 1e-9);
        prop_assert!((detector.variance() - variance).abs() < 1e-9);
    }
}

//! Reads the expected values that `tests/oracles/statistics.py` made with scipy, rliable and numpy.

use serde_json::Value;

/// The content of `statistics.json`.
pub(crate) fn oracle() -> Value {
    serde_json::from_str(include_str!("../../../tests/oracles/statistics.json")).unwrap()
}

/// A number; `null` is +∞, for which JSON has no name.
pub(crate) fn number(value: &Value) -> f64 {
    if value.is_null() { f64::INFINITY } else { value.as_f64().unwrap() }
}

/// A list of numbers.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// A list of lists of numbers.
pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// Equal, or closer than `tolerance` relative to the expected value, absolute below 1.
#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, tolerance: f64) {
    let close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(found == expected || close, "found {found}, expected {expected}");
}

/// Both ends closer than `tolerance` of the expected width: bootstrap intervals differ by their random numbers.
#[track_caller]
pub(crate) fn assert_interval(found: [f64; 2], expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    let width = expected[1] - expected[0];
    assert!(width > 0.0);
    for (end, expected_end) in found.into_iter().zip(&expected) {
        assert!((end - expected_end).abs() <= tolerance * width, "found {found:?}, expected {expected:?}");
    }
}

//! Axes: a scale from values to positions, and ticks at round numbers.

use super::number::{fixed, power_of_ten, scientific};

/// From values to positions between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The lower end; its decimal logarithm on a logarithmic scale.
    low: f64,
    /// The upper end, likewise.
    high: f64,
    /// Whether the scale is logarithmic.
    logarithmic: bool,
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Where it is, between 0 and 1.
    pub(crate) position: f64,
    /// Its number; empty for a small mark between numbers.
    pub(crate) label: String,
}

impl Scale {
    /// The scale that just holds the values which can be drawn on it.
    pub(crate) fn holding(values: impl IntoIterator<Item = f64>, logarithmic: bool) -> Self {
        let empty = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, logarithmic };
        let scale = values.into_iter().filter_map(|value| empty.transformed(value)).fold(empty, |scale, value| Self {
            low: scale.low.min(value),
            high: scale.high.max(value),
            ..scale
        });
        if scale.low > scale.high { Self { low: 0.0, high: 1.0, logarithmic } } else { scale.widened() }
    }

    /// The same scale, made longer for further values, but by no more than its own length at each end.
    pub(crate) fn reaching(self, values: impl IntoIterator<Item = f64>) -> Self {
        let length = self.high - self.low;
        let (least, most) = ((self.low - length).max(f64::MIN), (self.high + length).min(f64::MAX));
        values.into_iter().filter_map(|value| self.transformed(value)).fold(self, |scale, value| Self {
            low: scale.low.min(value.max(least)),
            high: scale.high.max(value.min(most)),
            ..scale
        })
    }

    /// The same scale with some air at both ends; a scale that starts at or above zero does not go below.
    pub(crate) fn with_air(self, share: f64) -> Self {
        let air = (self.high * share - self.low * share).abs();
        let keep_sign = !self.logarithmic && self.low >= 0.0;
        let low = (self.low - air).max(if keep_sign { 0.0 } else { f64::MIN });
        Self { low, high: (self.high + air).min(f64::MAX), ..self }
    }

    /// The same scale from zero on, where zero is not far away.
    pub(crate) fn down_to_near_zero(self) -> Self {
        let near = !self.logarithmic && self.low > 0.0 && self.low < 0.4 * self.high;
        Self { low: if near { 0.0 } else { self.low }, ..self }
    }

    /// A scale whose ends are too close together to be told apart gets a length.
    fn widened(self) -> Self {
        let size = self.low.abs().max(self.high.abs());
        if size > 1e-290 && self.high * 0.5 - self.low * 0.5 > size * 1e-9 {
            return self;
        }
        let half = match (self.logarithmic, size > 1e-290) {
            (true, _) => 0.5,
            (false, true) => size * 0.1,
            (false, false) => 1.0,
        };
        Self { low: (self.low - half).max(f64::MIN), high: (self.high + half).min(f64::MAX), ..self }
    }

    /// The value in the scale's own coordinate, if it can be drawn.
    fn transformed(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic { value.log10() } else { value };
        value.is_finite().then_some(value)
    }

    /// Where a value is, if it can be drawn: 0 at the lower end, 1 at the upper, beyond that outside.
    pub(crate) fn position(&self, value: f64) -> Option<f64> {
        self.transformed(value).map(|value| self.place(value))
    }

    /// Where a value is, at the nearest end if it is outside; zero is at the lower end of a logarithmic scale.
    pub(crate) fn clamped(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic { value.max(0.0).log10() } else { value };
        (!value.is_nan()).then(|| self.place(value.clamp(self.low, self.high)))
    }

    /// Where a transformed value is. Halves, so that the length is finite even between the largest numbers.
    fn place(&self, value: f64) -> f64 {
        (value * 0.5 - self.low * 0.5) / (self.high * 0.5 - self.low * 0.5)
    }

    /// Ticks from low to high, about `target` of them with a number.
    pub(crate) fn ticks(&self, target: usize) -> Vec<Tick> {
        if !self.logarithmic {
            return self.linear_ticks(self.low, self.high, target);
        }
        if self.high - self.low < 0.75 {
            return self.linear_ticks(10f64.powf(self.low), 10f64.powf(self.high), target);
        }
        self.decade_ticks(target)
    }

    /// Ticks at 1, 2 or 5 times a power of ten apart.
    fn linear_ticks(&self, low: f64, high: f64, target: usize) -> Vec<Tick> {
        let step = round_step((high * 0.5 - low * 0.5) / (target.max(2) as f64 * 0.5));
        let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
        let count = if (last - first).is_finite() { (last - first).clamp(-1.0, 40.0) as i32 + 1 } else { 0 };
        let label = tick_label(low.abs().max(high.abs()), step);
        (0..count)
            .map(|index| (first + f64::from(index)) * step)
            .filter_map(|value| Some(Tick { position: self.clamped(value)?, label: label(value) }))
            .collect()
    }

    /// Ticks at powers of ten; between them small marks, which have numbers on a short axis.
    fn decade_ticks(&self, target: usize) -> Vec<Tick> {
        let length = self.high - self.low;
        let stride = (length / target.max(2) as f64).ceil().max(1.0) as i32;
        let plain = self.low >= -3.01 && self.high <= 5.01;
        let mut ticks = Vec::new();
        for exponent in self.low.floor() as i32..=self.high.ceil() as i32 {
            let digits = if stride == 1 && length < 8.0 { 1..10 } else { 1..2 };
            for digit in digits {
                let place = self.place(f64::from(exponent) + f64::from(digit).log10());
                let numbered = match digit {
                    1 => exponent.rem_euclid(stride) == 0,
                    2 | 5 => length < 2.2,
                    _ => false,
                };
                if (-1e-6..=1.0 + 1e-6).contains(&place) {
                    let label = if numbered { decade_label(digit, exponent, plain) } else { String::new() };
                    ticks.push(Tick { position: place.clamp(0.0, 1.0), label });
                }
            }
        }
        ticks
    }
}

/// The least of 1, 2, 5, 10 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> f64 {
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor()).max(f64::from_bits(1));
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// Writes the numbers of an axis that reaches up to `size` in steps of `step`, all with the same decimals.
fn tick_label(size: f64, step: f64) -> impl Fn(f64) -> String {
    let step_exponent = (step.log10() + 1e-9).floor();
    move |value| {
        if value.abs() < step * 1e-3 {
            "0".to_owned()
        } else if size < 1e6 && step_exponent >= -4.0 {
            fixed(value, (-step_exponent).max(0.0) as usize)
        } else {
            let decimals = (value.abs().log10() + 1e-9).floor() - step_exponent;
            scientific(value, decimals.clamp(0.0, 12.0) as usize)
        }
    }
}

/// The number at a digit times a power of ten, in full or as a power.
fn decade_label(digit: i32, exponent: i32, plain: bool) -> String {
    match (plain, digit) {
        (true, _) => fixed(f64::from(digit) * 10f64.powi(exponent), usize::try_from(-exponent).unwrap_or(0)),
        (false, 1) => power_of_ten(exponent),
        (false, _) => format!("{digit}×{}", power_of_ten(exponent)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(low: f64, high: f64, logarithmic: bool) -> Vec<String> {
        let ticks = Scale::holding([low, high], logarithmic).ticks(6);
        ticks.into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 1.0, false), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-3.0, 7.0, false), ["−2", "0", "2", "4", "6"]);
        assert_eq!(
            labels(0.0, 4e6, false),
            ["0", "1×10⁶", "2×10⁶", "3×10⁶", "4×10⁶"].map(|label| label.replace("1×", ""))
        );
        assert_eq!(labels(1e-5, 1.0, true), ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(labels(0.1, 3.0, true), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(1.1, 1.3, true), ["1.10", "1.15", "1.20", "1.25", "1.30"]);
    }

    #[test]
    fn nothing_to_show_is_no_failure() {
        assert!(labels(f64::NAN, f64::INFINITY, false).len() > 1);
        assert!(labels(-1.0, 0.0, true).len() > 1);
        assert!(labels(f64::MIN, f64::MAX, false).len() > 1);
        assert!(labels(f64::MIN_POSITIVE, f64::MAX, true).len() > 1);
    }

    #[test]
    fn zero_is_at_the_lower_end_of_a_logarithmic_scale() {
        let scale = Scale::holding([1.0, 100.0], true);
        assert_eq!(
            (scale.position(0.0), scale.clamped(0.0), scale.clamped(f64::INFINITY)),
            (None, Some(0.0), Some(1.0))
        );
    }

    proptest! {
        #[test]
        fn ticks_ascend_with_distinct_numbers(a in any::<f64>(), b in any::<f64>(), log in any::<bool>(), n in 2usize..10) {
            let ticks = Scale::holding([a, b], log).with_air(0.04).ticks(n);
            prop_assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.position)), "{ticks:?}");
            prop_assert!(ticks.windows(2).all(|pair| pair[0].position < pair[1].position), "{ticks:?}");
            let mut labels: Vec<_> = ticks.iter().map(|tick| &tick.label).filter(|label| !label.is_empty()).collect();
            let count = labels.len();
            prop_assert!((1..=3 * n + 3).contains(&count), "{ticks:?}");
            labels.sort();
            labels.dedup();
            prop_assert_eq!(labels.len(), count);
        }

        #[test]
        fn values_keep_their_order(a in -1e9..1e9f64, b in -1e9..1e9f64, c in -1e9..1e9f64) {
            let scale = Scale::holding([a, b, c], false);
            prop_assert_eq!(a < b, scale.position(a) < scale.position(b));
        }
    }
}

//! Elementary functions in `f32`, made of `+ − × ÷ √` alone, so that they give the same bits on every machine.
//!
//! | function | form | error (tested against `f64`) |
//! |---|---|---|
//! | [`tanh`] | odd rational function of degree 13 over 6, argument clamped to ±7.9 | 4e-7 absolute |
//! | [`exp`] | 2ⁿ · polynomial of degree 6 after reduction by ln 2 | 2e-7 relative |
//! | [`ln`] | exponent · ln 2 + polynomial of degree 9 of the mantissa | 3e-7 relative |
//! | [`box_muller`] | √(−2 ln u₁) · (cos, sin)(π u₂) | 1e-6 absolute |
//!
//! A NaN goes in and comes out. The polynomials of `exp`, `ln`, sine and cosine are those of the Cephes library
//! (S. L. Moshier, 1989), the rational `tanh` is the one of the Eigen library.

use super::arithmetic::{Arithmetic, Separate};

/// Beyond it the hyperbolic tangent is ±1 in `f32`.
pub(super) const TANH_LIMIT: f32 = 7.905_311;
/// Coefficients of the numerator, from the highest power of x² down.
pub(super) const TANH_NUMERATOR: [f32; 7] =
    [-2.760_768_4e-16, 2.000_188e-13, -8.604_672e-11, 5.122_297e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_524_6e-3];
/// Coefficients of the denominator.
pub(super) const TANH_DENOMINATOR: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];

/// Hyperbolic tangent; the same bits everywhere.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::math::tanh;
/// assert!((tanh(0.5) - 0.5f32.tanh()).abs() < 4e-7);
/// assert!(tanh(f32::NAN).is_nan());
/// ```
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    tanh_by::<Separate>(x)
}

/// A polynomial, coefficients from the highest power down.
#[inline(always)]
fn horner<A: Arithmetic, const N: usize>(coefficients: [f32; N], x: f32) -> f32 {
    let mut value = coefficients[0];
    for coefficient in &coefficients[1..] {
        value = A::multiply_add(value, x, *coefficient);
    }
    value
}

/// Hyperbolic tangent in a given arithmetic.
#[inline(always)]
pub fn tanh_by<A: Arithmetic>(x: f32) -> f32 {
    let x = x.clamp(-TANH_LIMIT, TANH_LIMIT);
    let s = x * x;
    let p = horner::<A, 7>(TANH_NUMERATOR, s);
    let q = horner::<A, 4>(TANH_DENOMINATOR, s);
    A::quotient(x * p, q)
}

/// The logistic function 1/(1 + e⁻ˣ) = ½ + ½ tanh(x/2); the same bits everywhere.
#[inline(always)]
pub fn logistic(x: f32) -> f32 {
    logistic_by::<Separate>(x)
}

/// The logistic function in a given arithmetic.
#[inline(always)]
pub fn logistic_by<A: Arithmetic>(x: f32) -> f32 {
    A::multiply_add(0.5, tanh_by::<A>(0.5 * x), 0.5)
}

/// The exponential function; 0 below −87.3, infinite above 88 (where 2ⁿ would leave the exponent's range).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// 1.5·2²³: adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.3, 88.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4_f32;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 5e-1;
    let mantissa = p * r * r + r + 1.0;
    let power = shifted.to_bits().wrapping_shl(23).wrapping_add(1.0f32.to_bits());
    let scaled = mantissa * f32::from_bits(power);
    if x > 88.0 {
        f32::INFINITY
    } else if x < -87.3 {
        0.0
    } else {
        scaled
    }
}

/// The natural logarithm; −∞ at 0, NaN below.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    // Mantissa in [√½, √2), exponent to match.
    let offset = bits.wrapping_sub(0x3F35_04F3);
    let exponent = ((offset as i32) >> 23) as f32;
    let m = f32::from_bits((offset & 0x007F_FFFF).wrapping_add(0x3F35_04F3)) - 1.0;
    let mut p = 7.037_683_6e-2_f32;
    p = p * m - 1.151_461e-1;
    p = p * m + 1.167_699_9e-1;
    p = p * m - 1.242_014_1e-1;
    p = p * m + 1.424_932_3e-1;
    p = p * m - 1.666_805_8e-1;
    p = p * m + 2.000_071_5e-1;
    p = p * m - 2.499_999_4e-1;
    p = p * m + 3.333_333e-1;
    let s = m * m;
    let value = m - 0.5 * s + (p * m * s - exponent * 2.121_944_4e-4) + exponent * 0.693_359_4;
    if x > 0.0 && x < f32::INFINITY {
        value
    } else if x == 0.0 {
        f32::NEG_INFINITY
    } else if x > 0.0 {
        x
    } else {
        f32::NAN
    }
}

/// Two independent standard normals from two words of random bits.
///
/// u₁ = (first + ½)/2³² is in (0, 1], so that the largest value is √(66 ln 2) = 6.76.
#[inline(always)]
pub fn box_muller(first: u32, second: u32) -> (f32, f32) {
    let u = (first as f32 + 0.5) * 2.328_306_4e-10;
    let square = -2.0 * ln(u);
    let radius = if square > 0.0 { square.sqrt() } else { 0.0 };
    let (sine, cosine) = sine_cosine_turn(second);
    (radius * cosine, radius * sine)
}

/// Sine and cosine of 2π · word / 2³².
#[inline(always)]
fn sine_cosine_turn(word: u32) -> (f32, f32) {
    // The nearest quarter turn, and the rest in ±⅛ turn.
    let shifted = word.wrapping_add(1 << 29);
    let quadrant = shifted >> 30;
    let rest = (shifted & 0x3FFF_FFFF) as f32 - 536_870_912.0;
    let r = rest * (std::f32::consts::FRAC_PI_2 / 1_073_741_824.0);
    let s = r * r;
    let sine = ((-1.951_529_6e-4 * s + 8.332_161e-3) * s - 1.666_665_5e-1) * s * r + r;
    let cosine = ((2.443_315_7e-5 * s - 1.388_731_6e-3) * s + 4.166_664_6e-2) * s * s - 0.5 * s + 1.0;
    let (a, b) = if quadrant & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sine = if quadrant & 2 == 0 { a } else { -a };
    let cosine = if quadrant == 1 || quadrant == 2 { -b } else { b };
    (sine, cosine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::arithmetic::Fused;

    fn grid(low: f64, high: f64) -> impl Iterator<Item = f32> {
        (0..=200_000).map(move |i| (low + (high - low) * f64::from(i) / 200_000.0) as f32)
    }

    #[test]
    fn tanh_is_close_to_f64() {
        for x in grid(-12.0, 12.0) {
            let error = (f64::from(tanh(x)) - f64::from(x).tanh()).abs();
            assert!(error < 4e-7, "tanh({x}) off by {error}");
            let error = (f64::from(tanh_by::<Fused>(x)) - f64::from(x).tanh()).abs();
            assert!(error < 4e-7, "fused tanh({x}) off by {error}");
        }
    }

    #[test]
    fn exp_is_close_to_f64() {
        for x in grid(-87.0, 88.0) {
            let exact = f64::from(x).exp();
            let error = ((f64::from(exp(x)) - exact) / exact).abs();
            assert!(error < 2e-7, "exp({x}) off by {error}");
        }
        assert_eq!(exp(100.0), f32::INFINITY);
        assert_eq!(exp(-100.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn ln_is_close_to_f64() {
        for x in grid(-80.0, 80.0).map(|x| f64::from(x).exp() as f32) {
            let exact = f64::from(x).ln();
            let error = (f64::from(ln(x)) - exact).abs() / exact.abs().max(1e-3);
            assert!(error < 3e-7, "ln({x}) off by {error}");
        }
        assert_eq!(ln(0.0), f32::NEG_INFINITY);
        assert!(ln(-1.0).is_nan());
        assert_eq!(ln(f32::INFINITY), f32::INFINITY);
    }

    #[test]
    fn sine_and_cosine_are_close_to_f64() {
        for i in 0..100_000u32 {
            let word = i.wrapping_mul(0x9E37_79B9);
            let angle = f64::from(word) / 4_294_967_296.0 * std::f64::consts::TAU;
            let (sine, cosine) = sine_cosine_turn(word);
            assert!((f64::from(sine) - angle.sin()).abs() < 3e-7, "sin({angle})");
            assert!((f64::from(cosine) - angle.cos()).abs() < 3e-7, "cos({angle})");
        }
    }

    #[test]
    fn not_a_number_is_passed_on() {
        assert!(tanh(f32::NAN).is_nan() && tanh_by::<Fused>(f32::NAN).is_nan());
        assert!(exp(f32::NAN).is_nan() && ln(f32::NAN).is_nan());
    }
}

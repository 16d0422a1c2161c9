//! The two ways to compute `a·b + c`, with one rounding or with two, and a quotient to go with each.

/// This minus the bits of a number are the bits of its reciprocal, off by 12 % at most.
pub(super) const RECIPROCAL_GUESS: u32 = 0x7EF3_11C7;

/// How a loop computes `a·b + c`.
pub trait Arithmetic: Copy {
    /// Whether `a·b + c` has one rounding.
    const FUSED: bool;

    /// `a·b + c`.
    fn multiply_add(a: f32, b: f32, c: f32) -> f32;

    /// `a/b` for `b` in [2⁻⁶⁰, 2⁶⁰].
    fn quotient(a: f32, b: f32) -> f32;
}

/// One rounding: fused multiply–add. Slow on a processor without it, so that it is used only where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Fused;

/// Two roundings: the same bits on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Separate;

impl Arithmetic for Fused {
    const FUSED: bool = true;

    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    /// Three Newton steps from a guess by the exponent, `r ← r + r(1 − b r)`: relative error below 2e-7. A division of a whole vector takes as
    /// long as the ten products here on some processors, and much longer on others.
    #[inline(always)]
    fn quotient(a: f32, b: f32) -> f32 {
        let mut r = f32::from_bits(RECIPROCAL_GUESS.wrapping_sub(b.to_bits()));
        for _ in 0..3 {
            r = r.mul_add((-b).mul_add(r, 1.0), r);
        }
        a * r
    }
}

impl Arithmetic for Separate {
    const FUSED: bool = false;

    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    #[inline(always)]
    fn quotient(a: f32, b: f32) -> f32 {
        a / b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_differ_by_a_rounding() {
        // (1 + 2⁻¹²)² − (1 + 2⁻¹¹) = 2⁻²⁴, which the rounded product has lost.
        let (a, c) = (1.0 + 2f32.powi(-12), -(1.0 + 2f32.powi(-11)));
        assert_eq!(Fused::multiply_add(a, a, c), 2f32.powi(-24));
        assert_eq!(Separate::multiply_add(a, a, c), 0.0);
    }

    #[test]
    fn quotients_are_close() {
        for i in 0..100_000 {
            let b = 2f32.powi(i % 121 - 60) * (1.0 + i as f32 / 1e5);
            let error = (f64::from(Fused::quotient(3.0, b)) * f64::from(b) / 3.0 - 1.0).abs();
            assert!(error < 2e-7, "3/{b} off by {error}");
            assert_eq!(Separate::quotient(3.0, b), 3.0 / b);
        }
    }
}

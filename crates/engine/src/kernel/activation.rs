//! Activation functions, element by element over lanes.

use serde::{Deserialize, Serialize};

use super::simd::{Vector, dispatch};
use super::{Numerics, math};

/// What a unit does with its pre-activation.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::activation::Activation;
/// assert_eq!(Activation::Step.of(-0.1), 0.0);
/// assert_eq!(Activation::Relu.of(2.0), 2.0);
/// assert!(Activation::Step.slope_of_output(1.0).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// max(0, x).
    Relu,
    /// 1/(1 + e⁻ˣ).
    Logistic,
    /// x.
    Linear,
    /// 1 if x > 0, else 0. It has no useful slope: forward passes can train through it, gradients cannot.
    Step,
    /// eˣ divided by its sum over the layer: probabilities. For output layers only.
    Softmax,
}

impl Activation {
    /// The value for one pre-activation, by the portable kernel; `Softmax` of a single unit is 1.
    #[inline(always)]
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Tanh => math::tanh(x),
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Logistic => math::logistic(x),
            Self::Linear => x,
            Self::Step => {
                if x > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Self::Softmax => 1.0,
        }
    }

    /// The derivative written with the output `y`, or `None` where there is none to follow (step, softmax).
    #[inline]
    pub fn slope_of_output(self, y: f32) -> Option<f32> {
        match self {
            Self::Tanh => Some(1.0 - y * y),
            Self::Relu => Some(if y > 0.0 { 1.0 } else { 0.0 }),
            Self::Logistic => Some(y * (1.0 - y)),
            Self::Linear => Some(1.0),
            Self::Step | Self::Softmax => None,
        }
    }

    /// The value for a vector of pre-activations, for the functions that a product can apply to its sums.
    #[inline(always)]
    pub(super) fn of_vector<V: Vector<N>, const N: usize>(self, x: V) -> V {
        match self {
            Self::Tanh => tanh_of_vector(x),
            Self::Logistic => {
                let half = V::splat(0.5);
                half.multiply_add(tanh_of_vector(half.multiply(x)), half)
            }
            Self::Relu => x.at_least(0.0),
            Self::Linear | Self::Step | Self::Softmax => x,
        }
    }

    /// Replaces a few vectors by their values; the function is chosen once for all of them.
    #[inline(always)]
    pub(super) fn of_vectors<V: Vector<N>, const N: usize, const G: usize>(self, vectors: &mut [V; G]) {
        // A loop in each arm and no closure, which would not be compiled for the vectors' instructions.
        match self {
            Self::Tanh => {
                for x in vectors {
                    *x = tanh_of_vector(*x);
                }
            }
            Self::Logistic => {
                for x in vectors {
                    *x = Self::Logistic.of_vector(*x);
                }
            }
            Self::Relu => {
                for x in vectors {
                    *x = x.at_least(0.0);
                }
            }
            Self::Linear | Self::Step | Self::Softmax => {}
        }
    }

    /// The same in memory.
    #[inline(always)]
    pub(super) fn of_rows<V: Vector<N>, const N: usize>(self, rows: &mut [[f32; N]]) {
        match self {
            Self::Tanh => {
                for row in rows {
                    tanh_of_vector(V::load(row)).store(row);
                }
            }
            Self::Logistic => {
                for row in rows {
                    Self::Logistic.of_vector(V::load(row)).store(row);
                }
            }
            Self::Relu => {
                for row in rows {
                    V::load(row).at_least(0.0).store(row);
                }
            }
            Self::Linear | Self::Step | Self::Softmax => {}
        }
    }

    /// Whether the value of a unit depends on its own pre-activation alone and a product can apply the function to its sums; not so
    /// for `Step` and `Softmax`.
    pub fn is_of_one_number(self) -> bool {
        !matches!(self, Self::Step | Self::Softmax)
    }

    /// Applies the function to a layer in place: `values` [units × L].
    pub fn apply<const L: usize>(self, numerics: Numerics, values: &mut [[f32; L]]) {
        match self {
            Self::Tanh => tanh(numerics, values.as_flattened_mut()),
            Self::Relu => relu(values.as_flattened_mut()),
            Self::Logistic => logistic(numerics, values.as_flattened_mut()),
            Self::Linear => {}
            Self::Step => values.as_flattened_mut().iter_mut().for_each(|value| *value = self.of(*value)),
            Self::Softmax => softmax(values),
        }
    }
}

/// [`math::tanh_by`] of every lane.
#[inline(always)]
fn tanh_of_vector<V: Vector<N>, const N: usize>(x: V) -> V {
    let x = x.at_least(-math::TANH_LIMIT).at_most(math::TANH_LIMIT);
    let s = x.multiply(x);
    let (mut p, mut q) = (V::splat(math::TANH_NUMERATOR[0]), V::splat(math::TANH_DENOMINATOR[0]));
    for coefficient in &math::TANH_NUMERATOR[1..] {
        p = p.multiply_add(s, V::splat(*coefficient));
    }
    for coefficient in &math::TANH_DENOMINATOR[1..] {
        q = q.multiply_add(s, V::splat(*coefficient));
    }
    x.multiply(p).quotient(q)
}

dispatch! {
    fn tanh<S: Simd>(numerics: Numerics, values: &mut [f32]) {
        for value in values {
            *value = math::tanh_by::<S::Arithmetic>(*value);
        }
    }
}

dispatch! {
    fn logistic<S: Simd>(numerics: Numerics, values: &mut [f32]) {
        for value in values {
            *value = math::logistic_by::<S::Arithmetic>(*value);
        }
    }
}

dispatch! {
    fn relu(values: &mut [f32]) {
        for value in values {
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
    }
}

dispatch! {
    fn softmax<const L: usize>(values: &mut [[f32; L]]) {
        let mut largest = [f32::NEG_INFINITY; L];
        for unit in values.iter() {
            for lane in 0..L {
                largest[lane] = if unit[lane] > largest[lane] { unit[lane] } else { largest[lane] };
            }
        }
        let mut sum = [0.0f32; L];
        for unit in values.iter_mut() {
            for lane in 0..L {
                unit[lane] = math::exp(unit[lane] - largest[lane]);
                sum[lane] += unit[lane];
            }
        }
        for unit in values.iter_mut() {
            for lane in 0..L {
                unit[lane] /= sum[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_sums_to_one_and_survives_large_inputs() {
        let mut values = [[1000.0f32, -5.0], [999.0, 2.0], [0.0, 1.0]];
        Activation::Softmax.apply(Numerics::Native, &mut values);
        for lane in 0..2 {
            let sum: f32 = values.iter().map(|unit| unit[lane]).sum();
            assert!((sum - 1.0).abs() < 1e-6);
        }
        assert!((values[0][0] - 0.731_058_6).abs() < 1e-6);
    }

    #[test]
    fn layers_and_single_values_agree() {
        for activation in
            [Activation::Tanh, Activation::Relu, Activation::Logistic, Activation::Linear, Activation::Step]
        {
            let mut values = [[-1.5f32, -0.0, 0.25, 3.0]];
            let expected = values[0].map(|x| activation.of(x));
            activation.apply(Numerics::Portable, &mut values);
            assert_eq!(values[0], expected, "{activation:?}");
        }
    }
}

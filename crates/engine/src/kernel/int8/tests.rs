use super::*;
use crate::random::Key;

fn normals(count: usize, seed: u64) -> Vec<f32> {
    let mut stream = Key::from_seed(seed).stream();
    (0..count).map(|_| stream.normal()).collect()
}

/// The equations of the module's head in f64.
fn exact(weights: &[f32], bias: &[f32], x: &[f32]) -> Vec<f64> {
    let units = bias.len();
    let scale = |values: &mut dyn Iterator<Item = f32>| f64::from(values.fold(0.0f32, |m, v| m.max(v.abs()))) / 127.0;
    let a = scale(&mut x.iter().copied());
    let integer = |value: f32, scale: f64| if scale == 0.0 { 0.0 } else { (f64::from(value) / scale).round() };
    let unit = |j: usize| {
        let column = || weights.iter().skip(j).step_by(units).copied();
        let s = scale(&mut column());
        let sum: f64 = column().zip(x).map(|(w, x)| integer(w, s) * integer(*x, a)).sum();
        f64::from(bias[j]) + s * a * sum
    };
    (0..units).map(unit).collect()
}

/// What `run` finds with the inputs `x` in every lane, of `blocks` blocks; all must agree.
fn found<const L: usize>(layer: &PackedLayer, bias: &[f32], x: &[f32], blocks: usize) -> Vec<f32> {
    let (inputs, units) = (x.len(), bias.len());
    // A row before, between and after, which nobody may touch.
    let places = Places { stride: inputs + units + 3, inputs: 1..1 + inputs, outputs: inputs + 2..inputs + 2 + units };
    let mut activity = vec![[9.0f32; L]; blocks * places.stride];
    for block in activity.chunks_mut(places.stride) {
        for (row, x) in block[places.inputs.clone()].iter_mut().zip(x) {
            *row = [*x; L];
        }
    }
    let product = Int8Product { layer, bias, activation: Activation::Linear, places: &places };
    product.run(&mut Int8Scratch::default(), &mut activity);
    let first: Vec<f32> = activity[places.outputs.clone()].iter().map(|row| row[0]).collect();
    for block in activity.chunks(places.stride) {
        for (row, first) in block[places.outputs.clone()].iter().zip(&first) {
            assert!(row.iter().all(|value| value.to_bits() == first.to_bits()));
        }
        for row in [0, inputs + 1, places.stride - 1] {
            assert_eq!(block[row], [9.0; L]);
        }
    }
    first
}

#[test]
fn sums_follow_the_equations_with_the_same_bits_in_any_lanes() {
    for (seed, (inputs, units)) in
        [(1, 1), (3, 64), (67, 64), (64, 3), (5, 17), (131, 33), (8, 85)].into_iter().enumerate()
    {
        let (weights, bias) = (normals(inputs * units, seed as u64), normals(units, 100));
        let mut x = normals(inputs, 200);
        // The largest products that there are: nothing may saturate.
        x.iter_mut().step_by(2).for_each(|x| *x = 3.0);
        let mut layer = PackedLayer::default();
        // What a larger layer left behind does not matter.
        layer.pack(&normals(40 * 50, 9), 50);
        layer.pack(&weights, units);
        let wide = [1, 2, 5].map(|blocks| found::<16>(&layer, &bias, &x, blocks));
        let narrow = [found::<1>(&layer, &bias, &x, 2), found::<4>(&layer, &bias, &x, 1)];
        for values in wide.iter().chain(&narrow) {
            assert_eq!(*values, wide[0], "{inputs} × {units}");
        }
        for (found, exact) in wide[0].iter().zip(exact(&weights, &bias, &x)) {
            assert!((f64::from(*found) - exact).abs() < 2e-5 * (1.0 + exact.abs()), "{found} {exact}");
        }
    }
}

#[test]
fn bytes_of_extremes_do_not_saturate() {
    let (inputs, units) = (64, 16);
    let (weights, x) = (vec![-1.0; inputs * units], vec![-1.0; inputs]);
    let mut layer = PackedLayer::default();
    layer.pack(&weights, units);
    for value in found::<16>(&layer, &vec![0.0; units], &x, 2) {
        assert!((value - 64.0).abs() < 1e-4, "{value}");
    }
}

#[test]
fn zeros_stay_zero_and_what_is_not_finite_shows() {
    let mut layer = PackedLayer::default();
    layer.pack(&[0.0, 1.0, f32::NAN, 0.0, 1.0, 1.0], 3);
    let values = found::<16>(&layer, &[0.5, 0.5, 0.5], &[1.0, 1.0], 1);
    assert_eq!(values[0], 0.5);
    assert!((values[1] - 2.5).abs() < 1e-5 && values[2].is_nan());
    let values = found::<1>(&layer, &[0.5, 0.5, 0.5], &[f32::INFINITY, 1.0], 1);
    assert!(values.iter().all(|value| value.is_nan()));
    assert_eq!(found::<16>(&layer, &[0.5; 3], &[0.0, 1e-40], 1)[..2], [0.5, 0.5]);
}

//! Poisson input: independent spikes, each a pure function of key, millisecond and cell.
//!
//! ```text
//!     cell i spikes in millisecond t   ⇔   word(i mod 4 of block t·⌈n/4⌉ + ⌊i/4⌋) < 2³² p_i
//! ```
//! n cells · p_i probability of a spike in a millisecond, rate/1000 for a rate in hertz. Nothing is stored, any millisecond
//! can be asked for, and no order of asking changes an answer.
//!
//! Cost: one block of the generator for four cells and a millisecond.

use crate::random::Key;

/// Uniform numbers in `[0, 1)` with 24 bits for the cells of a population in one millisecond, from `key`, into `numbers` `[cells]`.
pub fn uniforms(key: Key, millisecond: u64, numbers: &mut [f32]) {
    const STEP: f32 = 1.0 / (1 << 24) as f32;
    let blocks = numbers.len().div_ceil(4) as u64;
    let first = millisecond * blocks;
    for (group, numbers) in numbers.chunks_mut(32).enumerate() {
        // Eight blocks side by side; word w of block b is number 4b + w.
        let words = key.blocks::<8>(first + 8 * group as u64);
        for (index, number) in numbers.iter_mut().enumerate() {
            *number = (words[index % 4][index / 4] >> 8) as f32 * STEP;
        }
    }
}

/// Appends the numbers of the cells that spike in `millisecond` to `spikes`, in order; `probabilities` `[cells]` are per
/// millisecond.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::behaviour::spiking::poisson;
///
/// let mut spikes = Vec::new();
/// poisson::spikes(Key::from_seed(1), 7, &[1.0, 0.0, 1.0], &mut spikes);
/// assert_eq!(spikes, [0, 2]);
/// ```
pub fn spikes(key: Key, millisecond: u64, probabilities: &[f32], spikes: &mut Vec<u32>) {
    let blocks = probabilities.len().div_ceil(4) as u64;
    for (group, probabilities) in probabilities.chunks(32).enumerate() {
        let words = key.blocks::<8>(millisecond * blocks + 8 * group as u64);
        for (index, &probability) in probabilities.iter().enumerate() {
            let threshold = f64::from(probability) * 4_294_967_296.0;
            if f64::from(words[index % 4][index / 4]) < threshold {
                spikes.push((32 * group + index) as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_asked_for_and_cells_are_independent() {
        let key = Key::from_seed(5);
        let probabilities: Vec<f32> = (0..70).map(|cell| if cell < 35 { 0.2 } else { 0.0025 }).collect();
        let mut counts = vec![0usize; 70];
        let (mut together, duration) = (0usize, 20_000);
        for millisecond in 0..duration {
            let mut found = Vec::new();
            spikes(key, millisecond, &probabilities, &mut found);
            for &cell in &found {
                counts[cell as usize] += 1;
            }
            together += usize::from(found.contains(&0) && found.contains(&33));
        }
        // Standard deviations: 57 for the active cells, 7 for the others, 28 for the pair.
        assert!(counts[..35].iter().all(|&count| count.abs_diff(4000) < 5 * 57), "{counts:?}");
        assert!(counts[35..].iter().all(|&count| count.abs_diff(50) < 5 * 8), "{counts:?}");
        assert!(together.abs_diff(800) < 5 * 28, "{together}");
    }

    /// The formula of the head, word by word.
    #[test]
    fn a_spike_is_a_function_of_key_time_and_cell() {
        let key = Key::from_seed(9);
        for millisecond in [0, 1, 17, 1000] {
            let mut found = Vec::new();
            spikes(key, millisecond, &[0.3; 50], &mut found);
            let expected = |cell: u64| {
                let word = key.block(millisecond * 13 + cell / 4)[cell as usize % 4];
                f64::from(word) < f64::from(0.3f32) * 4_294_967_296.0
            };
            let expected: Vec<u32> = (0..50).filter(|&cell| expected(cell)).map(|cell| cell as u32).collect();
            assert_eq!(found, expected);
        }
    }
}

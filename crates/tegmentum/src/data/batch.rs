//! Batches in lanes: examples or windows of a [`Problem`], side by side, ready for a forward pass.
//!
//! A batch of n examples is ⌈n/L⌉ blocks of `L` lanes. For a series, the targets of a step are the inputs of the next,
//! so the rows are stored once. Lanes beyond n repeat the last example and are never counted.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Problem, Series};
use crate::kernel::sequence::Sequences;
use crate::random::Key;

/// The key of a mini-batch: all probes of a step are compared on the same one.
///
/// # Example
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::random::Key;
///
/// assert_eq!(Batch(Key::from_seed(1)), Batch(Key::from_seed(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch(pub Key);

/// Which examples a lane batch holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A mini-batch of the training part, or all of it if the problem has no batch size.
    Train(Batch),
    /// The test part: all examples, or evenly spaced windows.
    Test,
}

/// Windows that the test part of a series is judged on.
pub const TEST_WINDOWS: usize = 64;

/// A batch in lanes.
#[derive(Clone, Debug)]
pub struct LaneBatch<const L: usize> {
    part: Option<Part>,
    /// Steps of a sequence; 1 for independent examples.
    pub steps: usize,
    /// First steps that are not scored.
    pub washout: usize,
    /// Examples or windows.
    pub count: usize,
    num_inputs: usize,
    num_outputs: usize,
    /// Steps of stored inputs: one more than `steps` for a series.
    stored_steps: usize,
    inputs: Vec<[f32; L]>,
    targets: Vec<[f32; L]>,
    /// Number of the load that filled the batch, unique in the process; 0 for an empty batch.
    load: u64,
}

/// Loads of all batches so far. It names the contents of a batch, so that a buffer can tell whether it still holds copies of
/// them ([`Rows::first_tagged`](crate::kernel::aligned::Rows::first_tagged)); no result depends on it.
static LOADS: AtomicU64 = AtomicU64::new(1);

impl<const L: usize> Default for LaneBatch<L> {
    fn default() -> Self {
        Self {
            part: None,
            steps: 1,
            washout: 0,
            count: 0,
            num_inputs: 0,
            num_outputs: 0,
            stored_steps: 1,
            inputs: Vec::new(),
            targets: Vec::new(),
            load: 0,
        }
    }
}

impl<const L: usize> LaneBatch<L> {
    /// Loads a part of the problem; does nothing if it is loaded already. The problem must then be the same one, or
    /// [`forget`](Self::forget) be called first.
    pub fn load(&mut self, problem: &Problem, part: Part) {
        let part = match problem {
            // Without a batch size every training batch is the same one.
            Problem::Examples(examples) if examples.batch.is_none() && part != Part::Test => Part::Train(Batch(Key(0))),
            _ => part,
        };
        if self.part == Some(part) {
            return;
        }
        self.part = Some(part);
        self.load = LOADS.fetch_add(1, Ordering::Relaxed);
        self.num_inputs = problem.num_inputs();
        self.num_outputs = problem.num_outputs();
        match problem {
            Problem::Examples(examples) => self.load_examples(examples, part),
            Problem::Series(series) => self.load_windows(series, part),
        }
    }

    /// Makes the next [`load`](Self::load) read its examples again: for a caller whose problem may have changed.
    pub fn forget(&mut self) {
        self.part = None;
    }

    /// The number of the load that filled this batch: it changes whenever other examples are loaded, and no other batch has it.
    pub(crate) fn load_number(&self) -> u64 {
        self.load
    }

    /// Blocks of `L` lanes.
    pub fn blocks(&self) -> usize {
        self.count.div_ceil(L)
    }

    /// Lanes of a block that hold an example of their own.
    pub fn valid(&self, block: usize) -> usize {
        L.min(self.count - block * L)
    }

    /// The inputs of a step, [inputs × L].
    pub fn inputs(&self, block: usize, step: usize) -> &[[f32; L]] {
        let start = (block * self.stored_steps + step) * self.num_inputs;
        &self.inputs[start..start + self.num_inputs]
    }

    /// The inputs of a block from its first step on and those of the blocks behind it: inputs from one step, or one example,
    /// to the next.
    pub(crate) fn inputs_from(&self, block: usize) -> &[[f32; L]] {
        &self.inputs[block * self.stored_steps * self.num_inputs..]
    }

    /// The targets of a step, [outputs × L].
    pub fn targets(&self, block: usize, step: usize) -> &[[f32; L]] {
        if self.is_series() {
            return self.inputs(block, step + 1);
        }
        let start = (block * self.steps + step) * self.num_outputs;
        &self.targets[start..start + self.num_outputs]
    }

    /// Whether the batch is windows of a series, where each step's targets are the next one's inputs.
    pub(crate) fn is_series(&self) -> bool {
        self.targets.is_empty()
    }

    /// All that a pass over some blocks reads.
    pub(crate) fn sequences(&self, blocks: std::ops::Range<usize>) -> Sequences<'_, L> {
        let (rows, targets) = (self.stored_steps * self.num_inputs, self.steps * self.num_outputs);
        Sequences {
            blocks: blocks.len(),
            inputs: &self.inputs[blocks.start * rows..blocks.end * rows],
            targets: (!self.is_series()).then(|| &self.targets[blocks.start * targets..blocks.end * targets]),
            steps: self.steps,
            washout: self.washout,
        }
    }

    /// The targets of all steps of a block, [steps × outputs × L].
    pub(crate) fn targets_of(&self, block: usize) -> &[[f32; L]] {
        if self.is_series() {
            let start = (block * self.stored_steps + 1) * self.num_inputs;
            return &self.inputs[start..start + self.steps * self.num_inputs];
        }
        let count = self.steps * self.num_outputs;
        &self.targets[block * count..(block + 1) * count]
    }

    /// Bytes of the stored examples.
    pub fn bytes(&self) -> usize {
        (self.inputs.len() + self.targets.len()) * size_of::<[f32; L]>()
    }

    fn load_examples(&mut self, examples: &Examples, part: Part) {
        let set = if part == Part::Test { &examples.test } else { &examples.train };
        let available = set.inputs.len() / examples.num_inputs;
        let chosen: Vec<usize> = match (part, examples.batch) {
            (Part::Train(Batch(key)), Some(size)) => {
                let mut stream = key.stream();
                (0..size).map(|_| stream.below(available)).collect()
            }
            _ => (0..available).collect(),
        };
        (self.steps, self.stored_steps, self.washout, self.count) = (1, 1, 0, chosen.len());
        self.fill_examples(set, &chosen);
    }

    fn fill_examples(&mut self, set: &ExampleSet, chosen: &[usize]) {
        let blocks = chosen.len().div_ceil(L);
        make_room(&mut self.inputs, blocks * self.num_inputs);
        make_room(&mut self.targets, blocks * self.num_outputs);
        for (block, examples) in chosen.chunks(L).enumerate() {
            for lane in 0..L {
                let example = examples[lane.min(examples.len() - 1)];
                let rows = [
                    (&set.inputs, &mut self.inputs, self.num_inputs),
                    (&set.targets, &mut self.targets, self.num_outputs),
                ];
                for (source, target, width) in rows {
                    let row = &source[example * width..(example + 1) * width];
                    for (slot, &value) in target[block * width..(block + 1) * width].iter_mut().zip(row) {
                        slot[lane] = value;
                    }
                }
            }
        }
    }

    fn load_windows(&mut self, series: &Series, part: Part) {
        let length = series.windows.length;
        let starts: Vec<usize> = match part {
            Part::Train(Batch(key)) => {
                let mut stream = key.stream();
                let places = series.train.len() - length;
                (0..series.windows.count).map(|_| series.train.start + stream.below(places)).collect()
            }
            Part::Test => evenly_spaced(series.test.clone(), length + 1, TEST_WINDOWS),
        };
        (self.steps, self.stored_steps, self.washout, self.count) =
            (length, length + 1, series.windows.washout, starts.len());
        let width = self.num_inputs;
        let rows = self.stored_steps * width;
        make_room(&mut self.inputs, starts.len().div_ceil(L) * rows);
        self.targets = Vec::new();
        for (block, starts) in starts.chunks(L).enumerate() {
            let target = &mut self.inputs[block * rows..(block + 1) * rows];
            for lane in 0..L {
                let start = starts[lane.min(starts.len() - 1)] * width;
                for (slot, &value) in target.iter_mut().zip(&series.values[start..start + rows]) {
                    slot[lane] = value;
                }
            }
        }
    }
}

/// Makes `rows` exactly `count` long; one that doubled as it grew would hold up to three times the data for a moment.
fn make_room<const L: usize>(rows: &mut Vec<[f32; L]>, count: usize) {
    rows.truncate(count);
    rows.reserve_exact(count - rows.len());
    rows.resize(count, [0.0; L]);
}

/// Starts of at most `count` windows of `length` rows, spread evenly over `rows`.
pub(crate) fn evenly_spaced(rows: std::ops::Range<usize>, length: usize, count: usize) -> Vec<usize> {
    let places = (rows.len() + 1).saturating_sub(length);
    let count = count.min(places);
    (0..count).map(|index| rows.start + index * (places - 1) / (count - 1).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::task::Loss;
    use crate::data::task::Windows;

    fn ramp() -> Problem {
        Problem::Series(Series {
            values: (0..200).map(|row| row as f32).collect(),
            channels: vec!["ramp".to_owned()],
            train: 0..120,
            test: 130..200,
            mean: vec![0.0],
            standard_deviation: vec![1.0],
            sampling_step: 1.0,
            lyapunov_exponent: None,
            windows: Windows { count: 20, length: 10, washout: 2 },
        })
    }

    #[test]
    fn targets_of_a_window_are_the_next_inputs() {
        let mut batch = LaneBatch::<16>::default();
        batch.load(&ramp(), Part::Train(Batch(Key::from_seed(1))));
        assert_eq!((batch.blocks(), batch.valid(0), batch.valid(1)), (2, 16, 4));
        for step in 0..10 {
            let (input, target) = (batch.inputs(1, step)[0], batch.targets(1, step)[0]);
            for lane in 0..16 {
                assert_eq!(target[lane], input[lane] + 1.0);
                assert!(target[lane] < 120.0, "a training window reads beyond the training part");
            }
        }
    }

    #[test]
    fn test_windows_stay_in_the_test_part() {
        let mut batch = LaneBatch::<4>::default();
        batch.load(&ramp(), Part::Test);
        assert_eq!(batch.count, 60);
        let (first, last) = (batch.inputs(0, 0)[0][0], batch.inputs(14, 10)[0][3]);
        assert_eq!((first, last), (130.0, 199.0));
    }

    #[test]
    fn a_batch_is_a_function_of_its_key() {
        let set = ExampleSet { inputs: (0..50).map(|i| i as f32).collect(), targets: vec![0.0; 50] };
        let problem = Problem::Examples(Examples {
            num_inputs: 1,
            num_outputs: 1,
            train: set.clone(),
            test: set,
            batch: Some(8),
            loss: Loss::MeanSquaredError,
        });
        let load = |seed: u64| {
            let mut batch = LaneBatch::<16>::default();
            batch.load(&problem, Part::Train(Batch(Key::from_seed(seed))));
            batch.inputs(0, 0)[0]
        };
        assert_eq!(load(1), load(1));
        assert_ne!(load(1), load(2));
    }
}

//! Where the activity before each connection is kept until credit arrives.
//!
//! Only rows that a connection reads are kept, and none twice: input that a connection reads alone stays in the batch, and the
//! new state of a step is the previous state of the next.

use std::ops::Range;

use crate::data::batch::LaneBatch;
use crate::kernel::lanes::average;
use crate::kernel::outer::RowsOverTime;
use crate::model::network::Network;

/// Which rows of an activity are kept, and where each connection finds its own.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Rows of the activity that are kept, in this order.
    kept: Vec<Range<usize>>,
    /// Rows of a step on the tape.
    stride: usize,
    /// Rows of the new state in the activity, and of the previous state in the step that follows on the tape.
    state: Option<(Range<usize>, usize)>,
    /// The first row of each connection's inputs, counted from those of the step; `None` for the batch's.
    firsts: Vec<Option<usize>>,
}

impl Layout {
    pub(super) fn new(network: &dyn Network) -> Self {
        let mut layout = Self { kept: Vec::new(), stride: 0, state: None, firsts: Vec::new() };
        let carry = network.carry();
        let reads = || network.connections().iter().map(|connection| connection.presynaptic.clone());
        for rows in reads() {
            let is_state = carry.as_ref().is_some_and(|(state, _)| *state == rows);
            let is_input = carry.is_none() && network.input_rows() == rows;
            if !is_state && !is_input && layout.place_of(&rows).is_none() {
                layout.stride += rows.len();
                layout.kept.push(rows);
            }
        }
        if let Some((state, previous)) = carry {
            layout.state = layout.place_of(&previous).map(|place| (state, place));
        }
        for rows in reads() {
            let first = match &layout.state {
                Some((state, place)) if *state == rows => Some(layout.stride + place),
                _ => layout.place_of(&rows),
            };
            layout.firsts.push(first);
        }
        layout
    }

    /// Where some rows of the activity begin on the tape.
    fn place_of(&self, rows: &Range<usize>) -> Option<usize> {
        let mut before = 0;
        for kept in &self.kept {
            if kept.start <= rows.start && rows.end <= kept.end {
                return Some(before + rows.start - kept.start);
            }
            before += kept.len();
        }
        None
    }

    /// Rows of `count` steps (and of the state after the last one).
    pub(super) fn rows(&self, count: usize) -> usize {
        (count + usize::from(self.state.is_some())) * self.stride
    }

    /// Writes the mean of both halves of a pair as step `index`.
    pub(super) fn record<const L: usize>(&self, index: usize, [plus, minus]: [&[[f32; L]]; 2], tape: &mut [[f32; L]]) {
        let mut row = index * self.stride;
        for kept in &self.kept {
            write_mean([plus, minus], kept.clone(), &mut tape[row..row + kept.len()]);
            row += kept.len();
        }
    }

    /// Writes the state after the last step, `index`.
    pub(super) fn finish<const L: usize>(&self, index: usize, pair: [&[[f32; L]]; 2], tape: &mut [[f32; L]]) {
        if let Some((state, place)) = &self.state {
            let row = (index + 1) * self.stride + place;
            write_mean(pair, state.clone(), &mut tape[row..row + state.len()]);
        }
    }

    /// The inputs of connection `index`, whose matrix has `count` rows, over the steps of the tape.
    pub(super) fn inputs<'a, const L: usize>(
        &self,
        index: usize,
        count: usize,
        tape: &'a [[f32; L]],
        batch: &'a LaneBatch<L>,
        block: usize,
    ) -> RowsOverTime<'a, L> {
        match self.firsts[index] {
            Some(first) => RowsOverTime { rows: tape, stride: self.stride, first, count },
            None => RowsOverTime { rows: batch.inputs_from(block), stride: count, first: 0, count },
        }
    }
}

fn write_mean<const L: usize>([plus, minus]: [&[[f32; L]]; 2], rows: Range<usize>, mean: &mut [[f32; L]]) {
    average(plus[rows.clone()].as_flattened(), minus[rows].as_flattened(), mean.as_flattened_mut());
}

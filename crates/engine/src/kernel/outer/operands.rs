//! Operands of outer products summed over time: stored rows, or signs with a credit for each example.

use std::ops::Range;

use super::{GROUP, WIDTH};

/// A run of rows over the steps of a sequence: row `r` of step `t` is `rows[t · stride + first + r]`.
#[derive(Clone, Copy, Debug)]
pub struct RowsOverTime<'a, const L: usize> {
    /// All rows of all steps.
    pub rows: &'a [[f32; L]],
    /// Rows from one step to the next.
    pub stride: usize,
    /// The first row of the run; may lie behind the step's own rows.
    pub first: usize,
    /// Rows of the run.
    pub count: usize,
}

/// What is multiplied with the inputs: a row of lanes for each unit and step.
#[derive(Clone, Copy, Debug)]
pub enum UnitSignals<'a, const L: usize> {
    /// Stored rows.
    Rows(RowsOverTime<'a, L>),
    /// One number for each step and example, with a sign for each unit.
    Signs {
        /// Lane `l` of unit `u` at step `t` has the sign of bit `l` of `signs[t · stride + first + u]`: 1 is −1.
        signs: &'a [u16],
        /// Words from one step to the next.
        stride: usize,
        /// The word of the first unit.
        first: usize,
        /// Units.
        count: usize,
        /// The numbers, [steps × L].
        credit: &'a [[f32; L]],
    },
}

impl<'a, const L: usize> RowsOverTime<'a, L> {
    /// The rows of a step.
    #[inline(always)]
    pub(super) fn at(&self, step: usize) -> &'a [[f32; L]] {
        &self.rows[step * self.stride + self.first..][..self.count]
    }

    pub(super) fn fits(&self, steps: usize) -> bool {
        steps == 0 || (steps - 1) * self.stride + self.first + self.count <= self.rows.len()
    }

    /// The same with the number of lanes written as `M` (which equals `L`).
    pub(super) fn with_lanes<const M: usize>(self) -> RowsOverTime<'a, M> {
        let Self { rows, stride, first, count } = self;
        RowsOverTime { rows: rows.as_flattened().as_chunks().0, stride, first, count }
    }
}

impl<'a, const L: usize> UnitSignals<'a, L> {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Rows(steps) => steps.count,
            Self::Signs { count, .. } => *count,
        }
    }

    pub(super) fn fits(&self, steps: usize) -> bool {
        match *self {
            Self::Rows(rows) => rows.fits(steps),
            Self::Signs { signs, stride, first, count, credit } => {
                steps == 0 || ((steps - 1) * stride + first + count <= signs.len() && steps <= credit.len())
            }
        }
    }

    pub(super) fn with_lanes<const M: usize>(self) -> UnitSignals<'a, M> {
        match self {
            Self::Rows(steps) => UnitSignals::Rows(steps.with_lanes()),
            Self::Signs { signs, stride, first, count, credit } => {
                UnitSignals::Signs { signs, stride, first, count, credit: credit.as_flattened().as_chunks().0 }
            }
        }
    }

    /// Writes the signals of some units at a step with a row for each lane: `panel` [L × 16 · groups]. Entries behind the last unit are
    /// arbitrary.
    #[inline(always)]
    pub(super) fn transpose(&self, step: usize, units: Range<usize>, panel: &mut [f32]) {
        const WHOLE: usize = GROUP * WIDTH;
        match *self {
            Self::Rows(rows) => {
                let (rows, width) = (&rows.at(step)[units], panel.len() / L);
                for (unit, row) in rows.iter().enumerate() {
                    for lane in 0..L {
                        panel[lane * width + unit] = row[lane];
                    }
                }
            }
            Self::Signs { signs, stride, first, credit, .. } => {
                let own = &signs[step * stride + first..][units];
                if let (Ok(words), Ok(panel)) =
                    (<&[u16; WHOLE]>::try_from(own), panel.as_chunks_mut::<WHOLE>().0.try_into())
                {
                    write_signed(words, &credit[step], panel);
                    return;
                }
                for (lane, row) in panel.chunks_exact_mut(panel.len() / L).enumerate() {
                    for (value, word) in row.iter_mut().zip(own) {
                        *value = signed(*word, lane, credit[step][lane]);
                    }
                }
            }
        }
    }
}

/// `number` with the sign of a lane.
#[inline(always)]
fn signed(word: u16, lane: usize, number: f32) -> f32 {
    f32::from_bits((u32::from(word) << (31 - lane) & 1 << 31) ^ number.to_bits())
}

/// A whole row for each lane; of fixed length, so that all words stay in registers.
#[inline(always)]
fn write_signed<const N: usize, const L: usize>(words: &[u16; N], credit: &[f32; L], panel: &mut [[f32; N]; L]) {
    for (lane, row) in panel.iter_mut().enumerate() {
        for unit in 0..N {
            row[unit] = signed(words[unit], lane, credit[lane]);
        }
    }
}

//! The step of every synapse: its estimate divided by its own running size.
//!
//! ```text
//!     v ← .99 v + .01 g²      s = scale · (√(v/c) + 1e-8) + shift        c = 1 − .99ᵏ
//!     z ← z − length · g/s      x ← x + share · (z − x)      y = .9 x + .1 z
//! ```
//! k updates since v was last zero · scale, shift what drugs do to acetylcholine (1 and 0 without).

use crate::kernel::dispatched;
use crate::optimizers::dopamine::towards;

/// Share of the averaged model in the acting one.
pub(super) const AVERAGED_SHARE: f32 = 0.9;
/// Memory of the running squares.
pub(super) const SQUARE_MEMORY: f32 = 0.99;

/// What is the same for all synapses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Length of the step where the size is 1.
    pub(super) length: f32,
    /// Share of the way from x to z.
    pub(super) share: f32,
    /// 1/(1 − .99ᵏ).
    pub(super) correction: f32,
    /// Whether every size is 1.
    pub(super) lesioned: bool,
    /// Factor on the size.
    pub(super) scale: f32,
    /// Added to the size.
    pub(super) shift: f32,
}

/// The vectors of a learner, all `[P]`.
#[derive(Debug)]
pub(super) struct Vectors<'a> {
    pub(super) gradient: &'a [f32],
    pub(super) squares: &'a mut [f32],
    pub(super) explorer: &'a mut [f32],
    pub(super) averaged: &'a mut [f32],
    pub(super) acting: &'a mut [f32],
}

dispatched! {
    /// Takes the step; see the head.
    pub(super) fn take(rule: Step, vectors: Vectors<'_>) {
        let Vectors { gradient, squares, explorer, averaged, acting } = vectors;
        let own = explorer.iter_mut().zip(averaged).zip(acting);
        for (((z, x), y), (gradient, square)) in own.zip(gradient.iter().zip(squares)) {
            *square = SQUARE_MEMORY * *square + (1.0 - SQUARE_MEMORY) * gradient * gradient;
            let found = rule.scale * ((*square * rule.correction).sqrt() + 1e-8) + rule.shift;
            let size = if rule.lesioned { 1.0 } else { found };
            // The larger of the two; a size that is not a number is the bound.
            *z -= rule.length * (gradient / if size > 1e-8 { size } else { 1e-8 });
            *x = towards(*x, *z, rule.share);
            *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
        }
    }
}

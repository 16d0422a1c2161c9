//! The step of every synapse: its estimate divided by its own running size.
//!
//! ```text
//!     v ← .99 v + .01 g²      s = scale · (√(v/c) + 1e-8)        c = 1 − .99ᵏ
//!     z ← z − length · g/s      x ← x + share · (z − x)      y = .9 x + .1 z
//! ```
//! k updates since v was last zero · scale what acetylcholine does to the size (1 by itself).

use super::lanes::towards;
use super::simd::dispatch;

/// Share of the averaged model in the acting one.
const AVERAGED_SHARE: f32 = 0.9;
/// Memory of the running squares.
pub const SQUARE_MEMORY: f32 = 0.99;

/// What is the same for all synapses.
#[derive(Clone, Copy, Debug)]
pub struct StepRule {
    /// Length of the step where the size is 1.
    pub length: f32,
    /// Share of the way from x to z.
    pub share: f32,
    /// 1/(1 − .99ᵏ).
    pub correction: f32,
    /// Whether every size is 1.
    pub lesioned: bool,
    /// Factor on the size.
    pub scale: f32,
}

/// The vectors of a learner, all `[P]`.
#[derive(Debug)]
pub struct LearnerVectors<'a> {
    /// Estimate of the gradient g.
    pub gradient: &'a [f32],
    /// Running mean of its square v.
    pub squares: &'a mut [f32],
    /// Fast iterate z.
    pub explorer: &'a mut [f32],
    /// Average of the fast iterates x.
    pub averaged: &'a mut [f32],
    /// Point y at which losses are evaluated.
    pub acting: &'a mut [f32],
}

dispatch! {
    /// Takes the step; see the head.
    pub fn normalised_step(rule: StepRule, vectors: LearnerVectors<'_>) {
        let LearnerVectors { gradient, squares, explorer, averaged, acting } = vectors;
        let own = explorer.iter_mut().zip(averaged).zip(acting);
        for (((z, x), y), (gradient, square)) in own.zip(gradient.iter().zip(squares)) {
            *square = SQUARE_MEMORY * *square + (1.0 - SQUARE_MEMORY) * gradient * gradient;
            let found = rule.scale * ((*square * rule.correction).sqrt() + 1e-8);
            let size = if rule.lesioned { 1.0 } else { found };
            // The larger of the two; a size that is not a number is the bound.
            *z -= rule.length * (gradient / if size > 1e-8 { size } else { 1e-8 });
            *x = towards(*x, *z, rule.share);
            *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
        }
    }
}

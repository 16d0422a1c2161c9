//! Watching a study from outside.

/// Watches a study from outside: progress, and the wish to stop.
pub trait Monitor: Sync {
    /// The work ahead, in evaluations; called when a part of the study begins.
    fn expect(&self, part: &str, evaluations: u64);

    /// Work done since the last call. Returns false to stop.
    fn advance(&self, evaluations: u64) -> bool;

    /// The largest number of bytes that `work` held at once above what was held before it, if that can be measured.
    fn peak_bytes(&self, work: &mut dyn FnMut()) -> Option<usize> {
        work();
        None
    }
}

/// A monitor that says nothing.
///
/// # Example
/// ```
/// use tegmentum_study::run::{Monitor, Silent};
/// assert!(Silent.advance(10));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn expect(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) -> bool {
        true
    }
}

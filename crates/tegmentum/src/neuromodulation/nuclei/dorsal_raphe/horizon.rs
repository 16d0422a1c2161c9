//! Dorsal raphe: serotonin as horizon and patience, both growing with the time since the last surprise.
//!
//! ```text
//!     averaging   x ← x + min(1, h/(t + h − 1)) (z − x)      horizon of the average: t/h updates, h = 5
//!     window      M = max(M₀, .05 t)                          updates until acting is judged again
//! ```
//! t updates since the last surprise · x averaged, z exploring weights.
//!
//! A young model averages over little and is judged often; an old one has more to lose and waits longer. If nothing
//! improves, the rate falls like t⁻² counted from the last surprise: annealing without a horizon that must be known.
//!
//! Reference: K. Miyazaki, K. W. Miyazaki, K. Doya, J. Neurosci. 31, 469–479, 2011, for serotonin and waiting; the
//! average is that of A. Defazio et al., *The road less scheduled*, 2024, arXiv:2405.15682, with polynomial weights.

use crate::neuromodulation::nucleus::{Nucleus, Release, Signals, Transmitter};

/// The constants and state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::horizon::Horizon;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = Horizon::new(6, 0.05, 5.0);
/// for _ in 0..100 {
///     nucleus.release(&Signals { loss: Some(1.0), ..Signals::default() });
/// }
/// assert_eq!(nucleus.elapsed(), 100);
/// assert!(nucleus.is_window_over());
/// ```
#[derive(Clone, Debug)]
pub struct Horizon {
    first_window: u64,
    growth: f64,
    reach: f64,
    elapsed: u64,
    in_window: u64,
    window: u64,
}

impl Horizon {
    /// A nucleus whose windows begin with `first_window` updates and grow to the share `growth` of the elapsed time;
    /// averages reach back `elapsed / horizon` updates.
    pub fn new(first_window: u64, growth: f64, horizon: f64) -> Self {
        Self { first_window, growth, reach: horizon, elapsed: 0, in_window: 0, window: first_window }
    }

    /// Updates since the last surprise.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// The share by which the average moves to the explorer at this update.
    pub fn averaging_share(&self) -> f64 {
        (self.reach / (self.elapsed as f64 + self.reach - 1.0)).min(1.0)
    }

    /// The share for a horizon of `horizon` updates, whatever the elapsed time: min(1, 1/(horizon + 1 − 1/h)).
    pub(crate) fn share_for(&self, horizon: f64) -> f64 {
        let reach = horizon + 1.0 - 1.0 / self.reach;
        if reach > 1.0 { 1.0 / reach } else { 1.0 }
    }

    /// Begins a new window that suits a horizon of `horizon` updates.
    pub(crate) fn begin_window_for(&mut self, horizon: f64) {
        self.in_window = 0;
        self.window = self.first_window.max((self.growth * self.reach * horizon) as u64);
    }

    /// Whether it is time to judge acting.
    pub fn is_window_over(&self) -> bool {
        self.in_window >= self.window
    }

    /// Begins a new window.
    pub fn begin_window(&mut self) {
        self.in_window = 0;
        self.window = self.first_window.max((self.growth * self.elapsed as f64) as u64);
    }
}

impl Nucleus for Horizon {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    /// Counts an update for each signal of a step's loss, finite or not. The level is the horizon in updates.
    fn release(&mut self, signals: &Signals) -> Release {
        if signals.loss.is_some() {
            self.elapsed += 1;
            self.in_window += 1;
        }
        Release::tonic(self.elapsed as f64 / self.reach)
    }

    fn reset(&mut self) {
        self.elapsed = 0;
        self.in_window = 0;
        self.window = self.first_window;
    }
}

//! Traces that all rules share: of cells, of pairings, of synapses. Only spikes touch them; decay is one product for all.
//!
//! ```text
//!     cells      x_j ← x_j e^(−h/τ) ,   +1 at a spike
//!     pairing    at a postsynaptic spike  x_j  (pre before post, Δ > 0),  at a presynaptic spike  y_i  (post before pre, Δ < 0)
//!     synapses   z_ji ← z_ji e^(−h/τ_z) + A · pairing
//! ```
//! Decaying all entries alike is done to one common factor; an entry is stored divided by the factor of the moment it was written.
//! A trace of one spike Δ ms ago is e^(−Δ/τ), so pairings add up to the exponential windows of spike-timing-dependent plasticity.
//! Spikes in the same millisecond do not pair through traces: a rule whose window has a value at zero is told of them apart.
//!
//! # Cost
//! A millisecond: one product. A spike of cell j: one addition for each of its synapses.

/// The common factor is folded into the entries below this.
const MIN_FACTOR: f64 = 1e-100;

/// Numbers that decay together.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::eligibility::Traces;
///
/// let mut traces = Traces::new(3, 10.0);
/// traces.add(1, 1.0);
/// (0..10).for_each(|_| traces.decay());
/// assert!((traces.get(1) - (-1.0f64).exp()).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    entries: Vec<f64>,
    factor: f64,
    kept: f64,
}

crate::archived!(Traces { factor } sized { entries } fixed { kept });

impl Traces {
    /// `count` traces at 0 with a time constant in ms.
    pub fn new(count: usize, time_constant: f64) -> Self {
        Self { entries: vec![0.0; count], factor: 1.0, kept: (-1.0 / time_constant).exp() }
    }

    /// One millisecond passes.
    pub fn decay(&mut self) {
        self.factor *= self.kept;
        if self.factor < MIN_FACTOR {
            let factor = std::mem::replace(&mut self.factor, 1.0);
            self.entries.iter_mut().for_each(|entry| *entry *= factor);
        }
    }

    /// Adds to one trace.
    pub fn add(&mut self, index: usize, amount: f64) {
        self.entries[index] += amount / self.factor;
    }

    /// One trace.
    pub fn get(&self, index: usize) -> f64 {
        self.entries[index] * self.factor
    }

    /// All traces, in order.
    pub fn iter(&self) -> impl Iterator<Item = f64> {
        self.entries.iter().map(|entry| entry * self.factor)
    }

    /// Sets all to 0.
    pub fn clear(&mut self) {
        self.entries.fill(0.0);
        self.factor = 1.0;
    }
}

/// How the two spikes of a pairing were ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The presynaptic one came first.
    Causal,
    /// The postsynaptic one came first.
    Acausal,
    /// Both in one millisecond; the pairing is 1.
    Together,
}

/// The spikes of one millisecond on the two sides of a bundle of synapses.
#[derive(Clone, Copy, Debug)]
pub struct Spikes<'a> {
    /// Presynaptic cells that spiked.
    pub before: &'a [u32],
    /// Postsynaptic cells that spiked.
    pub after: &'a [u32],
}

/// Traces of the cells on both sides, and the pairings that follow from spikes.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::eligibility::{Pairing, Spikes};
///
/// let mut pairing = Pairing::new(1, 1, 20.0, 20.0);
/// let mut seen = Vec::new();
/// pairing.step(Spikes { before: &[0], after: &[] }, |_, order, size| seen.push((order, size)));
/// pairing.step(Spikes { before: &[], after: &[0] }, |_, order, size| seen.push((order, size)));
/// assert!((seen[0].1 - (-1.0f64 / 20.0).exp()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Pairing {
    before: Traces,
    after: Traces,
    cells_before: usize,
    cells_after: usize,
}

crate::archived!(Pairing { before, after } fixed { cells_before, cells_after });

impl Pairing {
    /// Sides of so many cells with their time constants in ms.
    pub fn new(cells_before: usize, cells_after: usize, tau_before: f64, tau_after: f64) -> Self {
        Self {
            before: Traces::new(cells_before, tau_before),
            after: Traces::new(cells_after, tau_after),
            cells_before,
            cells_after,
        }
    }

    /// Forgets all spikes.
    pub fn clear(&mut self) {
        self.before.clear();
        self.after.clear();
    }

    /// Number of synapses; that from cell j to cell i has the number j · (cells after) + i.
    pub fn synapses(&self) -> usize {
        self.cells_before * self.cells_after
    }

    /// One millisecond with its spikes; every pairing is told as (synapse, order, size).
    pub fn step(&mut self, spikes: Spikes<'_>, mut pair: impl FnMut(usize, Order, f64)) {
        self.before.decay();
        self.after.decay();
        for &after in spikes.after {
            for before in 0..self.cells_before {
                let size = self.before.get(before);
                if size != 0.0 {
                    pair(before * self.cells_after + after as usize, Order::Causal, size);
                }
            }
        }
        for &before in spikes.before {
            for after in 0..self.cells_after {
                let size = self.after.get(after);
                if size != 0.0 {
                    pair(before as usize * self.cells_after + after, Order::Acausal, size);
                }
            }
            for &after in spikes.after {
                pair(before as usize * self.cells_after + after as usize, Order::Together, 1.0);
            }
        }
        spikes.before.iter().for_each(|&cell| self.before.add(cell as usize, 1.0));
        spikes.after.iter().for_each(|&cell| self.after.add(cell as usize, 1.0));
    }
}

/// Adds `step` times the traces to the weights, within bounds.
pub(crate) fn add_clipped(weights: &mut [f64], traces: &Traces, step: f64, bounds: (f64, f64)) {
    if step != 0.0 {
        let moved = weights.iter_mut().zip(traces.iter());
        moved.for_each(|(weight, trace)| *weight = (*weight + step * trace).clamp(bounds.0, bounds.1));
    }
}

/// For tests of rules: two cells, a presynaptic spike at `before` and a postsynaptic one at `after`, then silence until `end`.
#[cfg(test)]
pub(crate) fn pair_at(before: usize, after: usize, end: usize, mut step: impl FnMut(Spikes<'_>)) {
    for now in 0..end {
        let spike = |time: usize| if now == time { &[0u32][..] } else { &[] };
        step(Spikes { before: spike(before), after: spike(after) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decay by a common factor is the same as decay one by one, also across the folding of the factor.
    #[test]
    fn a_common_factor_decays_all() {
        let mut traces = Traces::new(2, 3.0);
        let (mut first, mut second) = (0.0f64, 0.0f64);
        let kept = (-1.0f64 / 3.0).exp();
        for time in 0..2000 {
            traces.decay();
            (first, second) = (first * kept, second * kept);
            if time % 7 == 0 {
                traces.add(0, 1.0);
                first += 1.0;
            }
            if time % 400 == 0 {
                traces.add(1, 0.5);
                second += 0.5;
            }
            assert!((traces.get(0) - first).abs() < 1e-12 && (traces.get(1) - second).abs() < 1e-12);
        }
    }

    /// All pairs of two trains against the double sum over the exponential window.
    #[test]
    fn pairings_are_the_exponential_window() {
        let (before, after) = ([3usize, 10, 11, 40], [5usize, 10, 30, 41]);
        let (mut causal, mut acausal, mut together) = (0.0, 0.0, 0.0);
        let mut pairing = Pairing::new(1, 1, 20.0, 35.0);
        for now in 0..60 {
            let spike = |train: &[usize]| if train.contains(&now) { &[0u32][..] } else { &[] };
            pairing.step(Spikes { before: spike(&before), after: spike(&after) }, |_, order, size| match order {
                Order::Causal => causal += size,
                Order::Acausal => acausal += size,
                Order::Together => together += size,
            });
        }
        let window = |first: &[usize], second: &[usize], tau: f64| -> f64 {
            let pairs = first.iter().flat_map(|&a| second.iter().map(move |&b| (a, b)));
            pairs.filter(|(a, b)| a < b).map(|(a, b)| (-((b - a) as f64) / tau).exp()).sum()
        };
        assert!((causal - window(&before, &after, 20.0)).abs() < 1e-5, "{causal}");
        assert!((acausal - window(&after, &before, 35.0)).abs() < 1e-5, "{acausal}");
        assert_eq!(together, 1.0);
    }
}

//! Spike-response cells with escape noise: they spike by chance, the more likely the closer the potential is to threshold.
//!
//! ```text
//!     d ← d e^(−1/τ_m) + Σ w ,   s ← s e^(−1/τ_s) + Σ w           over the spikes that arrive
//!     u = ε (d − s)/(τ_m − τ_s) + χ e^(−t/τ_m) ,   P(spike) = min(1, ρ e^((u − θ)/Δ))
//!     a spike: d ← 0 ,  s ← 0                                     what had arrived is forgotten
//! ```
//! w weight of the synapse of a spike that arrives · u potential above rest `[mV]` · t time since the last spike `[ms]` · ρ = .06 probability
//! a millisecond at threshold · θ = 16 mV, Δ = 2 mV, χ = −5 mV, ε = 20 mV ms, τ_m = 20 ms, τ_s = 5 ms.
//!
//! # Cost
//! One exponential a cell and millisecond.
//!
//! Reference: W. Gerstner, W. M. Kistler, *Spiking Neuron Models*, 2002 (SRM₀ with escape noise); N. Frémaux, H. Sprekeler, W. Gerstner, PLoS
//! Computational Biology 9(4), e1003024, 2013; constants of the code of Z. Brzosko et al., eLife 6, e27756, 2017.

use super::{kept, poisson};
use crate::kernel::math;
use crate::random::Key;

const MEMBRANE: f64 = 20.0;
const RISE: f64 = 5.0;
/// ε/(τ_m − τ_s).
const RESPONSE: f32 = 20.0 / 15.0;
const REFRACTORINESS: f32 = -5.0;
const THRESHOLD: f32 = 16.0;
const ESCAPE_WIDTH: f32 = 2.0;
const ESCAPE_RATE: f32 = 0.06;

/// The cells.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::spike_response::SpikeResponseCells;
/// use tegmentum::random::Key;
///
/// let mut cells = SpikeResponseCells::new(2);
/// let mut counts = [0; 2];
/// for millisecond in 0..1000 {
///     cells.receive(|cell| if cell == 0 { 2.0 } else { 0.0 });
///     cells.step(Key::from_seed(1), millisecond).iter().for_each(|&cell| counts[cell as usize] += 1);
/// }
/// assert!(counts[0] > 10 * (counts[1] + 1));
/// ```
#[derive(Clone, Debug)]
pub struct SpikeResponseCells {
    decay: Vec<f32>,
    rise: Vec<f32>,
    refractoriness: Vec<f32>,
    probabilities: Vec<f32>,
    spikes: Vec<u32>,
    /// e^(−1/τ_m) and e^(−1/τ_s).
    kept: [f32; 2],
}

crate::archived!(SpikeResponseCells { spikes } sized { decay, rise, refractoriness } fixed { probabilities, kept });

impl SpikeResponseCells {
    /// So many cells at rest.
    pub fn new(cells: usize) -> Self {
        let zeros = || vec![0.0; cells];
        let kept = [kept(MEMBRANE), kept(RISE)];
        Self {
            decay: zeros(),
            rise: zeros(),
            refractoriness: zeros(),
            probabilities: zeros(),
            spikes: Vec::with_capacity(cells),
            kept,
        }
    }

    /// Back to rest.
    pub fn rest(&mut self) {
        for state in [&mut self.decay, &mut self.rise, &mut self.refractoriness] {
            state.fill(0.0);
        }
        self.spikes.clear();
    }

    /// A spike arrives at every cell, through a synapse of the weight that is given for the cell.
    pub fn receive(&mut self, weight: impl Fn(usize) -> f32) {
        for (cell, (decay, rise)) in self.decay.iter_mut().zip(&mut self.rise).enumerate() {
            let weight = weight(cell);
            *decay += weight;
            *rise += weight;
        }
    }

    /// The end of a millisecond: the cells that spike, by chance that follows from `key` and `millisecond`.
    pub fn step(&mut self, key: Key, millisecond: u64) -> &[u32] {
        let state = self.decay.iter().zip(&self.rise).zip(&mut self.refractoriness);
        for (probability, ((decay, rise), refractoriness)) in self.probabilities.iter_mut().zip(state) {
            *refractoriness *= self.kept[0];
            let potential = RESPONSE * (decay - rise) + *refractoriness;
            *probability = (ESCAPE_RATE * math::exp((potential - THRESHOLD) / ESCAPE_WIDTH)).min(1.0);
        }
        self.spikes.clear();
        poisson::spikes(key, millisecond, &self.probabilities, &mut self.spikes);
        self.decay.iter_mut().for_each(|decay| *decay *= self.kept[0]);
        self.rise.iter_mut().for_each(|rise| *rise *= self.kept[1]);
        for &cell in &self.spikes {
            let cell = cell as usize;
            (self.decay[cell], self.rise[cell], self.refractoriness[cell]) = (0.0, 0.0, REFRACTORINESS);
        }
        &self.spikes
    }

    /// The spikes of the last millisecond.
    pub fn spikes(&self) -> &[u32] {
        &self.spikes
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.decay.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.decay.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One spike, then silence: the chance of each millisecond against the equations, over many cells.
    #[test]
    fn the_potential_is_a_difference_of_exponentials() {
        let mut cells = SpikeResponseCells::new(1);
        cells.receive(|_| 9.0);
        for time in 0..60 {
            cells.step(Key::from_seed(3), time);
            let t = time as f64;
            let potential = 9.0 * 20.0 / 15.0 * ((-t / 20.0).exp() - (-t / 5.0).exp());
            let expected = (0.06 * ((potential - 16.0) / 2.0).exp()).min(1.0);
            let found = f64::from(cells.probabilities[0]);
            assert!((found - expected).abs() < 1e-5 * expected, "{time}: {found} {expected}");
            if !cells.spikes().is_empty() {
                break;
            }
        }
    }

    /// A steady input of p spikes a millisecond of weight w has the mean potential ε w p, where no spike interrupts it; at half the
    /// threshold the rate is ρ e^(−4), a little less for refractoriness.
    #[test]
    fn rates_follow_the_potential() {
        let mut cells = SpikeResponseCells::new(400);
        let mut count = 0;
        for time in 0..2000 {
            cells.receive(|_| 0.4);
            let spikes = cells.step(Key::from_seed(4), time).len();
            count += if time >= 200 { spikes } else { 0 };
        }
        let rate = count as f64 / (400.0 * 1800.0);
        let expected = 0.06 * (-4.0f64).exp();
        assert!((rate / expected - 1.0).abs() < 0.15, "{rate} {expected}");
    }

    #[test]
    fn a_spike_is_followed_by_refractoriness() {
        let mut cells = SpikeResponseCells::new(1);
        cells.receive(|_| 100.0);
        let first = (0..1000).find(|&time| !cells.step(Key::from_seed(5), time).is_empty()).unwrap();
        cells.step(Key::from_seed(5), first + 1);
        let expected = 0.06 * ((-5.0 * (-1.0f64 / 20.0).exp() - 16.0) / 2.0).exp();
        assert!((f64::from(cells.probabilities[0]) - expected).abs() < 1e-5 * expected);
    }
}

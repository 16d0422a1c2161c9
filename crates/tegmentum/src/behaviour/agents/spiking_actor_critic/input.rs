//! Observations as spikes: Poisson cells, their axons, and the presynaptic trace.

use super::SpikingActorCriticConfig;
use crate::behaviour::spiking::delay::AxonalDelays;
use crate::behaviour::spiking::{kept, poisson};
use crate::error::Result;
use crate::random::Key;

/// The input cells of an agent.
#[derive(Debug)]
pub(super) struct Input {
    cells_per_observation: usize,
    active: f32,
    /// Probability of a spike in a millisecond of each cell when it is not active.
    silent: Vec<f32>,
    probabilities: Vec<f32>,
    axons: AxonalDelays,
    fired: Vec<u32>,
    arrived: Vec<u32>,
    traces: Vec<f32>,
    trace_kept: f32,
    key: Key,
    millisecond: u64,
}

impl Input {
    pub(super) fn new(config: &SpikingActorCriticConfig, observations: usize, key: Key) -> Result<Self> {
        let cells = observations * config.cells_per_observation;
        let mut stream = key.stream();
        let silent = (0..cells).map(|_| (stream.uniform() * config.largest_background_rate / 1000.0) as f32).collect();
        let delays = (0..cells).map(|_| 1 + stream.below(usize::from(config.longest_delay)) as u8).collect();
        Ok(Self {
            cells_per_observation: config.cells_per_observation,
            active: (config.active_rate / 1000.0) as f32,
            silent,
            probabilities: vec![0.0; cells],
            axons: AxonalDelays::new(delays)?,
            fired: Vec::with_capacity(cells),
            arrived: Vec::with_capacity(cells),
            traces: vec![0.0; cells],
            trace_kept: kept(config.presynaptic_time_constant),
            key,
            millisecond: 0,
        })
    }

    pub(super) fn cells(&self) -> usize {
        self.silent.len()
    }

    /// Sets the rates for `observation`; spikes follow from `key`.
    pub(super) fn begin(&mut self, observation: &[f32], key: Key) {
        let threshold = activity_threshold(observation);
        for (cell, probability) in self.probabilities.iter_mut().enumerate() {
            let active = observation[cell / self.cells_per_observation] > threshold;
            *probability = if active { self.active } else { self.silent[cell] };
        }
        self.axons.clear();
        self.traces.fill(0.0);
        (self.key, self.millisecond) = (key, 0);
    }

    /// One millisecond: (spikes fired, spikes that arrive, traces with these).
    pub(super) fn step(&mut self) -> (&[u32], &[u32], &[f32]) {
        self.fired.clear();
        poisson::spikes(self.key, self.millisecond, &self.probabilities, &mut self.fired);
        self.arrived.clear();
        self.arrived.extend_from_slice(self.axons.step(&self.fired));
        let kept = self.trace_kept;
        self.traces.iter_mut().for_each(|trace| *trace *= kept);
        for &cell in &self.arrived {
            self.traces[cell as usize] += 1.0;
        }
        self.millisecond += 1;
        (&self.fired, &self.arrived, &self.traces)
    }
}

/// What an observation must exceed for its cell to be active: half the mean of those above half of the largest. Noise on the
/// observations moves it little. Infinite where nothing is positive.
fn activity_threshold(observation: &[f32]) -> f32 {
    let largest = observation.iter().copied().filter(|value| value.is_finite()).fold(0.0f32, f32::max);
    let (sum, count) = observation
        .iter()
        .filter(|&&value| value > 0.5 * largest && value <= largest)
        .fold((0.0f32, 0u32), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { f32::INFINITY } else { 0.5 * sum / count as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_cells_are_told_from_noise() {
        let mut stream = Key::from_seed(1).stream();
        let (mut missed, mut false_alarms) = (0, 0);
        for _ in 0..500 {
            let observation: Vec<f32> = (0..80)
                .map(|index| {
                    let signal = if index < 40 { 1.0 / 20f32.sqrt() } else { 0.0 };
                    (signal + 0.05 * stream.normal()).max(0.0)
                })
                .collect();
            let threshold = activity_threshold(&observation);
            missed += observation[..40].iter().filter(|&&value| value <= threshold).count();
            false_alarms += observation[40..].iter().filter(|&&value| value > threshold).count();
        }
        // Two standard deviations of the noise to either side.
        assert!(missed < 20_000 / 30 && false_alarms < 20_000 / 30, "{missed} {false_alarms}");
        assert_eq!(activity_threshold(&[0.0, -1.0, f32::NAN]), f32::INFINITY);
    }
}

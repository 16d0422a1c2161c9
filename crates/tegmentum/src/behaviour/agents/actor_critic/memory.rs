//! Working memory of the actor–critic: the first observation of a trial is held until its end.
//!
//! ```text
//!     x = (o, m, o · m) ,   m = 0 at the first step of a trial, then the observation of that step
//! ```
//! o observation, floored at 0 `[n]` · m what is held `[n]` · o · m overlap of the two, the signal of a match · x inputs `[2 n + 1]`.
//!
//! A trial of one step has no memory: nothing is held. Held activity does not decay. Between trials there is nothing to be saved.
//!
//! Cost: n products a step. Memory: n numbers.
//!
//! Reference: J. M. Fuster, G. E. Alexander, Science 173, 652–654, 1971, for activity that is held over a delay; E. K. Miller, R. Desimone, Science 263,
//! 520–522, 1994, for cells that answer to a match with what is held. That it is the first observation that is held is inferred.

/// The memory.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    held: Vec<f32>,
    /// Whether something is held.
    holds: bool,
    inputs: Vec<f32>,
}

impl Memory {
    pub(super) fn new(observations: usize) -> Self {
        Self { held: vec![0.0; observations], holds: false, inputs: vec![0.0; 2 * observations + 1] }
    }

    /// Inputs of an agent with this memory.
    pub(super) fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The inputs at `observation`.
    pub(super) fn see(&mut self, observation: &[f32]) -> &[f32] {
        let count = self.held.len();
        let mut overlap = 0.0;
        for (place, (&now, &held)) in observation.iter().zip(&self.held).enumerate() {
            let (now, held) = (now.max(0.0), if self.holds { held } else { 0.0 });
            self.inputs[place] = now;
            self.inputs[count + place] = held;
            overlap += now * held;
        }
        self.inputs[2 * count] = overlap;
        &self.inputs
    }

    /// Holds `observation` if nothing is held.
    pub(super) fn hold(&mut self, observation: &[f32]) {
        if !self.holds {
            self.held.iter_mut().zip(observation).for_each(|(held, now)| *held = now.max(0.0));
            self.holds = true;
        }
    }

    /// The trial is over.
    pub(super) fn release(&mut self) {
        self.holds = false;
    }
}

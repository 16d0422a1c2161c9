//! What agents share: the spaces they can act in, and the softmax.
//!
//! ```text
//!     P(a) = exp(l_a/T) / Σ_b exp(l_b/T)        H = −Σ P log₂ P
//! ```
//! l logits, T temperature (a factor from modulation), H entropy of the policy [bit].

use crate::behaviour::environment::Environment;
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::random::Stream;

/// The number of choices, or an error that says what the agent called `agent` needs.
pub(crate) fn choices(environment: &dyn Environment, agent: &str) -> Result<usize> {
    environment.actions().choices(agent)
}

/// Two choices, or an error.
pub(crate) fn two_choices(environment: &dyn Environment, agent: &str) -> Result<()> {
    match choices(environment, agent)? {
        2 => Ok(()),
        count => Err(incompatible(agent, &format!("{count} choices"), "it knows two arms")),
    }
}

/// That the agent called `agent` cannot act in `with`.
pub(crate) fn incompatible(agent: &str, with: &str, reason: &str) -> Error {
    Error::Incompatible { what: format!("the agent {agent}"), with: with.to_owned(), reason: reason.to_owned() }
}

/// A softmax and what it gave last.
#[derive(Clone, Debug)]
pub(crate) struct Softmax {
    /// Probabilities of the last choice `[choices]`.
    pub(crate) probabilities: Vec<f64>,
    stream: Stream,
}

crate::archived!(Softmax { stream } sized { probabilities });

impl Softmax {
    pub(crate) fn new(choices: usize, stream: Stream) -> Self {
        Self { probabilities: vec![1.0 / choices as f64; choices], stream }
    }

    /// Chooses under logits `[choices]`, divided by the temperature of `modulation`.
    pub(crate) fn choose(&mut self, logits: &[f64], modulation: &Modulation) -> usize {
        softmax(logits, modulation.temperature, &mut self.probabilities);
        self.draw()
    }

    /// Draws from the probabilities as they are.
    pub(crate) fn draw(&mut self) -> usize {
        let mut rest = self.stream.uniform();
        for (choice, &probability) in self.probabilities.iter().enumerate() {
            rest -= probability;
            if rest < 0.0 {
                return choice;
            }
        }
        self.probabilities.len() - 1
    }

    /// Entropy of the last choice, in bits.
    pub(crate) fn entropy(&self) -> f64 {
        let bits = |&p: &f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
        self.probabilities.iter().map(bits).sum()
    }
}

/// Probabilities of logits at a temperature; the largest logit is taken off first, so that nothing overflows.
pub(crate) fn softmax(logits: &[f64], temperature: f64, probabilities: &mut [f64]) {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (probability, logit) in probabilities.iter_mut().zip(logits) {
        *probability = ((logit - largest) / temperature.max(1e-9)).exp();
        sum += *probability;
    }
    for probability in probabilities {
        *probability /= sum;
    }
}

/// 1/(1 + e^{−x}).
pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Variance over actions of their values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn probabilities_entropy_and_frequencies_agree() {
        let mut softmax = Softmax::new(3, Key::from_seed(4).stream());
        let logits = [0.0, 2.0f64.ln(), 0.0];
        let mut counts = [0.0; 3];
        (0..20_000).for_each(|_| counts[softmax.choose(&logits, &Modulation::default())] += 1.0);
        for (probability, expected) in softmax.probabilities.iter().zip([0.25, 0.5, 0.25]) {
            assert!((probability - expected).abs() < 1e-12);
        }
        assert!((softmax.entropy() - 1.5).abs() < 1e-12);
        assert!((counts[1] / 20_000.0 - 0.5f64).abs() < 4.0 * (0.25f64 / 20_000.0).sqrt());
        softmax.choose(&[1e6, -1e6, 0.0], &Modulation { temperature: 0.0, ..Modulation::default() });
        assert_eq!(softmax.probabilities, [1.0, 0.0, 0.0]);
    }
}

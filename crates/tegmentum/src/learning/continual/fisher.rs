//! The diagonal of the Fisher information of a network's weights, in three readings.
//!
//! ```text
//!     exact       F_i = mean over x of Σ_c p(c|x) (∂ ln p(c|x)/∂w_i)²
//!     sampled     F_i = mean over x of (∂ ln p(y|x)/∂w_i)² ,  y drawn from p(·|x)
//!     empirical   F_i = mean over x of (∂ ln p(y|x)/∂w_i)² ,  y the label of x
//! ```
//! x an example, one at a time · p(c|x) what the network says of class c. The mean of *sampled* is *exact*. *Empirical* is no estimate of
//! either: it goes to zero where all examples are learned, and is large where they are not.
//!
//! Cost in forward-equivalents for as many examples as a batch has: 3 for *sampled* and *empirical*; 1 + 2 C for *exact* with C classes, one
//! forward pass and for each class one backward pass, which is counted as two. (The code makes the forward pass again for each class, which
//! is not charged.)
//!
//! References: J. Kirkpatrick et al., PNAS 114, 3521–3526, 2017, which leaves the choice open; F. Kunstner, L. Balles and P. Hennig, Limitations
//! of the empirical Fisher approximation, NeurIPS 2019, arXiv:1905.12558; G. van de Ven, On the computation of the Fisher information in
//! continual learning, 2025, arXiv:2502.11756.

use serde::{Deserialize, Serialize};

use super::perceptron::{EVALUATIONS, log_softmax};
use super::shared_network::SharedNetwork;
use crate::data::task_stream::LabelledBatch;
use crate::kernel::math;
use crate::random::Key;

/// Which squared gradients are averaged.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::{ewc::EwcConfig, fisher::Fisher};
///
/// let config = EwcConfig { fisher: Fisher::Exact, ..EwcConfig::default() };
/// assert_eq!(config.fisher.evaluations(10), 21);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fisher {
    /// Of every class, weighted by its probability.
    Exact,
    /// Of a class that is drawn from the network.
    #[default]
    Sampled,
    /// Of the label.
    Empirical,
}

impl Fisher {
    /// Forward-equivalents for as many examples as a batch has, with so many classes.
    pub fn evaluations(self, num_classes: usize) -> u64 {
        match self {
            Self::Exact => 1 + (EVALUATIONS - 1) * num_classes as u64,
            Self::Sampled | Self::Empirical => EVALUATIONS,
        }
    }

    /// Adds the mean over `examples` to `sum` `[weights]`.
    pub(super) fn add(self, network: &mut SharedNetwork, examples: &LabelledBatch, key: Key, sum: &mut [f32]) {
        let (net, share) = (network.net, 1.0 / examples.len() as f32);
        let mut stream = key.stream();
        for (row, &label) in examples.inputs.chunks_exact(net.inputs).zip(&examples.classes) {
            let mut logs = net.logits(net.parts(&network.parameters), row, None);
            log_softmax(&mut logs);
            let mut probabilities = logs.iter().map(|&log| math::exp(log));
            match self {
                Self::Exact => {
                    for (class, probability) in probabilities.enumerate() {
                        network.add_squared_slopes(row, class, share * probability, sum);
                    }
                }
                Self::Sampled => {
                    let (draw, mut cumulative) = (stream.uniform() as f32, 0.0);
                    let is_beyond = |probability: f32| {
                        cumulative += probability;
                        cumulative > draw
                    };
                    let class = probabilities.position(is_beyond).unwrap_or(net.classes - 1);
                    network.add_squared_slopes(row, class, share, sum);
                }
                Self::Empirical => network.add_squared_slopes(row, label, share, sum),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::continual::shared_network::NetworkConfig;

    const INPUTS: usize = 5;
    const CLASSES: usize = 3;

    fn network() -> SharedNetwork {
        let config = NetworkConfig { hidden: 7, ..NetworkConfig::default() };
        config.build(INPUTS, CLASSES, Key::from_seed(3)).unwrap()
    }

    fn examples(count: usize) -> LabelledBatch {
        let mut stream = Key::from_seed(4).stream();
        LabelledBatch {
            inputs: (0..count * INPUTS).map(|_| stream.normal()).collect(),
            classes: (0..count).map(|index| index % CLASSES).collect(),
        }
    }

    fn diagonal(fisher: Fisher, examples: &LabelledBatch, key: u64) -> Vec<f32> {
        let mut network = network();
        let mut sum = vec![0.0; network.parameters.len()];
        fisher.add(&mut network, examples, Key::from_seed(key), &mut sum);
        sum
    }

    /// ln p(class|x) in f64, written out from the parameters.
    fn log_probability(parameters: &[f64], row: &[f32], class: usize) -> f64 {
        let ends = network().net.ends();
        let hidden = ends[1] - ends[0];
        let activity: Vec<f64> = (0..hidden)
            .map(|unit| {
                let sum: f64 = (0..INPUTS).map(|i| f64::from(row[i]) * parameters[i * hidden + unit]).sum();
                (sum + parameters[ends[0] + unit]).max(0.0)
            })
            .collect();
        let logits: Vec<f64> = (0..CLASSES)
            .map(|c| {
                let sum: f64 = (0..hidden).map(|unit| activity[unit] * parameters[ends[1] + unit * CLASSES + c]).sum();
                sum + parameters[ends[2] + c]
            })
            .collect();
        logits[class] - logits.iter().map(|logit| logit.exp()).sum::<f64>().ln()
    }

    /// Exact and empirical are those of differences of ln p in f64.
    #[test]
    fn squares_are_those_of_finite_differences() {
        let examples = examples(6);
        let start: Vec<f64> = network().parameters.iter().map(|&value| f64::from(value)).collect();
        let slope = |index: usize, row: &[f32], class: usize| {
            let at = |step: f64| {
                let mut moved = start.clone();
                moved[index] += step;
                log_probability(&moved, row, class)
            };
            (at(1e-6) - at(-1e-6)) / 2e-6
        };
        let (exact, empirical) = (diagonal(Fisher::Exact, &examples, 1), diagonal(Fisher::Empirical, &examples, 1));
        for index in 0..start.len() {
            let (mut wanted_exact, mut wanted_empirical) = (0.0, 0.0);
            for (row, &label) in examples.inputs.chunks_exact(INPUTS).zip(&examples.classes) {
                wanted_empirical += slope(index, row, label).powi(2) / 6.0;
                for class in 0..CLASSES {
                    wanted_exact += log_probability(&start, row, class).exp() * slope(index, row, class).powi(2) / 6.0;
                }
            }
            assert!((f64::from(exact[index]) - wanted_exact).abs() < 1e-4, "{index}: {} {wanted_exact}", exact[index]);
            assert!((f64::from(empirical[index]) - wanted_empirical).abs() < 1e-4, "{index}");
        }
    }

    /// The mean over 4000 draws for each of six examples is within five standard errors of what it estimates.
    #[test]
    fn the_mean_of_sampled_is_exact() {
        let examples = examples(6);
        let exact = diagonal(Fisher::Exact, &examples, 1);
        let draws = 4000;
        let (mut sum, mut squares) = (vec![0.0f64; exact.len()], vec![0.0f64; exact.len()]);
        for key in 0..draws {
            for (index, &value) in diagonal(Fisher::Sampled, &examples, key).iter().enumerate() {
                sum[index] += f64::from(value);
                squares[index] += f64::from(value).powi(2);
            }
        }
        for (index, &exact) in exact.iter().enumerate() {
            let mean = sum[index] / draws as f64;
            let error = ((squares[index] / draws as f64 - mean * mean).max(0.0) / draws as f64).sqrt();
            assert!((mean - f64::from(exact)).abs() <= 5.0 * error + 1e-6, "{index}: {mean} ± {error}, {exact}");
        }
    }
}

//! Linear discriminant analysis on fixed random features: a closed form that is not linear in its inputs.
//!
//! ```text
//!     h = max(0, x W + b) ,  W_ij ~ N(0, 2/d) ,  b_j ~ N(0, 1/4) ,  fixed          d inputs
//!     streaming linear discriminant analysis of h
//! ```
//! It makes no pass of a network that learns, and sees as many batches as one with three forward-equivalents a batch. Memory: W, b, and
//! 12 bytes for each pair of features.
//!
//! References: A. Rahimi, B. Recht, NIPS 20, 2007 (random features); T. Hayes, C. Kanan, CVPR Workshops 2020, arXiv:1909.01520.

use serde::{Deserialize, Serialize};

use super::perceptron::{EVALUATIONS, affine};
use super::recogniser::Recogniser;
use super::{ContinualLearner, ContinualSettings, Observed, within};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, positive};
use crate::random::Key;
use crate::registry::Description;

/// Deviation of the biases.
const BIAS: f32 = 0.5;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::random_features::RandomFeaturesConfig;
///
/// assert_eq!(RandomFeaturesConfig::default().features, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomFeaturesConfig {
    /// Features.
    pub features: usize,
    /// What is added to their variances.
    pub ridge: f64,
}

impl Default for RandomFeaturesConfig {
    fn default() -> Self {
        Self { features: 256, ridge: 1e-3 }
    }
}

impl ContinualSettings for RandomFeaturesConfig {
    fn description(&self) -> Description {
        Description {
            name: "random_features",
            summary: "linear discriminant analysis of fixed random features: a closed form",
            reference: "Rahimi & Recht 2007; Hayes & Kanan 2020, arXiv:1909.01520",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        within("features", self.features, 2000, "between 1 and 2000")?;
        positive("ridge", self.ridge)?;
        let (mut stream, scale) = (key.child(1).stream(), (2.0 / num_inputs as f32).sqrt());
        Ok(Box::new(RandomFeatures {
            width: num_inputs,
            weights: (0..num_inputs * self.features).map(|_| scale * stream.normal()).collect(),
            bias: (0..self.features).map(|_| BIAS * stream.normal()).collect(),
            gaussians: Recogniser::new(self.features, num_classes, 0.0, self.ridge),
        }))
    }

    fn set_strength(&mut self, strength: f64) -> bool {
        self.ridge = strength;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct RandomFeatures {
    width: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    gaussians: Recogniser,
}

crate::archived!(RandomFeatures { gaussians } fixed { width, weights, bias });

impl RandomFeatures {
    fn features(&self, inputs: &[f32]) -> Vec<f32> {
        let mut features = Vec::new();
        affine(inputs, self.width, &self.weights, &self.bias, &mut features);
        for value in &mut features {
            *value = value.max(0.0);
        }
        features
    }
}

impl ContinualLearner for RandomFeatures {
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        self.gaussians.learn(&self.features(&batch.inputs), &batch.classes)?;
        Ok(Observed { evaluations: EVALUATIONS, loss: f64::NAN, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.gaussians.nearest(&self.features(inputs))
    }

    fn state_bytes(&self) -> usize {
        size_of::<f32>() * (self.weights.len() + self.bias.len()) + self.gaussians.bytes()
    }

    crate::archives!();
}

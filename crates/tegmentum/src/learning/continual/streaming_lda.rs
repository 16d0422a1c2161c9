//! Streaming linear discriminant analysis: means of classes and one covariance, a closed form.
//!
//! ```text
//!     μ_y, C   running means of the classes and their pooled covariance
//!     answer argmax_y  −½ (x − μ_y)ᵀ (C + ε I)⁻¹ (x − μ_y)                      equal priors
//! ```
//! The sums are those of the whole stream, batch by batch, the same as if all examples were kept; the covariance is inverted anew when the
//! number of examples has grown by a twentieth. It sees as many batches as a network with three forward-equivalents a batch, and makes no
//! pass. Memory: a mean for each class, 12 d² bytes.
//!
//! Reference: T. Hayes, C. Kanan, CVPR Workshops 2020, arXiv:1909.01520, there on the features of a deep network and with (1 − ε) C + ε I; here
//! on the inputs.

use serde::{Deserialize, Serialize};

use super::perceptron::EVALUATIONS;
use super::recogniser::Recogniser;
use super::{ContinualLearner, ContinualSettings, Observed};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, positive};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::streaming_lda::StreamingLdaConfig;
///
/// assert_eq!(StreamingLdaConfig::default().ridge, 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamingLdaConfig {
    /// What is added to the variances: ε.
    pub ridge: f64,
}

impl Default for StreamingLdaConfig {
    fn default() -> Self {
        Self { ridge: 1e-4 }
    }
}

impl ContinualSettings for StreamingLdaConfig {
    fn description(&self) -> Description {
        Description {
            name: "streaming_lda",
            summary: "linear discriminant analysis from running sums: a closed form",
            reference: "Hayes & Kanan 2020, arXiv:1909.01520",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, _: Key) -> Result<Box<dyn ContinualLearner>> {
        positive("ridge", self.ridge)?;
        Ok(Box::new(StreamingLda { gaussians: Recogniser::new(num_inputs, num_classes, 0.0, self.ridge) }))
    }
}

/// The learner.
#[derive(Debug)]
struct StreamingLda {
    gaussians: Recogniser,
}

crate::archived!(StreamingLda { gaussians });

impl ContinualLearner for StreamingLda {
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        self.gaussians.learn(&batch.inputs, &batch.classes)?;
        Ok(Observed { evaluations: EVALUATIONS, loss: f64::NAN, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.gaussians.nearest(inputs)
    }

    fn state_bytes(&self) -> usize {
        self.gaussians.bytes()
    }

    crate::archives!();
}

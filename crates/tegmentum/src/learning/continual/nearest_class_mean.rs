//! The nearest class mean: a closed form that no network need be trained for.
//!
//! ```text
//!     μ_y ← mean of all inputs of class y ,   answer argmin_y |x − μ_y|²        among the classes that were met
//! ```
//! It sees as many batches as a network with three forward-equivalents a batch, so that all see the same examples; it makes no pass.
//! Memory: one mean for each class. In a stream whose classes keep their inputs nothing is forgotten; where a class looks different in each task
//! its mean is that of all.
//!
//! Reference: T. Mensink, J. Verbeek, F. Perronnin, G. Csurka, IEEE TPAMI 35, 2624–2637, 2013.

use serde::{Deserialize, Serialize};

use super::perceptron::EVALUATIONS;
use super::{ContinualLearner, ContinualSettings, Observed};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// It has no settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::ContinualSettings;
/// use tegmentum::learning::continual::nearest_class_mean::NearestClassMeanConfig;
///
/// assert_eq!(NearestClassMeanConfig::default().description().name, "nearest_class_mean");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NearestClassMeanConfig {}

impl ContinualSettings for NearestClassMeanConfig {
    fn description(&self) -> Description {
        Description {
            name: "nearest_class_mean",
            summary: "the class whose mean is nearest: a closed form",
            reference: "Mensink et al. 2013",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, _: Key) -> Result<Box<dyn ContinualLearner>> {
        let (counts, means) = (vec![0.0; num_classes], vec![0.0; num_classes * num_inputs]);
        Ok(Box::new(NearestClassMean { width: num_inputs, counts, means }))
    }
}

/// The learner.
#[derive(Debug)]
struct NearestClassMean {
    width: usize,
    counts: Vec<f64>,
    means: Vec<f64>,
}

crate::archived!(NearestClassMean {} sized { counts, means } fixed { width });

impl ContinualLearner for NearestClassMean {
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        for (row, &class) in batch.inputs.chunks_exact(self.width).zip(&batch.classes) {
            self.counts[class] += 1.0;
            let mean = &mut self.means[class * self.width..(class + 1) * self.width];
            let share = 1.0 / self.counts[class];
            mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += share * (f64::from(x) - *mean));
        }
        Ok(Observed { evaluations: EVALUATIONS, loss: f64::NAN, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        let distance = |row: &[f32], class: usize| {
            let mean = &self.means[class * self.width..(class + 1) * self.width];
            row.iter().zip(mean).map(|(&x, mean)| (f64::from(x) - mean).powi(2)).sum::<f64>()
        };
        let nearest = |row: &[f32]| {
            let met = (0..self.counts.len()).filter(|&class| self.counts[class] > 0.0);
            met.min_by(|&a, &b| distance(row, a).total_cmp(&distance(row, b))).unwrap_or(0)
        };
        inputs.chunks_exact(self.width).map(nearest).collect()
    }

    fn state_bytes(&self) -> usize {
        size_of::<f64>() * (self.counts.len() + self.means.len())
    }

    crate::archives!();
}

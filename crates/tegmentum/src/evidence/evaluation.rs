//! Judging a model on the test part of a problem. It costs a learner nothing and tells it nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::batch::{LaneBatch, Part, evenly_spaced};
use crate::data::task::{Problem, Series};
use crate::error::{Error, Result};
use crate::evidence::metrics::{RelativeSteps, ValidPredictionTime, accuracy, mean_squared_error};
use crate::kernel::aligned::Rows;
use crate::model::forward::{mean_losses, run_blocks};
use crate::model::network::Network;
use crate::model::objectives::loss_of;
use crate::model::perturbation::Family;
use crate::model::weights::Weights;
use crate::model::weights::int8::Int8Space;
use crate::random::Key;

const L: usize = 16;
/// Free runs that the valid prediction time is the median of.
pub const FREE_RUNS: usize = 64;
/// Teacher-forced steps before a free run.
pub const FREE_RUN_WARM_UP: usize = 100;
/// Directions along which the curvature of a loss is measured.
pub const RELATIVE_DIRECTIONS: u64 = 16;
/// The step along them, as a share of the root mean square of the weights.
pub const RELATIVE_STEP: f64 = 0.01;
/// Longest free run, in steps.
const FREE_RUN_STEPS: usize = 1000;

/// What can be measured of a model.
///
/// # Example
/// ```
/// use tegmentum::evidence::evaluation::Metric;
/// assert_eq!(Metric::Nrmse.name(), "nrmse");
/// assert!(Metric::Accuracy.larger_is_better());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// The loss that is trained on.
    Loss,
    /// Mean squared error.
    MeanSquaredError,
    /// Share of examples classified rightly.
    Accuracy,
    /// Share of examples classified wrongly.
    ErrorRate,
    /// One-step root mean squared error, teacher-forced, over the standard deviation of the training part.
    Nrmse,
    /// Median over 64 starts of the time for which a free run stays within 0.4 standard deviations of the truth, in
    /// Lyapunov times.
    ValidPredictionTime,
    /// The relative curvature of the loss on the test part: s² tr H, with s the root mean square of the weights; see
    /// [`RelativeSteps`].
    RelativeCurvature,
    /// The relative rate at which a step along one random direction gains most on the test part; see [`RelativeSteps`].
    BestRate,
}

impl Metric {
    /// The name used in studies and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::MeanSquaredError => "mean_squared_error",
            Self::Accuracy => "accuracy",
            Self::ErrorRate => "error_rate",
            Self::Nrmse => "nrmse",
            Self::ValidPredictionTime => "valid_prediction_time",
            Self::RelativeCurvature => "relative_curvature",
            Self::BestRate => "best_rate",
        }
    }

    /// The name on an axis or in a table for people, with its unit.
    pub fn label(self) -> &'static str {
        match self {
            Self::Loss => "test loss",
            Self::MeanSquaredError => "mean squared error",
            Self::Accuracy => "test accuracy",
            Self::ErrorRate => "test error rate",
            Self::Nrmse => "one-step NRMSE (÷ training standard deviation)",
            Self::ValidPredictionTime => "valid prediction time (Lyapunov times)",
            Self::RelativeCurvature => "relative curvature (loss)",
            Self::BestRate => "best rate of one direction (share of the weights' size)",
        }
    }

    /// Whether it describes a model and does not judge it: neither more nor less is better.
    pub fn is_descriptive(self) -> bool {
        matches!(self, Self::RelativeCurvature | Self::BestRate)
    }

    /// Whether it takes many evaluations of the test part, so that it is measured at the end of a run alone.
    pub fn is_costly(self) -> bool {
        matches!(self, Self::ValidPredictionTime) || self.is_descriptive()
    }

    /// Whether more is better.
    pub fn larger_is_better(self) -> bool {
        matches!(self, Self::Accuracy | Self::ValidPredictionTime)
    }

    /// Whether it can be measured on `problem`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if it cannot.
    pub fn check(self, problem: &Problem) -> Result<()> {
        let reason = match (self, problem) {
            (_, Problem::Examples(examples)) if examples.test.inputs.is_empty() => {
                "it has no examples to be judged on; add some with Examples::with_test"
            }
            (Self::Accuracy | Self::ErrorRate, Problem::Series(_)) => "a series has no classes; use nrmse",
            (Self::Nrmse | Self::ValidPredictionTime, Problem::Examples(_)) => {
                "it needs a series; use loss or accuracy"
            }
            (Self::ValidPredictionTime, Problem::Series(series)) if series.lyapunov_exponent.is_none() => {
                "the Lyapunov exponent of this series is not known; use nrmse"
            }
            _ => return Ok(()),
        };
        Err(Error::Incompatible {
            what: format!("metric \"{}\"", self.name()),
            with: "this task".to_owned(),
            reason: reason.to_owned(),
        })
    }
}

/// Measures models of one network on one problem.
///
/// # Example
/// ```
/// use tegmentum::evidence::evaluation::{Evaluator, Metric};
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
/// use tegmentum::data::tasks::TaskConfig;
///
/// let problem = TaskConfig::from_name("xor")?.build()?.problem(Key::from_seed(0))?;
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [2]")?.build(2, 1)?;
/// let parameters = network.initialise(Key::from_seed(1));
/// let mut evaluator = Evaluator::new(network, problem);
/// assert!(evaluator.measure(Metric::MeanSquaredError, &parameters)? > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    batch: LaneBatch<L>,
    activity: Rows<L>,
    int8: Int8Space,
}

impl Evaluator {
    /// An evaluator of `network` on the test part of `problem`.
    pub fn new(network: impl Into<Arc<dyn Network>>, problem: impl Into<Arc<Problem>>) -> Self {
        Self {
            network: network.into(),
            problem: problem.into(),
            batch: LaneBatch::default(),
            activity: Rows::default(),
            int8: Int8Space::default(),
        }
    }

    /// One metric of `parameters` `[P]`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if the problem has no such metric.
    pub fn measure(&mut self, metric: Metric, parameters: &[f32]) -> Result<f64> {
        metric.check(&self.problem)?;
        self.batch.load(&self.problem, Part::Test);
        Ok(match metric {
            Metric::Loss => self.test_loss(parameters),
            Metric::Nrmse => self.test_loss(parameters).sqrt(),
            Metric::MeanSquaredError => {
                let (outputs, targets) = self.outputs(parameters);
                mean_squared_error(&outputs, &targets)
            }
            Metric::Accuracy => self.accuracy(parameters),
            Metric::ErrorRate => 1.0 - self.accuracy(parameters),
            Metric::ValidPredictionTime => self.valid_prediction_time(parameters)?,
            Metric::RelativeCurvature => self.relative_steps(parameters).curvature,
            Metric::BestRate => self.relative_steps(parameters).best_rate(),
        })
    }

    /// Several metrics of `parameters` `[P]`.
    ///
    /// # Errors
    /// Those of [`Evaluator::measure`].
    pub fn measure_all(&mut self, metrics: &[Metric], parameters: &[f32]) -> Result<BTreeMap<&'static str, f64>> {
        metrics.iter().map(|&metric| Ok((metric.name(), self.measure(metric, parameters)?))).collect()
    }

    fn test_loss(&mut self, parameters: &[f32]) -> f64 {
        let mut weights = Weights::of(&*self.network, parameters, &mut self.int8);
        mean_losses(&*self.network, &mut weights, loss_of(&self.problem), &self.batch, &mut self.activity)[0]
    }

    /// The losses around `parameters`, along the same directions for every model of a network.
    fn relative_steps(&mut self, parameters: &[f32]) -> RelativeSteps {
        let squares: f64 = parameters.iter().map(|&value| f64::from(value).powi(2)).sum();
        let size = (squares / parameters.len() as f64).sqrt();
        let scale = (RELATIVE_STEP * size) as f32;
        let loss = self.test_loss(parameters);
        let mut moved = vec![0.0; parameters.len()];
        let pairs: Vec<[f64; 2]> = (0..RELATIVE_DIRECTIONS)
            .map(|index| {
                let direction = Family::Rademacher.direction(Key::from_seed(index));
                [scale, -scale].map(|scale| {
                    moved.copy_from_slice(parameters);
                    direction.add_to(scale, &mut moved);
                    self.test_loss(&moved)
                })
            })
            .collect();
        RelativeSteps::new(size, f64::from(scale), loss, &pairs)
    }

    fn accuracy(&mut self, parameters: &[f32]) -> f64 {
        let (outputs, targets) = self.outputs(parameters);
        accuracy(&outputs, &targets, self.network.output_rows().len())
    }

    /// Scored outputs and targets of all test examples and steps, in rows.
    fn outputs(&mut self, parameters: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (batch, rows) = (&self.batch, self.network.output_rows());
        let (mut outputs, mut targets) = (Vec::new(), Vec::new());
        let mut weights = Weights::of(&*self.network, parameters, &mut self.int8);
        for block in 0..batch.blocks() {
            run_blocks(&*self.network, &mut weights, batch, block..block + 1, &mut self.activity, |step, activity| {
                if step >= batch.washout {
                    for lane in 0..batch.valid(block) {
                        outputs.extend(activity[rows.clone()].iter().map(|row| row[lane]));
                        targets.extend(batch.targets(block, step).iter().map(|row| row[lane]));
                    }
                }
            });
        }
        (outputs, targets)
    }

    fn valid_prediction_time(&self, parameters: &[f32]) -> Result<f64> {
        let Problem::Series(series) = &*self.problem else { return Ok(f64::NAN) };
        let rule = ValidPredictionTime::new(series.sampling_step, series.lyapunov_exponent.unwrap_or(f64::NAN))?;
        let runs: Vec<FreeRun> = free_run_starts(series)
            .into_iter()
            .map(|start| free_run(&*self.network, parameters, series, start, FREE_RUN_WARM_UP, FREE_RUN_STEPS))
            .collect();
        let pairs: Vec<(&[f32], &[f32])> = runs.iter().map(|run| (&run.predicted[..], &run.truth[..])).collect();
        Ok(rule.median(&pairs, &vec![1.0; series.channels.len()]))
    }
}

/// Rows at which free runs begin: evenly spread over the test part, with room for a run of at least a quarter of it.
fn free_run_starts(series: &Series) -> Vec<usize> {
    let room = FREE_RUN_WARM_UP + (series.test.len() / 4).min(FREE_RUN_STEPS) + 1;
    evenly_spaced(series.test.clone(), room.min(series.test.len()), FREE_RUNS)
}

/// A forecast that is fed back as input.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeRun {
    /// Predicted rows [steps × channels], standardised.
    pub predicted: Vec<f32>,
    /// The true rows, where the series has them; may be shorter.
    pub truth: Vec<f32>,
}

/// Runs a network over `warm_up` rows of `series` from row `start`, then lets it read its own predictions for at most
/// `steps` steps. Where the series goes on, the truth is given beside the prediction, and without truth the run goes on
/// only if the warm-up ended with the series (a forecast of the future).
pub fn free_run(
    network: &dyn Network,
    parameters: &[f32],
    series: &Series,
    start: usize,
    warm_up: usize,
    steps: usize,
) -> FreeRun {
    let channels = series.channels.len();
    let row = |index: usize| &series.values[index * channels..(index + 1) * channels];
    let first = start + warm_up;
    let rows = series.values.len() / channels;
    let steps = if first < rows { steps.min(rows - first) } else { steps };
    let truth = series.values[(first * channels).min(series.values.len())..].iter().take(steps * channels);
    let mut run = FreeRun { predicted: Vec::with_capacity(steps * channels), truth: truth.copied().collect() };
    let mut activity = vec![[0.0f32; 4]; network.num_activities()];
    let mut output = vec![0.0f32; channels];
    let mut space = Int8Space::default();
    let mut weights = Weights::of(network, parameters, &mut space);
    for step in 0..(warm_up + steps).saturating_sub(1) {
        if let Some((state, previous)) = network.carry().filter(|_| step > 0) {
            activity.copy_within(state, previous.start);
        }
        let input = if step < warm_up { row(start + step) } else { &output };
        for (slot, &value) in activity[network.input_rows()].iter_mut().zip(input) {
            *slot = [value; 4];
        }
        network.step4(&mut weights, None, &mut activity);
        output.clear();
        output.extend(activity[network.output_rows()].iter().map(|lanes| lanes[0]));
        if step + 1 >= warm_up {
            run.predicted.extend_from_slice(&output);
        }
    }
    run
}

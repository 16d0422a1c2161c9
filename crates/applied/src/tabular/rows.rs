//! A perceptron on rows of numbers that somebody else has prepared: the training of a table's model without its table.
//!
//! The network, its learners, the batches of 64 rows and the rule that ends the training are those of [`fit`](super::fit): the loss on the
//! validation rows is looked at 200 times over the budget, and when 50 looks in a row were not better than the best one, the
//! parameters of that one are the result.

use std::ops::ControlFlow;
use std::sync::Arc;

use tegmentum::checkpoint::Units;
use tegmentum::data::task::Loss;
use tegmentum::error::{Error, Result, at_least_one};
use tegmentum::model::network::Network;
use tegmentum::random::Key;

use super::data::Part;
use super::training::{Plan, problem};
use super::{LearnerKind, build_network, network};

/// What a perceptron learns from.
///
/// # Example
/// ```
/// use std::ops::ControlFlow;
/// use tegmentum_applied::tabular::{LearnerKind, Perceptron, Rows};
///
/// let inputs: Vec<f32> = (0..40).map(|row| row as f32 / 20.0 - 1.0).collect();
/// let targets: Vec<f32> = inputs.iter().map(|x| 0.5 - x).collect();
/// let rows = Rows { inputs: &inputs, targets: &targets };
/// let model = Perceptron::new(1, 1, &[4], false)?;
/// let trained = model.fit(None, rows, rows, LearnerKind::default(), 2_000, 1, &|_| ControlFlow::Continue(()))?;
/// let found = model.outputs(&trained.parameters, &[0.0])?;
/// assert!((found[0] - 0.5).abs() < 0.2, "{found:?}");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Inputs, [rows × inputs], best standardised.
    pub inputs: &'a [f32],
    /// What is learned, [rows × outputs]: a 1 at the class and 0 elsewhere, or numbers, best standardised.
    pub targets: &'a [f32],
}

/// The network of a [table's model](super): tanh units, softmax for classes, linear outputs for numbers.
///
/// # Example
/// That of [`Rows`].
#[derive(Clone, Debug)]
pub struct Perceptron {
    network: Arc<dyn Network>,
    inputs: usize,
    outputs: usize,
    classes: bool,
}

/// Parameters that were best on the validation rows.
///
/// # Example
/// That of [`Rows`].
#[derive(Clone, Debug, PartialEq)]
pub struct BestParameters {
    /// The parameters, `[P]`.
    pub parameters: Vec<f32>,
    /// Evaluations spent.
    pub evaluations: u64,
    /// Evaluations after which the parameters were those.
    pub best_at: u64,
}

impl Perceptron {
    /// A network of these sizes; `classes` says whether the outputs are probabilities of classes, at least two.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a size that is 0 or too large, or fewer than two classes; [`Error::Incompatible`] for several
    /// outputs that are numbers.
    pub fn new(inputs: usize, outputs: usize, hidden: &[usize], classes: bool) -> Result<Self> {
        at_least_one("inputs", inputs)?;
        at_least_one("outputs", outputs)?;
        if classes && outputs < 2 {
            let requirement = "at least 2";
            return Err(Error::InvalidParameter { name: "classes", value: outputs as f64, requirement });
        }
        if !classes && outputs > 1 {
            return Err(Error::Incompatible {
                what: format!("{outputs} outputs"),
                with: "numbers".to_owned(),
                reason: "one number is learned at a time".to_owned(),
            });
        }
        let network = build_network(hidden, inputs, classes.then_some(outputs))?;
        Ok(Self { network, inputs, outputs, classes })
    }

    /// Trains on `train` until `validation` no longer improves, at most for `budget` evaluations, from `start` `[P]` on or from weights that
    /// follow from the seed. `watch` is told of the share of the budget that is spent and may end the training.
    ///
    /// The start is a candidate: with one, the result is not worse on `validation` than it.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for rows or a start of another length, [`Error::InvalidParameter`] for no rows or no budget,
    /// [`Error::NonFinite`] if the parameters became NaN or infinite before there was a finite loss.
    #[allow(
        clippy::too_many_arguments,
        reason = "each is another thing, and a builder for one call would say them twice"
    )]
    pub fn fit(
        &self,
        start: Option<&[f32]>,
        train: Rows<'_>,
        validation: Rows<'_>,
        learner: LearnerKind,
        budget: u64,
        seed: u64,
        watch: &(dyn Fn(f64) -> ControlFlow<()> + Sync),
    ) -> Result<BestParameters> {
        if budget == 0 {
            let requirement = "at least 1";
            return Err(Error::InvalidParameter { name: "evaluations", value: 0.0, requirement });
        }
        let (expected, found) = (self.num_parameters(), start.map(<[f32]>::len));
        if let Some(found) = found.filter(|&found| found != expected) {
            return Err(Error::ShapeMismatch { what: "parameters", expected, found });
        }
        let (train, validation) = (self.part(train)?, self.part(validation)?);
        let loss = if self.classes { Loss::CrossEntropy } else { Loss::MeanSquaredError };
        let plan = Plan {
            network: &self.network,
            problem: problem(&*self.network, loss, &train, &validation),
            budget,
            key: Key::from_seed(seed),
            start,
            watch,
        };
        let (trained, _) = plan.train(learner, &Units::nowhere(), None)?;
        Ok(BestParameters {
            parameters: trained.parameters,
            evaluations: trained.evaluations,
            best_at: trained.best_at,
        })
    }

    fn part(&self, rows: Rows<'_>) -> Result<Part> {
        let count = rows.inputs.len() / self.inputs;
        at_least_one("rows", count)?;
        for (what, expected, found) in [
            ("values of the inputs", count * self.inputs, rows.inputs.len()),
            ("values of the targets", count * self.outputs, rows.targets.len()),
        ] {
            if expected != found {
                return Err(Error::ShapeMismatch { what, expected, found });
            }
        }
        let truth = rows.targets.chunks_exact(self.outputs).map(|row| f64::from(row[0])).collect();
        Ok(Part { width: self.inputs, inputs: rows.inputs.to_vec(), targets: rows.targets.to_vec(), truth })
    }

    /// Outputs for rows of inputs [rows × inputs]: [rows × outputs].
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for rows or parameters of another length.
    pub fn outputs(&self, parameters: &[f32], inputs: &[f32]) -> Result<Vec<f32>> {
        let rows = inputs.len() / self.inputs * self.inputs;
        for (what, expected, found) in [
            ("parameters", self.network.num_parameters(), parameters.len()),
            ("values of the inputs", rows, inputs.len()),
        ] {
            if expected != found {
                return Err(Error::ShapeMismatch { what, expected, found });
            }
        }
        Ok(network::outputs(&*self.network, parameters, inputs))
    }

    /// Number of parameters P.
    pub fn num_parameters(&self) -> usize {
        self.network.num_parameters()
    }

    /// First parameters from a seed, `[P]`.
    pub fn initialise(&self, seed: u64) -> Vec<f32> {
        self.network.initialise(Key::from_seed(seed))
    }
}

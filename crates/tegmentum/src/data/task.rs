//! What is to be learned: a task makes a [`Problem`] from a key.
//!
//! A task is data, split into a part to learn from and a part to be judged on. It never meets a learner: an
//! [`Objective`](crate::model::objective::Objective) turns its training part into losses.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_one};
pub use crate::kernel::loss::Loss;
use crate::random::Key;
use crate::registry::Description;

/// Examples in rows: `inputs` [count × `num_inputs`], `targets` [count × `num_outputs`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExampleSet {
    /// One row of inputs for each example.
    pub inputs: Vec<f32>,
    /// One row of targets for each example; one-hot for classes.
    pub targets: Vec<f32>,
}

/// A problem made of independent examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// Inputs of an example.
    pub num_inputs: usize,
    /// Outputs of an example.
    pub num_outputs: usize,
    /// What is learned from.
    pub train: ExampleSet,
    /// What is judged on; never seen by a learner.
    pub test: ExampleSet,
    /// Examples drawn (with replacement) for one loss; `None` takes all of them.
    pub batch: Option<usize>,
    /// The loss that is minimised.
    pub loss: Loss,
}

/// A problem made of one long series: predict the next row from the rows so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Standardised values, row-major: [rows × channels]. Each channel has mean 0 and standard deviation 1 on `train`.
    pub values: Vec<f32>,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// Rows to learn from.
    pub train: Range<usize>,
    /// Rows to be judged on; after `train`.
    pub test: Range<usize>,
    /// Mean of each channel on `train`, in the unit of the data.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel on `train`, in the unit of the data.
    pub standard_deviation: Vec<f64>,
    /// Time between two rows, in the system's unit of time.
    pub sampling_step: f64,
    /// Largest Lyapunov exponent per unit of time, where it is known.
    pub lyapunov_exponent: Option<f64>,
    /// How windows are cut for training and testing.
    pub windows: Windows,
}

/// How windows are cut from a series.
///
/// # Example
/// ```
/// let windows = tegmentum::data::task::Windows::default();
/// assert_eq!((windows.count, windows.length, windows.washout), (16, 100, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Windows {
    /// Windows drawn for one loss.
    pub count: usize,
    /// Steps of a window; each predicts the next row, so that a window reads `length + 1` rows.
    pub length: usize,
    /// First steps of a window whose predictions are not scored while the state settles.
    pub washout: usize,
}

impl Default for Windows {
    fn default() -> Self {
        Self { count: 16, length: 100, washout: 10 }
    }
}

/// What a task hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Independent examples.
    Examples(Examples),
    /// One series.
    Series(Series),
}

impl Problem {
    /// Numbers a network reads at a step.
    pub fn num_inputs(&self) -> usize {
        match self {
            Self::Examples(examples) => examples.num_inputs,
            Self::Series(series) => series.channels.len(),
        }
    }

    /// Numbers a network writes at a step.
    pub fn num_outputs(&self) -> usize {
        match self {
            Self::Examples(examples) => examples.num_outputs,
            Self::Series(series) => series.channels.len(),
        }
    }
}

impl Windows {
    /// Rows that one window reads.
    ///
    /// # Example
    /// ```
    /// assert_eq!(tegmentum::data::task::Windows::default().rows(), 101);
    /// ```
    pub fn rows(&self) -> usize {
        self.length.saturating_add(1)
    }

    /// Whether windows can be cut and at least one of their steps is scored.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for no windows, empty ones, or a washout that
    /// leaves no step to score.
    pub fn validate(&self) -> Result<()> {
        at_least_one("windows.count", self.count)?;
        at_least_one("windows.length", self.length)?;
        if self.washout >= self.length {
            let requirement = "below windows.length, so that at least one step is scored";
            return Err(Error::InvalidParameter { name: "windows.washout", value: self.washout as f64, requirement });
        }
        Ok(())
    }
}

/// A maker of problems.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::TaskConfig;
/// use tegmentum::random::Key;
///
/// let task = TaskConfig::from_name("xor")?.build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!("XOR has examples") };
/// assert_eq!(examples.train.targets, [0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub trait Task: Debug + Send + Sync {
    /// The data.
    ///
    /// All that is random in their making follows from `key`: noise on the inputs, a random initial state. The key is
    /// independent of the learner's keys, so that two learners can be given the same data, and one learner other data.
    /// Where nothing is random the key is not read.
    ///
    /// # Errors
    /// If the parameters, though each is within its range, lead to data that cannot be used: a series that diverges or
    /// becomes constant.
    fn problem(&self, key: Key) -> Result<Problem>;
}

/// The settings of a task: what makes it from a study file.
///
/// A settings type of one's own is made known under its name with [`TaskConfig::register`](crate::data::tasks::TaskConfig::register).
pub trait TaskSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// Checks the settings and makes the task. A file that the task needs is read here, once.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range; what is wrong with a file.
    fn build(&self) -> Result<Box<dyn Task>>;
}

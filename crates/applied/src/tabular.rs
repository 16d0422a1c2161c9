//! A model of a table: which class, or which number, belongs to a row.
//!
//! # Procedure
//! 1. Rows that have a target are cut into three parts, class by class: a fifth is judged on (*test*), a fifth of the rest stops the
//!    training (*validation*), the others are learned from. A target that has names, or at most 20 different whole numbers, is a
//!    class; anything else is a number.
//! 2. The columns become inputs: numbers standardised, an input for each level of a category, an input for what is missing. What
//!    cannot be learned from (constant columns, dates, identifiers) is dropped and named.
//! 3. A perceptron, by default with one hidden layer of 32 tanh units, is trained by forward passes alone until the loss on the
//!    validation part no longer improves:
//!
//! ```text
//!     p = softmax(W' tanh(V' x + a) + b) ,  loss = −mean ln p_c          classes
//!     ŷ = w' tanh(V' x + a) + b ,           loss = mean (ŷ − y)²         numbers, y standardised on the training part
//! ```
//! x inputs `[D]` · V `[D × H]`, a `[H]`, W `[H × C]`, b `[C]` parameters · p probabilities `[C]` · c the true class.
//!
//! 4. It is judged on the test part, once, beside simple predictors and the same network along the exact gradient. The model that was
//!    judged is the model that is handed over; nothing is trained anew.
//!
//! # Cost
//! `evaluations` passes of 64 rows at most, and those of the comparison. Memory of rows × inputs.
//!
//! # Example
//! ```
//! use tegmentum_applied::table::{ReadOptions, Table};
//! use tegmentum_applied::tabular::{Predictions, fit};
//!
//! let mut text = "length,width,kind\n".to_owned();
//! for row in 0..60 {
//!     let (length, width) = (f64::from(row % 10), f64::from(row / 10));
//!     text += &format!("{length},{width},{}\n", if length > width + 2.0 { "long" } else { "wide" });
//! }
//! let table = Table::from_csv(text.as_bytes(), "shapes.csv", &ReadOptions::default())?;
//! let fitted = fit(&table, "kind").evaluations(3_000).run()?;
//! assert!(fitted.report.scores[0].value > 0.7, "{:?}", fitted.report.scores);
//!
//! let new = Table::from_csv(b"length,width\n9,1\n", "new.csv", &ReadOptions::default())?;
//! let Predictions::Classes(predicted) = fitted.model.predict(&new)? else { unreachable!("kinds are classes") };
//! assert_eq!(predicted.class(0), "long");
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

mod baselines;
mod data;
mod encoding;
mod fitting;
mod judgement;
mod network;
mod split;
mod training;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::model::network::Network;

use crate::table::Table;
pub(crate) use data::Target;
pub use encoding::Dropped;
pub(crate) use encoding::{Coded, Coding, Encoding, FARTHEST};
pub use fitting::{Fit, Fitted, Importance, PartSizes, Report, fit};
pub use judgement::Score;
pub(crate) use network::{HIDDEN, build as build_network, check as check_network};

/// What kind of thing is predicted.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::TaskKind;
/// assert_eq!(TaskKind::ALL.map(TaskKind::name), ["classification", "regression"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A class.
    Classification,
    /// A number.
    Regression,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Classification, Self::Regression];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

/// How a network is trained.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::LearnerKind;
/// assert_eq!(LearnerKind::default().name(), "node-perturbation");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LearnerKind {
    /// Forward passes with noise on units; the readout has its own error.
    #[default]
    NodePerturbation,
    /// Forward passes with noise on weights: nothing but losses is seen.
    Dopamine,
    /// The exact gradient, by backpropagation.
    Adam,
}

impl LearnerKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NodePerturbation, Self::Dopamine, Self::Adam];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodePerturbation => "node-perturbation",
            Self::Dopamine => "dopamine",
            Self::Adam => "adam",
        }
    }
}

/// A trained model of a table: columns in, a class or a number out.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::fit;
/// # use tegmentum_applied::table::{ReadOptions, Table};
/// # let rows: String = (0..60).map(|row| format!("{},{}\n", row % 10, if row % 10 > 4 { "long" } else { "short" })).collect();
/// let table = Table::from_csv(("length,kind\n".to_owned() + &rows).as_bytes(), "data.csv", &ReadOptions::default())?;
/// let model = fit(&table, "kind").evaluations(300).run()?.model;
/// assert_eq!((model.target(), model.columns().collect::<Vec<_>>()), ("kind", vec!["length"]));
/// assert_eq!(model.predict(&table)?.rows(), 60);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TabularModel {
    pub(crate) encoding: Encoding,
    pub(crate) target: Target,
    pub(crate) hidden: Vec<usize>,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) parameters: Vec<f32>,
    pub(crate) provenance: Provenance,
}

/// Where a model comes from.
///
/// # Example
/// ```
/// let provenance = tegmentum_applied::tabular::Provenance::default();
/// assert_eq!((provenance.command.as_str(), provenance.rows), ("", 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The name of the file with the rows, without its folder.
    pub data: String,
    /// Rows that were learned from, the validation part included.
    pub rows: usize,
    /// How it was trained.
    pub learner: LearnerKind,
    /// What everything random followed from.
    pub seed: u64,
    /// Evaluations after which the parameters were those.
    pub evaluations: u64,
    /// The command that trained it, if there was one.
    pub command: String,
    /// Version of the program.
    pub version: String,
}

/// What a model says of the rows of a table.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::Predictions;
/// assert_eq!(Predictions::Numbers(vec![1.5, 2.0]).rows(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// Probabilities of classes.
    Classes(Classes),
    /// Numbers, in the unit of the data.
    Numbers(Vec<f64>),
}

/// Probabilities of classes for rows.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::{Predictions, fit};
/// # use tegmentum_applied::table::{ReadOptions, Table};
/// # let rows: String = (0..60).map(|row| format!("{},{}\n", row % 10, if row % 10 > 4 { "long" } else { "short" })).collect();
/// let table = Table::from_csv(("length,kind\n".to_owned() + &rows).as_bytes(), "data.csv", &ReadOptions::default())?;
/// let fitted = fit(&table, "kind").evaluations(300).run()?;
/// let Predictions::Classes(classes) = fitted.test else { unreachable!("kinds are classes") };
/// assert_eq!(classes.names(), ["long", "short"]);
/// assert!((classes.probabilities(0).iter().sum::<f32>() - 1.0).abs() < 1e-5);
/// assert!(classes.names().iter().any(|name| name == classes.class(0)));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    pub(crate) names: Vec<String>,
    pub(crate) probabilities: Vec<f32>,
}

impl Classes {
    /// Names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Probabilities of the classes for a row, `[classes]`; empty for a row that is not there.
    pub fn probabilities(&self, row: usize) -> &[f32] {
        let count = self.names.len();
        row.checked_mul(count).and_then(|first| self.probabilities.get(first..first + count)).unwrap_or_default()
    }

    /// The name of the most probable class of a row; the first one for a row that is not there.
    pub fn class(&self, row: usize) -> &str {
        &self.names[judgement::most_probable(self.probabilities(row))]
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.probabilities.len() / self.names.len()
    }
}

impl Predictions {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.rows(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// As numbers: probabilities [rows × classes], or the numbers.
    fn flat(&self) -> Vec<f64> {
        match self {
            Self::Classes(classes) => classes.probabilities.iter().map(|&value| f64::from(value)).collect(),
            Self::Numbers(numbers) => numbers.clone(),
        }
    }
}

impl TabularModel {
    /// Predictions for every row of a table. Columns that the model does not read are ignored; see
    /// [`unread`](Self::unread). A missing cell is what a missing cell was in training; a name that was never seen is rare.
    ///
    /// # Errors
    /// [`Error::Table`](tegmentum::error::Error::Table) for a column that is not there, or a cell that is not a number where the
    /// model learned from numbers.
    pub fn predict(&self, table: &Table) -> Result<Predictions> {
        Ok(self.predict_encoded(&self.encoding.encode(table)?))
    }

    /// Predictions for rows of inputs [rows × inputs].
    fn predict_encoded(&self, inputs: &[f32]) -> Predictions {
        let outputs = network::outputs(&*self.network, &self.parameters, inputs);
        match &self.target {
            Target::Classes { classes, .. } => {
                Predictions::Classes(Classes { names: classes.clone(), probabilities: outputs })
            }
            Target::Number { mean, deviation, .. } => {
                Predictions::Numbers(outputs.iter().map(|&value| mean + deviation * f64::from(value)).collect())
            }
        }
    }

    /// The name of the column that is predicted.
    pub fn target(&self) -> &str {
        self.target.column()
    }

    /// Names of the columns that are read, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.encoding.columns.iter().map(|column| column.name.as_str())
    }

    /// Names of the columns of a table that are neither read nor predicted.
    pub fn unread<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a str> {
        let names = table.columns().iter().map(crate::table::Column::name);
        names.filter(|name| *name != self.target() && self.columns().all(|column| column != *name))
    }

    /// Where the model comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The parameters of the network `[P]`.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The same model with the command that made it.
    #[must_use]
    pub fn with_command(mut self, command: String) -> Self {
        self.provenance.command = command;
        self
    }
}

//! A user's labelled table: columns of numbers, and one that names the class of each row.
//!
//! # Problem
//! ```text
//!     inputs  x_ic = (v_ic − m_c) / s_c   scaling = "column":  m, s mean and standard deviation of column c in the rows to learn from
//!             x_ic = v_ic / max |v|       scaling = "common":  over all rows to learn from and all columns (pixels, for instance)
//!             x_ic = v_ic                 scaling = "none"
//!     targets one-hot class               [count × classes], classes in the order of their names, numbers by size
//!     loss    cross-entropy on `batch` rows drawn from those to learn from; judged on the others
//! ```
//! v value of column c in row i. A column that is constant in the rows to learn from says nothing and is 0 everywhere with "column".
//! The split is one fixed random permutation of the rows, the same for every key: its first ⌊`train_fraction` · rows⌋ are learned from.
//!
//! # Table
//! As for a series: text in UTF-8, one delimiter, finite numbers with a decimal point, no missing values. The cells of `target` may be
//! any text; all other columns are learned from, or those named in `columns`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Loss, Problem, Task, TaskSettings};
use crate::data::tasks::standardise::Moments;
use crate::data::tasks::table::{Format, Labelled as Rows, check_delimiter};
use crate::error::{Error, Result, at_least_one, fraction};
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "labelled",
    summary: "your own table of numbers with a class for each row",
    reference: "your file",
};

/// Most classes.
const MAX_CLASSES: usize = 1000;
/// Key of the split. Any other would do; this one must not change.
const FIXED: Key = Key(0x1ABE_11ED);

/// How numbers are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Each column to mean 0 and standard deviation 1.
    #[default]
    Column,
    /// All columns by the largest size of any value.
    Common,
    /// As they are.
    None,
}

/// Where a labelled table is, and how it is used.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::labelled::LabelledConfig;
/// use tegmentum::random::Key;
///
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(file.path(), "length,width,species\n1,2,a\n3,1,b\n2,2,a\n4,1,b\n5,0,b\n")?;
/// let config =
///     LabelledConfig { path: file.path().to_owned(), target: "species".to_owned(), ..LabelledConfig::default() };
/// let Problem::Examples(examples) = config.build()?.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((examples.num_inputs, examples.num_outputs), (2, 2));
/// assert_eq!((examples.train.inputs.len(), examples.test.inputs.len()), (8, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelledConfig {
    /// The file; a relative path starts at the working directory.
    pub path: PathBuf,
    /// The column that names the class; its number from 1 in a file without a header.
    pub target: String,
    /// The columns to learn from; empty for all others.
    pub columns: Vec<String>,
    /// Whether the first row has the names of the columns; `None` to find out.
    pub header: Option<bool>,
    /// Part of the rows to learn from.
    pub train_fraction: f64,
    /// What separates cells: one ASCII character; `None` for a comma.
    pub delimiter: Option<char>,
    /// How numbers are scaled.
    pub scaling: Scaling,
    /// Examples drawn for one loss.
    pub batch: usize,
}

impl Default for LabelledConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            target: "target".to_owned(),
            columns: Vec::new(),
            header: None,
            train_fraction: 0.8,
            delimiter: None,
            scaling: Scaling::Column,
            batch: 64,
        }
    }
}

impl LabelledConfig {
    /// Checks the parameters and reads the file.
    ///
    /// # Errors
    /// - [`Error::Study`] without a path or with a delimiter that cannot be one.
    /// - [`Error::InvalidParameter`] for a fraction outside `[0, 1]` or an empty batch.
    /// - [`Error::Io`] if the file cannot be read.
    /// - [`Error::Table`] for a cell that is missing, not a number or not finite, a row that is longer or shorter than the first, a
    ///   column that is not there, one class or more than 1000, and fewer than one row in a part.
    pub fn build(&self) -> Result<Labelled> {
        if self.path.as_os_str().is_empty() {
            return Err(invalid("path is empty: must name a file with a table".to_owned()));
        }
        fraction("train_fraction", self.train_fraction)?;
        at_least_one("batch", self.batch)?;
        check_delimiter(self.delimiter).map_err(invalid)?;
        let bytes = std::fs::read(&self.path).map_err(|source| Error::Io { path: self.path.clone(), source })?;
        self.parse(&bytes)
    }

    /// The problem in the table `bytes`.
    fn parse(&self, bytes: &[u8]) -> Result<Labelled> {
        let delimiter = self.delimiter.unwrap_or(',') as u8;
        let format = Format { path: &self.path, columns: &self.columns, header: self.header, delimiter };
        let rows = format.parse_labelled(bytes, &self.target)?;
        let classes = classes(&rows.labels);
        if !(2..=MAX_CLASSES).contains(&classes.len()) {
            let problem = format!("{} classes: must be 2 to {MAX_CLASSES}", classes.len());
            return Err(format.error(rows.table.lines.first().copied().unwrap_or(1), &self.target, problem));
        }
        let count = rows.labels.len();
        let train = (self.train_fraction * count as f64) as usize;
        if train == 0 || train == count {
            let problem =
                format!("{train} of {count} rows to learn from: must be some to learn from and some to be judged on");
            return Err(format.error(rows.table.lines.last().copied().unwrap_or(1), "all", problem));
        }
        let mut order: Vec<usize> = (0..count).collect();
        FIXED.stream().shuffle(&mut order);
        let inputs = self.scaled(&format, &rows, &order[..train])?;
        let width = rows.table.columns.len();
        let set = |places: &[usize]| {
            let mut set = ExampleSet::default();
            for &row in places {
                set.inputs.extend_from_slice(&inputs[row * width..][..width]);
                set.targets.extend(classes.iter().map(|class| f32::from(u8::from(*class == rows.labels[row]))));
            }
            set
        };
        Ok(Labelled {
            examples: Examples {
                num_inputs: width,
                num_outputs: classes.len(),
                train: set(&order[..train]),
                test: set(&order[train..]),
                batch: Some(self.batch),
                loss: Loss::CrossEntropy,
            },
        })
    }

    /// The inputs [rows × columns], scaled by the rows in `learned`.
    fn scaled(&self, format: &Format<'_>, rows: &Rows, learned: &[usize]) -> Result<Vec<f32>> {
        let (values, width) = (&rows.table.values, rows.table.columns.len());
        let row = |&place: &usize| &values[place * width..][..width];
        let scaled: Vec<f32> = match self.scaling {
            Scaling::Column => {
                let of_learned: Vec<f64> = learned.iter().flat_map(row).copied().collect();
                let moments = Moments::new(&of_learned, width);
                let scale = |(index, &value): (usize, &f64)| {
                    let (mean, deviation) = (moments.mean[index % width], moments.standard_deviation[index % width]);
                    if deviation > 0.0 { ((value - mean) / deviation) as f32 } else { 0.0 }
                };
                values.iter().enumerate().map(scale).collect()
            }
            Scaling::Common => {
                let largest = learned.iter().flat_map(row).fold(0.0f64, |largest, value| largest.max(value.abs()));
                let unit = if largest > 0.0 { largest } else { 1.0 };
                values.iter().map(|value| (value / unit) as f32).collect()
            }
            Scaling::None => values.iter().map(|&value| value as f32).collect(),
        };
        match scaled.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                let problem =
                    format!("{:e} is too large once it is scaled: must be of a size that others have", values[index]);
                Err(format.error(rows.table.lines[index / width], &rows.table.columns[index % width], problem))
            }
            None => Ok(scaled),
        }
    }
}

/// The classes, each once: by size if all are numbers, else by name.
fn classes(labels: &[String]) -> Vec<String> {
    let mut classes = labels.to_vec();
    let number = |label: &String| label.parse::<f64>().unwrap_or(f64::NAN);
    if labels.iter().all(|label| number(label).is_finite()) {
        classes.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    } else {
        classes.sort();
    }
    classes.dedup();
    classes
}

fn invalid(problem: String) -> Error {
    Error::Study { origin: "task labelled".to_owned(), problem }
}

impl TaskSettings for LabelledConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// A labelled table that was read from a file.
#[derive(Clone, Debug)]
pub struct Labelled {
    examples: Examples,
}

impl Task for Labelled {
    fn problem(&self, _key: Key) -> Result<Problem> {
        Ok(Problem::Examples(self.examples.clone()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config() -> LabelledConfig {
        LabelledConfig { path: "t.csv".into(), target: "kind".to_owned(), ..LabelledConfig::default() }
    }

    fn problem(config: &LabelledConfig, text: &str) -> String {
        config.parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_row_is_in_one_part_with_its_class() {
        let text = (0..50).map(|row| format!("{row},{},{}\n", -row, if row < 20 { "small" } else { "large" }));
        let text = "size,minus,kind\n".to_owned() + &text.collect::<String>();
        let none = LabelledConfig { scaling: Scaling::None, ..config() };
        let examples = none.parse(text.as_bytes()).unwrap().examples;
        assert_eq!((examples.train.inputs.len(), examples.test.inputs.len()), (80, 20));
        let mut seen = Vec::new();
        for set in [&examples.train, &examples.test] {
            for (inputs, targets) in set.inputs.chunks(2).zip(set.targets.chunks(2)) {
                assert_eq!(inputs[1], -inputs[0]);
                // By name: large, small.
                assert_eq!(targets, if inputs[0] < 20.0 { [0.0, 1.0] } else { [1.0, 0.0] });
                seen.push(inputs[0] as usize);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        let common = LabelledConfig { scaling: Scaling::Common, ..config() }.parse(text.as_bytes()).unwrap().examples;
        let largest = examples.train.inputs.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!((common.test.inputs[3] - examples.test.inputs[3] / largest).abs() < 1e-6);
        let column = config().parse(text.as_bytes()).unwrap().examples;
        let mean: f32 = column.train.inputs.iter().step_by(2).sum::<f32>() / 40.0;
        let square: f32 = column.train.inputs.iter().step_by(2).map(|value| value * value).sum::<f32>() / 40.0;
        assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
    }

    #[test]
    fn numbers_are_classes_by_size_and_columns_can_be_chosen() {
        assert_eq!(classes(&["10", "9", "10", "-1"].map(String::from)), ["-1", "9", "10"]);
        let chosen = LabelledConfig { columns: vec!["b".to_owned()], scaling: Scaling::None, ..config() };
        let examples = chosen.parse(b"kind,a,b\n1,2,7\n2,3,8\n1,4,9\n").unwrap().examples;
        assert_eq!(examples.num_inputs, 1);
        let numbered = LabelledConfig { target: "1".to_owned(), ..config() };
        assert_eq!(numbered.parse(b"1,2,7\n2,3,8\n1,4,9\n").unwrap().examples.num_inputs, 2);
        // A constant column says nothing.
        let constant = config().parse(b"kind,a,b\n1,2,7\n2,2,8\n1,2,9\n2,2,1\n").unwrap().examples;
        assert!(constant.train.inputs.iter().step_by(2).all(|&value| value == 0.0));
    }

    #[test]
    fn tables_that_cannot_be_learned_are_refused() {
        let cases = [
            ("a,b\n1,2\n", "t.csv, line 1, column kind: no such column: the first row has [\"a\", \"b\"]"),
            ("a,kind\n1,x\n2,x\n", "t.csv, line 2, column kind: 1 classes: must be 2 to 1000"),
            ("a,kind\n1,x\n2,\n", "t.csv, line 3, column kind: the value is missing: fill it in, or remove the row"),
            ("a,kind\nq,x\n2,y\n", "t.csv, line 2, column a: \"q\" is not a number"),
            ("kind\nx\ny\n", "t.csv, line 1, column kind: no other column: must be some to learn from"),
        ];
        for (text, expected) in cases {
            let found = problem(&config(), text);
            assert!(found.starts_with(expected), "{found}");
        }
        let itself = LabelledConfig { columns: vec!["kind".to_owned()], ..config() };
        assert!(problem(&itself, "a,kind\n1,2\n2,3\n").contains("is the target"));
        let all = LabelledConfig { train_fraction: 1.0, ..config() };
        assert!(problem(&all, "a,kind\n1,x\n2,y\n").contains("2 of 2 rows to learn from"));
        let error = LabelledConfig::default().build().unwrap_err().to_string();
        assert_eq!(error, "task labelled: path is empty: must name a file with a table");
        let error = LabelledConfig { delimiter: Some('x'), ..config() }.build().unwrap_err().to_string();
        assert!(error.contains("must not be a letter"), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_is_read_can_be_learned(
            bytes in prop::collection::vec(prop::sample::select(b"12e9,.\n\n\"-a".to_vec()), 0..400),
        ) {
            let config = LabelledConfig { target: "1".to_owned(), ..config() };
            if let Ok(task) = config.parse(&bytes) {
                prop_assert!(task.examples.train.inputs.iter().all(|value| value.is_finite()));
                prop_assert!(task.examples.num_outputs >= 2 && task.examples.num_inputs >= 1);
            }
        }
    }
}

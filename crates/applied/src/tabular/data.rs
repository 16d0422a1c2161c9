//! What is predicted, and the parts of a table as numbers.

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::random::Key;

use super::TaskKind;
use super::encoding::mean_and_deviation;
use crate::table::{Column, Table, Values};

/// Distinct whole numbers of a target up to which they are classes.
const FEW: usize = 20;
/// Classes, at most.
const MOST_CLASSES: usize = 100;
/// Rows of each class, at least: a part has one of each.
const FEWEST_OF_CLASS: usize = 5;
/// Rows that can be used, at least.
const FEWEST: usize = 20;

/// What a model predicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Target {
    /// One of several classes, by their names.
    Classes { column: String, classes: Vec<String> },
    /// A number, standardised while it is learned.
    Number { column: String, mean: f64, deviation: f64 },
}

impl Target {
    /// The column.
    pub(crate) fn column(&self) -> &str {
        match self {
            Self::Classes { column, .. } | Self::Number { column, .. } => column,
        }
    }

    /// The number of classes, if there are any.
    pub(crate) fn classes(&self) -> Option<usize> {
        match self {
            Self::Classes { classes, .. } => Some(classes.len()),
            Self::Number { .. } => None,
        }
    }
}

/// The cells of the target in the rows that have one.
pub(super) struct Truth {
    /// Names of the classes; none for numbers.
    pub(super) classes: Option<Vec<String>>,
    /// For every row of the table its class, or its number; NaN where the cell is missing.
    pub(super) values: Vec<f64>,
}

impl Truth {
    /// Reads the target of a table.
    pub(super) fn read(table: &Table, column: &Column, task: Option<TaskKind>) -> Result<Self> {
        let refused = |row: usize, problem: String| Err(table.error(table.lines()[row], column.name(), problem));
        let numbers = match (column.values(), task) {
            (Values::Date(_), _) => {
                return refused(0, "the target has dates: must be numbers or categories".to_owned());
            }
            (Values::Category { names, codes }, Some(TaskKind::Regression)) => {
                let row = codes.iter().position(Option::is_some).unwrap_or(0);
                let found = codes[row].map(|code| crate::table::quoted(&names[code as usize])).unwrap_or_default();
                return refused(row, format!("{found}: must be a number for a regression"));
            }
            (Values::Category { .. }, _) => None,
            (Values::Number(values), _) => Some(values),
        };
        let is_classes = match (numbers, task) {
            (None, _) | (_, Some(TaskKind::Classification)) => true,
            (_, Some(TaskKind::Regression)) => false,
            (Some(values), None) => distinct(values).is_some_and(|whole| whole.len() <= FEW),
        };
        let truth = match numbers {
            Some(values) if !is_classes => Self { classes: None, values: values.clone() },
            _ => Self::of_classes(table, column)?,
        };
        truth.check(table, column)?;
        Ok(truth)
    }

    fn of_classes(table: &Table, column: &Column) -> Result<Self> {
        let (names, values): (Vec<String>, Vec<f64>) = match column.values() {
            Values::Category { names, codes } => {
                (names.clone(), codes.iter().map(|code| code.map_or(f64::NAN, f64::from)).collect())
            }
            Values::Number(values) => {
                let mut distinct: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
                distinct.sort_by(f64::total_cmp);
                distinct.dedup();
                let place =
                    |value: &f64| distinct.iter().position(|other| other == value).map_or(f64::NAN, |p| p as f64);
                // Only a few are looked up one by one.
                let few = distinct.len() <= MOST_CLASSES;
                let places = if few { values.iter().map(place).collect() } else { Vec::new() };
                (distinct.iter().map(f64::to_string).collect(), places)
            }
            Values::Date(_) => (Vec::new(), Vec::new()),
        };
        if names.len() > MOST_CLASSES {
            let problem = format!("the target has {} classes: must have {MOST_CLASSES} or fewer", names.len());
            return Err(table.error(1, column.name(), problem));
        }
        Ok(Self { classes: Some(names), values })
    }

    fn check(&self, table: &Table, column: &Column) -> Result<()> {
        let refused = |line, problem: String| Err(table.error(line, column.name(), problem));
        let present = self.values.iter().filter(|value| !value.is_nan()).count();
        if present < FEWEST {
            return refused(1, format!("{present} rows have a target: must be {FEWEST} or more"));
        }
        let Some(classes) = &self.classes else {
            let present: Vec<f64> = self.values.iter().copied().filter(|value| !value.is_nan()).collect();
            if mean_and_deviation(&present).1 == 0.0 {
                return refused(1, "the target is constant: there is nothing to learn".to_owned());
            }
            return Ok(());
        };
        if classes.len() < 2 {
            return refused(1, "the target has one class: must have two or more".to_owned());
        }
        for (rows, name) in self.rows_of_classes().iter().zip(classes) {
            if rows.len() < FEWEST_OF_CLASS {
                let (count, name) = (rows.len(), crate::table::quoted(name));
                let problem =
                    format!("class {name} has {count} rows: must have {FEWEST_OF_CLASS} or more; leave it out");
                return refused(table.lines()[rows[0]], problem);
            }
        }
        Ok(())
    }

    /// Rows of each class; all rows that have a number are one class.
    pub(super) fn rows_of_classes(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.classes.as_ref().map_or(1, Vec::len)];
        for (row, &value) in self.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            rows[if self.classes.is_some() { value as usize } else { 0 }].push(row);
        }
        rows
    }

    /// The target of a model that learns from `rows`.
    pub(super) fn target(&self, column: &str, rows: &[usize]) -> Target {
        let column = column.to_owned();
        if let Some(classes) = &self.classes {
            return Target::Classes { column, classes: classes.clone() };
        }
        let values: Vec<f64> = rows.iter().map(|&row| self.values[row]).collect();
        let (mean, deviation) = mean_and_deviation(&values);
        Target::Number { column, mean, deviation: if deviation > 0.0 { deviation } else { 1.0 } }
    }
}

/// The distinct values, if all are whole numbers and few.
fn distinct(values: &[f64]) -> Option<Vec<f64>> {
    let mut distinct = Vec::new();
    for &value in values.iter().filter(|value| !value.is_nan()) {
        if value.fract() != 0.0 || distinct.len() > FEW {
            return None;
        }
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    Some(distinct)
}

/// A part of the rows as numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// Inputs of a row.
    pub(super) width: usize,
    /// Inputs, [rows × width].
    pub(super) inputs: Vec<f32>,
    /// What a network is told: a 1 at the class, or the standardised number, [rows × outputs].
    pub(super) targets: Vec<f32>,
    /// For each row its class, or its number in the unit of the data.
    pub(super) truth: Vec<f64>,
}

impl Part {
    /// Picks rows of the table; a row may be picked several times.
    pub(super) fn pick(rows: &[usize], inputs: &[f32], width: usize, truth: &Truth, target: &Target) -> Self {
        let mut part = Self { width, ..Self::default() };
        for &row in rows {
            let value = truth.values[row];
            part.inputs.extend_from_slice(&inputs[row * width..(row + 1) * width]);
            part.truth.push(value);
            match target {
                Target::Classes { classes, .. } => {
                    part.targets.extend((0..classes.len()).map(|class| f32::from(u8::from(class as f64 == value))));
                }
                Target::Number { mean, deviation, .. } => part.targets.push(((value - mean) / deviation) as f32),
            }
        }
        part
    }

    pub(super) fn rows(&self) -> usize {
        self.truth.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.inputs[row * self.width..(row + 1) * self.width]
    }
}

/// The rows and draws from the rows of rarer classes, with replacement, so that all classes are equally frequent.
pub(super) fn balanced(rows: &[usize], truth: &Truth, key: Key) -> Vec<usize> {
    let mut of_class = vec![Vec::new(); truth.classes.as_ref().map_or(1, Vec::len)];
    for &row in rows {
        of_class[if truth.classes.is_some() { truth.values[row] as usize } else { 0 }].push(row);
    }
    let most = of_class.iter().map(Vec::len).max().unwrap_or(0);
    let mut all = rows.to_vec();
    for (class, own) in of_class.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
        let mut stream = key.child(class as u64).stream();
        all.extend((own.len()..most).map(|_| own[stream.below(own.len())]));
    }
    all
}

//! Examples from one's own data: rows of inputs with rows of targets, or with classes.

use std::sync::Arc;

use crate::data::task::{ExampleSet, Examples, Loss, Problem, Series};
use crate::error::{Error, Result, at_least_one};

impl Examples {
    /// Examples to learn from: a row of inputs and a row of targets for each. All of them make a loss, which is the mean
    /// squared error, and nothing is kept for judging; see [`with_batch`](Self::with_batch), [`with_loss`](Self::with_loss) and
    /// [`with_test`](Self::with_test).
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if there are not as many rows of targets as of inputs, or rows differ in length;
    /// [`Error::InvalidParameter`] for no rows, empty ones, or a value that is NaN or infinite.
    ///
    /// # Example
    /// ```
    /// use tegmentum::data::task::Examples;
    ///
    /// let examples = Examples::from_rows(&[[0.0, 1.0], [1.0, 1.0]], &[[1.0], [0.0]])?;
    /// assert_eq!((examples.num_inputs, examples.num_outputs), (2, 1));
    /// assert!(Examples::from_rows(&[vec![0.0], vec![1.0, 2.0]], &[[1.0], [0.0]]).is_err());
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn from_rows<I: AsRef<[f32]>, T: AsRef<[f32]>>(inputs: &[I], targets: &[T]) -> Result<Self> {
        let (num_inputs, num_outputs) = (width(inputs), width(targets));
        Ok(Self {
            train: example_set(inputs, targets, (num_inputs, num_outputs))?,
            test: ExampleSet::default(),
            num_inputs,
            num_outputs,
            batch: None,
            loss: Loss::MeanSquaredError,
        })
    }

    /// Examples of `num_classes` classes, numbered from 0. The loss is the cross-entropy, for which a network's outputs are
    /// probabilities: softmax units, one for each class.
    ///
    /// # Errors
    /// Those of [`from_rows`](Self::from_rows); [`Error::InvalidParameter`] for fewer than two classes, or a class that is not
    /// below `num_classes`.
    ///
    /// # Example
    /// ```
    /// use tegmentum::data::task::Examples;
    ///
    /// let examples = Examples::from_classes(&[[0.2], [0.9]], &[0, 2], 3)?;
    /// assert_eq!(examples.train.targets, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn from_classes<I: AsRef<[f32]>>(inputs: &[I], classes: &[usize], num_classes: usize) -> Result<Self> {
        if num_classes < 2 {
            let requirement = "at least 2";
            return Err(Error::InvalidParameter { name: "num_classes", value: num_classes as f64, requirement });
        }
        if let Some(&class) = classes.iter().find(|&&class| class >= num_classes) {
            let requirement = "below the number of classes";
            return Err(Error::InvalidParameter { name: "a class", value: class as f64, requirement });
        }
        Ok(Self { loss: Loss::CrossEntropy, ..Self::from_rows(inputs, &one_hot(classes, num_classes))? })
    }

    /// The same with examples to be judged on, of the same sizes. A learner never sees them.
    ///
    /// # Errors
    /// Those of [`from_rows`](Self::from_rows); [`Error::ShapeMismatch`] for rows of another length than those to learn from.
    pub fn with_test<I: AsRef<[f32]>, T: AsRef<[f32]>>(self, inputs: &[I], targets: &[T]) -> Result<Self> {
        let test = example_set(inputs, targets, (self.num_inputs, self.num_outputs))?;
        Ok(Self { test, ..self })
    }

    /// The same with classes to be judged on.
    ///
    /// # Errors
    /// Those of [`with_test`](Self::with_test) and [`from_classes`](Self::from_classes).
    pub fn with_test_classes<I: AsRef<[f32]>>(self, inputs: &[I], classes: &[usize]) -> Result<Self> {
        let test = Self::from_classes(inputs, classes, self.num_outputs)?;
        let (expected, found) = (self.num_inputs, test.num_inputs);
        if expected != found {
            return Err(Error::ShapeMismatch { what: "values in a row of inputs", expected, found });
        }
        Ok(Self { test: test.train, ..self })
    }

    /// The same with `size` examples drawn (with replacement) for one loss.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a size of 0.
    pub fn with_batch(self, size: usize) -> Result<Self> {
        at_least_one("batch", size)?;
        Ok(Self { batch: Some(size), ..self })
    }

    /// The same with another loss.
    #[must_use]
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }
}

/// Values in the first row; 0 if there is none.
fn width<R: AsRef<[f32]>>(rows: &[R]) -> usize {
    rows.first().map_or(0, |row| row.as_ref().len())
}

/// A row for each example with a 1 at its class.
fn one_hot(classes: &[usize], num_classes: usize) -> Vec<Vec<f32>> {
    let row = |&class: &usize| (0..num_classes).map(|index| f32::from(u8::from(index == class))).collect();
    classes.iter().map(row).collect()
}

fn example_set<I: AsRef<[f32]>, T: AsRef<[f32]>>(
    inputs: &[I],
    targets: &[T],
    (num_inputs, num_outputs): (usize, usize),
) -> Result<ExampleSet> {
    at_least_one("rows of inputs", inputs.len())?;
    if inputs.len() != targets.len() {
        let (expected, found) = (inputs.len(), targets.len());
        return Err(Error::ShapeMismatch { what: "rows of targets", expected, found });
    }
    Ok(ExampleSet {
        inputs: flat(inputs, num_inputs, "inputs", "values in a row of inputs")?,
        targets: flat(targets, num_outputs, "targets", "values in a row of targets")?,
    })
}

/// Rows of `width` values, one after the other.
fn flat<R: AsRef<[f32]>>(rows: &[R], width: usize, name: &'static str, what: &'static str) -> Result<Vec<f32>> {
    at_least_one(what, width)?;
    let mut values = Vec::with_capacity(rows.len() * width);
    for row in rows.iter().map(AsRef::as_ref) {
        if row.len() != width {
            return Err(Error::ShapeMismatch { what, expected: width, found: row.len() });
        }
        values.extend_from_slice(row);
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(&value) => Err(Error::InvalidParameter { name, value: f64::from(value), requirement: "finite numbers" }),
        None => Ok(values),
    }
}

impl From<Examples> for Problem {
    fn from(examples: Examples) -> Self {
        Self::Examples(examples)
    }
}

impl From<Series> for Problem {
    fn from(series: Series) -> Self {
        Self::Series(series)
    }
}

impl From<Examples> for Arc<Problem> {
    fn from(examples: Examples) -> Self {
        Self::new(examples.into())
    }
}

impl From<Series> for Arc<Problem> {
    fn from(series: Series) -> Self {
        Self::new(series.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(inputs: &[Vec<f32>], targets: &[Vec<f32>]) -> String {
        Examples::from_rows(inputs, targets).unwrap_err().to_string()
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        assert_eq!(refused(&[], &[]), "rows of inputs = 0: must be at least 1");
        assert_eq!(refused(&[vec![1.0]], &[]), "rows of targets: expected 1 values, found 0");
        assert_eq!(refused(&[vec![]], &[vec![1.0]]), "values in a row of inputs = 0: must be at least 1");
        let ragged = refused(&[vec![1.0], vec![1.0, 2.0]], &[vec![1.0], vec![1.0]]);
        assert_eq!(ragged, "values in a row of inputs: expected 1 values, found 2");
        assert_eq!(refused(&[vec![f32::NAN]], &[vec![1.0]]), "inputs = NaN: must be finite numbers");
    }

    #[test]
    fn test_examples_have_the_sizes_of_those_to_learn_from() {
        let examples = Examples::from_rows(&[[1.0, 2.0]], &[[3.0]]).unwrap();
        assert_eq!(examples.test, ExampleSet::default());
        let judged = examples.clone().with_test(&[[4.0, 5.0], [6.0, 7.0]], &[[1.0], [2.0]]).unwrap();
        assert_eq!(judged.test.targets, [1.0, 2.0]);
        let other = examples.with_test(&[[4.0]], &[[1.0]]).unwrap_err().to_string();
        assert_eq!(other, "values in a row of inputs: expected 2 values, found 1");
        let classes = Examples::from_classes(&[[1.0]], &[1], 2).unwrap();
        assert_eq!(classes.with_test_classes(&[[0.0]], &[0]).unwrap().test.targets, [1.0, 0.0]);
        assert!(Examples::from_classes(&[[1.0]], &[2], 2).unwrap_err().to_string().contains("a class = 2"));
    }
}

//! How a learner of one task after another has done: what it still knows of the earlier ones.
//!
//! ```text
//!     A_ij  accuracy on task j after passage i of T            τ_i the task of passage i, f_j (l_j) the first (last) passage with task j
//!
//!     average accuracy     = mean_j A_Tj
//!     learning accuracy    = mean_j A_{f_j, j}
//!     forgetting           = mean_{j: l_j < T} ( max_{f_j ≤ i < T} A_ij − A_Tj )
//!     backward transfer    = mean_{j: l_j < T} ( A_Tj − A_{f_j, j} )
//!     forward transfer     = mean_{j: f_j > 1} ( A_{f_j − 1, j} − b_j )                  b_j accuracy before anything was learned
//!     least accuracy       = mean_{j: l_j < T} min_{f_j ≤ i ≤ T} A_ij
//!     worst-case accuracy  = A_{T, τ_T}/N + (1 − 1/N) · least accuracy                    N tasks
//! ```
//! All are shares. Where each task has one passage these are the formulas of the literature; a task that comes back counts from its first
//! passage on, and one that was on last has nothing to forget. The least accuracy is the least at the ends of passages: between them
//! nothing is looked at.
//!
//! References: D. Lopez-Paz, M. Ranzato, NeurIPS 2017 (matrix, average accuracy, backward and forward transfer); A. Chaudhry et al., ECCV
//! 2018 (forgetting, with the maximum over the passages before the last); M. De Lange, G. van de Ven, T. Tuytelaars, ICLR 2023,
//! arXiv:2205.13452 (worst-case accuracy).

/// Accuracies on all tasks after each passage.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::AccuracyMatrix;
///
/// let matrix = AccuracyMatrix { passages: vec![0, 1], before: vec![0.1, 0.1], rows: vec![vec![0.9, 0.2], vec![0.7, 0.8]] };
/// assert_eq!(matrix.average_accuracy(), 0.75);
/// assert!((matrix.forgetting() - 0.2).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccuracyMatrix {
    /// The task of each passage, by its column.
    pub passages: Vec<usize>,
    /// Accuracy on each task before anything was learned.
    pub before: Vec<f64>,
    /// Accuracy on each task after each passage: one row for each passage, one column for each task.
    pub rows: Vec<Vec<f64>>,
}

impl AccuracyMatrix {
    /// Mean accuracy on all tasks at the end. NaN, as all of the others, if the stream has not come to its end.
    pub fn average_accuracy(&self) -> f64 {
        self.last().map_or(f64::NAN, |last| mean(last.iter().copied()))
    }

    /// Mean accuracy on each task when its first passage was over.
    pub fn learning_accuracy(&self) -> f64 {
        self.mean_over(|_| true, |task, first, _| self.rows[first][task])
    }

    /// Mean of what was known of a task at best and is not known at the end; negative if more is known. 0 if there is one task.
    pub fn forgetting(&self) -> f64 {
        let end = self.passages.len().saturating_sub(1);
        let lost = |task: usize, first: usize, last: &[f64]| {
            let best = self.rows[first..end].iter().map(|row| row[task]).fold(f64::NEG_INFINITY, f64::max);
            best - last[task]
        };
        self.mean_over_earlier(lost)
    }

    /// Mean change of the accuracy on a task since its first passage was over.
    pub fn backward_transfer(&self) -> f64 {
        self.mean_over_earlier(|task, first, last| last[task] - self.rows[first][task])
    }

    /// Mean gain of accuracy on a task from what was learned before its first passage. NaN if there is one task.
    pub fn forward_transfer(&self) -> f64 {
        self.mean_over(|first| first > 0, |task, first, _| self.rows[first - 1][task] - self.before[task])
    }

    /// The worst-case accuracy: the last task as it is, the others at their least.
    pub fn worst_case_accuracy(&self) -> f64 {
        let (Some(last), Some(&task)) = (self.last(), self.passages.last()) else { return f64::NAN };
        let least = |task: usize, first: usize, _: &[f64]| {
            self.rows[first..].iter().map(|row| row[task]).fold(f64::INFINITY, f64::min)
        };
        let share = 1.0 / last.len() as f64;
        share * last[task] + (1.0 - share) * self.mean_over_earlier(least)
    }

    /// The last row, if every passage has one and every row every task.
    fn last(&self) -> Option<&[f64]> {
        let tasks = self.before.len();
        let is_whole = self.rows.len() == self.passages.len()
            && self.rows.iter().all(|row| row.len() == tasks)
            && self.passages.iter().all(|&task| task < tasks);
        self.rows.last().filter(|_| is_whole).map(Vec::as_slice)
    }

    /// The mean of a quantity over the tasks whose first passage is `among`; it is given task, first passage and last row.
    fn mean_over(&self, among: impl Fn(usize) -> bool, quantity: impl Fn(usize, usize, &[f64]) -> f64) -> f64 {
        let Some(last) = self.last() else { return f64::NAN };
        let first = |task| self.passages.iter().position(|&passage| passage == task);
        let tasks = (0..last.len()).filter_map(|task| Some((task, first(task)?)));
        mean(tasks.filter(|&(_, first)| among(first)).map(|(task, first)| quantity(task, first, last)))
    }

    /// The same over the tasks that were not on last; 0 if there is none.
    fn mean_over_earlier(&self, quantity: impl Fn(usize, usize, &[f64]) -> f64) -> f64 {
        let Some(last) = self.last() else { return f64::NAN };
        let end = self.passages.last().copied();
        let first = |task| self.passages.iter().position(|&passage| passage == task);
        let tasks = (0..last.len()).filter(|&task| Some(task) != end).filter_map(|task| Some((task, first(task)?)));
        let values: Vec<f64> = tasks.map(|(task, first)| quantity(task, first, last)).collect();
        if values.is_empty() { 0.0 } else { mean(values.into_iter()) }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    /// Worked out by hand.
    #[test]
    fn three_tasks_one_after_another() {
        let matrix = AccuracyMatrix {
            passages: vec![0, 1, 2],
            before: vec![0.1, 0.2, 0.1],
            rows: vec![vec![0.9, 0.3, 0.2], vec![0.5, 0.8, 0.4], vec![0.6, 0.7, 1.0]],
        };
        close(matrix.average_accuracy(), 2.3 / 3.0);
        close(matrix.learning_accuracy(), 0.9);
        close(matrix.forgetting(), 0.2);
        close(matrix.backward_transfer(), (-0.3 - 0.1) / 2.0);
        close(matrix.forward_transfer(), 0.2);
        close(matrix.worst_case_accuracy(), 1.0 / 3.0 + 2.0 / 3.0 * (0.5 + 0.7) / 2.0);
    }

    /// Computed with numpy from the definitions.
    #[test]
    fn agrees_with_numpy() {
        let rows: Vec<Vec<f64>> = (0..4)
            .map(|i: u32| {
                (0..4).map(|j: u32| f64::from((37 * i * i + 91 * j + 13 * i * j + 7) % 100) / 100.0).collect()
            })
            .collect();
        let matrix = AccuracyMatrix { passages: vec![0, 1, 2, 3], before: vec![0.0; 4], rows };
        close(matrix.average_accuracy(), 0.35);
        close(matrix.backward_transfer(), -0.113_333_333_333_333_33);
        close(matrix.forgetting(), 0.353_333_333_333_333_33);
        close(matrix.learning_accuracy(), 0.435);
    }

    #[test]
    fn a_task_that_comes_back_counts_from_its_first_passage_on() {
        let matrix = AccuracyMatrix {
            passages: vec![0, 1, 0],
            before: vec![0.5, 0.5],
            rows: vec![vec![0.8, 0.5], vec![0.6, 0.9], vec![0.9, 0.7]],
        };
        // Task 0 is on at the end: task 1 alone can be forgotten.
        close(matrix.forgetting(), 0.2);
        close(matrix.backward_transfer(), -0.2);
        close(matrix.worst_case_accuracy(), 0.45 + 0.35);
        close(matrix.forward_transfer(), 0.0);
    }

    #[test]
    fn one_task_forgets_nothing_and_half_a_stream_has_no_score() {
        let one = AccuracyMatrix { passages: vec![0], before: vec![0.1], rows: vec![vec![0.7]] };
        close(one.forgetting(), 0.0);
        close(one.worst_case_accuracy(), 0.7);
        assert!(one.forward_transfer().is_nan());
        let half = AccuracyMatrix { passages: vec![0, 1], before: vec![0.1; 2], rows: vec![vec![0.7, 0.1]] };
        for score in [half.average_accuracy(), half.forgetting(), half.worst_case_accuracy(), half.learning_accuracy()]
        {
            assert!(score.is_nan());
        }
    }
}

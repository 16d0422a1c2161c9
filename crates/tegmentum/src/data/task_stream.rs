//! Streams of tasks: examples of one task after another, batch by batch, and nobody is told which task is on.
//!
//! ```text
//!     passage in force at a batch  = the last one whose beginning is at most the evaluations spent so far
//!     at a distance u < w from its beginning (its end) an example comes from the passage before (after) with probability
//!         ½ (1 − u/w)                               w = blur · length of the passage
//!     with probability q (label noise) its class is one of all classes, drawn anew
//! ```
//! u, w `[evaluations]`. The rule for the passage is that of [`Stream`](crate::learning::stream::Stream): a learner that spends more
//! evaluations on a batch sees fewer batches, so that all learners of a stream have equal forward passes. Examples are drawn with
//! replacement from the training part of their task; all of a batch follows from its key.
//!
//! A task may come back: a passage names its task, and several may name the same one.
//!
//! Reference for streams whose boundaries are blurred: R. Aljundi, K. Kelchtermans, T. Tuytelaars, CVPR 2019, 11254–11263
//! (task-free continual learning); the linear form is ours.

use crate::data::task::Examples;
use crate::error::{Error, Result, at_least_one, fraction};
use crate::random::{Key, Stream};

/// A stretch of a stream with one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passage {
    /// Its task, by its place among the stream's.
    pub task: usize,
    /// Its length, in evaluations.
    pub length: u64,
    /// Share of the examples whose class is drawn anew.
    pub label_noise: f64,
}

/// A batch of classified examples.
///
/// # Example
/// ```
/// let batch = tegmentum::data::task_stream::LabelledBatch { inputs: vec![0.0, 1.0, 1.0, 0.0], classes: vec![1, 0] };
/// assert_eq!(batch.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledBatch {
    /// One row of inputs for each example: [batch × inputs].
    pub inputs: Vec<f32>,
    /// The class of each example, from 0.
    pub classes: Vec<usize>,
}

crate::archived!(LabelledBatch { inputs, classes });

impl LabelledBatch {
    /// Examples in it.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Takes the examples out; the room is kept.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.classes.clear();
    }
}

/// A stream of tasks.
///
/// # Example
/// ```
/// use tegmentum::data::task::Examples;
/// use tegmentum::data::task_stream::{LabelledBatch, Passage, TaskStream};
/// use tegmentum::random::Key;
///
/// let task = |value: f32, class| Examples::from_classes(&[[value]], &[class], 2);
/// let passage = |task| Passage { task, length: 30, label_noise: 0.0 };
/// let stream = TaskStream::new(vec![task(0.0, 0)?, task(1.0, 1)?], &[passage(0), passage(1)], 4, 0.0)?;
/// let mut batch = LabelledBatch::default();
/// stream.draw(30, Key::from_seed(1), &mut batch);
/// assert_eq!((batch.inputs, batch.classes), (vec![1.0; 4], vec![1; 4]));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TaskStream {
    tasks: Vec<Examples>,
    /// The class of each training example of each task.
    classes: Vec<Vec<usize>>,
    passages: Vec<Passage>,
    /// Evaluations spent when each passage is over.
    ends: Vec<u64>,
    batch: usize,
    blur: f64,
}

impl TaskStream {
    /// A stream of `passages` through `tasks` in batches of `batch` examples, with boundaries that are blurred over the share `blur` of
    /// each passage.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if there is no passage or one names no task, [`Error::ShapeMismatch`] if tasks differ in size,
    /// [`Error::InvalidParameter`] for an empty batch or task, a passage of no length, a task whose targets are not classes, and
    /// shares outside `[0, 1]`.
    pub fn new(tasks: Vec<Examples>, passages: &[Passage], batch: usize, blur: f64) -> Result<Self> {
        at_least_one("stream.batch", batch)?;
        fraction("stream.blur", blur)?;
        if passages.is_empty() || passages.iter().any(|passage| passage.task >= tasks.len()) {
            return Err(Error::Incompatible {
                what: "a stream of tasks".to_owned(),
                with: format!("{} tasks and {} passages", tasks.len(), passages.len()),
                reason: "it needs at least one passage, and each must name one of the tasks".to_owned(),
            });
        }
        let mut end = 0u64;
        let mut ends = Vec::with_capacity(passages.len());
        for passage in passages {
            fraction("label_noise", passage.label_noise)?;
            at_least_one("the length of a passage", usize::try_from(passage.length).unwrap_or(usize::MAX))?;
            end = end.saturating_add(passage.length);
            ends.push(end);
        }
        for task in &tasks {
            let sizes = [
                ("inputs of a task", tasks[0].num_inputs, task.num_inputs),
                ("outputs of a task", tasks[0].num_outputs, task.num_outputs),
            ];
            for (what, expected, found) in sizes {
                if expected != found {
                    return Err(Error::ShapeMismatch { what, expected, found });
                }
            }
            at_least_one("examples of a task", task.train.targets.len())?;
        }
        let classes =
            tasks.iter().map(|task| classes_of(&task.train.targets, task.num_outputs)).collect::<Result<_>>()?;
        Ok(Self { tasks, classes, passages: passages.to_vec(), ends, batch, blur })
    }

    /// The tasks.
    pub fn tasks(&self) -> &[Examples] {
        &self.tasks
    }

    /// The passages.
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// Inputs of an example.
    pub fn num_inputs(&self) -> usize {
        self.tasks[0].num_inputs
    }

    /// Classes.
    pub fn num_classes(&self) -> usize {
        self.tasks[0].num_outputs
    }

    /// Examples of a batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Evaluations of the whole stream.
    pub fn length(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Evaluations spent when each passage is over.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// The passage in force after so many evaluations; the last one when all are over.
    pub fn passage_at(&self, spent: u64) -> usize {
        self.ends.partition_point(|&end| end <= spent).min(self.ends.len() - 1)
    }

    /// The batch after so many evaluations.
    pub fn draw(&self, spent: u64, key: Key, batch: &mut LabelledBatch) {
        let passage = self.passage_at(spent);
        let mut stream = key.stream();
        batch.clear();
        for _ in 0..self.batch {
            let from = self.source(passage, spent, &mut stream);
            self.take(from, &mut stream, batch);
        }
    }

    /// A batch of examples of all passages at once, each as likely as its share of the stream: what a learner sees that is told all tasks
    /// together.
    pub fn draw_jointly(&self, key: Key, batch: &mut LabelledBatch) {
        let mut stream = key.stream();
        batch.clear();
        for _ in 0..self.batch {
            let at = (stream.uniform() * self.length() as f64) as u64;
            self.take(self.passage_at(at), &mut stream, batch);
        }
    }

    /// The passage that an example comes from.
    fn source(&self, passage: usize, spent: u64, stream: &mut Stream) -> usize {
        let length = self.passages[passage].length;
        let width = self.blur * length as f64;
        if width == 0.0 {
            return passage;
        }
        let left = self.ends[passage].saturating_sub(spent).min(length);
        let neighbours = [(passage.checked_sub(1), length - left), (Some(passage + 1), left.saturating_sub(1))];
        let mut from = passage;
        for (neighbour, distance) in neighbours {
            let chance = 0.5 * (1.0 - distance as f64 / width);
            if let Some(neighbour) = neighbour.filter(|&neighbour| neighbour < self.passages.len())
                && chance > 0.0
                && stream.uniform() < chance
            {
                from = neighbour;
            }
        }
        from
    }

    /// Takes in one example of a passage.
    fn take(&self, passage: usize, stream: &mut Stream, batch: &mut LabelledBatch) {
        let Passage { task, label_noise, .. } = self.passages[passage];
        let (examples, classes) = (&self.tasks[task], &self.classes[task]);
        let index = stream.below(classes.len());
        let row = index * examples.num_inputs..(index + 1) * examples.num_inputs;
        batch.inputs.extend_from_slice(&examples.train.inputs[row]);
        let is_noise = label_noise > 0.0 && stream.uniform() < label_noise;
        batch.classes.push(if is_noise { stream.below(examples.num_outputs) } else { classes[index] });
    }
}

/// The class of each row of one-hot targets.
///
/// # Errors
/// [`Error::InvalidParameter`] if a row is not one-hot.
pub fn classes_of(targets: &[f32], num_classes: usize) -> Result<Vec<usize>> {
    at_least_one("classes", num_classes)?;
    let class = |row: &[f32]| {
        let is_one_hot = row.iter().filter(|&&value| value == 1.0).count() == 1 && row.iter().sum::<f32>() == 1.0;
        row.iter().position(|&value| value == 1.0 && is_one_hot && num_classes > 1).ok_or(Error::InvalidParameter {
            name: "targets",
            value: f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
            requirement: "classes of at least two: one 1 in a row of zeros",
        })
    };
    targets.chunks(num_classes).map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Task t has one example, whose input is t and whose class is t.
    fn stream(blur: f64, noise: f64) -> TaskStream {
        let task = |t: usize| Examples::from_classes(&[[t as f32]], &[t], 3).unwrap();
        let passage = |task| Passage { task, length: 100, label_noise: noise };
        TaskStream::new((0..3).map(task).collect(), &[0, 1, 2, 0].map(passage), 8, blur).unwrap()
    }

    fn share(stream: &TaskStream, spent: u64, task: f32) -> f64 {
        let mut batch = LabelledBatch::default();
        let mut count = 0;
        for key in 0..2000 {
            stream.draw(spent, Key::from_seed(key), &mut batch);
            count += batch.inputs.iter().filter(|&&input| input == task).count();
        }
        count as f64 / 16_000.0
    }

    #[test]
    fn an_abrupt_stream_has_one_task_at_a_time_and_a_task_comes_back() {
        let stream = stream(0.0, 0.0);
        for (spent, task) in [(0, 0.0), (99, 0.0), (100, 1.0), (299, 2.0), (300, 0.0), (1_000_000, 0.0)] {
            assert_eq!(share(&stream, spent, task), 1.0, "{spent}");
        }
        assert_eq!((stream.length(), stream.passage_at(399)), (400, 3));
    }

    #[test]
    fn a_blurred_boundary_has_the_stated_probabilities() {
        let stream = stream(0.25, 0.0);
        // At the boundary one half, ten evaluations later ½ (1 − 10/25) = 0.3, beyond 25 nothing.
        for (spent, expected) in [(100, 0.5), (110, 0.3), (125, 0.0), (150, 0.0)] {
            let found = share(&stream, spent, 0.0);
            assert!((found - expected).abs() < 0.015, "{spent}: {found} {expected}");
        }
        let before = share(&stream, 89, 1.0);
        assert!((before - 0.3).abs() < 0.015, "{before}");
        assert_eq!(share(&stream, 0, 0.0), 1.0, "there is nothing before the first passage");
        assert_eq!(share(&stream, 399, 0.0), 1.0, "nor after the last");
    }

    #[test]
    fn label_noise_redraws_the_stated_share_of_classes() {
        let stream = stream(0.0, 0.6);
        let mut batch = LabelledBatch::default();
        let mut wrong = 0;
        for key in 0..2000 {
            stream.draw(0, Key::from_seed(key), &mut batch);
            wrong += batch.classes.iter().filter(|&&class| class != 0).count();
        }
        let found = f64::from(wrong as u32) / 16_000.0;
        assert!((found - 0.4).abs() < 0.015, "two thirds of 0.6 are another class: {found}");
    }

    #[test]
    fn all_passages_at_once_have_their_shares() {
        let stream = stream(0.0, 0.0);
        let (mut batch, mut counts) = (LabelledBatch::default(), [0.0_f64; 3]);
        for key in 0..2000 {
            stream.draw_jointly(Key::from_seed(key), &mut batch);
            batch.classes.iter().for_each(|&class| counts[class] += 1.0 / 16_000.0);
        }
        for (found, expected) in counts.into_iter().zip([0.5, 0.25, 0.25]) {
            assert!((found - expected).abs() < 0.015, "{counts:?}");
        }
    }

    #[test]
    fn streams_that_cannot_be_are_refused() {
        let tasks = || vec![Examples::from_classes(&[[0.0]], &[0], 2).unwrap()];
        let passage = Passage { task: 0, length: 10, label_noise: 0.0 };
        let refused = |tasks, passages: &[Passage], batch, blur| {
            TaskStream::new(tasks, passages, batch, blur).unwrap_err().to_string()
        };
        assert!(refused(tasks(), &[], 1, 0.0).contains("at least one passage"));
        assert!(refused(tasks(), &[Passage { task: 1, ..passage }], 1, 0.0).contains("name one of the tasks"));
        assert_eq!(refused(tasks(), &[passage], 0, 0.0), "stream.batch = 0: must be at least 1");
        assert!(refused(tasks(), &[passage], 1, 1.5).starts_with("stream.blur = 1.5"));
        assert!(
            refused(tasks(), &[Passage { label_noise: -0.1, ..passage }], 1, 0.0).starts_with("label_noise = -0.1")
        );
        let numbers = vec![Examples::from_rows(&[[0.0]], &[[0.3, 0.2]]).unwrap()];
        assert!(refused(numbers, &[passage], 1, 0.0).contains("one 1 in a row of zeros"));
        let mut two = tasks();
        two.push(Examples::from_classes(&[[0.0]], &[0], 3).unwrap());
        assert!(refused(two, &[passage], 1, 0.0).contains("outputs of a task"));
    }
}

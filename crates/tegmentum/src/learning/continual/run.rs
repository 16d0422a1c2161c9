//! A learner on its way through a stream of tasks.

use crate::archived;
use crate::data::task_stream::{LabelledBatch, TaskStream};
use crate::error::Result;
use crate::learning::continual::{ContinualLearner, Observed, Told};
use crate::random::Key;

/// Where a run is; the loop is the caller's.
///
/// Update u draws its batch from child u of the key, in the passage that is in force after the evaluations spent so far. A learner that is
/// told of tasks is told before the first batch of each passage.
///
/// # Example
/// ```
/// use tegmentum::data::task::Examples;
/// use tegmentum::data::task_stream::{Passage, TaskStream};
/// use tegmentum::learning::continual::ContinualRun;
/// use tegmentum::learning::continual::learners::ContinualConfig;
/// use tegmentum::random::Key;
///
/// let task = Examples::from_classes(&[[0.0], [1.0]], &[0, 1], 2)?;
/// let stream = TaskStream::new(vec![task], &[Passage { task: 0, length: 300, label_noise: 0.0 }], 4, 0.0)?;
/// let mut learner = ContinualConfig::from_name("nearest_class_mean")?.build(1, 2, Key::from_seed(1))?;
/// let mut run = ContinualRun::new(Key::from_seed(2));
/// while run.spent() < stream.length() {
///     run.update(&mut *learner, &stream)?;
/// }
/// assert_eq!(learner.predict(&[0.1, 0.9], 0), [0, 1]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContinualRun {
    key: Key,
    updates: u64,
    spent: u64,
    entered: Option<usize>,
    batch: LabelledBatch,
}

archived!(ContinualRun { updates, spent, entered } fixed { key, batch });

impl ContinualRun {
    /// A run at its beginning; batches follow from `key`.
    pub fn new(key: Key) -> Self {
        Self { key, updates: 0, spent: 0, entered: None, batch: LabelledBatch::default() }
    }

    /// Forward-equivalents spent so far.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Updates made so far.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// One update.
    ///
    /// # Errors
    /// Those of the learner.
    pub fn update(&mut self, learner: &mut dyn ContinualLearner, stream: &TaskStream) -> Result<Observed> {
        self.update_after(learner, stream, |_, _| ())
    }

    /// One update, after `look` has seen the learner and the batch that it is about to learn from: for scores that need no boundaries.
    ///
    /// # Errors
    /// Those of the learner.
    pub fn update_after(
        &mut self,
        learner: &mut dyn ContinualLearner,
        stream: &TaskStream,
        look: impl FnOnce(&dyn ContinualLearner, &LabelledBatch),
    ) -> Result<Observed> {
        let passage = stream.passage_at(self.spent);
        let mut evaluations = 0;
        if matches!(learner.told(), Told::Boundaries | Told::Tasks) && self.entered != Some(passage) {
            evaluations = learner.enter(stream.passages()[passage].task)?;
            self.entered = Some(passage);
        }
        let key = self.key.child(self.updates);
        if learner.told() == Told::Everything {
            stream.draw_jointly(key, &mut self.batch);
        } else {
            stream.draw(self.spent, key, &mut self.batch);
        }
        look(learner, &self.batch);
        let observed = learner.observe(&self.batch)?;
        let observed = Observed { evaluations: observed.evaluations + evaluations, ..observed };
        self.updates += 1;
        self.spent += observed.evaluations;
        Ok(observed)
    }
}

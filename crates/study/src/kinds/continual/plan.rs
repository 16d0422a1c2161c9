//! The tasks of a seed, and when they are looked at.

use crate::config::{Arm, StudyConfig};
use tegmentum::data::task::{Examples, Problem};
use tegmentum::data::task_stream::{Passage, TaskStream, classes_of};
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::learning::continual::ContinualLearner;
use tegmentum::random::Key;

/// Looks within a phase, as parts of its length from its beginning: one after few updates, for what is lost at once.
const LOOKS: [u64; 5] = [128, 32, 8, 2, 1];

/// The tasks of a study in the order in which they come, and the task of each phase.
pub(super) fn distinct(study: &StudyConfig) -> Vec<&TaskConfig> {
    let mut tasks: Vec<&TaskConfig> = Vec::new();
    for phase in &study.phase {
        if !tasks.contains(&&phase.task) {
            tasks.push(&phase.task);
        }
    }
    tasks
}

/// The names of the tasks: that of the first phase with each.
pub(super) fn names(study: &StudyConfig) -> Vec<String> {
    let name = |(index, task): (usize, &&TaskConfig)| {
        let named = study.phase.iter().find(|phase| phase.task == **task).and_then(|phase| phase.name.clone());
        named.unwrap_or_else(|| format!("task {}", index + 1))
    };
    distinct(study).iter().enumerate().map(name).collect()
}

/// A stream of tasks and their test parts.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) stream: TaskStream,
    /// The classes of the test part of each task.
    tests: Vec<Vec<usize>>,
    /// Evaluations at which the run is looked at, with the phase that is then on or over.
    pub(super) looks: Vec<(u64, usize)>,
}

impl Course {
    /// The stream of a seed.
    ///
    /// # Errors
    /// If a task cannot be built or is a series, has no test part or other sizes than the first.
    pub(super) fn new(study: &StudyConfig, seed: u64) -> Result<Self> {
        let wrong = |problem: String| Error::Study { origin: study.name.clone(), problem };
        let tasks = distinct(study);
        let key = Key::from_seed(seed).child(3);
        let examples = |task: &&TaskConfig| -> Result<Examples> {
            match task.build()?.problem(key)? {
                Problem::Examples(examples) => Ok(examples),
                Problem::Series(_) => {
                    let name = task.description().name;
                    Err(wrong(format!("task {name}: is a series; tasks that follow one another have classes")))
                }
            }
        };
        let examples: Vec<Examples> = tasks.iter().map(examples).collect::<Result<_>>()?;
        let passages = study.phase.iter().map(|phase| Passage {
            task: tasks.iter().position(|task| **task == phase.task).unwrap_or(0),
            length: phase.budget,
            label_noise: phase.label_noise,
        });
        let passages: Vec<Passage> = passages.collect();
        let of_test = |task: &Examples| classes_of(&task.test.targets, task.num_outputs);
        let tests: Vec<Vec<usize>> = examples.iter().map(of_test).collect::<Result<_>>()?;
        if let Some(place) = tests.iter().position(Vec::is_empty) {
            return Err(wrong(format!("task {}: has no test part to be judged on", place + 1)));
        }
        let how = study.stream.unwrap_or_default();
        let stream = TaskStream::new(examples, &passages, how.batch, how.blur)?;
        let looks = looks(&stream);
        Ok(Self { stream, tests, looks })
    }

    /// The learner of an arm, for a seed.
    ///
    /// # Errors
    /// If the arm's settings are out of range.
    pub(super) fn learner(&self, arm: &Arm, seed: u64) -> Result<Box<dyn ContinualLearner>> {
        let Some(learner) = &arm.continual else {
            let problem = "has no [arm.continual.…]".to_owned();
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem });
        };
        learner.build(self.stream.num_inputs(), self.stream.num_classes(), Key::from_seed(seed).child(1))
    }

    /// The accuracy on the test part of each task.
    pub(super) fn accuracies(&self, learner: &dyn ContinualLearner) -> Vec<f64> {
        let one = |(task, (examples, classes)): (usize, (&Examples, &Vec<usize>))| {
            share_right(&learner.predict(&examples.test.inputs, task), classes)
        };
        self.stream.tasks().iter().zip(&self.tests).enumerate().map(one).collect()
    }

    /// Which tasks have begun in phase `phase`.
    pub(super) fn begun(&self, phase: usize) -> Vec<usize> {
        let mut begun = Vec::new();
        for passage in &self.stream.passages()[..=phase] {
            if !begun.contains(&passage.task) {
                begun.push(passage.task);
            }
        }
        begun
    }
}

/// The share of the classes that were found.
pub(super) fn share_right(found: &[usize], classes: &[usize]) -> f64 {
    found.iter().zip(classes).filter(|(a, b)| a == b).count() as f64 / classes.len() as f64
}

fn looks(stream: &TaskStream) -> Vec<(u64, usize)> {
    let mut looks = Vec::new();
    let mut begin = 0;
    for (phase, &end) in stream.ends().iter().enumerate() {
        let at = LOOKS.map(|part| begin + ((end - begin) / part).max(1));
        let mut own: Vec<u64> = at.into_iter().filter(|&at| at < end).chain([end]).collect();
        own.dedup();
        looks.extend(own.into_iter().map(|at| (at, phase)));
        begin = end;
    }
    looks
}

//! The two tasks of a study, and the weights that have learned the first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Arm, Setting, StudyConfig};
use crate::kinds::compare::prepared::{MAX_PRETRAINING, PreparedSetting, pretrained};
use tegmentum::data::task::Problem;
use tegmentum::data::task_stream::{Passage, TaskStream, classes_of};
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::continual::ContinualLearner;
use tegmentum::learning::gradient::FORWARD_EQUIVALENTS;
use tegmentum::random::Key;

/// Evaluations between two looks at the target, at least.
const LEAST_INTERVAL: u64 = 20;
/// Parts of the evaluations so far that lie between two looks.
const RESOLUTION: u64 = 100;

/// The evaluations at which to look again: a hundredth later, 20 at least.
pub(super) fn next_look(evaluations: u64) -> u64 {
    evaluations + (evaluations / RESOLUTION).max(LEAST_INTERVAL)
}

/// The evaluations of the next point of a curve: a quarter later.
pub(super) fn next_point(evaluations: u64) -> u64 {
    evaluations + (evaluations / 4).max(LEAST_INTERVAL)
}

/// Weights that have learned A, and what they were like then.
#[derive(Debug)]
pub(super) struct Learned {
    /// w_A, `[P]`.
    pub(super) parameters: Vec<f32>,
    /// The first metric on A.
    pub(super) on_a: f64,
}

/// The two tasks made ready.
pub(super) struct Course {
    /// A.
    pub(super) first: Arc<Problem>,
    /// B with the network, and learners on it.
    pub(super) second: PreparedSetting,
    /// Level of the first metric on B.
    pub(super) target: f64,
    /// Evaluations of B at most.
    pub(super) budget: u64,
    /// Updates of Adam on A.
    updates: u64,
    metric: Metric,
    /// Both tasks for a learner of tasks that follow one another, if an arm is one; with the classes of their test parts.
    stream: Option<(TaskStream, [Vec<usize>; 2])>,
    /// What was learned of A, by seed. It is the same whoever asks first.
    learned: Mutex<BTreeMap<u64, Arc<Learned>>>,
}

impl Course {
    /// The course of a study that was checked.
    ///
    /// # Errors
    /// If a task or the network cannot be built, the tasks have other sizes than one another, or a metric does not fit.
    pub(super) fn new(study: &StudyConfig) -> Result<Self> {
        let wrong = |problem: String| Error::Study { origin: study.name.clone(), problem };
        let (Some(network), [a, b], Some(&metric)) = (&study.network, &study.phase[..], study.metrics.first()) else {
            return Err(wrong("forgetting needs a network, two phases and a metric".to_owned()));
        };
        let first = Arc::new(a.task.build()?.problem(Key::from_seed(0))?);
        let setting = Setting {
            name: study.name.clone(),
            task: b.task.clone(),
            network: network.clone(),
            budget: Some(b.budget),
            rounding: None,
            pretrained: None,
        };
        let second = PreparedSetting::new(study, &setting)?;
        let sizes = |problem: &Problem| (problem.num_inputs(), problem.num_outputs());
        let (own, other) = (sizes(&first), sizes(&second.problem));
        if own != other {
            return Err(wrong(format!(
                "phase 2 has {} inputs and {} outputs, phase 1 {} and {}: one network must do for both",
                other.0, other.1, own.0, own.1
            )));
        }
        study.metrics.iter().try_for_each(|metric| metric.check(&first))?;
        let updates = a.budget / FORWARD_EQUIVALENTS;
        if updates > MAX_PRETRAINING {
            return Err(wrong(format!("phase 1: budget = {}: at most {MAX_PRETRAINING} updates of 3", a.budget)));
        }
        let has_tasks = study.arm.iter().any(|arm| arm.continual.is_some());
        let stream = if has_tasks { Some(stream(study, &first, &second.problem)?) } else { None };
        let (target, budget) = (b.target.unwrap_or(f64::NAN), b.budget);
        Ok(Self { first, second, target, budget, updates, metric, stream, learned: Mutex::default() })
    }

    /// Builds an arm once.
    ///
    /// # Errors
    /// If its settings are out of range or do not fit; for an arm that is told tasks or boundaries, or sees both at once.
    pub(super) fn check(&self, arm: &Arm, seed: u64) -> Result<()> {
        if arm.continual.is_some() {
            return self.continual(arm, seed).map(|_| ());
        }
        let start = self.second.network.initialise(Key::from_seed(seed).child(0));
        self.second.learner_from((self.second.objective(arm), start), arm, seed).map(|_| ())
    }

    /// The learner of tasks that follow one another of an arm.
    ///
    /// # Errors
    /// If its settings are out of range.
    pub(super) fn continual(&self, arm: &Arm, seed: u64) -> Result<Box<dyn ContinualLearner>> {
        let (Some(learner), Some((stream, _))) = (&arm.continual, &self.stream) else {
            let problem = "has no [arm.continual.…]".to_owned();
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem });
        };
        learner.build(stream.num_inputs(), stream.num_classes(), Key::from_seed(seed).child(1))
    }

    /// Both tasks, one after the other.
    pub(super) fn stream(&self) -> Option<&TaskStream> {
        self.stream.as_ref().map(|(stream, _)| stream)
    }

    /// The first metric of a learner of tasks on the test part of task `task`: its accuracy or its error rate.
    pub(super) fn judge(&self, learner: &dyn ContinualLearner, task: usize) -> f64 {
        let Some((stream, classes)) = &self.stream else { return f64::NAN };
        let found = learner.predict(&stream.tasks()[task].test.inputs, task);
        let right = found.iter().zip(&classes[task]).filter(|(a, b)| a == b).count() as f64;
        let accuracy = right / classes[task].len() as f64;
        if self.metric == Metric::Accuracy { accuracy } else { 1.0 - accuracy }
    }

    /// Whether a value of the first metric passes the target.
    pub(super) fn passes(&self, value: f64) -> bool {
        if self.metric.larger_is_better() { value >= self.target } else { value <= self.target }
    }

    /// How much worse the first metric on A has become.
    pub(super) fn rise(&self, before: f64, after: f64) -> f64 {
        if self.metric.larger_is_better() { before - after } else { after - before }
    }

    /// The weights of a seed that have learned A. The seed's key has the children that it has in a comparison: 0 draws the first
    /// parameters, 4 the batches of A.
    ///
    /// # Errors
    /// If the network has no gradient for A, or a parameter became NaN or infinite.
    pub(super) fn learned(&self, seed: u64) -> Result<Arc<Learned>> {
        let kept = || self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(learned) = kept().get(&seed) {
            return Ok(Arc::clone(learned));
        }
        let (key, network) = (Key::from_seed(seed), &self.second.network);
        let start = network.initialise(key.child(0));
        let parameters = pretrained((network, &self.first), start, self.updates, key.child(4))?;
        let on_a = Evaluator::new(Arc::clone(network), Arc::clone(&self.first)).measure(self.metric, &parameters)?;
        let learned = Arc::new(Learned { parameters, on_a });
        kept().insert(seed, Arc::clone(&learned));
        Ok(learned)
    }
}

/// Both tasks as a stream, with the classes of their test parts.
fn stream(study: &StudyConfig, a: &Problem, b: &Problem) -> Result<(TaskStream, [Vec<usize>; 2])> {
    let (Problem::Examples(a), Problem::Examples(b)) = (a, b) else {
        let problem = "a series has no classes: leave out arms with [arm.continual.…]".to_owned();
        return Err(Error::Study { origin: study.name.clone(), problem });
    };
    let length = |phase: usize| study.phase[phase].budget;
    let passage = |task: usize| Passage { task, length: length(task), label_noise: 0.0 };
    let batch = study.stream.unwrap_or_default().batch;
    let classes = [classes_of(&a.test.targets, a.num_outputs)?, classes_of(&b.test.targets, b.num_outputs)?];
    let stream = TaskStream::new(vec![a.clone(), b.clone()], &[passage(0), passage(1)], batch, 0.0)?;
    Ok((stream, classes))
}

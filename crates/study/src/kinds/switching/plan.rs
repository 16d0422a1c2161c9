//! The course of a stream: its phases, when they begin, and the worlds on the way from one to the next.

use std::sync::Arc;

use crate::config::{Arm, Phase, StudyConfig};
use tegmentum::data::task::Problem;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::learning::stream::{Stream, StreamLearner, blend};
use tegmentum::model::network::Network;
use tegmentum::model::objective::Objective;
use tegmentum::random::Key;

/// Worlds on the way from one task to the next.
const DRIFT_STEPS: u64 = 16;

/// A phase as it is judged.
#[derive(Clone, Debug)]
pub(crate) struct PhasePlan {
    /// Its name.
    pub(crate) name: String,
    /// Evaluations spent before it.
    pub(crate) begins: u64,
    /// Evaluations spent when its task is in force wholly.
    pub(crate) settles: u64,
    /// Evaluations spent when it is over.
    pub(crate) ends: u64,
    /// The level of the first metric to be reached.
    pub(crate) target: f64,
    /// The first phase with the same task, if that was an earlier one.
    pub(crate) returns_to: Option<usize>,
}

impl PhasePlan {
    /// Its evaluations.
    pub(crate) fn length(&self) -> u64 {
        self.ends - self.begins
    }
}

/// A network and the phases that it goes through.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) phases: Vec<PhasePlan>,
    /// What each phase is judged on.
    pub(crate) problems: Vec<Arc<Problem>>,
    stream: Stream,
}

impl Course {
    /// The course of a study.
    ///
    /// # Errors
    /// If a task or the network cannot be built, or a phase has other sizes than the first, or a drift has no way between
    /// its two tasks.
    pub(crate) fn new(study: &StudyConfig) -> Result<Self> {
        let wrong = |problem: String| Error::Study { origin: study.name.clone(), problem };
        let (Some(network), false) = (&study.network, study.phase.is_empty()) else {
            return Err(wrong("a stream needs a network and phases".to_owned()));
        };
        let phases = plans(study);
        let problems: Vec<Arc<Problem>> =
            study.phase.iter().map(|phase| problem(&phase.task)).collect::<Result<_>>()?;
        let sizes = |problem: &Problem| (problem.num_inputs(), problem.num_outputs());
        for (plan, problem) in phases.iter().zip(&problems) {
            let (first, own) = (sizes(&problems[0]), sizes(problem));
            if own != first {
                let (name, other) = (&plan.name, &phases[0].name);
                return Err(wrong(format!(
                    "phase {name:?} has {} inputs and {} outputs, phase {other:?} {} and {}: one network must do for all",
                    own.0, own.1, first.0, first.1
                )));
            }
            for metric in &study.metrics {
                metric.check(problem)?;
            }
        }
        let mut worlds = Vec::new();
        for (index, plan) in phases.iter().enumerate() {
            if plan.settles > plan.begins {
                let (old, new) = (&study.phase[index - 1], &study.phase[index]);
                for step in 0..DRIFT_STEPS {
                    let share = (step + 1) as f64 / (DRIFT_STEPS + 1) as f64;
                    let begins = plan.begins + (plan.settles - plan.begins) * step / DRIFT_STEPS;
                    let between = between((old, &problems[index - 1]), (new, &problems[index]), share)
                        .ok_or_else(|| wrong(no_way(&plan.name)))??;
                    worlds.push((begins, between));
                }
            }
            worlds.push((plan.settles, Arc::clone(&problems[index])));
        }
        // A drift of fewer evaluations than steps has several worlds that begin at once; the last one counts.
        let mut distinct: Vec<(u64, Arc<Problem>)> = Vec::with_capacity(worlds.len());
        for world in worlds {
            if distinct.last().is_some_and(|last| last.0 == world.0) {
                distinct.pop();
            }
            distinct.push(world);
        }
        let (inputs, outputs) = sizes(&problems[0]);
        let network: Arc<dyn Network> = Arc::from(network.build_with(study.numerics, inputs, outputs)?);
        Ok(Self { phases, problems, stream: Stream::new(network, distinct)? })
    }

    /// Evaluations of a run.
    pub(crate) fn budget(&self) -> u64 {
        self.phases.last().map_or(0, |phase| phase.ends)
    }

    /// The network.
    pub(crate) fn network(&self) -> &Arc<dyn Network> {
        self.stream.network()
    }

    /// The objective of each world on the way.
    pub(crate) fn objectives(&self) -> Vec<&dyn Objective> {
        self.stream.objectives()
    }

    /// The phase that is under way after so many evaluations.
    pub(crate) fn phase_at(&self, evaluations: u64) -> usize {
        self.phases.partition_point(|phase| phase.begins <= evaluations) - 1
    }

    /// The learner of an arm in this course, for a seed; a black-box optimizer is told the losses of `objectives`, one for each world.
    /// First parameters and directions are those that the same arm has in a comparison.
    ///
    /// # Errors
    /// If the arm's settings are out of range or do not fit the network.
    pub(crate) fn learner<'a>(
        &'a self,
        objectives: Vec<&'a dyn Objective>,
        arm: &Arm,
        seed: u64,
    ) -> Result<StreamLearner<'a>> {
        let key = Key::from_seed(seed);
        let network = self.network();
        let start = network.initialise(key.child(0));
        let problem = || Arc::clone(self.stream.first_problem());
        if let Some(optimizer) = &arm.optimizer {
            let optimizer = optimizer.for_network(&**network).build(start, key.child(1), self.budget())?;
            return Ok(self.stream.optimizer_on(objectives, optimizer));
        }
        if let Some(PlasticityConfig::NodePerturbation(config)) = &arm.plasticity {
            let learner = config.build(Arc::clone(network), problem(), start, key.child(1))?;
            return Ok(self.stream.node_perturbation(learner));
        }
        if let Some(PlasticityConfig::FeedbackAlignment(config)) = &arm.plasticity {
            let learner = config.build(Arc::clone(network), problem(), start, key.child(1))?;
            return Ok(self.stream.feedback_alignment(learner));
        }
        let Some(gradient) = &arm.gradient else {
            let problem = "has no learner that can be put into another world".to_owned();
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem });
        };
        let descent = gradient.build(start, self.budget())?;
        Ok(self.stream.gradient(tegmentum::learning::gradient::GradientLearner::new(
            descent,
            Arc::clone(network),
            problem(),
        )))
    }
}

fn plans(study: &StudyConfig) -> Vec<PhasePlan> {
    let mut begins = 0;
    let mut plans = Vec::with_capacity(study.phase.len());
    for (index, phase) in study.phase.iter().enumerate() {
        let earlier = study.phase[..index].iter().position(|earlier| earlier.task == phase.task);
        plans.push(PhasePlan {
            name: phase
                .name
                .clone()
                .unwrap_or_else(|| format!("{} {}", phase.task.description().name.replace('_', " "), index + 1)),
            begins,
            settles: begins + phase.drift,
            ends: begins + phase.budget,
            target: phase.target.or(study.targets.first().copied()).unwrap_or(f64::NAN),
            returns_to: earlier,
        });
        begins += phase.budget;
    }
    plans
}

/// The data of a task; they do not depend on the seed of a run.
fn problem(task: &TaskConfig) -> Result<Arc<Problem>> {
    Ok(Arc::new(task.build()?.problem(Key::from_seed(0))?))
}

fn no_way(name: &str) -> String {
    format!(
        "phase {name:?}: drift needs a way from the task before it: two tasks with equally many examples, or one system \
         with other parameters"
    )
}

/// The world between two phases: a share of the examples of the new one, or the system with parameters in between. `None`
/// if there is no such way.
fn between(old: (&Phase, &Problem), new: (&Phase, &Problem), share: f64) -> Option<Result<Arc<Problem>>> {
    match (old.1, new.1) {
        (Problem::Examples(before), Problem::Examples(after))
            if before.train.inputs.len() == after.train.inputs.len() =>
        {
            Some(blend(before, after, share).map(|examples| Arc::new(Problem::Examples(examples))))
        }
        (Problem::Series(_), Problem::Series(_)) => {
            interpolate(&old.0.task, &new.0.task, share).map(|task| problem(&task))
        }
        _ => None,
    }
}

/// The task whose numbers lie between those of two tasks of the same name; `None` if anything but a number with a fraction
/// differs.
fn interpolate(old: &TaskConfig, new: &TaskConfig, share: f64) -> Option<TaskConfig> {
    let value = |task: &TaskConfig| toml::Value::try_from(task).ok();
    mix(&value(old)?, &value(new)?, share)?.try_into().ok()
}

fn mix(old: &toml::Value, new: &toml::Value, share: f64) -> Option<toml::Value> {
    match (old, new) {
        (toml::Value::Float(a), toml::Value::Float(b)) => Some(toml::Value::Float(a + share * (b - a))),
        (toml::Value::Table(a), toml::Value::Table(b)) if a.len() == b.len() => {
            let entry = |(key, a): (&String, &toml::Value)| Some((key.clone(), mix(a, b.get(key)?, share)?));
            Some(toml::Value::Table(a.iter().map(entry).collect::<Option<_>>()?))
        }
        (toml::Value::Array(a), toml::Value::Array(b)) if a.len() == b.len() => {
            let values = a.iter().zip(b).map(|(a, b)| mix(a, b, share));
            Some(toml::Value::Array(values.collect::<Option<_>>()?))
        }
        (a, b) => (a == b).then(|| a.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(text: &str) -> TaskConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn parameters_drift_and_everything_else_must_agree() {
        let (low, high) = (task("[lorenz]\nrho = 28.0"), task("[lorenz]\nrho = 40.0"));
        assert_eq!(interpolate(&low, &high, 0.25), Some(task("[lorenz]\nrho = 31.0")));
        assert_eq!(interpolate(&low, &low, 0.5), Some(low.clone()));
        assert_eq!(interpolate(&low, &task("[rossler]"), 0.5), None);
        assert_eq!(interpolate(&task("[digits]"), &task("[digits]\npermutation = 2"), 0.5), None);
    }
}

//! The text of a study: what is compared with what, on which seeds, and what is claimed.
//!
//! These are the data alone. [`StudyConfig::from_toml`] reads and checks them (`check.rs`); what a kind of study makes of
//! them is said by the kind.

mod numbers;
mod sentences;
mod shortening;
mod stream;
mod treatment;
mod world;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use numbers::check as check_numbers;
pub use sentences::Answer;
pub use shortening::{Quick, ShortBudget, Shortened};
pub use stream::StreamConfig;
pub use treatment::{DoseAction, DoseConfig, LesionConfig};
pub use world::WorldConfig;

use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::evidence::evaluation::Metric;
use tegmentum::evidence::statistics::{Effect, Statistic};
use tegmentum::learning::continual::learners::ContinualConfig;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objectives::{Rounding, Units};
use tegmentum::neuromodulation::system::NeuromodulationConfig;
use tegmentum::numerics::Numerics;

/// A study.
///
/// # Example
/// ```
/// use tegmentum_study::config::StudyConfig;
///
/// let text = r#"
///     name = "small"
///     title = "A small study"
///     question = "Does it learn?"
///     budget = 1000
///     seeds = { first = 100, count = 5 }
///     metrics = ["mean_squared_error"]
///     [task.xor]
///     [network.mlp]
///     hidden = [4]
///     [[arm]]
///     name = "dopamine"
///     [arm.optimizer.dopamine]
/// "#;
/// let study = StudyConfig::from_toml(text, "small.toml")?;
/// assert_eq!(study.arm.len(), 1);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// Its name: letters, digits and hyphens; the name of its folder.
    pub name: String,
    /// Its title, for people.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// The figure that shows the answer, by its id; the first one if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// What kind of study it is: the name of one of the [kinds](crate::kinds).
    #[serde(default = "compare")]
    pub kind: String,
    /// How networks compute: `portable` for the same bits on every machine, `native` for speed.
    #[serde(default = "portable", skip_serializing_if = "is_portable")]
    pub numerics: Numerics,
    /// Loss evaluations (or forward-equivalents) of a run.
    #[serde(default = "default_budget")]
    pub budget: u64,
    /// The seeds that are reported.
    #[serde(default)]
    pub seeds: Seeds,
    /// The seeds that rates are searched on; never among those that are reported.
    #[serde(default)]
    pub tuning: Tuning,
    /// What is measured on test data, the first one being what arms are tuned and compared on.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// Levels of the first metric to be reached; each gives the metric `evaluations_to_<level>`.
    #[serde(default)]
    pub targets: Vec<f64>,
    /// Whether a run ends when the last target is reached.
    #[serde(default)]
    pub stop_at_target: bool,
    /// What a shortened run (`--quick`) has instead.
    #[serde(default)]
    pub quick: Quick,
    /// What was taken away from the study, if this is a shortened form of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortened: Option<Shortened>,
    /// The memory that a run may take, in GiB, on all threads together.
    #[serde(default = "default_memory", skip_serializing_if = "is_default_memory")]
    pub memory_limit: f64,
    /// The task, if there is one setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskConfig>,
    /// The network, if there is one setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkConfig>,
    /// The environment, for a study of behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentConfig>,
    /// The environments of a study of one arm in many of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub world: Vec<WorldConfig>,
    /// What a study of lesions attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesion: Option<LesionConfig>,
    /// The drug and its doses, for a study of doses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<DoseConfig>,
    /// Lengths of a window, for a study of costs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lengths: Vec<usize>,
    /// Several tasks or networks, all with the same arms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setting: Vec<Setting>,
    /// The phases of a stream of change, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phase: Vec<Phase>,
    /// How examples of the phases come, for tasks that follow one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamConfig>,
    /// What is compared.
    #[serde(default)]
    pub arm: Vec<Arm>,
    /// What is claimed.
    #[serde(default)]
    pub claim: Vec<Claim>,
    /// Remarks that belong into the report.
    #[serde(default)]
    pub notes: Vec<String>,
}

fn default_budget() -> u64 {
    10_000
}

/// Gibibytes that a study may take if it does not say how many.
pub(crate) const DEFAULT_MEMORY: f64 = 4.0;

fn default_memory() -> f64 {
    DEFAULT_MEMORY
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the attribute asks for it")]
fn is_default_memory(limit: &f64) -> bool {
    *limit == DEFAULT_MEMORY
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the attribute asks for it")]
fn is_none(share: &f64) -> bool {
    *share == 0.0
}

fn compare() -> String {
    "compare".to_owned()
}

fn portable() -> Numerics {
    Numerics::Portable
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the attribute asks for it")]
fn is_portable(numerics: &Numerics) -> bool {
    *numerics == Numerics::Portable
}

fn ratio() -> Effect {
    Effect::Ratio
}

/// A range of seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seeds {
    /// The first one.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Default for Seeds {
    fn default() -> Self {
        Self { first: 50_000, count: 10 }
    }
}

impl Seeds {
    /// The seeds.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        self.first..self.first.saturating_add(self.count)
    }
}

/// The search of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tuning {
    /// The seeds of the search.
    pub seeds: Seeds,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { seeds: Seeds { first: 0, count: 3 } }
    }
}

/// A task and a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// The task.
    pub task: TaskConfig,
    /// The network.
    pub network: NetworkConfig,
    /// Evaluations of a run, if not the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u64>,
    /// The grid that weights are put on before any pass, of learning and of judging. For optimizers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// Updates of Adam, at a rate of .003, that the first parameters have behind them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<u64>,
}

/// A phase of a stream of change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name in tables; the task's name and the phase's number if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Evaluations.
    pub budget: u64,
    /// The level of the first metric to be reached; the study's first target if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Evaluations from its beginning over which its task comes in by degrees; 0 for a sudden change.
    #[serde(default)]
    pub drift: u64,
    /// Share of the examples whose class is drawn anew, for tasks that follow one another.
    #[serde(default, skip_serializing_if = "is_none")]
    pub label_noise: f64,
    /// The task.
    pub task: TaskConfig,
}

/// What is compared: exactly one of an optimizer, a plasticity rule and a gradient baseline, or an agent, or a learner of tasks that
/// follow one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name in files and claims.
    pub name: String,
    /// Its name in the report; `name` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The arm that this one is a lesion of: it is drawn beside that arm, apart from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesion_of: Option<String>,
    /// The grid that is searched; none for an arm that is run as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tune: Option<Grid>,
    /// A derivative-free optimizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerConfig>,
    /// A plasticity rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plasticity: Option<PlasticityConfig>,
    /// A gradient baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient: Option<GradientConfig>,
    /// Units in which its optimizer sees loss and parameters, if not those of the task; kinds `compare` and `robustness`. It is judged in those
    /// of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
    /// How its network computes, in learning and in judging, if not as the study says; kinds `compare` and `robustness`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerics: Option<Numerics>,
    /// An agent, for a study of behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// A learner of tasks that follow one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continual: Option<ContinualConfig>,
    /// The modulators: of an agent, of a learner that has its own (the optimizer `dopamine`, node perturbation), or around any other
    /// learner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neuromodulation: Option<NeuromodulationConfig>,
}

impl Arm {
    /// Its name in the report.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// Its modulators, whole; `None` if it has none.
    pub fn modulators(&self) -> Option<NeuromodulationConfig> {
        let own = self.optimizer.as_ref().and_then(|optimizer| optimizer.modulators());
        let own = own.or_else(|| self.plasticity.as_ref().and_then(|rule| rule.modulators()));
        let own = own.or_else(|| self.continual.as_ref().and_then(|learner| learner.modulators()));
        own.or_else(|| self.neuromodulation.clone())
    }

    /// Gives it modulators: to the learner itself if it has its own, else around it.
    pub(crate) fn set_modulators(&mut self, modulators: NeuromodulationConfig) {
        let taken = self.optimizer.as_mut().is_some_and(|optimizer| optimizer.set_modulators(&modulators))
            || self.plasticity.as_mut().is_some_and(|rule| rule.set_modulators(&modulators))
            || self.continual.as_mut().is_some_and(|learner| learner.set_modulators(&modulators));
        self.neuromodulation = (!taken).then_some(modulators);
    }

    /// Hands `[arm.neuromodulation]` to a learner that has modulators of its own.
    ///
    /// # Errors
    /// If they are also given in the learner's own table.
    pub(crate) fn place_modulators(&mut self) -> Result<(), String> {
        let Some(given) = self.neuromodulation.take() else { return Ok(()) };
        let before = self.modulators();
        self.set_modulators(NeuromodulationConfig::default());
        if self.modulators() != before && before.is_some() {
            let name = &self.name;
            return Err(format!(
                "arm {name:?}: modulators are given twice, in [arm.neuromodulation] and in the learner's own table; give one"
            ));
        }
        self.set_modulators(given);
        Ok(())
    }
}

/// The grid of a search: every learning rate with every scale and every strength.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Perturbation scales.
    pub perturbation_scale: Vec<f64>,
    /// Strengths with which what was learned is held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strength: Vec<f64>,
}

/// A claim: a number of an arm, or its ratio to that of another arm, against a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim in words.
    pub text: String,
    /// The setting it is about; all of them if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The arm.
    pub arm: String,
    /// The arm it is divided by, paired by seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The metric: one of the study's, `evaluations_to_<target>`, `solved_<target>`, or one that its kind defines.
    pub metric: String,
    /// How seeds are summed up.
    #[serde(default)]
    pub statistic: Statistic,
    /// How the arm is compared with its reference.
    #[serde(default = "ratio")]
    pub effect: Effect,
    /// The claim holds if the number is at most this …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// … or at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Whether it can be decided with the budget and the searches of a shortened run too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub when_shortened: bool,
    /// What its verdict says about the study's question; nothing if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

impl StudyConfig {
    /// The files that its tasks are read from.
    pub fn files(&self) -> Vec<PathBuf> {
        let settings = self.setting.iter().map(|setting| &setting.task);
        let tasks = self.task.iter().chain(settings).chain(self.phase.iter().map(|phase| &phase.task));
        let file = |task: &TaskConfig| match task {
            TaskConfig::Series(series) => Some(series.path.clone()),
            TaskConfig::Labelled(table) => Some(table.path.clone()),
            _ => None,
        };
        tasks.filter_map(file).collect()
    }

    /// Whether the rates of some arm are searched before the runs.
    pub fn searches_rates(&self) -> bool {
        self.study_kind().is_ok_and(|kind| kind.searches_rates(self))
    }

    /// The study's settings: the list, or the one task and network; for a stream its network and its first task.
    pub fn settings(&self) -> Vec<Setting> {
        if let (Some(phase), Some(network)) = (self.phase.first(), &self.network) {
            let budget = Some(self.phase.iter().map(|phase| phase.budget).sum());
            return vec![Setting {
                name: self.name.clone(),
                task: phase.task.clone(),
                network: network.clone(),
                budget,
                rounding: None,
                pretrained: None,
            }];
        }
        match (&self.task, &self.network) {
            (Some(task), Some(network)) => {
                vec![Setting {
                    name: self.name.clone(),
                    task: task.clone(),
                    network: network.clone(),
                    budget: None,
                    rounding: None,
                    pretrained: None,
                }]
            }
            _ => self.setting.clone(),
        }
    }

    /// The names of the study's settings; a study without any has one, of its own name.
    pub fn setting_names(&self) -> Vec<String> {
        if !self.world.is_empty() {
            return self.world.iter().map(|world| world.name.clone()).collect();
        }
        let settings = self.settings();
        if settings.is_empty() {
            return vec![self.name.clone()];
        }
        settings.into_iter().map(|setting| setting.name).collect()
    }

    /// The name of an arm in results: with its setting if there are several.
    pub fn result_name(&self, setting: &str, arm: &str) -> String {
        if self.setting.len() > 1 || !self.world.is_empty() { format!("{setting}/{arm}") } else { arm.to_owned() }
    }
}

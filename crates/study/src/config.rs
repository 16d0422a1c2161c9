//! The text of a study: what is compared with what, on which seeds, and what is claimed.
//!
//! Every field is checked before anything runs: an unknown key, a value out of its range, an arm or metric that a claim
//! names and the study has not, each is one error that says where and what would be right.

mod check;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::dose::{self, DoseConfig};
use super::lesions::{self, LesionConfig};
use tegmentum::behaviour::agent::AgentConfig;
use tegmentum::behaviour::environment::EnvironmentConfig;
use tegmentum::data::task::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::Metric;
use tegmentum::evidence::statistics::{Effect, Statistic};
use tegmentum::learning::gradient::GradientConfig;
use tegmentum::learning::optimizer::OptimizerConfig;
use tegmentum::learning::plasticity::PlasticityConfig;
use tegmentum::model::network::NetworkConfig;
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
    /// What kind of study it is.
    #[serde(default)]
    pub kind: Kind,
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
    /// The task, if there is one setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskConfig>,
    /// The network, if there is one setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkConfig>,
    /// The environment, for a study of behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentConfig>,
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

/// The kinds of studies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every arm, at its tuned rate, on every seed.
    #[default]
    Compare,
    /// Every arm at every rate of its grid: how wide is the range that works?
    Robustness,
    /// The engine against closed forms.
    Theory,
    /// Evaluations, operations and bytes against the length of the sequence.
    Cost,
    /// Agents in an environment; the budget is in trials, the metrics are the environment's scores.
    Behaviour,
    /// Every arm in a world that changes without a sign.
    Switching,
    /// One arm with every set of its modulators left intact.
    Lesions,
    /// One arm under a drug at several doses.
    Dose,
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
        self.first..self.first + self.count
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

/// What a shortened run has instead of the study's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quick {
    /// Seeds that are reported.
    pub seeds: u64,
    /// Seeds of the search.
    pub tuning_seeds: u64,
    /// Evaluations of a run, or of a phase; the study's own if not given.
    pub budget: Option<u64>,
    /// Settings that are kept, from the first; all if not given.
    pub settings: Option<usize>,
}

impl Default for Quick {
    fn default() -> Self {
        Self { seeds: 3, tuning_seeds: 1, budget: None, settings: None }
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
    /// The task.
    pub task: TaskConfig,
}

/// What is compared: exactly one of an optimizer, a plasticity rule and a gradient baseline, or an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name in files and claims.
    pub name: String,
    /// Its name in the report; `name` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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
    /// An agent, for a study of behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// The modulators of an agent; for another learner, a system around it, besides the modulators it may have of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neuromodulation: Option<NeuromodulationConfig>,
}

impl Arm {
    /// Its name in the report.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// The grid of a search: every learning rate with every scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Perturbation scales.
    pub perturbation_scale: Vec<f64>,
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
}

impl StudyConfig {
    /// A study from its text; `origin` names it in errors.
    ///
    /// # Errors
    /// [`Error::Study`] with the line for a text that is not TOML or has an unknown key, else with the field.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let study: Self = toml::from_str(text).map_err(|error| Error::Study {
            origin: origin.to_owned(),
            problem: error.to_string().trim().to_owned(),
        })?;
        study.check().map_err(|problem| Error::Study { origin: origin.to_owned(), problem })?;
        Ok(study)
    }

    /// The study as TOML, which [`from_toml`](Self::from_toml) reads back.
    ///
    /// # Errors
    /// [`Error::Study`] for a value that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Study {
            origin: self.name.clone(),
            problem: format!("cannot be written as TOML: {error}"),
        })
    }

    /// A study from a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, else as [`StudyConfig::from_toml`].
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::from_toml(&text, &path.display().to_string())
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
            }];
        }
        match (&self.task, &self.network) {
            (Some(task), Some(network)) => {
                vec![Setting { name: self.name.clone(), task: task.clone(), network: network.clone(), budget: None }]
            }
            _ => self.setting.clone(),
        }
    }

    /// The study whose arm is treated, for a study of lesions or doses, without its claims; any other study as it is.
    #[must_use]
    pub fn underlying(&self) -> Self {
        let mut study = self.clone();
        if matches!(self.kind, Kind::Lesions | Kind::Dose) {
            study.kind = match (&self.environment, self.phase.is_empty()) {
                (Some(_), _) => Kind::Behaviour,
                (None, false) => Kind::Switching,
                (None, true) => Kind::Compare,
            };
            study.claim.clear();
        }
        study
    }

    /// The names of the study's settings; a study without any has one, of its own name.
    pub fn setting_names(&self) -> Vec<String> {
        let settings = self.settings();
        if settings.is_empty() {
            return vec![self.name.clone()];
        }
        settings.into_iter().map(|setting| setting.name).collect()
    }

    /// The name of an arm in results: with its setting if there are several.
    pub fn result_name(&self, setting: &str, arm: &str) -> String {
        if self.setting.len() > 1 { format!("{setting}/{arm}") } else { arm.to_owned() }
    }

    /// The same study, shortened.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.seeds.count = self.seeds.count.min(self.quick.seeds.max(1));
        self.tuning.seeds.count = self.tuning.seeds.count.min(self.quick.tuning_seeds.max(1));
        if let Some(budget) = self.quick.budget {
            self.budget = self.budget.min(budget);
            for setting in &mut self.setting {
                setting.budget = setting.budget.map(|own| own.min(budget));
            }
            for phase in &mut self.phase {
                phase.budget = phase.budget.min(budget);
                phase.drift = phase.drift.min(phase.budget / 2);
            }
        }
        if let Some(count) = self.quick.settings {
            self.setting.truncate(count.max(1));
        }
        for arm in &mut self.arm {
            if let Some(grid) = &mut arm.tune {
                thin(&mut grid.learning_rate);
            }
        }
        self
    }

    /// The names of the arms as claims have them; for a study of lesions or doses those of the variants of its one arm.
    pub fn arm_names(&self) -> Vec<String> {
        match self.kind {
            Kind::Lesions => lesions::arm_names(),
            Kind::Dose => dose::arm_names(self),
            _ => self.arm.iter().map(|arm| arm.name.clone()).collect(),
        }
    }

    /// The names of what is measured along a run.
    pub fn curve_names(&self) -> Vec<String> {
        match self.kind {
            Kind::Lesions | Kind::Dose => self.underlying().curve_names(),
            Kind::Behaviour => super::behaviour::CURVES.map(str::to_owned).to_vec(),
            _ => self.metrics.iter().map(|metric| metric.name().to_owned()).collect(),
        }
    }

    /// The names of all metrics of a run of this study.
    pub fn metric_names(&self) -> Vec<String> {
        if matches!(self.kind, Kind::Lesions | Kind::Dose) {
            let mut names = self.underlying().metric_names();
            if self.kind == Kind::Lesions {
                names.extend(lesions::metric_names(self));
            }
            return names;
        }
        if let (Kind::Behaviour, Some(environment)) = (self.kind, &self.environment) {
            return environment.score_names();
        }
        let mut names: Vec<String> = self.metrics.iter().map(|metric| metric.name().to_owned()).collect();
        if self.kind == Kind::Switching {
            names.extend(super::switching::metric_names(self));
            return names;
        }
        for &target in &self.targets {
            names.push(evaluations_to(target));
            names.push(solved(target));
        }
        if self.kind == Kind::Robustness {
            names.extend(super::robustness::WIDTHS.map(|width| width.0.to_owned()));
        }
        names.extend(["evaluations", "state_bytes", "non_finite", "surprises"].map(str::to_owned));
        names
    }
}

/// The name of the metric "evaluations until the first metric reached `target`".
pub fn evaluations_to(target: f64) -> String {
    format!("evaluations_to_{target}")
}

/// The name of the metric "1 if the first metric reached `target`, else 0".
pub fn solved(target: f64) -> String {
    format!("solved_{target}")
}

/// Keeps every second value, from the second on, of a grid of more than three.
fn thin(values: &mut Vec<f64>) {
    if values.len() > 3 {
        let kept: Vec<f64> = values.iter().copied().skip(1).step_by(2).collect();
        *values = kept;
    }
}

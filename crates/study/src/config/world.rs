//! One of many environments in which the same arm is run.

use serde::{Deserialize, Serialize};
use tegmentum::behaviour::environments::EnvironmentConfig;

/// An environment, and the score that counts in it, for a study of one arm in many of them.
///
/// # Example
/// ```
/// use tegmentum_study::config::WorldConfig;
///
/// let world: WorldConfig =
///     toml::from_str("name = 'bandit'\nbudget = 1000\nscore = 'correct'\n[environment.reversal]")?;
/// assert_eq!(world.label(), "bandit");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldConfig {
    /// Its name in files and claims.
    pub name: String,
    /// Its name in the report; `name` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Trials of a run, if not the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u64>,
    /// The score of the environment that is attributed; larger is better.
    pub score: String,
    /// The environment.
    pub environment: EnvironmentConfig,
}

impl WorldConfig {
    /// Its name in the report.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

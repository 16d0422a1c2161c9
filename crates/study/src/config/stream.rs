//! How the examples of tasks that follow one another come.

use serde::{Deserialize, Serialize};

/// Batches of a stream of tasks and the blur of its boundaries.
///
/// # Example
/// ```
/// use tegmentum_study::config::StreamConfig;
///
/// let config: StreamConfig = toml::from_str("blur = 0.25")?;
/// assert_eq!(config.batch, 16);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamConfig {
    /// Examples of a batch.
    pub batch: usize,
    /// Share of a phase over which, on either side of a boundary, examples of its neighbour come among its own.
    pub blur: f64,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self { batch: 16, blur: 0.0 }
    }
}

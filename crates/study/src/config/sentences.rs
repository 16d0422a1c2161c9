//! What the verdicts on a claim mean for the question of a study.

use serde::{Deserialize, Serialize};

/// What the verdict on a claim says about the question of its study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The sentence if the claim is supported.
    pub supported: String,
    /// The sentence if it is not supported.
    pub not_supported: String,
    /// The sentence if the run does not decide it; one that names the claim if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inconclusive: Option<String>,
}

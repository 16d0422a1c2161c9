//! The registry of plasticity rules. The contract is in [`plasticity`](crate::learning::plasticity).

use super::PlasticitySettings;
use super::feedback_alignment::FeedbackAlignmentConfig;
use super::node_perturbation::NodePerturbationConfig;

tegmentum_engine::named_settings! {
    /// A plasticity rule as a study names it. A rule is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::learning::plasticity::rules::PlasticityConfig;
    ///
    /// let config: PlasticityConfig = toml::from_str("[node_perturbation]\nnoise = 3e-3")?;
    /// assert_eq!(config.name(), "node_perturbation");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum PlasticityConfig: dyn PlasticitySettings = "plasticity rule" {
        NodePerturbation(NodePerturbationConfig),
        FeedbackAlignment(FeedbackAlignmentConfig),
    }
}

//! How parameters move along a gradient: one file for each rule, and their registry. The contract is in
//! [`rule`](crate::learning::gradient::rule).

pub mod adam;
pub mod momentum;
pub mod sgd;

use super::rule::GradientSettings;

tegmentum_engine::named_settings! {
    /// A gradient baseline as a study names it. A rule is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::learning::gradient::rules::GradientConfig;
    ///
    /// let config: GradientConfig = toml::from_str("[adam]\nlearning_rate = 0.003\nschedule = \"linear\"")?;
    /// let learner = config.build(vec![0.0; 17], 3_000)?;
    /// assert_eq!(learner.parameters().len(), 17);
    /// assert_eq!(learner.state_bytes(), 3 * 17 * 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub enum GradientConfig: dyn GradientSettings = "gradient baseline" {
        Sgd(sgd::SgdConfig),
        Momentum(momentum::MomentumConfig),
        Adam(adam::AdamConfig),
    }
}

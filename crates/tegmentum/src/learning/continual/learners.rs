//! The registry of learners of tasks that follow one another. The contract is in [`continual`](crate::learning::continual).

use super::ContinualSettings;
use super::anchored_decay::AnchoredDecayConfig;
use super::contexts::ContextsConfig;
use super::ewc::EwcConfig;
use super::joint::JointConfig;
use super::naive::NaiveConfig;
use super::nearest_class_mean::NearestClassMeanConfig;
use super::random_features::RandomFeaturesConfig;
use super::replay::ReplayConfig;
use super::shrink_perturb::ShrinkPerturbConfig;
use super::streaming_lda::StreamingLdaConfig;
use super::synaptic_intelligence::SynapticIntelligenceConfig;
use super::task_gaussians::TaskGaussiansConfig;
use super::xdg::XdgConfig;

tegmentum_engine::named_settings! {
    /// A learner as a study names it. A learner is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::learning::continual::learners::ContinualConfig;
    ///
    /// let config: ContinualConfig = toml::from_str("[contexts]\nhidden = 128")?;
    /// assert_eq!(config.name(), "contexts");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum ContinualConfig: dyn ContinualSettings = "continual learner" {
        Contexts(ContextsConfig),
        Naive(NaiveConfig),
        Joint(JointConfig),
        Replay(ReplayConfig),
        Ewc(EwcConfig),
        SynapticIntelligence(SynapticIntelligenceConfig),
        AnchoredDecay(AnchoredDecayConfig),
        ShrinkPerturb(ShrinkPerturbConfig),
        Xdg(XdgConfig),
        NearestClassMean(NearestClassMeanConfig),
        StreamingLda(StreamingLdaConfig),
        RandomFeatures(RandomFeaturesConfig),
        TaskGaussians(TaskGaussiansConfig),
    }
}

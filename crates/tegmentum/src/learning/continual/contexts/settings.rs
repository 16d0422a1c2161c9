//! The settings of a learner with contexts.

use serde::{Deserialize, Serialize};

use super::Contexts;
use crate::error::{Error, Result, at_least_zero, fraction, positive};
use crate::learning::continual::perceptron::{Perceptron, Space};
use crate::learning::continual::shared_network::Estimate;
use crate::learning::continual::{ContinualLearner, ContinualSettings, MAX_HIDDEN, within};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::receptor::ResponseCurve;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// Settings of a learner with contexts.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::contexts::ContextsConfig;
///
/// let config: ContextsConfig = toml::from_str("hidden = 128\ncontexts = 5")?;
/// assert_eq!(config.share, 0.2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContextsConfig {
    /// Hidden units.
    pub hidden: usize,
    /// Most contexts.
    pub contexts: usize,
    /// Share of the hidden units that a context has.
    pub share: f64,
    /// The rate η to begin with; with the estimate `dopamine` a share of the root mean square of the context's weights.
    pub learning_rate: f64,
    /// Age T at which the rate has halved, in updates. The estimate `dopamine` sets its rate itself, too; a large T leaves it to it.
    pub cooling: f64,
    /// Updates k over which weights are averaged at first; a k-th of the age is what counts later. The estimate `dopamine` averages itself, too;
    /// a large k leaves it to it.
    pub averaging: f64,
    /// Surprise, in deviations, beyond which a batch is not written.
    pub hold: f64,
    /// Surprise, in deviations, below which a context is called back.
    pub back: f64,
    /// Updates before a context raises an alarm.
    pub ready: u64,
    /// Features of the recogniser: more inputs are projected to as many.
    pub features: usize,
    /// Share by which the recogniser's covariance is shrunk to a round one.
    pub shrink: f64,
    /// Whether each context has a readout of its own.
    pub readout_by_context: bool,
    /// Where the gradient comes from.
    pub estimate: Estimate,
    /// How strongly units that older contexts use are held: κ.
    pub consolidation: f64,
    /// The four modulators; the preset `contexts` unless another one is named.
    pub neuromodulation: NeuromodulationConfig,
}

impl Default for ContextsConfig {
    fn default() -> Self {
        Self {
            hidden: 256,
            contexts: 8,
            share: 0.2,
            learning_rate: 0.02,
            cooling: 200.0,
            averaging: 5.0,
            hold: 3.0,
            back: 3.0,
            ready: 20,
            features: 100,
            shrink: 0.05,
            readout_by_context: false,
            estimate: Estimate::NodePerturbation,
            consolidation: 0.0,
            neuromodulation: NeuromodulationConfig::default(),
        }
    }
}

impl ContextsConfig {
    fn check(&self) -> Result<()> {
        within("hidden", self.hidden, MAX_HIDDEN, "between 1 and 10000")?;
        within("contexts", self.contexts, 1000, "between 1 and 1000")?;
        within("features", self.features, 1000, "between 1 and 1000")?;
        positive("share", self.share)?;
        fraction("share", self.share)?;
        positive("learning_rate", self.learning_rate)?;
        positive("cooling", self.cooling)?;
        positive("hold", self.hold)?;
        positive("back", self.back)?;
        fraction("shrink", self.shrink)?;
        self.estimate.check()?;
        at_least_zero("consolidation", self.consolidation)?;
        if !(self.averaging.is_finite() && self.averaging >= 1.0) {
            let requirement = "a finite number of updates, at least 1";
            return Err(Error::InvalidParameter { name: "averaging", value: self.averaging, requirement });
        }
        Ok(())
    }

    /// Its modulators, whole.
    fn system(&self) -> Result<NeuromodulationConfig> {
        let system = self.neuromodulation.or_preset(Preset::Contexts);
        system.check_heard("the learner contexts", &self.hears_within(), &[])?;
        let parts = system.parts();
        let mut receptors = parts.receptors.iter().filter(|receptor| receptor.target == Target::Reinforcement);
        match receptors.find(|receptor| receptor.curve != ResponseCurve::Linear) {
            None => Ok(system),
            Some(receptor) => Err(Error::Incompatible {
                what: format!("the curve of the receptor {:?}", receptor.name),
                with: "the learner contexts".to_owned(),
                reason: "its dopamine is a loss difference, which can be scaled alone; use curve = \"linear\""
                    .to_owned(),
            }),
        }
    }

    /// A learner of examples of `num_inputs` numbers in `num_classes` classes.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::Unheard`] for modulators that would change nothing.
    ///
    /// # Example
    /// ```
    /// use tegmentum::data::task_stream::LabelledBatch;
    /// use tegmentum::learning::continual::ContinualLearner;
    /// use tegmentum::learning::continual::contexts::ContextsConfig;
    /// use tegmentum::random::Key;
    ///
    /// let mut learner = ContextsConfig::default().build(2, 2, Key::from_seed(1))?;
    /// let batch = LabelledBatch { inputs: vec![1.0, 0.0, 0.0, 1.0], classes: vec![0, 1] };
    /// for _ in 0..200 {
    ///     learner.observe(&batch)?;
    /// }
    /// assert_eq!(learner.predict(&batch.inputs, 0), [0, 1]);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Contexts> {
        self.check()?;
        let system = self.system()?.build(key.child(u64::MAX))?;
        let net = Perceptron { inputs: num_inputs, hidden: self.hidden, classes: num_classes };
        let parameters = net.initialise(key.child(0));
        let mut learner = Contexts {
            net,
            projection: projection(num_inputs, self.features, key.child(1)),
            averaged: parameters.clone(),
            squares: vec![0.0; if self.estimate.is_optimizer() { 0 } else { parameters.len() }],
            parameters,
            system,
            found: Vec::new(),
            now: 0,
            used: vec![0; self.hidden],
            updates: 0,
            key,
            space: Space::default(),
            config: self.clone(),
        };
        learner.recruit()?;
        Ok(learner)
    }
}

/// The fixed random projection [inputs × features], if there are more inputs than features.
fn projection(inputs: usize, features: usize, key: Key) -> Option<Vec<f32>> {
    let scale = 1.0 / (inputs as f32).sqrt();
    let mut stream = key.stream();
    (inputs > features).then(|| (0..inputs * features).map(|_| scale * stream.normal()).collect())
}

impl ContinualSettings for ContextsConfig {
    fn description(&self) -> Description {
        Description {
            name: "contexts",
            summary: "finds contexts itself: node perturbation on the units of a context, four modulators",
            reference: "ours; Yu & Dayan 2005, Masse et al. 2018",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        Ok(Box::new(self.build(num_inputs, num_classes, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }

    fn modulators(&self) -> Option<NeuromodulationConfig> {
        Some(self.neuromodulation.or_preset(Preset::Contexts))
    }

    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        self.neuromodulation = modulators.clone();
        true
    }

    fn hears_within(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[
            Target::ErrorSize,
            Target::LearningRate,
            Target::Patience,
            Target::PerturbationScale,
            Target::Reset,
        ]);
        heard.push(Heard::by(Transmitter::Dopamine, Target::Reinforcement));
        heard
    }
}

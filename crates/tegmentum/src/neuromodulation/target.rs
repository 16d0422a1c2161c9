//! Targets: the quantities of a learner that receptors act on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// A quantity of a learner that receptors act on.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::target::Target;
///
/// assert_eq!(Target::from_name("learning_rate"), Some(Target::LearningRate));
/// assert!(Target::LearningRate.is_factor());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Factor on the step.
    LearningRate,
    /// Further factor on the step where the prediction error is negative.
    NegativeLearningRate,
    /// Factor on the scale of perturbations.
    PerturbationScale,
    /// Factor on inputs or weights of units.
    Gain,
    /// Factor on the temperature of a choice.
    Temperature,
    /// Factor on the discount of future rewards.
    Discount,
    /// Factor on the decay of eligibility traces.
    TraceDecay,
    /// Added to the threshold of a response.
    Threshold,
    /// Added: bursting of spiking cells.
    Bursting,
    /// Added: share by which weights return to the consolidated ones.
    Consolidation,
    /// The third factor itself: the sum over receptors of efficacy × seen level.
    Reinforcement,
    /// Forget running statistics while the effect is at least one.
    Reset,
    /// Added: the size by which prediction errors are divided.
    ErrorSize,
    /// Added: updates over which weights are averaged.
    AveragingHorizon,
    /// Added: updates until acting is judged.
    Patience,
    /// Added: progress in a window, in units of a usual gain.
    Progress,
    /// Added: how strongly progress changes the lasting rate.
    RateControl,
    /// Added: share of the best rate that a surprise restores.
    RateRestoration,
    /// Added: range of smaller weights that are tried after a surprise.
    GainReset,
    /// A target of a user's own learner; see [`Target::register`].
    Own(OwnTarget),
}

impl Target {
    /// All targets that come with the library.
    pub const ALL: [Self; 19] = [
        Self::LearningRate,
        Self::NegativeLearningRate,
        Self::PerturbationScale,
        Self::Gain,
        Self::Temperature,
        Self::Discount,
        Self::TraceDecay,
        Self::Threshold,
        Self::Bursting,
        Self::Consolidation,
        Self::Reinforcement,
        Self::Reset,
        Self::ErrorSize,
        Self::AveragingHorizon,
        Self::Patience,
        Self::Progress,
        Self::RateControl,
        Self::RateRestoration,
        Self::GainReset,
    ];

    /// The name in study files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LearningRate => "learning_rate",
            Self::NegativeLearningRate => "negative_learning_rate",
            Self::PerturbationScale => "perturbation_scale",
            Self::Gain => "gain",
            Self::Temperature => "temperature",
            Self::Discount => "discount",
            Self::TraceDecay => "trace_decay",
            Self::Threshold => "threshold",
            Self::Bursting => "bursting",
            Self::Consolidation => "consolidation",
            Self::Reinforcement => "reinforcement",
            Self::Reset => "reset",
            Self::ErrorSize => "error_size",
            Self::AveragingHorizon => "averaging_horizon",
            Self::Patience => "patience",
            Self::Progress => "progress",
            Self::RateControl => "rate_control",
            Self::RateRestoration => "rate_restoration",
            Self::GainReset => "gain_reset",
            Self::Own(own) => own.name,
        }
    }

    /// Whether effects are multiplied (neutral 1) or added (neutral 0).
    pub fn is_factor(self) -> bool {
        if let Self::Own(own) = self {
            return own.is_factor;
        }
        matches!(
            self,
            Self::LearningRate
                | Self::NegativeLearningRate
                | Self::PerturbationScale
                | Self::Gain
                | Self::Temperature
                | Self::Discount
                | Self::TraceDecay
        )
    }

    /// The effect that changes nothing: 1 for a factor, 0 for a term.
    pub fn neutral(self) -> f64 {
        if self.is_factor() { 1.0 } else { 0.0 }
    }

    /// Makes a target of a user's own, under a name that receptors can be given in a study from then on. Effects on it are
    /// factors or terms. A learner reads them with [`Modulation::at`](super::modulation::Modulation::at) and says so in what it
    /// [hears](super::hearing::Heard).
    ///
    /// # Errors
    /// [`Error::Incompatible`] if the name is taken by a target of another kind, or is not made of letters, digits and `_`.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::target::Target;
    ///
    /// let stickiness = Target::register("stickiness", true)?;
    /// assert_eq!(Target::from_name("stickiness"), Some(stickiness));
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn register(name: &str, is_factor: bool) -> Result<Self> {
        let refuse = |reason: &str| Error::Incompatible {
            what: format!("the name \"{name}\""),
            with: "a receptor target".to_owned(),
            reason: reason.to_owned(),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(refuse("it must be made of letters, digits and _"));
        }
        if Self::ALL.iter().any(|known| known.name() == name) {
            return Err(refuse("the library has a target of that name"));
        }
        let mut own = own_targets();
        if let Some(known) = own.iter().find(|known| known.name == name) {
            return if known.is_factor == is_factor {
                Ok(Self::Own(*known))
            } else {
                Err(refuse("it was registered before with the other kind of effect (factor or term)"))
            };
        }
        // Names are few and live as long as the program.
        let target = OwnTarget { name: Box::leak(name.to_owned().into_boxed_str()), is_factor };
        own.push(target);
        Ok(Self::Own(target))
    }

    /// The target with this name, registered ones included.
    pub fn from_name(name: &str) -> Option<Self> {
        let built_in = Self::ALL.into_iter().find(|target| target.name() == name);
        built_in.or_else(|| own_targets().iter().find(|own| own.name == name).map(|own| Self::Own(*own)))
    }
}

/// A registered target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnTarget {
    name: &'static str,
    is_factor: bool,
}

fn own_targets() -> MutexGuard<'static, Vec<OwnTarget>> {
    static OWN: Mutex<Vec<OwnTarget>> = Mutex::new(Vec::new());
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let mut known = Self::ALL.map(Self::name).to_vec();
            known.extend(own_targets().iter().map(|own| own.name));
            let known = known.join(", ");
            D::Error::custom(format!("unknown target \"{name}\": known are {known}"))
        })
    }
}

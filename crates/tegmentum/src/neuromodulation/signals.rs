//! Signals: what nuclei may know about one moment.

use super::nucleus::Levels;

/// What nuclei may know about one moment. What did not happen is `None`. There is no task identity here, ever.
///
/// Learners that step through parameter space speak of losses, agents of rewards; a nucleus reads what it can use.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::signals::Signals;
///
/// let rewarded = Signals { reward: Some(1.0), prediction_error: Some(0.4), ..Signals::default() };
/// assert!(rewarded.loss.is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// Mean squared prediction error of the probes of an update, in units of (loss per unit of noise)².
    pub squared_prediction_error: Option<f64>,
    /// Loss of the acting model on the batch of an update.
    pub loss: Option<f64>,
    /// Loss of the averaged (consolidated) model, at the end of a window.
    pub consolidated_loss: Option<f64>,
    /// Loss of the averaged model minus loss of the acting model, at the end of a window: positive if acting paid.
    pub outcome: Option<f64>,
    /// At the end of a window, if one of the two losses is not finite: +1 if that of the averaged model is not, −1 if that
    /// of the acting model is not, 0 if neither is.
    pub diverged: Option<f64>,
    /// Whether a change that was suspected has been confirmed.
    pub confirmed: Option<bool>,
    /// Reward of the moment, in units of the largest reward so far.
    pub reward: Option<f64>,
    /// Expected reward (value) before the outcome was seen.
    pub value: Option<f64>,
    /// Reward prediction error δ of the agent's critic, in units of reward; positive when better than expected.
    pub prediction_error: Option<f64>,
    /// Error of a model of outcomes, observed minus predicted: in units of reward, or where the answer is a number as a share of the
    /// interval of answers. It may be right where values are wrong: the
    /// model knows the outcome of each action, the critic the value of the policy.
    pub outcome_error: Option<f64>,
    /// Surprise of the moment in units of its usual size, from a learner that knows what it expects: 0 for what is expected, 3 for what
    /// is three deviations beyond.
    pub surprise: Option<f64>,
    /// Bayes-factor surprise: likelihood of the observation under the prior over that under what was learned.
    pub bayes_factor: Option<f64>,
    /// Entropy of the policy at this moment, in bits.
    pub policy_entropy: Option<f64>,
    /// Variance over actions of their values or preferences.
    pub action_value_variance: Option<f64>,
    /// Time since the last moment, in the unit of all time constants (a trial, a millisecond); one if not given.
    pub elapsed: Option<f64>,
    /// Levels of all four transmitters before this moment, as they reach the nuclei; filled in by the system.
    pub levels: Levels,
}

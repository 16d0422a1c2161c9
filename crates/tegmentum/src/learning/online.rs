//! Learning from a stream: `observe(x, y)` and `predict(x)`, one example at a time, forward passes alone, under four neuromodulators.
//!
//! # Update of one network, for an example x, y
//! ```text
//!     code             z_j = clip((x_j − m_j)/s_j, ±3) ;  G bumps exp(−((z_j − c_g)/w)²), centres c_g from −2 to 2, w = 4/(G − 1)
//!                      u = all z and bumps, and inputs that are as they are (0 or 1);  a missing x_j gives nothing
//!     network          h = max(0, W u + b) ;  logits = V u + R h + c ;  p their softmax ;  loss ℓ = −ln p_y
//!     dopamine         ξ = ±1 on units with h > 0 ,  d = (ℓ⁺ − ℓ⁻)/2σ with σ ξ added to h ,  g_W = d ξ uᵀ ;   readout g = (p − y) (u, h, 1)ᵀ
//!     acetylcholine    at a synapse: v ← .999 v + .001 g² ,  step g/(a √(v/(1 − .999^n)) + 10⁻⁴)
//!     serotonin        rate η · max(floor, 1/(1 + π)) ,  π = (examples since the last surprise)/500
//!     noradrenaline    each block of 20 examples: z = (L − m_L)/s_L once 10 blocks were seen ,  C ← max(0, C + min(10, z) − 1) ;
//!                      C > 12: V, R, c ← ½ of each ;  π, m_L, s_L begin anew
//! ```
//! x `[features]` · m, s running mean and deviation (rate max(10⁻³, 1/n)) · W [inputs × H], V [inputs × C], R [C × H] · σ = 10⁻² · η rate,
//! another one for W and b · v of W and b moves for units that are on, v of an input where it is not 0; n counts the same for an input, and
//! examples for a unit · a level of acetylcholine over what its nucleus releases, 1 when intact; a = 0 divides by
//! nothing · L mean loss of a block `[nats]`, m_L, s_L its running mean and deviation (rate .02, s_L at least .05 m_L + 10⁻⁶).
//!
//! # Committee
//! ```text
//!     p = Σ_k w_k p_k ;   w_k ← .99 w_k p_k(y)/Σ_i w_i p_i(y) + .01/K
//! ```
//! K = 4 networks of different rates and sizes, each with modulators of its own: one without code and hidden units (η .02), one without hidden
//! units (.01), two of 64 units, slower (.005, hidden .0025) and faster (.01, hidden .005, floor 1: it never cools).
//!
//! What is not known beforehand grows: inputs ([`add_inputs`](OnlineClassifier::add_inputs)) and classes
//! ([`add_class`](OnlineClassifier::add_class)), with weights that follow from the key.
//!
//! # Cost
//! Of one network of I inputs, H units, C classes: one forward pass and two of the readout from the hidden layer on, then some ten operations,
//! a root and a quotient among them, for each of I (H + C) + H C weights. Memory twice the weights. `cargo bench -p tegmentum --bench online` measures it.
//!
//! # Modulation
//! The modulators are those of the preset `stream`; `learning_rate` is a further factor on both rates, `perturbation_scale` one on σ.
//!
//! # What is ours
//! The whole, and all constants. Weights by recent likelihood that are shared out again: M. Herbster, M. Warmuth, Machine Learning 32, 151–178,
//! 1998 (fixed share). Node perturbation: B. Flower, M. Jabri, NIPS 5, 1992. Cumulative sums: E. S. Page, Biometrika 41, 100–115, 1954.

mod code;
mod member;

pub use code::{InputKind, LARGEST};
pub use member::MemberConfig;

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result, at_least_zero, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::nucleus::{Levels, Transmitter};
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use code::Code;
use member::Member;

/// Members of a committee, at most.
const MAX_MEMBERS: usize = 32;
/// Inputs of a learner, at most.
pub const MAX_INPUTS: usize = 100_000;
/// Classes of a learner, at most.
pub const MAX_CLASSES: usize = 1000;
/// Least likelihood that counts for the weight of a member.
const LEAST_LIKELIHOOD: f64 = 1e-6;

/// Settings of a learner of a stream.
///
/// # Example
/// ```
/// use tegmentum::learning::online::OnlineConfig;
///
/// let config: OnlineConfig = toml::from_str("members = [{ hidden = 16, rate = 0.01 }]")?;
/// assert_eq!((config.members.len(), config.block), (1, 20));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnlineConfig {
    /// The networks.
    pub members: Vec<MemberConfig>,
    /// Bumps G of a number's population code, for members that use it.
    pub bumps: usize,
    /// Least rate of the running mean and deviation of a number.
    pub scale_rate: f64,
    /// Memory of the size of an estimate at a synapse.
    pub memory: f64,
    /// Examples of a block, after each of which the nuclei have a moment.
    pub block: u64,
    /// Share of the committee's weight that is handed out anew with each example.
    pub share: f64,
    /// The four modulators of each member; the preset `stream` unless another one is named.
    pub neuromodulation: NeuromodulationConfig,
}

impl Default for OnlineConfig {
    fn default() -> Self {
        let quick = MemberConfig { hidden: 0, code: false, rate: 0.02, ..MemberConfig::default() };
        let additive = MemberConfig { hidden: 0, rate: 0.01, ..MemberConfig::default() };
        let slow = MemberConfig { rate: 0.005, hidden_rate: 0.0025, ..MemberConfig::default() };
        let restless = MemberConfig { floor: 1.0, ..MemberConfig::default() };
        Self {
            members: vec![quick, additive, slow, restless],
            bumps: 8,
            scale_rate: 1e-3,
            memory: 0.999,
            block: 20,
            share: 0.01,
            neuromodulation: NeuromodulationConfig::default(),
        }
    }
}

impl OnlineConfig {
    /// What every member obeys.
    pub fn hears() -> Vec<Heard> {
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

    fn check(&self) -> Result<()> {
        let within = |name, value: usize, range: std::ops::RangeInclusive<usize>, requirement| {
            let fits = range.contains(&value);
            if fits { Ok(()) } else { Err(Error::InvalidParameter { name, value: value as f64, requirement }) }
        };
        within("members", self.members.len(), 1..=MAX_MEMBERS, "between 1 and 32")?;
        within("bumps", self.bumps, 1..=100, "between 1 and 100")?;
        within("block", usize::try_from(self.block).unwrap_or(usize::MAX), 1..=1_000_000, "between 1 and 1000000")?;
        fraction("scale_rate", self.scale_rate)?;
        positive("scale_rate", self.scale_rate)?;
        fraction("share", self.share)?;
        if !(0.0..1.0).contains(&self.memory) {
            let (name, value) = ("memory", self.memory);
            return Err(Error::InvalidParameter { name, value, requirement: "at least 0 and below 1" });
        }
        for member in &self.members {
            within("hidden", member.hidden, 0..=10_000, "between 0 and 10000")?;
            positive("rate", member.rate)?;
            at_least_zero("hidden_rate", member.hidden_rate)?;
            fraction("floor", member.floor)?;
        }
        Ok(())
    }

    /// The learner of examples with these inputs and so many classes, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, no input or no class, or too many of them; [`Error::Incompatible`] for a
    /// modulator that no member would hear.
    pub fn build(&self, inputs: &[InputKind], classes: usize, key: Key) -> Result<OnlineClassifier> {
        self.check()?;
        if !(1..=MAX_CLASSES).contains(&classes) {
            let (name, requirement) = ("classes", "between 1 and 1000");
            return Err(Error::InvalidParameter { name, value: classes as f64, requirement });
        }
        let system = self.neuromodulation.or_preset(Preset::Stream);
        system.check_heard("the learner of a stream", &Self::hears(), &[])?;
        let member = |(index, config): (u64, &MemberConfig)| -> Result<Member> {
            let own = key.child(index);
            Ok(Member::new(config, self, system.build(own.child(0))?, own))
        };
        let members: Vec<Member> = (0..).zip(&self.members).map(member).collect::<Result<_>>()?;
        let mut learner = OnlineClassifier {
            code: Code::new(self.bumps, self.scale_rate),
            weights: vec![1.0 / members.len() as f64; members.len()],
            members,
            mixed: Vec::new(),
            classes: 0,
            config: self.clone(),
        };
        learner.add_inputs(inputs)?;
        (0..classes).try_for_each(|_| learner.add_class())?;
        Ok(learner)
    }
}

/// What came of one example.
///
/// # Example
/// ```
/// use tegmentum::learning::online::{InputKind, OnlineConfig};
/// use tegmentum::random::Key;
///
/// let mut learner = OnlineConfig::default().build(&[InputKind::Number], 2, Key::from_seed(1))?;
/// let observed = learner.observe(&[0.5], 1)?;
/// assert!(observed.likelihood > 0.0 && !observed.alarm(0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// The class that was predicted before the example was learned from.
    pub predicted: usize,
    /// The probability that the true class was given then.
    pub likelihood: f64,
    alarms: u32,
}

impl Observed {
    /// Whether noradrenaline made this member begin anew.
    pub fn alarm(&self, member: usize) -> bool {
        member < MAX_MEMBERS && self.alarms >> member & 1 == 1
    }

    /// Whether it made any member begin anew.
    pub fn any_alarm(&self) -> bool {
        self.alarms != 0
    }
}

/// The state of a member that a user may look at.
///
/// # Example
/// ```
/// use tegmentum::learning::online::{InputKind, OnlineConfig};
/// use tegmentum::random::Key;
///
/// let learner = OnlineConfig::default().build(&[InputKind::Number], 2, Key::from_seed(1))?;
/// assert_eq!(learner.look(2).weight, 0.25);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberLook {
    /// Its weight in the committee.
    pub weight: f64,
    /// The levels of its four modulators.
    pub levels: Levels,
    /// The factor by which serotonin has cooled its rates.
    pub cooling: f64,
}

/// A classifier of a stream; see the module's head.
///
/// # Example
/// ```
/// use tegmentum::learning::online::{InputKind, OnlineConfig};
/// use tegmentum::random::Key;
///
/// let mut learner = OnlineConfig::default().build(&[InputKind::Number; 2], 2, Key::from_seed(1))?;
/// let mut stream = Key::from_seed(2).stream();
/// let mut right = 0;
/// for _ in 0..2000 {
///     let x = [stream.uniform(), stream.uniform()];
///     let y = usize::from(x[0] > x[1]);
///     right += usize::from(learner.observe(&x, y)?.predicted == y);
/// }
/// assert!(right > 1800);
/// assert_eq!(learner.predict(&[0.9, 0.1])?, 1);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct OnlineClassifier {
    config: OnlineConfig,
    code: Code,
    members: Vec<Member>,
    weights: Vec<f64>,
    /// Probabilities of the committee; work space.
    mixed: Vec<f64>,
    classes: usize,
}

impl OnlineClassifier {
    /// The number of features.
    pub fn features(&self) -> usize {
        self.code.kinds().len()
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of members.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// What can be seen of a member, from 0.
    pub fn look(&self, member: usize) -> MemberLook {
        let Member { system, .. } = &self.members[member];
        MemberLook { weight: self.weights[member], levels: system.levels(), cooling: self.members[member].cooling() }
    }

    /// More features, behind those that there are.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if there are more than [`MAX_INPUTS`] then.
    pub fn add_inputs(&mut self, kinds: &[InputKind]) -> Result<()> {
        let count = self.features() + kinds.len();
        if count > MAX_INPUTS {
            let (name, requirement) = ("inputs", "at most 100000");
            return Err(Error::InvalidParameter { name, value: count as f64, requirement });
        }
        self.code.add(kinds);
        let (inputs, features) = (self.code.width(), self.features());
        self.members.iter_mut().for_each(|member| member.grow(inputs, features, self.classes));
        Ok(())
    }

    /// One more class, behind those that there are.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if there are more than [`MAX_CLASSES`] then.
    pub fn add_class(&mut self) -> Result<()> {
        if self.classes == MAX_CLASSES {
            let (name, requirement) = ("classes", "at most 1000");
            return Err(Error::InvalidParameter { name, value: (MAX_CLASSES + 1) as f64, requirement });
        }
        self.classes += 1;
        self.mixed.resize(self.classes, 0.0);
        let (inputs, features) = (self.code.width(), self.features());
        self.members.iter_mut().for_each(|member| member.grow(inputs, features, self.classes));
        Ok(())
    }

    /// Predicts the class of `x` `[features]`, then learns that it is `y`. A feature that is NaN is missing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another number of features, one that is infinite or beyond [`LARGEST`], or a class that there is not:
    /// nothing is learned then; [`Error::NonFinite`] if a weight has become so.
    pub fn observe(&mut self, x: &[f64], y: usize) -> Result<Observed> {
        self.check(x)?;
        if y >= self.classes {
            let (name, requirement) = ("y", "below the number of classes");
            return Err(Error::InvalidParameter { name, value: y as f64, requirement });
        }
        self.code.take_in(x);
        self.mixed.fill(0.0);
        for (member, &weight) in self.members.iter_mut().zip(&self.weights) {
            let own = member.forward(&self.code);
            self.mixed.iter_mut().zip(own).for_each(|(sum, &p)| *sum += weight * f64::from(p));
        }
        let observed = Observed { predicted: argmax(&self.mixed), likelihood: self.mixed[y], alarms: 0 };
        if !observed.likelihood.is_finite() {
            return Err(Error::NonFinite { what: "the probability of a class", step: self.code.count() });
        }
        let (mut alarms, mut total) = (0, 0.0);
        for (index, (member, weight)) in self.members.iter_mut().zip(&mut self.weights).enumerate() {
            *weight *= member.likelihood(y).max(LEAST_LIKELIHOOD);
            total += *weight;
            alarms |= u32::from(member.learn(&self.code, y)) << index;
        }
        let share = self.config.share;
        let handed_out = share / self.weights.len() as f64;
        self.weights.iter_mut().for_each(|weight| *weight = (1.0 - share) * *weight / total + handed_out);
        Ok(Observed { alarms, ..observed })
    }

    /// The class that is most probable for `x` `[features]`: what [`observe`](Self::observe) would predict.
    ///
    /// # Errors
    /// Those of [`probabilities`](Self::probabilities).
    pub fn predict(&self, x: &[f64]) -> Result<usize> {
        Ok(argmax(&self.probabilities(x)?))
    }

    /// The probabilities of the classes for `x` `[features]`; nothing is learned, not even the scale of `x`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another number of features, or one that is infinite or beyond [`LARGEST`].
    pub fn probabilities(&self, x: &[f64]) -> Result<Vec<f64>> {
        self.check(x)?;
        let code = self.code.as_if_seen(x);
        let mut mixed = vec![0.0; self.classes];
        for (member, &weight) in self.members.iter().zip(&self.weights) {
            let own = member.probabilities(&code);
            mixed.iter_mut().zip(own).for_each(|(sum, p)| *sum += weight * f64::from(p));
        }
        Ok(mixed)
    }

    fn check(&self, x: &[f64]) -> Result<()> {
        if x.len() != self.features() {
            let (name, requirement) = ("the number of features", "that of the learner");
            return Err(Error::InvalidParameter { name, value: x.len() as f64, requirement });
        }
        match x.iter().find(|value| value.abs() > LARGEST) {
            Some(&value) => Err(Error::InvalidParameter {
                name: "a feature",
                value,
                requirement: "between -1e100 and 1e100, or NaN",
            }),
            None => Ok(()),
        }
    }
}

impl Archived for OnlineClassifier {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("OnlineClassifier")?;
        let mut kinds: Vec<u8> = self.code.kinds().iter().map(|kind| kind.number()).collect();
        kinds.archive(archive)?;
        let mut classes = self.classes;
        classes.archive(archive)?;
        if archive.is_reading() {
            let own: Vec<u8> = self.code.kinds().iter().map(|kind| kind.number()).collect();
            let added = kinds.strip_prefix(own.as_slice()).unwrap_or_default();
            let grows = kinds.starts_with(&own) && (self.classes..=MAX_CLASSES).contains(&classes);
            archive.check(grows && kinds.len() <= MAX_INPUTS, "inputs and classes that this learner can have")?;
            let added: Option<Vec<InputKind>> = added.iter().map(|&number| InputKind::from_number(number)).collect();
            archive.check(added.is_some(), "kinds of inputs that there are")?;
            // No more is made than the bytes that follow can fill.
            let inputs: usize = kinds.iter().map(|kind| if *kind == 0 { 1 + self.config.bumps } else { 1 }).sum();
            let units = self.config.members.iter().map(|member| member.hidden + classes).sum::<usize>();
            let least = archive.length(0)?;
            archive.check(least == inputs.saturating_mul(units), "weights of this learner")?;
            self.add_inputs(&added.unwrap_or_default())?;
            while self.classes < classes {
                self.add_class()?;
            }
        } else {
            let units = self.config.members.iter().map(|member| member.hidden + classes).sum::<usize>();
            archive.length(self.code.width().saturating_mul(units))?;
        }
        let Self { code, members, weights, config: _, mixed: _, classes: _ } = self;
        code.archive(archive)?;
        archive.values("members", members)?;
        archive.values("weights", weights)
    }
}

fn argmax(values: &[f64]) -> usize {
    let better = |best: usize, (index, value): (usize, &f64)| if *value > values[best] { index } else { best };
    values.iter().enumerate().fold(0, better)
}

#[cfg(test)]
mod tests;

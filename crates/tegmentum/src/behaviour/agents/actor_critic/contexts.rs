//! A memory of contexts: old rules are kept aside, and come back when they predict again what happens.
//!
//! ```text
//!     rising edge of the reset     shelf ← P ,  D_i ← 0 for all i ,  D ← 0 ,  a window of 40 trials opens
//!     in the window, each trial    D_i ← min(3, D_i + r² − (r − ô_i)²) ,  ô_i = w_i,a · x
//!     D_i ≥ 3, largest, c = 0      P ← P_i exactly, this trial is not learned from ;  i is in force, D ← D_i
//!     while i is in force          D ← min(3, D + r² − (r − ô)²)
//!     confidence                   c = min(1, max(0, D)/3) ,  0 if none is in force
//!     obeyed                       temperature 1 + (1 − c)(T − 1) ,  learning rate 1 + (1 − c)(η' − 1)
//! ```
//! P parameters of the agent: weights of its units and w `[actions × inputs]` of its predictor of outcomes · P_i those on the
//! shelf, w_i their predictor · x observation `[inputs]` · a action taken · r outcome, ô, ô_i predictions of it `[reward]` ·
//! D evidence `[reward²]` · T, η' factors of the modulation.
//!
//! Evidence is the squared outcome that a context explains beyond one that knows nothing and predicts 0. A response that comes
//! out as predicted gives about +1, one that comes out the other way −3, and no response nothing at all: it says nothing about the
//! rule. A new rule that an old one gets half right therefore drives evidence down, and the agent goes on learning it. No
//! label of a task is known anywhere.
//!
//! Confidence is the quantity like acetylcholine of a context, of the one in force against exploration: what is known needs
//! no search, although noradrenaline is still there. One surprise takes all of it, so that search comes back at
//! once where a context was taken up by mistake.
//!
//! # The shelf
//! At a burst, a few trials after a shift, what is known is still nearly the old rule. A copy replaces the one whose predictor points the
//! same way (cosine of w and w_i above .8), so that a rule is not there twice; else it takes a free place; else that of the
//! context used longest ago.
//!
//! # Cost
//! Parameters to copy at a burst and at a return. In a window, contexts × active inputs products a trial, else nothing. Memory:
//! contexts × parameters.
//!
//! # Reference
//! Zou et al. 2020, Xing et al. 2022: acetylcholine tracks confidence in each stored task, noradrenaline rises when none is
//! committed to, which resets the network and allocates a task. S. Bouret, S. J. Sara, Trends in Neurosciences 28, 574–582, 2005:
//! network reset by the locus coeruleus. That noradrenaline counts for less in a familiar context is from its faster decay there;
//! the evidence, the shelf, that confidence holds against temperature and plasticity, and all constants are inferred;
//! 40 and 3 were chosen among fourteen settings on seeds 0–99 of the Go/No-Go tasks.

use crate::kernel::rate::ActiveInputs;

/// Trials after a burst in which contexts are compared.
const WINDOW: u32 = 40;
/// Evidence at which a context is taken up, of full confidence, and the most that is kept.
const ENOUGH: f64 = 3.0;
/// Cosine of two predictors above which they are of one rule.
const ALIKE: f64 = 0.8;

/// The memory.
#[derive(Clone, Debug)]
pub(super) struct Contexts {
    capacity: usize,
    /// From the one used longest ago to the last one used.
    shelf: Vec<Context>,
    /// Whether the last moment was one of reset.
    resetting: bool,
    /// Trials left in which contexts are compared.
    window: u32,
    /// Evidence for the context in force, if one came back.
    in_force: Option<f64>,
}

crate::archived!(Contexts { shelf, resetting, window, in_force } fixed { capacity });

/// A context on the shelf.
#[derive(Clone, Debug, Default)]
struct Context {
    parameters: Vec<f32>,
    evidence: f64,
}

crate::archived!(Context { parameters, evidence });

/// What happened in a trial.
pub(super) struct ContextTrial<'a> {
    pub(super) inputs: &'a ActiveInputs,
    /// First parameter of the whole predictor, and of the weights of the action taken.
    pub(super) predictor: usize,
    pub(super) action: usize,
    /// Inputs of the predictor.
    pub(super) num_inputs: usize,
    pub(super) reward: f64,
    /// Error of the agent's own predictor.
    pub(super) outcome_error: f64,
}

impl Contexts {
    /// Room for `capacity` contexts.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, shelf: Vec::new(), resetting: false, window: 0, in_force: None }
    }

    /// Confidence c in the context in force, from 0 to 1.
    pub(super) fn confidence(&self) -> f64 {
        self.in_force.map_or(0.0, |evidence| (evidence / ENOUGH).clamp(0.0, 1.0))
    }

    /// What is left of a factor where a context is known. A confidence of 0 leaves every bit.
    pub(super) fn steady(&self, factor: f64) -> f64 {
        let confidence = self.confidence();
        if confidence > 0.0 { 1.0 + (1.0 - confidence) * (factor - 1.0) } else { factor }
    }

    /// Takes in a trial and whether there is a reset now. Returns whether a context came back into `parameters`.
    pub(super) fn observe(&mut self, trial: &ContextTrial<'_>, reset: bool, parameters: &mut [f32]) -> bool {
        if self.capacity == 0 {
            return false;
        }
        if reset && !self.resetting {
            self.store(parameters, trial.predictor);
        }
        self.resetting = reset;
        if let Some(evidence) = &mut self.in_force {
            *evidence = (*evidence + explained(trial.reward, trial.outcome_error)).min(ENOUGH);
        }
        if self.window == 0 {
            return false;
        }
        self.window -= 1;
        for context in &mut self.shelf {
            let first = trial.predictor + trial.action * trial.num_inputs;
            let weights = &context.parameters[first..first + trial.num_inputs];
            let error = trial.reward - f64::from(trial.inputs.dot(weights));
            context.evidence = (context.evidence + explained(trial.reward, error)).min(ENOUGH);
        }
        self.confidence() == 0.0 && self.recall(parameters)
    }

    /// Puts `parameters` on the shelf and opens the window.
    fn store(&mut self, parameters: &[f32], predictor: usize) {
        let known = self
            .shelf
            .iter()
            .position(|context| cosine(&context.parameters[predictor..], &parameters[predictor..]) > ALIKE);
        let place = known.or_else(|| (self.shelf.len() >= self.capacity).then_some(0));
        let mut context = match place {
            Some(place) => self.shelf.remove(place),
            None => Context { parameters: vec![0.0; parameters.len()], evidence: 0.0 },
        };
        context.parameters.copy_from_slice(parameters);
        self.shelf.push(context);
        self.shelf.iter_mut().for_each(|context| context.evidence = 0.0);
        self.in_force = None;
        self.window = WINDOW;
    }

    /// Takes up the context with most evidence if that is enough.
    fn recall(&mut self, parameters: &mut [f32]) -> bool {
        let best = (0..self.shelf.len()).max_by(|&a, &b| self.shelf[a].evidence.total_cmp(&self.shelf[b].evidence));
        let Some(best) = best.filter(|&best| self.shelf[best].evidence >= ENOUGH) else {
            return false;
        };
        let context = self.shelf.remove(best);
        parameters.copy_from_slice(&context.parameters);
        self.in_force = Some(context.evidence);
        self.shelf.push(context);
        true
    }

    /// Bytes of the shelf.
    pub(super) fn state_bytes(&self) -> usize {
        self.shelf.iter().map(|context| size_of::<f32>() * context.parameters.len() + size_of::<f64>()).sum()
    }
}

/// Squared outcome that a prediction with this error explains beyond a prediction of 0.
fn explained(reward: f64, error: f64) -> f64 {
    reward * reward - error * error
}

/// Cosine of the angle between two vectors; 0 if one of them is zero.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    let sizes = (product(a, a) * product(b, b)).sqrt();
    if sizes > 0.0 { product(a, b) / sizes } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs, two actions; a parameter that is no predictor's, then the predictor.
    fn knowing(go: [f32; 2]) -> Vec<f32> {
        vec![0.5, 0.0, 0.0, go[0], go[1]]
    }

    /// A response to one of the inputs.
    fn trial(contexts: &mut Contexts, input: usize, reward: f64, reset: bool, parameters: &mut [f32]) -> bool {
        let mut inputs = ActiveInputs::new(2);
        inputs.set(&[0, 1].map(|index| f32::from(u8::from(index == input))));
        let outcome_error = reward - f64::from(parameters[3 + input]);
        let seen = ContextTrial { inputs: &inputs, predictor: 1, action: 1, num_inputs: 2, reward, outcome_error };
        contexts.observe(&seen, reset, parameters)
    }

    #[test]
    fn a_context_comes_back_exactly_after_three_outcomes_that_it_foretold() {
        let mut contexts = Contexts::new(2);
        let first = knowing([1.0, -1.0]);
        let mut now = first.clone();
        // The other rule begins: against the copy that is put aside here.
        assert!(!trial(&mut contexts, 0, -1.0, true, &mut now));
        now = knowing([-1.0, 1.0]);
        assert!(!trial(&mut contexts, 0, -1.0, false, &mut now));
        // And back.
        let mut came_back = Vec::new();
        for (reset, input, reward) in [(true, 0, 1.0), (true, 1, -1.0), (true, 0, 1.0)] {
            came_back.push(trial(&mut contexts, input, reward, reset, &mut now));
        }
        assert_eq!(came_back, [false, false, true]);
        assert_eq!(now, first);
        assert_eq!((contexts.confidence(), contexts.steady(8.0)), (1.0, 1.0));
        // One surprise, and it is obeyed again.
        trial(&mut contexts, 0, -1.0, true, &mut now);
        assert_eq!((contexts.confidence(), contexts.steady(8.0)), (0.0, 8.0));
    }

    #[test]
    fn no_response_is_no_evidence_and_half_a_rule_is_not_enough() {
        let mut contexts = Contexts::new(2);
        let mut now = knowing([1.0, -1.0]);
        trial(&mut contexts, 0, -1.0, true, &mut now);
        for round in 0..60 {
            assert!(!trial(&mut contexts, round % 2, 1.0, false, &mut now), "right for one input, wrong for the other");
        }
        assert_eq!(contexts.window, 0);
        let mut inputs = ActiveInputs::new(2);
        inputs.set(&[1.0, 1.0]);
        contexts.store(&now, 1);
        let held =
            ContextTrial { inputs: &inputs, predictor: 1, action: 0, num_inputs: 2, reward: 0.0, outcome_error: 0.0 };
        assert!((0..60).all(|_| !contexts.observe(&held, false, &mut now)));
        assert!(contexts.shelf.iter().all(|context| context.evidence == 0.0));
    }

    #[test]
    fn a_rule_is_not_stored_twice_and_the_oldest_goes() {
        let mut contexts = Contexts::new(2);
        for go in [[1.0, -1.0], [0.9, -1.1], [1.0, 1.0]] {
            contexts.store(&knowing(go), 1);
        }
        let shelf =
            |contexts: &Contexts| contexts.shelf.iter().map(|context| context.parameters[3]).collect::<Vec<_>>();
        assert_eq!(shelf(&contexts), [0.9, 1.0]);
        contexts.store(&knowing([-1.0, 1.0]), 1);
        assert_eq!(shelf(&contexts), [1.0, -1.0]);
        assert_eq!(contexts.state_bytes(), 2 * (5 * 4 + 8));
    }
}

//! What the tests of optimizers share.

use tegmentum::data::batch::Batch;
use tegmentum::learning::optimizer::{Optimizer, StepReport};
use tegmentum::model::objective::Objective;
use tegmentum::model::perturbation::Base;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

/// One update; returns the report and the number of evaluations.
pub(crate) fn update(
    learner: &mut dyn Optimizer,
    objective: &impl Objective,
    modulation: &Modulation,
    batch: u64,
) -> (StepReport, u64) {
    let probes = learner.ask(modulation).to_vec();
    let mut losses = vec![0.0; probes.len()];
    objective.losses(learner.bases(), &probes, Batch(Key::from_seed(batch)), &mut losses).unwrap();
    (learner.tell(&losses, modulation).unwrap(), probes.len() as u64)
}

/// One of its vectors.
pub(crate) fn parameters(learner: &dyn Optimizer, base: Base) -> Vec<f32> {
    let bases = learner.bases();
    let mut vector = vec![0.0; bases.num_parameters()];
    bases.point(base).unwrap().write(1.0, &mut vector);
    vector
}

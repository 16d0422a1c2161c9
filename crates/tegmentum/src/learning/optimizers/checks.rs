//! What every optimizer checks: settings and start when it is built, losses and parameters at every update.

use crate::error::{Error, Result, at_least_one, positive};
#[cfg(test)]
use crate::{
    data::batch::Batch,
    learning::optimizer::OptimizerSettings,
    model::{objective::Objective, objectives::BlackBox},
    neuromodulation::modulation::Modulation,
    random::Key,
};

/// Checks what every optimizer is built from.
pub(crate) fn check_start(start: &[f32], perturbation_scale: f64, budget_evaluations: u64) -> Result<()> {
    at_least_one("parameters", start.len())?;
    if let Some(value) = start.iter().find(|value| !value.is_finite()) {
        return Err(Error::InvalidParameter {
            name: "start",
            value: f64::from(*value),
            requirement: "finite in every parameter",
        });
    }
    positive("perturbation_scale", perturbation_scale)?;
    at_least_one("budget_evaluations", usize::try_from(budget_evaluations).unwrap_or(usize::MAX))?;
    Ok(())
}

/// Returns `value` if it is finite and not negative.
pub(crate) fn non_negative(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "a finite number, 0 or above" })
    }
}

/// Whether a strength is 0, so that it need not be written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the attribute asks for it")]
pub(crate) fn is_zero(strength: &f64) -> bool {
    *strength == 0.0
}

/// Returns the decay of a running mean if it is in `[0, 1)`.
pub(crate) fn decay(name: &'static str, value: f64) -> Result<f64> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "at least 0 and below 1" })
    }
}

/// Checks that there are probes, and a loss for each.
pub(crate) fn check_losses(probes: usize, losses: &[f64]) -> Result<()> {
    if probes == 0 {
        Err(Error::ShapeMismatch { what: "probes, which must be asked for first", expected: 1, found: 0 })
    } else if probes == losses.len() {
        Ok(())
    } else {
        Err(Error::ShapeMismatch { what: "losses of probes", expected: probes, found: losses.len() })
    }
}

/// Number of losses that are NaN or infinite.
pub(crate) fn count_non_finite(losses: &[f64]) -> u32 {
    losses.iter().map(|loss| u32::from(!loss.is_finite())).sum()
}

/// An error if a parameter is no longer finite.
pub(crate) fn check_finite(finite: bool, step: u64) -> Result<()> {
    if finite { Ok(()) } else { Err(Error::NonFinite { what: "a parameter", step }) }
}

/// The first three parameters after three rounds on a quadratic in 5 dimensions with its minimum at 1: what tests of value
/// stability compare.
#[cfg(test)]
pub(crate) fn three_rounds(settings: &dyn OptimizerSettings) -> [f32; 3] {
    let bowl = BlackBox::new(5, |parameters: &[f32]| {
        parameters.iter().map(|&x| 0.5 * f64::from(x - 1.0) * f64::from(x - 1.0)).sum()
    });
    let (modulation, batch) = (Modulation::default(), Batch(Key::from_seed(0)));
    let mut learner = settings.build(vec![0.0; 5], Key(42), 2000).expect("valid settings");
    for _ in 0..3 {
        let probes = learner.ask(&modulation).to_vec();
        let mut losses = vec![0.0; probes.len()];
        bowl.losses(learner.bases(), &probes, batch, &mut losses).expect("shapes fit");
        learner.tell(&losses, &modulation).expect("finite");
    }
    let mut averaged = [0.0; 5];
    learner.bases().averaged.write(1.0, &mut averaged);
    [averaged[0], averaged[1], averaged[2]]
}

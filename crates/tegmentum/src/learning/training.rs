//! The only loop: updates of one learner, or of several that make them together, until the budget is spent or an observer
//! stops the run.
//!
//! Cost is counted in *loss evaluations*: one forward pass of a batch is one, whatever it is for; an update of node
//! perturbation or backpropagation counts three. Judging on test data costs nothing.
//!
//! The batch of update u has the key `key.child(u)`; a learner draws nothing from it but batches, so that all arms of a
//! study see the same data in the same order.

use crate::error::Result;
use crate::learning::group::{LearnerGroup, Member, Single};
use crate::learning::learner::{Learner, Progress};
use crate::learning::observer::Observer;
use crate::random::Key;

pub use crate::learning::group::Ended;

/// Trains until the budget of evaluations is spent or an observer stops the run.
///
/// # Errors
/// Those of the learner and of the observers.
pub fn train(learner: &mut dyn Learner, key: Key, budget: u64, observers: &mut [&mut dyn Observer]) -> Result<Ended> {
    let mut members = [Member::new(observers)];
    train_group(&mut Single { learner, key }, budget, &mut members, 1, &mut || false)?;
    let [member] = members;
    Ok(member.finish()?.0)
}

/// Trains the runs of a group, each watched by the observers of its member, until every run has ended: its budget of
/// evaluations is spent, an observer stopped it, or its parameters became NaN or infinite. The loop is left when fewer than
/// `at_least` runs go on, so that they can go on in another form; [`Member::is_open`] tells which.
///
/// Before each advance `pause` is asked. If it says so the loop is left with its runs open, and true is returned. To go on, enter the
/// loop again with the same group and members, or with others that were built in the same way and read from an archive: no bit is
/// another one than without the pause, and no observer sees a record twice.
///
/// # Errors
/// Those of the observers. The error of a run is its [`Member`]'s.
pub fn train_group(
    group: &mut dyn LearnerGroup,
    budget: u64,
    members: &mut [Member<'_, '_>],
    at_least: usize,
    pause: &mut dyn FnMut() -> bool,
) -> Result<bool> {
    let mut progress: Vec<Result<Progress>> = members.iter().map(|_| Ok(Progress::default())).collect();
    loop {
        let mut open = members.iter().filter(|member| member.is_open());
        // Where a pause was before an advance, this advance is still to be made, even if the last look ended runs.
        let goes_on = open.clone().count() > 0 && open.all(Member::is_seen);
        if !goes_on && members.iter().filter(|member| member.is_open()).count() < at_least.max(1) {
            return Ok(false);
        }
        // Nobody looks before `until`.
        let mut until = budget;
        for (run, member) in members.iter_mut().enumerate().filter(|(_, member)| member.is_open()) {
            member.look(group.look(run), budget)?;
            if member.is_open() {
                until = until.min(member.next_look(budget));
            }
        }
        let Some(Ended { evaluations, updates, .. }) = members.iter().find(|member| member.is_open()).map(|m| m.so_far)
        else {
            return Ok(false);
        };
        if pause() {
            return Ok(true);
        }
        group.advance(updates, until.saturating_sub(evaluations).max(1), &mut progress);
        for (member, progress) in members.iter_mut().zip(&mut progress).filter(|(member, _)| member.is_open()) {
            member.add(std::mem::replace(progress, Ok(Progress::default())));
        }
    }
}

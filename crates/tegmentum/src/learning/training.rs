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

/// Trains one learner as [`train`] does, with a pause: it is asked for before each advance, and whether it was made is returned. Entered
/// again with the same learner and member, or with others built in the same way and read from an archive, the run goes on.
///
/// # Example
/// ```
/// use tegmentum::archive::Archive;
/// use tegmentum::learning::black_box_learner::BlackBoxLearner;
/// use tegmentum::learning::group::Member;
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
/// use tegmentum::learning::training::{train, train_member};
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::random::Key;
///
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let build = || -> tegmentum::error::Result<_> {
///     let optimizer = DopamineConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 100)?;
///     Ok(BlackBoxLearner::new(&sphere, Box::new(optimizer)))
/// };
/// let key = Key::from_seed(2);
/// let mut whole = build()?;
/// let ended = train(&mut whole, key, 100, &mut [])?;
///
/// // Left after five advances, kept, built anew and gone on with.
/// let (mut learner, mut member, mut asked) = (build()?, Member::new(&mut []), 0);
/// let mut pause = || {
///     asked += 1;
///     asked > 5
/// };
/// assert!(train_member(&mut learner, key, 100, &mut member, &mut pause)?);
/// let bytes = Archive::write(&mut (&mut learner, &mut member))?;
///
/// let (mut learner, mut member) = (build()?, Member::new(&mut []));
/// Archive::read(&bytes, &mut (&mut learner, &mut member))?;
/// assert!(!train_member(&mut learner, key, 100, &mut member, &mut || false)?);
/// assert_eq!(member.finish()?.0, ended);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
///
/// # Errors
/// Those of the observers. The error of the run is its [`Member`]'s.
pub fn train_member(
    learner: &mut dyn Learner,
    key: Key,
    budget: u64,
    member: &mut Member<'_, '_>,
    pause: &mut dyn FnMut() -> bool,
) -> Result<bool> {
    train_group(&mut Single { learner, key }, budget, std::slice::from_mut(member), 1, pause)
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

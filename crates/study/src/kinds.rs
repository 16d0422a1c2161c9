//! The kinds of studies, one file each.
//!
//! | kind | question |
//! |---|---|
//! | `compare` | which arm is better, each at its tuned rate? |
//! | `robustness` | how wide is the range of rates that works? |
//! | `switching` | what happens when the task changes without a sign? |
//! | `continual` | what is still known of earlier tasks when others have followed? |
//! | `forgetting` | what is left of A at equal quality on B, and where have the weights gone? |
//! | `behaviour` | how does an agent behave in an environment? |
//! | `lesions` | which modulator does what? |
//! | `many_to_one` | which modulator does what, in many environments? |
//! | `dose` | how much of a drug does what? |
//! | `cost` | what does an update cost as sequences grow? |
//! | `theory` | does the engine agree with closed forms? |
//!
//! A kind is added by a file with a `StudyKind` and a line in `ALL`.

mod behaviour;
mod compare;
mod continual;
mod cost;
pub mod dose;
mod forgetting;
mod intervention;
pub mod lesions;
mod many_to_one;
mod robustness;
mod switching;
mod theory;
mod treatment;

use super::kind::StudyKind;
use super::names::listed;

/// Every kind, in the order in which to show them.
pub(crate) const ALL: [&dyn StudyKind; 11] = [
    &compare::Compare,
    &robustness::Robustness,
    &switching::Switching,
    &continual::Continual,
    &forgetting::Forgetting,
    &behaviour::BehaviourStudy,
    &lesions::Lesions,
    &many_to_one::ManyToOne,
    &dose::Dose,
    &cost::Costs,
    &theory::Theory,
];

/// The kind called `name`.
pub(crate) fn find(name: &str) -> Result<&'static dyn StudyKind, String> {
    ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|kind| kind.name()).collect();
        format!("unknown kind {name:?}: known are {}", listed(name, &names))
    })
}

/// Name and question of every kind, in the order in which to show them.
///
/// # Example
/// ```
/// assert!(tegmentum_study::kinds::list().any(|(name, _)| name == "compare"));
/// ```
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.into_iter().map(|kind| (kind.name(), kind.summary()))
}

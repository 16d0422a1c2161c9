//! Models: [networks](network) as pure functions of flat parameters, [perturbations](perturbation) of them, and
//! [objectives](objective), which turn a perturbed model into a loss.

// Plumbing of a pass: public for tests of its bits alone.
#[doc(hidden)]
pub mod forward;
pub mod network;
pub mod networks;
pub mod objective;
pub mod objectives;
pub(crate) mod pass;
pub mod perturbation;
pub mod weights;

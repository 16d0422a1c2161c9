//! Runs of several seeds: side by side as long as there are enough of them, then one after the other. They can be paused anywhere, and go
//! on from their state with the same bits.

use super::learner::FusedPerceptron;
use super::lockstep::{Lockstep, MIN_RUNS};
use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::learning::group::{Member, Single};
use crate::learning::training::train_group;
use crate::random::Key;

/// Trains runs side by side, each watched by its member; when fewer than [`MIN_RUNS`] are left, they go on alone, if there
/// is a form for one of their kind. The batches of a run have the key at its place in `keys`.
///
/// # Errors
/// Those of the observers. The error of a run is its member's.
pub fn train_seeds(lockstep: Lockstep, keys: &[Key], budget: u64, members: &mut [Member<'_, '_>]) -> Result<()> {
    Seeds::new(lockstep).train(keys, budget, members, &mut || false).map(drop)
}

/// Runs of several seeds under way: side by side, and at the end one after the other. Its training can be paused, and its state archived.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::archive::Archive;
/// use tegmentum::data::tasks::TaskConfig;
/// use tegmentum::learning::fused::PerceptronProblem;
/// use tegmentum::learning::fused::lockstep::Lockstep;
/// use tegmentum::learning::fused::seeds::Seeds;
/// use tegmentum::learning::group::Member;
/// use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let network = Arc::from(toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?);
/// let data = Arc::new(PerceptronProblem::new(&network, &problem).ok_or("not small")?);
/// let keys: Vec<_> = (0..8).map(Key::from_seed).collect();
/// let runs: Vec<_> = keys.iter().map(|key| (network.initialise(key.child(0)), key.child(1))).collect();
/// let config = WeightPerturbationConfig::default();
/// let mut seeds = Seeds::new(Lockstep::new(data, &config, &runs, 100)?.ok_or("not plain")?);
/// let mut nobody: Vec<[&mut dyn tegmentum::learning::observer::Observer; 0]> = (0..8).map(|_| []).collect();
/// let mut members: Vec<_> = nobody.iter_mut().map(|none| Member::new(none)).collect();
/// assert!(seeds.train(&keys, 100, &mut members, &mut || true)?, "left before the first advance");
/// let bytes = Archive::write(&mut seeds)?;
/// Archive::read(&bytes, &mut seeds)?;
/// assert!(!seeds.train(&keys, 100, &mut members, &mut || false)?);
/// assert!(members.iter().all(|member| !member.is_open()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Seeds {
    lockstep: Lockstep,
    /// The run that goes on alone, and its learner.
    alone: Option<(usize, FusedPerceptron)>,
}

impl Seeds {
    /// Runs at their beginning.
    pub fn new(lockstep: Lockstep) -> Self {
        Self { lockstep, alone: None }
    }

    /// Trains as [`train_seeds`] until every run has ended or `pause` says so; whether it paused. Entered again it goes on.
    ///
    /// # Errors
    /// As [`train_seeds`].
    pub fn train(
        &mut self,
        keys: &[Key],
        budget: u64,
        members: &mut [Member<'_, '_>],
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<bool> {
        if self.alone.is_none() && train_group(&mut self.lockstep, budget, members, MIN_RUNS, pause)? {
            return Ok(true);
        }
        let open = members.iter_mut().zip(keys).enumerate().filter(|(_, (member, _))| member.is_open());
        for (run, (member, &key)) in open {
            if self.alone.as_ref().is_none_or(|alone| alone.0 != run) {
                self.alone = self.lockstep.learner(run)?.map(|learner| (run, learner));
            }
            if let Some((_, learner)) = &mut self.alone {
                let alone = &mut Single { learner, key };
                if train_group(alone, budget, std::slice::from_mut(member), 1, pause)? {
                    return Ok(true);
                }
            }
        }
        self.alone = None;
        train_group(&mut self.lockstep, budget, members, 1, pause)
    }
}

impl Archived for Seeds {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { lockstep, alone } = self;
        archive.mark("Seeds")?;
        Archived::archive(lockstep, archive)?;
        let mut run = alone.as_ref().map(|alone| alone.0);
        run.archive(archive)?;
        if archive.is_reading() {
            archive.check(run.is_none_or(|run| run < lockstep.runs()), "one of the runs")?;
            *alone = match run {
                Some(run) => lockstep.learner(run)?.map(|learner| (run, learner)),
                None => None,
            };
        }
        archive.optional("a run alone", alone.as_mut().map(|alone| &mut alone.1 as _))
    }
}

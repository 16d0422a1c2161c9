//! The contract of everything that learns by updates.

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;
use crate::learning::optimizer::{Levels, StepReport};
use crate::model::perturbation::Point;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// Cost and report of an update.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Update {
    /// Loss evaluations, or forward-equivalents.
    pub evaluations: u64,
    /// Report of its last round.
    pub report: StepReport,
}

crate::archived!(Update { evaluations, report });

/// Cost and report of several updates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Updates made.
    pub updates: u64,
    /// Loss evaluations, or forward-equivalents.
    pub evaluations: u64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Confirmed surprises.
    pub surprises: u64,
    /// Report of the last update.
    pub report: StepReport,
}

crate::archived!(Progress { updates, evaluations, non_finite, surprises, report });

impl From<Update> for Progress {
    fn from(update: Update) -> Self {
        Self {
            updates: 1,
            evaluations: update.evaluations,
            non_finite: u64::from(update.report.non_finite),
            surprises: u64::from(update.report.surprised),
            report: update.report,
        }
    }
}

/// Anything that learns by updates: a black-box optimizer with its objective, a plasticity rule or a gradient baseline
/// with its network.
pub trait Learner: Send {
    /// One update on the batches of `batch`.
    ///
    /// # Errors
    /// If a parameter became NaN or infinite, or shapes do not fit.
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update>;

    /// Runs consecutive updates from index `first` (update `u` draws its batches from `key.child(u)`) until `evaluations` are
    /// spent, and always at least one. For learners that are quicker when they are not asked one by one.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn advance(&mut self, key: Key, first: u64, evaluations: u64, modulation: &Modulation) -> Result<Progress> {
        let _ = evaluations;
        Ok(self.update(key.child(first), modulation)?.into())
    }

    /// The model that is judged along the way.
    fn averaged(&self) -> Point<'_>;

    /// The model that is handed over at the end.
    fn solution(&self) -> Point<'_>;

    /// Bytes of state that training needs besides the data.
    fn state_bytes(&self) -> usize;

    /// Levels of the four modulators, for learners that have them.
    fn levels(&self) -> Option<Levels>;

    /// The effects of modulators around it that it obeys; none unless it says so.
    fn hears(&self) -> Vec<Heard> {
        Vec::new()
    }

    /// Writes its running state to an archive, or reads it from there, between updates. By default it cannot be saved.
    ///
    /// Built from the same configuration and key, with its state read, a learner goes on with the bits of one that was never interrupted.
    ///
    /// # Example
    /// ```
    /// use tegmentum::archive::Archive;
    /// use tegmentum::learning::black_box_learner::BlackBoxLearner;
    /// use tegmentum::learning::learner::Learner;
    /// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
    /// use tegmentum::model::objectives::BlackBox;
    /// use tegmentum::neuromodulation::modulation::Modulation;
    /// use tegmentum::random::Key;
    ///
    /// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
    /// let build = || DopamineConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 100);
    /// let mut learner = BlackBoxLearner::new(&sphere, Box::new(build()?));
    /// learner.update(Key::from_seed(2).child(0), &Modulation::default())?;
    /// let bytes = Archive::write(&mut learner)?;
    ///
    /// let mut again = BlackBoxLearner::new(&sphere, Box::new(build()?));
    /// Archive::read(&bytes, &mut again)?;
    /// let next = |learner: &mut BlackBoxLearner| learner.update(Key::from_seed(2).child(1), &Modulation::default());
    /// assert_eq!(next(&mut again)?, next(&mut learner)?);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Learner + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Learner::archive(self, archive)
    }
}

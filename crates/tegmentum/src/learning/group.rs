//! Learners that make their updates together, so that the one loop of [`training`](super::training) drives them all.

use std::ops::ControlFlow;

use crate::archive::{Archive, Archived, cannot_be_saved, unarchived};
use crate::error::{Error, Result};
use crate::learning::learner::{Learner, Progress};
use crate::learning::observer::{Observer, Record, StopReason};
use crate::learning::optimizer::StepReport;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// The quantities of a learner that can become NaN or infinite, as errors name them.
const NON_FINITE: [&str; 2] = ["a parameter", "the step"];

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: StopReason,
    /// Evaluations spent; the last update may exceed the budget by its own cost.
    pub evaluations: u64,
    /// Updates made.
    pub updates: u64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Confirmed surprises.
    pub surprises: u64,
}

impl Default for Ended {
    /// A run at its beginning.
    fn default() -> Self {
        Self { reason: StopReason::Budget, evaluations: 0, updates: 0, non_finite: 0, surprises: 0 }
    }
}

crate::archived!(Ended { reason, evaluations, updates, non_finite, surprises });

/// Learners of one configuration that make their updates at the same time. A single learner is a group of one.
pub trait LearnerGroup {
    /// Number of runs.
    fn runs(&self) -> usize;

    /// Makes updates of all runs, the first with index `first`, until `evaluations` are spent by each; at least one. Writes
    /// what each run did to `progress` `[runs]`: an error for a run whose parameters became NaN or infinite, which ends
    /// that run alone.
    fn advance(&mut self, first: u64, evaluations: u64, progress: &mut [Result<Progress>]);

    /// A run as it is now.
    fn look(&mut self, run: usize) -> &dyn Learner;

    /// Writes its running state to an archive, or reads it from there, between updates. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn LearnerGroup + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        LearnerGroup::archive(self, archive)
    }
}

/// One learner as a group.
pub(crate) struct Single<'a> {
    pub(crate) learner: &'a mut dyn Learner,
    /// The key of its batches.
    pub(crate) key: Key,
}

impl LearnerGroup for Single<'_> {
    fn runs(&self) -> usize {
        1
    }

    fn advance(&mut self, first: u64, evaluations: u64, progress: &mut [Result<Progress>]) {
        let made = self.learner.advance(self.key, first, evaluations, &Modulation::default());
        progress.iter_mut().take(1).zip([made]).for_each(|(slot, made)| *slot = made);
    }

    fn look(&mut self, _: usize) -> &dyn Learner {
        &*self.learner
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.learner.archive(archive)
    }
}

/// A run of a group, as the loop keeps it: who watches it, and what it has come to.
pub struct Member<'a, 'b> {
    observers: &'a mut [&'b mut dyn Observer],
    /// What it has spent so far.
    pub(crate) so_far: Ended,
    /// The report of its last update, which the observers have not seen yet.
    pub(crate) report: StepReport,
    /// Whether the observers have seen it as it is, so that a loop that is entered again does not show it twice.
    seen: bool,
    /// How it ended, if it did.
    ended: Option<Result<Ended>>,
    /// The model that it handed over at its end `[P]`; empty before.
    solution: Vec<f32>,
}

impl std::fmt::Debug for Member<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = formatter.debug_struct("Member");
        debug.field("so_far", &self.so_far).field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<'a, 'b> Member<'a, 'b> {
    /// A run at its beginning.
    pub fn new(observers: &'a mut [&'b mut dyn Observer]) -> Self {
        Self {
            observers,
            so_far: Ended::default(),
            report: StepReport::default(),
            seen: false,
            ended: None,
            solution: Vec::new(),
        }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the observers have seen it as it is.
    pub(crate) fn is_seen(&self) -> bool {
        self.seen
    }

    /// How it ended, with the model that it handed over; as far as it came, if it did not end.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if its parameters became NaN or infinite.
    pub fn finish(self) -> Result<(Ended, Vec<f32>)> {
        Ok((self.ended.unwrap_or(Ok(self.so_far))?, self.solution))
    }

    /// Shows the run to its observers, unless they have seen it as it is; ends it if one of them says so or the budget is spent.
    pub(crate) fn look(&mut self, learner: &dyn Learner, budget: u64) -> Result<()> {
        if std::mem::replace(&mut self.seen, true) {
            return Ok(());
        }
        let last = self.so_far.evaluations >= budget;
        let (Ended { evaluations, updates, .. }, report) = (self.so_far, self.report);
        let record = Record { evaluations, updates, last, report, learner };
        let mut stopped = last.then_some(StopReason::Budget);
        for observer in self.observers.iter_mut() {
            if let ControlFlow::Break(reason) = observer.observe(&record)? {
                stopped = Some(reason);
                break;
            }
        }
        if let Some(reason) = stopped {
            self.end(reason, learner.solution());
        }
        Ok(())
    }

    fn end(&mut self, reason: StopReason, solution: Point<'_>) {
        self.solution.resize(solution.len(), 0.0);
        solution.write(1.0, &mut self.solution);
        self.ended = Some(Ok(Ended { reason, ..self.so_far }));
    }

    /// Evaluations from which on an observer wants to see the run again, at most `budget`.
    pub(crate) fn next_look(&self, budget: u64) -> u64 {
        let spent = self.so_far.evaluations;
        self.observers.iter().map(|observer| observer.next_look(spent)).fold(budget, u64::min)
    }

    /// Takes note of updates; an error ends the run.
    pub(crate) fn add(&mut self, progress: Result<Progress>) {
        self.seen = false;
        match progress {
            Err(error) => self.ended = Some(Err(error)),
            Ok(progress) => {
                self.report = progress.report;
                self.so_far.evaluations += progress.evaluations;
                self.so_far.updates += progress.updates;
                self.so_far.non_finite += progress.non_finite;
                self.so_far.surprises += progress.surprises;
            }
        }
    }
}

/// What it has come to, with the states of its observers. The learner is archived beside it.
impl Archived for Member<'_, '_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { observers, so_far, report, seen, ended, solution } = self;
        archive.mark("Member")?;
        let mut count = observers.len() as u64;
        count.archive(archive)?;
        archive.check(count == observers.len() as u64, "as many observers as there were")?;
        observers.iter_mut().try_for_each(|observer| observer.archive(archive))?;
        so_far.archive(archive)?;
        report.archive(archive)?;
        seen.archive(archive)?;
        archive_end(archive, ended)?;
        solution.archive(archive)
    }
}

/// How a run ended: not yet, with a reason, or with a number that became NaN or infinite.
fn archive_end(archive: &mut Archive<'_>, ended: &mut Option<Result<Ended>>) -> Result<()> {
    let (mut kind, mut end, mut failure) = match ended {
        None => (0u8, Ended::default(), (String::new(), 0)),
        Some(Ok(end)) => (1, *end, (String::new(), 0)),
        Some(Err(Error::NonFinite { what, step })) => (2, Ended::default(), ((*what).to_owned(), *step)),
        Some(Err(error)) => return Err(unarchived(&format!("a run that failed ({error})"))),
    };
    kind.archive(archive)?;
    end.archive(archive)?;
    failure.archive(archive)?;
    archive.check(kind <= 2, "a run that goes on, has ended or has failed")?;
    if archive.is_reading() {
        let what = NON_FINITE.into_iter().find(|what| *what == failure.0).unwrap_or("a quantity");
        *ended = match kind {
            0 => None,
            1 => Some(Ok(end)),
            _ => Some(Err(Error::NonFinite { what, step: failure.1 })),
        };
    }
    Ok(())
}

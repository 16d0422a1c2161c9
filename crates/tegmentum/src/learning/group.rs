//! Learners that make their updates together, so that the one loop of [`training`](super::training) drives them all.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::learning::learner::{Learner, Progress};
use crate::learning::observer::{Observer, Record, StopReason};
use crate::learning::optimizer::StepReport;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

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
}

/// A run of a group, as the loop keeps it: who watches it, and what it has come to.
pub struct Member<'a, 'b> {
    observers: &'a mut [&'b mut dyn Observer],
    /// What it has spent so far.
    pub(crate) so_far: Ended,
    /// The report of its last update, which the observers have not seen yet.
    pub(crate) report: StepReport,
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
        let so_far = Ended { reason: StopReason::Budget, evaluations: 0, updates: 0, non_finite: 0, surprises: 0 };
        Self { observers, so_far, report: StepReport::default(), ended: None, solution: Vec::new() }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// How it ended, with the model that it handed over; as far as it came, if it did not end.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::error::Error::NonFinite) if its parameters became NaN or infinite.
    pub fn finish(self) -> Result<(Ended, Vec<f32>)> {
        Ok((self.ended.unwrap_or(Ok(self.so_far))?, self.solution))
    }

    /// Shows the run to its observers; ends it if one of them says so or the budget is spent.
    pub(crate) fn look(&mut self, learner: &dyn Learner, budget: u64) -> Result<()> {
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

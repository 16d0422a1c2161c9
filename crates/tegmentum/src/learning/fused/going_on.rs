//! A learner of a small network, and runs side by side, go on from their state with the bits of what was never interrupted.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::PerceptronProblem;
use super::learner::FusedPerceptron;
use super::lockstep::Lockstep;
use super::oracle::{Case, cases};
use super::seeds::{Seeds, train_seeds};
use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::learning::group::Member;
use crate::learning::learner::Learner;
use crate::learning::observer::{Observer, Record, StopReason};
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

fn vector(point: Point<'_>) -> Vec<u32> {
    let mut vector = vec![0.0f32; point.len()];
    point.write(1.0, &mut vector);
    vector.into_iter().map(f32::to_bits).collect()
}

#[test]
fn every_form_goes_on() {
    for case in cases() {
        let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
        let key = Key::from_seed(5);
        let build = || {
            FusedPerceptron::new(Arc::clone(&data), &case.config, case.network.initialise(key), key, 900)
                .unwrap()
                .unwrap()
        };
        let cost = build().plan().probes() as u64;
        for before in [0, 1, 7, 33] {
            let mut first = build();
            if before > 0 {
                first.advance(key, 0, before * cost, &Modulation::default()).unwrap();
            }
            let bytes = Archive::write(&mut first).unwrap();
            let mut second = build();
            Archive::read(&bytes, &mut second).unwrap();
            let ends = [&mut first, &mut second].map(|learner| {
                let progress = learner.advance(key, before, 25 * cost, &Modulation::default()).unwrap();
                (vector(learner.averaged()), format!("{progress:?}"))
            });
            assert_eq!(ends[0], ends[1], "{case:?}, {before} updates before");
        }
    }
}

/// What an observer saw: evaluations, updates, the loss and the model, now and then.
#[derive(Default)]
struct Seen {
    records: Vec<(u64, u64, u64, Vec<u32>)>,
    /// Evaluations between looks.
    every: u64,
    /// Evaluations at which it stops the run.
    stops: u64,
}

impl Observer for Seen {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        let (loss, model) = (record.report.loss.to_bits(), vector(record.learner.averaged()));
        self.records.push((record.evaluations, record.updates, loss, model));
        let stop = record.evaluations >= self.stops;
        Ok(if stop { ControlFlow::Break(StopReason::Target) } else { ControlFlow::Continue(()) })
    }

    fn next_look(&self, evaluations: u64) -> u64 {
        (evaluations / self.every + 1) * self.every
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.records.archive(archive)
    }
}

const BUDGET: u64 = 600;

fn observers() -> Vec<Seen> {
    // Runs end one after the other, so that first fewer than six are left and they go on alone.
    (0..9).map(|run| Seen { every: 7 + 5 * run, stops: 100 + 80 * run, ..Seen::default() }).collect()
}

fn runs(case: &Case) -> (Lockstep, Vec<Key>) {
    let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
    let starts: Vec<_> = (0..9).map(Key::from_seed).map(|key| (case.network.initialise(key), key.child(1))).collect();
    let keys = starts.iter().map(|start| start.1).collect();
    (Lockstep::new(data, &case.config, &starts, BUDGET).unwrap().unwrap(), keys)
}

/// How the runs ended and what was seen of them.
type End = Vec<(String, Vec<(u64, u64, u64, Vec<u32>)>)>;

fn end(members: Vec<Member<'_, '_>>) -> Vec<String> {
    members.into_iter().map(|member| format!("{:?}", member.finish())).collect()
}

fn uninterrupted(case: &Case) -> End {
    let (lockstep, keys) = runs(case);
    let mut seen = observers();
    let mut lists: Vec<[&mut dyn Observer; 1]> = seen.iter_mut().map(|seen| [seen as &mut dyn Observer]).collect();
    let mut members: Vec<_> = lists.iter_mut().map(|list| Member::new(list)).collect();
    train_seeds(lockstep, &keys, BUDGET, &mut members).unwrap();
    end(members).into_iter().zip(seen.into_iter().map(|seen| seen.records)).collect()
}

/// The same, stopped after every `advances` advances and built anew from its state.
fn interrupted(case: &Case, advances: usize) -> (End, usize) {
    let (mut bytes, mut pauses) = (None::<Vec<u8>>, 0);
    loop {
        let (lockstep, keys) = runs(case);
        let mut seen = observers();
        let mut lists: Vec<[&mut dyn Observer; 1]> = seen.iter_mut().map(|seen| [seen as &mut dyn Observer]).collect();
        let mut members: Vec<_> = lists.iter_mut().map(|list| Member::new(list)).collect();
        let mut group = Seeds::new(lockstep);
        if let Some(bytes) = &bytes {
            Archive::read(bytes, &mut Both(&mut group, &mut members)).unwrap();
        }
        let mut left = advances;
        let paused = group.train(&keys, BUDGET, &mut members, &mut || {
            let pause = left == 0;
            left = left.saturating_sub(1);
            pause
        });
        if !paused.unwrap() {
            let end = end(members).into_iter().zip(seen.into_iter().map(|seen| seen.records)).collect();
            return (end, pauses);
        }
        pauses += 1;
        bytes = Some(Archive::write(&mut Both(&mut group, &mut members)).unwrap());
    }
}

struct Both<'m, 'a, 'b>(&'m mut Seeds, &'m mut [Member<'a, 'b>]);

impl Archived for Both<'_, '_, '_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)?;
        archive.values("members", self.1)
    }
}

#[test]
fn runs_side_by_side_can_be_interrupted_anywhere() {
    for case in cases() {
        let expected = uninterrupted(&case);
        for advances in [1, 2, 5, 17] {
            let (found, pauses) = interrupted(&case, advances);
            assert_eq!(found, expected, "{case:?}, {advances} advances at a time");
            assert!(pauses > 0 || advances > 1, "{case:?}");
        }
    }
}

#[test]
fn a_run_that_failed_stays_failed() {
    let mut case = cases().swap_remove(0);
    case.config.learning_rate = 1e45;
    let expected = uninterrupted(&case);
    assert!(expected.iter().any(|(end, _)| end.contains("NonFinite")), "{expected:?}");
    assert_eq!(interrupted(&case, 1).0, expected);
}

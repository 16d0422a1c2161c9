//! Steps along an estimate of the gradient under a supervisor: what rules that see their own synapses have in common.
//!
//! ```text
//!     v ← .99 v + .01 g² ,   z ← z − rate · s · r · g/(√v + 1e-8) ,   x ← x + share · (z − x) ,   y = .9 x + .1 z
//! ```
//! g estimate · v its running square (acetylcholine at the synapse) · s root mean square of the first weights · r what becomes of a
//! prediction error of one usual size · rate and share from the [supervisor](crate::learning::supervisor). All `[P + F]`: the P
//! parameters of the network, and behind them F *partners*, parameters that no pass reads forward. A partner takes the same steps from
//! the same estimate as the parameter it is the partner of.
//!
//! Cost: some ten operations for each parameter and update; two losses for each window.

use std::ops::Range;

use crate::data::batch::Batch;
use crate::error::Result;
use crate::kernel::lanes::sum_of_squares;
use crate::kernel::normalised_step::{LearnerVectors, SQUARE_MEMORY, StepRule, normalised_step};
use crate::learning::optimizer::StepReport;
use crate::learning::optimizers::dopamine::parameter_size;
use crate::learning::places::Places;
use crate::learning::schedule_free::{AVERAGED_SHARE, LocalRate, ScheduleFree};
use crate::learning::supervisor::{Consequence, Question, Settings, Supervisor};
use crate::model::network::Network;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;

/// Parameters that have partners.
#[derive(Debug, Default)]
pub(super) struct Partners {
    /// Which parameters, in the order of their partners.
    pub(super) of: Vec<Range<usize>>,
    /// The first values of the partners, `[F]`.
    pub(super) start: Vec<f32>,
    /// Whether they move.
    pub(super) learn: bool,
    /// Share that parameters and partners lose for each unit of the rate.
    pub(super) decay: f64,
}

/// Network parameters on their way, with what moves them.
#[derive(Debug)]
pub(super) struct GuidedDescent {
    pub(super) supervisor: Supervisor,
    pub(super) places: Places,
    vectors: ScheduleFree,
    acting: Vec<f32>,
    squares: Vec<f32>,
    gradient: Vec<f32>,
    partners: Partners,
    /// P.
    own: usize,
    size: f64,
    since_reset: i32,
}

crate::archived!(
    GuidedDescent { supervisor, vectors, since_reset }
    sized { acting, squares }
    fixed { places, gradient, partners, own, size }
);

impl GuidedDescent {
    /// At `start` `[P]`; the noise of the modulators of `system` comes from `key`.
    pub(super) fn new(
        network: &dyn Network,
        mut start: Vec<f32>,
        mut partners: Partners,
        settings: &Settings<'_>,
        (system, key): (&NeuromodulationConfig, Key),
    ) -> Result<Self> {
        let (own, size) = (start.len(), parameter_size(&start));
        start.append(&mut partners.start);
        Ok(Self {
            supervisor: Supervisor::new(settings, system, key)?,
            places: Places::of(network),
            squares: vec![0.0; start.len()],
            gradient: vec![0.0; start.len()],
            acting: start.clone(),
            vectors: ScheduleFree::new(start),
            partners,
            own,
            size,
            since_reset: 0,
        })
    }

    /// The parameters that act, `[P]`.
    pub(super) fn acting(&self) -> &[f32] {
        &self.acting[..self.own]
    }

    /// The partners that act, `[F]`.
    pub(super) fn acting_partners(&self) -> &[f32] {
        &self.acting[self.own..]
    }

    /// Which parameters have partners.
    pub(super) fn partnered(&self) -> &[Range<usize>] {
        &self.partners.of
    }

    /// The averaged parameters, `[P]`.
    pub(super) fn averaged(&self) -> &[f32] {
        &self.vectors.averaged[..self.own]
    }

    /// Where the estimate of the next step is written, `[P]`.
    pub(super) fn gradient(&mut self) -> &mut [f32] {
        &mut self.gradient[..self.own]
    }

    /// The acting parameters, and where the estimate is written, both `[P]`.
    pub(super) fn acting_and_gradient(&mut self) -> (&[f32], &mut [f32]) {
        (&self.acting[..self.own], &mut self.gradient[..self.own])
    }

    /// Bytes that are held from update to update.
    pub(super) fn bytes(&self) -> usize {
        5 * size_of_val(&self.acting[..])
    }

    /// Takes a step along the estimate, which was made on a batch with this loss. Returns what there is to report.
    pub(super) fn follow(&mut self, loss: f64, modulation: &Modulation) -> StepReport {
        let rate = self.supervisor.rate() * modulation.learning_rate;
        let square = sum_of_squares(&self.gradient[..self.own]);
        let usable = square.is_finite();
        self.supervisor.advance(loss, usable.then(|| square / self.own as f64));
        let own = self.supervisor.modulation();
        let rate = rate * own.learning_rate;
        let mut local = self.places.rates(modulation);
        local.extend(self.places.rates(own));
        if usable {
            self.step(rate, &local);
        }
        let non_finite = u32::from(!usable || !loss.is_finite());
        StepReport { loss, learning_rate: rate, non_finite, ..StepReport::default() }
    }

    /// Divides each entry of the estimate by its running size (acetylcholine at the synapse) and moves.
    fn step(&mut self, rate: f64, local: &[LocalRate]) {
        self.since_reset += 1;
        let size = self.supervisor.relative_error_size();
        let response = self.supervisor.response_to_unit_error();
        let share = rate * response;
        let rule = StepRule {
            length: (rate * self.size * response) as f32,
            share: self.supervisor.averaging_share() as f32,
            correction: 1.0 / (1.0 - SQUARE_MEMORY.powi(self.since_reset)),
            lesioned: size.is_none(),
            scale: size.unwrap_or(1.0) as f32,
        };
        let local = self.prepare_partners(share, local);
        for (range, factor) in segments(self.gradient.len(), &local) {
            let vectors = LearnerVectors {
                gradient: &self.gradient[range.clone()],
                squares: &mut self.squares[range.clone()],
                explorer: &mut self.vectors.exploring[range.clone()],
                averaged: &mut self.vectors.averaged[range.clone()],
                acting: &mut self.acting[range],
            };
            normalised_step(StepRule { length: rule.length * factor, ..rule }, vectors);
        }
    }

    /// Gives the partners their estimates and lets both sides decay by `share`. Returns the local rates with those of the partners.
    fn prepare_partners(&mut self, share: f64, local: &[LocalRate]) -> Vec<LocalRate> {
        let Partners { of, learn, decay, .. } = &self.partners;
        let (own, partners) = self.gradient.split_at_mut(self.own);
        let kept = (1.0 - decay * share.max(0.0)).max(0.0) as f32;
        let mut all = local.to_vec();
        let mut first = 0;
        for range in of {
            if *learn {
                partners[first..first + range.len()].copy_from_slice(&own[range.clone()]);
            }
            let mine = self.own + first..self.own + first + range.len();
            if kept != 1.0 {
                for part in [range.clone(), mine.clone()] {
                    self.vectors.exploring[part].iter_mut().for_each(|z| *z *= kept);
                }
            }
            for (place, factor) in local {
                let (start, end) = (place.start.max(range.start), place.end.min(range.end));
                if start < end {
                    all.push((mine.start + start - range.start..mine.start + end - range.start, *factor));
                }
            }
            first += range.len();
        }
        all
    }

    /// Answers the supervisor's questions until it has none; `loss` is that of parameters `[P]` on a batch. Returns the number of
    /// evaluations and whether it was a surprise.
    pub(super) fn answer_questions(&mut self, batch: Key, mut loss: impl FnMut(&[f32], Batch) -> f64) -> (u64, bool) {
        let (mut evaluations, mut surprised) = (0, false);
        while self.supervisor.has_questions() {
            // Acting is judged on a fresh batch, a surprise on the one that raised it.
            let batch = Batch(batch.child(u64::from(self.supervisor.is_judging())));
            let questions: Vec<Question> = self.supervisor.questions().collect();
            let losses: Vec<f64> = questions
                .into_iter()
                .map(|question| match question {
                    Question::Acting => loss(self.acting(), batch),
                    Question::Averaged(1.0) => loss(self.averaged(), batch),
                    Question::Averaged(gain) => {
                        let scaled = self.gradient[..self.own].iter_mut().zip(&self.vectors.averaged);
                        scaled.for_each(|(scaled, x)| *scaled = gain * x);
                        loss(&self.gradient[..self.own], batch)
                    }
                })
                .collect();
            evaluations += losses.len() as u64;
            match self.supervisor.answer(&losses) {
                Consequence::StartOver(gain) => {
                    self.vectors.start_over(gain);
                    self.acting.copy_from_slice(&self.vectors.averaged);
                    self.squares.fill(0.0);
                    self.since_reset = 0;
                    surprised = true;
                }
                Consequence::Judged { pull, .. } if pull > 0.0 => {
                    self.vectors.pull_home(pull);
                    for ((x, y), z) in self.vectors.averaged.iter().zip(&mut self.acting).zip(&self.vectors.exploring) {
                        *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
                    }
                }
                Consequence::Nothing | Consequence::Judged { .. } => {}
            }
        }
        (evaluations, surprised)
    }
}

/// The parameters in runs of one factor, which is that of all local rates on them.
fn segments(length: usize, local: &[LocalRate]) -> Vec<(Range<usize>, f32)> {
    let mut borders: Vec<usize> = local.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
    borders.extend([0, length]);
    borders.sort_unstable();
    borders.dedup();
    let factor = |at: usize| local.iter().filter(|(range, _)| range.contains(&at)).map(|(_, factor)| factor).product();
    borders.windows(2).map(|pair| (pair[0]..pair[1], factor(pair[0]))).collect()
}

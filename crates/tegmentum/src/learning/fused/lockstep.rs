//! Seeds in lockstep: up to 16 runs of one configuration of plain weight perturbation, one in each lane.
//!
//! Every run has its own key, its own first parameters and its own losses, and goes exactly as it would
//! go alone as a [`FusedPerceptron`] or in the general form. The loop is the one of
//! [`training`](crate::learning::training), to which the runs are a [`LearnerGroup`]; [`train_seeds`](super::seeds::train_seeds) hands them over to the
//! form for one run when few are left.
//!
//! # Cost
//! As `weight_perturbation`, for 16 runs whether there are as many or not. Memory (K + 2) · 16 P numbers.

use std::sync::Arc;

use super::learner::FusedPerceptron;
use super::{PerceptronProblem, is_plain};
use crate::error::{Error, Result, at_least_one};
use crate::kernel::aligned::Row16;
use crate::kernel::lockstep::{descend, perturb};
use crate::kernel::many_keys::{KEYS, Lanes, replace_by_children, write_directions};
use crate::kernel::perceptron::{LaneExamples, mean_losses};
use crate::kernel::sequential::{UpdatePlan, write_factors};
use crate::learning::group::LearnerGroup;
use crate::learning::learner::Learner;
use crate::learning::learner::Progress;
use crate::learning::learner::Update;
use crate::learning::optimizer::{Levels, StepReport};
use crate::learning::optimizers::checks::count_non_finite;
use crate::learning::optimizers::mean_of_finite;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// Most runs side by side.
pub const MAX_RUNS: usize = KEYS;
/// Fewest runs that are quicker side by side than one after the other: 16 lanes cost about as much as six runs alone.
pub const MIN_RUNS: usize = 6;

/// Runs of one configuration in lanes.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::neuromodulation::modulation::Modulation;
/// use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::fused::PerceptronProblem;
/// use tegmentum::learning::fused::lockstep::Lockstep;
/// use tegmentum::data::tasks::TaskConfig;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let config = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]\noutput_activation = \"logistic\"")?;
/// let network = Arc::from(config.build(2, 1)?);
/// let data = Arc::new(PerceptronProblem::new(&network, &problem).ok_or("not small")?);
/// let config = WeightPerturbationConfig { learning_rate: 2.0, two_sided: true, ..Default::default() };
/// let runs: Vec<_> = (0..16).map(Key::from_seed).map(|key| (network.initialise(key.child(0)), key.child(1))).collect();
/// let mut lockstep = Lockstep::new(data, &config, &runs, 10_000)?.ok_or("not plain")?;
/// lockstep.advance(5_000, &Modulation::default());
/// assert!((0..16).all(|run| lockstep.failed_at(run).is_none()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lockstep {
    network: Arc<PerceptronProblem>,
    config: WeightPerturbationConfig,
    budget: u64,
    keys: Lanes<u64>,
    runs: usize,
    update: u64,
    /// [P × 16].
    parameters: Vec<Row16>,
    candidates: Vec<Row16>,
    /// [K × P × 16].
    directions: Vec<Row16>,
    /// [K × 16].
    weights: Vec<Row16>,
    /// [probes × 16].
    losses: Vec<Lanes<f64>>,
    /// That of the last update.
    learning_rate: f64,
    space: LaneExamples,
    failed_at: Lanes<Option<u64>>,
    non_finite: Lanes<u64>,
    /// A run as its observers see it.
    view: RunView,
}

crate::archived!(
    Lockstep { update, learning_rate, failed_at, non_finite }
    sized { parameters, losses }
    fixed { network, config, budget, keys, runs, candidates, directions, weights, space, view }
);

/// A copy of one run, to be looked at.
#[derive(Clone, Debug, Default)]
struct RunView {
    /// `[P]`.
    parameters: Vec<f32>,
    state_bytes: usize,
}

impl Learner for RunView {
    fn update(&mut self, _: Key, _: &Modulation) -> Result<Update> {
        let (what, with) = ("an update of one run".to_owned(), "runs in lockstep".to_owned());
        Err(Error::Incompatible { what, with, reason: "all runs are updated together".to_owned() })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(&self.parameters)
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        self.state_bytes
    }

    fn levels(&self) -> Option<Levels> {
        None
    }
}

impl Lockstep {
    /// Runs that start from the parameters `[P]` and draw their directions from the key of each of `runs`; `None` if the
    /// configuration is not plain weight perturbation.
    ///
    /// # Errors
    /// Those of [`WeightPerturbationConfig::build`]; [`Error::InvalidParameter`] if there are no runs,
    /// [`Error::ShapeMismatch`] if there are more than [`MAX_RUNS`] or a start has another length than the network's parameters.
    pub fn new(
        network: Arc<PerceptronProblem>,
        config: &WeightPerturbationConfig,
        runs: &[(Vec<f32>, Key)],
        budget_evaluations: u64,
    ) -> Result<Option<Self>> {
        at_least_one("runs", runs.len())?;
        if runs.len() > MAX_RUNS {
            return Err(Error::ShapeMismatch { what: "runs side by side", expected: MAX_RUNS, found: runs.len() });
        }
        let length = network.num_parameters();
        for (start, key) in runs {
            if start.len() != length {
                return Err(Error::ShapeMismatch { what: "parameters", expected: length, found: start.len() });
            }
            config.build(start.clone(), *key, budget_evaluations)?;
        }
        if !is_plain(config) {
            return Ok(None);
        }
        // Lanes beyond the last run repeat it and are never looked at.
        let of_lane = |lane: usize| &runs[lane.min(runs.len() - 1)];
        let mut lockstep = Self {
            keys: std::array::from_fn(|lane| of_lane(lane).1.0),
            runs: runs.len(),
            update: 0,
            budget: budget_evaluations,
            parameters: (0..length).map(|index| Row16(std::array::from_fn(|lane| of_lane(lane).0[index]))).collect(),
            candidates: vec![Row16::ZERO; length],
            directions: vec![Row16::ZERO; config.directions * length],
            weights: vec![Row16::ZERO; config.directions],
            losses: Vec::new(),
            learning_rate: 0.0,
            space: network.workspace(),
            failed_at: [None; KEYS],
            non_finite: [0; KEYS],
            view: RunView { parameters: vec![0.0; length], state_bytes: network.state_bytes },
            config: config.clone(),
            network,
        };
        lockstep.losses.resize(lockstep.plan().probes(), [0.0; KEYS]);
        Ok(Some(lockstep))
    }

    /// Runs.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// Updates made.
    pub fn updates(&self) -> u64 {
        self.update
    }

    /// Loss evaluations of an update of one run.
    pub fn evaluations(&self) -> u64 {
        self.plan().probes() as u64
    }

    /// The parameters `[P]` of a run; of one that failed, nothing that means anything.
    pub fn parameters(&self, run: usize) -> impl Iterator<Item = f32> {
        self.parameters.iter().filter_map(move |row| row.0.get(run).copied())
    }

    /// The update in which a parameter of a run became NaN or infinite.
    pub fn failed_at(&self, run: usize) -> Option<u64> {
        self.failed_at.get(run).copied().flatten()
    }

    /// Losses of a run that were NaN or infinite.
    pub fn non_finite(&self, run: usize) -> u64 {
        self.non_finite.get(run).copied().unwrap_or(0)
    }

    /// What became of a run in the last update; nothing before the first.
    pub fn report(&self, run: usize) -> StepReport {
        let losses: Vec<f64> = self.losses.iter().filter_map(|losses| losses.get(run).copied()).collect();
        match losses.first() {
            Some(first) if self.update > 0 => StepReport {
                loss: mean_of_finite(if self.config.two_sided { &losses } else { std::slice::from_ref(first) }),
                learning_rate: self.learning_rate,
                non_finite: count_non_finite(&losses),
                ..StepReport::default()
            },
            _ => StepReport::default(),
        }
    }

    /// The run alone from here on: its later updates are those it would make here. `None` if there is no form for one run;
    /// see [`FusedPerceptron::new`].
    ///
    /// # Errors
    /// Those of [`FusedPerceptron::new`].
    pub fn learner(&self, run: usize) -> Result<Option<FusedPerceptron>> {
        let key = Key(self.keys.get(run).copied().unwrap_or_default());
        let learner = FusedPerceptron::new(
            Arc::clone(&self.network),
            &self.config,
            self.parameters(run).collect(),
            key,
            self.budget,
        )?;
        Ok(learner.map(|learner| learner.after(self.update)))
    }

    /// Number of parameters P of a run.
    pub fn num_parameters(&self) -> usize {
        self.network.num_parameters()
    }

    /// Bytes of state of a run, as a run alone counts them.
    pub fn state_bytes(&self) -> usize {
        self.network.state_bytes
    }

    /// Makes updates of all runs.
    pub fn advance(&mut self, updates: u64, modulation: &Modulation) {
        for _ in 0..updates {
            self.make_update(modulation);
        }
    }

    fn plan(&self) -> UpdatePlan {
        UpdatePlan {
            shape: self.network.shape,
            count: self.network.count,
            per_term: self.network.per_term,
            directions: self.config.directions,
            two_sided: self.config.two_sided,
        }
    }

    fn make_update(&mut self, modulation: &Modulation) {
        let plan = self.plan();
        let scale = (self.config.perturbation_scale * modulation.perturbation_scale) as f32;
        self.draw_directions();
        self.evaluate(&plan, scale);
        let spent = self.update * plan.probes() as u64;
        let rate = self.config.schedule.factor(spent, self.budget) * modulation.learning_rate;
        self.learning_rate = self.config.learning_rate * rate;
        let rate = self.learning_rate * (1.0 / self.config.directions as f64);
        for (k, weights) in self.weights.iter_mut().enumerate() {
            let [first, second] = plan.probes_of(k).map(|probe| self.losses[probe]);
            write_factors(&plan, scale, rate, &[first, second], weights);
        }
        let mut check = Row16::ZERO;
        descend(self.network.numerics, &mut self.parameters, &self.weights, &self.directions, &mut check);
        for lane in 0..KEYS {
            if check.0[lane].is_nan() && self.failed_at[lane].is_none() {
                self.failed_at[lane] = Some(self.update);
            }
        }
        self.update += 1;
    }

    fn draw_directions(&mut self) {
        let length = self.parameters.len();
        let mut keys = self.keys;
        replace_by_children(&mut keys, &[self.update; KEYS]);
        for (k, rows) in self.directions.chunks_exact_mut(length).enumerate() {
            let mut own = keys;
            replace_by_children(&mut own, &[k as u64; KEYS]);
            write_directions(
                self.config.family.noise().expect("a plain configuration has independent entries"),
                &own,
                rows,
            );
        }
    }

    fn evaluate(&mut self, plan: &UpdatePlan, scale: f32) {
        let (numerics, length) = (self.network.numerics, self.parameters.len());
        let mut losses = self.losses.iter_mut();
        if !plan.two_sided
            && let Some(losses) = losses.next()
        {
            mean_losses(numerics, &plan.shape, plan.per_term, &self.parameters, &mut self.space, losses);
        }
        let signs: &[f32] = if plan.two_sided { &[1.0, -1.0] } else { &[1.0] };
        for directions in self.directions.chunks_exact(length) {
            for (sign, losses) in signs.iter().zip(&mut losses) {
                perturb(&self.parameters, sign * scale, directions, &mut self.candidates);
                mean_losses(numerics, &plan.shape, plan.per_term, &self.candidates, &mut self.space, losses);
            }
        }
        for losses in &self.losses {
            // The sum of numbers that are zero or NaN: one look for all lanes.
            if losses.iter().map(|loss| loss * 0.0).sum::<f64>().is_nan() {
                for (count, loss) in self.non_finite.iter_mut().zip(losses) {
                    *count += u64::from(!loss.is_finite());
                }
            }
        }
    }
}

impl LearnerGroup for Lockstep {
    fn runs(&self) -> usize {
        self.runs
    }

    fn advance(&mut self, _: u64, evaluations: u64, progress: &mut [Result<Progress>]) {
        let (before, updates) = (self.non_finite, evaluations.div_ceil(self.evaluations()));
        self.advance(updates, &Modulation::default());
        for (run, progress) in progress.iter_mut().enumerate() {
            *progress = match self.failed_at(run) {
                Some(step) => Err(Error::NonFinite { what: "a parameter", step }),
                None => Ok(Progress {
                    updates,
                    evaluations: updates * self.evaluations(),
                    non_finite: self.non_finite[run] - before[run],
                    surprises: 0,
                    report: self.report(run),
                }),
            };
        }
    }

    fn look(&mut self, run: usize) -> &dyn Learner {
        for (value, row) in self.view.parameters.iter_mut().zip(&self.parameters) {
            *value = row.0[run];
        }
        &self.view
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::fused::oracle::cases;
    use crate::learning::learner::Learner;

    #[test]
    fn runs_side_by_side_are_the_runs_alone() {
        let modulation = Modulation { learning_rate: 1.5, perturbation_scale: 0.75, ..Modulation::default() };
        for case in cases() {
            let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
            let key = Key::from_seed;
            let runs: Vec<_> = (0..5).map(|seed| (case.network.initialise(key(seed)), key(seed).child(1))).collect();
            let mut together = Lockstep::new(Arc::clone(&data), &case.config, &runs, 900).unwrap().unwrap();
            Lockstep::advance(&mut together, 150, &modulation);
            assert_eq!((together.runs(), together.updates()), (5, 150));
            for (run, (start, key)) in runs.into_iter().enumerate() {
                let mut alone =
                    FusedPerceptron::new(Arc::clone(&data), &case.config, start, key, 900).unwrap().unwrap();
                let progress = alone.advance(key, 0, 150 * together.evaluations(), &modulation).unwrap();
                let mut expected = vec![0.0; data.num_parameters()];
                alone.averaged().write(1.0, &mut expected);
                let same =
                    together.parameters(run).zip(&expected).all(|(found, value)| found.to_bits() == value.to_bits());
                assert!(same, "{case:?}, run {run}");
                // As text: a NaN is no other NaN's equal.
                let report = format!("{:?}", together.report(run));
                assert_eq!(report, format!("{:?}", progress.report), "{case:?}, run {run}");
                assert_eq!(together.non_finite(run), progress.non_finite);
            }
        }
    }

    #[test]
    fn failures_and_wrong_shapes_are_told() {
        let case = &cases()[0];
        let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
        let config = WeightPerturbationConfig { learning_rate: 1e45, ..case.config.clone() };
        let key = Key::from_seed(1);
        let start = case.network.initialise(key);
        let runs = [(start.clone(), key)];
        let mut together = Lockstep::new(Arc::clone(&data), &config, &runs, 10).unwrap().unwrap();
        together.advance(1, &Modulation::default());
        assert_eq!(together.failed_at(0), Some(0));
        assert!(Lockstep::new(Arc::clone(&data), &config, &[], 10).is_err());
        assert!(Lockstep::new(data, &config, &vec![(start, key); 17], 10).is_err());
    }
}

//! Plain weight perturbation on a tiny perceptron: one run, many updates at a time.
//!
//! # Update
//! That of [`weight_perturbation`](crate::learning::optimizers::weight_perturbation) with the reading `plain` and no averaging:
//! ```text
//!     ρ_k = (L(w + σ v_k) − L(w))/σ                    one-sided
//!     ρ_k = (L(w + σ v_k) − L(w − σ v_k))/(2σ)         two-sided
//!     w   ← w − s_t η0 (1/K) Σ_k ρ_k v_k
//! ```
//! with the same keys, the same order of every sum and therefore the same bits as
//! [`BlackBoxLearner`](crate::learning::black_box_learner::BlackBoxLearner) over [`NetworkLoss`](crate::model::objectives::NetworkLoss).
//!
//! # How
//! Directions are made 16 at a time, of as many updates as that is. Up to 15 directions are tried in pairs of
//! probes with all examples in lanes, a single one on up to four examples with two hidden units at a time besides; more are
//! tried 16 at a time, one example after the other.
//!
//! # Cost
//! As `weight_perturbation`. Memory P numbers, and as work space 16 for the directions and 16 in lanes times as many.

use std::ops::Range;
use std::sync::Arc;

use super::{PerceptronProblem, is_plain};
use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::kernel::aligned::Row16;
use crate::kernel::many_keys::{KEYS, replace_by_children, write_directions};
use crate::kernel::one_direction::{MAX_EXAMPLES, OneDirectionState, make_one_direction_updates};
use crate::kernel::population::{PopulationState, update_population};
use crate::kernel::sequential::{MAX_DIRECTIONS, SequentialState, UpdatePlan, Updates, make_updates};
use crate::learning::learner::{Learner, Progress, Update};
use crate::learning::optimizer::{Levels, StepReport};
use crate::learning::optimizers::checks::count_non_finite;
use crate::learning::optimizers::mean_of_finite;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::model::perturbation::Point;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// A run of plain weight perturbation on a tiny perceptron.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::fused::PerceptronProblem;
/// use tegmentum::learning::fused::learner::FusedPerceptron;
/// use tegmentum::data::tasks::TaskConfig;
/// use tegmentum::learning::training::train;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let config = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]\noutput_activation = \"logistic\"")?;
/// let network = Arc::from(config.build(2, 1)?);
/// let data = Arc::new(PerceptronProblem::new(&network, &problem).ok_or("not small")?);
/// let config = WeightPerturbationConfig { learning_rate: 2.0, two_sided: true, ..Default::default() };
/// let start = network.initialise(Key::from_seed(1));
/// let mut learner = FusedPerceptron::new(data, &config, start, Key::from_seed(2), 40_000)?.ok_or("not plain")?;
/// let ended = train(&mut learner, Key::from_seed(3), 40_000, &mut [])?;
/// assert_eq!(ended.updates, 20_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FusedPerceptron {
    network: Arc<PerceptronProblem>,
    config: WeightPerturbationConfig,
    key: Key,
    budget: u64,
    update: u64,
    parameters: Vec<f32>,
    directions: Directions,
    form: Form,
    rates: Vec<f64>,
    losses: Vec<f64>,
}

/// Directions of some updates, made in advance.
#[derive(Clone, Debug, Default)]
struct Directions {
    updates: Range<u64>,
    /// [groups × P × 16].
    rows: Vec<Row16>,
}

/// How an update is computed.
#[derive(Clone, Debug)]
enum Form {
    One(OneDirectionState),
    Few(SequentialState),
    Many(PopulationState),
}

impl FusedPerceptron {
    /// A learner that starts from `start` `[P]`, draws its directions from `key` and plans for `budget_evaluations`;
    /// `None` if the configuration is not plain weight perturbation, or there are more than 16 examples for fewer than
    /// 16 directions.
    ///
    /// # Errors
    /// Those of [`WeightPerturbationConfig::build`]; [`Error::ShapeMismatch`] if `start` has another length than the
    /// network's parameters.
    pub fn new(
        network: Arc<PerceptronProblem>,
        config: &WeightPerturbationConfig,
        start: Vec<f32>,
        key: Key,
        budget_evaluations: u64,
    ) -> Result<Option<Self>> {
        let (expected, found) = (network.num_parameters(), start.len());
        if expected != found {
            return Err(Error::ShapeMismatch { what: "parameters", expected, found });
        }
        config.build(start.clone(), key, budget_evaluations)?;
        if !is_plain(config) {
            return Ok(None);
        }
        let form = match network.count {
            _ if config.directions > MAX_DIRECTIONS => {
                Form::Many(PopulationState::new(&network.shape, network.workspace()))
            }
            0..=MAX_EXAMPLES if config.directions == 1 && !start.iter().any(|value| is_negative_zero(*value)) => {
                Form::One(OneDirectionState::new(&network.shape, &network.inputs, &network.targets, &start))
            }
            0..=KEYS => Form::Few(SequentialState::new(
                &network.shape,
                network.count,
                [&network.inputs, &network.targets],
                &start,
            )),
            _ => return Ok(None),
        };
        Ok(Some(Self {
            network,
            config: config.clone(),
            key,
            budget: budget_evaluations,
            update: 0,
            parameters: start,
            directions: Directions::default(),
            form,
            rates: Vec::new(),
            losses: Vec::new(),
        }))
    }

    /// The learner as if it had made `updates` updates and come to its parameters by them.
    pub(crate) fn after(self, updates: u64) -> Self {
        Self { update: updates, ..self }
    }

    pub(super) fn plan(&self) -> UpdatePlan {
        UpdatePlan {
            shape: self.network.shape,
            count: self.network.count,
            per_term: self.network.per_term,
            directions: self.config.directions,
            two_sided: self.config.two_sided,
        }
    }

    /// At most `most` updates, all with directions that are made; what they did but for the report.
    fn make(&mut self, most: u64, modulation: &Modulation) -> Result<Progress> {
        let (plan, length) = (self.plan(), self.parameters.len());
        let per_update = plan.probes() as u64;
        self.directions.make(self.key, self.update, &self.config, length);
        let count = most.min(self.directions.updates.end - self.update);
        let schedule = self.config.schedule;
        let factor = |update: u64| schedule.factor(update * per_update, self.budget) * modulation.learning_rate;
        let share = 1.0 / self.config.directions as f64;
        let numbers = self.update..self.update + count;
        self.rates.clear();
        self.rates.extend(numbers.map(|update| self.config.learning_rate * factor(update) * share));
        self.losses.clear();
        self.losses.resize(count as usize * plan.probes(), 0.0);
        let mut updates = Updates {
            directions: &self.directions.rows,
            first: (self.update - self.directions.updates.start) as usize * plan.directions,
            scale: (self.config.perturbation_scale * modulation.perturbation_scale) as f32,
            rates: &self.rates,
            losses: &mut self.losses,
            made: 0,
            finite: true,
        };
        self.form.run(&self.network, &plan, &mut self.parameters, &mut updates);
        let (made, finite) = (updates.made as u64, updates.finite);
        let last = self.update + made - 1;
        if !finite {
            self.update = last;
            return Err(Error::NonFinite { what: "a parameter", step: last });
        }
        self.update += made;
        Ok(Progress {
            updates: made,
            evaluations: made * per_update,
            non_finite: u64::from(count_non_finite(&self.losses)),
            ..Progress::default()
        })
    }

    /// The report of the last update. A mean divides once for each loss, which for many directions takes longer than to evaluate them:
    /// only where updates end is it made.
    fn report(&self, modulation: &Modulation) -> StepReport {
        let plan = self.plan();
        let factor = self.config.schedule.factor((self.update - 1) * plan.probes() as u64, self.budget);
        let losses = &self.losses[self.losses.len() - plan.probes()..];
        StepReport {
            loss: mean_of_finite(if plan.two_sided { losses } else { &losses[..1] }),
            learning_rate: self.config.learning_rate * (factor * modulation.learning_rate),
            non_finite: count_non_finite(losses),
            ..StepReport::default()
        }
    }
}

fn is_negative_zero(value: f32) -> bool {
    value.to_bits() == (-0.0f32).to_bits()
}

impl Directions {
    /// Makes those from `update` on, unless they are made.
    fn make(&mut self, key: Key, update: u64, config: &WeightPerturbationConfig, length: usize) {
        if self.updates.contains(&update) {
            return;
        }
        let per_update = config.directions;
        let (span, groups) = if per_update < KEYS { (KEYS, per_update) } else { (1, per_update.div_ceil(KEYS)) };
        self.updates = update..update + span as u64;
        self.rows.resize(groups * length, Row16::ZERO);
        let parents = [if span > 1 { key.0 } else { key.child(update).0 }; KEYS];
        // Counted on: a division for each lane would take longer than the directions.
        let (mut own, mut k) = (update, 0);
        for rows in self.rows.chunks_exact_mut(length) {
            let (mut updates, mut numbers) = ([0; KEYS], [0; KEYS]);
            for (update, number) in updates.iter_mut().zip(&mut numbers) {
                (*update, *number) = (own, k as u64);
                k += 1;
                if k == per_update {
                    (own, k) = (own + 1, 0);
                }
            }
            let mut keys = parents;
            if span > 1 {
                replace_by_children(&mut keys, &updates);
            }
            replace_by_children(&mut keys, &numbers);
            write_directions(
                config.family.noise().expect("a plain configuration has independent entries"),
                &keys,
                rows,
            );
        }
    }
}

impl Form {
    /// The same form at other parameters.
    fn restart(&mut self, network: &PerceptronProblem, parameters: &[f32]) {
        let PerceptronProblem { shape, inputs, targets, count, .. } = network;
        match self {
            Self::One(pair) => *pair = OneDirectionState::new(shape, inputs, targets, parameters),
            Self::Few(state) => *state = SequentialState::new(shape, *count, [inputs, targets], parameters),
            // It works on the parameters themselves.
            Self::Many(_) => {}
        }
    }

    fn run(
        &mut self,
        network: &PerceptronProblem,
        plan: &UpdatePlan,
        parameters: &mut [f32],
        updates: &mut Updates<'_>,
    ) {
        match self {
            Self::One(pair) => {
                make_one_direction_updates(network.numerics, plan, pair, updates);
                pair.write(parameters);
            }
            Self::Few(state) => {
                make_updates(network.numerics, plan, state, updates);
                state.write(parameters);
            }
            Self::Many(population) => {
                update_population(network.numerics, plan, population, parameters, updates);
            }
        }
    }
}

impl Archived for FusedPerceptron {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        // Rates and losses are those of one call; directions and form follow from the rest.
        let Self { network, config: _, key: _, budget: _, update, parameters, directions, form, rates: _, losses: _ } =
            self;
        archive.mark("FusedPerceptron")?;
        update.archive(archive)?;
        archive.values("parameters", parameters)?;
        if archive.is_reading() {
            *directions = Directions::default();
            form.restart(network, parameters);
        }
        Ok(())
    }
}

impl Learner for FusedPerceptron {
    crate::archives!();

    fn update(&mut self, _: Key, modulation: &Modulation) -> Result<Update> {
        let progress = self.make(1, modulation)?;
        Ok(Update { evaluations: progress.evaluations, report: self.report(modulation) })
    }

    fn advance(&mut self, _: Key, _: u64, evaluations: u64, modulation: &Modulation) -> Result<Progress> {
        let wanted = evaluations.div_ceil(self.plan().probes() as u64).max(1);
        let mut progress = Progress::default();
        while progress.updates < wanted {
            let part = self.make(wanted - progress.updates, modulation)?;
            progress = Progress {
                updates: progress.updates + part.updates,
                evaluations: progress.evaluations + part.evaluations,
                non_finite: progress.non_finite + part.non_finite,
                ..part
            };
        }
        progress.report = self.report(modulation);
        Ok(progress)
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(&self.parameters)
    }

    fn solution(&self) -> Point<'_> {
        Point::Vector(&self.parameters)
    }

    /// The parameters and one evaluation in flight, as the general form counts them; work space of the lanes is not
    /// state.
    fn state_bytes(&self) -> usize {
        self.network.state_bytes
    }

    fn levels(&self) -> Option<Levels> {
        None
    }

    fn hears(&self) -> Vec<Heard> {
        self.config.hears()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::activation::Activation;
    use crate::learning::black_box_learner::BlackBoxLearner;
    use crate::learning::fused::oracle::{Case, cases, problem};
    use crate::learning::optimizer::Optimizer;
    use crate::learning::schedule::Schedule;
    use crate::model::network::{Initialisation, Network};
    use crate::model::networks::mlp::MlpConfig;
    use crate::model::objectives::NetworkLoss;

    /// Every update of the general form, and the same of the small one in runs of several lengths.
    fn compare(case: &Case, updates: u64) {
        let objective = NetworkLoss::new(Arc::clone(&case.network), Arc::clone(&case.problem));
        let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
        let (start, key) = (case.network.initialise(Key::from_seed(3)), Key::from_seed(4));
        let budget = updates * 3;
        let optimizer = case.config.build(start.clone(), key, budget).unwrap();
        let mut general = BlackBoxLearner::new(&objective, Box::new(optimizer));
        let mut fused = FusedPerceptron::new(data, &case.config, start, key, budget).unwrap().unwrap();
        assert_eq!(fused.state_bytes(), general.state_bytes(), "{case:?}");
        let (mut done, mut run) = (0, 1);
        while done < updates {
            let modulation =
                Modulation { perturbation_scale: 1.0 + done as f64 / updates as f64, ..Modulation::default() };
            let evaluations = run * case.config.build(vec![0.0], key, 1).unwrap().ask(&modulation).len() as u64;
            let found = fused.advance(key, done, evaluations, &modulation);
            let mut expected = Ok(Progress::default());
            for update in done..done + run {
                let Ok(before) = expected else { break };
                expected = general.update(key.child(update), &modulation).map(|update| {
                    let own = Progress::from(update);
                    Progress {
                        updates: before.updates + 1,
                        evaluations: before.evaluations + own.evaluations,
                        non_finite: before.non_finite + own.non_finite,
                        ..own
                    }
                });
            }
            assert_eq!(bits(&fused), bits(&general), "{case:?} after {done} updates and {run} more");
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{case:?}");
            if found.is_err() {
                return;
            }
            done += run;
            run = run % 37 + 5;
        }
    }

    fn bits(learner: &dyn Learner) -> Vec<u32> {
        let mut parameters = vec![0.0; learner.averaged().len()];
        learner.averaged().write(1.0, &mut parameters);
        parameters.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn updates_are_those_of_the_general_form() {
        for case in cases() {
            compare(&case, 300);
        }
    }

    #[test]
    fn thousands_of_updates_are_those_of_the_general_form() {
        for case in cases().into_iter().take(2) {
            compare(&case, 5000);
        }
    }

    #[test]
    fn a_parameter_that_grows_without_bound_is_the_same_error() {
        // A linear network at a rate that is far too large.
        let config = WeightPerturbationConfig { learning_rate: 1e45, two_sided: true, ..Default::default() };
        let network = MlpConfig { hidden: vec![3], activation: Activation::Linear, ..MlpConfig::default() };
        let network: Arc<dyn Network> = Arc::new(network.build(2, 1).unwrap());
        for directions in [1, 2, 16] {
            let config = WeightPerturbationConfig { directions, ..config.clone() };
            let case = Case { config, network: Arc::clone(&network), problem: problem(4, 2, 1) };
            compare(&case, 2000);
            let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
            let start = network.initialise(Key::from_seed(3));
            let mut learner = FusedPerceptron::new(data, &case.config, start, Key::from_seed(4), 9).unwrap().unwrap();
            let failed = learner.advance(Key::from_seed(1), 0, 100_000, &Modulation::default());
            assert!(matches!(failed, Err(Error::NonFinite { .. })), "{failed:?}");
        }
    }

    #[test]
    fn a_rate_of_zero_changes_no_bit() {
        for mut case in cases() {
            case.config.learning_rate = 0.0;
            let data = Arc::new(PerceptronProblem::new(&case.network, &case.problem).unwrap());
            let plain = case.network.initialise(Key::from_seed(5));
            let mut with_negative_zero = plain.clone();
            with_negative_zero[0] = -0.0;
            for start in [plain, with_negative_zero] {
                let expected: Vec<u32> = start.iter().map(|value| value.to_bits()).collect();
                let data = Arc::clone(&data);
                let mut learner =
                    FusedPerceptron::new(data, &case.config, start, Key::from_seed(6), 99).unwrap().unwrap();
                learner.advance(Key::from_seed(1), 0, 2000, &Modulation::default()).unwrap();
                assert_eq!(bits(&learner), expected);
            }
        }
    }

    #[test]
    fn what_is_not_plain_or_does_not_fit_is_left_to_the_general_form() {
        let network: Arc<dyn Network> = Arc::new(MlpConfig::default().build(2, 1).unwrap());
        let data = Arc::new(PerceptronProblem::new(&network, &problem(20, 2, 1)).unwrap());
        let build = |config: WeightPerturbationConfig, length: usize| {
            FusedPerceptron::new(Arc::clone(&data), &config, vec![0.1; length], Key::from_seed(1), 10)
        };
        let length = network.num_parameters();
        let plain = WeightPerturbationConfig { directions: 20, schedule: Schedule::Linear, ..Default::default() };
        assert!(build(plain.clone(), length).unwrap().is_some());
        assert!(build(WeightPerturbationConfig { directions: 2, ..plain.clone() }, length).unwrap().is_none());
        let reading = crate::learning::optimizers::rate_rule::Reading::Sign;
        assert!(build(WeightPerturbationConfig { reading, ..plain.clone() }, length).unwrap().is_none());
        assert!(build(plain.clone(), length + 1).is_err());
        assert!(build(WeightPerturbationConfig { learning_rate: -1.0, ..plain }, length).is_err());
        let normal =
            MlpConfig { initialisation: Initialisation::Normal(1.0), hidden: vec![5, 5], ..Default::default() };
        assert!(
            PerceptronProblem::new(&(Arc::new(normal.build(2, 1).unwrap()) as Arc<dyn Network>), &problem(4, 2, 1))
                .is_none()
        );
    }
}

//! A setting made ready: its data, its network, and the learners of arms on them.

use std::sync::Arc;

use crate::config::{Arm, Setting, StudyConfig};
use crate::tuning::candidates;
use tegmentum::data::task::Problem;
use tegmentum::error::{Error, Result};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::fused::PerceptronProblem;
use tegmentum::learning::fused::learner::FusedPerceptron;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::gradient::{FORWARD_EQUIVALENTS, GradientLearner};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::loss_signals::LossSignals;
use tegmentum::learning::modulated_learner::ModulatedLearner;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::training::train;
use tegmentum::model::network::Network;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::{InUnits, NetworkLoss, Rounded, Units};
use tegmentum::numerics::Numerics;
use tegmentum::random::Key;

/// Rate of the Adam that pretrains.
const PRETRAINING_RATE: f64 = 0.003;
/// Most of its updates.
pub(crate) const MAX_PRETRAINING: u64 = 100_000;

/// What an arm sees a setting in.
#[derive(Clone, Copy, PartialEq)]
struct Sight {
    numerics: Numerics,
    /// If not those of the task.
    units: Option<Units>,
}

impl Sight {
    fn of(study: &StudyConfig, arm: &Arm) -> Self {
        Self { numerics: arm.numerics.unwrap_or(study.numerics), units: arm.units }
    }

    /// Those of all arms, each once, the study's own in the units of the task first.
    fn all(study: &StudyConfig) -> Vec<Self> {
        let mut all = vec![Self { numerics: study.numerics, units: None }];
        for sight in study.arm.iter().map(|arm| Self::of(study, arm)) {
            if !all.contains(&sight) {
                all.push(sight);
            }
        }
        all
    }
}

/// Network and objective as some arms see them.
struct View {
    sight: Sight,
    network: Arc<dyn Network>,
    objective: Box<dyn Objective + Send>,
}

/// A setting made ready.
///
/// The seed's key has five children: 0 draws the first parameters, 1 the learner's directions, 2 the batches, 3 what is random
/// in a system of modulators around the learner, 4 the batches of pretraining. Arms of one seed begin with the same parameters and see the same batches.
pub(crate) struct PreparedSetting {
    /// The setting.
    pub(crate) setting: Setting,
    /// Evaluations of a run.
    pub(crate) budget: u64,
    /// The problem.
    pub(crate) problem: Arc<Problem>,
    /// The network, in the study's numerics.
    pub(crate) network: Arc<dyn Network>,
    /// Network and objective as arms see them, the study's own first.
    views: Vec<View>,
    /// Network and problem once more, if there is a fused form for both.
    pub(super) fused: Option<Arc<PerceptronProblem>>,
}

impl PreparedSetting {
    /// Makes data and network; the data do not depend on the seed of a run.
    ///
    /// # Errors
    /// If the task or the network cannot be built, or a metric does not fit.
    pub(crate) fn new(study: &StudyConfig, setting: &Setting) -> Result<Self> {
        let problem = Arc::new(setting.task.build()?.problem(Key::from_seed(0))?);
        let (inputs, outputs) = (problem.num_inputs(), problem.num_outputs());
        let views = Sight::all(study).into_iter().map(|sight| {
            let network: Arc<dyn Network> = Arc::from(setting.network.build_with(sight.numerics, inputs, outputs)?);
            view(sight, network, &problem, setting)
        });
        let views: Vec<View> = views.collect::<Result<_>>()?;
        let network = Arc::clone(&views[0].network);
        for metric in &study.metrics {
            metric.check(&problem)?;
        }
        if let Some(updates) = setting.pretrained.filter(|updates| *updates > MAX_PRETRAINING) {
            let requirement = "at most 100000 updates";
            return Err(Error::InvalidParameter { name: "pretrained", value: updates as f64, requirement });
        }
        Ok(Self {
            budget: setting.budget.unwrap_or(study.budget),
            views,
            fused: if setting.rounding.is_none() {
                PerceptronProblem::new(&network, &problem).map(Arc::new)
            } else {
                None
            },
            setting: setting.clone(),
            problem,
            network,
        })
    }

    /// Floating-point operations of one loss evaluation.
    pub(crate) fn operations(&self) -> u64 {
        self.views[0].objective.operations().unwrap_or(0)
    }

    /// What an arm sees.
    fn view(&self, arm: &Arm) -> &View {
        let numerics = arm.numerics.unwrap_or(self.views[0].sight.numerics);
        let sight = Sight { numerics, units: arm.units };
        self.views.iter().find(|view| view.sight == sight).unwrap_or(&self.views[0])
    }

    /// The objective as an arm's optimizer sees it.
    pub(crate) fn objective(&self, arm: &Arm) -> &dyn Objective {
        &*self.view(arm).objective
    }

    /// The network in the numerics of an arm.
    pub(super) fn network_of(&self, arm: &Arm) -> &Arc<dyn Network> {
        &self.view(arm).network
    }

    /// The fused form of network and problem for an arm, if there is one.
    pub(super) fn fused_for(&self, arm: &Arm) -> Option<&Arc<PerceptronProblem>> {
        let is_own = self.view(arm).sight == self.views[0].sight;
        self.fused.as_ref().filter(|_| is_own)
    }

    /// The learner of an arm, for a seed, on this setting's objective.
    ///
    /// # Errors
    /// If the arm's settings are out of range or do not fit the network.
    pub(crate) fn learner(&self, arm: &Arm, seed: u64) -> Result<Box<dyn Learner + '_>> {
        Self::modulated(self.bare_learner(arm, seed)?, arm, seed)
    }

    /// The same on `objective`, which every loss is asked of: no fused form takes its place.
    ///
    /// # Errors
    /// As [`learner`](Self::learner).
    pub(super) fn learner_on<'a>(
        &'a self,
        objective: &'a dyn Objective,
        arm: &Arm,
        seed: u64,
    ) -> Result<Box<dyn Learner + 'a>> {
        self.learner_from((objective, self.start(seed)?), arm, seed)
    }

    /// The same from other first parameters `[P]`.
    ///
    /// # Errors
    /// As [`learner`](Self::learner).
    pub(crate) fn learner_from<'a>(
        &'a self,
        (objective, start): (&'a dyn Objective, Vec<f32>),
        arm: &Arm,
        seed: u64,
    ) -> Result<Box<dyn Learner + 'a>> {
        Self::modulated(self.general_learner(objective, arm, seed, start)?, arm, seed)
    }

    /// The learner with its system around it, if it has one.
    fn modulated<'a>(learner: Box<dyn Learner + 'a>, arm: &Arm, seed: u64) -> Result<Box<dyn Learner + 'a>> {
        let Some(system) = &arm.neuromodulation else { return Ok(learner) };
        let key = Key::from_seed(seed).child(3);
        Ok(Box::new(ModulatedLearner::new(learner, system, LossSignals::default(), key)?))
    }

    /// The learner without a system around it, in a fused form if there is one.
    fn bare_learner(&self, arm: &Arm, seed: u64) -> Result<Box<dyn Learner + '_>> {
        if let (Some(OptimizerConfig::WeightPerturbation(config)), Some(fused)) = (&arm.optimizer, self.fused_for(arm))
        {
            let (key, fused) = (Key::from_seed(seed), Arc::clone(fused));
            let start = self.start(seed)?;
            if let Some(learner) = FusedPerceptron::new(fused, config, start, key.child(1), self.budget)? {
                return Ok(Box::new(learner));
            }
        }
        self.general_learner(self.objective(arm), arm, seed, self.start(seed)?)
    }

    fn general_learner<'a>(
        &'a self,
        objective: &'a dyn Objective,
        arm: &Arm,
        seed: u64,
        mut start: Vec<f32>,
    ) -> Result<Box<dyn Learner + 'a>> {
        let key = Key::from_seed(seed);
        let (network, problem) = (Arc::clone(self.network_of(arm)), Arc::clone(&self.problem));
        if let Some(optimizer) = &arm.optimizer {
            let mut optimizer = optimizer.for_network(&*network);
            if let Some(units) = arm.units {
                units.to_learner(&mut start);
                optimizer.in_unit(units.parameters);
            }
            let optimizer = optimizer.build(start, key.child(1), self.budget)?;
            return Ok(Box::new(BlackBoxLearner::new(objective, optimizer)));
        }
        if self.setting.rounding.is_some() {
            return Err(Error::Incompatible {
                what: "rounded weights".to_owned(),
                with: format!("arm {:?}", arm.name),
                reason: "only optimizers learn by losses alone; give it an optimizer".to_owned(),
            });
        }
        if let Some(plasticity) = &arm.plasticity {
            return plasticity.build(network, problem, start, key.child(1));
        }
        let Some(gradient) = &arm.gradient else {
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem: "has no learner".to_owned() });
        };
        Ok(Box::new(GradientLearner::new(gradient.build(start, self.budget)?, network, problem)))
    }

    /// The first parameters of a seed, `[P]`.
    ///
    /// # Errors
    /// If the network or the loss has no gradient to be pretrained with, or a parameter became NaN or infinite.
    pub(super) fn start(&self, seed: u64) -> Result<Vec<f32>> {
        let key = Key::from_seed(seed);
        let start = self.network.initialise(key.child(0));
        let Some(updates) = self.setting.pretrained else { return Ok(start) };
        pretrained((&self.network, &self.problem), start, updates, key.child(4))
    }

    /// Makes of the parameters `[P]` of an arm's learner those of the model: in the task's unit, and on the setting's grid if it has one.
    pub(super) fn deliver(&self, arm: &Arm, parameters: &mut [f32]) {
        if let Some(units) = arm.units {
            units.to_objective(parameters);
        }
        if let Some(rounding) = self.setting.rounding {
            rounding.apply(parameters);
        }
    }

    /// The same setting with work space of its own, none of it made yet.
    ///
    /// # Errors
    /// None: it was made before.
    pub(crate) fn afresh(&self) -> Result<Self> {
        let again = |old: &View| view(old.sight, Arc::clone(&old.network), &self.problem, &self.setting);
        Ok(Self {
            setting: self.setting.clone(),
            budget: self.budget,
            views: self.views.iter().map(again).collect::<Result<_>>()?,
            fused: self.fused.clone(),
            problem: Arc::clone(&self.problem),
            network: Arc::clone(&self.network),
        })
    }
}

/// Parameters `[P]` after so many updates of Adam from `start`, on batches from `key`.
///
/// # Errors
/// If the network or the loss has no gradient, or a parameter became NaN or infinite.
pub(crate) fn pretrained(
    (network, problem): (&Arc<dyn Network>, &Arc<Problem>),
    start: Vec<f32>,
    updates: u64,
    key: Key,
) -> Result<Vec<f32>> {
    let mut adam = GradientConfig::from_name("adam")?;
    adam.set_learning_rate(PRETRAINING_RATE);
    let budget = updates.saturating_mul(FORWARD_EQUIVALENTS);
    let descent = adam.build(start, budget)?;
    let mut learner = GradientLearner::new(descent, Arc::clone(network), Arc::clone(problem));
    train(&mut learner, key, budget, &mut [])?;
    let mut parameters = vec![0.0; learner.solution().len()];
    learner.solution().write(1.0, &mut parameters);
    Ok(parameters)
}

/// Network and loss of a setting, on its grid if it has one, as seen by some arms.
fn view(sight: Sight, network: Arc<dyn Network>, problem: &Arc<Problem>, setting: &Setting) -> Result<View> {
    let loss = NetworkLoss::new(Arc::clone(&network), Arc::clone(problem));
    let objective: Box<dyn Objective + Send> = match (setting.rounding, sight.units) {
        (Some(rounding), Some(units)) => Box::new(InUnits::new(Rounded::new(loss, rounding)?, units)?),
        (Some(rounding), None) => Box::new(Rounded::new(loss, rounding)?),
        (None, Some(units)) => Box::new(InUnits::new(loss, units)?),
        (None, None) => Box::new(loss),
    };
    Ok(View { sight, network, objective })
}

/// The settings made ready. Every arm is built once, so that a mistake in one is told before anything runs.
///
/// # Errors
/// If a part cannot be built.
pub(crate) fn prepare(study: &StudyConfig) -> Result<Vec<PreparedSetting>> {
    let settings: Vec<PreparedSetting> =
        study.settings().iter().map(|setting| PreparedSetting::new(study, setting)).collect::<Result<_>>()?;
    for setting in &settings {
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                setting.learner(&candidate.arm, study.seeds.first)?;
            }
        }
    }
    Ok(settings)
}

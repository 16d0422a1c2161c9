//! Streams of change: a learner in a world that is exchanged under it, and that nobody tells it of.
//!
//! ```text
//!     world in force at an update = the last one whose beginning is at most the evaluations spent so far
//! ```
//! A [`Stream`] is a network and a list of worlds, each a problem with the evaluation from which on it is in force. The
//! exchange takes place between two updates; an update is never split. The learner keeps all its state: weights,
//! averages, statistics and modulators. Batches follow from the update's key alone, so that a world that is exchanged for
//! an equal one changes not one bit of a run.
//!
//! # Gradual change
//! [`blend`] makes the worlds between two sets of examples: a fixed random order of the examples, the first share of
//! which is already as in the new world.

use std::sync::Arc;

use crate::archive::{Archive, Archived};
use crate::data::task::{Examples, Problem};
use crate::error::{Error, Result, fraction};
use crate::learning::black_box_learner::BlackBoxLearner;
use crate::learning::gradient::GradientLearner;
use crate::learning::learner::Learner;
use crate::learning::learner::Update;
use crate::learning::optimizer::{Levels, Optimizer};
use crate::learning::plasticity::feedback_alignment::FeedbackAlignment;
use crate::learning::plasticity::node_perturbation::NodePerturbation;
use crate::model::network::Network;
use crate::model::objective::Objective;
use crate::model::objectives::NetworkLoss;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// Key of the order in which examples pass into a new world. Any other would do; this one must not change.
const BLEND: Key = Key(0x57E4_A3B1);

/// A world and when it begins.
#[derive(Debug)]
struct World {
    begins: u64,
    problem: Arc<Problem>,
    objective: NetworkLoss,
}

/// A network and the worlds that follow one another.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::model::network::Network;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::stream::Stream;
/// use tegmentum::data::tasks::TaskConfig;
/// use tegmentum::learning::training::train;
///
/// let problem = |text: &str| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(Arc::new(toml::from_str::<TaskConfig>(text)?.build()?.problem(Key::from_seed(0))?))
/// };
/// let network: Arc<dyn Network> = Arc::from(toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?);
/// let worlds = vec![(0, problem("[xor]")?), (500, problem("[xor]\ninverted = true")?)];
/// let stream = Stream::new(Arc::clone(&network), worlds)?;
/// let dopamine = DopamineConfig::default().build(network.initialise(Key::from_seed(1)), Key::from_seed(2), 1000)?;
/// let mut learner = stream.optimizer(Box::new(dopamine));
/// train(&mut learner, Key::from_seed(3), 1000, &mut [])?;
/// assert_eq!(learner.world(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    network: Arc<dyn Network>,
    worlds: Vec<World>,
}

impl Stream {
    /// A stream of `worlds`, each with the evaluation from which on it is in force.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if there is no world, the first does not begin at 0 or one does not begin after the one
    /// before it; [`Error::ShapeMismatch`] if a world has other sizes than the network.
    pub fn new(network: Arc<dyn Network>, worlds: Vec<(u64, Arc<Problem>)>) -> Result<Self> {
        let ascending = worlds.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if worlds.first().is_none_or(|first| first.0 != 0) || !ascending {
            return Err(Error::Incompatible {
                what: "a stream".to_owned(),
                with: format!("worlds that begin at {:?}", worlds.iter().map(|world| world.0).collect::<Vec<_>>()),
                reason: "the first must begin at 0 and each of the others after the one before it".to_owned(),
            });
        }
        for (_, problem) in &worlds {
            check_sizes(&*network, problem)?;
        }
        let world = |(begins, problem): (u64, Arc<Problem>)| World {
            begins,
            objective: NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem)),
            problem,
        };
        let worlds = worlds.into_iter().map(world).collect();
        Ok(Self { network, worlds })
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// The problem that a learner meets first.
    pub fn first_problem(&self) -> &Arc<Problem> {
        &self.worlds[0].problem
    }

    /// Which world is in force after so many evaluations.
    pub fn world_at(&self, evaluations: u64) -> usize {
        self.worlds.partition_point(|world| world.begins <= evaluations) - 1
    }

    /// The objective of each world, in their order.
    pub fn objectives(&self) -> Vec<&dyn Objective> {
        self.worlds.iter().map(|world| &world.objective as &dyn Objective).collect()
    }

    /// A black-box optimizer in this stream.
    pub fn optimizer(&self, optimizer: Box<dyn Optimizer>) -> StreamLearner<'_> {
        self.optimizer_on(self.objectives(), optimizer)
    }

    /// A black-box optimizer in this stream that is told the losses of `objectives`: those of the [worlds](Self::objectives), one for
    /// each, or what stands for them, such as [logged](crate::learning::run_log::RunLog::objective) ones.
    ///
    /// # Panics
    /// If there are not as many as worlds.
    pub fn optimizer_on<'a>(
        &'a self,
        objectives: Vec<&'a dyn Objective>,
        optimizer: Box<dyn Optimizer>,
    ) -> StreamLearner<'a> {
        assert_eq!(objectives.len(), self.worlds.len(), "one objective for each world");
        self.learner(Inhabitant::BlackBox(BlackBoxLearner::new(objectives[0], optimizer), objectives))
    }

    /// Node perturbation in this stream; it must have been built on [`Stream::first_problem`].
    pub fn node_perturbation(&self, learner: NodePerturbation) -> StreamLearner<'_> {
        self.learner(Inhabitant::NodePerturbation(Box::new(learner)))
    }

    /// Feedback alignment in this stream; it must have been built on [`Stream::first_problem`].
    pub fn feedback_alignment(&self, learner: FeedbackAlignment) -> StreamLearner<'_> {
        self.learner(Inhabitant::FeedbackAlignment(Box::new(learner)))
    }

    /// A gradient baseline in this stream; it must have been built on [`Stream::first_problem`].
    pub fn gradient(&self, learner: GradientLearner) -> StreamLearner<'_> {
        self.learner(Inhabitant::Gradient(Box::new(learner)))
    }

    fn learner<'a>(&'a self, inhabitant: Inhabitant<'a>) -> StreamLearner<'a> {
        StreamLearner { stream: self, inhabitant, world: 0, spent: 0 }
    }
}

fn check_sizes(network: &dyn Network, problem: &Problem) -> Result<()> {
    let sizes = [
        ("inputs of a world", network.input_rows().len(), problem.num_inputs()),
        ("outputs of a world", network.output_rows().len(), problem.num_outputs()),
    ];
    for (what, expected, found) in sizes {
        if expected != found {
            return Err(Error::ShapeMismatch { what, expected, found });
        }
    }
    Ok(())
}

enum Inhabitant<'a> {
    /// With the objective of each world.
    BlackBox(BlackBoxLearner<'a>, Vec<&'a dyn Objective>),
    NodePerturbation(Box<NodePerturbation>),
    FeedbackAlignment(Box<FeedbackAlignment>),
    Gradient(Box<GradientLearner>),
}

impl std::fmt::Debug for Inhabitant<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BlackBox(learner, _) => learner.fmt(formatter),
            Self::NodePerturbation(learner) => learner.fmt(formatter),
            Self::FeedbackAlignment(learner) => learner.fmt(formatter),
            Self::Gradient(learner) => learner.fmt(formatter),
        }
    }
}

/// A learner in a stream.
#[derive(Debug)]
pub struct StreamLearner<'a> {
    stream: &'a Stream,
    inhabitant: Inhabitant<'a>,
    world: usize,
    spent: u64,
}

impl StreamLearner<'_> {
    /// The world that the last update was made in.
    pub fn world(&self) -> usize {
        self.world
    }

    fn inner(&self) -> &dyn Learner {
        match &self.inhabitant {
            Inhabitant::BlackBox(learner, _) => learner,
            Inhabitant::NodePerturbation(learner) => &**learner,
            Inhabitant::FeedbackAlignment(learner) => &**learner,
            Inhabitant::Gradient(learner) => &**learner,
        }
    }

    /// Exchanges the world.
    fn enter(&mut self, world: usize) -> Result<()> {
        self.world = world;
        let problem = &self.stream.worlds[world].problem;
        match &mut self.inhabitant {
            Inhabitant::BlackBox(learner, objectives) => learner.change_objective(objectives[world]),
            Inhabitant::NodePerturbation(learner) => learner.change_world(Arc::clone(problem)),
            Inhabitant::FeedbackAlignment(learner) => learner.change_world(Arc::clone(problem)),
            Inhabitant::Gradient(learner) => learner.change_world(Arc::clone(problem)),
        }
    }
}

impl Archived for StreamLearner<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { stream, inhabitant: _, world, spent } = self;
        archive.mark("StreamLearner")?;
        let mut found = *world;
        found.archive(archive)?;
        spent.archive(archive)?;
        archive.check(found < stream.worlds.len(), "one of the worlds of the stream")?;
        if found != *world {
            self.enter(found)?;
        }
        match &mut self.inhabitant {
            Inhabitant::BlackBox(learner, _) => Archived::archive(learner, archive),
            Inhabitant::NodePerturbation(learner) => Archived::archive(&mut **learner, archive),
            Inhabitant::FeedbackAlignment(learner) => Archived::archive(&mut **learner, archive),
            Inhabitant::Gradient(learner) => Archived::archive(&mut **learner, archive),
        }
    }
}

impl Learner for StreamLearner<'_> {
    crate::archives!();

    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let world = self.stream.world_at(self.spent);
        if world != self.world {
            self.enter(world)?;
        }
        let update = match &mut self.inhabitant {
            Inhabitant::BlackBox(learner, _) => learner.update(batch, modulation),
            Inhabitant::NodePerturbation(learner) => learner.update(batch, modulation),
            Inhabitant::FeedbackAlignment(learner) => learner.update(batch, modulation),
            Inhabitant::Gradient(learner) => learner.update(batch, modulation),
        }?;
        self.spent += update.evaluations;
        Ok(update)
    }

    fn averaged(&self) -> Point<'_> {
        self.inner().averaged()
    }

    fn solution(&self) -> Point<'_> {
        self.inner().solution()
    }

    fn state_bytes(&self) -> usize {
        self.inner().state_bytes()
    }

    fn levels(&self) -> Option<Levels> {
        self.inner().levels()
    }
}

/// The examples on the way from `old` to `new`: a `share` in `[0, 1]` of those to learn from are as in `new`, the others as
/// in `old`; which ones is fixed, and a larger share contains a smaller one. What is judged on is that of `new`.
///
/// # Errors
/// [`Error::InvalidParameter`] for a share outside its range, [`Error::ShapeMismatch`] if the two differ in size.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::learning::stream::blend;
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::xor::XorConfig;
///
/// let examples = |inverted| -> tegmentum::error::Result<_> {
///     match (XorConfig { inverted, ..XorConfig::default() }).build()?.problem(Key::from_seed(0))? {
///         Problem::Examples(examples) => Ok(examples),
///         Problem::Series(_) => unreachable!("exclusive or has examples"),
///     }
/// };
/// let half = blend(&examples(false)?, &examples(true)?, 0.5)?;
/// let changed = half.train.targets.iter().zip([0.0, 1.0, 1.0, 0.0]).filter(|(now, before)| *now != before).count();
/// assert_eq!(changed, 2);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn blend(old: &Examples, new: &Examples, share: f64) -> Result<Examples> {
    fraction("share", share)?;
    let sizes = [
        ("inputs of the examples", old.num_inputs, new.num_inputs),
        ("outputs of the examples", old.num_outputs, new.num_outputs),
        ("examples to learn from", old.train.inputs.len(), new.train.inputs.len()),
    ];
    for (what, expected, found) in sizes {
        if expected != found {
            return Err(Error::ShapeMismatch { what, expected, found });
        }
    }
    let count = old.train.inputs.len() / old.num_inputs;
    let mut order: Vec<usize> = (0..count).collect();
    BLEND.stream().shuffle(&mut order);
    let mut blended = Examples { train: old.train.clone(), ..new.clone() };
    for &example in &order[..(share * count as f64).round() as usize] {
        let inputs = example * new.num_inputs..(example + 1) * new.num_inputs;
        let targets = example * new.num_outputs..(example + 1) * new.num_outputs;
        blended.train.inputs[inputs.clone()].copy_from_slice(&new.train.inputs[inputs]);
        blended.train.targets[targets.clone()].copy_from_slice(&new.train.targets[targets]);
    }
    Ok(blended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tasks::TaskConfig;
    use crate::learning::optimizers::dopamine::DopamineConfig;
    use crate::learning::plasticity::node_perturbation::NodePerturbationConfig;
    use crate::learning::training::train;
    use crate::model::networks::NetworkConfig;

    fn problem(text: &str) -> Arc<Problem> {
        let task: TaskConfig = toml::from_str(text).unwrap();
        Arc::new(task.build().unwrap().problem(Key::from_seed(0)).unwrap())
    }

    fn xor(inverted: bool) -> Arc<Problem> {
        problem(&format!("[xor]\ninverted = {inverted}"))
    }

    fn network() -> Arc<dyn Network> {
        let text = "[mlp]\nhidden = [4]\noutput_activation = \"logistic\"\ninitialisation = { normal = 0.5 }";
        Arc::from(toml::from_str::<NetworkConfig>(text).unwrap().build(2, 1).unwrap())
    }

    fn dopamine() -> Box<dyn Optimizer> {
        let start = network().initialise(Key::from_seed(1));
        Box::new(DopamineConfig::default().build(start, Key::from_seed(2), 1000).unwrap())
    }

    fn parameters(learner: &dyn Learner) -> Vec<u32> {
        let mut values = vec![0.0; learner.averaged().len()];
        learner.averaged().write(1.0, &mut values);
        values.into_iter().map(f32::to_bits).collect()
    }

    /// Updates as the loop makes them, and the evaluations spent before each.
    fn run(learner: &mut dyn Learner, updates: u64, mut before: impl FnMut(&mut dyn Learner, u64)) -> Vec<u32> {
        let mut spent = 0;
        for update in 0..updates {
            before(learner, spent);
            spent += learner.update(Key::from_seed(3).child(update), &Modulation::default()).unwrap().evaluations;
        }
        parameters(learner)
    }

    #[test]
    fn the_world_is_exchanged_at_its_evaluation_and_not_before() {
        let stream = Stream::new(network(), vec![(0, xor(false)), (103, xor(true))]).unwrap();
        assert_eq!([0, 102, 103, 104].map(|at| stream.world_at(at)), [0, 0, 1, 1]);
        let mut learner = stream.optimizer(dopamine());
        let mut spent = 0;
        for update in 0..60 {
            let begun = spent;
            spent += learner.update(Key::from_seed(3).child(update), &Modulation::default()).unwrap().evaluations;
            assert_eq!(learner.world(), usize::from(begun >= 103), "update begun at {begun}");
        }
        assert!(spent > 200);
    }

    #[test]
    fn after_a_switch_a_run_has_the_bits_of_one_on_the_new_problem_from_the_same_state() {
        let stream = Stream::new(network(), vec![(0, xor(false)), (150, xor(true))]).unwrap();
        let streamed = run(&mut stream.optimizer(dopamine()), 80, |_, _| {});
        // The same by hand: one learner, its objective exchanged when the evaluations are spent.
        let objectives = [false, true].map(|inverted| NetworkLoss::new(network(), xor(inverted)));
        let mut learner = BlackBoxLearner::new(&objectives[0], dopamine());
        let mut spent = 0;
        for update in 0..80 {
            if spent >= 150 {
                learner.change_objective(&objectives[1]).unwrap();
            }
            spent += learner.update(Key::from_seed(3).child(update), &Modulation::default()).unwrap().evaluations;
        }
        assert_eq!(streamed, parameters(&learner));
        let stayed = run(&mut BlackBoxLearner::new(&objectives[0], dopamine()), 80, |_, _| {});
        assert_ne!(streamed, stayed, "the switch made no difference");
    }

    #[test]
    fn a_world_exchanged_for_an_equal_one_changes_no_bit() {
        let (network, digits) = (
            || -> Arc<dyn Network> {
                let text = "[mlp]\nhidden = [8]\nactivation = \"relu\"\noutput_activation = \"softmax\"";
                Arc::from(toml::from_str::<NetworkConfig>(text).unwrap().build(64, 10).unwrap())
            },
            || problem("[digits]"),
        );
        let one = Stream::new(network(), vec![(0, digits())]).unwrap();
        let two = Stream::new(network(), vec![(0, digits()), (50, digits())]).unwrap();
        let end = |stream: &Stream| {
            let start = network().initialise(Key::from_seed(1));
            let config = NodePerturbationConfig::default();
            let rule = config.build(network(), Arc::clone(stream.first_problem()), start.clone(), Key::from_seed(2));
            let optimizer = DopamineConfig::default().build(start, Key::from_seed(2), 200).unwrap();
            let mut learners = [stream.node_perturbation(rule.unwrap()), stream.optimizer(Box::new(optimizer))];
            learners.each_mut().map(|learner| {
                train(learner, Key::from_seed(4), 150, &mut []).unwrap();
                parameters(learner)
            })
        };
        assert_eq!(end(&one), end(&two));
    }

    #[test]
    fn worlds_that_do_not_fit_are_refused() {
        let refused = |worlds| Stream::new(network(), worlds).unwrap_err().to_string();
        let wanted = "a stream cannot be used with worlds that begin at [0, 9, 9]: the first must begin at 0 and each of \
                      the others after the one before it";
        assert_eq!(refused(vec![(0, xor(false)), (9, xor(true)), (9, xor(false))]), wanted);
        assert!(refused(vec![]).contains("begin at []"));
        assert_eq!(
            refused(vec![(0, xor(false)), (9, problem("[parity]"))]),
            "inputs of a world: expected 2 values, found 4"
        );
    }

    #[test]
    fn a_blend_goes_from_the_old_world_to_the_new_one() {
        let examples = |permutation: u32| match &*problem(&format!("[digits]\npermutation = {permutation}")) {
            Problem::Examples(examples) => examples.clone(),
            Problem::Series(_) => unreachable!("digits are examples"),
        };
        let (old, new) = (examples(0), examples(1));
        assert_eq!(blend(&old, &new, 0.0).unwrap().train, old.train);
        assert_eq!(blend(&old, &new, 1.0).unwrap(), new);
        let is_new = |share: f64| -> Vec<bool> {
            let blended = blend(&old, &new, share).unwrap();
            assert_eq!(blended.test, new.test);
            let rows = blended.train.inputs.chunks(64).zip(new.train.inputs.chunks(64));
            rows.map(|(row, new)| row == new).collect()
        };
        let (third, half) = (is_new(1.0 / 3.0), is_new(0.5));
        assert_eq!(third.iter().filter(|&&is| is).count(), 479);
        assert!(third.iter().zip(&half).all(|(third, half)| !third || *half), "a larger share contains a smaller one");
        assert!(blend(&old, &new, 1.5).is_err());
    }
}

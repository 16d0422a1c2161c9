//! The procedure: parts, encoding, training, judgement.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tegmentum::checkpoint::Units;
use tegmentum::data::task::Loss;
use tegmentum::error::{Result, at_least_one};
use tegmentum::learning::run_log::{Place, RunLog};
use tegmentum::model::network::Network;
use tegmentum::random::Key;

use super::baselines::{self, Baseline};
use super::data::{Part, Target, Truth, balanced};
use super::encoding::{Dropped, Encoding};
use super::judgement::{Judged, Score};
use super::split::{Split, split};
use super::training::{self, Plan, Trained};
use super::{LearnerKind, Predictions, Provenance, TabularModel, TaskKind, build_network, network};
use crate::table::Table;

/// Evaluations where none are given.
const BUDGET: u64 = 60_000;
/// Shuffles that the importance of a column is the mean of.
const SHUFFLES: u64 = 5;

/// A model of the column `target` of a table, which is about to be [trained](Fit::run). What is not set has a default.
///
/// # Example
/// [`Fit`] has one.
pub fn fit<'a>(table: &'a Table, target: &'a str) -> Fit<'a> {
    Fit {
        table,
        target,
        task: None,
        hidden: vec![32],
        learner: LearnerKind::default(),
        evaluations: BUDGET,
        seed: 0,
        exclude: Vec::new(),
        balanced: false,
        watch: &|_| ControlFlow::Continue(()),
        units: Units::nowhere(),
        log: None,
    }
}

/// A training that is about to [run](Self::run).
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::{LearnerKind, fit};
/// # use tegmentum_applied::table::{ReadOptions, Table};
/// # let rows: String = (0..60).map(|row| format!("{},{}\n", row % 10, if row % 10 > 4 { "long" } else { "short" })).collect();
/// let table = Table::from_csv(("length,kind\n".to_owned() + &rows).as_bytes(), "data.csv", &ReadOptions::default())?;
/// let fitted = fit(&table, "kind").hidden(&[8]).learner(LearnerKind::Dopamine).evaluations(300).seed(1).run()?;
/// assert_eq!((fitted.report.hidden, fitted.report.learner), (vec![8], LearnerKind::Dopamine));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[must_use = "nothing happens until `run`"]
pub struct Fit<'a> {
    table: &'a Table,
    target: &'a str,
    task: Option<TaskKind>,
    hidden: Vec<usize>,
    learner: LearnerKind,
    evaluations: u64,
    seed: u64,
    exclude: Vec<String>,
    balanced: bool,
    watch: &'a (dyn Fn(f64) -> ControlFlow<()> + Sync),
    units: Units<'a>,
    log: Option<&'a Path>,
}

impl std::fmt::Debug for Fit<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = formatter.debug_struct("Fit");
        debug.field("target", &self.target).field("learner", &self.learner).field("hidden", &self.hidden);
        debug.field("evaluations", &self.evaluations).field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// A trained model and how good it is.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::fit;
/// # use tegmentum_applied::table::{ReadOptions, Table};
/// # let rows: String = (0..60).map(|row| format!("{},{}\n", row % 10, if row % 10 > 4 { "long" } else { "short" })).collect();
/// let table = Table::from_csv(("length,kind\n".to_owned() + &rows).as_bytes(), "data.csv", &ReadOptions::default())?;
/// let fitted = fit(&table, "kind").evaluations(300).run()?;
/// assert_eq!((fitted.test_rows.len(), fitted.test.rows()), (12, 12));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model that was judged.
    pub model: TabularModel,
    /// How good it is.
    pub report: Report,
    /// Rows of the table that it was judged on, in ascending order.
    pub test_rows: Vec<usize>,
    /// What it says of them.
    pub test: Predictions,
}

/// How good a model is on rows that nothing was learned from.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::fit;
/// # use tegmentum_applied::table::{ReadOptions, Table};
/// # let rows: String = (0..60).map(|row| format!("{},{}\n", row % 10, if row % 10 > 4 { "long" } else { "short" })).collect();
/// let table = Table::from_csv(("length,kind\n".to_owned() + &rows).as_bytes(), "data.csv", &ReadOptions::default())?;
/// let report = fit(&table, "kind").evaluations(300).run()?.report;
/// assert_eq!((report.metric, report.rows.test, report.confusion.len()), ("accuracy", 12, 2));
/// assert!(report.adam_rate.is_some(), "the rate of the network along the gradient beside it");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The column that is predicted.
    pub target: String,
    /// What kind of thing it is.
    pub task: TaskKind,
    /// Names of the classes; none for a number.
    pub classes: Vec<String>,
    /// Rows of the parts.
    pub rows: PartSizes,
    /// Columns that are read.
    pub columns: Vec<String>,
    /// Columns that are not, and why.
    pub dropped: Vec<Dropped>,
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Parameters of the network.
    pub parameters: usize,
    /// How it was trained.
    pub learner: LearnerKind,
    /// The rate of Adam: of those that were tried, the best on the validation part.
    pub adam_rate: Option<f64>,
    /// Evaluations spent.
    pub evaluations: u64,
    /// Evaluations after which it was best on the validation part.
    pub best_at: u64,
    /// `accuracy` or `root_mean_square_error`.
    pub metric: &'static str,
    /// The network first, then the others.
    pub scores: Vec<Score>,
    /// Counts [true class][predicted class]; none for a number.
    pub confusion: Vec<Vec<u64>>,
    /// The expected calibration error; none for a number.
    pub calibration_error: Option<f64>,
    /// Columns, the most important first.
    pub importance: Vec<Importance>,
    /// Which of them to use, in sentences.
    pub advice: Vec<String>,
}

/// Rows of the parts.
///
/// # Example
/// ```
/// let rows = tegmentum_applied::tabular::PartSizes { train: 64, validation: 16, test: 20, without_target: 0 };
/// assert_eq!(rows.train + rows.validation + rows.test, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PartSizes {
    /// Learned from.
    pub train: usize,
    /// Stopped the training.
    pub validation: usize,
    /// Judged on.
    pub test: usize,
    /// Left out, because their target is missing.
    pub without_target: usize,
}

/// How much worse a model is without what a column says.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::Importance;
/// let importance = Importance { column: "age".to_owned(), increase: 0.1 };
/// assert!(importance.increase > 0.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// Accuracy lost, as a share of rows, or root mean square error added, when its cells are shuffled.
    pub increase: f64,
}

/// A table made ready for training.
struct Prepared {
    rows: Split,
    /// To learn from, to stop the training, to be judged on.
    parts: [Part; 3],
    /// What is learned from instead, where classes are balanced.
    told: Option<Part>,
    encoding: Encoding,
    dropped: Vec<Dropped>,
    target: Target,
    network: Arc<dyn Network>,
    loss: Loss,
    key: Key,
}

impl<'a> Fit<'a> {
    /// Whether classes or numbers are predicted, instead of what the target looks like.
    pub fn task(self, task: TaskKind) -> Self {
        Self { task: Some(task), ..self }
    }

    /// Units of the hidden layers; none for a linear model.
    pub fn hidden(self, units: &[usize]) -> Self {
        Self { hidden: units.to_vec(), ..self }
    }

    /// How to train.
    pub fn learner(self, learner: LearnerKind) -> Self {
        Self { learner, ..self }
    }

    /// Evaluations that may be spent: one is a forward pass of 64 rows at most.
    pub fn evaluations(self, evaluations: u64) -> Self {
        Self { evaluations, ..self }
    }

    /// What everything random follows from: the same seed gives the same model, bit for bit.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Columns that are not learned from.
    pub fn exclude(self, columns: &[String]) -> Self {
        Self { exclude: columns.to_vec(), ..self }
    }

    /// Makes all classes equally frequent in training: rows of the rarer ones are drawn several times.
    pub fn balanced(self, balanced: bool) -> Self {
        Self { balanced, ..self }
    }

    /// Is told of the share of the budget that is spent, and may end the training.
    pub fn watch(self, watch: &'a (dyn Fn(f64) -> ControlFlow<()> + Sync)) -> Self {
        Self { watch, ..self }
    }

    /// Where trained networks are kept as units of work, so that a training that was stopped goes on where it was.
    pub fn kept_in(self, units: Units<'a>) -> Self {
        Self { units, ..self }
    }

    /// Writes the training to a [log](tegmentum::learning::run_log) in a folder, so that each of its states can be had again; see
    /// [`state`](Self::state).
    pub fn logged(self, folder: &'a Path) -> Self {
        Self { log: Some(folder), ..self }
    }

    /// The model of a logged training after `update` of its updates, without its losses being evaluated again; with it, where the
    /// training was. Table and settings must be those of the training.
    ///
    /// # Errors
    /// As [`run`](Self::run); [`Error::Checkpoint`](tegmentum::error::Error::Checkpoint) if the training did not come so far, or the
    /// log is damaged or of another training.
    pub fn state(self, log: &RunLog, update: u64) -> Result<(Place, TabularModel)> {
        let prepared = self.prepare()?;
        let (place, parameters) = self.plan(&prepared).state(self.learner, log, update)?;
        let evaluations = place.evaluations;
        let trained = Trained { parameters, evaluations, best_at: evaluations, ..Trained::default() };
        Ok((place, self.model(&prepared, &trained)))
    }

    /// Makes a logged training again with the losses of its log, compares all of its states, and returns the parameters that it gave.
    ///
    /// # Errors
    /// As [`state`](Self::state), with the first difference.
    pub fn verify(self, log: &RunLog) -> Result<Vec<f32>> {
        let prepared = self.prepare()?;
        self.plan(&prepared).verify(self.learner, log)
    }

    /// Trains and judges.
    ///
    /// # Errors
    /// [`Error::Table`](tegmentum::error::Error::Table) for a table that cannot be learned from, with what would be right;
    /// [`Error::InvalidParameter`](tegmentum::error::Error::InvalidParameter) for a
    /// setting outside its range; [`Error::Io`](tegmentum::error::Error::Io) if its log cannot be written.
    pub fn run(self) -> Result<Fitted> {
        let prepared = self.prepare()?;
        let plan = self.plan(&prepared);
        let own = || plan.train(self.learner, &self.units, self.log);
        let (own, gradient) = if self.learner == LearnerKind::Adam {
            (own()?, None)
        } else {
            let (own, gradient) = rayon::join(own, || plan.train(LearnerKind::Adam, &self.units, None));
            (own?, Some(gradient?))
        };
        let adam_rate = own.1.or(gradient.as_ref().and_then(|gradient| gradient.1));
        let (trained, gradient) = (own.0, gradient.map(|gradient| gradient.0));
        let model = self.model(&prepared, &trained);
        let report = self.report(&model, (&trained, gradient.as_ref(), adam_rate), &prepared);
        let test = model.predict_encoded(&prepared.parts[2].inputs);
        Ok(Fitted { model, report, test_rows: prepared.rows.test, test })
    }

    /// Parts, encoding and network.
    fn prepare(&self) -> Result<Prepared> {
        let column = self.table.column(self.target)?;
        self.check()?;
        let truth = Truth::read(self.table, column, self.task)?;
        if self.balanced && truth.classes.is_none() {
            let problem = "a number has no classes that could be balanced".to_owned();
            return Err(self.table.error(1, self.target, problem));
        }
        let key = Key::from_seed(self.seed);
        let rows = split(&truth.rows_of_classes(), key.child(0));
        let without: Vec<&str> = self.exclude.iter().map(String::as_str).chain([self.target]).collect();
        let (encoding, dropped) = Encoding::learn(self.table, &rows.train, &without)?;
        let target = truth.target(self.target, &rows.train);
        let inputs = encoding.encode(self.table)?;
        let part = |rows: &[usize]| Part::pick(rows, &inputs, encoding.width(), &truth, &target);
        let parts = [part(&rows.train), part(&rows.validation), part(&rows.test)];
        let told = self.balanced.then(|| part(&balanced(&rows.train, &truth, key.child(1))));
        let network = build_network(&self.hidden, encoding.width(), target.classes())?;
        let loss = if truth.classes.is_some() { Loss::CrossEntropy } else { Loss::MeanSquaredError };
        Ok(Prepared { rows, parts, told, encoding, dropped, target, network, loss, key })
    }

    /// The training of what was prepared.
    fn plan<'b>(&'b self, prepared: &'b Prepared) -> Plan<'b> {
        Plan {
            network: &prepared.network,
            problem: training::problem(
                &*prepared.network,
                prepared.loss,
                prepared.told.as_ref().unwrap_or(&prepared.parts[0]),
                &prepared.parts[1],
            ),
            budget: self.evaluations,
            key: prepared.key.child(2),
            start: None,
            watch: self.watch,
        }
    }

    /// The model with trained parameters.
    fn model(&self, prepared: &Prepared, trained: &Trained) -> TabularModel {
        let rows = prepared.rows.train.len() + prepared.rows.validation.len();
        TabularModel {
            provenance: self.provenance(trained, rows),
            network: Arc::clone(&prepared.network),
            encoding: prepared.encoding.clone(),
            target: prepared.target.clone(),
            hidden: self.hidden.clone(),
            parameters: trained.parameters.clone(),
        }
    }

    fn check(&self) -> Result<()> {
        at_least_one("evaluations", usize::try_from(self.evaluations).unwrap_or(usize::MAX))?;
        network::check(&self.hidden, 1, None)?;
        for name in &self.exclude {
            self.table.column(name)?;
            if name == self.target {
                let problem = "the target cannot be excluded: it is what is predicted".to_owned();
                return Err(self.table.error(1, name, problem));
            }
        }
        Ok(())
    }

    fn provenance(&self, trained: &Trained, rows: usize) -> Provenance {
        let name = self.table.origin().file_name().unwrap_or_default();
        Provenance {
            data: name.to_string_lossy().into_owned(),
            rows,
            learner: self.learner,
            seed: self.seed,
            evaluations: trained.best_at,
            command: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn report(
        &self,
        model: &TabularModel,
        (trained, gradient, adam_rate): (&Trained, Option<&Trained>, Option<f64>),
        prepared: &Prepared,
    ) -> Report {
        let Prepared { rows, dropped, parts: [train, validation, test], .. } = prepared;
        let key = prepared.key.child(3);
        let judged = Judged { classes: model.target.classes(), truth: &test.truth };
        let own = model.predict_encoded(&test.inputs).flat();
        let simple = baselines::all(train, validation, test, &model.target);
        let rate = adam_rate.map(|rate| format!(", rate {rate}")).unwrap_or_default();
        let along_gradient = gradient.map(|trained| {
            let other = TabularModel { parameters: trained.parameters.clone(), ..model.clone() };
            let outputs = other.predict_encoded(&test.inputs).flat();
            Baseline { name: format!("the same network, adam{rate}"), outputs }
        });
        let own_rate = if along_gradient.is_some() { "" } else { &rate };
        let network = format!("network, {}{own_rate}", self.learner.name());
        let mut scores = vec![judged.score(network, &own, key.child(0))];
        let others = along_gradient.iter().chain(&simple).zip(1..);
        scores.extend(others.map(|(other, index)| judged.score(other.name.clone(), &other.outputs, key.child(index))));
        let is_classes = judged.classes.is_some();
        Report {
            target: self.target.to_owned(),
            task: if is_classes { TaskKind::Classification } else { TaskKind::Regression },
            classes: match &model.target {
                Target::Classes { classes, .. } => classes.clone(),
                Target::Number { .. } => Vec::new(),
            },
            rows: PartSizes {
                train: rows.train.len(),
                validation: rows.validation.len(),
                test: rows.test.len(),
                without_target: self.table.rows() - rows.train.len() - rows.validation.len() - rows.test.len(),
            },
            columns: model.columns().map(str::to_owned).collect(),
            dropped: dropped.clone(),
            hidden: self.hidden.clone(),
            parameters: model.parameters.len(),
            learner: self.learner,
            adam_rate,
            evaluations: trained.evaluations,
            best_at: trained.best_at,
            metric: if is_classes { "accuracy" } else { "root_mean_square_error" },
            confusion: judged.confusion(&own),
            calibration_error: judged.calibration_error(&own),
            importance: importance(model, test, &judged, key.child(1 << 32)),
            advice: advice(&judged, &own, &simple, along_gradient.as_ref(), key.child(2 << 32)),
            scores,
        }
    }
}

/// Columns by how much worse the model is when their cells are shuffled.
fn importance(model: &TabularModel, test: &Part, judged: &Judged<'_>, key: Key) -> Vec<Importance> {
    let before = judged.error(&model.predict_encoded(&test.inputs).flat());
    let mut all = Vec::new();
    for (column, (name, range)) in model.columns().zip(model.encoding.ranges()).enumerate() {
        let increase = |shuffle: u64| {
            let mut order: Vec<usize> = (0..test.rows()).collect();
            key.child(column as u64).child(shuffle).stream().shuffle(&mut order);
            let mut inputs = test.inputs.clone();
            for (row, &other) in inputs.chunks_exact_mut(test.width).zip(&order) {
                row[range.clone()].copy_from_slice(&test.row(other)[range.clone()]);
            }
            judged.error(&model.predict_encoded(&inputs).flat()) - before
        };
        let increase = (0..SHUFFLES).map(increase).sum::<f64>() / SHUFFLES as f64;
        all.push(Importance { column: name.to_owned(), increase });
    }
    all.sort_by(|a, b| b.increase.total_cmp(&a.increase));
    all
}

/// Which predictor to use: the network against the best simple one, and against the same network along the gradient.
fn advice(judged: &Judged<'_>, own: &[f64], simple: &[Baseline], gradient: Option<&Baseline>, key: Key) -> Vec<String> {
    let mut advice = Vec::new();
    let best = simple.iter().min_by(|a, b| judged.error(&a.outputs).total_cmp(&judged.error(&b.outputs)));
    if let Some(best) = best {
        let [_, low, high] = judged.difference(own, &best.outputs, key.child(0));
        let name = &best.name;
        advice.push(if high < 0.0 {
            format!("Use the network: on these test rows its errors are clearly smaller than those of {name}, the best simple predictor.")
        } else if low > 0.0 {
            format!("Use {name}: on these test rows its errors are clearly smaller than those of the network.")
        } else {
            format!(
                "The network and {name} are too close to tell apart on these test rows; the latter is simpler to use."
            )
        });
    }
    if let Some(gradient) = gradient {
        let [_, low, high] = judged.difference(own, &gradient.outputs, key.child(1));
        advice.push(if low > 0.0 {
            "If you want a network, train it with --learner adam: the same network along the exact gradient is clearly better."
                .to_owned()
        } else if high < 0.0 {
            "The same network along the exact gradient (--learner adam) is clearly worse here.".to_owned()
        } else {
            "The same network along the exact gradient (--learner adam) is as good here, as far as these test rows tell, and \
             usually needs fewer passes."
                .to_owned()
        });
    }
    advice
}

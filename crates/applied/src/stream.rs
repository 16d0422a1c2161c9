//! Learning from a user's stream: rows in their order, each predicted before it is learned from.
//!
//! # What becomes of a row
//!
//! | cell | inputs |
//! |---|---|
//! | a number | one number, standardised by its running mean and deviation and spread over a population code |
//! | a text | a flag for each text of the column, up to 64; all later ones share one flag |
//! | missing | nothing, and a flag of the column |
//! | a number in a column that had texts, or the other way round | each its own inputs |
//!
//! Columns may appear and vanish: where a line repeats the names of columns, or has others and the target among them, it is a header for the
//! rows below. A column that is not there is missing. A class that was never seen is predicted wrongly once, then known. Rows without a target
//! are predicted and not learned from.
//!
//! # Scores
//! ```text
//!     prequential accuracy   share of rows with a target whose class was predicted before it was learned from
//!     no change              the same for the class of the row before
//!     majority               the same for the class that was most frequent so far
//! ```
//! The learner is [`online`](tegmentum::learning::online): four networks, each under four modulators. What it costs stands there.
//!
//! # Example
//! ```
//! use tegmentum_applied::stream::StreamLearner;
//!
//! let mut learner = StreamLearner::new("kind", &[], 1);
//! let header = ["size", "colour", "kind"].map(str::to_owned);
//! learner.header(&header)?;
//! for row in 0..200 {
//!     let kind = if row % 3 == 0 { "a" } else { "b" };
//!     let colour = if row % 3 == 0 { "red" } else { "blue" };
//!     learner.row(&[&row.to_string(), colour, kind])?;
//! }
//! assert!(learner.score().right as f64 > 0.9 * learner.score().rows as f64);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

mod columns;
mod model_file;
mod reading;
mod score;

pub use columns::Cell;
pub(crate) use model_file::KIND;
pub use model_file::StreamOrigin;
pub use reading::{Rows, StreamNotes};
pub use score::{Score, Window, Windows};

use serde::{Deserialize, Serialize};
use tegmentum::error::{Error, Result};
use tegmentum::learning::online::{Observed, OnlineClassifier, OnlineConfig};
use tegmentum::neuromodulation::detector::Detector;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use tegmentum::neuromodulation::nuclei::locus_coeruleus::change_detector::ChangeDetectorConfig;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::{Action, Drug};
use tegmentum::random::Key;

use crate::table::Decimal;
use columns::StreamColumns;

/// Classes of a target, at most: more are numbers or names of the rows.
pub const MOST_CLASSES: usize = 100;

/// The child of a learner's key that detectors have; networks have the first ones.
const OF_DETECTORS: u64 = u64::from_le_bytes(*b"detector");

/// What a learner is built from; kept in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    target: String,
    lesions: Vec<String>,
    seed: u64,
    comma: bool,
    exclude: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    detectors: Vec<DetectorConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    driver: Option<DetectorConfig>,
}

/// What was said of a row.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::StreamLearner;
///
/// let mut learner = StreamLearner::new("y", &[], 1);
/// learner.header(&["x".to_owned(), "y".to_owned()])?;
/// assert_eq!(learner.row(&["1", "yes"])?.predicted, None);
/// assert_eq!(learner.row(&["1", ""])?.predicted.as_deref(), Some("yes"));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The class that was predicted; `None` before any is known.
    pub predicted: Option<String>,
    /// The class that the row has; `None` if it is missing.
    pub truth: Option<String>,
    /// Whether noradrenaline made a member begin anew.
    pub alarm: bool,
    /// The detectors that fired, by their places in [`StreamLearner::detectors`].
    pub fired: Vec<usize>,
}

/// A learner of rows of text cells.
#[derive(Debug)]
pub struct StreamLearner {
    settings: Settings,
    columns: StreamColumns,
    learner: Option<OnlineClassifier>,
    classes: Vec<String>,
    counts: Vec<u64>,
    last: Option<usize>,
    score: Score,
    alarms: Vec<u64>,
    detectors: Vec<Box<dyn Detector>>,
    inputs: Vec<f64>,
}

impl StreamLearner {
    /// A learner of the column `target` that has seen nothing, with these modulators lesioned.
    pub fn new(target: &str, lesions: &[Transmitter], seed: u64) -> Self {
        let lesions = lesions.iter().map(|of| of.name().to_owned()).collect();
        let target = target.to_owned();
        let (exclude, detectors) = (Vec::new(), Vec::new());
        Self::of(Settings { target, lesions, seed, comma: false, exclude, detectors, driver: None })
    }

    fn of(settings: Settings) -> Self {
        Self {
            columns: StreamColumns::default(),
            learner: None,
            classes: Vec::new(),
            counts: Vec::new(),
            last: None,
            score: Score::default(),
            alarms: vec![0; OnlineConfig::default().members.len()],
            detectors: Vec::new(),
            inputs: Vec::new(),
            settings,
        }
    }

    /// What separates the whole part of a number from its fraction; a point if nothing is said.
    pub fn set_decimal(&mut self, decimal: Decimal) {
        self.settings.comma = decimal == Decimal::Comma;
    }

    /// Columns that are not learned from.
    pub fn exclude(&mut self, columns: &[String]) {
        self.settings.exclude = columns.to_vec();
    }

    /// Detectors that watch the prequential error (1 where the class was predicted wrongly, else 0) from the next row on, beside noradrenaline and
    /// instead of those that did before. They change nothing of what is learned.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::detectors::DetectorConfig;
    /// use tegmentum_applied::stream::StreamLearner;
    ///
    /// let mut learner = StreamLearner::new("y", &[], 1);
    /// learner.watch(&[DetectorConfig::from_name("always")?])?;
    /// learner.header(&["x".to_owned(), "y".to_owned()])?;
    /// assert_eq!(learner.row(&["1", "yes"])?.fired, [0]);
    /// assert!(learner.row(&["1", ""])?.fired.is_empty());
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn watch(&mut self, detectors: &[DetectorConfig]) -> Result<()> {
        let key = Key::from_seed(self.settings.seed).child(OF_DETECTORS);
        let built = (0..).zip(detectors).map(|(place, config)| config.build(key.child(place)));
        self.detectors = built.collect::<Result<_>>()?;
        self.settings.detectors = detectors.to_vec();
        Ok(())
    }

    /// The detectors that watch the error.
    pub fn detectors(&self) -> &[DetectorConfig] {
        &self.settings.detectors
    }

    /// A detector that drives noradrenaline in place of summed surprise: in every network its own watches the mean loss of each 20 rows. Before
    /// the first row.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range; [`Error::Incompatible`] if noradrenaline is lesioned, or rows were
    /// learned from already.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::detectors::DetectorConfig;
    /// use tegmentum_applied::stream::StreamLearner;
    ///
    /// let mut learner = StreamLearner::new("y", &[], 1);
    /// learner.drive(DetectorConfig::from_name("adwin")?)?;
    /// assert_eq!(learner.driver().map(|driver| driver.name()), Some("adwin"));
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn drive(&mut self, driver: DetectorConfig) -> Result<()> {
        let refused = |reason: &str| {
            let (what, with) = (format!("the driver {}", driver.name()), "this learner".to_owned());
            Err(Error::Incompatible { what, with, reason: reason.to_owned() })
        };
        if self.settings.lesions.iter().any(|name| name == Transmitter::Noradrenaline.name()) {
            return refused("noradrenaline is lesioned, so that it would drive nothing");
        }
        if self.learner.is_some() {
            return refused("it has learned from rows already");
        }
        driver.build(Key::from_seed(self.settings.seed))?;
        self.settings.driver = Some(driver);
        Ok(())
    }

    /// The detector that drives noradrenaline, if one does.
    pub fn driver(&self) -> Option<&DetectorConfig> {
        self.settings.driver.as_ref()
    }

    /// The column that is predicted.
    pub fn target(&self) -> &str {
        &self.settings.target
    }

    /// The classes that were seen, in the order in which they were.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The modulators that are lesioned, by name.
    pub fn lesions(&self) -> &[String] {
        &self.settings.lesions
    }

    /// What was scored since the first row.
    pub fn score(&self) -> Score {
        self.score
    }

    /// How often each member began anew.
    pub fn alarms(&self) -> &[u64] {
        &self.alarms
    }

    /// The network behind it; `None` before the first row with a target.
    pub fn network(&self) -> Option<&OnlineClassifier> {
        self.learner.as_ref()
    }

    /// Whether cells are the names of columns rather than values: the target is among them, and half of them are known names or none
    /// is a number.
    pub fn is_header(&self, cells: &[&str]) -> bool {
        self.columns.is_header(cells, &self.settings.target, self.decimal())
    }

    /// The names of the columns of the rows that follow; the names of columns that were not there before.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if the target is not among them, or one is there twice; the message says which.
    pub fn header(&mut self, names: &[String]) -> Result<Vec<String>> {
        let Settings { target, exclude, .. } = &self.settings;
        let unknown = exclude.iter().find(|name| !names.contains(name));
        if let Some(unknown) = unknown.filter(|_| self.columns.known.is_empty()) {
            let what = format!("column {}, which was to be excluded", crate::table::quoted(unknown));
            return Err(refused(what, "there is no such column"));
        }
        if exclude.contains(target) {
            let what = format!("the target {}", crate::table::quoted(target));
            return Err(refused(what, "it cannot be excluded"));
        }
        self.columns.header(names, target, exclude)
    }

    /// What a picture shows of the modulators, in the member that has most weight: acetylcholine, the share of the rate that serotonin withholds,
    /// noradrenaline; 0 before the first row.
    pub fn levels(&self) -> [f64; 3] {
        let Some(learner) = &self.learner else { return [0.0; 3] };
        let looks = (0..learner.members()).map(|member| learner.look(member));
        let heaviest = looks.max_by(|one, other| one.weight.total_cmp(&other.weight));
        heaviest.map_or([0.0; 3], |look| [look.levels.acetylcholine, 1.0 - look.cooling, look.levels.noradrenaline])
    }

    /// Predicts the target of a row, then learns from it.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for another number of cells than names, a number that is too large, or too many classes or inputs.
    pub fn row(&mut self, cells: &[&str]) -> Result<Answer> {
        let truth = self.columns.target(cells);
        self.learn(&self.cells_of(cells), truth)
    }

    /// Predicts the target of a row of cells, then learns that it is `truth`, if that is given. What stands in the target's place is not looked at.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    ///
    /// # Example
    /// ```
    /// use tegmentum_applied::stream::{Cell, StreamLearner};
    ///
    /// let mut learner = StreamLearner::new("y", &[], 1);
    /// learner.header(&["x".to_owned(), "y".to_owned()])?;
    /// learner.learn(&[Cell::Number(1.0), Cell::Missing], Some("yes"))?;
    /// assert_eq!(learner.probabilities(&[Cell::Number(2.0), Cell::Missing])?, [1.0]);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn learn(&mut self, cells: &[Cell<'_>], truth: Option<&str>) -> Result<Answer> {
        self.columns.make_room(cells)?;
        self.columns.encode(cells, &mut self.inputs)?;
        self.make_room()?;
        let Some(name) = truth else {
            let predicted = self.predicted()?;
            return Ok(Answer { predicted, truth: None, alarm: false, fired: Vec::new() });
        };
        let known = self.classes.iter().position(|class| class == name);
        let Some(class) = known else {
            return self.row_of_a_new_class(name.to_owned());
        };
        let observed = self.observe(class)?;
        let fired = self.count(Some(observed.predicted), class);
        let predicted = Some(self.classes[observed.predicted].clone());
        Ok(Answer { predicted, truth: Some(name.to_owned()), alarm: observed.any_alarm(), fired })
    }

    /// What is predicted for a row; nothing is learned.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    pub fn predict(&self, cells: &[&str]) -> Result<Option<String>> {
        let inputs = self.inputs_of(&self.cells_of(cells))?;
        let Some(learner) = &self.learner else { return Ok(None) };
        Ok(Some(self.classes[learner.predict(&inputs)?].clone()))
    }

    /// The probabilities of [`classes`](Self::classes) for a row of cells; nothing is learned. Empty before any class is known.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    pub fn probabilities(&self, cells: &[Cell<'_>]) -> Result<Vec<f64>> {
        let inputs = self.inputs_of(cells)?;
        self.learner.as_ref().map_or_else(|| Ok(Vec::new()), |learner| learner.probabilities(&inputs))
    }

    /// The inputs of the network for a row; those that it has not learned from yet are missing.
    fn inputs_of(&self, cells: &[Cell<'_>]) -> Result<Vec<f64>> {
        let mut inputs = Vec::new();
        self.columns.encode(cells, &mut inputs)?;
        if let Some(learner) = &self.learner {
            inputs.resize(learner.features(), f64::NAN);
        }
        Ok(inputs)
    }

    fn cells_of<'c>(&self, cells: &[&'c str]) -> Vec<Cell<'c>> {
        cells.iter().map(|cell| Cell::of(cell, self.decimal())).collect()
    }

    fn predicted(&self) -> Result<Option<String>> {
        let Some(learner) = &self.learner else { return Ok(None) };
        Ok(Some(self.classes[learner.predict(&self.inputs)?].clone()))
    }

    /// The class is predicted wrongly, then known and learned.
    fn row_of_a_new_class(&mut self, name: String) -> Result<Answer> {
        let predicted = self.predicted()?;
        if self.classes.len() == MOST_CLASSES {
            let target = crate::table::quoted(&self.settings.target);
            let reason = format!("column {target} has more than {MOST_CLASSES} different values");
            return Err(refused(reason, "a stream predicts one of a few classes"));
        }
        let before = predicted.as_ref().and_then(|name| self.classes.iter().position(|class| class == name));
        let class = self.classes.len();
        self.classes.push(name.clone());
        self.counts.push(0);
        match &mut self.learner {
            Some(learner) => learner.add_class()?,
            None => self.learner = Some(self.build()?),
        }
        let observed = self.observe(class)?;
        let fired = self.count(before, class);
        Ok(Answer { predicted, truth: Some(name), alarm: observed.any_alarm(), fired })
    }

    /// The network learns a row of a class that it knows; who begins anew is counted.
    fn observe(&mut self, class: usize) -> Result<Observed> {
        let Some(learner) = &mut self.learner else { unreachable!("it is built with the first class") };
        let observed = learner.observe(&self.inputs, class)?;
        for (member, count) in self.alarms.iter_mut().enumerate() {
            *count += u64::from(observed.alarm(member));
        }
        Ok(observed)
    }

    fn decimal(&self) -> Decimal {
        if self.settings.comma { Decimal::Comma } else { Decimal::Point }
    }

    /// A network of the inputs and the classes that there are.
    fn build(&self) -> Result<OnlineClassifier> {
        let lesion = |name: &String| {
            let modulator = Transmitter::ALL.into_iter().find(|of| of.name() == name);
            modulator.map(|modulator| Drug { modulator, receptor: None, action: Action::Lesion(1.0) })
        };
        let mut config = OnlineConfig::default();
        if let Some(detector) = &self.settings.driver {
            let driven = ChangeDetectorConfig { detector: detector.clone(), ..ChangeDetectorConfig::default() };
            config.neuromodulation.locus_coeruleus = Some(LocusCoeruleusConfig::ChangeDetector(driven));
        }
        config.neuromodulation.pharmacology = self.settings.lesions.iter().filter_map(lesion).collect();
        config.build(self.columns.kinds(), self.classes.len().max(1), Key::from_seed(self.settings.seed))
    }

    /// Gives the network the inputs that have appeared.
    fn make_room(&mut self) -> Result<()> {
        let Some(learner) = &mut self.learner else { return Ok(()) };
        let missing = &self.columns.kinds()[learner.features()..];
        if missing.is_empty() { Ok(()) } else { learner.add_inputs(missing) }
    }

    /// Scores a row; the detectors that it made fire.
    fn count(&mut self, predicted: Option<usize>, class: usize) -> Vec<usize> {
        let most = (0..self.counts.len()).max_by_key(|&class| (self.counts[class], std::cmp::Reverse(class)));
        let seen = self.score.rows > 0;
        self.score.rows += 1;
        self.score.right += u64::from(predicted == Some(class));
        self.score.no_change += u64::from(self.last == Some(class));
        self.score.majority += u64::from(seen && most == Some(class));
        self.counts[class] += 1;
        self.last = Some(class);
        let error = if predicted == Some(class) { 0.0 } else { 1.0 };
        let detectors = self.detectors.iter_mut().enumerate();
        detectors.filter_map(|(place, detector)| detector.update(error).then_some(place)).collect()
    }
}

/// Something in a row that cannot be used.
fn refused(what: String, reason: &str) -> Error {
    Error::Incompatible { what, with: "a stream".to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;

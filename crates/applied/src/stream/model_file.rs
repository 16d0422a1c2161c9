//! A learner of a stream as a file that goes on.
//!
//! # Format 1
//! The format safetensors with one tensor of bytes, `state`: the running state as
//! [`archive`](tegmentum::archive) writes it. The header's metadata has one entry, `tegmentum`, a JSON text with `format`, `kind` `"stream"`,
//! the settings, the columns with the places of their inputs, the classes and where it comes from. There is no date: the same rows give the
//! same bytes.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tegmentum::archive::{Archive, Archived};
use tegmentum::error::Result;
use tegmentum::neuromodulation::nucleus::Transmitter;

use super::columns::{StreamColumn, StreamColumns};
use super::{MOST_CLASSES, Settings, StreamLearner};
use crate::model_file::{ENTRY, MOST_BYTES, refused, text_of};

/// The format that is written, and the newest that is read.
const FORMAT: u64 = 1;
/// What these files call themselves.
pub(crate) const KIND: &str = "stream";
/// The name of the tensor.
const STATE: &str = "state";

/// Where a learner comes from.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::{StreamLearner, StreamOrigin};
///
/// let mut learner = StreamLearner::new("y", &[], 1);
/// learner.header(&["x".to_owned(), "y".to_owned()])?;
/// learner.row(&["1", "a"])?;
/// let bytes = learner.to_bytes(&StreamOrigin { data: "days.csv".into(), ..StreamOrigin::default() })?;
/// let (again, origin) = StreamLearner::from_bytes(&bytes, "model.safetensors")?;
/// assert_eq!((again.classes(), origin.data.as_str()), (learner.classes(), "days.csv"));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamOrigin {
    /// The file of the rows that were learned last, without its folder.
    pub data: String,
    /// The command.
    pub command: String,
    /// The version of the program.
    pub version: String,
}

/// What a learner is, besides its numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u64,
    kind: String,
    settings: Settings,
    columns: Vec<StreamColumn>,
    classes: Vec<String>,
    origin: StreamOrigin,
}

/// The numbers of a learner.
struct State<'a>(&'a mut StreamLearner);

impl Archived for State<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let StreamLearner { learner, counts, last, score, alarms, detectors, .. } = &mut *self.0;
        archive.mark("StreamLearner")?;
        archive.values("counts", counts)?;
        last.archive(archive)?;
        archive.check(last.is_none_or(|last| last < counts.len()), "one of the classes")?;
        score.archive(archive)?;
        archive.values("alarms", alarms)?;
        // Their number is that of the settings.
        detectors.iter_mut().try_for_each(|detector| detector.archive(archive))?;
        archive.optional("network", learner.as_mut().map(|learner| learner as _))
    }
}

impl StreamLearner {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Model`](tegmentum::error::Error::Model) if it cannot be written in this format.
    pub fn to_bytes(&mut self, origin: &StreamOrigin) -> Result<Vec<u8>> {
        let refused = |problem: String| refused(Path::new("the model"), problem);
        let description = Description {
            format: FORMAT,
            kind: KIND.to_owned(),
            settings: self.settings.clone(),
            columns: self.columns.known.clone(),
            classes: self.classes.clone(),
            origin: origin.clone(),
        };
        let text = serde_json::to_string(&description).map_err(|error| refused(error.to_string()))?;
        let state = Archive::write(&mut State(self))?;
        let tensor =
            TensorView::new(Dtype::U8, vec![state.len()], &state).map_err(|error| refused(error.to_string()))?;
        let metadata = HashMap::from([(ENTRY.to_owned(), text)]);
        safetensors::serialize([(STATE, tensor)], Some(metadata)).map_err(|error| refused(error.to_string()))
    }

    /// Reads a learner from a file.
    ///
    /// # Errors
    /// [`Error::Io`](tegmentum::error::Error::Io) if it cannot be read, else as [`from_bytes`](Self::from_bytes).
    pub fn load(path: &Path) -> Result<(Self, StreamOrigin)> {
        match crate::read_bytes(path, MOST_BYTES)? {
            Some(bytes) => Self::from_bytes(&bytes, path),
            None => Err(refused(path, "larger than 1 GiB, which no model is".to_owned())),
        }
    }

    /// Reads a learner from the bytes of a file; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Model`](tegmentum::error::Error::Model) if it is not a learner of a stream, of a newer format, or damaged.
    pub fn from_bytes(bytes: &[u8], path: impl AsRef<Path>) -> Result<(Self, StreamOrigin)> {
        read(bytes).map_err(|problem| refused(path.as_ref(), problem))
    }
}

fn read(bytes: &[u8]) -> Result<(StreamLearner, StreamOrigin), String> {
    let damaged = |problem: &str| format!("damaged: {}", crate::table::shorten(problem));
    let text = text_of(bytes, KIND, FORMAT)?;
    let description: Description = serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))?;
    let Description { settings, columns, classes, origin, .. } = description;
    if classes.len() > MOST_CLASSES || settings.lesions.iter().any(|name| !is_modulator(name)) {
        return Err(damaged("classes or lesions that cannot be"));
    }
    let detectors = settings.detectors.clone();
    let mut learner = StreamLearner::of(settings);
    learner.watch(&detectors).map_err(|error| damaged(&error.to_string()))?;
    learner.columns = StreamColumns::of(columns).ok_or_else(|| damaged("the columns have no place for each input"))?;
    learner.counts = vec![0; classes.len()];
    learner.classes = classes;
    if !learner.classes.is_empty() {
        learner.learner = Some(learner.build().map_err(|error| damaged(&error.to_string()))?);
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error.to_string()))?;
    let state = tensors.tensor(STATE).map_err(|_| damaged("the state is missing"))?;
    Archive::read(state.data(), &mut State(&mut learner)).map_err(|error| damaged(&error.to_string()))?;
    let fits = learner.learner.as_ref().is_none_or(|network| {
        network.classes() == learner.classes.len() && network.features() <= learner.columns.kinds().len()
    });
    if fits { Ok((learner, origin)) } else { Err(damaged("the network has other classes or inputs")) }
}

fn is_modulator(name: &str) -> bool {
    Transmitter::ALL.into_iter().any(|of| of.name() == name)
}

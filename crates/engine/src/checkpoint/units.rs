//! Units of work by name: made once, and taken from a checkpoint after that.

use std::time::Duration;

use super::{Checkpoint, read};
use crate::archive::{Archive, Archived};
use crate::error::Result;

/// Units of work whose results are kept in a checkpoint, or nowhere.
///
/// # Example
/// ```
/// use tegmentum_engine::checkpoint::Units;
///
/// let units = Units::nowhere();
/// assert_eq!(units.below("column a").get("first", || Ok(1.5))?, 1.5);
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Units<'a> {
    checkpoint: Option<&'a Checkpoint>,
    /// What the names begin with.
    prefix: String,
}

impl<'a> Units<'a> {
    /// Units that are made whenever they are asked for.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// Units that are kept in a checkpoint.
    pub fn of(checkpoint: &'a Checkpoint) -> Self {
        Self { checkpoint: Some(checkpoint), prefix: String::new() }
    }

    /// Units whose names begin with those of these, a slash, and `name`.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { checkpoint: self.checkpoint, prefix: format!("{}{name}/", self.prefix) }
    }

    /// The result of the unit `name`: the one that is kept, or what `make` gives, which is then kept.
    ///
    /// # Errors
    /// Those of `make`; [`Error::Checkpoint`](crate::error::Error::Checkpoint) if what is kept is something else;
    /// [`Error::Io`](crate::error::Error::Io) if the result cannot be written.
    pub fn get<T: Archived + Default>(&self, name: &str, make: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some(kept) = self.take(name)? {
            return Ok(kept);
        }
        let mut made = make()?;
        self.keep(name, &mut made)?;
        Ok(made)
    }

    /// The result of the unit `name`, if one is kept.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::error::Error::Checkpoint) if what is kept is something else.
    pub fn take<T: Archived + Default>(&self, name: &str) -> Result<Option<T>> {
        let Some(checkpoint) = self.checkpoint else { return Ok(None) };
        let Some(bytes) = checkpoint.take(&self.full(name)) else { return Ok(None) };
        let mut result = T::default();
        read(checkpoint.folder(), &bytes, &mut result)?;
        Ok(Some(result))
    }

    /// Keeps the result of the unit `name`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::error::Error::Io) if it cannot be written.
    pub fn keep(&self, name: &str, result: &mut dyn Archived) -> Result<()> {
        let Some(checkpoint) = self.checkpoint else { return Ok(()) };
        checkpoint.keep(&self.full(name), Archive::write(result)?)
    }

    /// The time between two savings of the state of a unit; `None` where nothing is kept.
    pub fn every(&self) -> Option<Duration> {
        self.checkpoint.map(Checkpoint::every)
    }

    /// Reads the state of the unit `name` into `state`, if one was saved; whether there was one.
    ///
    /// # Errors
    /// [`Error::Archive`](crate::error::Error::Archive) if it is that of something else,
    /// [`Error::Checkpoint`](crate::error::Error::Checkpoint) if it is damaged.
    pub fn restore(&self, name: &str, state: &mut dyn Archived) -> Result<bool> {
        let Some(checkpoint) = self.checkpoint else { return Ok(false) };
        let Some(bytes) = checkpoint.state(&self.full(name))? else { return Ok(false) };
        Archive::read(&bytes, state)?;
        Ok(true)
    }

    /// Saves the state of the unit `name`, which is under way.
    ///
    /// # Errors
    /// [`Error::Archive`](crate::error::Error::Archive) if it cannot be saved, [`Error::Io`](crate::error::Error::Io) if it cannot be
    /// written.
    pub fn save(&self, name: &str, state: &mut dyn Archived) -> Result<()> {
        let Some(checkpoint) = self.checkpoint else { return Ok(()) };
        checkpoint.save(&self.full(name), &Archive::write(state)?)
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

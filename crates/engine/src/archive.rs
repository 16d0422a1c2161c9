//! Running state as bytes, so that what was interrupted can go on bit for bit.
//!
//! One method reads and writes, [`Archived::archive`], so that the two can never differ: writing appends each value, reading
//! replaces it. What follows from the configuration is not archived: a state is read into a value that was built from the same
//! configuration and key. [`archived!`](crate::archived) writes the method for a struct and names every field, so that a field that is
//! added later does not compile until it is said whether it is state.
//!
//! # Format
//! Numbers are little-endian, floats are their bits (a NaN keeps its own), lengths are u64, a struct begins with a mark that follows
//! from its name and the names of its fields, and a checksum stands at the end. Reading checks all of them; no bytes make it panic, or
//! allocate much more than they have.

use std::collections::{BTreeMap, VecDeque};

use crate::error::{Error, Result};

mod values;

/// Bytes that are written or read.
///
/// # Example
/// ```
/// use tegmentum_engine::archive::Archive;
///
/// let (mut step, mut weights) = (7u64, vec![1.0f32, -0.0]);
/// let bytes = Archive::write(&mut (&mut step, &mut weights))?;
/// let (mut other_step, mut other_weights) = (0u64, vec![0.0f32; 2]);
/// Archive::read(&bytes, &mut (&mut other_step, &mut other_weights))?;
/// assert_eq!((other_step, other_weights), (7, vec![1.0, -0.0]));
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Archive<'a> {
    direction: Direction<'a>,
}

#[derive(Debug)]
enum Direction<'a> {
    Writing(Vec<u8>),
    Reading(&'a [u8]),
}

/// What has a state that can be written and read.
///
/// # Example
/// ```
/// use tegmentum_engine::archive::Archive;
///
/// struct Counter {
///     limit: u64,
///     count: u64,
/// }
/// tegmentum_engine::archived!(Counter { count } fixed { limit });
///
/// let bytes = Archive::write(&mut Counter { limit: 10, count: 3 })?;
/// let mut again = Counter { limit: 10, count: 0 };
/// Archive::read(&bytes, &mut again)?;
/// assert_eq!((again.limit, again.count), (10, 3));
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
pub trait Archived {
    /// Writes its state to the archive, or reads it from there.
    ///
    /// # Errors
    /// [`Error::Archive`] if what is read is not the state of this.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()>;
}

impl<'a> Archive<'a> {
    /// The state of `value` as bytes.
    ///
    /// # Errors
    /// [`Error::Archive`] if a part of it has no state that can be written.
    pub fn write(value: &mut dyn Archived) -> Result<Vec<u8>> {
        let mut archive = Archive { direction: Direction::Writing(Vec::new()) };
        value.archive(&mut archive)?;
        match archive.direction {
            Direction::Writing(mut bytes) => {
                let sum = checksum(&bytes);
                bytes.extend(sum.to_le_bytes());
                Ok(bytes)
            }
            Direction::Reading(_) => Ok(Vec::new()),
        }
    }

    /// Reads a state into `value`, which was built as the one that was written.
    ///
    /// # Errors
    /// [`Error::Archive`] if the bytes are not a state of `value`; it is then in no state that means anything.
    pub fn read(bytes: &'a [u8], value: &mut dyn Archived) -> Result<()> {
        let (content, sum) = bytes.split_last_chunk::<8>().ok_or_else(|| wrong("it ends too early"))?;
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(wrong("it is damaged: its checksum is wrong"));
        }
        let mut archive = Archive { direction: Direction::Reading(content) };
        value.archive(&mut archive)?;
        match archive.direction {
            Direction::Reading(rest) if !rest.is_empty() => Err(wrong("it is longer than that of this configuration")),
            _ => Ok(()),
        }
    }

    /// Whether a state is read.
    pub fn is_reading(&self) -> bool {
        matches!(self.direction, Direction::Reading(_))
    }

    /// Writes `bytes`, or reads as many in their place.
    ///
    /// # Errors
    /// [`Error::Archive`] if there are not as many to read.
    pub fn bytes(&mut self, bytes: &mut [u8]) -> Result<()> {
        match &mut self.direction {
            Direction::Writing(all) => all.extend_from_slice(bytes),
            Direction::Reading(rest) => {
                let (own, others) = rest.split_at_checked(bytes.len()).ok_or_else(|| wrong("it ends too early"))?;
                bytes.copy_from_slice(own);
                *rest = others;
            }
        }
        Ok(())
    }

    /// A mark that must be the same when it is read: of the struct `name`.
    ///
    /// # Errors
    /// [`Error::Archive`] if another mark is read.
    pub fn mark(&mut self, name: &str) -> Result<()> {
        let mark = xxhash_rust::xxh3::xxh3_64(name.as_bytes()) as u32;
        let mut found = mark;
        found.archive(self)?;
        if found == mark { Ok(()) } else { Err(wrong(&format!("something else stands where {name} should be"))) }
    }

    /// Writes a length, or reads one that is at most the number of bytes that are left.
    ///
    /// # Errors
    /// [`Error::Archive`] if it is larger.
    pub fn length(&mut self, length: usize) -> Result<usize> {
        let mut found = length as u64;
        found.archive(self)?;
        match &self.direction {
            Direction::Reading(rest) if found > rest.len() as u64 => Err(wrong("it has a length that it cannot have")),
            _ => Ok(found as usize),
        }
    }

    /// Values whose number follows from the configuration.
    ///
    /// # Errors
    /// [`Error::Archive`] if another number of them is read.
    pub fn values<T: Archived>(&mut self, name: &str, values: &mut [T]) -> Result<()> {
        let mut found = values.len() as u64;
        found.archive(self)?;
        if found != values.len() as u64 {
            return Err(wrong(&format!("expected {} values of {name}, found {found}", values.len())));
        }
        values.iter_mut().try_for_each(|value| value.archive(self))
    }

    /// A part that is there or not as the configuration says.
    ///
    /// # Errors
    /// [`Error::Archive`] if it is read where it should not be, or the other way round; those of the part.
    pub fn optional(&mut self, name: &str, part: Option<&mut dyn Archived>) -> Result<()> {
        let mut found = part.is_some();
        found.archive(self)?;
        match part {
            Some(part) if found => part.archive(self),
            None if !found => Ok(()),
            Some(_) => Err(wrong(&format!("expected {name}, found none"))),
            None => Err(wrong(&format!("expected no {name}, found it"))),
        }
    }

    /// An error if what was read is not what it can be, so that no later step meets an index out of range.
    ///
    /// # Errors
    /// [`Error::Archive`] unless `fits`.
    pub fn check(&self, fits: bool, expected: &str) -> Result<()> {
        if fits { Ok(()) } else { Err(wrong(&format!("expected {expected}, found something else"))) }
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// What is wrong with a state.
fn wrong(problem: &str) -> Error {
    Error::Archive { what: "the state that is kept".to_owned(), problem: problem.to_owned() }
}

/// The error of a part of type `T` that has no running state to save.
///
/// # Errors
/// [`unarchived`], always.
pub fn cannot_be_saved<T: ?Sized>() -> Result<()> {
    Err(unarchived(std::any::type_name::<T>()))
}

/// The error of a part whose state cannot be saved.
///
/// # Example
/// ```
/// let error = tegmentum_engine::archive::unarchived("an optimizer of one's own");
/// assert!(error.to_string().contains("cannot be saved"));
/// ```
pub fn unarchived(what: &str) -> Error {
    Error::Archive { what: what.to_owned(), problem: "its running state cannot be saved".to_owned() }
}

/// Archives what a trait object says is its running state.
///
/// # Errors
/// [`unarchived`] if it has none to save; those of the state.
pub fn archive_part(archive: &mut Archive<'_>, what: &str, part: Option<&mut dyn Archived>) -> Result<()> {
    part.ok_or_else(|| unarchived(what))?.archive(archive)
}

/// Implements [`Archived`](crate::archive::Archived) for a struct. Every field must be named, in one of these groups, in this order:
///
/// ```text
/// archived!(Type { state } sized { vectors } optional { parts } empty { plans } fixed { configuration, work space });
/// ```
/// `sized`: vectors whose length follows from the configuration, so that another length is an error · `optional`: parts that are there or
/// not as the configuration says · `empty`: what is empty between updates, which is when a state is taken · `fixed`: what follows from
/// the configuration, or is written before it is read.
#[macro_export]
macro_rules! archived {
    (
        $name:ident { $($state:ident),* $(,)? }
        $(sized { $($sized:ident),* $(,)? })?
        $(optional { $($optional:ident),* $(,)? })?
        $(empty { $($empty:ident),* $(,)? })?
        $(fixed { $($fixed:ident),* $(,)? })?
    ) => {
        impl $crate::archive::Archived for $name {
            fn archive(&mut self, archive: &mut $crate::archive::Archive<'_>) -> $crate::error::Result<()> {
                let Self {
                    $($state,)* $($($sized,)*)? $($($optional,)*)? $($($empty,)*)? $($($fixed: _,)*)?
                } = self;
                archive.mark(concat!(
                    stringify!($name)
                    $(, " ", stringify!($state))* $($(, " ", stringify!($sized))*)? $($(, " ", stringify!($optional))*)?
                ))?;
                $($(debug_assert!($empty.is_empty(), "a state is taken between updates");)*)?
                $($crate::archive::Archived::archive($state, archive)?;)*
                $($(archive.values(stringify!($sized), $sized)?;)*)?
                $($(archive.optional(stringify!($optional), $optional.as_mut().map(|part| part as _))?;)*)?
                Ok(())
            }
        }
    };
}

/// Implements [`Archived`](crate::archive::Archived) for an enum whose variants have no fields.
///
/// # Example
/// ```
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Phase {
///     Search,
///     Hold,
/// }
/// tegmentum_engine::archived_choice!(Phase { Search, Hold });
///
/// let bytes = tegmentum_engine::archive::Archive::write(&mut Phase::Hold)?;
/// let mut phase = Phase::Search;
/// tegmentum_engine::archive::Archive::read(&bytes, &mut phase)?;
/// assert_eq!(phase, Phase::Hold);
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
#[macro_export]
macro_rules! archived_choice {
    ($name:ident { $($variant:ident),* $(,)? }) => {
        impl $crate::archive::Archived for $name {
            fn archive(&mut self, archive: &mut $crate::archive::Archive<'_>) -> $crate::error::Result<()> {
                const ALL: &[$name] = &[$($name::$variant),*];
                // Every variant is in the list.
                let (mut number, mut own) = (0u8, 0u8);
                match self { $($name::$variant => {})* }
                $(if matches!(self, $name::$variant) { number = own; } own += 1;)*
                number.archive(archive)?;
                archive.check(number < own, concat!("one of the choices of ", stringify!($name)))?;
                *self = ALL[usize::from(number)];
                Ok(())
            }
        }
    };
}

/// The method `archive` of a contract, for a type that is [`Archived`](crate::archive::Archived): `archives!();` in the `impl` of the
/// contract.
#[macro_export]
macro_rules! archives {
    () => {
        fn archive(&mut self, archive: &mut $crate::archive::Archive<'_>) -> $crate::error::Result<()> {
            $crate::archive::Archived::archive(self, archive)
        }
    };
}

impl<T: Archived + ?Sized> Archived for &mut T {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        (**self).archive(archive)
    }
}

impl<T: Archived + ?Sized> Archived for Box<T> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        (**self).archive(archive)
    }
}

impl Archived for () {
    fn archive(&mut self, _: &mut Archive<'_>) -> Result<()> {
        Ok(())
    }
}

impl<T: Archived + Default> Archived for Vec<T> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let length = archive.length(self.len())?;
        self.resize_with(length, T::default);
        self.iter_mut().try_for_each(|value| value.archive(archive))
    }
}

impl<K: Archived + Default + Ord, V: Archived + Default> Archived for BTreeMap<K, V> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut entries: Vec<(K, V)> = std::mem::take(self).into_iter().collect();
        entries.archive(archive)?;
        *self = entries.into_iter().collect();
        Ok(())
    }
}

impl<T: Archived + Default> Archived for VecDeque<T> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let length = archive.length(self.len())?;
        self.resize_with(length, T::default);
        self.iter_mut().try_for_each(|value| value.archive(archive))
    }
}

impl<T: Archived, const N: usize> Archived for [T; N] {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.iter_mut().try_for_each(|value| value.archive(archive))
    }
}

impl<T: Archived + Default> Archived for Option<T> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut is_some = self.is_some();
        is_some.archive(archive)?;
        if !is_some {
            *self = None;
            return Ok(());
        }
        self.get_or_insert_with(T::default).archive(archive)
    }
}

impl<A: Archived, B: Archived> Archived for (A, B) {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)?;
        self.1.archive(archive)
    }
}

impl<A: Archived, B: Archived, C: Archived> Archived for (A, B, C) {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)?;
        self.1.archive(archive)?;
        self.2.archive(archive)
    }
}

impl<A: Archived, B: Archived, C: Archived, D: Archived> Archived for (A, B, C, D) {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)?;
        self.1.archive(archive)?;
        self.2.archive(archive)?;
        self.3.archive(archive)
    }
}

#[cfg(test)]
mod tests;

//! Losses on disk, in the order in which they were told.
//!
//! ```text
//!     block    512 losses (f64, little-endian), then XXH3 of their bytes, 64 bits
//!     the last block may have fewer losses
//! ```
//! Cost: 8.02 bytes for each loss.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::checkpoint::sealed::checksum;
use crate::error::{Error, Result};

/// Losses of a block.
const BLOCK: u64 = 512;
/// Bytes of the losses of a block.
const CONTENT: usize = 8 * BLOCK as usize;
/// Bytes of a block with its checksum.
const STRIDE: u64 = CONTENT as u64 + 8;

/// The file, to be written or to be read.
#[derive(Debug)]
pub(super) struct Losses {
    path: PathBuf,
    file: File,
    /// The block at hand: what is not written yet, or what was read.
    block: Vec<u8>,
    /// Losses before the place where it is.
    told: u64,
    /// Losses in the file, if it is read.
    all: u64,
    /// Whether the file has been brought to its place.
    is_placed: bool,
}

impl Losses {
    /// A file to write to. What an earlier process wrote to it is there until the first loss comes, or [`go_on`](Self::go_on) is called.
    pub(super) fn write(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        Self::new(path, file, 0)
    }

    /// A file with `all` losses to read.
    pub(super) fn read(path: &Path, all: u64) -> Result<Self> {
        Self::new(path, File::open(path), all)
    }

    fn new(path: &Path, file: std::io::Result<File>, all: u64) -> Result<Self> {
        let file = file.map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file, block: Vec::with_capacity(CONTENT + 8), told: 0, all, is_placed: false })
    }

    /// Losses that were told so far.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// Goes on behind the first `told` losses. Those after them are written over, and cut off by the next [`flush`](Self::flush): until
    /// then the file has all that an earlier process said that it has.
    pub(super) fn go_on(&mut self, told: u64) -> Result<()> {
        let begin = told / BLOCK * STRIDE;
        let mut block = vec![0; 8 * (told % BLOCK) as usize];
        self.file.seek(SeekFrom::Start(begin)).map_err(|source| self.io(source))?;
        if self.file.read_exact(&mut block).is_err() {
            return Err(self.damaged(&format!("fewer than the {told} losses that were written are there")));
        }
        self.file.seek(SeekFrom::Start(begin)).map_err(|source| self.io(source))?;
        (self.block, self.told, self.is_placed) = (block, told, true);
        Ok(())
    }

    /// Appends losses.
    pub(super) fn append(&mut self, losses: &[f64]) -> Result<()> {
        if !self.is_placed {
            self.go_on(0)?;
        }
        for loss in losses {
            self.block.extend(loss.to_le_bytes());
            self.told += 1;
            if self.block.len() == CONTENT {
                self.put()?;
                self.block.clear();
            }
        }
        Ok(())
    }

    /// Brings everything to the disk; the last block is written again when it is full.
    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.is_placed {
            self.go_on(0)?;
        }
        let begin = self.file.stream_position().map_err(|source| self.io(source))?;
        if !self.block.is_empty() {
            self.put()?;
        }
        let end = self.file.stream_position().map_err(|source| self.io(source))?;
        self.file.set_len(end).map_err(|source| self.io(source))?;
        self.file.seek(SeekFrom::Start(begin)).map_err(|source| self.io(source))?;
        self.file.sync_data().map_err(|source| self.io(source))
    }

    /// Writes the block with its checksum.
    fn put(&mut self) -> Result<()> {
        let sum = checksum(&self.block).to_le_bytes();
        let written = self.file.write_all(&self.block).and_then(|()| self.file.write_all(&sum));
        written.map_err(|source| self.io(source))
    }

    /// Reads on from the loss with index `told`.
    pub(super) fn seek(&mut self, told: u64) -> Result<()> {
        (self.told, self.is_placed) = (told, true);
        if told < self.all { self.fetch() } else { Ok(()) }
    }

    /// Reads the next losses.
    pub(super) fn next(&mut self, losses: &mut [f64]) -> Result<()> {
        if !self.is_placed {
            self.seek(0)?;
        }
        for loss in losses {
            if self.told >= self.all {
                return Err(self.damaged("the run asks for more losses than it has"));
            }
            if self.told.is_multiple_of(BLOCK) {
                self.fetch()?;
            }
            let place = 8 * (self.told % BLOCK) as usize;
            let bytes = self.block.get(place..place + 8).and_then(|bytes| bytes.try_into().ok());
            *loss = f64::from_le_bytes(bytes.ok_or_else(|| self.damaged("a loss is missing"))?);
            self.told += 1;
        }
        Ok(())
    }

    /// Reads the block that the next loss is in.
    fn fetch(&mut self) -> Result<()> {
        let index = self.told / BLOCK;
        let losses = (self.all - index * BLOCK).min(BLOCK) as usize;
        self.block.resize(8 * losses + 8, 0);
        self.file.seek(SeekFrom::Start(index * STRIDE)).map_err(|source| self.io(source))?;
        if self.file.read_exact(&mut self.block).is_err() {
            return Err(self.damaged(&format!("it ends before the last of {} losses", self.all)));
        }
        match self.block.split_last_chunk::<8>() {
            Some((content, sum)) if checksum(content).to_le_bytes() == *sum => Ok(()),
            _ => Err(self.damaged(&format!("the checksum of block {index} is wrong"))),
        }
    }

    fn io(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.path.clone(), source }
    }

    fn damaged(&self, problem: &str) -> Error {
        Error::Checkpoint { path: self.path.clone(), problem: format!("is damaged or of another run: {problem}") }
    }
}

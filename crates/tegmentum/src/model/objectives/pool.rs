//! Work spaces that are reused from call to call, so that a step allocates nothing; calls may overlap, on any threads.
//!
//! A lock around a stack, and no `thread_local`: the spaces belong to their objective and are freed with it, and a call on another thread
//! finds a space that is already large enough.

use std::sync::{Mutex, PoisonError};

/// A stack of free work spaces, in boxes so that lending moves an address; one is made when none is free.
#[derive(Debug, Default)]
pub(crate) struct Pool<T>(Mutex<Vec<Box<T>>>);

impl<T: Default> Pool<T> {
    /// Calls `with` on a work space that no other call uses meanwhile.
    pub(crate) fn lend<R>(&self, with: impl FnOnce(&mut T) -> R) -> R {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut space = free.unwrap_or_default();
        let result = with(&mut space);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(space);
        result
    }
}

//! Work space that is lent for the length of a call, so that a step allocates nothing and calls may overlap.

use std::sync::{Mutex, PoisonError};

/// A stack of work spaces, made when none is free.
#[derive(Debug, Default)]
pub(crate) struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    /// Calls `with` on a work space of its own.
    pub(crate) fn lend<R>(&self, with: impl FnOnce(&mut T) -> R) -> R {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut space = free.unwrap_or_default();
        let result = with(&mut space);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(space);
        result
    }
}

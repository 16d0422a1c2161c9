//! Ctrl-C: the first press asks the work to stop at the next update, the second ends the program at once.
//!
//! A request to terminate and a terminal that goes away count as a press.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::STOPPED;
use crate::output::notice;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens from now on.
///
/// # Errors
/// If the system refuses.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(pressed).context("cannot listen to Ctrl-C")
}

/// Whether the user has asked to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

fn pressed() {
    if REQUESTED.swap(true, Ordering::Relaxed) {
        std::process::exit(i32::from(STOPPED));
    }
    notice("\nstopping; press Ctrl-C again to end at once");
}

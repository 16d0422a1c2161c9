//! Ctrl-C: the work is asked to stop at its next update; if it has not stopped a second later, or at a second press, the
//! program ends at once.
//!
//! A request to terminate and a terminal that goes away count as a press.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::output::notice;
use crate::{STOPPED, unfinished, workplace};

/// Time for the work to stop by itself.
const PATIENCE: Duration = Duration::from_secs(1);

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// What is said at the end; what is finished is kept where it can be.
pub(crate) fn ended() -> String {
    unfinished::stopped().unwrap_or_else(|| ENDED.to_owned())
}

/// What is said of work that cannot go on.
pub(crate) const ENDED: &str = "stopped; nothing was written";

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
        end();
    }
    notice("\nstopping");
    std::thread::spawn(|| {
        std::thread::sleep(PATIENCE);
        end();
    });
}

/// Ends the program wherever it is.
fn end() -> ! {
    let said = ended();
    workplace::abandon();
    notice(&said);
    std::process::exit(i32::from(STOPPED))
}

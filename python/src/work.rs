//! Work on a thread of its own, while the caller's thread asks the interpreter for signals: only its main thread hears them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::prelude::*;

/// Time between two questions.
const EVERY: Duration = Duration::from_millis(20);

/// Runs `work`, which ends soon after its flag is set. `look` is called now and then with the interpreter's lock; where it or a signal
/// raises, the flag is set and the exception is raised when the work has ended.
pub(crate) fn supervised<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> T + Send,
    look: impl FnMut(Python<'_>) -> PyResult<()> + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let (outcome, raised) = py.detach(|| {
        std::thread::scope(|scope| {
            let (ended, end) = channel::<()>();
            let (flag, mut look) = (&stop, look);
            let worker = scope.spawn(move || {
                // Dropped at the end, also by a panic: the other side then sees that the channel is closed.
                let _ended = ended;
                work(flag)
            });
            let mut raised = None;
            while end.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let asked = Python::attach(|py| py.check_signals().and_then(|()| look(py)));
                if let Err(error) = asked {
                    stop.store(true, Ordering::Relaxed);
                    raised.get_or_insert(error);
                }
            }
            (worker.join(), raised)
        })
    });
    match (outcome, raised) {
        (Err(panic), _) => std::panic::resume_unwind(panic),
        (_, Some(raised)) => Err(raised),
        (Ok(found), None) => Ok(found),
    }
}

//! Progress of long work: a bar with the time left on a terminal, plain lines elsewhere, both on standard error.
//!
//! The workers only count; a thread of its own draws ten times a second.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tegmentum::checkpoint::Checkpoint;
use tegmentum_study::logs::{Log, LogChoice, LoggedRun};
use tegmentum_study::run::Monitor;

use crate::output::notice;
use crate::{interrupt, memory};

/// Time between two looks at the counter.
const TICK: Duration = Duration::from_millis(100);
/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A monitor that shows what it is told.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    checkpoint: Option<&'a Checkpoint>,
    /// Runs that are logged, and the folder of their logs.
    logs: Option<(&'a [LogChoice], PathBuf)>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    done: AtomicU64,
    ended: AtomicBool,
    /// Locked while something is drawn; who holds it keeps the display still.
    display: Mutex<Option<Display>>,
}

/// The part of the work that is shown.
#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines { expected: u64, begun: Instant, last: Instant },
}

impl<'a> Progress<'a> {
    /// A display on standard error that shows nothing yet; finished work is kept in `checkpoint`.
    pub(crate) fn new(checkpoint: Option<&'a Checkpoint>) -> Self {
        let shared = Arc::new(Shared::default());
        let drawing = Arc::clone(&shared);
        let thread = Some(std::thread::spawn(move || drawing.draw_until_ended()));
        Self { checkpoint, logs: None, shared, thread }
    }

    /// The same, with logs of some runs in `folder`.
    pub(crate) fn logged(mut self, choices: &'a [LogChoice], folder: PathBuf) -> Self {
        self.logs = Some((choices, folder));
        self
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of the thread that draws is not worth another one.
            let _ = thread.join();
        }
        self.shared.replace(None);
    }
}

impl Monitor for Progress<'_> {
    fn expect(&self, part: &str, evaluations: u64) {
        self.shared.replace(None);
        self.shared.done.store(0, Ordering::Relaxed);
        self.shared.replace(Some(Display::begin(part, evaluations)));
    }

    fn advance(&self, evaluations: u64) -> bool {
        self.shared.done.fetch_add(evaluations, Ordering::Relaxed);
        !interrupt::requested()
    }

    fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint
    }

    fn log(&self, run: &LoggedRun<'_>) -> Option<Log> {
        let (choices, folder) = self.logs.as_ref()?;
        choices.iter().any(|choice| choice.is(run)).then(|| Log::Record(folder.join(run.folder_name())))
    }

    fn peak_bytes(&self, work: &mut dyn FnMut()) -> Option<usize> {
        let _still = self.shared.display();
        Some(memory::peak_during(work))
    }
}

impl Shared {
    fn display(&self) -> MutexGuard<'_, Option<Display>> {
        self.display.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, next: Option<Display>) {
        if let Some(Display::Bar(bar)) = std::mem::replace(&mut *self.display(), next) {
            bar.finish_and_clear();
        }
    }

    fn draw_until_ended(&self) {
        while !self.ended.load(Ordering::Relaxed) {
            if let Some(display) = &mut *self.display() {
                display.show(self.done.load(Ordering::Relaxed));
            }
            std::thread::park_timeout(TICK);
        }
    }
}

impl Display {
    fn begin(part: &str, expected: u64) -> Self {
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new(expected).with_message(part.to_owned());
            bar.set_style(style());
            return Self::Bar(bar);
        }
        notice(part);
        let now = Instant::now();
        Self::Lines { expected, begun: now, last: now }
    }

    fn show(&mut self, done: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(done);
                bar.tick();
            }
            Self::Lines { expected, begun, last } => {
                if last.elapsed() >= LINE_EVERY && done < *expected {
                    *last = Instant::now();
                    notice(&plain(done, *expected, begun.elapsed()));
                }
            }
        }
    }
}

/// The bar; a template that does not parse gives the library's own.
fn style() -> ProgressStyle {
    let template = "{msg}\n{wide_bar} {percent:>3} %  {elapsed} spent, {eta} left";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

/// `45 %, 12 s left`.
fn plain(done: u64, expected: u64, elapsed: Duration) -> String {
    let share = done as f64 / expected.max(1) as f64;
    let left = elapsed.as_secs_f64() * (1.0 - share) / share.max(1e-9);
    let left = if done == 0 { String::new() } else { format!(", about {left:.0} s left") };
    format!("  {:.0} %{left}", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_tell_the_time_left() {
        assert_eq!(plain(25, 100, Duration::from_secs(10)), "  25 %, about 30 s left");
        assert_eq!(plain(0, 0, Duration::from_secs(10)), "  0 %");
    }
}

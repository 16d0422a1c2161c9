//! How soon a learner is up again after a change, and how much sooner where it has been before.
//!
//! ```text
//!     c_i(t)           accuracy on the task of phase i, t forward-equivalents after the phase began, at its looks
//!     recovery_time  = mean over phases i > 1 of the least t with  c_i(t) ≥ .95 · c_{i−1}(end) ;  the length of the phase if there is none
//!     t_i(a)         = the least t with  c_i(t) ≥ .95 a ;  the length of the phase if there is none
//!     savings        = mean over phases i whose task was on before, first in phase f, of  1 − t_i(a)/t_f(a) ,  a = c_f(end)
//! ```
//! Times are those of looks, so that they are known up to the next look. A learner that never gets as far as it was counts with the whole
//! phase. Savings are 1 if what was learned is still there, 0 if it is learned as slowly as the first time, below 0 if more slowly.
//!
//! References: H. Ebbinghaus, Über das Gedächtnis, 1885 (savings on relearning); A. Shaker, E. Hüllermeier, Neurocomputing 150, 250–264,
//! 2015 (recovery analysis of streams that drift).

/// Share of an accuracy that counts as it.
const RECOVERED: f64 = 0.95;

/// One phase: the task that is on, its length, and its looks as times since it began with the accuracy on its task then. The last look is at its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    pub(super) task: usize,
    pub(super) length: f64,
    pub(super) looks: Vec<(f64, f64)>,
}

impl Phase {
    /// When the accuracy was as good as `wanted`.
    fn reached(&self, wanted: f64) -> f64 {
        let mut looks = self.looks.iter();
        looks.find(|(_, accuracy)| *accuracy >= RECOVERED * wanted).map_or(self.length, |(at, _)| *at)
    }

    fn at_its_end(&self) -> f64 {
        self.looks.last().map_or(f64::NAN, |(_, accuracy)| *accuracy)
    }
}

/// Mean time after a change until the accuracy on what is on is that before the change; `None` without a change.
pub(super) fn recovery_time(phases: &[Phase]) -> Option<f64> {
    mean(phases.windows(2).map(|pair| pair[1].reached(pair[0].at_its_end())))
}

/// Mean share of the first time to learn a task that is saved when it comes back; `None` if none does.
pub(super) fn savings(phases: &[Phase]) -> Option<f64> {
    mean(phases.iter().enumerate().filter_map(|(index, again)| {
        let first = phases[..index].iter().find(|first| first.task == again.task)?;
        let wanted = first.at_its_end();
        Some(1.0 - again.reached(wanted) / first.reached(wanted))
    }))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(task: usize, looks: [f64; 3]) -> Phase {
        Phase { task, length: 100.0, looks: [10.0, 50.0, 100.0].into_iter().zip(looks).collect() }
    }

    #[test]
    fn known_times() {
        let phases = [
            phase(0, [0.2, 0.6, 0.8]),
            phase(1, [0.1, 0.77, 0.9]),
            phase(0, [0.7, 0.8, 0.82]),
            phase(1, [0.86, 0.9, 0.9]),
        ];
        // .95 · .8 = .76 at 50; .95 · .9 = .855 never; .95 · .82 = .779 at 10.
        assert_eq!(recovery_time(&phases), Some((50.0 + 100.0 + 10.0) / 3.0));
        // Task 0: .76 at 100, then at 50; task 1: .855 at 100, then at 10.
        assert_eq!(savings(&phases), Some(0.7));
        assert_eq!((recovery_time(&phases[..1]), savings(&phases[..2])), (None, None));
    }

    #[test]
    fn what_was_forgotten_for_good_is_below_zero() {
        let phases = [phase(0, [0.9, 0.9, 0.9]), phase(1, [0.5; 3]), phase(0, [0.1, 0.1, 0.1])];
        assert_eq!(savings(&phases), Some(1.0 - 100.0 / 10.0));
    }
}

//! How good the alarms of a detector were on a stream whose changes are known.
//!
//! ```text
//!     window of change c_k      from c_k to min(c_k + P, c_{k+1}, N), without the end
//!     delay of c_k              first alarm in its window − c_k ;  missed if there is none
//!     repeats                   further alarms in a window
//!     false alarms F            alarms in no window
//!     between false alarms      values in no window / F
//! ```
//! N values, counted from 0 · P the patience: how late an alarm may come. Mean delay and mean time between false alarms are the two sides of every
//! threshold: M. Basseville, I. V. Nikiforov, Detection of Abrupt Changes, Prentice Hall, 1993. That repeats are neither is our reading: who was told
//! may be told again.

use crate::error::{Error, Result};

/// What became of changes and alarms; equations at the head of the [module](self).
///
/// # Example
/// ```
/// use tegmentum::evidence::detection::judge;
///
/// let judged = judge(&[50, 110, 130, 290], &[100, 200], 300, 40)?;
/// assert_eq!(judged.delays, [Some(10), None]);
/// assert_eq!((judged.repeats, judged.false_alarms), (1, 2));
/// assert_eq!((judged.mean_delay(), judged.missed()), (Some(10.0), 1));
/// assert_eq!(judged.between_false_alarms(), Some(110.0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detections {
    /// The delay of each change `[values]`; `None` for one that was missed.
    pub delays: Vec<Option<u64>>,
    /// Further alarms in the window of a change.
    pub repeats: u64,
    /// Alarms in no window.
    pub false_alarms: u64,
    /// Values in no window.
    pub quiet: u64,
}

impl Detections {
    /// The mean delay of the changes that were noticed `[values]`; `None` if none was.
    pub fn mean_delay(&self) -> Option<f64> {
        let noticed = self.delays.iter().flatten();
        let count = noticed.clone().count();
        (count > 0).then(|| noticed.map(|&delay| delay as f64).sum::<f64>() / count as f64)
    }

    /// Changes that were missed.
    pub fn missed(&self) -> usize {
        self.delays.iter().filter(|delay| delay.is_none()).count()
    }

    /// The mean number of values in no window from one false alarm to the next; `None` if there was none.
    pub fn between_false_alarms(&self) -> Option<f64> {
        (self.false_alarms > 0).then(|| self.quiet as f64 / self.false_alarms as f64)
    }
}

/// Judges alarms at the places `fired` of a stream of `values` values that changed at the places `changes`; all places from 0.
///
/// # Errors
/// [`Error::InvalidParameter`] for places that do not ascend, or are not in the stream, and for no patience.
pub fn judge(fired: &[u64], changes: &[u64], values: u64, patience: u64) -> Result<Detections> {
    for (name, places) in [("a place of an alarm", fired), ("a place of a change", changes)] {
        let turn = places.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| pair[1]);
        if let Some(value) = turn {
            return Err(Error::InvalidParameter { name, value: value as f64, requirement: "after the one before" });
        }
        if let Some(&value) = places.last().filter(|&&last| last >= values) {
            let requirement = "below the number of values";
            return Err(Error::InvalidParameter { name, value: value as f64, requirement });
        }
    }
    if patience == 0 {
        return Err(Error::InvalidParameter { name: "patience", value: 0.0, requirement: "at least 1" });
    }
    let mut judged = Detections { delays: Vec::new(), repeats: 0, false_alarms: fired.len() as u64, quiet: values };
    for (index, &change) in changes.iter().enumerate() {
        let next = changes.get(index + 1).copied().unwrap_or(values);
        let end = change.saturating_add(patience).min(next);
        let window = &fired[fired.partition_point(|&at| at < change)..fired.partition_point(|&at| at < end)];
        judged.delays.push(window.first().map(|first| first - change));
        judged.repeats += window.len().saturating_sub(1) as u64;
        judged.false_alarms -= window.len() as u64;
        judged.quiet -= end - change;
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_alarms_have_known_scores() {
        let of = |fired: &[u64], changes: &[u64]| judge(fired, changes, 1000, 100).unwrap();
        let nothing = of(&[], &[]);
        assert_eq!((nothing.mean_delay(), nothing.between_false_alarms(), nothing.quiet), (None, None, 1000));
        // An alarm at the change itself is in time, one at the end of the window is not.
        assert_eq!(of(&[500], &[500]).delays, [Some(0)]);
        assert_eq!(of(&[599], &[500]).delays, [Some(99)]);
        let late = of(&[600], &[500]);
        assert_eq!((late.delays.as_slice(), late.false_alarms, late.missed()), ([None].as_slice(), 1, 1));
        // The window ends where the next change comes, and with the stream.
        let near = of(&[540, 550, 560, 980], &[500, 550, 970]);
        assert_eq!(near.delays, [Some(40), Some(0), Some(10)]);
        assert_eq!((near.repeats, near.false_alarms, near.quiet), (1, 0, 1000 - 50 - 100 - 30));
        assert_eq!(near.mean_delay(), Some(50.0 / 3.0));
        let many = of(&[0, 100, 200, 300], &[250]);
        assert_eq!((many.false_alarms, many.between_false_alarms()), (3, Some(300.0)));
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        for (fired, changes, patience, expected) in [
            (&[5, 5][..], &[][..], 1, "a place of an alarm"),
            (&[10], &[], 1, "below the number of values"),
            (&[], &[3, 2], 1, "after the one before"),
            (&[], &[12], 1, "a place of a change"),
            (&[], &[], 0, "patience"),
        ] {
            let error = judge(fired, changes, 10, patience).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn every_alarm_is_counted_once(
            fired in prop::collection::btree_set(0u64..300, 0..40),
            changes in prop::collection::btree_set(0u64..300, 0..8),
            patience in 1u64..400,
        ) {
            let [fired, changes] = [fired, changes].map(|places| places.into_iter().collect::<Vec<_>>());
            let judged = judge(&fired, &changes, 300, patience).unwrap();
            let noticed = judged.delays.iter().flatten().count() as u64;
            prop_assert_eq!(noticed + judged.repeats + judged.false_alarms, fired.len() as u64);
            prop_assert!(judged.delays.iter().flatten().all(|&delay| delay < patience));
            prop_assert!(judged.quiet <= 300);
        }
    }
}

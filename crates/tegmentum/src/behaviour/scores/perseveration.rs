//! Errors after a shift of the rule: perseverative, regressive, and others.
//!
//! ```text
//!     conflict trial     the old and the new rule ask for different answers
//!     perseverative      the old rule's answer on a conflict trial, until perseveration has ended
//!     regressive         the same, after it has ended
//!     other              an error that neither rule asks for
//! ```
//! Conflict trials are taken in groups of eight. Perseveration ends with the first group that has fewer than six answers by the
//! old rule; errors of that group count as regressive. In a group that is not complete nothing ends.
//!
//! The split into errors before and after the old rule was first given up is that of rodent set-shifting studies (M. E. Ragozzino,
//! S. B. Floresco and others); that eight conflict trials make a group, and six of them a group that perseverates, is our choice.

/// Conflict trials of a group.
const GROUP: usize = 8;
/// Answers by the old rule that make a group perseverative.
const PERSEVERATIVE: usize = 6;

/// Numbers of errors by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShiftErrors {
    /// By the old rule, before it was given up.
    pub perseverative: u64,
    /// By the old rule, after it had been given up.
    pub regressive: u64,
    /// By no rule.
    pub other: u64,
}

impl ShiftErrors {
    /// Counts errors in trials after a shift, each given as (whether the rules are in conflict, whether it was correct).
    ///
    /// # Example
    /// ```
    /// use tegmentum::behaviour::scores::ShiftErrors;
    ///
    /// // Eight trials by the old rule, then eight with one relapse.
    /// let trials = (0..16).map(|trial| (true, trial >= 8 && trial != 12));
    /// assert_eq!(ShiftErrors::count(trials), ShiftErrors { perseverative: 8, regressive: 1, other: 0 });
    /// ```
    pub fn count(trials: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut errors = Self::default();
        let (mut ended, mut seen, mut wrong) = (false, 0, 0);
        for (conflict, correct) in trials {
            if !conflict {
                errors.other += u64::from(!correct);
                continue;
            }
            if ended {
                errors.regressive += u64::from(!correct);
                continue;
            }
            seen += 1;
            wrong += usize::from(!correct);
            if seen == GROUP {
                ended = wrong < PERSEVERATIVE;
                let kind = if ended { &mut errors.regressive } else { &mut errors.perseverative };
                *kind += wrong as u64;
                (seen, wrong) = (0, 0);
            }
        }
        errors.perseverative += wrong as u64;
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_giving_up_is_all_perseveration() {
        let errors = ShiftErrors::count((0..100).map(|trial| (trial % 2 == 0, trial % 2 == 1)));
        assert_eq!(errors, ShiftErrors { perseverative: 50, ..ShiftErrors::default() });
    }

    #[test]
    fn guessing_is_regressive_and_slips_are_other() {
        // Four of every eight conflict trials wrong: given up in the first group.
        let errors = ShiftErrors::count((0..32).map(|trial| (true, trial % 2 == 0)));
        assert_eq!(errors, ShiftErrors { regressive: 16, ..ShiftErrors::default() });
        let errors = ShiftErrors::count([(false, false), (true, true), (false, true)]);
        assert_eq!(errors, ShiftErrors { other: 1, ..ShiftErrors::default() });
    }
}

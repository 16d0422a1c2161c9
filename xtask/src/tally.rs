//! Counting what passed and what failed.

use std::fmt;
use std::ops::AddAssign;

/// How many checks passed, failed and were skipped. Displayed as `N passed, N failed`, with `, N skipped` if there were any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One check that failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    /// One check that could not be made here.
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// One check that passed if `success`.
    pub(crate) fn one(success: bool) -> Self {
        if success { Self::PASSED } else { Self::FAILED }
    }

    /// Reads a line of the kind `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`;
    /// `None` for any other line. Ignored tests count as skipped.
    pub(crate) fn from_test_result(line: &str) -> Option<Self> {
        let (_verdict, counts) = line.trim_end().strip_prefix("test result: ")?.split_once(". ")?;
        let count = |name: &str| counts.split("; ").find_map(|part| part.strip_suffix(name)?.trim_end().parse().ok());
        Some(Self { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(formatter, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_line_of_a_good_run() {
        let line = "test result: ok. 31 passed; 0 failed; 2 ignored; 0 measured; 4 filtered out; finished in 0.02s";
        assert_eq!(Tally::from_test_result(line), Some(Tally { passed: 31, failed: 0, skipped: 2 }));
    }

    #[test]
    fn reads_the_line_of_a_failed_run() {
        let line =
            "test result: FAILED. 7 passed; 12 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\r";
        assert_eq!(Tally::from_test_result(line), Some(Tally { passed: 7, failed: 12, skipped: 0 }));
    }

    #[test]
    fn ignores_other_lines() {
        for line in ["", "running 3 tests", "test result::compares ... ok", "test result: ok", "test result: ok. none"]
        {
            assert_eq!(Tally::from_test_result(line), None, "{line}");
        }
    }

    #[test]
    fn names_what_was_skipped_only_if_something_was() {
        let mut tally = Tally::PASSED;
        tally += Tally::FAILED;
        assert_eq!(tally.to_string(), "1 passed, 1 failed");
        tally += Tally::SKIPPED;
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 1 skipped");
    }
}

//! A share of the runs of a study, for one of several machines that do not know one another.
//!
//! The units of work of a study (see `work.rs`) stand in a row: all seeds of the first arm in the first setting, and so on. Shard i
//! of n makes those from (i − 1)·u/n to i·u/n of u units, one block, so that it needs the rates of few arms: it searches those that it
//! runs, and no others. Where several machines would search the same rates, one share more is the [search alone](Shard::RATES), whose
//! units the others are given. What it finished is in its checkpoint. A run that is given the units of all shards makes nothing anew, and its
//! records are the same bytes as those of a run on one machine.

use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most shards of a study.
const MAX_COUNT: u32 = 100_000;
/// What the share with the search alone is called.
const RATES: &str = "rates";

/// Which share: `3/16` is the third of sixteen.
///
/// # Example
/// ```
/// use tegmentum_study::shard::Shard;
///
/// let shard: Shard = "3/16".parse()?;
/// assert_eq!(shard.to_string(), "3/16");
/// assert_eq!("rates".parse(), Ok(Shard::RATES));
/// assert!("0/16".parse::<Shard>().is_err() && "17/16".parse::<Shard>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1 to `count`; 0 for the search of the rates.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

impl Display for Shard {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        if *self == Self::RATES {
            formatter.write_str(RATES)
        } else {
            write!(formatter, "{}/{}", self.index, self.count)
        }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == RATES {
            return Ok(Self::RATES);
        }
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let numbers = text.split_once('/').and_then(|(index, count)| Some((number(index)?, number(count)?)));
        match numbers {
            Some((index, count)) if (1..=MAX_COUNT).contains(&count) && (1..=count).contains(&index) => {
                Ok(Self { index, count })
            }
            _ => Err(format!("must be I/N such as 3/16: I from 1 to N, N at most {MAX_COUNT}; or `{RATES}`")),
        }
    }
}

impl Shard {
    /// The share that searches the rates of all arms, and makes no runs.
    pub const RATES: Self = Self { index: 0, count: 1 };

    /// Its block of so many units.
    pub(crate) fn block(self, units: usize) -> Range<usize> {
        if self == Self::RATES {
            return 0..0;
        }
        let end = |index: u32| (u64::from(index) * units as u64 / u64::from(self.count)) as usize;
        end(self.index - 1)..end(self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_units_once() {
        for units in [0, 1, 5, 16, 1000] {
            for count in [1, 3, 16] {
                let blocks = (1..=count).flat_map(|index| Shard { index, count }.block(units));
                assert!(blocks.eq(0..units), "{units} units, {count} shards");
            }
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4/5", "1/1000000"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("such as 3/16"), "{text}");
        }
    }
}

//! The time of a series: dates or a counter, its step, and what comes after the end.
//!
//! Dates are equal steps of months if each is the first one plus a whole number of steps of months; else steps of seconds. The step is the
//! most frequent one. A counter is a column of numbers, or of words that end in one, with one and the same step.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::{Span, ToSpan as _};

/// Positions in time of the rows of a series.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::calendar::Calendar;
///
/// let days = ["2024-01-31", "2024-02-29", "2024-03-31"].map(|day| day.parse::<jiff::civil::Date>().unwrap().at(0, 0, 0, 0));
/// let calendar = Calendar::of_dates(&days).unwrap();
/// assert_eq!(calendar.name(3), "2024-04-30");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Calendar {
    /// Rows have numbers, from 1.
    Rows,
    /// Rows have dates.
    Dates {
        /// Of each row.
        dates: Vec<DateTime>,
        /// From one row to the next.
        step: Step,
    },
}

/// From one row to the next.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::calendar::Step;
/// assert_eq!((Step::Months(3).describe(), Step::Seconds(86_400).describe()), ("3 months".into(), "1 day".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// So many months.
    Months(i64),
    /// So many seconds.
    Seconds(i64),
}

impl Step {
    fn times(self, count: i64) -> Option<Span> {
        match self {
            Self::Months(months) => months.checked_mul(count).and_then(|months| Span::new().try_months(months).ok()),
            Self::Seconds(seconds) => {
                seconds.checked_mul(count).and_then(|seconds| Span::new().try_seconds(seconds).ok())
            }
        }
    }

    /// In words, such as `1 month`.
    pub fn describe(self) -> String {
        let (count, unit) = match self {
            Self::Months(months) if months % 12 == 0 => (months / 12, "year"),
            Self::Months(months) => (months, "month"),
            Self::Seconds(seconds) if seconds % 604_800 == 0 => (seconds / 604_800, "week"),
            Self::Seconds(seconds) if seconds % 86_400 == 0 => (seconds / 86_400, "day"),
            Self::Seconds(seconds) if seconds % 3600 == 0 => (seconds / 3600, "hour"),
            Self::Seconds(seconds) if seconds % 60 == 0 => (seconds / 60, "minute"),
            Self::Seconds(seconds) => (seconds, "second"),
        };
        format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl Calendar {
    /// The calendar of dates in ascending order; `None` if they do not ascend or are fewer than two.
    pub fn of_dates(dates: &[DateTime]) -> Option<Self> {
        if dates.len() < 2 || dates.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        let step = months(dates).unwrap_or_else(|| Step::Seconds(usual(dates.windows(2).map(seconds))));
        Some(Self::Dates { dates: dates.to_vec(), step })
    }

    /// The rows, by index, that do not follow the row before by one step.
    pub fn irregular(&self) -> Vec<usize> {
        let Self::Dates { dates, step } = self else { return Vec::new() };
        let follows = |pair: &[DateTime]| match step {
            Step::Months(months) => between(pair) == *months,
            Step::Seconds(length) => seconds(pair) == *length,
        };
        (1..dates.len()).filter(|&row| !follows(&dates[row - 1..=row])).collect()
    }

    /// The name of the row with this index, which may be past the end: its date, or its number from 1.
    pub fn name(&self, index: usize) -> String {
        let Self::Dates { dates, step } = self else { return (index + 1).to_string() };
        let date = dates.get(index).copied().or_else(|| {
            let past = (index + 1 - dates.len()) as i64;
            // Months count from the first date, so that the ends of months stay ends of months.
            let from = if matches!(step, Step::Months(_)) && self.irregular().is_empty() {
                (dates[0], index as i64)
            } else {
                (dates[dates.len() - 1], past)
            };
            from.0.checked_add(step.times(from.1)?).ok()
        });
        date.map_or_else(
            || (index + 1).to_string(),
            |date| match (date.hour(), date.minute(), date.second(), date.subsec_nanosecond()) {
                (0, 0, 0, 0) if !self.has_times() => date.date().to_string(),
                (.., 0, 0) => date.strftime("%Y-%m-%dT%H:%M").to_string(),
                _ => date.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            },
        )
    }

    /// Whether a row has a time of day.
    fn has_times(&self) -> bool {
        matches!(self, Self::Dates { dates, .. } if dates.iter().any(|date| *date != date.date().at(0, 0, 0, 0)))
    }

    /// The place of a row on an axis: the year with its fraction, days of the first day, or the number of the row; and what is on
    /// the axis.
    pub fn place(&self, index: usize) -> (f64, String) {
        let Self::Dates { dates, step } = self else { return ((index + 1) as f64, "row".to_owned()) };
        let date = dates.get(index).copied().or_else(|| {
            let past = (index + 1 - dates.len()) as i64;
            dates[dates.len() - 1].checked_add(step.times(past)?).ok()
        });
        let Some(date) = date else { return ((index + 1) as f64, "row".to_owned()) };
        let first = dates[0];
        let years = f64::from(dates[dates.len() - 1].year() - first.year());
        if years >= 3.0 {
            let day = f64::from(date.day_of_year() - 1) + seconds_of_day(date) / 86_400.0;
            return (f64::from(date.year()) + day / f64::from(date.days_in_year()), "year".to_owned());
        }
        let days = seconds(&[first.date().at(0, 0, 0, 0), date]) as f64 / 86_400.0;
        (days, format!("days since {}", first.date()))
    }
}

fn seconds_of_day(date: DateTime) -> f64 {
    f64::from(date.hour()) * 3600.0 + f64::from(date.minute()) * 60.0 + f64::from(date.second())
}

/// Seconds from the first to the second of two dates.
fn seconds(pair: &[DateTime]) -> i64 {
    pair[1].duration_since(pair[0]).as_secs()
}

/// Months from the first to the second of two dates.
fn between(pair: &[DateTime]) -> i64 {
    12 * (i64::from(pair[1].year()) - i64::from(pair[0].year())) + i64::from(pair[1].month())
        - i64::from(pair[0].month())
}

/// The step in months, if each date is the first one plus whole months.
fn months(dates: &[DateTime]) -> Option<Step> {
    let first = dates[0];
    let whole = |date: &DateTime| {
        let count = between(&[first, *date]);
        let same = Span::new().try_months(count).ok().and_then(|span| first.checked_add(span).ok());
        // Ends of months have not all the same day.
        let last = |date: &DateTime| date.date() == date.date().last_of_month();
        same == Some(*date) || (last(&first) && last(date) && first.time() == date.time())
    };
    let step = usual(dates.windows(2).map(between));
    (step > 0 && dates.iter().all(whole)).then_some(Step::Months(step))
}

/// The most frequent value, the smallest of those that are equally frequent.
fn usual(values: impl Iterator<Item = i64>) -> i64 {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(0);
    counts.into_iter().find(|(_, count)| *count == most).map_or(1, |(value, _)| value.max(1))
}

/// The date of a number of seconds since the beginning of 1970, in universal time.
pub(super) fn of_unix(seconds: f64) -> Option<DateTime> {
    let start = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    start.checked_add((seconds as i64).seconds()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Vec<DateTime> {
        let parse = |text: &&str| {
            text.parse::<DateTime>().unwrap_or_else(|_| text.parse::<jiff::civil::Date>().unwrap().at(0, 0, 0, 0))
        };
        texts.iter().map(parse).collect()
    }

    #[test]
    fn steps_are_found_and_continued() {
        let cases = [
            (&["2024-01-01", "2024-04-01", "2024-07-01"][..], "3 months", "2024-10-01"),
            (&["2024-01-31", "2024-02-29", "2024-03-31"][..], "1 month", "2024-04-30"),
            (&["2020-05-01", "2021-05-01", "2022-05-01"][..], "1 year", "2023-05-01"),
            (&["2024-02-27", "2024-02-28", "2024-02-29"][..], "1 day", "2024-03-01"),
            (&["2024-02-29T22:00", "2024-02-29T23:00", "2024-03-01T00:00"][..], "1 hour", "2024-03-01T01:00"),
        ];
        for (texts, step, next) in cases {
            let calendar = Calendar::of_dates(&dates(texts)).unwrap();
            let Calendar::Dates { step: found, .. } = &calendar else { unreachable!() };
            assert_eq!((found.describe().as_str(), calendar.name(3).as_str()), (step, next));
            assert!(calendar.irregular().is_empty());
        }
    }

    #[test]
    fn gaps_are_named_and_disorder_is_none() {
        let gap = Calendar::of_dates(&dates(&["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-06"])).unwrap();
        assert_eq!(gap.irregular(), [3]);
        assert_eq!(Calendar::of_dates(&dates(&["2024-01-02", "2024-01-01"])), None);
        assert_eq!(Calendar::of_dates(&dates(&["2024-01-02", "2024-01-02"])), None);
    }
}

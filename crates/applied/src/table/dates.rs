//! Dates in text: ISO 8601, and days, months and years with `.`, `/` or `-` between them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Seconds since 1970 that a number in a column of times may be: the years 1973 to 2100.
const SECONDS: std::ops::RangeInclusive<f64> = 1e8..=4_102_444_800.0;
/// Words in the name of a column of times.
const NAMES: [&str; 6] = ["time", "timestamp", "date", "datetime", "unix", "epoch"];

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `2024-01-31`, `2024-01`, `2024/01/31`, each with a time of day or without.
    YearFirst,
    /// `2024-01-31T10:00:00Z`, or with an offset such as `+01:00`; read as universal time.
    Offset,
    /// `31.01.2024`, `31/01/2024`, `31-01-2024`.
    DayFirst,
    /// `01/31/2024`, `01-31-2024`.
    MonthFirst,
}

impl Style {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::YearFirst, Self::Offset, Self::DayFirst, Self::MonthFirst];

    /// The date in `cell`.
    pub(super) fn read(self, cell: &str) -> Option<DateTime> {
        // What is longer than a date with an offset and a fraction of a second is none.
        if cell.len() > 40 || !cell.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if self == Self::Offset {
            return Some(cell.parse::<Timestamp>().ok()?.to_zoned(TimeZone::UTC).datetime());
        }
        let (day, time) = match cell.split_once(['T', 't', ' ']) {
            Some((day, time)) => (day, time_of_day(time.trim_start())?),
            None => (cell, Time::midnight()),
        };
        Some(self.date(day)?.to_datetime(time))
    }

    fn date(self, text: &str) -> Option<Date> {
        let separator = ['-', '/', '.'].into_iter().find(|&separator| text.contains(separator))?;
        let mut parts = text.split(separator);
        let (first, second) = (number(parts.next()?)?, number(parts.next()?)?);
        let third = parts.next().map(number);
        if parts.next().is_some() {
            return None;
        }
        let ((year, 4), (month, 1..=2), (day, 1..=2)) = (match (self, third) {
            (Self::YearFirst, None) if separator == '-' && second.1 == 2 => (first, second, (1, 2)),
            (Self::YearFirst, Some(third)) if separator != '.' => (first, second, third?),
            (Self::DayFirst, Some(third)) => (third?, second, first),
            (Self::MonthFirst, Some(third)) if separator != '.' => (third?, first, second),
            _ => return None,
        }) else {
            return None;
        };
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }
}

/// The number in `text` and its digits.
fn number(text: &str) -> Option<(u16, usize)> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().map(|value| (value, text.len()))
}

fn time_of_day(text: &str) -> Option<Time> {
    // One digit of the hour is common in tables.
    if text.as_bytes().get(1) == Some(&b':') { format!("0{text}").parse().ok() } else { text.parse().ok() }
}

/// Whether a cell may be a date, in any order.
pub(super) fn looks_like_one(cell: &str) -> bool {
    Style::ALL.into_iter().any(|style| style.read(cell).is_some())
}

/// Whether a column with this name has times.
pub(super) fn is_name_of_times(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NAMES.contains(&word))
}

/// The moment so many seconds after the beginning of 1970, if it may be meant.
pub(super) fn from_seconds(seconds: f64) -> Option<DateTime> {
    if !SECONDS.contains(&seconds) {
        return None;
    }
    let nanoseconds = ((seconds - seconds.floor()) * 1e9) as i32;
    let moment = Timestamp::new(seconds.floor() as i64, nanoseconds.min(999_999_999)).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).datetime())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_each_style_are_read() {
        let cases = [
            (Style::YearFirst, "2024-01-31", "2024-01-31T00:00:00"),
            (Style::YearFirst, "2024-01", "2024-01-01T00:00:00"),
            (Style::YearFirst, "2024/1/31 10:00", "2024-01-31T10:00:00"),
            (Style::YearFirst, "2024-01-31T10:00", "2024-01-31T10:00:00"),
            (Style::Offset, "2024-01-31T10:00:00+01:00", "2024-01-31T09:00:00"),
            (Style::Offset, "2024-01-31T10:00:00Z", "2024-01-31T10:00:00"),
            (Style::DayFirst, "31.1.2024 9:30", "2024-01-31T09:30:00"),
            (Style::DayFirst, "31/01/2024", "2024-01-31T00:00:00"),
            (Style::MonthFirst, "01/31/2024", "2024-01-31T00:00:00"),
        ];
        for (style, cell, expected) in cases {
            assert_eq!(style.read(cell).map(|date| date.to_string()).as_deref(), Some(expected), "{cell}");
        }
        for cell in ["12.5", "x", "1990-13", "1990-1", "2024", "31.01.24", "10:00", "1-2", "2024-02-30", "1.2.3.2024"] {
            assert!(!looks_like_one(cell), "{cell}");
        }
    }

    #[test]
    fn seconds_are_dates_in_a_column_of_times() {
        assert_eq!(from_seconds(1_706_695_200.5).unwrap().to_string(), "2024-01-31T10:00:00.5");
        assert_eq!([from_seconds(20_240_131.0), from_seconds(1e13), from_seconds(f64::NAN)], [None; 3]);
        assert!(is_name_of_times("Start_Time") && is_name_of_times("date") && !is_name_of_times("lifetimes"));
    }
}

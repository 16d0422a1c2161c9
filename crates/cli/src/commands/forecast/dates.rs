//! Dates of the rows, for the picture: the first column that was not learned, if it holds nothing but dates in order.

use jiff::civil::{Date, DateTime};

use crate::args::Forecast;

/// From so many years on, the axis counts years, below it days.
const YEARS: f64 = 3.0;
/// Days of a year, on average.
const YEAR: f64 = 365.25;

/// A horizontal axis for rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rows {
    /// What is on the axis.
    pub(super) label: String,
    /// The place of the first row, and of the next one after the last.
    places: Vec<f64>,
    /// From one row to the next past the end.
    step: f64,
}

impl Rows {
    /// The axis of the data's rows; `shown` rows at the end are seen.
    pub(super) fn of(arguments: &Forecast, rows: usize, shown: usize) -> Self {
        let days = dates(arguments, rows);
        days.and_then(|days| Self::of_days(&days, shown)).unwrap_or_else(|| Self {
            label: "row".to_owned(),
            places: (1..=rows).map(|row| row as f64).collect(),
            step: 1.0,
        })
    }

    /// The axis for rows at these days since the year 0, which must ascend.
    fn of_days(days: &[f64], shown: usize) -> Option<Self> {
        let last = *days.last()?;
        let first = days[days.len() - shown.clamp(1, days.len())];
        let mut steps: Vec<f64> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if steps.is_empty() || steps.iter().any(|step| *step <= 0.0) {
            return None;
        }
        steps.sort_by(f64::total_cmp);
        let step = steps[steps.len() / 2];
        let (label, unit, origin) = if last - first >= YEARS * YEAR {
            ("year".to_owned(), YEAR, 0.0)
        } else {
            (format!("days since {}", date_of(first)?), 1.0, first.floor())
        };
        let places = days.iter().map(|day| (day - origin) / unit).collect();
        Some(Self { label, places, step: step / unit })
    }

    /// The place of the row with this index, which may be past the end.
    pub(super) fn place(&self, index: usize) -> f64 {
        if let Some(place) = self.places.get(index) {
            return *place;
        }
        let last = self.places.last().copied().unwrap_or(0.0);
        last + self.step * (index + 1 - self.places.len()) as f64
    }
}

/// The days of the rows since the year 0, if there is a column of dates.
fn dates(arguments: &Forecast, rows: usize) -> Option<Vec<f64>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(u8::try_from(arguments.delimiter.unwrap_or(',')).ok()?)
        .from_path(&arguments.data)
        .ok()?;
    let first: Vec<String> =
        reader.records().map(|record| Some(record.ok()?.get(0)?.to_owned())).collect::<Option<_>>()?;
    let skipped = first.len().checked_sub(rows)?;
    first[skipped..].iter().map(|text| days(text)).collect()
}

/// Days since the year 0 of `1990`, `1990-07`, `1990-07-31`, or a day with a time.
fn days(text: &str) -> Option<f64> {
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = match text.len() {
        4 if is_year(text) => format!("{text}-01-01"),
        7 if is_year(&text[..4]) => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let moment = padded.parse::<DateTime>().or_else(|_| padded.parse::<Date>().map(|date| date.at(0, 0, 0, 0))).ok()?;
    let date = moment.date();
    let whole =
        f64::from(date.year()) * YEAR + f64::from(date.day_of_year() - 1) * YEAR / f64::from(date.days_in_year());
    let seconds = f64::from(moment.hour()) * 3600.0 + f64::from(moment.minute()) * 60.0 + f64::from(moment.second());
    Some(whole + seconds / 86_400.0)
}

/// The date of a number of days since the year 0.
fn date_of(days: f64) -> Option<Date> {
    let year = (days / YEAR).floor();
    let first = Date::new(year as i16, 1, 1).ok()?;
    let day = ((days / YEAR - year) * f64::from(first.days_in_year())).round();
    first.checked_add(jiff::Span::new().days(day as i64)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_become_years() {
        let months: Vec<f64> =
            (0..60).map(|month| days(&format!("{}-{:02}", 1990 + month / 12, 1 + month % 12)).unwrap()).collect();
        let rows = Rows::of_days(&months, 60).unwrap();
        assert_eq!(rows.label, "year");
        assert_eq!((rows.place(0), rows.place(12)), (1990.0, 1991.0));
        assert!((rows.place(71) - 1996.0).abs() < 0.1, "{}", rows.place(71));
    }

    #[test]
    fn hours_of_a_week_become_days() {
        let hours: Vec<f64> =
            (0..168).map(|hour| days(&format!("2024-03-{:02}T{:02}:00", 1 + hour / 24, hour % 24)).unwrap()).collect();
        let rows = Rows::of_days(&hours, 168).unwrap();
        assert_eq!(rows.label, "days since 2024-03-01");
        assert!((rows.place(24) - rows.place(0) - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_is_no_date_counts_rows() {
        assert_eq!([days("12.5"), days("x"), days("1990-13"), days("")], [None; 4]);
        assert!(Rows::of_days(&[2.0, 1.0], 2).is_none(), "dates in another order");
    }
}

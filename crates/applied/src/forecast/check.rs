//! Whether a series can be forecast: settings and values that cannot be used are told before anything is learned.

use super::{Data, ForecastConfig, LEAST_ROWS, MOST_ROWS, data};
use tegmentum::error::{Error, Result, at_least_one};

impl ForecastConfig {
    /// How many rows are learned from before the test, if settings and values can be used.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn check<'a>(&self, data: impl Into<Data<'a>>) -> Result<usize> {
        let Data { values, known } = data.into();
        self.bounds.check()?;
        at_least_one("horizon", self.horizon)?;
        if !(self.train_fraction > 0.0 && self.train_fraction <= 1.0) {
            return Err(Error::InvalidParameter {
                name: "train_fraction",
                value: self.train_fraction,
                requirement: "above 0 and at most 1",
            });
        }
        let refused =
            |what: String, reason: String| Error::Incompatible { what, with: "a forecast".to_owned(), reason };
        if values.len() > MOST_ROWS {
            let reason = format!("there may be {MOST_ROWS} at most: keep the last ones, or means of several");
            return Err(refused(format!("{} rows", values.len()), reason));
        }
        let learned = (self.train_fraction * values.len() as f64) as usize;
        if learned < LEAST_ROWS {
            let reason = format!("there must be {LEAST_ROWS} or more");
            return Err(refused(format!("{learned} rows to learn from"), reason));
        }
        if let Some(season) = self.season.filter(|&season| season == 0 || season > learned / 2) {
            let reason = format!("must be between 1 and half of the {learned} rows to learn from");
            return Err(refused(format!("season = {season}"), reason));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::InvalidParameter { name: "values", value: *value, requirement: "finite in every row" });
        }
        if let Some((index, problem)) = self.bounds.broken(values) {
            return Err(refused(format!("row {} of the series", index + 1), format!("it {problem}")));
        }
        if values[..learned].iter().all(|value| *value == values[0]) {
            let reason = format!("every row to learn from has the value {}", values[0]);
            return Err(refused("the series".to_owned(), reason));
        }
        data::check_known(known, values.len() + self.horizon)?;
        Ok(learned)
    }
}

/// A series of which not even the next row could be predicted.
pub(super) fn too_short() -> Error {
    Error::Incompatible {
        what: "the series".to_owned(),
        with: "a forecast".to_owned(),
        reason: "its rows are too few, or vary too little, for any model".to_owned(),
    }
}

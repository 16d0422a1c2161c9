//! What is forecast, and what is known beside it.

use tegmentum::error::{Error, Result};

/// Most known inputs.
pub const MOST_KNOWN: usize = 50;

/// A series, and inputs that are known for its rows and for those to come.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::{Data, ForecastConfig};
///
/// // Sales follow a price that is known for three rows to come.
/// let price: Vec<f64> = (0..123).map(|t| f64::from(7 * t % 11)).collect();
/// let sales: Vec<f64> = (0..120).map(|t| 200.0 - 8.0 * price[t]).collect();
/// let known = [price];
/// let config = ForecastConfig { horizon: 3, networks: 0, ..ForecastConfig::default() };
/// let forecast = config.fit(Data { values: &sales, known: &known })?;
/// assert!((forecast.horizons[2].future - (200.0 - 8.0 * known[0][122])).abs() < 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Data<'a> {
    /// Values \[rows\], at equal steps of time.
    pub values: &'a [f64],
    /// Known inputs \[inputs\]\[rows + horizon or more\].
    pub known: &'a [Vec<f64>],
}

impl Data<'_> {
    /// The first rows, and inputs of all.
    pub(super) fn until(self, end: usize) -> Self {
        Self { values: &self.values[..end], ..self }
    }
}

impl<'a> From<&'a [f64]> for Data<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self { values, known: &[] }
    }
}

impl<'a> From<&'a Vec<f64>> for Data<'a> {
    fn from(values: &'a Vec<f64>) -> Self {
        Self::from(values.as_slice())
    }
}

/// Known inputs must be finite, and there for so many rows.
pub(super) fn check_known(known: &[Vec<f64>], rows: usize) -> Result<()> {
    if known.len() > MOST_KNOWN {
        return Err(Error::Incompatible {
            what: format!("{} known inputs", known.len()),
            with: "a forecast".to_owned(),
            reason: format!("there may be {MOST_KNOWN} at most"),
        });
    }
    for input in known {
        if input.len() < rows {
            let what = "a known input, in rows of the series and to come";
            return Err(Error::ShapeMismatch { what, expected: rows, found: input.len() });
        }
        if let Some(value) = input.iter().find(|value| !value.is_finite()) {
            return Err(Error::InvalidParameter { name: "known", value: *value, requirement: "finite in every row" });
        }
    }
    Ok(())
}

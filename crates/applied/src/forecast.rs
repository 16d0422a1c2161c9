//! Forecasting a series.

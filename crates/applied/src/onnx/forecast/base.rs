//! The base of a forecast as a graph: ridge regressions and exponential smoothing, in the unit of the data, weighted.

use super::{Carried, clipped, doubles, gathered, integers, joined, sliced};
use crate::forecast::ForecastModel;
use crate::forecast::average::{SettledMember, SettledModel};
use crate::forecast::features::{Difference, FARTHEST, Seasonality, Transform};
use crate::forecast::smoothing::Rates;
use crate::onnx::graph::{Attribute, Graph, Operator, Value};

/// A transformed, standardised value.
fn standardised(graph: &mut Graph, member: &SettledMember, value: &Value) -> Value {
    let scaling = &member.scaling;
    let turned = match member.family.transform {
        Transform::Level => value.clone(),
        Transform::Logarithm => {
            let least = doubles(graph, "least_value", &[], &[scaling.least]);
            let value = graph.node("Max", &[value, &least]);
            graph.node("Log", &[&value])
        }
    };
    let mean = doubles(graph, "mean", &[], &[scaling.mean]);
    let scale = doubles(graph, "scale", &[], &[scaling.scale]);
    let distance = graph.node("Sub", &[&turned, &mean]);
    graph.node("Div", &[&distance, &scale])
}

/// Level, trend and season behind a row.
pub(super) fn smoothing_step(
    graph: &mut Graph,
    member: &SettledMember,
    rates: &Rates,
    [level, trend, season]: &[Value; 3],
    value: &Value,
) -> [Value; 3] {
    let [alpha, beta, gamma, damping] = *rates;
    let scaled = |graph: &mut Graph, value: &Value, by: f64| {
        let by = doubles(graph, "rate", &[], &[by]);
        graph.node("Mul", &[value, &by])
    };
    let z = standardised(graph, member, value);
    let carried = scaled(graph, trend, damping);
    let expected = graph.node("Add", &[level, &carried]);
    let now = gathered(graph, season, &[0]);
    let error = graph.node("Sub", &[&z, &expected]);
    let error = graph.node("Sub", &[&error, &now]);
    let up = scaled(graph, &error, alpha);
    let steeper = scaled(graph, &error, alpha * beta);
    let more = scaled(graph, &error, gamma * (1.0 - alpha));
    let later = sliced(graph, season, 1, i64::MAX);
    let now = graph.node("Add", &[&now, &more]);
    let season = joined(graph, &[&later, &now]);
    [graph.node("Add", &[&expected, &up]), graph.node("Add", &[&carried, &steeper]), season]
}

/// Predictions of the base for the first `horizons` rows `[horizons]`.
pub(super) fn predictions(
    graph: &mut Graph,
    model: &ForecastModel,
    at: &Carried,
    known: Option<&Value>,
    horizons: usize,
) -> Value {
    let mut sum: Option<Value> = None;
    for (index, (member, own)) in model.base.members.iter().zip(&at.smoothings).enumerate() {
        let weights: Vec<f64> = model.base.weights[..horizons].iter().map(|weights| weights[index]).collect();
        if weights.iter().all(|weight| *weight == 0.0) {
            continue;
        }
        let z = match (&member.model, own) {
            (SettledModel::Ridge { lags, coefficients }, _) => {
                let own = Regression { member, lags: *lags, beta: &coefficients[..horizons], season: model.season };
                own.predict(graph, at, known, model.values.len())
            }
            (SettledModel::Smoothing { rates, .. }, Some(own)) => smoothing(graph, rates, own, member, horizons),
            (SettledModel::Smoothing { .. }, None) => continue,
        };
        let value = back(graph, member, &z);
        let weights = doubles(graph, "weights", &[horizons], &weights);
        let part = graph.node("Mul", &[&value, &weights]);
        sum = Some(match sum {
            Some(sum) => graph.node("Add", &[&sum, &part]),
            None => part,
        });
    }
    sum.unwrap_or_else(|| doubles(graph, "nothing", &[horizons], &vec![0.0; horizons]))
}

/// A standardised value in the unit of the data.
fn back(graph: &mut Graph, member: &SettledMember, z: &Value) -> Value {
    let scale = doubles(graph, "scale", &[], &[member.scaling.scale]);
    let mean = doubles(graph, "mean", &[], &[member.scaling.mean]);
    let value = graph.node("Mul", &[z, &scale]);
    let value = graph.node("Add", &[&value, &mean]);
    match member.family.transform {
        Transform::Level => value,
        Transform::Logarithm => graph.node("Exp", &[&value]),
    }
}

/// The smoothed value so many rows ahead.
fn smoothing(
    graph: &mut Graph,
    rates: &Rates,
    [level, trend, season]: &[Value; 3],
    member: &SettledMember,
    horizons: usize,
) -> Value {
    let SettledModel::Smoothing { state, .. } = &member.model else { return level.clone() };
    let reach: Vec<f64> = (1..=horizons).map(|ahead| (1..=ahead as i32).map(|row| rates[3].powi(row)).sum()).collect();
    let reach = doubles(graph, "reach", &[horizons], &reach);
    let places: Vec<i64> = (0..horizons).map(|ahead| (ahead % state.season.len()) as i64).collect();
    let season = gathered(graph, season, &places);
    let line = graph.node("Mul", &[trend, &reach]);
    let line = graph.node("Add", &[level, &line]);
    graph.node("Add", &[&line, &season])
}

/// A ridge regression.
struct Regression<'a> {
    member: &'a SettledMember,
    lags: usize,
    /// [horizons][columns].
    beta: &'a [Vec<f64>],
    season: usize,
}

impl Regression<'_> {
    /// A part of the coefficients as a constant [horizons × columns].
    fn coefficients(&self, graph: &mut Graph, columns: std::ops::Range<usize>) -> Value {
        let part: Vec<f64> = self.beta.iter().flat_map(|beta| beta[columns.clone()].to_vec()).collect();
        doubles(graph, "coefficients", &[self.beta.len(), columns.len()], &part)
    }

    /// Rows from the one behind the last to that a season or more before the row that is predicted.
    fn season_before(&self, ahead: usize) -> i64 {
        ahead as i64 - 1 - (self.season * ahead.div_ceil(self.season)) as i64
    }

    /// Standardised predictions `[horizons]`.
    fn predict(&self, graph: &mut Graph, at: &Carried, known: Option<&Value>, kept: usize) -> Value {
        let (family, season) = (self.member.family, self.season as i64);
        let z = standardised(graph, self.member, &at.tail);
        let fixed = family.fixed_columns(self.season);
        let (from, mut places) = match family.seasonality {
            Seasonality::Lags => (fixed - 2, vec![-season, -season - 1]),
            _ => (fixed, Vec::new()),
        };
        places.extend((1..=self.lags as i64).map(|lag| -lag));
        let columns = self.coefficients(graph, family.known..fixed);
        let mut sum = match family.seasonality {
            Seasonality::Phases => {
                let [own] =
                    graph.apply(Operator::new("Gather").with("axis", Attribute::Int(1)), &[&columns, &at.phase]);
                own
            }
            Seasonality::None | Seasonality::Lags => {
                let own: Vec<f64> = self.beta.iter().map(|beta| beta[family.known]).collect();
                doubles(graph, "constant", &[self.beta.len()], &own)
            }
        };
        if !places.is_empty() {
            let w = self.differences(graph, &z);
            let seen = gathered(graph, &w, &places);
            let beta = self.coefficients(graph, from..fixed + self.lags);
            let part = graph.node("MatMul", &[&beta, &seen]);
            sum = graph.node("Add", &[&sum, &part]);
        }
        if let (Some(known), true) = (known, family.known > 0) {
            let part = self.known_part(graph, known, kept);
            sum = graph.node("Add", &[&sum, &part]);
        }
        let start = match family.difference {
            Difference::None => return sum,
            Difference::First => gathered(graph, &z, &[-1]),
            Difference::Seasonal => {
                let places: Vec<i64> = (1..=self.beta.len()).map(|ahead| self.season_before(ahead)).collect();
                gathered(graph, &z, &places)
            }
        };
        graph.node("Add", &[&sum, &start])
    }

    /// The differenced values.
    fn differences(&self, graph: &mut Graph, z: &Value) -> Value {
        let back = match self.member.family.difference {
            Difference::None => 0,
            Difference::First => 1,
            Difference::Seasonal => self.season as i64,
        };
        let w = if back == 0 {
            z.clone()
        } else {
            let (later, earlier) = (sliced(graph, z, back, i64::MAX), sliced(graph, z, 0, -back));
            graph.node("Sub", &[&later, &earlier])
        };
        clipped(graph, &w, self.member.scaling.bounds)
    }

    /// What known inputs of the rows that are predicted add; `known` begins with the first row that is kept.
    fn known_part(&self, graph: &mut Graph, known: &Value, kept: usize) -> Value {
        let moments = &self.member.scaling.known;
        let inputs = moments.len();
        let means: Vec<f64> = moments.iter().map(|moment| moment.0).collect();
        // An input of scale 0 says nothing: it is divided by infinity.
        let scales: Vec<f64> =
            moments.iter().map(|moment| if moment.1 > 0.0 { moment.1 } else { f64::INFINITY }).collect();
        let means = doubles(graph, "means_of_known", &[inputs], &means);
        let scales = doubles(graph, "scales_of_known", &[inputs], &scales);
        let distances = graph.node("Sub", &[known, &means]);
        let distances = graph.node("Div", &[&distances, &scales]);
        let seen = clipped(graph, &distances, (-FARTHEST, FARTHEST));
        let horizons = self.beta.len();
        let targets: Vec<i64> = (0..horizons).map(|ahead| (kept + ahead) as i64).collect();
        let mut own = gathered(graph, &seen, &targets);
        let before: Option<Vec<i64>> = match self.member.family.difference {
            Difference::None => None,
            Difference::First => Some(vec![kept as i64 - 1; horizons]),
            Difference::Seasonal => Some((1..=horizons).map(|ahead| kept as i64 + self.season_before(ahead)).collect()),
        };
        if let Some(places) = before {
            let before = gathered(graph, &seen, &places);
            own = graph.node("Sub", &[&own, &before]);
        }
        let beta = self.coefficients(graph, 0..inputs);
        let products = graph.node("Mul", &[&own, &beta]);
        let axis = integers(graph, "axis_of_inputs", &[1]);
        let [sum] = graph.apply(Operator::new("ReduceSum").with("keepdims", Attribute::Int(0)), &[&products, &axis]);
        sum
    }
}

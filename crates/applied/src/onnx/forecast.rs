//! A forecast as a graph: values that came later in, predictions out.
//!
//! ```text
//!     Loop over new rows     networks take in the row and what the base leaves of it; levels, trends and seasons follow; the row joins the last ones
//!     base                   of each model: transform → differences → Gather: the lags → MatMul with the coefficients of all horizons → back
//!     all                    the weighted sum, and what the networks add
//! ```
//! The equations are those of [`forecast::model`](crate::forecast::ForecastModel). Seasons are turned so that the next row's phase stands
//! first; the phase of models that have a level for each is a counter.

use serde_json::json;

use super::graph::{Attribute, Content, Dim, Graph, Operator, Value};
use super::messages::ElementType;
use crate::forecast::average::{SettledMember, SettledModel};
use crate::forecast::features::{Difference, FARTHEST, Seasonality, Transform};
use crate::forecast::recurrence::{self, INPUTS, UNITS};
use crate::forecast::smoothing::Rates;
use crate::forecast::{ForecastFile, ForecastModel};

const VALUES: &str = "values";
const KNOWN: &str = "known";
const PREDICTION: &str = "prediction";
const HALF_WIDTHS: &str = "half_widths";

/// What is carried from row to row.
#[derive(Clone)]
struct Carried {
    /// The last values `[L]`.
    tail: Value,
    /// The phase of the next row `[]`.
    phase: Value,
    /// Level `[1]`, trend `[1]` and season `[m]` of each smoothing; `None` for other members.
    smoothings: Vec<Option<[Value; 3]>>,
    /// [networks × 1 × 16], if there are networks.
    states: Option<Value>,
}

impl ForecastFile {
    /// The bytes of an ONNX file that takes in rows that came later and says what comes next, as
    /// [`ForecastModel::observe`] and [`ForecastModel::predict`]; [`onnx`](crate::onnx) has names, types and shapes.
    ///
    /// # Example
    /// ```
    /// use tegmentum_applied::forecast::{ForecastConfig, ForecastFile, Origin};
    ///
    /// let values: Vec<f64> = (0..60).map(|t| f64::from(t % 5)).collect();
    /// let model = ForecastConfig { horizon: 2, networks: 0, ..ForecastConfig::default() }.fit(&values)?.model;
    /// let file = ForecastFile { column: "y".into(), model, origin: Origin::default() };
    /// assert!(file.to_onnx().len() > 1000);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    #[must_use]
    pub fn to_onnx(&self) -> Vec<u8> {
        let model = &self.model;
        let mut graph = Graph::new("forecast", &[PREDICTION, HALF_WIDTHS]);
        let text = "the rows after those that were learned, in the order of time; there may be none";
        let values = graph.input(VALUES, ElementType::Double, &[Dim::Any("rows")], text);
        let known = (!model.known.is_empty()).then(|| all_known(&mut graph, model));
        let rows = graph.node("Shape", &[&values]);
        let at_end = looped(&mut graph, model, &values, known.as_ref(), &rows);
        let window = known.map(|known| window(&mut graph, &known, &rows, model.values.len() + model.horizon()));
        let mut all = base(&mut graph, model, &at_end, window.as_ref(), model.horizon());
        if let Some(states) = &at_end.states {
            let added = networks(&mut graph, model, states);
            all = graph.node("Add", &[&all, &added]);
        }
        let shape = [Dim::Of(model.horizon())];
        graph.output(PREDICTION, &all, ElementType::Double, &shape, "one for each row ahead, in the unit of the data");
        let widths = doubles(&mut graph, "widths", &[model.horizon(), 2], &model.half_widths.concat());
        let shape = [Dim::Of(model.horizon()), Dim::Of(2)];
        graph.output(HALF_WIDTHS, &widths, ElementType::Double, &shape, "of intervals of 80 % and 95 %");
        graph.into_bytes(&format!("{}, the next {} rows", self.column, model.horizon()), self.metadata())
    }

    /// What the file says of the model.
    fn metadata(&self) -> Vec<(String, String)> {
        let origin = &self.origin;
        let known: Vec<String> = origin.known.iter().map(ToString::to_string).collect();
        let mut entries = vec![
            ("kind", "forecast".to_owned()),
            ("column", self.column.clone()),
            ("rows", self.model.rows.to_string()),
            ("known", json!(known).to_string()),
            ("data", origin.data.clone()),
            ("seed", origin.seed.to_string()),
            ("command", origin.command.clone()),
            ("version", origin.version.clone()),
        ];
        if let Some([last, _]) = &origin.last {
            entries.push(("last_row", last.clone()));
        }
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

fn doubles(graph: &mut Graph, name: &str, shape: &[usize], values: &[f64]) -> Value {
    graph.constant(name, shape, Content::Doubles(values))
}

fn integers(graph: &mut Graph, name: &str, values: &[i64]) -> Value {
    graph.constant(name, &[values.len()], Content::Integers(values))
}

/// Elements of a vector or rows of a matrix, from the end where negative.
fn gathered(graph: &mut Graph, values: &Value, places: &[i64]) -> Value {
    let places = integers(graph, "places", places);
    graph.node("Gather", &[values, &places])
}

/// Those of a range, from the end where negative.
fn sliced(graph: &mut Graph, values: &Value, from: i64, to: i64) -> Value {
    let (from, to) = (integers(graph, "from", &[from]), integers(graph, "to", &[to]));
    graph.node("Slice", &[values, &from, &to])
}

fn joined(graph: &mut Graph, parts: &[&Value]) -> Value {
    let [all] = graph.apply(Operator::new("Concat").with("axis", Attribute::Int(0)), parts);
    all
}

fn clipped(graph: &mut Graph, value: &Value, (least, most): (f64, f64)) -> Value {
    let (least, most) = (doubles(graph, "least", &[], &[least]), doubles(graph, "most", &[], &[most]));
    graph.node("Clip", &[value, &least, &most])
}

/// Known inputs of the rows that are kept, of new rows and of those to come [rows × inputs].
fn all_known(graph: &mut Graph, model: &ForecastModel) -> Value {
    let (kept, inputs) = (model.values.len(), model.known.len());
    let text = "known inputs of the new rows, and of those to come behind them";
    let given = graph.input(KNOWN, ElementType::Double, &[Dim::Any("known_rows"), Dim::Of(inputs)], text);
    let before: Vec<f64> = (0..kept).flat_map(|row| model.known.iter().map(move |input| input[row])).collect();
    let before = doubles(graph, "known_before", &[kept, inputs], &before);
    joined(graph, &[&before, &given])
}

/// So many rows of the known inputs, from `start` `[1]` on.
fn window(graph: &mut Graph, known: &Value, start: &Value, rows: usize) -> Value {
    let length = integers(graph, "window", &[rows as i64]);
    let end = graph.node("Add", &[start, &length]);
    let axis = integers(graph, "axis", &[0]);
    graph.node("Slice", &[known, start, &end, &axis])
}

impl Carried {
    /// As it is behind the rows that were learned.
    fn first(graph: &mut Graph, model: &ForecastModel) -> Self {
        let smoothing = |graph: &mut Graph, member: &SettledMember| match &member.model {
            SettledModel::Ridge { .. } => None,
            SettledModel::Smoothing { state, .. } => {
                let mut season = state.season.clone();
                season.rotate_left(model.rows % state.season.len());
                Some([
                    doubles(graph, "level", &[1], &[state.level]),
                    doubles(graph, "trend", &[1], &[state.trend]),
                    doubles(graph, "season", &[season.len()], &season),
                ])
            }
        };
        let states: Vec<f32> = model.networks.iter().flat_map(|network| network.state).collect();
        Self {
            tail: doubles(graph, "last_values", &[model.values.len()], &model.values),
            phase: graph.constant("phase", &[], Content::Integers(&[(model.rows % model.season) as i64])),
            smoothings: model.base.members.iter().map(|member| smoothing(graph, member)).collect(),
            states: (!states.is_empty())
                .then(|| graph.constant("states", &[model.networks.len(), 1, UNITS], Content::Floats(&states))),
        }
    }

    /// All values, with their types and shapes.
    fn all(&self, model: &ForecastModel) -> Vec<(Value, ElementType, Vec<usize>)> {
        let mut all = vec![
            (self.tail.clone(), ElementType::Double, vec![model.values.len()]),
            (self.phase.clone(), ElementType::Int64, vec![]),
        ];
        for (member, own) in model.base.members.iter().zip(&self.smoothings) {
            if let (Some([level, trend, season]), SettledModel::Smoothing { state, .. }) = (own, &member.model) {
                all.push((level.clone(), ElementType::Double, vec![1]));
                all.push((trend.clone(), ElementType::Double, vec![1]));
                all.push((season.clone(), ElementType::Double, vec![state.season.len()]));
            }
        }
        if let Some(states) = &self.states {
            all.push((states.clone(), ElementType::Float, vec![model.networks.len(), 1, UNITS]));
        }
        all
    }

    /// The same from values in the order of [`all`](Self::all).
    fn from(&self, values: Vec<Value>) -> Self {
        let mut values = values.into_iter();
        // There are as many as `all` gave.
        let mut next = || values.next().unwrap_or_else(Value::none);
        Self {
            tail: next(),
            phase: next(),
            smoothings: self.smoothings.iter().map(|own| own.as_ref().map(|_| [next(), next(), next()])).collect(),
            states: self.states.as_ref().map(|_| next()),
        }
    }
}

/// What is carried behind the new rows.
fn looped(graph: &mut Graph, model: &ForecastModel, values: &Value, known: Option<&Value>, rows: &Value) -> Carried {
    let first = Carried::first(graph, model);
    let carried = first.all(model);
    let names: Vec<String> = (0..carried.len()).map(|index| format!("carried_{index}")).collect();
    let outputs: Vec<&str> = std::iter::once("goes_on").chain(names.iter().map(String::as_str)).collect();
    let mut body = graph.subgraph("row", &outputs);
    let row = body.input("row", ElementType::Int64, &[], "");
    let condition = body.input("condition", ElementType::Bool, &[], "");
    let inputs = carried.iter().map(|(_, element, shape)| {
        let shape: Vec<Dim<'_>> = shape.iter().map(|size| Dim::Of(*size)).collect();
        body.input("before", *element, &shape, "")
    });
    let before = first.from(inputs.collect());
    let after = step(&mut body, model, &before, (values, known, &row));
    body.output("goes_on", &condition, ElementType::Bool, &[], "");
    for (name, (value, element, shape)) in names.iter().zip(after.all(model)) {
        let shape: Vec<Dim<'_>> = shape.iter().map(|size| Dim::Of(*size)).collect();
        body.output(name, &value, element, &shape, "");
    }
    let axis = integers(graph, "axis_of_rows", &[0]);
    let count = graph.node("Squeeze", &[rows, &axis]);
    let none = Value::none();
    let inputs: Vec<&Value> = [&count, &none].into_iter().chain(carried.iter().map(|(value, ..)| value)).collect();
    let operator = Operator::new("Loop").with("body", Attribute::Graph(body.finish()));
    first.from(graph.apply_many(operator, &inputs, carried.len()))
}

/// Takes in one row.
fn step(
    graph: &mut Graph,
    model: &ForecastModel,
    before: &Carried,
    (values, known, row): (&Value, Option<&Value>, &Value),
) -> Carried {
    let axis = integers(graph, "axis_of_row", &[0]);
    let row = graph.node("Unsqueeze", &[row, &axis]);
    let value = graph.node("Gather", &[values, &row]);
    let states = before.states.as_ref().map(|states| {
        let known = known.map(|known| window(graph, known, &row, model.values.len() + 1));
        let predicted = base(graph, model, before, known.as_ref(), 1);
        network_step(graph, model, states, (&value, &before.tail, &predicted))
    });
    let followed = before.smoothings.iter().zip(&model.base.members).map(|(own, member)| match &member.model {
        SettledModel::Smoothing { rates, .. } => {
            own.as_ref().map(|own| smoothing_step(graph, member, rates, own, &value))
        }
        SettledModel::Ridge { .. } => None,
    });
    let smoothings = followed.collect();
    let kept = sliced(graph, &before.tail, 1, i64::MAX);
    let one = graph.constant("one", &[], Content::Integers(&[1]));
    let season = graph.constant("rows_of_season", &[], Content::Integers(&[model.season as i64]));
    let next = graph.node("Add", &[&before.phase, &one]);
    Carried { tail: joined(graph, &[&kept, &value]), phase: graph.node("Mod", &[&next, &season]), smoothings, states }
}

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
fn smoothing_step(
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
fn base(graph: &mut Graph, model: &ForecastModel, at: &Carried, known: Option<&Value>, horizons: usize) -> Value {
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

/// The states of all networks behind a row, [networks × 1 × 16].
fn network_step(
    graph: &mut Graph,
    model: &ForecastModel,
    states: &Value,
    (value, tail, predicted): (&Value, &Value, &Value),
) -> Value {
    let scale = doubles(graph, "scale_of_rest", &[], &model.scales[..1]);
    let rest = graph.node("Sub", &[value, predicted]);
    let rest = graph.node("Div", &[&rest, &scale]);
    let before = gathered(graph, tail, &[-1]);
    let change = graph.node("Sub", &[value, &before]);
    let row = joined(graph, &[value, &change, &rest]);
    let means = doubles(graph, "means", &[INPUTS], &model.moments.map(|moment| moment.0));
    let deviations = doubles(graph, "deviations", &[INPUTS], &model.moments.map(|moment| moment.1));
    let row = graph.node("Sub", &[&row, &means]);
    let row = graph.node("Div", &[&row, &deviations]);
    let row = clipped(graph, &row, (-recurrence::FARTHEST, recurrence::FARTHEST));
    let [row] = graph.apply(Operator::cast(ElementType::Float), &[&row]);
    let shape = integers(graph, "shape_of_row", &[1, 1, INPUTS as i64]);
    let row = graph.node("Reshape", &[&row, &shape]);
    let part = |graph: &mut Graph, name: &str, sources: std::ops::Range<usize>| {
        let values: Vec<f32> = model
            .networks
            .iter()
            .flat_map(|network| network.parameters[sources.start * UNITS..sources.end * UNITS].to_vec())
            .collect();
        graph.constant(name, &[model.networks.len(), sources.len(), UNITS], Content::Floats(&values))
    };
    let recurrent = part(graph, "recurrent_weights", 0..UNITS);
    let input = part(graph, "input_weights", UNITS..UNITS + INPUTS);
    let bias = part(graph, "bias", UNITS + INPUTS..UNITS + INPUTS + 1);
    let own = graph.node("MatMul", &[states, &recurrent]);
    let given = graph.node("MatMul", &[&row, &input]);
    let sums = graph.node("Add", &[&own, &given]);
    let sums = graph.node("Add", &[&sums, &bias]);
    graph.node("Tanh", &[&sums])
}

/// What the networks add to the base `[horizons]`.
fn networks(graph: &mut Graph, model: &ForecastModel, states: &Value) -> Value {
    let (horizons, count) = (model.horizon(), model.networks.len());
    let factor = |ahead: usize| model.network_weights[ahead] * model.scales[ahead] / count as f64;
    let of = |ahead: usize, unit: std::ops::Range<usize>| {
        let own = move |network: &recurrence::Settled| network.readouts[ahead][unit.clone()].to_vec();
        model.networks.iter().flat_map(own).map(move |beta| factor(ahead) * beta)
    };
    let beta: Vec<f64> = (0..horizons).flat_map(|ahead| of(ahead, 0..UNITS).collect::<Vec<_>>()).collect();
    let constant: Vec<f64> = (0..horizons).map(|ahead| of(ahead, UNITS..UNITS + 1).sum()).collect();
    let beta = doubles(graph, "readouts", &[horizons, count * UNITS], &beta);
    let constant = doubles(graph, "constants_of_readouts", &[horizons], &constant);
    let [states] = graph.apply(Operator::cast(ElementType::Double), &[states]);
    let shape = integers(graph, "all_states", &[-1]);
    let states = graph.node("Reshape", &[&states, &shape]);
    let sums = graph.node("MatMul", &[&beta, &states]);
    graph.node("Add", &[&sums, &constant])
}

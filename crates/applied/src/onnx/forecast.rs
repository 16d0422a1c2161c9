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

mod base;

use super::graph::{Attribute, Content, Dim, Graph, Operator, Value};
use super::messages::ElementType;
use crate::forecast::average::{SettledMember, SettledModel};
use crate::forecast::recurrence::{self, INPUTS, UNITS};
use crate::forecast::{Bounds, ForecastFile, ForecastModel};
use base::{predictions, smoothing_step};

const VALUES: &str = "values";
const KNOWN: &str = "known";
const PREDICTION: &str = "prediction";
const HALF_WIDTHS: &str = "half_widths";
const LOW: &str = "low";
const HIGH: &str = "high";

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
        let outputs = [PREDICTION, HALF_WIDTHS, LOW, HIGH];
        let outputs = if model.bounds.is_none() { &outputs[..2] } else { &outputs[..] };
        let mut graph = Graph::new("forecast", outputs);
        let text = "the rows after those that were learned, in the order of time; there may be none";
        let values = graph.input(VALUES, ElementType::Double, &[Dim::Any("rows")], text);
        let known = (!model.known.is_empty()).then(|| all_known(&mut graph, model));
        let rows = graph.node("Shape", &[&values]);
        let at_end = looped(&mut graph, model, &values, known.as_ref(), &rows);
        let window = known.map(|known| window(&mut graph, &known, &rows, model.values.len() + model.horizon()));
        let mut all = predictions(&mut graph, model, &at_end, window.as_ref(), model.horizon());
        if let Some(states) = &at_end.states {
            let added = networks(&mut graph, model, states);
            all = graph.node("Add", &[&all, &added]);
        }
        let widths = doubles(&mut graph, "widths", &[model.horizon(), 2], &model.half_widths.concat());
        let mut ends = Vec::new();
        if !model.bounds.is_none() {
            let axis = integers(&mut graph, "axis_of_widths", &[1]);
            let column = graph.node("Unsqueeze", &[&all, &axis]);
            for (name, operator) in [(LOW, "Sub"), (HIGH, "Add")] {
                let end = graph.node(operator, &[&column, &widths]);
                ends.push((name, cut(&mut graph, &end, model.bounds)));
            }
            all = cut(&mut graph, &all, model.bounds);
        }
        let shape = [Dim::Of(model.horizon()), Dim::Of(2)];
        let text = "one for each row ahead, in the unit of the data";
        graph.output(PREDICTION, &all, ElementType::Double, &shape[..1], text);
        graph.output(HALF_WIDTHS, &widths, ElementType::Double, &shape, "of intervals of 80 % and 95 %");
        for (name, end) in ends {
            graph.output(name, &end, ElementType::Double, &shape, "ends of these intervals, cut at the bounds");
        }
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

/// Between the bounds of a forecast.
fn cut(graph: &mut Graph, value: &Value, bounds: Bounds) -> Value {
    clipped(graph, value, (bounds.minimum.unwrap_or(f64::MIN), bounds.maximum.unwrap_or(f64::MAX)))
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
        let predicted = predictions(graph, model, before, known.as_ref(), 1);
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

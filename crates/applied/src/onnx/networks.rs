//! Networks as graphs.
//!
//! A perceptron is one `Gemm` for each layer. An Elman network is the operator `RNN` where that has the activation, else a `Scan`
//! over one step; a gated recurrent unit is the operator `GRU` with the reset gate before the product, whose equations are ours:
//!
//! ```text
//!     RNN   h_t = f(W u_t + R h_{t−1} + b)
//!     GRU   z, r = σ(W u_t + R h_{t−1} + b) ,  n = tanh(W u_t + R (r ∘ h_{t−1}) + b) ,  h_t = z ∘ h_{t−1} + (1 − z) ∘ n
//! ```
//! Matrices of these two are unit-major, so that ours are transposed.

use std::ops::Range;

use tegmentum::model::network::{Activation, Connection, Network};

use super::graph::{Attribute, Content, Dim, Graph, Operator, Value};
use super::messages::ElementType;

/// Names of what goes into a network and comes out of it.
pub(super) const INPUTS: &str = "inputs";
pub(super) const OUTPUTS: &str = "outputs";
pub(super) const STATE: &str = "state";
const INITIAL_STATE: &str = "initial_state";

/// A network with its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) network: &'a dyn Network,
    /// `[P]`.
    pub(crate) parameters: &'a [f32],
}

/// A part of the parameters as a matrix, input-major.
#[derive(Clone, Copy, Debug)]
struct Matrix<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> Matrix<'a> {
    /// Some of its rows.
    fn rows(self, rows: Range<usize>) -> Self {
        Self { values: &self.values[rows.start * self.columns..rows.end * self.columns], ..self }
    }

    /// Unit-major.
    fn transposed(self) -> impl Iterator<Item = f32> + use<'a> {
        (0..self.columns).flat_map(move |column| self.values.iter().skip(column).step_by(self.columns).copied())
    }
}

impl<'a> Source<'a> {
    fn connection(&self, index: usize) -> (Matrix<'a>, &'a [f32]) {
        let connection = &self.network.connections()[index];
        let weights = &self.parameters[connection.weights.clone()];
        (Matrix { values: weights, columns: connection.units.len() }, &self.parameters[connection.bias.clone()])
    }

    /// The name of these parameters: that of their block, or of their layer if they are several blocks.
    fn name(&self, range: &Range<usize>) -> String {
        let Some(block) = self.network.blocks().iter().find(|block| block.offset == range.start) else {
            return "weights".to_owned();
        };
        let layer = block.name.split('.').next().unwrap_or_default();
        if block.range() == *range { block.name.clone() } else { format!("{layer}.weights") }
    }

    /// A map as constants: its matrix [presynaptic × units] and its bias `[units]`.
    fn constants(&self, graph: &mut Graph, connection: &Connection) -> [Value; 2] {
        let (inputs, units) = (connection.presynaptic.len(), connection.units.len());
        let (weights, bias) = (connection.weights.clone(), connection.bias.clone());
        let shapes: [(Range<usize>, &[usize]); 2] = [(weights, &[inputs, units]), (bias, &[units])];
        shapes.map(|(range, shape)| {
            let name = self.name(&range);
            graph.constant(&name, shape, Content::Floats(&self.parameters[range]))
        })
    }
}

/// The outputs of a perceptron, [rows × outputs], from its inputs, [rows × inputs].
pub(crate) fn feed_forward(graph: &mut Graph, source: &Source<'_>, hidden: Activation, inputs: &Value) -> Value {
    let connections = source.network.connections();
    let mut value = inputs.clone();
    for (index, connection) in connections.iter().enumerate() {
        let [weights, bias] = source.constants(graph, connection);
        let sums = graph.node("Gemm", &[&value, &weights, &bias]);
        let is_output = index + 1 == connections.len();
        value = activate(graph, if is_output { source.network.output_activation() } else { hidden }, &sums);
    }
    value
}

/// A perceptron as a graph of its own.
pub(super) fn perceptron(source: &Source<'_>, hidden: Activation) -> Graph {
    let mut graph = Graph::new("mlp", &[OUTPUTS]);
    let shape = |size: usize| [Dim::Any("rows"), Dim::Of(size)];
    let width = source.network.input_rows().len();
    let inputs = graph.input(INPUTS, ElementType::Float, &shape(width), "");
    let value = feed_forward(&mut graph, source, hidden, &inputs);
    let width = source.network.output_rows().len();
    graph.output(OUTPUTS, &value, ElementType::Float, &shape(width), "");
    graph
}

/// States of a recurrent network: all of them, [steps × rows × hidden], and the last one, [rows × hidden].
#[derive(Clone, Debug)]
pub(crate) struct States {
    all: Value,
    last: Value,
}

/// A recurrent network as a graph of its own: `states` makes its states from inputs and first state.
fn recurrent(
    name: &str,
    source: &Source<'_>,
    hidden: usize,
    states: impl FnOnce(&mut Graph, &Value, &Value) -> States,
) -> Graph {
    let mut graph = Graph::new(name, &[OUTPUTS, STATE]);
    let shape = |size: usize| [Dim::Any("steps"), Dim::Any("rows"), Dim::Of(size)];
    let inputs = graph.input(INPUTS, ElementType::Float, &shape(source.network.input_rows().len()), "");
    let text = "the state before the first step; zeros if it is left out";
    let first = [Dim::Any("rows_of_state"), Dim::Of(hidden)];
    let first = graph.input_or(INITIAL_STATE, &first, &vec![0.0; hidden], text);
    let first = for_every_row(&mut graph, &first, &inputs, hidden);
    let States { all, last } = states(&mut graph, &inputs, &first);
    let connections = source.network.connections();
    let [weights, bias] = source.constants(&mut graph, &connections[connections.len() - 1]);
    let products = graph.node("MatMul", &[&all, &weights]);
    let sums = graph.node("Add", &[&products, &bias]);
    let outputs = activate(&mut graph, source.network.output_activation(), &sums);
    graph.output(OUTPUTS, &outputs, ElementType::Float, &shape(source.network.output_rows().len()), "");
    let state = [Dim::Any("rows"), Dim::Of(hidden)];
    graph.output(STATE, &last, ElementType::Float, &state, "the state after the last step");
    graph
}

/// The first state once for every row of the inputs, if it is not there for each.
fn for_every_row(graph: &mut Graph, state: &Value, inputs: &Value, hidden: usize) -> Value {
    let shape = Operator::new("Shape").with("start", Attribute::Int(1)).with("end", Attribute::Int(2));
    let [rows] = graph.apply(shape, &[inputs]);
    let width = graph.constant("hidden_units", &[1], Content::Integers(&[hidden as i64]));
    let [shape] = graph.apply(Operator::new("Concat").with("axis", Attribute::Int(0)), &[&rows, &width]);
    graph.node("Expand", &[state, &shape])
}

/// An Elman network.
pub(super) fn elman(source: &Source<'_>, activation: Activation) -> Graph {
    let (weights, bias) = source.connection(0);
    let (inputs, hidden) = (source.network.input_rows().len(), weights.columns);
    let operator = match activation {
        Activation::Tanh => Some("Tanh"),
        Activation::Relu => Some("Relu"),
        Activation::Logistic => Some("Sigmoid"),
        Activation::Linear | Activation::Step | Activation::Softmax => None,
    };
    let (input, own) = (weights.rows(0..inputs), weights.rows(inputs..inputs + hidden));
    recurrent("elman", source, hidden, |graph, values, first| match operator {
        Some(activation) => {
            let activations = Attribute::Texts(vec![activation.to_owned()]);
            let operator = Operator::new("RNN").with("activations", activations);
            let maps = Maps { input: vec![input], recurrent: vec![own], bias: vec![bias], inputs, hidden };
            maps.states(graph, operator, values, first)
        }
        None => scan(graph, source, activation, values, first),
    })
}

/// A gated recurrent unit.
pub(super) fn gru(source: &Source<'_>) -> Graph {
    let (gates, candidate) = (source.connection(0), source.connection(1));
    let (inputs, hidden) = (source.network.input_rows().len(), candidate.0.columns);
    let maps = Maps {
        input: [gates, candidate].map(|(matrix, _)| matrix.rows(0..inputs)).to_vec(),
        recurrent: [gates, candidate].map(|(matrix, _)| matrix.rows(inputs..inputs + hidden)).to_vec(),
        bias: vec![gates.1, candidate.1],
        inputs,
        hidden,
    };
    recurrent("gru", source, hidden, |graph, values, first| {
        let operator = Operator::new("GRU").with("linear_before_reset", Attribute::Int(0));
        maps.states(graph, operator, values, first)
    })
}

/// What feeds the units of a recurrent operator, in its order of units.
struct Maps<'a> {
    /// [inputs × units] together.
    input: Vec<Matrix<'a>>,
    /// [hidden × units] together.
    recurrent: Vec<Matrix<'a>>,
    /// `[units]` together.
    bias: Vec<&'a [f32]>,
    inputs: usize,
    hidden: usize,
}

impl Maps<'_> {
    /// The states that `RNN` or `GRU` makes.
    fn states(&self, graph: &mut Graph, operator: Operator, inputs: &Value, first: &Value) -> States {
        let transposed = |parts: &[Matrix<'_>]| parts.iter().flat_map(|part| part.transposed()).collect::<Vec<f32>>();
        let (input, recurrent) = (transposed(&self.input), transposed(&self.recurrent));
        let mut bias = self.bias.concat();
        let units = bias.len();
        // These operators have a second bias, of the recurrent part.
        bias.resize(2 * units, 0.0);
        let input = graph.constant("hidden.input", &[1, units, self.inputs], Content::Floats(&input));
        let recurrent = graph.constant("hidden.recurrent", &[1, units, self.hidden], Content::Floats(&recurrent));
        let bias = graph.constant("hidden.bias", &[1, 2 * units], Content::Floats(&bias));
        let direction = graph.constant("direction_axis", &[1], Content::Integers(&[0]));
        let first = graph.node("Unsqueeze", &[first, &direction]);
        let operator = operator.with("hidden_size", Attribute::Int(self.hidden as i64));
        let [all, last] = graph.apply(operator, &[inputs, &input, &recurrent, &bias, &Value::none(), &first]);
        let axis = graph.constant("direction_axis_of_states", &[1], Content::Integers(&[1]));
        States { all: graph.node("Squeeze", &[&all, &axis]), last: graph.node("Squeeze", &[&last, &direction]) }
    }
}

/// The states of an Elman network whose activation the operator `RNN` does not have.
fn scan(graph: &mut Graph, source: &Source<'_>, activation: Activation, inputs: &Value, first: &Value) -> States {
    let connection = &source.network.connections()[0];
    let shape = |size: usize| [Dim::Any("rows"), Dim::Of(size)];
    let (width, hidden) = (source.network.input_rows().len(), connection.units.len());
    let mut step = graph.subgraph("step", &["new_state", "state_of_step"]);
    let previous = step.input("previous_state", ElementType::Float, &shape(hidden), "");
    let input = step.input("input", ElementType::Float, &shape(width), "");
    let [weights, bias] = source.constants(&mut step, connection);
    let [both] = step.apply(Operator::new("Concat").with("axis", Attribute::Int(1)), &[&input, &previous]);
    let sums = step.node("Gemm", &[&both, &weights, &bias]);
    let state = activate(&mut step, activation, &sums);
    step.output("new_state", &state, ElementType::Float, &shape(hidden), "");
    step.output("state_of_step", &state, ElementType::Float, &shape(hidden), "");
    let operator =
        Operator::new("Scan").with("num_scan_inputs", Attribute::Int(1)).with("body", Attribute::Graph(step.finish()));
    let [last, all] = graph.apply(operator, &[first, inputs]);
    States { all, last }
}

/// Activations of sums; softmax is over the last axis.
fn activate(graph: &mut Graph, activation: Activation, sums: &Value) -> Value {
    match activation {
        Activation::Tanh => graph.node("Tanh", &[sums]),
        Activation::Relu => graph.node("Relu", &[sums]),
        Activation::Logistic => graph.node("Sigmoid", &[sums]),
        Activation::Linear => sums.clone(),
        Activation::Step => {
            let zero = graph.constant("threshold", &[], Content::Floats(&[0.0]));
            let is_above = graph.node("Greater", &[sums, &zero]);
            let [value] = graph.apply(Operator::cast(ElementType::Float), &[&is_above]);
            value
        }
        Activation::Softmax => {
            let [value] = graph.apply(Operator::new("Softmax").with("axis", Attribute::Int(-1)), &[sums]);
            value
        }
    }
}

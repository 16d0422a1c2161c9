//! A model of a table as a graph: cells in, predictions out.
//!
//! ```text
//!     numbers      Concat → (v − mean)/deviation → Clip → 0 where NaN ,   1 where NaN
//!     a category   LabelEncoder: the place of the cell, or −1 → Equal to 0, 1, … : one input for each level
//!     all          Concat → Gather: the order of the model → the perceptron
//! ```
//! The numbers are standardised together, in `f64`, as [`encoding`](crate::tabular) does it.

use std::collections::HashSet;

use serde_json::json;

use super::graph::{Attribute, Content, Dim, Graph, Operator, Value};
use super::messages::ElementType;
use super::networks::{Source, feed_forward};
use crate::tabular::{Coded, Coding, FARTHEST, HIDDEN, TabularModel, Target};

const LABEL: &str = "label";
const PROBABILITIES: &str = "probabilities";
const PREDICTION: &str = "prediction";

/// Inputs of the network that are made already, with their places in the order of the model.
#[derive(Debug, Default)]
struct Parts {
    values: Vec<Value>,
    places: Vec<usize>,
}

impl TabularModel {
    /// The bytes of an ONNX file that takes cells as they are and gives what [`predict`](TabularModel::predict) says;
    /// [`onnx`](crate::onnx) has names, types and shapes.
    ///
    /// # Example
    /// ```
    /// use tegmentum_applied::table::{ReadOptions, Table};
    /// use tegmentum_applied::tabular::fit;
    ///
    /// let rows: String = (0..40).map(|row| format!("{},{}\n", row % 8, f64::from(row % 8) / 2.0)).collect();
    /// let table = Table::from_csv(format!("x,y\n{rows}").as_bytes(), "line.csv", &ReadOptions::default())?;
    /// let model = fit(&table, "y").hidden(&[4]).evaluations(300).run()?.model;
    /// let folder = tempfile::tempdir().unwrap();
    /// tegmentum::file::write_file(&folder.path().join("line.onnx"), &model.to_onnx())?;
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    #[must_use]
    pub fn to_onnx(&self) -> Vec<u8> {
        let outputs: &[&str] = match self.target {
            Target::Classes { .. } => &[LABEL, PROBABILITIES],
            Target::Number { .. } => &[PREDICTION],
        };
        let mut graph = Graph::new("tabular", outputs);
        let cells = self.cells(&mut graph);
        let inputs = self.encoded(&mut graph, &cells);
        let source = Source { network: &*self.network, parameters: &self.parameters };
        let values = feed_forward(&mut graph, &source, HIDDEN, &inputs);
        match &self.target {
            Target::Classes { classes, .. } => label(&mut graph, &values, classes),
            Target::Number { mean, deviation, .. } => prediction(&mut graph, &values, *mean, *deviation),
        }
        let text = format!("{} from the other columns of a table, learned by Tegmentum", self.target());
        graph.into_bytes(&text, self.metadata(&cells))
    }

    /// An input of the graph for each column.
    fn cells(&self, graph: &mut Graph) -> Vec<Value> {
        let shape = [Dim::Any("rows"), Dim::Of(1)];
        let input = |column: &Coded| {
            let (element, text) = match &column.coding {
                Coding::Number { .. } => (ElementType::Double, "numbers, NaN where one is missing"),
                Coding::Category { .. } => (ElementType::String, "names, empty where one is missing"),
            };
            graph.input(&column.name, element, &shape, text)
        };
        self.encoding.columns.iter().map(input).collect()
    }

    /// The inputs of the network, [rows × inputs], from cells.
    fn encoded(&self, graph: &mut Graph, cells: &[Value]) -> Value {
        let mut numbers = Numbers::default();
        let mut parts = Parts::default();
        for ((column, range), cell) in self.encoding.columns.iter().zip(self.encoding.ranges()).zip(cells) {
            match &column.coding {
                Coding::Number { mean, deviation, missing } => {
                    let flag = missing.then(|| (numbers.cells.len() as i64, range.end - 1));
                    numbers.flags.extend(flag);
                    numbers.cells.push(cell);
                    numbers.means.push(*mean);
                    numbers.deviations.push(*deviation);
                    numbers.places.push(range.start);
                }
                Coding::Category { levels, .. } => {
                    parts.values.push(one_hot(graph, cell, &column.coding, levels));
                    parts.places.extend(range);
                }
            }
        }
        if !numbers.cells.is_empty() {
            numbers.write(graph, &mut parts);
        }
        parts.in_order(graph)
    }

    /// What the file says of the model.
    fn metadata(&self, cells: &[Value]) -> Vec<(String, String)> {
        let mut entries =
            vec![("kind".to_owned(), "tabular".to_owned()), ("target".to_owned(), self.target().to_owned())];
        if let Target::Classes { classes, .. } = &self.target {
            entries.push(("classes".to_owned(), json!(classes).to_string()));
        }
        let columns = self.encoding.columns.iter().zip(cells).map(|(column, cell)| match &column.coding {
            Coding::Number { .. } => json!({"input": cell.name(), "column": column.name, "kind": "number"}),
            Coding::Category { levels, .. } => {
                json!({"input": cell.name(), "column": column.name, "kind": "category", "levels": levels})
            }
        });
        entries.push(("columns".to_owned(), columns.collect::<serde_json::Value>().to_string()));
        if let Ok(serde_json::Value::Object(provenance)) = serde_json::to_value(self.provenance()) {
            let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            entries.extend(provenance.into_iter().map(|(key, value)| (key, text(value))));
        }
        entries
    }
}

/// The columns of numbers, which are standardised together.
#[derive(Debug, Default)]
struct Numbers<'a> {
    cells: Vec<&'a Value>,
    means: Vec<f64>,
    deviations: Vec<f64>,
    /// Where each number stands in the order of the model.
    places: Vec<usize>,
    /// Columns whose missing cells have an input of their own, and its place.
    flags: Vec<(i64, usize)>,
}

impl Numbers<'_> {
    /// Adds the standardised numbers, and the inputs for missing ones.
    fn write(&self, graph: &mut Graph, parts: &mut Parts) {
        let count = self.cells.len();
        let values = concatenated(graph, &self.cells);
        let means = graph.constant("means", &[count], Content::Doubles(&self.means));
        let deviations = graph.constant("deviations", &[count], Content::Doubles(&self.deviations));
        let distances = graph.node("Sub", &[&values, &means]);
        let distances = graph.node("Div", &[&distances, &deviations]);
        let least = graph.constant("least", &[], Content::Doubles(&[-FARTHEST]));
        let most = graph.constant("most", &[], Content::Doubles(&[FARTHEST]));
        let distances = graph.node("Clip", &[&distances, &least, &most]);
        let [distances] = graph.apply(Operator::cast(ElementType::Float), &[&distances]);
        let is_missing = graph.node("IsNaN", &[&values]);
        let zero = graph.constant("zero", &[], Content::Floats(&[0.0]));
        parts.values.push(graph.node("Where", &[&is_missing, &zero, &distances]));
        parts.places.extend(&self.places);
        if !self.flags.is_empty() {
            let (columns, places): (Vec<i64>, Vec<usize>) = self.flags.iter().copied().unzip();
            let [flags] = graph.apply(Operator::cast(ElementType::Float), &[&is_missing]);
            parts.values.push(gather(graph, &flags, "columns_with_missing_cells", &columns));
            parts.places.extend(places);
        }
    }
}

impl Parts {
    /// All parts side by side, in the order of the model.
    fn in_order(self, graph: &mut Graph) -> Value {
        let all = concatenated(graph, &self.values.iter().collect::<Vec<_>>());
        if self.places.is_sorted() {
            return all;
        }
        let mut from = vec![0; self.places.len()];
        for (here, &place) in self.places.iter().enumerate() {
            from[place] = here as i64;
        }
        gather(graph, &all, "order_of_inputs", &from)
    }
}

/// Matrices side by side.
fn concatenated(graph: &mut Graph, values: &[&Value]) -> Value {
    let [all] = graph.apply(Operator::new("Concat").with("axis", Attribute::Int(1)), values);
    all
}

/// Columns of a matrix.
fn gather(graph: &mut Graph, values: &Value, name: &str, columns: &[i64]) -> Value {
    let columns = graph.constant(name, &[columns.len()], Content::Integers(columns));
    let [gathered] = graph.apply(Operator::new("Gather").with("axis", Attribute::Int(1)), &[values, &columns]);
    gathered
}

/// The inputs of a category.
fn one_hot(graph: &mut Graph, cell: &Value, coding: &Coding, levels: &[String]) -> Value {
    let number = |place: Option<usize>| place.map_or(-1, |place| place as i64);
    let mut known = HashSet::new();
    let (mut keys, mut places) = (Vec::new(), Vec::new());
    let mut add = |key: String, place: i64| {
        if known.insert(key.clone()) {
            keys.push(key);
            places.push(place);
        }
    };
    for missing in crate::table::missing_cells() {
        add(missing, number(coding.place(None)));
    }
    for spelling in levels.iter().flat_map(|level| spellings(level)) {
        let place = number(coding.place(Some(&spelling)));
        add(spelling, place);
    }
    let encoder = Operator::ml("LabelEncoder")
        .with("keys_strings", Attribute::Texts(keys))
        .with("values_int64s", Attribute::Ints(places))
        .with("default_int64", Attribute::Int(number(coding.unseen())));
    let [place] = graph.apply(encoder, &[cell]);
    let every: Vec<i64> = (0..coding.width() as i64).collect();
    let every = graph.constant("places", &[1, every.len()], Content::Integers(&every));
    let is_it = graph.node("Equal", &[&place, &every]);
    let [inputs] = graph.apply(Operator::cast(ElementType::Float), &[&is_it]);
    inputs
}

/// A level as it may be written: a number with and without a fraction of zero.
fn spellings(level: &str) -> Vec<String> {
    let number = level.parse::<f64>().ok().filter(|number| number.is_finite());
    let forms = number.into_iter().flat_map(|number| [format!("{number}"), format!("{number:?}")]);
    [level.to_owned()].into_iter().chain(forms).collect()
}

/// Probabilities, and the class of the largest, the first of several.
fn label(graph: &mut Graph, probabilities: &Value, classes: &[String]) {
    let largest = Operator::new("ArgMax").with("axis", Attribute::Int(1)).with("keepdims", Attribute::Int(0));
    let [place] = graph.apply(largest, &[probabilities]);
    let names = Operator::ml("LabelEncoder")
        .with("keys_int64s", Attribute::Ints((0..classes.len() as i64).collect()))
        .with("values_strings", Attribute::Texts(classes.to_vec()));
    let [name] = graph.apply(names, &[&place]);
    graph.output(LABEL, &name, ElementType::String, &[Dim::Any("rows")], "the most probable class");
    let shape = [Dim::Any("rows"), Dim::Of(classes.len())];
    graph.output(PROBABILITIES, probabilities, ElementType::Float, &shape, &format!("of {}", classes.join(", ")));
}

/// The number in the unit of the target.
fn prediction(graph: &mut Graph, standardised: &Value, mean: f64, deviation: f64) {
    let [value] = graph.apply(Operator::cast(ElementType::Double), &[standardised]);
    let deviation = graph.constant("deviation_of_target", &[], Content::Doubles(&[deviation]));
    let mean = graph.constant("mean_of_target", &[], Content::Doubles(&[mean]));
    let scaled = graph.node("Mul", &[&value, &deviation]);
    let number = graph.node("Add", &[&scaled, &mean]);
    let shape = [Dim::Any("rows"), Dim::Of(1)];
    graph.output(PREDICTION, &number, ElementType::Double, &shape, "in the unit of the target");
}

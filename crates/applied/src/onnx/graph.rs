//! A graph of ONNX operators while it is built, and the bytes of a model.
//!
//! Names are made so that each stands once, subgraphs included: the names of outputs are taken first, inputs and constants have the
//! name that was asked for unless it is taken, and everything in between is called after its operator.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use prost::Message as _;

use super::messages::{
    AttributeKind, AttributeProto, DimensionProto, ElementType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    Size, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// The version of the format.
const IR_VERSION: i64 = 8;
/// The version of the standard operators.
const OPSET: i64 = 17;
/// The operators of `ai.onnx.ml`, and their version.
const ML: (&str, i64) = ("ai.onnx.ml", 3);

/// Something that is computed or given in a graph, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value(String);

impl Value {
    /// An input of an operator that is left out.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// A size of a tensor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dim<'a> {
    /// A size that is known.
    Of(usize),
    /// A size that is known when the model runs; the same name is the same size.
    Any(&'a str),
}

/// The content of a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    Floats(&'a [f32]),
    Doubles(&'a [f64]),
    Integers(&'a [i64]),
}

/// A setting of an operator.
#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    Graph(GraphProto),
}

/// An operator with its settings.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    name: &'static str,
    domain: &'static str,
    attributes: Vec<AttributeProto>,
}

impl Operator {
    /// A standard operator.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, domain: "", attributes: Vec::new() }
    }

    /// An operator of `ai.onnx.ml`.
    pub(crate) fn ml(name: &'static str) -> Self {
        Self { domain: ML.0, ..Self::new(name) }
    }

    /// The operator that makes numbers of a kind from others.
    pub(crate) fn cast(element: ElementType) -> Self {
        Self::new("Cast").with("to", Attribute::Int(element as i64))
    }

    /// The same with a setting.
    pub(crate) fn with(mut self, name: &str, attribute: Attribute) -> Self {
        let mut proto = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        let kind = match attribute {
            Attribute::Int(value) => {
                proto.i = Some(value);
                AttributeKind::Int
            }
            Attribute::Ints(values) => {
                proto.ints = values;
                AttributeKind::Ints
            }
            Attribute::Texts(texts) => {
                proto.strings = texts.into_iter().map(String::into_bytes).collect();
                AttributeKind::Strings
            }
            Attribute::Graph(graph) => {
                proto.g = Some(graph);
                AttributeKind::Graph
            }
        };
        proto.set_kind(kind);
        self.attributes.push(proto);
        self
    }
}

/// A graph while it is built.
#[derive(Debug)]
pub(crate) struct Graph {
    proto: GraphProto,
    /// The values behind the outputs, in their order.
    behind: Vec<Value>,
    /// Names that are taken, here and in all graphs around this one.
    taken: Rc<RefCell<HashSet<String>>>,
}

impl Graph {
    /// An empty graph, which will have outputs of these names.
    pub(crate) fn new(name: &str, outputs: &[&str]) -> Self {
        let taken = Rc::new(RefCell::new(outputs.iter().map(|&output| output.to_owned()).collect()));
        Self { proto: GraphProto { name: name.to_owned(), ..GraphProto::default() }, behind: Vec::new(), taken }
    }

    /// An empty graph that is to be an attribute of an operator in this one, and may read the values here.
    pub(crate) fn subgraph(&self, name: &str, outputs: &[&str]) -> Self {
        self.taken.borrow_mut().extend(outputs.iter().map(|&output| output.to_owned()));
        let proto = GraphProto { name: name.to_owned(), ..GraphProto::default() };
        Self { proto, behind: Vec::new(), taken: Rc::clone(&self.taken) }
    }

    /// An input, called `name` unless that is taken.
    pub(crate) fn input(&mut self, name: &str, element: ElementType, shape: &[Dim<'_>], text: &str) -> Value {
        let name = self.free(name, name);
        self.proto.input.push(value_info(&name, element, shape, text));
        Value(name)
    }

    /// An input that may be left out, and is then this row of numbers.
    pub(crate) fn input_or(&mut self, name: &str, shape: &[Dim<'_>], otherwise: &[f32], text: &str) -> Value {
        let value = self.input(name, ElementType::Float, shape, text);
        let tensor = tensor(value.name(), &[1, otherwise.len()], Content::Floats(otherwise));
        self.proto.initializer.push(tensor);
        value
    }

    /// A constant, called `name` unless that is taken.
    pub(crate) fn constant(&mut self, name: &str, shape: &[usize], content: Content<'_>) -> Value {
        let name = self.free(name, name);
        self.proto.initializer.push(tensor(&name, shape, content));
        Value(name)
    }

    /// What a standard operator without settings makes of these inputs.
    pub(crate) fn node(&mut self, operator: &'static str, inputs: &[&Value]) -> Value {
        let [value] = self.apply(Operator::new(operator), inputs);
        value
    }

    /// What an operator makes of these inputs: `N` outputs.
    pub(crate) fn apply<const N: usize>(&mut self, operator: Operator, inputs: &[&Value]) -> [Value; N] {
        let mut outputs = self.apply_many(operator, inputs, N).into_iter();
        // There are as many as were asked for.
        std::array::from_fn(|_| outputs.next().unwrap_or_else(Value::none))
    }

    /// The same with a number of outputs that is not known before.
    pub(crate) fn apply_many(&mut self, operator: Operator, inputs: &[&Value], count: usize) -> Vec<Value> {
        let stem = operator.name.to_lowercase();
        let outputs: Vec<Value> = (0..count).map(|_| Value(self.free("", &stem))).collect();
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: outputs.iter().map(|value| value.0.clone()).collect(),
            name: outputs.first().map(|value| value.0.clone()).unwrap_or_default(),
            op_type: operator.name.to_owned(),
            domain: operator.domain.to_owned(),
            attribute: operator.attributes,
        });
        outputs
    }

    /// Makes `value` an output, called `name`, which [`new`](Self::new) was told of.
    pub(crate) fn output(&mut self, name: &str, value: &Value, element: ElementType, shape: &[Dim<'_>], text: &str) {
        self.proto.output.push(value_info(name, element, shape, text));
        self.behind.push(value.clone());
    }

    /// The graph: a value that is an output has the output's name.
    pub(crate) fn finish(mut self) -> GraphProto {
        let mut renamed: HashMap<String, String> = HashMap::new();
        for (output, value) in self.proto.output.iter().zip(&self.behind) {
            let is_made_here = self.proto.node.iter().any(|node| node.output.contains(&value.0));
            if is_made_here && !renamed.contains_key(&value.0) {
                renamed.insert(value.0.clone(), output.name.clone());
            } else {
                // It has a name already, which must stay.
                self.proto.node.push(NodeProto {
                    input: vec![value.0.clone()],
                    output: vec![output.name.clone()],
                    name: output.name.clone(),
                    op_type: "Identity".to_owned(),
                    ..NodeProto::default()
                });
            }
        }
        rename(&mut self.proto, &renamed);
        self.proto
    }

    /// The bytes of a model of this graph.
    pub(crate) fn into_bytes(self, text: &str, metadata: impl IntoIterator<Item = (String, String)>) -> Vec<u8> {
        let graph = self.finish();
        let uses_ml = graph.node.iter().any(|node| node.domain == ML.0);
        let opset = |(domain, version): (&str, i64)| OperatorSetIdProto { domain: domain.to_owned(), version };
        let model = ModelProto {
            ir_version: IR_VERSION,
            opset_import: [opset(("", OPSET))].into_iter().chain(uses_ml.then(|| opset(ML))).collect(),
            producer_name: "tegmentum".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: text.to_owned(),
            graph: Some(graph),
            metadata_props: metadata.into_iter().map(|(key, value)| StringStringEntryProto { key, value }).collect(),
        };
        model.encode_to_vec()
    }

    /// `name` if there is one and it is not taken, else `stem` with the first number that makes a new name of it.
    fn free(&self, name: &str, stem: &str) -> String {
        let mut taken = self.taken.borrow_mut();
        let mut free = name.to_owned();
        let mut number = 0usize;
        while free.is_empty() || taken.contains(&free) {
            number += 1;
            free = format!("{stem}_{number}");
        }
        taken.insert(free.clone());
        free
    }
}

/// Gives values their new names, in subgraphs too.
fn rename(graph: &mut GraphProto, renamed: &HashMap<String, String>) {
    for node in &mut graph.node {
        for name in node.input.iter_mut().chain(&mut node.output) {
            if let Some(new) = renamed.get(name) {
                name.clone_from(new);
            }
        }
        node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()).for_each(|inner| rename(inner, renamed));
    }
}

fn value_info(name: &str, element: ElementType, shape: &[Dim<'_>], text: &str) -> ValueInfoProto {
    let size = |dim: &Dim<'_>| match *dim {
        Dim::Of(size) => Size::Known(size as i64),
        Dim::Any(name) => Size::Named(name.to_owned()),
    };
    let dimensions = shape.iter().map(|dim| DimensionProto { size: Some(size(dim)) }).collect();
    let tensor = TensorTypeProto { element: element as i32, shape: Some(TensorShapeProto { dimensions }) };
    let kind = Some(TypeProto { tensor: Some(tensor) });
    ValueInfoProto { name: name.to_owned(), kind, doc_string: text.to_owned() }
}

fn tensor(name: &str, shape: &[usize], content: Content<'_>) -> TensorProto {
    let (element, raw_data) = match content {
        Content::Floats(values) => (ElementType::Float, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Content::Doubles(values) => {
            (ElementType::Double, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        Content::Integers(values) => {
            (ElementType::Int64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
    };
    let dims = shape.iter().map(|&size| size as i64).collect();
    TensorProto { dims, data_type: element as i32, name: name.to_owned(), raw_data, ..TensorProto::default() }
}

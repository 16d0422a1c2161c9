//! What stands in exported files; that other programs compute the same with them is checked by `cargo xtask test`.

use prost::Message as _;
use tegmentum::model::network::{Activation, Network, NetworkSettings};
use tegmentum::model::networks::elman::ElmanConfig;
use tegmentum::model::networks::mlp::MlpConfig;
use tegmentum::numerics::Numerics;
use tegmentum::random::Key;
use tegmentum::registry::Description;

use super::messages::{ElementType, GraphProto, ModelProto, Size, TensorProto, ValueInfoProto};
use super::*;
use crate::forecast::{Bounds, ForecastConfig, ForecastFile, ForecastModel, Origin};
use crate::table::{ReadOptions, Table};
use crate::tabular::{TabularModel, fit};

fn decoded(bytes: &[u8]) -> (ModelProto, GraphProto) {
    let model = ModelProto::decode(bytes).unwrap();
    let graph = model.graph.clone().unwrap();
    (model, graph)
}

fn exported(config: &NetworkConfig) -> GraphProto {
    let parameters = config.build(3, 2).unwrap().initialise(Key::from_seed(1));
    decoded(&export_network(config, 3, 2, &parameters).unwrap()).1
}

fn operators(graph: &GraphProto) -> Vec<&str> {
    graph.node.iter().map(|node| node.op_type.as_str()).collect()
}

/// Inputs or outputs: name, what it holds, its shape.
fn described(values: &[ValueInfoProto]) -> Vec<(&str, ElementType, String)> {
    let one = |value: &ValueInfoProto| {
        let tensor = value.kind.as_ref().unwrap().tensor.as_ref().unwrap().clone();
        let sizes = tensor.shape.as_ref().unwrap().dimensions.iter().map(|dimension| match dimension.size.clone() {
            Some(Size::Known(size)) => size.to_string(),
            Some(Size::Named(name)) => name,
            None => String::new(),
        });
        (tensor.element(), sizes.collect::<Vec<_>>().join(" "))
    };
    let all = values.iter().map(|value| (value.name.as_str(), one(value)));
    all.map(|(name, (element, shape))| (name, element, shape)).collect()
}

fn constant<'a>(graph: &'a GraphProto, name: &str) -> &'a TensorProto {
    graph.initializer.iter().find(|tensor| tensor.name == name).unwrap()
}

fn floats(tensor: &TensorProto) -> Vec<f32> {
    tensor.raw_data.as_chunks().0.iter().map(|bytes: &[u8; 4]| f32::from_le_bytes(*bytes)).collect()
}

/// Every name is made once, and before it is read; subgraphs see what is around them.
fn check_names(graph: &GraphProto, outside: &[String]) {
    let mut known = outside.to_vec();
    known.push(String::new());
    let inputs = graph.input.iter().map(|input| &input.name);
    // An input with a constant is one that may be left out.
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    let constants = constants.filter(|&name| graph.input.iter().all(|input| input.name != *name));
    for name in inputs.chain(constants) {
        assert!(!known.contains(name), "{name} twice");
        known.push(name.clone());
    }
    for node in &graph.node {
        assert!(node.input.iter().all(|name| known.contains(name)), "{node:?} reads what is not there");
        node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()).for_each(|inner| check_names(inner, &known));
        for name in &node.output {
            assert!(!known.contains(name), "{name} twice");
            known.push(name.clone());
        }
    }
    assert!(graph.output.iter().all(|output| known.contains(&output.name)));
}

#[test]
fn every_registered_network_is_exported() {
    for config in NetworkConfig::registry() {
        if matches!(config, NetworkConfig::Registered(_)) {
            continue;
        }
        let graph = exported(&config);
        check_names(&graph, &[]);
        let numbers: usize = graph.initializer.iter().map(|tensor| floats(tensor).len()).sum();
        assert!(numbers >= config.build(3, 2).unwrap().num_parameters(), "{}", config.name());
        assert_eq!(graph.output[0].name, "outputs");
    }
}

#[test]
fn a_perceptron_is_a_product_for_each_layer() {
    let config = MlpConfig { hidden: vec![4, 5], output_activation: Activation::Softmax, ..MlpConfig::default() };
    let config = NetworkConfig::from(config);
    let network = config.build(3, 2).unwrap();
    let parameters = network.initialise(Key::from_seed(2));
    let bytes = export_network(&config, 3, 2, &parameters).unwrap();
    let (model, graph) = decoded(&bytes);
    assert_eq!((model.ir_version, model.producer_name.as_str()), (8, "tegmentum"));
    assert_eq!(model.opset_import.len(), 1, "nothing of ai.onnx.ml");
    assert!(model.metadata_props[0].value.contains(r#""hidden":[4,5]"#), "{:?}", model.metadata_props);
    assert_eq!(operators(&graph), ["Gemm", "Tanh", "Gemm", "Tanh", "Gemm", "Softmax"]);
    assert_eq!(described(&graph.input), [("inputs", ElementType::Float, "rows 3".to_owned())]);
    assert_eq!(described(&graph.output), [("outputs", ElementType::Float, "rows 2".to_owned())]);
    for block in network.blocks() {
        assert_eq!(floats(constant(&graph, &block.name)), parameters[block.range()], "{}", block.name);
    }
    assert_eq!(bytes, export_network(&config, 3, 2, &parameters).unwrap());
}

#[test]
fn recurrent_networks_are_operators_where_these_have_the_activation() {
    let elman = |activation| exported(&ElmanConfig { hidden: 4, activation, ..ElmanConfig::default() }.into());
    for (activation, operator) in
        [(Activation::Relu, "RNN"), (Activation::Tanh, "RNN"), (Activation::Step, "Scan"), (Activation::Linear, "Scan")]
    {
        let graph = elman(activation);
        check_names(&graph, &[]);
        assert!(operators(&graph).contains(&operator), "{activation:?}: {:?}", operators(&graph));
        let inputs = [("inputs", "steps rows 3"), ("initial_state", "rows_of_state 4")];
        let outputs = [("outputs", "steps rows 2"), ("state", "rows 4")];
        let typed = |all: [(&'static str, &str); 2]| {
            all.map(|(name, shape)| (name, ElementType::Float, shape.to_owned())).to_vec()
        };
        assert_eq!(described(&graph.input), typed(inputs));
        assert_eq!(described(&graph.output), typed(outputs));
    }
    let config = NetworkConfig::from_name("elman").unwrap();
    let parameters: Vec<f32> = (0..config.build(3, 2).unwrap().num_parameters()).map(|index| index as f32).collect();
    let (_, graph) = decoded(&export_network(&config, 3, 2, &parameters).unwrap());
    let weights = constant(&graph, "hidden.input");
    assert_eq!(weights.dims, [1, 16, 3]);
    // Unit-major: the weights from the three inputs to the first unit stand side by side.
    assert_eq!(floats(weights)[..4], [0.0, 16.0, 32.0, 1.0]);
}

/// A network of one's own, under a name.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct OwnConfig {}

impl NetworkSettings for OwnConfig {
    fn description(&self) -> Description {
        Description { name: "own_network", summary: "a network of one's own", reference: "here" }
    }

    fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        NetworkSettings::build_with(&MlpConfig::default(), numerics, num_inputs, num_outputs)
    }
}

#[test]
fn what_cannot_be_exported_is_one_line() {
    NetworkConfig::register::<OwnConfig>().unwrap();
    let own = NetworkConfig::from_name("own_network").unwrap();
    let error = export_network(&own, 3, 2, &[]).unwrap_err().to_string();
    let expected = "ONNX cannot be used with the network \"own_network\": it is code of a program, and a file cannot hold that; \
                    mlp, elman, gru can be exported";
    assert_eq!(error, expected);
    let mlp = NetworkConfig::from_name("mlp").unwrap();
    let refused = |parameters: &[f32]| export_network(&mlp, 1, 1, parameters).unwrap_err().to_string();
    assert_eq!(refused(&[0.0; 3]), "parameters: expected 49 values, found 3");
    assert_eq!(refused(&[f32::NAN; 49]), "parameters = NaN: must be finite");
    assert_eq!(export_network(&mlp, 0, 1, &[]).unwrap_err().to_string(), "num_inputs = 0: must be at least 1");
}

/// The loop carries what it begins with, and names stand once, in it too.
#[test]
fn a_forecast_takes_rows_that_came_later() {
    let bytes = include_bytes!("../../tests/fixtures/forecast-1.safetensors");
    let file = ForecastModel::from_bytes(bytes, "forecast-1.safetensors").unwrap();
    let (model, graph) = decoded(&file.to_onnx());
    check_names(&graph, &[]);
    let of = |name, element, shape: &str| (name, element, shape.to_owned());
    let inputs = [of("values", ElementType::Double, "rows"), of("known", ElementType::Double, "known_rows 2")];
    assert_eq!(described(&graph.input), inputs);
    let outputs = [of("prediction", ElementType::Double, "3"), of("half_widths", ElementType::Double, "3 2")];
    assert_eq!(described(&graph.output), outputs);
    let body = graph.node.iter().find(|node| node.op_type == "Loop").unwrap();
    let inner = body.attribute[0].g.as_ref().unwrap();
    assert_eq!((inner.input.len(), inner.output.len()), (body.output.len() + 2, body.output.len() + 1));
    assert!(inner.node.iter().any(|node| node.op_type == "Tanh"), "networks follow each row");
    let entry = |key: &str| model.metadata_props.iter().find(|entry| entry.key == key).unwrap().value.clone();
    assert_eq!((entry("kind"), entry("column")), ("forecast".to_owned(), "sales".to_owned()));
    assert_eq!(entry("known"), r#"["price","holiday = yes"]"#);
}

/// With bounds the ends of the intervals are outputs of their own; without them the file is the one that it was.
#[test]
fn a_forecast_with_bounds_has_the_ends_of_its_intervals() {
    let values: Vec<f64> = (0..60).map(|t| f64::from(t % 5)).collect();
    let bounds = Bounds { minimum: Some(0.0), maximum: None };
    let config = ForecastConfig { horizon: 2, networks: 0, bounds, ..ForecastConfig::default() };
    let model = config.fit(&values).unwrap().model;
    let file = ForecastFile { column: "y".to_owned(), model, origin: Origin::default() };
    let (_, graph) = decoded(&file.to_onnx());
    check_names(&graph, &[]);
    let names: Vec<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["prediction", "half_widths", "low", "high"]);
    let of = |name: &str| described(&graph.output).into_iter().find(|output| output.0 == name).unwrap().2;
    assert_eq!((of("prediction"), of("low"), of("high")), ("2".to_owned(), "2 2".to_owned(), "2 2".to_owned()));
    let behind = |name: &str| graph.node.iter().find(|node| node.output.iter().any(|output| output == name)).unwrap();
    assert!(["prediction", "low", "high"].iter().all(|name| behind(name).op_type == "Clip"));
}

fn format_1() -> TabularModel {
    let bytes = include_bytes!("../../tests/fixtures/format-1.safetensors");
    TabularModel::from_bytes(bytes, "format-1.safetensors").unwrap()
}

#[test]
fn a_model_of_a_table_takes_a_cell_of_each_column() {
    let model = format_1();
    let (file, graph) = decoded(&model.to_onnx());
    check_names(&graph, &[]);
    assert_eq!(file.opset_import[1].domain, "ai.onnx.ml");
    let column = |name, element| (name, element, "rows 1".to_owned());
    let expected = [column("size", ElementType::Double), column("colour", ElementType::String)];
    assert_eq!(described(&graph.input), expected);
    let outputs = described(&graph.output);
    assert_eq!(outputs[0], ("label", ElementType::String, "rows".to_owned()));
    assert_eq!(outputs[1], ("probabilities", ElementType::Float, "rows 3".to_owned()));
    let entry = |key: &str| file.metadata_props.iter().find(|entry| entry.key == key).unwrap().value.clone();
    assert_eq!((entry("kind"), entry("target")), ("tabular".to_owned(), "kind".to_owned()));
    assert_eq!((entry("seed"), entry("classes")), ("3".to_owned(), r#"["a","b","c"]"#.to_owned()));
    let columns: serde_json::Value = serde_json::from_str(&entry("columns")).unwrap();
    assert_eq!((&columns[1]["column"], &columns[1]["kind"]), (&"colour".into(), &"category".into()));
    assert_eq!(model.to_onnx(), format_1().to_onnx());
}

/// The keys of the encoder and their places, as the graph has them.
fn places(graph: &GraphProto) -> (Vec<(String, i64)>, i64) {
    let encoder = graph.node.iter().find(|node| node.op_type == "LabelEncoder").unwrap();
    let attribute = |name: &str| encoder.attribute.iter().find(|attribute| attribute.name == name).unwrap();
    let keys = attribute("keys_strings").strings.iter().map(|key| String::from_utf8(key.clone()).unwrap());
    let pairs = keys.zip(attribute("values_int64s").ints.clone()).collect();
    (pairs, attribute("default_int64").i.unwrap())
}

#[test]
fn names_have_the_places_that_the_model_gives_them() {
    let row = |row: usize| format!("{},{}.5", ["1", "2.50", "NA"][row % 3], row % 3);
    let rows = (0..60).map(row).collect::<Vec<_>>().join("\n");
    let options = ReadOptions { text: vec!["grade".to_owned()], ..ReadOptions::default() };
    let table = Table::from_csv(format!("grade,prediction\n{rows}").as_bytes(), "t.csv", &options).unwrap();
    let model = fit(&table, "prediction").hidden(&[2]).evaluations(50).run().unwrap().model;
    let (_, graph) = decoded(&model.to_onnx());
    let (pairs, unseen) = places(&graph);
    let place = |cell: &str| pairs.iter().find(|(key, _)| key == cell).map(|(_, place)| *place);
    assert_eq!(["1", "1.0", "2.5", "2.50"].map(place), [Some(0), Some(0), Some(1), Some(1)]);
    assert_eq!(["", "NA", "nAn", "?", "-"].map(place), [Some(2); 5]);
    assert_eq!((place("rare"), unseen), (None, -1), "no input of its own: all are zero");
    assert_eq!(described(&graph.output), [("prediction", ElementType::Double, "rows 1".to_owned())]);
}

#[test]
fn a_column_that_is_called_as_an_output_has_another_name() {
    let row = |row: usize| format!("{},{},{}", row % 7, row % 5, ["a", "b"][row % 2]);
    let rows = (0..40).map(row).collect::<Vec<_>>().join("\n");
    let table = Table::from_csv(format!("label,zero,kind\n{rows}").as_bytes(), "t.csv", &ReadOptions::default());
    let model = fit(&table.unwrap(), "kind").hidden(&[]).evaluations(20).run().unwrap().model;
    let (_, graph) = decoded(&model.to_onnx());
    check_names(&graph, &[]);
    let names: Vec<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["label_1", "zero"]);
}

//! `tegmentum export`.

use crate::command::TestCommand;

const IRIS: &str = include_str!("../../../../data/iris.csv");

fn trained() -> TestCommand {
    let test = TestCommand::new();
    test.write("iris.csv", IRIS);
    test.stdout(&["train", "iris.csv", "--target", "species", "--evaluations", "200", "--out", "m"], 0);
    test
}

#[test]
fn a_model_is_written_as_onnx() {
    let test = trained();
    let export = |name: &str| {
        let printed = test.stdout(&["export", "m/model.safetensors", "--onnx", name], 0);
        assert_eq!(printed, format!("{name}  species from sepal_length, sepal_width, petal_length, petal_width\n"));
        std::fs::read(test.path(name)).unwrap()
    };
    let bytes = export("iris.onnx");
    let contains = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for expected in
        ["tegmentum", "ai.onnx.ml", "petal_width", "virginica", "probabilities", "train iris.csv --target species"]
    {
        assert!(contains(expected), "{expected}");
    }
    assert_eq!(bytes, export("again.onnx"));
}

#[test]
fn what_cannot_be_exported_is_one_line_and_nothing_is_written() {
    let test = trained();
    let entries = test.entries();
    let model = std::fs::read(test.path("m/model.safetensors")).unwrap();
    for (arguments, expected) in [
        (
            &["export", "iris.csv", "--onnx", "x.onnx"][..],
            "not a model: must be a file that `tegmentum train`, `forecast` or `stream` wrote",
        ),
        (&["export", "nowhere", "--onnx", "x.onnx"], "nowhere"),
        (&["export", "m/model.safetensors", "--onnx", "no/folder.onnx"], "no/folder.onnx"),
        (&["export", "m/model.safetensors", "--onnx", "m/../m/model.safetensors"], "is the model itself"),
        (&["export", "m/model.safetensors"], "--onnx <FILE>"),
    ] {
        let error = test.error(arguments);
        let line = error.trim_end_matches('\n');
        assert!(line.starts_with("error: ") && !line.contains('\n') && line.contains(expected), "{expected}: {line}");
        assert_eq!(test.entries(), entries, "{expected}");
    }
    assert_eq!(std::fs::read(test.path("m/model.safetensors")).unwrap(), model);
}

"""Runs exported models with onnxruntime and compares them with what the library computed.

    python check.py FOLDER

FOLDER has pairs NAME.onnx and NAME.json, as `xtask/src/onnx.rs` writes them:

    {"inputs": [{"name", "type", "shape", "values"}, ...], "outputs": [...]}     type: float, double or string; null is NaN

Each model must pass the checker of the package onnx, with shapes inferred, and have the outputs that are written there, in this
order. Texts must be the same. Of numbers the largest difference is divided by the largest number of the output.

Prints a line for each model, `ok NAME ERROR` or `FAILED NAME why`.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

MOST = 1e-5
TYPES = {"float": numpy.float32, "double": numpy.float64, "string": object}


def array(tensor):
    values = tensor["values"]
    if tensor["type"] != "string":
        values = [numpy.nan if value is None else value for value in values]
    return numpy.array(values, dtype=TYPES[tensor["type"]]).reshape(tensor["shape"])


def difference(expected, found, name):
    """The largest difference, relative; an error if it is none of numbers."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        raise ValueError(f"{name} is {found.dtype} {found.shape}, must be {expected.dtype} {expected.shape}")
    if expected.dtype == object:
        if (expected != found).any():
            row = numpy.flatnonzero(expected.ravel() != found.ravel())[0]
            raise ValueError(f"{name}, row {row}: {found.ravel()[row]!r}, must be {expected.ravel()[row]!r}")
        return 0.0
    largest = numpy.abs(expected).max()
    return float(numpy.abs(expected - found).max() / (largest if largest > 0 else 1))


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    case = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if names != [output["name"] for output in case["outputs"]]:
        raise ValueError(f"outputs {names}")
    found = session.run(None, {tensor["name"]: array(tensor) for tensor in case["inputs"]})
    errors = [difference(array(e), f, e["name"]) for e, f in zip(case["outputs"], found)]
    if max(errors) > MOST:
        raise ValueError(f"relative error {max(errors):.2e}, must be at most {MOST:.0e}")
    return max(errors)


def main():
    # Warnings are of no use here: that a first state may be given is on purpose.
    onnxruntime.set_default_logger_severity(3)
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    for path in paths:
        try:
            print(f"ok {path.stem} {check(path):.1e}", flush=True)
        except Exception as error:  # whatever the packages raise belongs to this model
            print(f"FAILED {path.stem} {' '.join(str(error).split())}", flush=True)


main()

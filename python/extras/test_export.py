"""Files of other tools have what was measured, are valid there, and are never half-written."""

import os

import numpy as np
import pytest

import tegmentum
from tegmentum import export

LEVELS = ("dopamine", "acetylcholine", "serotonin", "noradrenaline")


@pytest.fixture(scope="module")
def trials():
    return tegmentum.Session({"go_no_go": {"shift": "extradimensional"}}, "actor_critic", "mei-2025", seed=3).run(60)


@pytest.fixture(scope="module")
def result():
    return tegmentum.minimize(lambda x: float((x**2).sum()), [1.0, -2.0], budget=300, seed=1)


def test_parquet_has_every_number(trials, result, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, data, columns in (("trials", trials, trials), ("history", result, result.history)):
        export.to_parquet(data, tmp_path / f"{name}.parquet")
        found = parquet.read_table(tmp_path / f"{name}.parquet")
        assert found.column_names == list(columns)
        for column in columns:
            assert np.array_equal(found[column].to_numpy(), columns[column], equal_nan=columns[column].dtype.kind == "f")


def test_records_of_a_study_are_those_of_its_csv(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    results = tegmentum.run("go-no-go", quick=True, seeds=2)
    export.to_parquet(results, tmp_path / "records.parquet")
    lines = results.records_csv.decode().splitlines()
    found = parquet.read_table(tmp_path / "records.parquet")
    assert found.num_rows == len(lines) - 1 and set(found.column_names) == set(lines[0].split(","))


def test_tensorboard_reads_the_levels(result, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    export.to_tensorboard(result, tmp_path / "run")
    found = EventAccumulator(str(tmp_path / "run"), size_guidance={"scalars": 0})
    found.Reload()
    assert set(found.Tags()["scalars"]) == set(result.history) - {"nfev"}
    for name in ("loss", "acetylcholine"):
        scalars = found.Scalars(name)
        expected = result.history[name]
        kept = ~np.isnan(expected)
        assert [scalar.step for scalar in scalars] == result.history["nfev"][kept].astype(int).tolist()
        assert np.allclose([scalar.value for scalar in scalars], expected[kept], rtol=1e-6)


@pytest.mark.filterwarnings("default")
def test_nwb_is_valid_and_says_that_it_is_simulated(trials, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "session.nwb"
    export.to_nwb(trials, path, description="Go/No-Go with an extradimensional shift, seed 3", subject="agent-3", seconds=2.0)
    with pynwb.NWBHDF5IO(path, "r") as source:
        file = source.read()
        assert len(file.trials) == 60 and file.trials["stop_time"][-1] == 120.0
        for name in ("action", "reward", "correct"):
            assert np.array_equal(file.trials[name][:], trials[name])
        module = file.processing["simulated"]
        assert set(module.data_interfaces) == set(LEVELS)
        for name in LEVELS:
            series = module[name]
            assert np.array_equal(series.data[:], trials[name]) and series.comments.startswith("Simulated")
            assert series.rate == 0.5
    inspector = pytest.importorskip("nwbinspector")
    found = list(inspector.inspect_nwbfile(nwbfile_path=str(path)))
    critical = [message for message in found if message.importance.name in ("CRITICAL", "ERROR", "PYNWB_VALIDATION")]
    assert not critical, [message.message for message in critical]


@pytest.mark.filterwarnings("default")
def test_trackers_are_told(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    with mlflow.start_run() as run:
        tegmentum.minimize(lambda x: float((x**2).sum()), [1.0], budget=200, callback=export.mlflow_callback(every=5))
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "noradrenaline")
    assert len(history) > 3 and all(entry.step % 5 == 0 for entry in history)


@pytest.mark.filterwarnings("default")
def test_weights_and_biases_offline(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    run = wandb.init(mode="offline", dir=str(tmp_path))
    tegmentum.minimize(lambda x: float((x**2).sum()), [1.0], budget=200, callback=export.wandb_callback(run))
    assert run.summary["evaluations"] > 0
    run.finish()


class Told:
    def __init__(self):
        self.rows = []

    def log(self, scalars, step):
        self.rows.append((step, scalars))


def test_a_callback_tells_what_the_history_has():
    run = Told()
    result = tegmentum.minimize(lambda x: float((x**2).sum()), [1.0, 2.0], budget=200, seed=1, callback=export.wandb_callback(run, every=1))
    assert [step for step, _ in run.rows] == list(range(1, result.nit + 1))
    assert all(set(LEVELS) <= set(scalars) for _, scalars in run.rows)


def test_wrong_use_is_refused_and_nothing_is_left(trials, tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(tegmentum.FileError):
        export.to_parquet(trials, tmp_path / "absent" / "trials.parquet")
    with pytest.raises(tegmentum.WrongTypeError, match="data is of the type int"):
        export.to_parquet(3, tmp_path / "x.parquet")
    with pytest.raises(tegmentum.InvalidValueError, match="all of one length"):
        export.to_parquet({"a": np.zeros(2), "b": np.zeros(3)}, tmp_path / "x.parquet")
    with pytest.raises(tegmentum.WrongTypeError, match="wandb.init"):
        export.wandb_callback(None)
    with pytest.raises(tegmentum.WrongTypeError, match="description"):
        export.to_nwb(trials, tmp_path / "x.nwb", description=" ")
    with pytest.raises(tegmentum.InvalidValueError, match="step = 'day'"):
        export.to_tensorboard(trials, tmp_path / "run", step="day")
    assert os.listdir(tmp_path) == []

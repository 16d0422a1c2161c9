"""Results in the formats of other tools: Parquet, TensorBoard, NWB, MLflow and Weights & Biases, each where its package is installed.

A file is written beside its place and then renamed, so that nothing half-written is ever there.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from tegmentum import _arrays
from tegmentum._optimize import Levels, Progress, Result
from tegmentum._studies import Results
from tegmentum._tables import Table
from tegmentum.errors import FileError, InvalidValueError, WrongTypeError

__all__ = ["mlflow_callback", "to_nwb", "to_parquet", "to_tensorboard", "wandb_callback"]


def _columns(data: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a table, of results or of a history, of equal length."""
    found = data.records if isinstance(data, Results) else data.history if isinstance(data, Result) else data
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise WrongTypeError(f"data is of the type {type(data).__name__}: must be a Table, Results, Result or columns by name")
    columns = {name: np.asarray(column) for name, column in found.items()}
    lengths = {column.shape for column in columns.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise InvalidValueError(f"data has columns of the shapes {sorted(lengths)}: must have at least one, all of one length")
    return columns


def _replaced(path: Any, write: Callable[[str], object]) -> None:
    """Writes a file beside `path`, then renames it."""
    target = Path(str(_arrays.path("path", path)))
    part = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        write(str(part))
        os.replace(part, target)
    except OSError as error:
        raise FileError(f"{target}: cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def to_parquet(data: Results | Result | Table | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the records of a study, the trials of a session or the history of an optimizer as Parquet. Needs pyarrow.

    Parameters
    ----------
    data : Results, Result, Table or mapping of str to array
        Columns of one length, each with the type that it has.
    path : path
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    FileError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, tegmentum
    >>> from tegmentum.export import to_parquet
    >>> trials = tegmentum.Session("reversal", "actor_critic", "mei-2025", seed=1).run(20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_parquet(trials, pathlib.Path(folder, "trials.parquet"))
    """
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    table = arrow.table(_columns(data))
    _replaced(path, lambda part: parquet.write_table(table, part))


def to_tensorboard(
    data: Result | Table | Mapping[str, Any], folder: str | os.PathLike[str], *, step: str | None = None
) -> None:
    """Write columns as scalars for TensorBoard. Needs tensorboard.

    Parameters
    ----------
    data : Result, Table or mapping of str to array
        Each column of numbers becomes a chart; a value that is NaN is left out.
    folder : path
        The run's folder; a new file of events is added to it.
    step : str, optional
        The column that counts; by default ``nfev`` or ``trial`` where there is one, else the row.

    Examples
    --------
    >>> import tempfile, tegmentum
    >>> from tegmentum.export import to_tensorboard
    >>> result = tegmentum.minimize(lambda x: (x**2).sum(), [1.0, 2.0], budget=200)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_tensorboard(result, folder)
    """
    columns = _columns(data)
    rows = len(next(iter(columns.values())))
    if step is not None and step not in columns:
        raise InvalidValueError(f"step = {step!r}: must be one of {', '.join(columns)}")
    counted = step or next((name for name in ("nfev", "trial") if name in columns), None)
    steps = np.arange(rows) if counted is None else columns[counted]
    event, summary = (importlib.import_module(f"tensorboard.compat.proto.{name}_pb2") for name in ("event", "summary"))
    writers = importlib.import_module("tensorboard.summary.writer.event_file_writer")
    try:
        writer = writers.EventFileWriter(str(_arrays.path("folder", folder)))
    except OSError as error:
        raise FileError(f"{folder}: cannot be written: {error}") from error
    try:
        for row in range(rows):
            values = [
                summary.Summary.Value(tag=name, simple_value=float(column[row]))
                for name, column in columns.items()
                if name != counted and column.dtype.kind in "biuf" and not np.isnan(float(column[row]))
            ]
            writer.add_event(event.Event(wall_time=time.time(), step=int(steps[row]), summary=summary.Summary(value=values)))
    finally:
        writer.close()


def to_nwb(
    trials: Table | Mapping[str, Any],
    path: str | os.PathLike[str],
    *,
    description: str,
    subject: str = "model",
    seconds: float = 1.0,
    start: datetime | None = None,
) -> None:
    """Write the trials of a `Session` as a file of Neurodata Without Borders. Needs pynwb.

    The trials become the file's table of trials; the level of each modulator becomes a time series in the processing module ``simulated``, and is
    described as simulated.

    Parameters
    ----------
    trials : Table
        What `Session.run` gave.
    path : path
        The file, ``.nwb``.
    description : str
        What was done, for the file's session description.
    subject : str, default "model"
        The name of the subject.
    seconds : float, default 1.0
        How long a trial lasts. A simulated trial has no duration of its own.
    start : datetime, optional
        When the session began, with its time zone; by default now.

    Examples
    --------
    >>> import tempfile, pathlib, tegmentum
    >>> from tegmentum.export import to_nwb
    >>> trials = tegmentum.Session("reversal", "actor_critic", "mei-2025", seed=1).run(20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_nwb(trials, pathlib.Path(folder, "session.nwb"), description="Reversal learning, seed 1")
    """
    columns = _columns(trials)
    if not isinstance(description, str) or not description.strip():
        raise WrongTypeError(f"description = {description!r}: must be a text that says what was done")
    length = _arrays.number("seconds", seconds, 1e-6, 1e6)
    began = start or datetime.now(timezone.utc)
    if not isinstance(began, datetime) or began.tzinfo is None:
        raise WrongTypeError(f"start = {start!r}: must be a datetime with a time zone")
    pynwb = importlib.import_module("pynwb")
    file = pynwb.NWBFile(
        session_description=description,
        identifier=f"tegmentum-{began.isoformat()}-{_checksum(columns)}",
        session_start_time=began,
        keywords=["simulation", "neuromodulation"],
        experiment_description="A simulation: no animal and no human was recorded.",
    )
    file.subject = importlib.import_module("pynwb.file").Subject(
        subject_id=str(subject), species="http://purl.obolibrary.org/obo/NCBITaxon_1", description="a simulated agent", age="P0D", sex="O"
    )
    _add_trials(file, columns, length)
    module = file.create_processing_module("simulated", "Levels of the simulated neuromodulators after each trial.")
    for name in Levels._fields:
        if name in columns:
            series = pynwb.TimeSeries(
                name=name,
                data=columns[name].astype(np.float64),
                unit="a.u.",
                rate=1.0 / length,
                starting_time=length,
                description=f"Simulated level of {name} after each trial.",
                comments="Simulated, not recorded.",
            )
            module.add(series)
    io = pynwb.NWBHDF5IO

    def write(part: str) -> None:
        with io(part, "w") as target:
            target.write(file)

    _replaced(path, write)


def _add_trials(file: Any, columns: Mapping[str, np.ndarray[Any, Any]], length: float) -> None:
    """The table of trials: all columns but the levels."""
    own = {name: column for name, column in columns.items() if name not in Levels._fields and name != "trial"}
    for name in own:
        file.add_trial_column(name=name, description=_DESCRIPTIONS.get(name, name))
    for row in range(len(next(iter(columns.values())))):
        cells = {name: column[row].item() for name, column in own.items()}
        file.add_trial(start_time=row * length, stop_time=(row + 1) * length, **cells)


#: What a column of a session is.
_DESCRIPTIONS = {
    "condition": "The number of the cue or condition.",
    "block": "The number of the block.",
    "action": "The action that was chosen.",
    "reward": "The reward of the trial.",
    "correct": "1 if the action was the right one, else 0.",
    "target": "What would have been right.",
    "entropy": "Entropy of the policy in nats.",
    "prediction_error": "Error of the predicted reward.",
    "steps": "Steps of the trial.",
    "burst": "Whether noradrenaline had a burst in the trial.",
}


def _checksum(columns: Mapping[str, np.ndarray[Any, Any]]) -> str:
    import hashlib

    sums = hashlib.sha256()
    for name, column in columns.items():
        sums.update(name.encode())
        sums.update(np.ascontiguousarray(column).tobytes())
    return sums.hexdigest()[:16]


def _scalars(progress: Progress) -> dict[str, float]:
    """What a tracker is told after an update."""
    levels = {} if progress.levels is None else progress.levels._asdict()
    found = {"loss": progress.fun, "best": progress.best_fun, "evaluations": float(progress.nfev), **levels}
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def _throttled(every: Any, tell: Callable[[dict[str, float], int], object]) -> Callable[[Progress], None]:
    period = _arrays.whole("every", every, 1)

    def callback(progress: Progress) -> None:
        if progress.nit % period == 0:
            tell(_scalars(progress), progress.nit)

    return callback


def mlflow_callback(*, every: int = 10) -> Callable[[Progress], None]:
    """A callback of `tegmentum.minimize` that logs to the active run of MLflow, every so many updates. Needs mlflow or mlflow-skinny.

    Parameters
    ----------
    every : int, default 10
        Updates between two entries: loss, best value, evaluations and the levels of the modulators.

    Examples
    --------
    Inside of ``with mlflow.start_run():``

    >>> from tegmentum.export import mlflow_callback
    >>> callback = mlflow_callback(every=50)                       # doctest: +SKIP
    >>> tegmentum.minimize(sum, [1.0], callback=callback)          # doctest: +SKIP
    """
    mlflow = importlib.import_module("mlflow")
    return _throttled(every, lambda scalars, step: mlflow.log_metrics(scalars, step=step))


def wandb_callback(run: Any, *, every: int = 10) -> Callable[[Progress], None]:
    """A callback of `tegmentum.minimize` that logs to a run of Weights & Biases, every so many updates.

    Parameters
    ----------
    run : wandb.Run
        What ``wandb.init()`` returned.
    every : int, default 10
        Updates between two entries: loss, best value, evaluations and the levels of the modulators.

    Examples
    --------
    With ``run = wandb.init(mode="offline")``

    >>> from tegmentum.export import wandb_callback
    >>> tegmentum.minimize(sum, [1.0], callback=wandb_callback(run))  # doctest: +SKIP
    """
    if not callable(getattr(run, "log", None)):
        raise WrongTypeError(f"run = {run!r}: must be what wandb.init() returns")
    return _throttled(every, lambda scalars, step: run.log(scalars, step=step))

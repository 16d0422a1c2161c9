"""Studies: run as the command line runs them, with the same records."""

from __future__ import annotations

import html
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tegmentum import _arrays, _native
from tegmentum._settings import encode
from tegmentum._shares import Workers, finished_units
from tegmentum._tables import Table
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["Claim", "Figure", "Results", "dose", "lesion", "run"]

#: A built-in study's name, a file, or the study itself.
Study: TypeAlias = str | os.PathLike[str] | Mapping[str, Any]


class Claim(NamedTuple):
    """A claim that was written before the run, and what became of it."""

    #: The claim in words.
    claim: str
    #: ``"supported"``, ``"not_supported"`` or ``"inconclusive"``.
    verdict: str
    #: The measured effect, in the unit of `statistic`; None where there is none.
    effect: float | None
    #: Its 95 % interval; an end that is not finite is None.
    ci95: tuple[float | None, float | None]
    #: Number of seeds, or of pairs of them.
    n: int
    #: What the effect is.
    statistic: str
    #: The threshold in words.
    threshold: str


class Figure(NamedTuple):
    """A picture of the report."""

    title: str
    name: str
    #: The text of an SVG file, complete in itself.
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True)
class Results:
    """What a study found.

    Attributes
    ----------
    study : str
        The study as it was run, as the text of a study file.
    summary : dict
        Answer, arms with their samples, claims and notes: ``summary.json`` of a run folder.
    records : Table
        Every measurement: ``arm``, ``seed``, ``x``, ``x_unit``, ``metric``, ``value``.
    records_csv : bytes
        The same as the bytes of ``records.csv`` of a run folder.
    figures : tuple of Figure
        The pictures of the report.
    """

    study: str = field(repr=False)
    summary: dict[str, Any] = field(repr=False)
    records: Table
    records_csv: bytes = field(repr=False)
    figures: tuple[Figure, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the study."""
        return str(self.summary["study"])

    @property
    def answer(self) -> str:
        """The answer to the study's question, in words."""
        return str(self.summary["answer"])

    @property
    def claims(self) -> list[Claim]:
        """The claims with their verdicts."""
        fields = [name for name in Claim._fields if name != "ci95"]
        return [
            Claim(**{name: claim[name] for name in fields}, ci95=(claim["ci95"][0], claim["ci95"][1]))
            for claim in self.summary["claims"]
        ]

    def samples(self, metric: str) -> dict[str, np.ndarray[Any, Any]]:
        """The values of a metric, one for each seed, by arm; NaN for a run without one.

        Raises
        ------
        InvalidValueError
            For a metric that no arm has.
        """
        found = {
            arm: np.array(metrics[metric]["values"], dtype=np.float64)
            for arm, metrics in self.summary["arms"].items()
            if metric in metrics
        }
        if not found:
            known = sorted({name for metrics in self.summary["arms"].values() for name in metrics})
            raise InvalidValueError(f"metric = {metric!r}: must be one of {', '.join(known)}")
        return found

    def to_pandas(self) -> Any:
        """The records as a `pandas.DataFrame`. Needs pandas."""
        return self.records.to_pandas()

    def to_arrow(self) -> Any:
        """The records as a `pyarrow.Table`. Needs pyarrow."""
        return self.records.to_arrow()

    def _repr_html_(self) -> str:
        def text(value: object) -> str:
            return html.escape(str(value))

        claims = "".join(
            f"<li><b>{text(claim.verdict.replace('_', ' '))}</b>: {text(claim.claim)}</li>" for claim in self.claims
        )
        pictures = "".join(
            f"<figure><figcaption>{text(figure.title)}</figcaption>{figure.svg}</figure>" for figure in self.figures
        )
        head = f"<h3>{text(self.summary['title'])}</h3><p>{text(self.summary['question'])}</p>"
        return f"{head}<p>{text(self.answer)}</p><ul>{claims}</ul>{pictures}"


def _source(study: Any) -> dict[str, Any]:
    if isinstance(study, Mapping):
        return {"table": study}
    if isinstance(study, os.PathLike):
        return {"file": _arrays.path("study", study)}
    if not isinstance(study, str):
        raise WrongTypeError(f"study = {study!r}: must be a name, a path or a dict")
    is_file = study.endswith(".toml") or os.sep in study or Path(study).is_file()
    return {"file": study} if is_file else {"built_in": study}


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise WrongTypeError(f"{name} = {value!r}: must be a text")


@contextmanager
def _bar(progress: bool | None) -> Iterator[Callable[[int, int], None] | None]:
    """Shows how far it is, where tqdm is installed and somebody looks."""
    if progress is None:
        progress = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not _arrays.flag("progress", progress) or importlib.util.find_spec("tqdm") is None:
        yield None
        return
    with importlib.import_module("tqdm.auto").tqdm(unit=" evaluations", unit_scale=True) as bar:

        def show(done: int, expected: int) -> None:
            bar.total = max(expected, done)
            bar.update(done - bar.n)

        yield show


def _run(
    study: Any, intervention: Any, quick: Any, seeds: Any, folder: Any, progress: Any, executor: Any, shares: Any
) -> Results:
    order = {
        "study": _source(study),
        "quick": _arrays.flag("quick", quick),
        "seeds": None if seeds is None else _arrays.whole("seeds", seeds, 1, 10**6),
        "intervention": intervention,
        "folder": _arrays.path("folder", folder),
    }
    units = None
    if executor is not None:
        order = {**order, "study": {"text": _native.study_text(encode("study", order))}, "seeds": None, "intervention": None}
        units = finished_units(order, executor, shares)
    elif shares is not None:
        raise InvalidValueError(f"shares = {shares!r}: must not be given without an executor")
    with _bar(progress) as show:
        found = _native.run_study(encode("study", order), show, units)
    return Results(
        study=found["study"],
        summary=json.loads(found["summary"]),
        records=Table({name: np.asarray(column) for name, column in found["records"].items()}),
        records_csv=found["csv"],
        figures=tuple(Figure(*figure) for figure in found["figures"]),
    )


def run(
    study: Study,
    *,
    quick: bool = False,
    seeds: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    executor: Workers | None = None,
    shares: int | None = None,
) -> Results:
    """Run a study.

    Parameters
    ----------
    study : str, path or dict
        The name of a built-in study (``tegmentum.known("study")``), a file that ends in ``.toml``, or the study itself as a dict with the
        fields of such a file (the repository's ``docs/studies.md`` has all of them).
    quick : bool, default False
        Run it shortened, as the study says: fewer seeds, smaller budgets.
    seeds : int, optional
        Number of seeds, instead of the study's own.
    folder : path, optional
        Also write the files of a run folder there, but for the report: ``records.csv``, ``summary.json`` and others.
    progress : bool, optional
        Show how far it is, where tqdm is installed. By default in a terminal and in a notebook.
    executor : Executor, or callable that makes one, optional
        Where the runs are made, in shares of one thread each: a pool of processes (started by ``spawn``), `tegmentum.ray.RayExecutor`, Dask, MPI. With a
        callable, workers that were killed are replaced: it is called again, and only their shares are made anew. The records are the same bytes.
    shares : int, optional
        Into how many tasks the runs are divided; by default four for each worker or processor.

    Returns
    -------
    Results
        The same study with the same seeds gives the same records as ``tegmentum run``, byte for byte, whatever the number of threads.

    Raises
    ------
    InvalidValueError
        For a study that cannot be run, with the place and the value.
    FileError
        For a file that cannot be read or written.

    Notes
    -----
    All cores work, without the interpreter's lock. Ctrl-C raises `KeyboardInterrupt` soon; nothing is written then.

    Examples
    --------
    >>> import tegmentum
    >>> results = tegmentum.run("go-no-go", seeds=2)
    >>> results.name, sorted(results.records)
    ('go-no-go', ['arm', 'metric', 'seed', 'value', 'x', 'x_unit'])
    """
    return _run(study, None, quick, seeds, folder, progress, executor, shares)


def lesion(
    study: Study,
    *,
    arm: str | None = None,
    setting: str | None = None,
    metrics: Sequence[str] = (),
    quick: bool = False,
    seeds: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    executor: Workers | None = None,
    shares: int | None = None,
) -> Results:
    """Run one arm of a study with every set of its modulators left intact.

    Parameters
    ----------
    study, quick, seeds, folder, progress, executor, shares
        Those of `run`.
    arm : str, optional
        The arm; by default the first one that has most modulators.
    setting : str, optional
        The setting, if the study has several.
    metrics : sequence of str, default ()
        The scores of interest; by default those of the study.

    Returns
    -------
    Results
        What the modulators contribute, alone and together, is in ``summary`` and ``figures``.

    Examples
    --------
    >>> import tegmentum
    >>> results = tegmentum.lesion("go-no-go", arm="dopamine_noradrenaline", quick=True, seeds=2)
    >>> results.name
    'go-no-go-lesions'
    """
    if not isinstance(metrics, (list, tuple)) or not all(isinstance(name, str) for name in metrics):
        raise WrongTypeError(f"metrics = {metrics!r}: must be a list of names")
    chosen = {"arm": _text("arm", arm), "setting": _text("setting", setting), "metrics": list(metrics)}
    return _run(study, {"lesion": chosen}, quick, seeds, folder, progress, executor, shares)


def dose(
    study: Study,
    *,
    modulator: str,
    action: str,
    doses: Sequence[float] | None = None,
    receptor: str | None = None,
    arm: str | None = None,
    setting: str | None = None,
    quick: bool = False,
    seeds: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    executor: Workers | None = None,
    shares: int | None = None,
) -> Results:
    """Run one arm of a study under several doses of a drug.

    Parameters
    ----------
    study, quick, seeds, folder, progress, executor, shares
        Those of `run`.
    modulator : {"dopamine", "acetylcholine", "serotonin", "noradrenaline"}
        What the drug acts on.
    action : {"agonist", "antagonist", "clamp", "lesion", "noise", "delay"}
        How it acts.
    doses : sequence of float, optional
        In the unit of the action: levels for an agonist, half the level at 1 for an antagonist, a share of the release for a lesion, moments for
        a delay.
    receptor : str, optional
        The receptor that it acts at; by default on the level itself.
    arm, setting : str, optional
        As in `lesion`.

    Returns
    -------
    Results
        With the dose–response curves in ``figures``.

    Examples
    --------
    >>> import tegmentum
    >>> results = tegmentum.dose(
    ...     "go-no-go", modulator="noradrenaline", action="lesion", doses=[0, 1], arm="dopamine_noradrenaline", quick=True, seeds=2
    ... )
    >>> results.name
    'go-no-go-noradrenaline-lesion'
    """
    chosen = {
        "arm": _text("arm", arm),
        "setting": _text("setting", setting),
        "modulator": modulator,
        "receptor": _text("receptor", receptor),
        "action": action,
        "doses": None if doses is None else _arrays.vector("doses", doses, np.float64).tolist(),
    }
    return _run(study, {"dose": chosen}, quick, seeds, folder, progress, executor, shares)

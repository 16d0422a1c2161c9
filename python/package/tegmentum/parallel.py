"""One population on many workers, by any `concurrent.futures.Executor`: pools of processes, Dask's client, MPI's pool.

Only seeds and losses travel. Each worker keeps the optimizer of the run, is told the losses of every update, and makes its candidates itself; a
worker that comes late, or in the place of one that was killed, is sent the start and all losses so far. The result is that of one process, bit for
bit, whatever the number of workers.

Bytes of a task: 8 for each loss that the worker may not have seen, and about 200.
"""

from __future__ import annotations

import math
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tegmentum import _arrays
from tegmentum._optimize import Optimizer, Result
from tegmentum._settings import Settings
from tegmentum.errors import WrongTypeError

__all__ = ["minimize"]

#: How often in a row workers may be lost before anything new is known.
_LOSSES_OF_WORKERS = 5
#: Columns of the history.
_COLUMNS = ("nfev", "nit", "loss", "learning_rate", "dopamine", "acetylcholine", "serotonin", "noradrenaline")


@dataclass(frozen=True)
class _Run:
    """All that a worker needs to begin."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    start: NDArray[np.float32]
    dtype: Any
    optimizer: Settings
    budget: int
    seed: int
    seeded: bool

    def begin(self) -> Optimizer:
        return Optimizer(self.start, self.optimizer, budget=self.budget, seed=self.seed)

    def value(self, x: NDArray[np.float32], update: int) -> float:
        more = (int(np.random.SeedSequence([self.seed, update]).generate_state(1)[0]),) if self.seeded else ()
        found = self.function(x.astype(self.dtype), *more, *self.arguments)
        return float(_arrays.losses(np.reshape(found, -1) if found is not None else None, 1)[0])


@dataclass
class _Kept:
    run: _Run
    optimizer: Optimizer
    rounds: int = 0


#: What this process keeps, by the name of the run: the last few runs.
_KEPT: dict[str, _Kept] = {}
_MOST_KEPT = 4
#: Threads of one process bring its optimizer up to date one after the other.
_LOCK = threading.Lock()


def _work(
    name: str, run: _Run | None, first: int, told: Sequence[Sequence[float]], indices: Sequence[int] | None
) -> list[float] | int:
    """Losses of the candidates with these numbers, or of the solution; or the round from which on losses are missing, −1 for all."""
    with _LOCK:
        kept = _KEPT.get(name)
        if kept is None or kept.rounds > first + len(told):
            if run is None:
                return -1
            while len(_KEPT) >= _MOST_KEPT:
                del _KEPT[next(iter(_KEPT))]
            kept = _KEPT[name] = _Kept(run, run.begin())
        if kept.rounds < first:
            return kept.rounds
        for losses in told[kept.rounds - first :]:
            kept.optimizer.ask_recipes()
            kept.optimizer.tell(np.asarray(losses, dtype=np.float64))
            kept.rounds += 1
        optimizer = kept.optimizer
        recipes = optimizer.ask_recipes()
    if indices is None:
        return [kept.run.value(optimizer.x, optimizer.nit)]
    return [kept.run.value(optimizer.candidate(recipes[index]), optimizer.nit) for index in indices]


class _Workers:
    """Sends rounds to an executor, and sends again what was lost."""

    def __init__(self, executor: Executor | Callable[[], Executor], workers: int, run: _Run) -> None:
        self._make = None if isinstance(executor, Executor) else executor
        self._executor = executor if isinstance(executor, Executor) else executor()
        self._workers, self._run, self._name = workers, run, uuid.uuid4().hex
        self._told: list[list[float]] = []
        self._lost = 0

    def tell(self, losses: Sequence[float]) -> None:
        self._told.append(list(losses))

    def close(self) -> None:
        if self._make is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _submit(self, first: int, indices: Sequence[int] | None) -> Future[Any]:
        run = self._run if first < 0 else None
        first = max(first, 0)
        return self._executor.submit(_work, self._name, run, first, self._told[first:], indices)

    def _losses(self, indices: Sequence[int] | None, first: int) -> list[float]:
        """Losses from one task, however often it has to be sent."""
        return self._collect({0: indices}, first)[0]

    def _collect(self, parts: dict[int, Sequence[int] | None], first: int) -> dict[int, list[float]]:
        found: dict[int, list[float]] = {}
        begin = dict.fromkeys(parts, first)
        while len(found) < len(parts):
            open_parts = [part for part in parts if part not in found]
            before = len(found)
            try:
                futures = {part: self._submit(begin[part], parts[part]) for part in open_parts}
                for part, future in futures.items():
                    answer = future.result()
                    if isinstance(answer, int):
                        begin[part] = answer
                    else:
                        found[part] = answer
                self._lost = 0
            except BrokenExecutor:
                if len(found) > before:
                    self._lost = 0
                self._lost += 1
                if self._make is None or self._lost > _LOSSES_OF_WORKERS:
                    raise
                self._executor.shutdown(wait=False, cancel_futures=True)
                self._executor = self._make()
                begin = dict.fromkeys(parts, -1)
        return found

    def round(self, count: int) -> list[float]:
        """The losses of all candidates of this round."""
        parts: dict[int, Sequence[int] | None] = {
            part: range(part, count, self._workers) for part in range(min(self._workers, count))
        }
        # A worker that had part in every round lacks the losses of the last one only.
        answers = self._collect(parts, len(self._told) - 1)
        losses = [math.nan] * count
        for part, values in answers.items():
            losses[part :: self._workers] = values
        return losses

    def solution(self) -> float:
        """The value of what is handed over."""
        return self._losses(None, len(self._told) - 1)[0]


def minimize(
    fun: Callable[..., Any],
    x0: ArrayLike,
    args: tuple[Any, ...] = (),
    *,
    executor: Executor | Callable[[], Executor],
    workers: int | None = None,
    budget: int = 10_000,
    seed: int | np.random.Generator | None = 0,
    optimizer: Settings = "evolution_strategy",
    seeded: bool = False,
) -> Result:
    """Minimise a function on many workers.

    Parameters
    ----------
    fun, x0, args, budget, seed, optimizer
        Those of `tegmentum.minimize`; `fun` and `args` must be such that the executor can send them. Take an optimizer with many candidates an
        update: ``"evolution_strategy"``, ``"cma_es"``, or another one with more ``directions``.
    executor : Executor, or callable that makes one
        Where candidates are evaluated. With a callable, workers that were killed are replaced: it is called again, and nothing is lost.
    workers : int, optional
        Into how many tasks an update is divided, at most; by default the number of processors. The result does not depend on it.
    seeded : bool, default False
        `fun` takes an integer after `x`, the same for all candidates of an update.

    Returns
    -------
    Result
        That of one process, bit for bit. After Ctrl-C the best candidate so far, with ``status=2``.

    Raises
    ------
    concurrent.futures.BrokenExecutor
        If workers are lost and `executor` is not a callable, or they are lost six times in a row.
    InvalidValueError, WrongTypeError
        For an argument that cannot be used. What `fun` raises arrives unchanged.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import numpy as np
    >>> from tegmentum import parallel
    >>> with ThreadPoolExecutor(1) as pool:
    ...     result = parallel.minimize(np.linalg.norm, np.ones(3), executor=pool, workers=1, budget=2_000, seed=1)
    >>> bool(result.fun < 0.5)
    True
    """
    if not callable(fun):
        raise WrongTypeError(f"fun = {fun!r}: must be a function")
    if not isinstance(executor, Executor) and not callable(executor):
        raise WrongTypeError(f"executor = {executor!r}: must be an Executor, or a function that makes one")
    start = _arrays.vector("x0", x0)
    dtype = np.float32 if getattr(x0, "dtype", None) == np.float32 else np.float64
    run = _Run(
        function=fun,
        arguments=args if isinstance(args, tuple) else (args,),
        start=start,
        dtype=dtype,
        optimizer=optimizer,
        budget=_arrays.whole("budget", budget, 1),
        seed=_arrays.seed_of(seed),
        seeded=_arrays.flag("seeded", seeded),
    )
    own = run.begin()
    count = (os.cpu_count() or 1) if workers is None else _arrays.whole("workers", workers, 1, 1_000_000)
    away = _Workers(executor, count, run)
    try:
        return _loop(run, own, away)
    finally:
        away.close()


def _loop(run: _Run, own: Optimizer, away: _Workers) -> Result:
    best_x, best_fun, surprises = run.start, math.nan, 0
    rows: list[tuple[float, ...]] = []

    def result(x: NDArray[np.float32], value: float, status: int, message: str) -> Result:
        columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(_COLUMNS)).T
        return Result(
            x=x.astype(run.dtype),
            fun=value,
            success=status == 0,
            status=status,
            message=message,
            nfev=own.nfev + (status == 0),
            nit=own.nit,
            best_x=best_x.astype(run.dtype),
            best_fun=best_fun,
            surprises=surprises,
            history=dict(zip(_COLUMNS, columns)),
        )

    try:
        while own.nfev < run.budget or own.follow_up:
            recipes = own.ask_recipes()
            losses = away.round(len(recipes))
            for recipe, loss in zip(recipes, losses):
                if math.isfinite(loss) and not loss >= best_fun:
                    best_fun, best_x = loss, own.candidate(recipe)
            report = own.tell(np.asarray(losses))
            away.tell(losses)
            surprises += report.surprised
            levels = own.levels or (math.nan,) * 4
            rows.append((own.nfev, own.nit, report.loss, report.learning_rate, *levels))
        value = away.solution()
    except KeyboardInterrupt:
        return result(best_x, best_fun, 2, "interrupted; the best so far")
    if math.isfinite(value) and not value >= best_fun:
        best_fun, best_x = value, own.x
    if not math.isfinite(value):
        return result(own.x, value, 3, "the value of the solution is NaN or infinite")
    return result(own.x, value, 0, "the budget of evaluations is spent")

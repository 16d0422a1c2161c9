"""A study in shares: each is a task for an executor, and together they are the study, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor
from typing import Any, TypeAlias

from tegmentum import _arrays, _native
from tegmentum._settings import encode
from tegmentum.errors import WrongTypeError

__all__ = ["Workers", "finished_units"]

#: An executor, or a function that makes one, which is called again when workers were killed.
Workers: TypeAlias = Executor | Callable[[], Executor]
#: How often in a row workers may be lost before another share is finished.
_LOSSES_OF_WORKERS = 5
#: Shares for each processor: the last ones to end do not take long.
_FOR_EACH = 4


def finished_units(order: dict[str, Any], executor: Any, shares: Any) -> dict[str, bytes]:
    """All finished units of a resolved study. Rates are searched once, by a task of their own; what was finished is not lost with a worker."""
    if not isinstance(executor, Executor) and not callable(executor):
        raise WrongTypeError(f"executor = {executor!r}: must be an Executor, or a function that makes one")
    own = getattr(executor, "workers", None)
    processors = own if isinstance(own, int) else os.cpu_count() or 1
    count = _FOR_EACH * processors if shares is None else _arrays.whole("shares", shares, 1, 100_000)
    text = encode("study", {**order, "folder": None})
    make = None if isinstance(executor, Executor) else executor
    pool = executor if isinstance(executor, Executor) else executor()
    try:
        pool, units = _collect(pool, make, [(text, "rates", {})])
        tasks = [(text, f"{index}/{count}", units) for index in range(1, count + 1)]
        pool, found = _collect(pool, make, tasks)
        return {**units, **found}
    finally:
        if make is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _collect(
    pool: Executor, make: Callable[[], Executor] | None, tasks: Sequence[tuple[str, str, dict[str, bytes]]]
) -> tuple[Executor, dict[str, bytes]]:
    """The units of all tasks, each sent until it is finished; the pool that is there at the end."""
    done: dict[int, dict[str, bytes]] = {}
    lost = 0
    while len(done) < len(tasks):
        before = len(done)
        try:
            futures = {index: pool.submit(_native.run_share, *task) for index, task in enumerate(tasks) if index not in done}
            for index, future in futures.items():
                done[index] = future.result()
        except BrokenExecutor:
            lost = 1 if len(done) > before else lost + 1
            if make is None or lost > _LOSSES_OF_WORKERS:
                raise
            pool.shutdown(wait=False, cancel_futures=True)
            pool = make()
    return pool, {name: unit for units in done.values() for name, unit in units.items()}

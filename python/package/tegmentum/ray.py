"""One population on a Ray cluster, over the door of `tegmentum.parallel`. Needs Ray.

Each worker is a Ray actor that keeps the optimizer of the run; seeds and losses travel, candidates do not. An actor whose process is killed is started
again by Ray, is sent the losses so far, and goes on: the result is that of one process, bit for bit.

`ray.init` joins a cluster or starts one on this machine; how a cluster is started, on machines of one's own, under Slurm or on Kubernetes, the
repository's ``docs/ray.md`` shows.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

import numpy as np
import ray
from numpy.typing import ArrayLike

from tegmentum import _arrays, parallel
from tegmentum._optimize import Result
from tegmentum._settings import Settings

__all__ = ["RayExecutor", "minimize"]

#: How often one task may be sent again to an actor whose process ended.
_TRIES = 5


class _Worker:
    """What an actor does: calls, and hands back what was returned or raised."""

    def call(self, function: Callable[..., Any], words: tuple[Any, ...], names: dict[str, Any]) -> tuple[Any, Any, str]:
        try:
            return function(*words, **names), None, ""
        except Exception as error:
            return None, error, traceback.format_exc()


class _Remote(Exception):
    """The traceback of a worker, as the cause of what it raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class RayExecutor(Executor):
    """A pool of Ray actors as a `concurrent.futures.Executor`.

    Parameters
    ----------
    workers : int, optional
        Actors; by default one for each processor of the cluster as it is now.
    num_cpus : float, default 1.0
        Processors that Ray sets aside for each. More actors than there is room for wait until machines join.

    Notes
    -----
    Call ``ray.init`` before. An actor whose process ends (killed, out of memory, its machine gone) is started again, and its tasks are sent again, five
    times each; after that they fail with `concurrent.futures.BrokenExecutor`. Cancelled tasks that have begun run to their end.

    Examples
    --------
    >>> import ray
    >>> from tegmentum.ray import RayExecutor
    >>> _ = ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    >>> with RayExecutor(1) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024
    >>> ray.shutdown()
    """

    def __init__(self, workers: int | None = None, *, num_cpus: float = 1.0) -> None:
        share = _arrays.number("num_cpus", num_cpus, 0.0, 1e6)
        if workers is not None:
            workers = _arrays.whole("workers", workers, 1, 100_000)
        if not ray.is_initialized():
            ray.init()
        if workers is None:
            workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        kind = ray.remote(num_cpus=share, max_restarts=-1, max_task_retries=_TRIES)(_Worker)
        self._actors = [kind.remote() for _ in range(workers)]
        self._next = 0
        self._open = True

    @property
    def workers(self) -> int:
        """Number of actors."""
        return len(self._actors)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function on the next actor in turn."""
        if not self._open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        actor = self._actors[self._next % len(self._actors)]
        self._next += 1
        outer: Future[Any] = Future()
        outer.set_running_or_notify_cancel()

        def hand_over(inner: Any) -> None:
            try:
                value, raised, text = inner.result()
            except ray.exceptions.RayActorError as error:
                outer.set_exception(BrokenExecutor(f"the process of a Ray actor ended {_TRIES + 1} times over one task: {error}"))
            except BaseException as error:
                outer.set_exception(error)
            else:
                if raised is None:
                    outer.set_result(value)
                else:
                    raised.__cause__ = _Remote(text)
                    outer.set_exception(raised)

        actor.call.remote(fn, args, kwargs).future().add_done_callback(hand_over)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the actors; what they still compute is lost."""
        if self._open:
            self._open = False
            for actor in self._actors:
                ray.kill(actor)


def minimize(
    fun: Callable[..., Any],
    x0: ArrayLike,
    args: tuple[Any, ...] = (),
    *,
    workers: int | None = None,
    budget: int = 10_000,
    seed: int | np.random.Generator | None = 0,
    optimizer: Settings = "evolution_strategy",
    seeded: bool = False,
) -> Result:
    """Minimise a function on the workers of a Ray cluster.

    Parameters
    ----------
    fun, x0, args, budget, seed, optimizer, seeded
        Those of `tegmentum.parallel.minimize`.
    workers : int, optional
        Actors; by default one for each processor of the cluster. The result does not depend on it.

    Returns
    -------
    Result
        That of one process, bit for bit.

    Examples
    --------
    >>> import numpy as np
    >>> import ray
    >>> import tegmentum.ray
    >>> _ = ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    >>> result = tegmentum.ray.minimize(np.linalg.norm, np.ones(3), workers=1, budget=160, seed=1)
    >>> alone = tegmentum.minimize(np.linalg.norm, np.ones(3), budget=160, seed=1, optimizer="evolution_strategy")
    >>> bool(result.fun == alone.fun)
    True
    >>> ray.shutdown()
    """
    with RayExecutor(workers) as pool:
        return parallel.minimize(
            fun, x0, args, executor=pool, workers=pool.workers, budget=budget, seed=seed, optimizer=optimizer, seeded=seeded
        )

"""Functions of parameters: `minimize`, and ask and tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tegmentum import _arrays, _native
from tegmentum._settings import Settings, named
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["Levels", "Optimizer", "Progress", "Recipe", "Report", "Result", "direction", "minimize"]


class Levels(NamedTuple):
    """The levels of the four modulators at one moment.

    What a unit of level is, the model of each nucleus says; for the optimizer Dopamine: the last prediction error of a window in units
    of its running size, the expected size of a prediction error, the horizon of the average in updates, and the evidence that the world
    has changed, as a share of what raises an alarm.
    """

    dopamine: float
    acetylcholine: float
    serotonin: float
    noradrenaline: float


class Report(NamedTuple):
    """What became of the losses that an optimizer was told."""

    #: The loss of the acting parameters, evaluated or estimated.
    loss: float
    #: The rate that was applied.
    learning_rate: float
    #: Losses that were NaN or infinite; they moved nothing.
    non_finite: int
    #: Whether another round of the same update follows; evaluate it on the same data.
    follow_up: bool
    #: Whether the optimizer was surprised and starts over.
    surprised: bool


#: A report of the five values that the engine gives, without going through keywords.
_report: Callable[[tuple[float, float, int, bool, bool]], Report] = partial(tuple.__new__, Report)


class Recipe(NamedTuple):
    """A candidate as a recipe: gain · base + scale · v, where v follows from family and key.

    A recipe is a few bytes, whatever the number of parameters. A worker that has the base (`Optimizer.vector`) makes the candidate of it
    with `direction`.
    """

    #: The vector to start from: ``"acting"``, ``"averaged"`` or ``"candidate:0"``, …
    base: str
    #: A factor on that vector.
    gain: float
    #: ``"rademacher"``, ``"gaussian"``, ``"coordinate"`` or ``"zero"``.
    family: str
    #: The key of the direction, its seed; the index of the parameter for ``"coordinate"``.
    key: int
    #: The scale of the direction, with its sign, in the unit of the parameters.
    scale: float


@dataclass(frozen=True)
class Progress:
    """What a callback is shown after an update."""

    #: The parameters that would be handed over now, in the type of the start.
    x: NDArray[Any]
    #: The loss of the acting parameters, evaluated or estimated.
    fun: float
    #: The smallest value so far.
    best_fun: float
    #: Evaluations so far.
    nfev: int
    #: Updates so far.
    nit: int
    #: Levels of the modulators, for optimizers that have them.
    levels: Levels | None


@dataclass(frozen=True)
class Result:
    """What `minimize` found, with the names that SciPy uses.

    Attributes
    ----------
    x : ndarray of shape (P,)
        The parameters that are handed over. After an interruption or a divergence: the best candidate so far.
    fun : float
        Their value.
    success : bool
        Whether the budget was spent, or the callback ended the run, with a finite value.
    status : int
        0 the budget is spent, 1 the callback ended the run, 2 interrupted (Ctrl-C), 3 NaN or infinite.
    message : str
        The same in words.
    nfev, nit : int
        Evaluations, the last one included, and updates.
    best_x, best_fun : ndarray of shape (P,), float
        The candidate with the smallest value. For a function with noise that value is too good to be true; `x` is the answer then.
    surprises : int
        How often the optimizer noticed that the world had changed.
    history : dict of ndarray
        The columns ``nfev``, ``nit``, ``loss``, ``learning_rate`` and the levels of the four modulators: a row for each update, at
        most about 10 000 rows, evenly spread, without a callback.
    """

    x: NDArray[Any]
    fun: float
    success: bool
    status: int
    message: str
    nfev: int
    nit: int
    best_x: NDArray[Any]
    best_fun: float
    surprises: int
    history: dict[str, NDArray[np.float64]] = field(repr=False)


def _start(x0: Any) -> tuple[NDArray[np.float32], Any]:
    """The start as the engine has it, and the type in which a function is shown its candidates."""
    start = _arrays.vector("x0", x0)
    narrow = getattr(x0, "dtype", None) == np.float32
    return start, np.float32 if narrow else np.float64


def minimize(
    fun: Callable[..., Any],
    x0: ArrayLike,
    args: tuple[Any, ...] = (),
    *,
    budget: int = 10_000,
    seed: int | np.random.Generator | None = 0,
    optimizer: Settings = "dopamine",
    callback: Callable[[Progress], object] | None = None,
    vectorized: bool = False,
    seeded: bool = False,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Result:
    """Minimise a function of parameters by its values alone.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``, with `x` an array of shape (P,), of type float32 if `x0` is, else float64. It is a new array each time.
        A value that is NaN or infinite moves nothing. What it raises arrives unchanged.
    x0 : array_like of shape (P,)
        Where to begin. The engine computes in float32.
    args : tuple, default ()
        Further arguments of `fun`.
    budget : int, default 10 000
        Evaluations that may be spent. The last update may exceed it by its own cost; one more evaluation gives the final value.
    seed : int, numpy.random.Generator or None, default 0
        What everything random follows from: the same seed gives the same result, bit for bit. None draws one.
    optimizer : str or dict, default "dopamine"
        A name (`tegmentum.known`), or a name with settings: ``{"spsa": {"learning_rate": 0.1}}``.
    callback : callable, optional
        Called with a `Progress` after each update. It ends the run by raising `StopIteration`.
    vectorized : bool, default False
        `fun` takes all candidates of a round at once, an array of shape (n, P), and returns n values.
    seeded : bool, default False
        `fun` takes an integer after `x`, the same for all candidates of an update: draw from it what is random (a batch, an episode), so
        that candidates are compared on the same numbers.
    bounds : sequence of (low, high), optional
        The box of each parameter; None or an infinity for no bound. A candidate that leaves it is reflected at its faces, so that `fun` never
        sees a value outside.
    checkpoint : path, optional
        A file where the state is kept every few seconds. If it is there, the run goes on from it, with the same bits as if it had not been
        interrupted; call `minimize` with the same arguments. It is removed at the end of the run.

    Returns
    -------
    Result
        With the names that SciPy uses: ``x``, ``fun``, ``success``, ``message``, ``nfev``, ``nit``.

    Raises
    ------
    InvalidValueError, WrongTypeError
        For an argument that cannot be used, or what `fun` returns if it is no number.

    Notes
    -----
    Ctrl-C ends the run before the next evaluation; the result then has the best candidate so far, ``success=False`` and ``status=2``. The
    optimizer called Dopamine is described in the repository's ``docs/dopamine.md``; the same seed gives the same bits as
    ``tegmentum::learning::minimise`` in Rust.

    Examples
    --------
    >>> import numpy as np
    >>> import tegmentum
    >>> def valley(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> result = tegmentum.minimize(valley, [-1.2, 1.0], budget=5_000, seed=1)
    >>> bool(result.fun < 0.1), result.message
    (True, 'the budget of evaluations is spent')
    """
    if not callable(fun):
        raise WrongTypeError(f"fun = {fun!r}: must be a function")
    if callback is not None and not callable(callback):
        raise WrongTypeError(f"callback = {callback!r}: must be a function")
    if not isinstance(args, tuple):
        args = (args,)
    start, dtype = _start(x0)
    found = _native.minimize(
        fun,
        start,
        arguments=args,
        double=dtype is np.float64,
        optimizer=named("optimizer", optimizer),
        budget=_arrays.whole("budget", budget, 1),
        seed=_arrays.seed_of(seed),
        callback=None if callback is None else _shown(callback, dtype),
        vectorized=_arrays.flag("vectorized", vectorized),
        seeded=_arrays.flag("seeded", seeded),
        bounds=None if bounds is None else _box(bounds, start),
        checkpoint=_arrays.path("checkpoint", checkpoint),
    )
    found["x"], found["best_x"] = found["x"].astype(dtype), found["best_x"].astype(dtype)
    return Result(success=found["status"] < 2, **found)


def _box(bounds: Any, start: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lower and upper ends in float32, rounded into the box."""
    try:
        rows = [(-np.inf if low is None else float(low), np.inf if high is None else float(high)) for low, high in bounds]
    except (TypeError, ValueError) as error:
        raise WrongTypeError(f"bounds: must be a pair (low, high) of numbers for each parameter: {error}") from error
    if len(rows) != len(start):
        raise InvalidValueError(f"bounds has {len(rows)} pairs: must have {len(start)}, one for each parameter")
    ends = np.array(rows, dtype=np.float64)
    for index, (low, high) in enumerate(ends):
        if not low <= high or low == np.inf or high == -np.inf:
            raise InvalidValueError(f"bounds[{index}] = ({low:g}, {high:g}): must be two numbers, the first not above the second")
    with np.errstate(over="ignore"):
        low32, high32 = ends[:, 0].astype(np.float32), ends[:, 1].astype(np.float32)
    low32 = np.where(low32 < ends[:, 0], np.nextafter(low32, np.float32(np.inf)), low32)
    high32 = np.where(high32 > ends[:, 1], np.nextafter(high32, np.float32(-np.inf)), high32)
    if (low32 > high32).any():
        index = int(np.argmax(low32 > high32))
        raise InvalidValueError(f"bounds[{index}]: no number of type float32 lies between them")
    # A start that float32 puts a rounding outside is put back.
    inside = np.clip(start, low32, high32)
    outside = np.abs(inside - start) > 1e-6 * np.maximum(np.abs(start), 1e-30)
    if outside.any():
        index = int(np.argmax(outside))
        low, high = ends[index]
        raise InvalidValueError(f"x0[{index}] = {start[index]:g}: must lie within its bounds, {low:g} to {high:g}")
    return np.ascontiguousarray(low32), np.ascontiguousarray(high32)


def _shown(callback: Callable[[Progress], object], dtype: Any) -> Callable[[dict[str, Any]], None]:
    def show(row: dict[str, Any]) -> None:
        levels = row.pop("levels")
        x = row.pop("x").astype(dtype)
        callback(Progress(x=x, levels=None if levels is None else Levels(*levels), **row))

    return show


class Optimizer:
    """An optimizer that is asked for candidates and told their losses.

    Parameters
    ----------
    x0 : array_like of shape (P,)
        Where to begin. The engine computes in float32.
    optimizer : str or dict, default "dopamine"
        A name (`tegmentum.known`), or a name with settings: ``{"cma_es": {"population": 16}}``.
    budget : int, default 10 000
        Evaluations that are planned for. Some optimizers pace themselves by it; none stops.
    seed : int, numpy.random.Generator or None, default 0
        What everything random follows from.

    Notes
    -----
    An update is one or more rounds of `ask` and `tell`. After a report with ``follow_up`` the next round belongs to the same update:
    evaluate it on the same data. Asking again without telling gives the same candidates; a `tell` that fails changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import tegmentum
    >>> optimizer = tegmentum.Optimizer(np.ones(3), budget=2_000, seed=1)
    >>> while optimizer.nfev < 2_000:
    ...     candidates = optimizer.ask()
    ...     report = optimizer.tell((candidates**2).sum(axis=1))
    >>> bool((optimizer.x**2).sum() < 1e-3)
    True
    """

    def __init__(
        self,
        x0: ArrayLike,
        optimizer: Settings = "dopamine",
        *,
        budget: int = 10_000,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        start, _ = _start(x0)
        self._made_of = (start, named("optimizer", optimizer), _arrays.whole("budget", budget, 1), _arrays.seed_of(seed))
        self._native = _native.Optimizer(*self._made_of)
        self._num_parameters = len(start)

    def ask(self, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """The candidates to evaluate next.

        Parameters
        ----------
        out : ndarray of at least n rows and P columns, float32, contiguous, optional
            Where they are written: for many parameters, memory that is used again is half of the time.

        Returns
        -------
        ndarray of shape (n, P), float32
            A new array, or the first n rows of `out`; n may differ from round to round.
        """
        if out is None:
            return self._native.ask()
        candidates = _arrays.target("out", out, self._native.begin(), self._num_parameters)
        self._native.write(0, candidates)
        return candidates

    def ask_recipes(self) -> list[Recipe]:
        """The same candidates as recipes of a few bytes.

        Returns
        -------
        list of Recipe
            One for each candidate, in the same order as `ask`.

        Raises
        ------
        InvalidValueError
            For directions of low rank, orthogonal ones and those with sizes of their own, which have no recipe of one key.
        """
        return [Recipe(*recipe) for recipe in self._native.ask_recipes()]

    def candidate(self, recipe: Recipe) -> NDArray[np.float32]:
        """The candidate that a recipe of this round stands for, of shape (P,), float32."""
        if not isinstance(recipe, Recipe):
            raise WrongTypeError(f"recipe = {recipe!r}: must be one of ask_recipes()")
        base = self._native.vector(recipe.base)
        if recipe.gain != 1.0:
            base *= np.float32(recipe.gain)
        return direction(recipe, base)

    def tell(self, losses: ArrayLike) -> Report:
        """Take the losses of the candidates that were asked for, and move.

        Parameters
        ----------
        losses : array_like of shape (n,)
            In the order of the candidates. NaN and infinities move nothing.

        Returns
        -------
        Report
            What became of them.

        Raises
        ------
        InvalidValueError
            If they are not as many as the candidates, or nothing was asked; the optimizer is as it was.
        DivergedError
            If a parameter became NaN or infinite.
        """
        # The engine takes an array of doubles as it is; what else may stand for losses is made one here.
        told = self._native.tell(losses)
        if told is None:
            count = self._native.pending()
            if not count:
                raise InvalidValueError("tell: nothing was asked; call ask before it, once for each tell")
            told = self._native.tell(_arrays.losses(losses, count))
            if told is None:
                raise InvalidValueError("tell: another thread told the losses of this round")
        return _report(told)

    @property
    def x(self) -> NDArray[np.float32]:
        """What would be handed over now: the averaged parameters, or the best ones if the optimizer keeps them; of shape (P,)."""
        return self._native.vector("solution")

    @property
    def acting(self) -> NDArray[np.float32]:
        """The parameters that explore, of shape (P,)."""
        return self._native.vector("acting")

    def vector(self, base: str) -> NDArray[np.float32]:
        """The base of a recipe, of shape (P,): ``"acting"``, ``"averaged"`` or ``"candidate:0"``, …"""
        if not isinstance(base, str) or not (base in ("acting", "averaged") or base.startswith("candidate:")):
            raise InvalidValueError(f"base = {base!r}: must be acting, averaged or candidate:NUMBER")
        return self._native.vector(base)

    @property
    def levels(self) -> Levels | None:
        """The levels of the four modulators; None for optimizers without them."""
        levels = self._native.levels()
        return None if levels is None else Levels(*levels)

    @property
    def nfev(self) -> int:
        """Losses that were told."""
        return self._native.counts()[0]

    @property
    def nit(self) -> int:
        """Updates that were finished."""
        return self._native.counts()[1]

    @property
    def follow_up(self) -> bool:
        """Whether the next round belongs to the update that has begun."""
        return self._native.counts()[2]

    def save(self) -> bytes:
        """The running state between updates, as bytes: read into an optimizer made in the same way, it goes on with the same bits."""
        return self._native.save()

    def load(self, state: bytes) -> None:
        """Go on from a state of `save`.

        Raises
        ------
        InvalidValueError
            If it is damaged, or that of an optimizer made in another way; this one is as it was.
        """
        if not isinstance(state, (bytes, bytearray)):
            raise WrongTypeError(f"state is of the type {type(state).__name__}: must be bytes")
        anew = _native.Optimizer(*self._made_of)
        anew.load(bytes(state))
        self._native = anew

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._made_of, self.save())


def _again(kind: type[Optimizer], made_of: tuple[Any, ...], state: bytes) -> Optimizer:
    optimizer = kind.__new__(kind)
    optimizer._made_of, optimizer._num_parameters = made_of, len(made_of[0])
    optimizer._native = _native.Optimizer(*made_of)
    optimizer._native.load(state)
    return optimizer


def direction(recipe: Recipe | Sequence[Any], base: ArrayLike) -> NDArray[np.float32]:
    """A base moved along the direction of a recipe.

    Parameters
    ----------
    recipe : Recipe
        Only its family, key and scale are used: apply the gain to the base before.
    base : array_like of shape (P,)
        The vector to start from. It is not changed.

    Returns
    -------
    ndarray of shape (P,), float32
        base + scale · v.

    Examples
    --------
    >>> import tegmentum
    >>> recipe = tegmentum.Recipe("acting", 1.0, "rademacher", 42, 0.5)
    >>> tegmentum.direction(recipe, [0.0, 0.0, 0.0, 0.0])
    array([-0.5, -0.5,  0.5,  0.5], dtype=float32)
    """
    if not isinstance(recipe, Recipe):
        raise WrongTypeError(f"recipe = {recipe!r}: must be a tegmentum.Recipe")
    target = _arrays.vector("base", base).copy()
    scale = _arrays.number("scale", recipe.scale)
    if not isinstance(recipe.family, str):
        raise WrongTypeError(f"family = {recipe.family!r}: must be a text")
    _native.direction(recipe.family, _arrays.whole("key", recipe.key, 0, 2**64 - 1), scale, target)
    return target

"""Forward passes alone for JAX: an optax transformation that is told values of the objective instead of gradients. Needs JAX and optax.

The parameters that `update` is given are a candidate, and its value is all that is used; the updates lead to the next candidate. With n candidates
a round, the optimizer moves at every n-th call. The state is a pytree of arrays that nothing else shares, so that calls with equal arguments give
equal results. The optimizer itself is compiled Rust: call `update` outside of ``jax.jit``, and put the objective inside.
"""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from tegmentum import _arrays
from tegmentum._optimize import Levels, Optimizer
from tegmentum._settings import Settings, named
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["ForwardState", "forward", "levels", "solution"]


class ForwardState(NamedTuple):
    """The state of `forward` between two values."""

    #: The optimizer as it was at the beginning of the present update, as bytes.
    archive: NDArray[np.uint8]
    #: The values of the present update so far.
    values: NDArray[np.float64]
    #: Values so far, without the first one, which is that of the start.
    seen: NDArray[np.int64]


def _bytes(optimizer: Optimizer) -> NDArray[np.uint8]:
    return np.frombuffer(pickle.dumps(optimizer), dtype=np.uint8)


def _replayed(state: ForwardState) -> tuple[Optimizer, int]:
    """The optimizer with the finished rounds of the present update told, and how many values of the present round there are."""
    optimizer: Optimizer = pickle.loads(np.asarray(state.archive, dtype=np.uint8).tobytes())
    left = np.asarray(state.values, dtype=np.float64)
    while len(left) > 0 and len(left) >= (size := optimizer._native.begin()):
        optimizer.tell(left[:size])
        left = left[size:]
    return optimizer, len(left)


def _value(value: Any) -> float:
    if isinstance(value, jax.core.Tracer):
        raise WrongTypeError("update is called inside of jax.jit: call it outside, and jit the objective instead")
    if value is None:
        raise WrongTypeError("value is None: must be the objective at the parameters, as in update(grads, state, params, value=value)")
    found = _arrays.real("value", value)
    if found.size != 1:
        raise WrongTypeError(f"value has the shape {found.shape}: must be one number")
    return float(found.reshape(()))


def forward(
    optimizer: Settings = "dopamine", *, budget: int = 10_000, seed: int | np.random.Generator | None = 0
) -> Any:
    """A gradient transformation without gradients.

    Parameters
    ----------
    optimizer : str or dict, default "dopamine"
        A name (``tegmentum.known("optimizer")``), or a name with settings.
    budget : int, default 10 000
        Values that are planned for. Some optimizers pace themselves by it.
    seed : int, numpy.random.Generator or None, default 0
        What everything random follows from.

    Returns
    -------
    optax.GradientTransformationExtraArgs
        ``update(grads, state, params, value=value)`` takes the objective's value at `params`; `grads` is not looked at and may be None. A value
        that is NaN or infinite moves nothing.

    Notes
    -----
    `solution` has the parameters to hand over: those that `update` leads to are perturbed. The engine computes in float32; parameters of other
    types are rounded.

    Examples
    --------
    >>> import jax, jax.numpy as jnp, optax
    >>> from tegmentum.optax import forward, solution
    >>> loss = jax.jit(lambda params: jnp.sum((params["w"] - 1.0) ** 2))
    >>> params = {"w": jnp.zeros(3)}
    >>> transformation = forward(budget=2_000, seed=1)
    >>> state = transformation.init(params)
    >>> for _ in range(2_000):
    ...     updates, state = transformation.update(None, state, params, value=loss(params))
    ...     params = optax.apply_updates(params, updates)
    >>> bool(loss(solution(state, params)) < 1e-3)
    True
    """
    named("optimizer", optimizer)
    evaluations, fixed = _arrays.whole("budget", budget, 1), _arrays.seed_of(seed)

    def init(params: Any) -> ForwardState:
        flat, _ = ravel_pytree(params)
        made = Optimizer(np.asarray(flat, dtype=np.float32), optimizer, budget=evaluations, seed=fixed)
        return ForwardState(_bytes(made), np.zeros(0), np.array(-1))

    def update(updates: Any, state: ForwardState, params: Any = None, *, value: Any = None, **_: Any) -> tuple[Any, ForwardState]:
        del updates
        if params is None:
            raise WrongTypeError("params is None: must be the parameters that value belongs to")
        if not isinstance(state, ForwardState):
            raise WrongTypeError(f"state is of the type {type(state).__name__}: must be that of init, alone or in a chain")
        number = _value(value)
        values = np.append(state.values, number) if state.seen >= 0 else state.values
        found, done = _replayed(ForwardState(state.archive, values, state.seen))
        flat, unravel = ravel_pytree(params)
        now = np.asarray(flat, dtype=np.float32)
        following = np.empty((1, len(now)), dtype=np.float32)
        if len(now) != len(found._made_of[0]):
            raise InvalidValueError(f"params has {len(now)} numbers: must have {len(found._made_of[0])}, as at init")
        if done == 0 and not found.follow_up:
            # An update has ended, or none has begun.
            state = state._replace(archive=_bytes(found))
            values = np.zeros(0)
        found._native.begin()
        found._native.write(done, following)
        return unravel(jax.numpy.asarray(following[0] - now, dtype=flat.dtype)), ForwardState(state.archive, values, state.seen + 1)

    return optax.GradientTransformationExtraArgs(init, update)


def solution(state: ForwardState, params: Any) -> Any:
    """The parameters to hand over, in the form of `params`.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tegmentum.optax import forward, solution
    >>> params = {"w": jnp.ones(2)}
    >>> solution(forward(seed=1).init(params), params)["w"].tolist()
    [1.0, 1.0]
    """
    flat, unravel = ravel_pytree(params)
    return unravel(jax.numpy.asarray(_replayed(state)[0].x, dtype=flat.dtype))


def levels(state: ForwardState) -> Levels | None:
    """The levels of the four modulators; None for optimizers without them.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tegmentum.optax import forward, levels
    >>> levels(forward(seed=1).init(jnp.ones(2))).noradrenaline
    0.0
    """
    return _replayed(state)[0].levels

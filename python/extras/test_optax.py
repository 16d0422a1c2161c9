"""The optax face: values instead of gradients, the bits of ask and tell."""

import numpy as np
import pytest

pytest.importorskip("jax")
pytest.importorskip("optax")

import jax
import jax.numpy as jnp
import optax

import tegmentum
from tegmentum.optax import forward, levels, solution

OPTIMIZERS = ["dopamine", "spsa", {"cma_es": {"population": 6}}]


def loss(params):
    return jnp.sum((params["w"] - 1.0) ** 2) + jnp.sum(params["b"] ** 2)


def start():
    return {"w": jnp.zeros((2, 2)), "b": jnp.ones(1)}


def run(transformation, count, params=None):
    params = params or start()
    state = transformation.init(params)
    for _ in range(count):
        updates, state = transformation.update(None, state, params, value=loss(params))
        params = optax.apply_updates(params, updates)
    return state, params


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_is_ask_and_tell(optimizer):
    """The same values told to an `Optimizer` lead to the same state, but for the rounding of params + (next - params)."""
    transformation = forward(optimizer, budget=200, seed=3)
    params = start()
    state = transformation.init(params)
    flat, _ = jax.flatten_util.ravel_pytree(params)
    beside = tegmentum.Optimizer(np.asarray(flat), optimizer, budget=200, seed=3)
    values, candidates = [], []
    for index in range(200):
        value = float(loss(params))
        if index > 0:
            values.append(value)
            assert np.allclose(np.asarray(jax.flatten_util.ravel_pytree(params)[0]), candidates[len(values) - 1], atol=1e-6)
            if len(values) == len(candidates):
                beside.tell(values)
                values = []
        if not values:
            candidates = beside.ask()
        updates, state = transformation.update(None, state, params, value=value)
        params = optax.apply_updates(params, updates)
        assert np.array_equal(np.asarray(jax.flatten_util.ravel_pytree(solution(state, params))[0]), beside.x)
    assert levels(state) == beside.levels


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_states_are_values(optimizer):
    """An update from an earlier state is made again with the same bits, and changes nothing of it."""
    transformation = forward(optimizer, budget=100, seed=1)
    state, params = run(transformation, 50)
    kept = jax.tree.map(np.copy, state)
    first = transformation.update(None, state, params, value=loss(params))
    second = transformation.update(None, state, params, value=loss(params))
    for one, other in ((first, second), (state, kept)):
        assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def test_it_learns_in_a_chain():
    found = []
    for seed in range(5):
        state, params = run(optax.chain(forward(budget=1_500, seed=seed)), 1_500)
        found.append(float(loss(solution(state[0], params))))
    assert np.median(found) < 1e-3, found


def test_wrong_use_is_refused():
    transformation = forward(seed=1)
    params = start()
    state = transformation.init(params)
    with pytest.raises(tegmentum.WrongTypeError, match="value is None"):
        transformation.update(None, state, params)
    with pytest.raises(tegmentum.WrongTypeError, match="params is None"):
        transformation.update(None, state, value=1.0)
    with pytest.raises(tegmentum.WrongTypeError, match="one number"):
        transformation.update(None, state, params, value=jnp.ones(2))
    with pytest.raises(tegmentum.WrongTypeError, match="inside of jax.jit"):
        jax.jit(lambda value: transformation.update(None, state, params, value=value))(1.0)
    with pytest.raises(tegmentum.InvalidValueError, match="must have 5, as at init"):
        transformation.update(None, state, {"w": jnp.zeros(2)}, value=1.0)
    with pytest.raises(tegmentum.TegmentumError):
        forward("no such optimizer").init(params)
    updates, state = transformation.update(None, state, params, value=float("nan"))
    updates, _ = transformation.update(None, state, optax.apply_updates(params, updates), value=float("nan"))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(updates))

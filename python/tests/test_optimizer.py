"""Ask and tell."""

import pickle
import threading

import numpy as np
import pytest

import tegmentum

OPTIMIZERS = [entry.name for entry in tegmentum.known("optimizer")]


def losses(candidates):
    return (np.asarray(candidates, np.float64) ** 2).sum(axis=1)


def step(optimizer):
    return optimizer.tell(losses(optimizer.ask()))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_recipes_are_the_candidates_bit_for_bit(name):
    optimizer = tegmentum.Optimizer(np.full(5, 0.5), name, seed=7)
    for _ in range(20):
        candidates, recipes = optimizer.ask(), optimizer.ask_recipes()
        assert len(candidates) == len(recipes)
        for candidate, recipe in zip(candidates, recipes):
            assert (optimizer.candidate(recipe) == candidate).all()
        optimizer.tell(losses(candidates))


def test_a_recipe_is_a_few_bytes():
    optimizer = tegmentum.Optimizer(np.zeros(100_000), {"evolution_strategy": {"pairs": 32}}, seed=1)
    recipes = [tuple(recipe) for recipe in optimizer.ask_recipes()]
    assert len(recipes) == 64 and len(pickle.dumps(recipes)) <= 64 * len(recipes)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_saved_optimizer_goes_on_with_the_same_bits(name):
    optimizer = tegmentum.Optimizer(np.full(5, 0.5), name, seed=7, budget=1_000)
    while optimizer.nit < 8 or optimizer.follow_up:
        step(optimizer)
    copy = pickle.loads(pickle.dumps(optimizer))
    loaded = tegmentum.Optimizer(np.full(5, 0.5), name, seed=7, budget=1_000)
    loaded.load(optimizer.save())
    for _ in range(10):
        reports = {step(one)[:2] for one in (optimizer, copy, loaded)}
        assert len(reports) == 1
    assert (optimizer.x == copy.x).all() and (optimizer.x == loaded.x).all()
    assert (optimizer.nfev, optimizer.nit) == (copy.nfev, copy.nit)


def test_ask_and_tell_do_what_minimize_does():
    # The budget is spent by whole updates, as there.
    optimizer = tegmentum.Optimizer(np.full(5, 0.5), "spsa", seed=7, budget=1_000)
    while optimizer.nfev < 1_000:
        step(optimizer)
    result = tegmentum.minimize(lambda x: losses([x])[0], np.full(5, 0.5, np.float32), optimizer="spsa", seed=7, budget=1_000)
    assert (optimizer.x == result.x).all()


def test_a_tell_that_fails_changes_nothing():
    one, other = (tegmentum.Optimizer(np.ones(3), seed=2) for _ in range(2))
    for bad in (None, [], "text", [1.0] * 99, [[1.0, 2.0], [3.0, 4.0]], [object()]):
        candidates = one.ask()
        with pytest.raises(tegmentum.TegmentumError):
            one.tell(bad)
        assert (one.ask() == candidates).all()
    assert step(one) == step(other) and (one.x == other.x).all()


def test_tell_without_ask():
    optimizer = tegmentum.Optimizer(np.ones(3))
    with pytest.raises(tegmentum.InvalidValueError, match="ask"):
        optimizer.tell([1.0, 2.0])
    step(optimizer)
    with pytest.raises(tegmentum.InvalidValueError, match="ask"):
        optimizer.tell([1.0, 2.0])


def test_damaged_and_foreign_states_are_refused():
    optimizer = tegmentum.Optimizer(np.ones(3), "spsa")
    step(optimizer)
    state, x = optimizer.save(), optimizer.x
    for bad in (b"", state[:-1], state[:20] + b"?" + state[21:], tegmentum.Optimizer(np.ones(4), "spsa").save()):
        with pytest.raises(tegmentum.InvalidValueError):
            optimizer.load(bad)
    with pytest.raises(tegmentum.WrongTypeError):
        optimizer.load("text")
    assert (optimizer.x == x).all()


def test_candidates_of_finite_differences_that_fit_into_no_array():
    optimizer = tegmentum.Optimizer(np.zeros(200_000), {"finite_difference": {"weights_per_update": 100_000}})
    with pytest.raises(tegmentum.InvalidValueError, match="ask_recipes"):
        optimizer.ask()


def test_threads_may_share_an_optimizer():
    optimizer = tegmentum.Optimizer(np.ones(1_000), seed=1)

    def look():
        for _ in range(200):
            assert np.isfinite(optimizer.x).all()

    threads = [threading.Thread(target=look) for _ in range(2)]
    [thread.start() for thread in threads]
    for _ in range(200):
        step(optimizer)
    [thread.join() for thread in threads]


def test_levels_are_those_of_an_optimizer_that_has_modulators():
    assert tegmentum.Optimizer(np.ones(2), "spsa").levels is None
    dopamine = tegmentum.Optimizer(np.ones(2))
    for _ in range(50):
        step(dopamine)
    assert all(np.isfinite(dopamine.levels))


def test_candidates_in_memory_of_the_caller():
    plain, reused = (tegmentum.Optimizer(np.ones(300), {"cma_es": {"population": 6}}, seed=1) for _ in range(2))
    out = np.full((9, 300), np.nan, np.float32)
    for _ in range(5):
        expected, found = plain.ask(), reused.ask(out)
        assert found.base is out and found.shape == (6, 300) and (found == expected).all() and np.isnan(out[6:]).all()
        losses = (expected**2).sum(axis=1)
        assert plain.tell(losses) == reused.tell(losses)


@pytest.mark.parametrize(
    "out",
    [
        3,
        np.zeros((6, 300)),
        np.zeros((6, 299), np.float32),
        np.zeros((5, 300), np.float32),
        np.zeros(1800, np.float32),
        np.zeros((300, 6), np.float32).T,
        np.zeros((6, 600), np.float32)[:, ::2],
        np.broadcast_to(np.float32(0), (6, 300)),
    ],
)
def test_memory_that_cannot_be_written_to(out):
    optimizer = tegmentum.Optimizer(np.ones(300), {"cma_es": {"population": 6}}, seed=1)
    with pytest.raises(tegmentum.TegmentumError, match="out"):
        optimizer.ask(out)
    assert optimizer.ask().shape == (6, 300)

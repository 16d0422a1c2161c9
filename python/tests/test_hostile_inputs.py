"""Whatever comes in, one exception of the package comes out; never a panic, never an abort."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tegmentum
from tegmentum import metrics, statistics

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

class Refuses:
    """Cannot be made into anything."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")

    def __float__(self):
        raise RuntimeError("no number")

    def __repr__(self):
        return "Refuses()"


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.complex_numbers(),
    st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3), st.lists(st.floats(), max_size=3)), max_size=4),
    st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3)), max_size=3),
    st.builds(Refuses),
    st.builds(object),
    st.builds(lambda: np.ma.masked_array([1.0, 2.0], [True, False])),
    arrays.arrays(
        dtype=st.one_of(
            arrays.floating_dtypes(),
            arrays.integer_dtypes(),
            arrays.boolean_dtypes(),
            arrays.complex_number_dtypes(),
            arrays.datetime64_dtypes(),
            arrays.unicode_string_dtypes(max_len=3),
            st.just(np.dtype("longdouble")),
        ),
        shape=arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
)


def attempt(call):
    """The call returns, or raises an exception of the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except tegmentum.TegmentumError as error:
            assert str(error)


def sphere(x):
    return float((x**2).sum())


@FEW
@given(anything)
def test_starts(value):
    attempt(lambda: tegmentum.minimize(sphere, value, budget=20))
    attempt(lambda: tegmentum.Optimizer(value).ask())


@FEW
@given(anything, anything, anything)
def test_settings(optimizer, budget, seed):
    attempt(lambda: tegmentum.minimize(sphere, [1.0], optimizer=optimizer, budget=20))
    attempt(lambda: tegmentum.Optimizer([1.0], budget=budget))
    attempt(lambda: tegmentum.Optimizer([1.0], seed=seed))
    attempt(lambda: tegmentum.minimize(sphere, [1.0], bounds=optimizer, budget=20))
    attempt(lambda: tegmentum.known(optimizer))


NUMBERS = st.one_of(st.integers(-3, 3), st.integers(), st.floats(), st.text(max_size=3), st.none(), st.lists(st.floats(), max_size=2))
FIELDS = ["learning_rate", "perturbation_scale", "directions", "pairs", "population", "samples", "weights_per_update", "momentum", "x"]


@FEW
@given(st.sampled_from([entry.name for entry in tegmentum.known("optimizer")]), st.dictionaries(st.sampled_from(FIELDS), NUMBERS))
def test_settings_of_optimizers(name, fields):
    # Few parameters are looked at, so that a number that fits does not take long.
    attempt(lambda: tegmentum.Optimizer([1.0, 2.0], {name: fields}))


@FEW
@given(anything)
def test_what_a_function_returns(value):
    attempt(lambda: tegmentum.minimize(lambda x: value, [1.0, 2.0], budget=20))
    attempt(lambda: tegmentum.minimize(lambda x: value, [1.0, 2.0], budget=20, vectorized=True))


@FEW
@given(anything)
def test_losses_and_states(value):
    optimizer = tegmentum.Optimizer([1.0, 2.0])
    optimizer.ask()
    attempt(lambda: optimizer.tell(value))
    attempt(lambda: optimizer.load(value))
    attempt(lambda: optimizer.candidate(value))
    attempt(lambda: optimizer.vector(value))


@FEW
@given(anything, anything, anything, anything)
def test_recipes(base, family, key, scale):
    attempt(lambda: tegmentum.direction(tegmentum.Recipe("acting", 1.0, family, key, scale), base))
    attempt(lambda: tegmentum.direction(tegmentum.Recipe("acting", 1.0, "gaussian", key, 1.0), [1.0, 2.0]))
    attempt(lambda: tegmentum.direction(tegmentum.Recipe("acting", 1.0, "coordinate", key, 1.0), [1.0, 2.0]))
    attempt(lambda: tegmentum.direction(tegmentum.Recipe("acting", 1.0, "rademacher", 1, scale), [1.0, 2.0]))
    attempt(lambda: tegmentum.direction(base, [1.0]))


@FEW
@given(anything, anything)
def test_statistics_and_metrics(first, second):
    attempt(lambda: statistics.interquartile_mean(first))
    attempt(lambda: statistics.bootstrap(first, resamples=10))
    attempt(lambda: statistics.bootstrap([1.0, 2.0], statistic=second, resamples=10))
    if not isinstance(first, int):
        attempt(lambda: statistics.bootstrap([1.0, 2.0], resamples=first))
    attempt(lambda: statistics.paired_comparison(first, second, resamples=10))
    attempt(lambda: statistics.paired_comparison([1.0], [2.0], effect=second, resamples=10))
    attempt(lambda: statistics.probability_of_improvement(first, second, resamples=10))
    attempt(lambda: statistics.proportion_interval(first, second))
    for metric in (metrics.accuracy, metrics.mean_squared_error):
        attempt(lambda metric=metric: metric(first, second))
        attempt(lambda metric=metric: metric(first, first))
    attempt(lambda: metrics.normalised_root_mean_squared_error(first, first, second))
    attempt(lambda: metrics.valid_prediction_time(first, first, second, sampling_step=1.0, lyapunov_exponent=1.0))
    attempt(lambda: metrics.valid_prediction_time([1.0], [1.0], [1.0], sampling_step=first, lyapunov_exponent=second))


@FEW
@given(anything, anything)
def test_behaviour(first, second):
    attempt(lambda: tegmentum.Environment(first))
    attempt(lambda: tegmentum.Environment({"go_no_go": first}))
    attempt(lambda: tegmentum.Modulators(first))
    attempt(lambda: tegmentum.Modulators({"preset": "mei-2025", "pharmacology": first}))
    attempt(lambda: tegmentum.Modulators("mei-2025").observe(reward=first, confirmed=second))
    attempt(lambda: tegmentum.Session("go_no_go", first, "mei-2025"))
    attempt(lambda: tegmentum.Session("go_no_go", {"actor_critic": {"contexts": first}}, "mei-2025"))
    if not isinstance(first, int):
        attempt(lambda: tegmentum.Session("go_no_go", "actor_critic", "mei-2025").run(first))
    world = tegmentum.Environment("go_no_go")
    attempt(lambda: tegmentum.Agent(first, world))
    attempt(lambda: tegmentum.Agent("actor_critic", first))
    agent = tegmentum.Agent("actor_critic", world)
    world.begin()
    attempt(lambda: world.step(first))
    attempt(lambda: agent.act(first, second))
    attempt(lambda: agent.appraise(first, second, True))
    attempt(lambda: agent.appraise(1.0, [0.0] * world.num_observations, first, second))
    attempt(lambda: agent.learn(first))


@FEW
@given(anything, anything)
def test_studies(first, second):
    for study in (first, {"name": "x", "kind": first}, {"name": first}):
        attempt(lambda study=study: tegmentum.run(study, quick=True, seeds=1))
    if not isinstance(first, (bool, np.bool_)):
        attempt(lambda: tegmentum.run("xor", quick=first, seeds=second))
    attempt(lambda: tegmentum.lesion("theory", arm=first, setting=second))
    attempt(lambda: tegmentum.lesion("theory", metrics=first))
    attempt(lambda: tegmentum.dose("theory", modulator=first, action="lesion", doses=second))
    attempt(lambda: tegmentum.dose("theory", modulator="dopamine", action=first))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint64, bool, ">f4", ">f8"])
def test_arrays_of_every_layout_are_read(dtype):
    whole = np.ones((6, 4)).astype(dtype)
    read_only = whole[0].copy()
    read_only.flags.writeable = False
    for start in (whole[0], whole[:, 1], whole[::2, 0], whole[::-1, 0], read_only, np.broadcast_to(whole[0, 0], 4)):
        result = tegmentum.minimize(sphere, start, budget=20)
        assert result.x.shape == start.shape and (start == 1).all()
        optimizer = tegmentum.Optimizer(start, "spsa")
        count = len(optimizer.ask())
        optimizer.tell(np.ones(2 * count, dtype)[::2])


def test_many_parameters_are_no_hostile_input():
    for entry in tegmentum.known("optimizer"):
        optimizer = tegmentum.Optimizer(np.zeros(200_000, np.float32), entry.name)
        optimizer.tell(np.arange(len(optimizer.ask()), dtype=float))
        assert np.isfinite(optimizer.x).all()


def test_what_is_handed_out_belongs_to_the_caller():
    optimizer = tegmentum.Optimizer([1.0, 2.0])
    x, candidates = optimizer.x, optimizer.ask()
    x[:], candidates[:] = 9.0, 9.0
    assert (optimizer.x == [1.0, 2.0]).all() and not (optimizer.ask() == 9.0).any()
    kept = []
    tegmentum.minimize(lambda x: (kept.append(x), sphere(x))[1], [1.0, 2.0], budget=50)
    assert len({x.tobytes() for x in kept}) > 10


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cma_es": {"population": 10**12}}, "population"),
        ({"spsa": {"directions": 10**15}}, "directions"),
        ({"evolution_strategy": {"pairs": 10**15}}, "pairs"),
        ({"random_search": {"samples": 10**15}}, "samples"),
    ],
)
def test_sizes_that_no_memory_holds(settings, words):
    with pytest.raises(tegmentum.InvalidValueError, match=words):
        tegmentum.Optimizer([1.0], settings)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: tegmentum.minimize(sphere, [1.0, float("nan")]), ValueError, "x0[1] = nan: must be a finite number"),
        (lambda: tegmentum.minimize(sphere, [1e39]), ValueError, "x0[0] = 1e+39: must be below 3.4e38 in size"),
        (lambda: tegmentum.minimize(sphere, [[1.0]]), ValueError, "x0 has the shape (1, 1): must have one dimension"),
        (lambda: tegmentum.minimize(sphere, []), ValueError, "x0 is empty: must have at least one number"),
        (lambda: tegmentum.minimize(sphere, "ab"), TypeError, "x0 has the type <U2: must be real numbers"),
        (lambda: tegmentum.minimize(1, [1.0]), TypeError, "fun = 1: must be a function"),
        (lambda: tegmentum.minimize(lambda x: None, [1.0]), TypeError, "the objective returned None: must be one number"),
        (lambda: tegmentum.minimize(lambda x: x, [1.0, 2.0]), TypeError, "an array of shape [2]: must be one number"),
        (lambda: tegmentum.minimize(sphere, [1.0], budget=1.5), TypeError, "budget = 1.5: must be a whole number"),
        (lambda: tegmentum.minimize(sphere, [1.0], seed=-1), ValueError, "seed = -1: must be between 0 and"),
        (lambda: tegmentum.run("xr"), ValueError, 'unknown study "xr": known are'),
        (lambda: tegmentum.run("no.toml"), OSError, "no.toml"),
        (lambda: tegmentum.Environment("go_no_go").step(1), ValueError, "call begin first"),
    ],
)
def test_messages_say_what_is_wrong(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, tegmentum.TegmentumError) and words in str(caught.value)

"""One population on many workers: the bits of one process, also if workers are killed."""

import multiprocessing
import pickle
import sys
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import tegmentum
from tegmentum import parallel

SETTINGS = {"evolution_strategy": {"pairs": 8}}

FUNCTIONS = """
import os, pathlib, signal

def sphere(x):
    return float((x**2).sum())

def noisy(x, seed):
    return float((x**2).sum()) + seed % 7

def killed(x, folder):
    # The 100th evaluation of the run ends its process.
    for number in range(10**6):
        try:
            (pathlib.Path(folder) / str(number)).touch(exist_ok=False)
            break
        except FileExistsError:
            pass
    if number == 100:
        os.kill(os.getpid(), signal.SIGKILL)
    return float((x**2).sum())

def always_killed(x):
    os.kill(os.getpid(), signal.SIGKILL)

def fails(x):
    raise ZeroDivisionError("mine")
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    # Processes that are spawned have the path of this one.
    (tmp_path / "functions_of_a_user.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("functions_of_a_user", None)
    import functions_of_a_user

    yield functions_of_a_user
    sys.modules.pop("functions_of_a_user", None)


def pool(workers):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def same(one, other):
    assert (one.x == other.x).all() and (one.fun, one.nfev, one.nit) == (other.fun, other.nfev, other.nit)
    assert (one.best_x == other.best_x).all() and one.best_fun == other.best_fun
    assert all(np.array_equal(one.history[name], other.history[name], equal_nan=True) for name in one.history)


def test_the_bits_are_those_of_minimize(functions):
    one = tegmentum.minimize(functions.sphere, np.ones(50), budget=320, seed=3, optimizer=SETTINGS)
    with ThreadPoolExecutor(1) as executor:
        same(parallel.minimize(functions.sphere, np.ones(50), executor=executor, workers=1, budget=320, seed=3, optimizer=SETTINGS), one)


def test_threads_share_what_their_process_keeps(functions):
    one = tegmentum.minimize(functions.sphere, np.ones(50), budget=1_600, seed=3, optimizer=SETTINGS)
    with ThreadPoolExecutor(4) as executor:
        for workers in (2, 4, 16):
            found = parallel.minimize(functions.sphere, np.ones(50), executor=executor, workers=workers, budget=1_600, seed=3, optimizer=SETTINGS)
            same(found, one)


def test_a_dopamine_run_of_several_rounds_an_update(functions):
    with ThreadPoolExecutor(1) as executor:
        found = [
            parallel.minimize(functions.noisy, np.ones(5), executor=executor, workers=workers, budget=300, seed=3, seeded=True, optimizer="dopamine")
            for workers in (1, 3)
        ]
    same(*found)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_workers_change_no_bit(functions, tmp_path):
    one = tegmentum.minimize(functions.sphere, np.ones(50), budget=160, seed=3, optimizer=SETTINGS)
    for workers in (1, 2, 4):
        folder = tmp_path / f"evaluations-{workers}"
        folder.mkdir()
        made = []
        found = parallel.minimize(
            functions.killed,
            np.ones(50),
            (str(folder),),
            executor=lambda: (made.append(workers), pool(workers))[1],
            workers=workers,
            budget=160,
            seed=3,
            optimizer=SETTINGS,
        )
        same(found, one)
        assert len(made) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_workers_that_always_die_are_given_up(functions):
    with pytest.raises(BrokenExecutor), pool(1) as executor:
        parallel.minimize(functions.always_killed, np.ones(5), executor=executor)
    made = []
    with pytest.raises(BrokenExecutor):
        parallel.minimize(functions.always_killed, np.ones(5), executor=lambda: (made.append(1), pool(1))[1], workers=1)
    assert len(made) == 6


def test_what_a_function_raises_arrives(functions):
    with pytest.raises(ZeroDivisionError, match="mine"), ThreadPoolExecutor(1) as executor:
        parallel.minimize(functions.fails, np.ones(5), executor=executor)


def test_only_seeds_and_losses_travel(functions):
    """Tasks after the first are small, whatever the number of parameters."""
    sizes = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *words):
            sizes.append(len(pickle.dumps(words)))
            return super().submit(*words)

    with Counting(1) as executor:
        parallel.minimize(functions.sphere, np.ones(20_000), executor=executor, workers=1, budget=160, seed=1, optimizer=SETTINGS)
    later = [size for size in sizes if size < 80_000]
    assert len(later) == len(sizes) - 1 and max(later) <= 64 * 16, sizes


@pytest.mark.parametrize("settings", [{"executor": 3}, {"workers": 0}, {"budget": 0}, {"seeded": 1}, {"optimizer": "x"}])
def test_arguments_that_cannot_be_used(functions, settings):
    with ThreadPoolExecutor(1) as executor, pytest.raises(tegmentum.TegmentumError):
        parallel.minimize(functions.sphere, np.ones(2), **{"executor": executor, **settings})
    with ThreadPoolExecutor(1) as executor, pytest.raises(tegmentum.TegmentumError):
        parallel.minimize(lambda x: None, np.ones(2), executor=executor)

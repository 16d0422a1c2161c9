"""One population on Ray: the bits of one process, also if workers are killed or come late."""

import os
import pickle
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor

import numpy as np
import pytest

ray = pytest.importorskip("ray")

import tegmentum
import tegmentum.ray
from tegmentum import parallel
from tegmentum.ray import RayExecutor

SETTINGS = {"evolution_strategy": {"pairs": 8}}


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def made():
    # Ray sends functions of a module by name, and this one is no module that a worker could import.
    return lambda x: float((x**2).sum())


sphere = made()


def same(one, other):
    assert (one.x == other.x).all() and (one.fun, one.nfev, one.nit) == (other.fun, other.nfev, other.nit)
    assert (one.best_x == other.best_x).all() and one.best_fun == other.best_fun
    assert all(np.array_equal(one.history[name], other.history[name], equal_nan=True) for name in one.history)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_bits_are_those_of_one_process(workers):
    one = tegmentum.minimize(sphere, np.ones(50), budget=320, seed=3, optimizer=SETTINGS)
    same(tegmentum.ray.minimize(sphere, np.ones(50), workers=workers, budget=320, seed=3, optimizer=SETTINGS), one)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_is_killed_changes_no_bit(workers, tmp_path):
    one = tegmentum.minimize(sphere, np.ones(50), budget=160, seed=3, optimizer=SETTINGS)
    folder = str(tmp_path)

    def killed(x):
        # The 100th evaluation of the run ends its process.
        for number in range(10**6):
            try:
                os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_EXCL))
                break
            except FileExistsError:
                pass
        if number == 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return float((x**2).sum())

    same(tegmentum.ray.minimize(killed, np.ones(50), workers=workers, budget=160, seed=3, optimizer=SETTINGS), one)
    assert len(list(tmp_path.iterdir())) > 161, "a task was evaluated again"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_always_dies_is_given_up():
    def dies(x):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(BrokenExecutor):
        tegmentum.ray.minimize(dies, np.ones(3), workers=1, budget=16)


def test_workers_that_find_no_room_join_late():
    """The third actor waits for a processor until another user's actor goes away."""
    holder = RayExecutor(1, num_cpus=2)
    holder.submit(pow, 2, 2).result()
    ended = threading.Timer(3.0, holder.shutdown)
    ended.start()
    one = tegmentum.minimize(sphere, np.ones(50), budget=320, seed=3, optimizer=SETTINGS)
    same(tegmentum.ray.minimize(sphere, np.ones(50), workers=3, budget=320, seed=3, optimizer=SETTINGS), one)
    ended.join()


def test_what_a_function_raises_arrives():
    def fails(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        tegmentum.ray.minimize(fails, np.ones(3), workers=1, budget=16)
    assert "in fails" in str(caught.value.__cause__)


def test_only_seeds_and_losses_travel():
    sizes = []

    class Counting(RayExecutor):
        def submit(self, fn, /, *args, **kwargs):
            sizes.append(len(pickle.dumps((fn, args))))
            return super().submit(fn, *args, **kwargs)

    with Counting(1) as pool:
        parallel.minimize(np.linalg.norm, np.ones(20_000), executor=pool, workers=1, budget=160, seed=1, optimizer=SETTINGS)
    later = [size for size in sizes if size < 80_000]
    assert len(later) == len(sizes) - 1 and max(later) <= 64 * 16, sizes


def test_an_executor_as_python_knows_it():
    with RayExecutor(2) as pool:
        assert list(pool.map(pow, [2, 3], [2, 2])) == [4, 9]
    with pytest.raises(RuntimeError):
        pool.submit(pow, 2, 2)
    for words in ({"workers": 0}, {"workers": "x"}, {"num_cpus": -1}):
        with pytest.raises(tegmentum.TegmentumError):
            RayExecutor(**words)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_study_on_ray_is_that_of_one_process(workers):
    one = tegmentum.run("go-no-go", seeds=2, quick=True)
    with RayExecutor(workers) as pool:
        shared = tegmentum.run("go-no-go", seeds=2, quick=True, executor=pool)
    assert shared.records_csv == one.records_csv


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_study_outlives_a_worker_that_is_killed():
    one = tegmentum.run("go-no-go", seeds=3)
    with RayExecutor(2) as pool:
        victim = pool.submit(os.getpid).result()
        ended = threading.Timer(0.5, os.kill, (victim, signal.SIGKILL))
        ended.start()
        shared = tegmentum.run("go-no-go", seeds=3, executor=pool)
        ended.join()
    assert shared.records_csv == one.records_csv

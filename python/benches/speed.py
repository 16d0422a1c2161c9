"""What the package costs beyond the objective, beside other packages that are installed, in one run.

Run it with the release wheel (`pip install ./python`): `python python/benches/speed.py`. Each row is the fastest of five repetitions.
"""

import importlib.util
import time

import numpy as np

import tegmentum


def fastest(work, repetitions=5):
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        count = work()
        times.append((time.perf_counter() - begin) / count)
    return min(times)


def ask_and_tell(parameters, settings, rounds):
    """Seconds of a round, with losses that cost nothing."""
    optimizer = tegmentum.Optimizer(np.zeros(parameters, np.float32), settings, budget=10**9)
    losses = {}

    def work():
        for _ in range(rounds):
            count = len(optimizer.ask())
            if count not in losses:
                losses[count] = np.linspace(0.0, 1.0, count)
            optimizer.tell(losses[count])
        return rounds

    return fastest(work)


def empty_objective(parameters, budget):
    """Seconds of an evaluation of `minimize`, with an objective that does nothing."""
    start = np.zeros(parameters)
    return fastest(lambda: tegmentum.minimize(lambda x: 0.0, start, budget=budget).nfev)


def cma_package(parameters, population, rounds):
    import cma

    strategy = cma.CMAEvolutionStrategy(
        np.zeros(parameters), 0.1, {"popsize": population, "CMA_diagonal": True, "verbose": -9, "maxiter": 10**9}
    )
    losses = np.linspace(0.0, 1.0, population)

    def work():
        for _ in range(rounds):
            strategy.tell(strategy.ask(), losses)
        return rounds

    return fastest(work)


def scipy_minimize(parameters):
    from scipy.optimize import minimize

    return fastest(lambda: minimize(lambda x: 0.0, np.zeros(parameters), method="Powell", options={"maxfev": 10_000}).nfev)


def environments(count, rounds):
    from tegmentum.gym import VectorTrials

    envs = VectorTrials("go_no_go", num_envs=count)
    envs.reset(seed=1)
    actions = envs.action_space.sample()

    def work():
        for _ in range(rounds):
            envs.step(actions)
        return count * rounds

    return 1.0 / fastest(work)


def main():
    rows = [
        ("ask + tell, Dopamine, 100 parameters", f"{ask_and_tell(100, 'dopamine', 5_000) * 1e6:.2f} µs a round"),
        ("ask + tell, SPSA, 100 parameters", f"{ask_and_tell(100, 'spsa', 5_000) * 1e6:.2f} µs a round"),
        ("minimize, 100 parameters", f"{empty_objective(100, 20_000) * 1e6:.2f} µs an evaluation"),
        (
            "evolution strategy, 64 candidates of 100 000 parameters",
            f"{ask_and_tell(100_000, {'evolution_strategy': {'pairs': 32}}, 10) * 1e3:.2f} ms a generation",
        ),
        (
            "CMA-ES (diagonal), 64 candidates of 100 000 parameters",
            f"{ask_and_tell(100_000, {'cma_es': {'population': 64}}, 10) * 1e3:.2f} ms a generation",
        ),
    ]
    if importlib.util.find_spec("gymnasium"):
        rows.append(("vector of 1 000 environments, Go/No-Go", f"{environments(1_000, 200):.3g} steps a second"))
    if importlib.util.find_spec("scipy"):
        rows.append(("SciPy's Powell, 100 parameters", f"{scipy_minimize(100) * 1e6:.2f} µs an evaluation"))
    if importlib.util.find_spec("cma"):
        rows.append(
            ("cma (diagonal), 64 candidates of 100 000 parameters", f"{cma_package(100_000, 64, 2) * 1e3:.2f} ms a generation")
        )
    for name, value in rows:
        print(f"{name:<58} {value}")


if __name__ == "__main__":
    main()

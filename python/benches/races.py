"""What a step costs beyond the objective, beside other packages: writes docs/python-races.md.

    python python/benches/races.py                    # a few minutes
    python python/benches/races.py --repetitions 3 --out short.md

Every contestant is asked for candidates and told losses that cost nothing, in one run, one after another in turn. A row is the median of the
repetitions. Packages that are not installed are left out: evosax (with JAX), cma, nevergrad, SciPy.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import tegmentum

#: Work that is measured: it returns how many rounds and how many evaluations it made.
Work = Callable[[], tuple[int, int]]
Maker = Callable[[int, int, int], Work]
#: Processor seconds of a round and of an evaluation, and seconds of a round by the clock.
Times = tuple[float, float, float]
#: The aims for ours: seconds of a step at 100 parameters, of a generation of 64 at 100 000.
AIMS = (2e-6, 8e-3)


def ours(settings: Any, reuse: bool = False) -> Maker:
    """Ask and tell of `tegmentum.Optimizer`; with `reuse` into memory that is there."""

    def make(parameters: int, population: int, rounds: int) -> Work:
        optimizer = tegmentum.Optimizer(np.zeros(parameters, np.float32), settings, budget=10**9)
        losses: dict[int, Any] = {}
        memory = np.empty((max(population, 64), parameters), np.float32) if reuse else None

        def work() -> tuple[int, int]:
            told = 0
            for _ in range(rounds):
                count = len(optimizer.ask(out=memory) if reuse else optimizer.ask())
                if count not in losses:
                    losses[count] = np.linspace(0.0, 1.0, count)
                optimizer.tell(losses[count])
                told += count
            return rounds, told

        return work

    return make


def evosax(name: str) -> Maker:
    """evosax, compiled by JAX; candidates are handed over as NumPy's arrays, as any objective outside of JAX needs them."""

    def make(parameters: int, population: int, rounds: int) -> Work:
        import jax
        from evosax import algorithms

        population = population or 8
        start = np.zeros(parameters, np.float32)
        if name == "Sep_CMA_ES":
            strategy = algorithms.Sep_CMA_ES(population, start)
        else:
            strategy = algorithms.Open_ES(population, start)
        settings, key = strategy.default_params, jax.random.key(0)
        losses, states = np.linspace(0.0, 1.0, population, dtype=np.float32), [strategy.init(key, start, settings)]

        def work() -> tuple[int, int]:
            state = states[0]
            for index in range(rounds):
                candidates, state = strategy.ask(jax.random.fold_in(key, index), state, settings)
                np.asarray(candidates)
                state, _ = strategy.tell(key, candidates, losses, state, settings)
            jax.block_until_ready(state)
            states[0] = state
            return rounds, rounds * population

        return work

    return make


def cma(parameters: int, population: int, rounds: int) -> Work:
    """The package cma; the diagonal form where the whole matrix would not fit."""
    from cma import CMAEvolutionStrategy

    population = population or 8
    settings = {"popsize": population, "CMA_diagonal": parameters > 1_000, "verbose": -9, "maxiter": 10**9, "seed": 1}
    strategy = CMAEvolutionStrategy(np.zeros(parameters), 0.1, settings)
    losses = np.linspace(0.0, 1.0, population)

    def work() -> tuple[int, int]:
        for _ in range(rounds):
            strategy.tell(strategy.ask(), losses)
        return rounds, rounds * population

    return work


def nevergrad(name: str) -> Maker:
    """nevergrad: one candidate is asked for and told at a time."""

    def make(parameters: int, population: int, rounds: int) -> Work:
        import nevergrad as package

        count = population or 1
        optimizer = package.optimizers.registry[name](parametrization=parameters, budget=10**6, num_workers=count)
        losses = np.linspace(0.0, 1.0, count)

        def work() -> tuple[int, int]:
            for _ in range(rounds):
                candidates = [optimizer.ask() for _ in range(count)]
                for candidate, loss in zip(candidates, losses, strict=True):
                    optimizer.tell(candidate, float(loss))
            return rounds, rounds * count

        return work

    return make


def scipy(method: str) -> Maker:
    """SciPy's minimize, which is not asked and told: its time for an evaluation of a function that does nothing."""

    def make(parameters: int, population: int, rounds: int) -> Work:
        from scipy.optimize import minimize

        counter = iter(range(10**9))

        def work() -> tuple[int, int]:
            found = minimize(lambda x: float(next(counter) % 7), np.zeros(parameters), method=method, options={"maxfev": 10 * rounds})
            return found.nfev, found.nfev

        return work

    return make


#: Name, package, its maker, and rounds of a repetition: at 100 parameters, each with the population that it has by itself.
STEPS: list[tuple[str, str, Maker, int]] = [
    ("Dopamine", "tegmentum", ours("dopamine"), 50_000),
    ("SPSA", "tegmentum", ours("spsa"), 50_000),
    ("separable CMA-ES", "tegmentum", ours("cma_es"), 10_000),
    ("OpenAI-ES, 8 candidates", "evosax", evosax("Open_ES"), 50),
    ("CMA-ES, 8 candidates", "cma", cma, 10),
    ("(1+1)", "nevergrad", nevergrad("OnePlusOne"), 100),
    ("Powell, an evaluation", "scipy", scipy("Powell"), 200),
    ("Nelder–Mead, an evaluation", "scipy", scipy("Nelder-Mead"), 200),
]
#: The same for a generation of 64 candidates of 100 000 parameters.
GENERATIONS: list[tuple[str, str, Maker, int]] = [
    ("OpenAI-ES, normals", "tegmentum", ours({"evolution_strategy": {"pairs": 32}}), 4),
    ("OpenAI-ES, normals, `ask(out=…)`", "tegmentum", ours({"evolution_strategy": {"pairs": 32}}, True), 4),
    ("OpenAI-ES, signs, `ask(out=…)`", "tegmentum", ours({"evolution_strategy": {"pairs": 32, "family": "rademacher"}}, True), 4),
    ("separable CMA-ES, `ask(out=…)`", "tegmentum", ours({"cma_es": {"population": 64}}, True), 2),
    ("OpenAI-ES", "evosax", evosax("Open_ES"), 2),
    ("separable CMA-ES", "evosax", evosax("Sep_CMA_ES"), 2),
    ("separable CMA-ES", "cma", cma, 1),
    ("(1+1)", "nevergrad", nevergrad("OnePlusOne"), 1),
]


def race(entries: list[tuple[str, str, Maker, int]], size: tuple[int, int], repetitions: int) -> dict[tuple[str, str], Times]:
    """Medians of the times; contestants take turns."""
    works = {(name, package): maker(*size, rounds) for name, package, maker, rounds in entries if importlib.util.find_spec(package)}
    times: dict[tuple[str, str], list[Times]] = {entry: [] for entry in works}
    for repetition in range(repetitions + 1):
        for entry, work in works.items():
            # Threads of the one before wait for work in a loop for a while; that time is not this one's.
            time.sleep(0.3)
            wall, processor = time.perf_counter(), time.process_time()
            rounds, evaluations = work()
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            # The first turn compiles and touches memory.
            if repetition > 0:
                times[entry].append((processor / rounds, processor / evaluations, wall / rounds))
    return {entry: tuple(statistics.median(column) for column in zip(*found, strict=True)) for entry, found in times.items()}  # type: ignore[misc]


def table(found: dict[tuple[str, str], Times], unit: tuple[str, float], what: str) -> str:
    """Rows in their order."""
    name, factor = unit
    lines = [f"| package | optimizer | {what}, {name} | for each evaluation, {name} | {what} by the clock, {name} |", "|---|---|---|---|---|"]
    lines += [
        f"| {package} | {entry} | {factor * a:.3g} | {factor * b:.3g} | {factor * c:.3g} |" for (entry, package), (a, b, c) in found.items()
    ]
    return "\n".join(lines)


def verdict(found: dict[tuple[str, str], Times], aim: float, unit: tuple[str, float]) -> str:
    """Whether ours hold the aim, and who is faster."""
    name, factor = unit
    mine = {entry: a for (entry, package), (a, _, _) in found.items() if package == "tegmentum"}
    best = min(mine, key=lambda entry: mine[entry])
    held = [entry for entry, seconds in mine.items() if seconds <= aim]
    text = f"The aim is {factor * aim:g} {name}; it is held by {', '.join(held) if held else 'none of ours'}."
    faster = [f"{package}'s {entry}" for (entry, package), (a, _, _) in found.items() if package != "tegmentum" and a < mine[best]]
    return text + (f" Faster than our fastest: {', '.join(faster)}." if faster else " None of the others is faster than our fastest.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=5, help="repetitions that the median is taken of")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs/python-races.md")
    given = parser.parse_args()
    if given.repetitions < 1:
        parser.error("--repetitions must be at least 1")
    os.environ["JAX_PLATFORMS"] = "cpu"
    warnings.simplefilter("ignore")
    before = os.getloadavg()[0]
    micro, milli = ("µs", 1e6), ("ms", 1e3)
    steps = race(STEPS, (100, 0), given.repetitions)
    generations = race(GENERATIONS, (100_000, 64), given.repetitions)
    packages = dict.fromkeys(package for _, package in [*steps, *generations])
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    given.out.write_text(f"""# What a step costs beyond the objective

<!-- Written by `python python/benches/races.py`. Do not edit. -->

Command: `python python/benches/races.py --repetitions {given.repetitions}` ({versions}; Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores)

Medians of {given.repetitions} repetitions in turn, with losses that cost nothing: seconds of processor, all threads together, which is what is judged, and by the clock.
Load of the machine (processes that wanted a core): {before:.1f} before, {os.getloadavg()[0]:.1f} after; above {os.cpu_count()} the clock says more than the work takes.

## Ask and tell at 100 parameters

{table(steps, micro, "a step")}

{verdict(steps, AIMS[0], micro)}
A step of Dopamine has 5 evaluations as a rule, of SPSA 2. SciPy is not asked and told: its times are those of an evaluation.

## A generation of 64 candidates of 100 000 parameters

{table(generations, milli, "a generation")}

{verdict(generations, AIMS[1], milli)}
Candidates arrive as arrays of NumPy in all rows. `ask(out=…)` writes them into memory that is there already; 25 MB of new memory cost the first row what
it has more than the second.
""")
    print(given.out.read_text())


if __name__ == "__main__":
    main()

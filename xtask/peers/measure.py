"""Rates of a peer: one thread, pinned; the fastest of its forms; one rate for each line that is read.

Import this module before numpy, torch or jax: it fixes the number of threads, which they read as they start.
"""

import json
import os
import resource
import sys
import time

THREADS = int(os.environ.get("PEER_THREADS", "1"))
SECONDS = float(os.environ.get("PEER_SECONDS", "0.5"))

if hasattr(os, "sched_setaffinity"):
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(allowed[:THREADS]))
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def rate(work, call, seconds):
    """Work of `call`, which does `work` units, per second of a processor; and the share of a processor that was had.

    Seconds of a processor and not of the wall: on a machine that others use the two differ, and pinned to one processor they
    are the same on an idle one. The Rust side counts likewise.
    """
    begin, used, calls = time.perf_counter(), time.process_time(), 0
    while calls == 0 or time.process_time() - used < seconds:
        call()
        calls += 1
    elapsed, used = time.perf_counter() - begin, time.process_time() - used
    return work * calls / used, used / elapsed


def peak_mib():
    """The most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(**fields):
    print(json.dumps(fields), flush=True)


def fastest(forms):
    """The name of the fastest of `forms` (name -> (work, call)), the rate of each, and the seconds of its first call."""
    rates, first = {}, {}
    for name, (work, call) in forms.items():
        begin = time.perf_counter()
        call()
        first[name] = time.perf_counter() - begin
        rates[name] = max(rate(work, call, SECONDS / 3)[0] for _ in range(2))
    best = max(rates, key=rates.get)
    return best, rates, first[best]


def serve(forms):
    """Chooses the fastest form, says so, then prints one rate for each line on standard input."""
    best, rates, first = fastest(forms)
    work, call = forms[best]
    say(form=best, rates=rates, first_call_s=first)
    for _ in sys.stdin:
        value, share = rate(work, call, SECONDS)
        say(rate=value, processor=share, peak_mib=peak_mib())

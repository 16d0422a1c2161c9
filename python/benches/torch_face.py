"""The face for PyTorch beside the usual loop, in one run: exact bits, the time of a step, digits to 95 %.

Needs PyTorch and scikit-learn, and the release wheel (`pip install ./python`): `python python/benches/torch_face.py --write docs/torch.md` writes the tables
between the marks of that page. `--parts bits` alone ends in minutes. `--cycles` sets the number of perturbations (10⁶ by default), `--seeds` that of the seeds that judge.

The usual loop (MeZO, arXiv:2305.17333): normals are added to the parameters in place, taken away twice, added again, and the step is made with
normals that are drawn anew from the same seed. Its learning rate and scale are searched on seeds that do not judge.
"""

import argparse
import itertools
import re
import statistics
import time
from pathlib import Path

import torch

from tegmentum.torch import ForwardOptimizer

F = torch.nn.functional


class UsualLoop:
    """Perturb, evaluate, perturb back, evaluate, restore, step: everything in place."""

    def __init__(self, parameters, rate, scale=1e-3, seed=0):
        self.parameters, self.rate, self.scale = list(parameters), rate, scale
        self.seeds = torch.Generator().manual_seed(seed)

    def move(self, seed, factor):
        generator = torch.Generator().manual_seed(seed)
        for p in self.parameters:
            z = torch.normal(0.0, 1.0, size=p.shape, generator=generator, dtype=p.dtype)
            p.add_(z, alpha=factor)

    @torch.no_grad()
    def step(self, closure):
        seed = int(torch.randint(2**31, (1,), generator=self.seeds))
        self.move(seed, self.scale)
        plus = float(closure())
        self.move(seed, -2 * self.scale)
        minus = float(closure())
        self.move(seed, self.scale)
        self.move(seed, -self.rate * (plus - minus) / (2 * self.scale))
        return 0.5 * (plus + minus)


def perceptron(sizes, seed):
    torch.manual_seed(seed)
    layers = []
    for first, second in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(first, second), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def bits_changed(cycles):
    """Share of weights whose bits changed, and their mean relative change, after so many perturbations at rate zero."""
    rows = []
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        found = [str(dtype).removeprefix("torch.")]
        for ours in (True, False):
            # One small tensor: the time is that of the calls, and a million cycles end in minutes.
            weights = torch.nn.Parameter(torch.randn(64, generator=torch.Generator().manual_seed(1)).to(dtype))
            before = weights.detach().clone()
            count = cycles if ours else 2_000
            if ours:
                optimizer = ForwardOptimizer([weights], {"spsa": {"learning_rate": 0.0, "perturbation_scale": 1e-3}})
            else:
                optimizer = UsualLoop([weights], 0.0)
            for _ in range(count // 2):
                optimizer.step(lambda: 0.5)
            after = weights.detach()
            as_bits = torch.int32 if dtype == torch.float32 else torch.int16
            changed = float((before.view(as_bits) != after.view(as_bits)).float().mean())
            moved = float((before - after).float().abs().sum() / before.float().abs().sum())
            found.append(f"{100 * changed:.3g} % of weights, by {100 * moved:.2g} % ({count} perturbations)")
        rows.append(found)
    return table(("type", "`ForwardOptimizer`", "the usual loop"), rows)


def step_times(batches):
    """Times of a step in forward passes of the same batch, interleaved; the fastest, since others may use the machine."""
    rows = []
    for batch in batches:
        inputs, labels = torch.randn(batch, 784), torch.randint(10, (batch,))
        arms = {}
        for name in ("forward", "spsa", "dopamine, 1 direction", "dopamine, 8 directions", "usual loop"):
            model = perceptron((784, 1024, 1024, 10), 1)
            closure = lambda model=model: F.cross_entropy(model(inputs), labels)
            if name == "usual loop":
                optimizer = UsualLoop(model.parameters(), 1e-4)
            elif name != "forward":
                settings = {"dopamine": {"directions": int(name.split()[1])}} if "dopamine" in name else "spsa"
                optimizer = ForwardOptimizer(model.parameters(), settings)
            if name == "forward":
                def work(closure=closure):
                    with torch.no_grad():
                        float(closure())
                    return 1
            elif name == "usual loop":
                def work(closure=closure, optimizer=optimizer):
                    optimizer.step(closure)
                    return 2
            else:
                def work(closure=closure, optimizer=optimizer):
                    before = optimizer.evaluations
                    optimizer.step(closure)
                    return optimizer.evaluations - before
            arms[name] = (work, [], [])
        for turn in range(25):
            for work, times, counts in arms.values():
                begin = time.perf_counter()
                evaluations = work()
                if turn >= 3:
                    times.append(time.perf_counter() - begin)
                    counts.append(evaluations)
        forward = min(arms["forward"][1])
        for name, (_, times, counts) in arms.items():
            if name == "forward":
                continue
            # Steps with the usual number of evaluations; those that end a window have more.
            usual = statistics.mode(counts)
            passes = min(t for t, c in zip(times, counts) if c == usual) / forward
            rows.append((batch, name, f"{1e3 * forward:.1f} ms", usual, f"{passes:.2f}", f"{passes / usual:.2f}"))
    heads = ("batch", "optimizer", "a forward pass", "evaluations of a step", "a step, in forward passes", "for each evaluation")
    return table(heads, rows)


def digits(seed):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    found = train_test_split(x / 16.0, y, test_size=0.3, random_state=seed, stratify=y)
    return [torch.tensor(a, dtype=torch.float32) for a in found[:2]] + [torch.tensor(a) for a in found[2:]]


def seconds_to(target, hidden, make, seed, limit):
    """Processor seconds of training until the test accuracy is reached; the limit if it is not. Testing is not counted."""
    # Networks this small gain nothing from a second thread, whose waiting would count.
    torch.set_num_threads(1)
    train, test, labels, test_labels = digits(seed)
    model = perceptron((64, hidden, 10), seed)
    optimizer = make(model, seed)
    order = torch.Generator().manual_seed(seed)
    spent = 0.0
    while spent < limit:
        begin = time.process_time()
        for _ in range(50):
            rows = torch.randint(len(train), (256,), generator=order)
            inputs, wanted = train[rows], labels[rows]
            optimizer.step(lambda: F.cross_entropy(model(inputs), wanted))
        spent += time.process_time() - begin
        with torch.no_grad():
            if float((model(test).argmax(1) == test_labels).float().mean()) >= target:
                return spent
    return limit


def digits_race(seeds, hidden_units, limit=20.0):
    def usual(rate, scale):
        return lambda model, seed: UsualLoop(model.parameters(), rate, scale, seed)

    def ours(directions):
        return lambda model, seed: ForwardOptimizer(model.parameters(), {"dopamine": {"directions": directions}}, seed=seed)

    # Four settings of each, two seeds that do not judge.
    grids = {
        "`ForwardOptimizer`": {f"directions {k}": ours(k) for k in (2, 4, 8, 16)},
        "the usual loop": {f"rate {r:g}, scale {s:g}": usual(r, s) for r in (1e-2, 3e-2) for s in (1e-3, 1e-2)},
    }
    rows, text = [], ""
    for hidden in hidden_units:
        medians = []
        for name, grid in grids.items():
            scores = {key: statistics.mean(seconds_to(0.95, hidden, make, 1_000 + s, 0.25 * limit) for s in range(2)) for key, make in grid.items()}
            best = min(scores, key=scores.get)
            times = sorted(seconds_to(0.95, hidden, grid[best], seed, limit) for seed in range(seeds))
            medians.append(statistics.median(times))
            reached = sum(t < limit for t in times)
            rows.append((hidden, name, best, f"{reached} of {seeds}", f"{medians[-1]:.2f}", f"{times[0]:.2f} to {times[-1]:.2f}"))
        text += f"\nRatio of the medians with {hidden} hidden units: {medians[0] / medians[1]:.2f}."
    heads = ("hidden units", "optimizer", "setting, from four", "seeds that reach 95 %", "median processor seconds", "range")
    return table(heads, rows) + text + f" A run that does not reach 95 % counts as {limit:g} s.\n"


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--write", type=Path)
    words.add_argument("--cycles", type=int, default=1_000_000)
    words.add_argument("--seeds", type=int, default=10)
    words.add_argument("--hidden", type=int, nargs="+", default=[32])
    words.add_argument("--parts", nargs="+", default=["steps", "digits", "bits"])
    words = words.parse_args()
    makers = {
        "bits": lambda: bits_changed(words.cycles),
        "steps": lambda: step_times((64, 128, 256)),
        "digits": lambda: digits_race(words.seeds, words.hidden),
    }
    for name in words.parts:
        part = makers[name]()
        print(part, flush=True)
        if words.write:
            mark = re.compile(rf"(<!-- {name} -->\n\n).*?(\n<!-- end -->)", re.DOTALL)
            text = words.write.read_text()
            words.write.write_text(mark.sub(lambda found: found[1] + part + found[2], text))


if __name__ == "__main__":
    main()

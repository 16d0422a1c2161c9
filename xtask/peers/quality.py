"""Time to an NRMSE below 0.1 on the Lorenz series, Elman 3-64-3: `python quality.py METHOD SEED`.

Each update sees one new window of 200 steps. The test windows are looked at outside the clock, every few updates; the first 20
steps of each are not judged. Prints one line of JSON. Compilation and first calls are not in the seconds. Rates and scales are
the best of those tried for each method.
"""

import measure
import json
import sys
import time

import numpy as np

import elman
import lorenz

GOAL, STEPS, WASHOUT, PARTS, TEST_WINDOWS = 0.1, 200, 20, 4000, 64
BUDGET = {"torch-adam": 4000, "jax-adam": 4000, "evosax-open-es": 400_000}
VALUES = lorenz.series(6200)
TEST = lorenz.windows(VALUES, np.linspace(4200, 6200 - STEPS - 1, TEST_WINDOWS).astype(int), STEPS)


def start(seed):
    generator = np.random.default_rng(seed)
    blocks = [generator.uniform(-1, 1, shape) / 8 for shape in elman.SHAPES]
    return np.concatenate([block.ravel() for block in blocks]).astype(np.float32)


def run(advance, error, budget):
    """Advances until the error is below the goal: seconds of stepping, evaluations, the error."""
    seconds, spent = 0.0, 0
    while True:
        begin = time.process_time()
        spent += advance()
        seconds += time.process_time() - begin
        found = error()
        if found < GOAL or spent >= budget:
            return seconds, spent, found


def torch_adam(seed, rate=0.01):
    """Backpropagation through time with Adam; an update is one evaluation here."""
    import torch

    torch.set_num_threads(measure.THREADS)
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    recurrent, readout = torch.nn.RNN(3, 64), torch.nn.Linear(64, 3)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *readout.parameters()], rate)
    test = [torch.from_numpy(part) for part in TEST]

    def predict(x):
        return readout(recurrent(x)[0])

    def step():
        x, y = map(torch.from_numpy, lorenz.windows(VALUES, generator.integers(0, PARTS - STEPS, 1), STEPS))
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(predict(x), y).backward()
        optimizer.step()

    def advance():
        for _ in range(5):
            step()
        return 5

    @torch.no_grad()
    def error():
        return float((predict(test[0]) - test[1])[WASHOUT:].square().mean().sqrt())

    # The first backward pass sets things up; its step is taken back.
    state = [parameter.detach().clone() for parameter in recurrent.parameters()]
    readout_state = [parameter.detach().clone() for parameter in readout.parameters()]
    step()
    with torch.no_grad():
        for parameter, value in zip([*recurrent.parameters(), *readout.parameters()], [*state, *readout_state]):
            parameter.copy_(value)
    optimizer.state.clear()
    return run(advance, error, BUDGET["torch-adam"])


def jax_parts():
    import jax
    import jax.numpy as jnp

    values = jnp.array(VALUES)

    def loss(theta, x, y, skip=0):
        w_in, w, bias, w_out, bias_out = elman.unpack(theta)

        def step(state, drive):
            state = jnp.tanh(drive + state @ w.T)
            return state, state

        zeros = jnp.zeros((x.shape[1], elman.HIDDEN))
        _, states = jax.lax.scan(step, zeros, x @ w_in.T + bias)
        return jnp.mean((states @ w_out.T + bias_out - y)[skip:] ** 2)

    def window(key):
        first = jax.random.randint(key, (), 0, PARTS - STEPS)
        rows = jax.lax.dynamic_slice(values, (first, 0), (STEPS + 1, 3))
        return rows[:-1, None], rows[1:, None]

    test = [jnp.array(part) for part in TEST]
    error = jax.jit(lambda theta: jnp.sqrt(loss(theta, *test, WASHOUT)))
    return loss, window, error


def race(advance, state, parameters, error, evaluations, budget, seed):
    """Compiles with a state that is thrown away, then runs."""
    import jax

    holder = {"state": state, "key": jax.random.key(seed + 1000)}
    for _ in range(2):
        jax.block_until_ready(advance(state, holder["key"]))
    error(parameters(state)).block_until_ready()

    def step():
        holder["key"], key = jax.random.split(holder["key"])
        holder["state"] = jax.block_until_ready(advance(holder["state"], key))
        return evaluations

    step_budget = budget
    jax.block_until_ready(jax.random.split(holder["key"]))
    return run(step, lambda: float(error(parameters(holder["state"]))), step_budget)


def jax_adam(seed, rate=0.01):
    """Backpropagation through time with Adam, compiled; an update is one evaluation here."""
    import jax
    import jax.numpy as jnp
    import optax

    loss, window, error = jax_parts()
    theta, optimizer, updates = jnp.array(start(seed)), optax.adam(rate), 5

    def step(carry, key):
        theta, moments = carry
        change, moments = optimizer.update(jax.grad(loss)(theta, *window(key)), moments)
        return (optax.apply_updates(theta, change), moments), None

    advance = jax.jit(lambda carry, key: jax.lax.scan(step, carry, jax.random.split(key, updates))[0])
    state = (theta, optimizer.init(theta))
    return race(advance, state, lambda carry: carry[0], error, updates, BUDGET["jax-adam"], seed)


def open_es(seed, rate=0.01, scale=0.02, members=128):
    """evosax's OpenES: ranks, Adam; members in turn inside one program, which is faster here than `vmap`."""
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import Open_ES

    loss, window, error = jax_parts()
    theta, updates = jnp.array(start(seed)), 5
    strategy = Open_ES(members, theta, optimizer=optax.adam(rate), std_schedule=optax.constant_schedule(scale))
    settings = strategy.default_params

    def step(state, key):
        ask, tell, draw = jax.random.split(key, 3)
        x, y = window(draw)
        population, state = strategy.ask(ask, state, settings)
        losses = jax.lax.map(lambda member: loss(member, x, y), population)
        return strategy.tell(tell, population, losses, state, settings)[0], None

    advance = jax.jit(lambda state, key: jax.lax.scan(step, state, jax.random.split(key, updates))[0])
    state = strategy.init(jax.random.key(seed), theta, settings)
    return race(advance, state, lambda state: state.mean, error, updates * members, BUDGET["evosax-open-es"], seed)


METHODS = {
    "torch-adam": torch_adam,
    "jax-adam": jax_adam,
    "evosax-open-es": open_es,
}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in METHODS:
        sys.exit(__doc__)
    # Further arguments are the rate and the scale, for tuning.
    seconds, evaluations, error = METHODS[sys.argv[1]](int(sys.argv[2]), *map(float, sys.argv[3:]))
    print(json.dumps({"seconds": seconds, "evaluations": evaluations, "nrmse": error, "reached": error < GOAL}))


if __name__ == "__main__":
    main()

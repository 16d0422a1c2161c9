"""XOR, MLP 2-H-1 with tanh and a logistic output, squared error on all four patterns: jax."""

import jax
import jax.numpy as jnp
import numpy as np

PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = np.array([0, 1, 1, 0], np.float32)
SCALE, RATE = 0.05, 0.5
STEPS, GENERATIONS, POPULATION = 10_000, 200, 256
KEY = jax.random.key(0)


def start(hidden):
    return jnp.array(np.random.default_rng(0).standard_normal(4 * hidden + 1), jnp.float32)


def loss_of(hidden):
    """The loss of one parameter vector [P], products written as multiply and sum: matmuls are slower at this size."""
    h = hidden

    def loss(t):
        units = jnp.tanh(PATTERNS[:, :1] * t[:h] + PATTERNS[:, 1:] * t[h : 2 * h] + t[2 * h : 3 * h])
        output = jax.nn.sigmoid((units * t[3 * h : 4 * h]).sum(1) + t[4 * h])
        return jnp.mean((output - TARGETS) ** 2)

    return loss


def loss_members_last(hidden):
    """The losses [members] of parameters [P, members]."""
    h = hidden

    def loss(t):
        first, second = PATTERNS[:, 0][:, None, None], PATTERNS[:, 1][:, None, None]
        units = jnp.tanh(first * t[None, :h] + second * t[None, h : 2 * h] + t[None, 2 * h : 3 * h])
        output = jax.nn.sigmoid((units * t[None, 3 * h : 4 * h]).sum(1) + t[4 * h])
        return jnp.mean((output - TARGETS[:, None]) ** 2, 0)

    return loss


def jax_steps(hidden):
    """Sequential two-sided steps, noise in one block, both sides side by side."""
    loss, last, theta = loss_of(hidden), loss_members_last(hidden), start(hidden)
    slope = RATE / (2 * SCALE**2)

    def first(theta, z):
        losses = jax.vmap(loss)(jnp.stack([theta + z, theta - z]))
        return theta - slope * (losses[0] - losses[1]) * z, None

    def columns(theta, z):
        losses = last(jnp.stack([theta + z, theta - z], 1))
        return theta - slope * (losses[0] - losses[1]) * z, None

    def form(step, unroll):
        def run(theta, key):
            noise = SCALE * jax.random.normal(key, (STEPS, theta.size))
            return jax.lax.scan(step, theta, noise, unroll=unroll)[0]

        run = jax.jit(run)
        return STEPS, lambda: run(theta, KEY).block_until_ready()

    return {
        "noise in one block, vmap": form(first, 1),
        "noise in one block, vmap, unroll 4": form(first, 4),
        "noise in one block, members last": form(columns, 1),
        "noise in one block, members last, unroll 4": form(columns, 4),
    }


def jax_population(hidden):
    """Generations of 256 members (128 pairs), members in the last axis."""
    loss, theta, half = loss_members_last(hidden), start(hidden), POPULATION // 2

    def generation(theta, key):
        z = SCALE * jax.random.normal(key, (theta.size, half))
        losses = loss(jnp.concatenate([theta[:, None] + z, theta[:, None] - z], 1))
        return theta - 0.01 * (z @ (losses[:half] - losses[half:])), None

    def two_calls(theta, key):
        z = SCALE * jax.random.normal(key, (theta.size, half))
        return theta - 0.01 * (z @ (loss(theta[:, None] + z) - loss(theta[:, None] - z))), None

    def form(generation):
        run = jax.jit(lambda theta, key: jax.lax.scan(generation, theta, jax.random.split(key, GENERATIONS))[0])
        return POPULATION * GENERATIONS, lambda: run(theta, KEY).block_until_ready()

    return {"members last": form(generation), "members last, sides apart": form(two_calls)}


def jax_runs(hidden):
    """256 independent runs at once, one two-sided step each."""
    loss, runs = loss_members_last(hidden), 256
    theta = jnp.array(np.random.default_rng(0).standard_normal((4 * hidden + 1, runs)), jnp.float32)
    slope = RATE / (2 * SCALE**2)

    def step(theta, key):
        z = SCALE * jax.random.normal(key, theta.shape)
        return theta - slope * z * (loss(theta + z) - loss(theta - z)), None

    run = jax.jit(lambda theta, key: jax.lax.scan(step, theta, jax.random.split(key, GENERATIONS))[0])
    return {"runs last": (runs * GENERATIONS, lambda: run(theta, KEY).block_until_ready())}

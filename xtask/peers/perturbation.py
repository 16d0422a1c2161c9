"""Weight perturbation in jax: sequential steps and populations of antithetic pairs, as single compiled programs."""

import jax
import jax.numpy as jnp

KEY = jax.random.key(0)
# The step is small enough for the parameters to stay where they are, and not zero, so that nothing is optimised away.
RATE = 1e-9


def both_sides(loss, side_by_side):
    """The losses at theta + z and theta - z: as one program for two members, or one after the other."""
    if side_by_side:
        return lambda theta, z: jax.vmap(loss)(jnp.stack([theta + z, theta - z]))
    return lambda theta, z: (loss(theta + z), loss(theta - z))


def steps(loss, theta, scale, count, side_by_side):
    """`count` two-sided steps of one direction: noise made in the step. (work, call)"""
    pair = both_sides(loss, side_by_side)

    def step(theta, key):
        z = scale * jax.random.normal(key, theta.shape)
        plus, minus = pair(theta, z)
        return theta - RATE * (plus - minus) * z, None

    run = jax.jit(lambda theta, key: jax.lax.scan(step, theta, jax.random.split(key, count))[0])
    return count, lambda: run(theta, KEY).block_until_ready()


def pairs(loss, theta, scale, population, side_by_side):
    """One update from `population` members: a scan over pairs, noise made inside, the update accumulated."""
    pair = both_sides(loss, side_by_side)

    def add(carry, key):
        theta, total = carry
        z = scale * jax.random.normal(key, theta.shape)
        plus, minus = pair(theta, z)
        return (theta, total + (plus - minus) * z), None

    @jax.jit
    def update(theta, key):
        keys = jax.random.split(key, population // 2)
        return theta - RATE * jax.lax.scan(add, (theta, jnp.zeros_like(theta)), keys)[0][1]

    return population, lambda: update(theta, KEY).block_until_ready()


def block(loss, theta, scale, population, together):
    """One update from `population` members whose noise is one array; members together (`vmap`) or in turn (`lax.map`)."""
    half = population // 2

    @jax.jit
    def update(theta, key):
        z = scale * jax.random.normal(key, (half, theta.size))
        members = jnp.concatenate([theta + z, theta - z])
        losses = jax.vmap(loss)(members) if together else jax.lax.map(loss, members)
        return theta - RATE * ((losses[:half] - losses[half:]) @ z)

    return population, lambda: update(theta, KEY).block_until_ready()

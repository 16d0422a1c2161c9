"""MLP 784-256-10 with tanh and softmax cross-entropy, batch 128."""

import measure  # noqa: F401  (fixes the threads first)
import numpy as np

INPUTS, HIDDEN, OUTPUTS, BATCH, POPULATION, SCALE = 784, 256, 10, 128, 64, 1e-3
SHAPES = [(INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, OUTPUTS), (OUTPUTS,)]
OFFSETS = np.cumsum([0] + [int(np.prod(shape)) for shape in SHAPES])
PARAMETERS = int(OFFSETS[-1])


def data():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((BATCH, INPUTS)).astype(np.float32)
    return x, generator.integers(0, OUTPUTS, BATCH)


def start():
    generator = np.random.default_rng(1)
    first, second = generator.standard_normal(INPUTS * HIDDEN) / 28, generator.standard_normal(HIDDEN * OUTPUTS) / 16
    return np.concatenate([first, np.zeros(HIDDEN), second, np.zeros(OUTPUTS)]).astype(np.float32)


def jax_loss():
    import jax.numpy as jnp
    import optax

    x, y = map(jnp.array, data())

    def loss(theta):
        w1, b1, w2, b2 = [theta[OFFSETS[i] : OFFSETS[i + 1]].reshape(shape) for i, shape in enumerate(SHAPES)]
        logits = jnp.tanh(x @ w1 + b1) @ w2 + b2
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    return loss


def jax_steps():
    import jax.numpy as jnp
    import perturbation

    loss, theta = jax_loss(), jnp.array(start())
    return {
        "scan, sides in turn": perturbation.steps(loss, theta, SCALE, 5, False),
        "scan, vmap of both sides": perturbation.steps(loss, theta, SCALE, 5, True),
    }


def jax_population():
    import jax.numpy as jnp
    import perturbation

    loss, theta = jax_loss(), jnp.array(start())
    return {
        "scan over pairs, sides in turn": perturbation.pairs(loss, theta, SCALE, POPULATION, False),
        "scan over pairs, vmap of both sides": perturbation.pairs(loss, theta, SCALE, POPULATION, True),
        "vmap": perturbation.block(loss, theta, SCALE, POPULATION, True),
        "lax.map": perturbation.block(loss, theta, SCALE, POPULATION, False),
    }


def torch_steps():
    """Two-sided steps: parameters perturbed in place; noise kept, or drawn again from its seed as MeZO does."""
    import torch

    torch.set_num_threads(measure.THREADS)
    functional = torch.nn.functional
    x, y = map(torch.from_numpy, data())
    network = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, OUTPUTS)
    )
    parameters = list(network.parameters())

    @torch.no_grad()
    def kept():
        noise = [torch.randn_like(parameter) for parameter in parameters]
        torch._foreach_add_(parameters, noise, alpha=SCALE)
        plus = functional.cross_entropy(network(x), y)
        torch._foreach_add_(parameters, noise, alpha=-2 * SCALE)
        minus = functional.cross_entropy(network(x), y)
        torch._foreach_add_(parameters, noise, alpha=SCALE - 1e-9 * (plus - minus).item())

    def move(seed, factor):
        torch.manual_seed(seed)
        for parameter in parameters:
            parameter.add_(torch.randn_like(parameter), alpha=factor)

    @torch.no_grad()
    def replayed():
        move(7, SCALE)
        plus = functional.cross_entropy(network(x), y)
        move(7, -2 * SCALE)
        minus = functional.cross_entropy(network(x), y)
        move(7, SCALE - 1e-9 * (plus - minus).item())

    return {"in place, noise kept": (1, kept), "in place, seed replayed": (1, replayed)}


def torch_population():
    import torch

    torch.set_num_threads(measure.THREADS)
    x, y = map(torch.from_numpy, data())
    theta, half = torch.from_numpy(start()), POPULATION // 2

    def losses(members):
        n = members.shape[0]
        w1, b1, w2, b2 = [
            members[:, OFFSETS[i] : OFFSETS[i + 1]].view((n,) + shape) for i, shape in enumerate(SHAPES)
        ]
        hidden = torch.baddbmm(b1[:, None], x.expand(n, BATCH, INPUTS), w1).tanh_()
        logits = torch.baddbmm(b2[:, None], hidden, w2).view(n * BATCH, OUTPUTS)
        each = torch.nn.functional.cross_entropy(logits, y.repeat(n), reduction="none")
        return each.view(n, BATCH).mean(1)

    @torch.no_grad()
    def update():
        z = torch.randn(half, PARAMETERS).mul_(SCALE)
        result = losses(torch.cat([theta + z, theta - z]))
        theta.sub_((result[:half] - result[half:]) @ z, alpha=1e-9)

    return {"baddbmm": (POPULATION, update)}

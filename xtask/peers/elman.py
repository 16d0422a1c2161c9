"""Elman network 3-64-3 on the Lorenz series, 200 steps, all weights perturbed."""

import measure  # noqa: F401  (fixes the threads first)
import numpy as np

import lorenz

INPUTS, HIDDEN, OUTPUTS, STEPS, POPULATION, SCALE = 3, 64, 3, 200, 256, 0.01
SHAPES = [(HIDDEN, INPUTS), (HIDDEN, HIDDEN), (HIDDEN,), (OUTPUTS, HIDDEN), (OUTPUTS,)]
OFFSETS = np.cumsum([0] + [int(np.prod(shape)) for shape in SHAPES])
PARAMETERS = int(OFFSETS[-1])


def data(batch):
    values = lorenz.series(max(5000, STEPS + 40 * batch + 10))
    return lorenz.windows(values, [40 * window for window in range(batch)], STEPS)


def start(seed=0):
    generator = np.random.default_rng(seed)
    blocks = [generator.uniform(-1, 1, shape) / 8 * (len(shape) > 1) for shape in SHAPES]
    return np.concatenate([block.ravel() for block in blocks]).astype(np.float32)


def unpack(theta):
    return [theta[OFFSETS[i] : OFFSETS[i + 1]].reshape(shape) for i, shape in enumerate(SHAPES)]


def jax_losses(batch):
    """The loss in several forms: the recurrent matrix read as stored or transposed, the time loop unrolled or not."""
    import jax
    import jax.numpy as jnp

    x, y = data(batch)

    def form(transposed, unroll):
        def loss(theta):
            w_in, w, bias, w_out, bias_out = unpack(theta)

            def step(state, drive):
                state = jnp.tanh(drive + state @ (w.T if transposed else w))
                return state, state

            zeros = jnp.zeros((batch, HIDDEN))
            _, states = jax.lax.scan(step, zeros, x @ w_in.T + bias, unroll=unroll)
            return jnp.mean((states @ w_out.T + bias_out - y) ** 2)

        return loss

    return {
        "W": form(True, 1),
        "W, unroll 8": form(True, 8),
        "W' stored": form(False, 1),
        "W' stored, unroll 4": form(False, 4),
    }


def jax_steps(batch):
    """Sequential two-sided steps."""
    import jax.numpy as jnp
    import perturbation

    theta, forms = jnp.array(start()), {}
    for name, loss in jax_losses(batch).items():
        forms[f"scan, vmap of both sides, {name}"] = perturbation.steps(loss, theta, SCALE, 10, True)
        forms[f"scan, sides in turn, {name}"] = perturbation.steps(loss, theta, SCALE, 10, False)
    return forms


def jax_population(batch):
    """Updates from 256 members."""
    import jax.numpy as jnp
    import perturbation

    theta, forms = jnp.array(start()), {}
    for name, loss in jax_losses(batch).items():
        forms[f"scan over pairs, vmap of both sides, {name}"] = perturbation.pairs(loss, theta, SCALE, POPULATION, True)
        forms[f"scan over pairs, sides in turn, {name}"] = perturbation.pairs(loss, theta, SCALE, POPULATION, False)
        forms[f"lax.map, {name}"] = perturbation.block(loss, theta, SCALE, POPULATION, False)
    return forms


def torch_population(batch):
    """Updates from 256 members: `baddbmm` in a loop over time."""
    import torch

    torch.set_num_threads(measure.THREADS)
    x, y = map(torch.from_numpy, data(batch))
    theta, half = torch.from_numpy(start()), POPULATION // 2

    def losses(members):
        n = members.shape[0]
        blocks = [members[:, OFFSETS[i] : OFFSETS[i + 1]].view((n,) + shape) for i, shape in enumerate(SHAPES)]
        w_in, w, bias, w_out, bias_out = blocks
        rows = x.view(1, STEPS * batch, INPUTS).expand(n, -1, -1)
        drive = torch.baddbmm(bias[:, None], rows, w_in.transpose(1, 2)).view(n, STEPS, batch, HIDDEN)
        transposed = w.transpose(1, 2).contiguous()
        state, states = torch.zeros(n, batch, HIDDEN), []
        for step in range(STEPS):
            state = torch.baddbmm(drive[:, step], state, transposed).tanh_()
            states.append(state)
        states = torch.stack(states, 1).view(n, STEPS * batch, HIDDEN)
        output = torch.baddbmm(bias_out[:, None], states, w_out.transpose(1, 2))
        return (output.view(n, STEPS, batch, OUTPUTS) - y).square().mean((1, 2, 3))

    @torch.no_grad()
    def update():
        z = torch.randn(half, PARAMETERS).mul_(SCALE)
        result = losses(torch.cat([theta + z, theta - z]))
        theta.sub_((result[:half] - result[half:]) @ z, alpha=1e-9)

    return {"baddbmm": (POPULATION, update)}


def torch_steps(batch):
    """Sequential two-sided steps: `nn.RNN`, parameters perturbed in place, noise kept."""
    import torch

    torch.set_num_threads(measure.THREADS)
    x, y = map(torch.from_numpy, data(batch))
    recurrent, readout = torch.nn.RNN(INPUTS, HIDDEN), torch.nn.Linear(HIDDEN, OUTPUTS)
    parameters = [*recurrent.parameters(), *readout.parameters()]

    def loss():
        return torch.nn.functional.mse_loss(readout(recurrent(x)[0]), y)

    @torch.no_grad()
    def step():
        noise = [torch.randn_like(parameter) for parameter in parameters]
        torch._foreach_add_(parameters, noise, alpha=SCALE)
        plus = loss()
        torch._foreach_add_(parameters, noise, alpha=-2 * SCALE)
        minus = loss()
        torch._foreach_add_(parameters, noise, alpha=SCALE - 1e-9 * (plus - minus).item())

    return {"nn.RNN in place, noise kept": (1, step)}

"""Numbers per second: standard normals and random signs into a buffer, and normals added to many parameters in place."""

import measure
import torch

torch.set_num_threads(measure.THREADS)


def torch_normals(size):
    buffer, generator = torch.empty(size), torch.Generator().manual_seed(1)
    calls = max(1, 100_000 // size)

    def draw():
        for _ in range(calls):
            buffer.normal_(generator=generator)

    return {"normal_": (size * calls, draw)}


def torch_signs(size):
    buffer, generator = torch.empty(size), torch.Generator().manual_seed(1)
    return {
        "bernoulli_": (size, lambda: buffer.bernoulli_(0.5, generator=generator).mul_(2).sub_(1)),
        "random_": (size, lambda: buffer.random_(0, 2, generator=generator).mul_(2).sub_(1)),
    }


def torch_in_place(count):
    """theta += scale * normals, drawn into one buffer for each of 50 tensors."""
    tensors = 50
    parameters, buffer = [torch.zeros(count // tensors) for _ in range(tensors)], torch.empty(count // tensors)

    def perturb():
        torch.manual_seed(7)
        for parameter in parameters:
            parameter.add_(buffer.normal_(), alpha=1e-3)

    return {"normal_ and add_": (count, perturb)}

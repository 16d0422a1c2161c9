"""Oracle for Adam: algorithm 1 of Kingma & Ba (2015), arXiv:1412.6980, in double precision.

Writes adam.json next to itself: start, five fixed gradients and the parameters after each of five steps. The gradients
span eight orders of magnitude, change sign and contain a zero. Needs nothing but Python: python3 adam.py
"""

import json
import math
import pathlib

LEARNING_RATE, BETA1, BETA2, EPSILON = 0.05, 0.9, 0.999, 1e-8
START = [1.0, -2.0, 0.5, 0.0]
GRADIENTS = [
    [0.5, -1.0, 1e-4, 0.0],
    [0.25, 2.0, -2e-4, 1e-6],
    [-0.75, 0.125, 1e-3, 0.0],
    [100.0, -0.5, 0.0, -3e-6],
    [0.1, -0.25, 5e-5, 2e-6],
]


def adam(theta, gradients):
    m = [0.0] * len(theta)
    v = [0.0] * len(theta)
    path = []
    for t, g in enumerate(gradients, start=1):
        m = [BETA1 * a + (1 - BETA1) * b for a, b in zip(m, g)]
        v = [BETA2 * a + (1 - BETA2) * b * b for a, b in zip(v, g)]
        m_hat = [a / (1 - BETA1**t) for a in m]
        v_hat = [a / (1 - BETA2**t) for a in v]
        theta = [x - LEARNING_RATE * a / (math.sqrt(b) + EPSILON) for x, a, b in zip(theta, m_hat, v_hat)]
        path.append(theta)
    return path


if __name__ == "__main__":
    result = {
        "learning_rate": LEARNING_RATE,
        "start": START,
        "gradients": GRADIENTS,
        "parameters": adam(START, GRADIENTS),
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")

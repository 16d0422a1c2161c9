"""One peer on one workload, in its best form: `python peer.py LIBRARY:WORKLOAD`.

Says which of its forms is the fastest here, then prints one rate for each line that it reads. Time to compile is not in any
rate. `--list` prints the names.
"""

import sys

import measure


def module(name):
    return __import__(name)


# Name -> the forms of the peer, made when it is asked for: a process imports one library alone.
PEERS = {
    "jax:xor-step-4": lambda: module("xor").jax_steps(4),
    "jax:xor-step-10": lambda: module("xor").jax_steps(10),
    "jax:xor-population-4": lambda: module("xor").jax_population(4),
    "jax:xor-population-10": lambda: module("xor").jax_population(10),
    "jax:xor-runs-4": lambda: module("xor").jax_runs(4),
    "jax:xor-runs-10": lambda: module("xor").jax_runs(10),
    "jax:elman-step-1": lambda: module("elman").jax_steps(1),
    "jax:elman-step-32": lambda: module("elman").jax_steps(32),
    "jax:elman-population-1": lambda: module("elman").jax_population(1),
    "jax:elman-population-32": lambda: module("elman").jax_population(32),
    "torch:elman-step-1": lambda: module("elman").torch_steps(1),
    "torch:elman-step-32": lambda: module("elman").torch_steps(32),
    "torch:elman-population-1": lambda: module("elman").torch_population(1),
    "torch:elman-population-32": lambda: module("elman").torch_population(32),
    "jax:mlp-step": lambda: module("mlp").jax_steps(),
    "jax:mlp-population": lambda: module("mlp").jax_population(),
    "torch:mlp-step": lambda: module("mlp").torch_steps(),
    "torch:mlp-population": lambda: module("mlp").torch_population(),
    "torch:normals-1000000": lambda: module("noise").torch_normals(1_000_000),
    "torch:normals-4547": lambda: module("noise").torch_normals(4547),
    "torch:normals-17": lambda: module("noise").torch_normals(17),
    "torch:signs-1000000": lambda: module("noise").torch_signs(1_000_000),
    "torch:in-place": lambda: module("noise").torch_in_place(100_000_000),
}


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(PEERS))
    elif len(sys.argv) == 2 and sys.argv[1] in PEERS:
        measure.serve(PEERS[sys.argv[1]]())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()

"""Brownian paths of torchsde by seed and times, and the seeds of numpy's `SeedSequence`."""

from common import save, save_json

import numpy as np
import torch
import torchsde

# Ends and times of Stable Diffusion's sigmas, of zero terminal SNR's, and within one interval.
QUERIES = [
    (0.029167, 14.614647, [(7.3, 14.614647), (0.029167, 0.5), (0.5, 7.3), (0.5, 0.500001)]),
    (0.0, 1.0, [(0.0, 1.0), (0.25, 0.75), (0.3, 0.4), (0.7, 1.0), (0.1, 0.9)]),
    (0.0413, 4096.0, [(28.125, 4096.0), (1.5, 28.125), (0.0413, 1.5)]),
]
SEEDS = (0, 7, 123456789, 2**40 + 3, 2**64 - 1)


def main():
    tensors, table = {}, []
    for number, (start, end, times) in enumerate(QUERIES):
        for seed in SEEDS:
            tree = torchsde.BrownianTree(start, torch.zeros(4, 4, 4), end, entropy=seed)
            for place, (first, last) in enumerate(times):
                name = f"{number}.{seed}.{place}"
                table.append(
                    {"name": name, "seed": str(seed), "range": [start, end], "times": [first, last]}
                )
                tensors[name] = tree(first, last)
    sequences = [
        {
            "seed": str(seed),
            "spawn_key": list(key),
            "pool_size": pool,
            "words": np.random.SeedSequence(seed, spawn_key=key, pool_size=pool)
            .generate_state(6)
            .tolist(),
        }
        for seed in SEEDS
        for key, pool in (((), 4), ((), 24), ((0, 0), 24), ((5, 3), 24), ((2**33 + 1, 34), 8))
    ]
    save("samplers/brownian.safetensors", tensors)
    save_json("samplers/brownian.json", {"increments": table, "sequences": sequences})


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()

"""What every fixture script shares: determinism, random weights, and writing files."""

import json
import math
import os
import sys
import warnings
from pathlib import Path

# CLIPTokenizer changes its results when ftfy can be imported; the reference is the one without.
sys.modules["ftfy"] = None
# No fixture needs the network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
warnings.filterwarnings("ignore")

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def generator(seed):
    return torch.Generator("cpu").manual_seed(seed)


def randn(seed, *shape):
    return torch.randn(shape, generator=generator(seed))


def save(path, tensors):
    """Writes tensors (a flat dict) under Tests/Fixtures."""
    path = ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    for name, tensor in flat.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{path.name}: {name} is not finite")
    save_file(flat, str(path))


def save_json(path, value):
    path = ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n")


@torch.no_grad()
def randomise(model, seed, gain=1.0, scales=None):
    """Random weights for every parameter, norms and biases too, so that no part is an identity.

    `scales` maps the end of a parameter's name to a factor.
    """
    g = generator(seed)
    for name, p in sorted(model.named_parameters()):
        noise = torch.randn(p.shape, generator=g)
        if name.endswith("embedding.weight"):
            value = 0.5 * noise
        elif p.ndim >= 2:
            value = noise * (gain / math.sqrt(p[0].numel()))
        elif "norm" in name and name.endswith("weight"):
            value = 1 + 0.2 * noise
        else:
            value = 0.1 * noise
        for end, factor in (scales or {}).items():
            if name.endswith(end):
                value = value * factor
        p.copy_(value)
    return model.eval()

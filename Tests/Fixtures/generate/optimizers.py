"""Eight steps of every optimizer, on tensors of several shapes."""

from common import randn, save, save_json

import math

import torch
from prodigyopt import Prodigy
from schedulefree import AdamWScheduleFree
from transformers.optimization import Adafactor

STEPS = 8
SHAPES = {
    "matrix": (24, 40),
    "convolution": (6, 5, 3, 3),
    "vector": (37,),
    "number": (1,),
    # Enough elements for 8-bit moments, and not a whole number of blocks.
    "large": (60, 70),
}
SMALL = tuple(name for name in SHAPES if name != "large")


def inputs():
    result = {}
    for i, (name, shape) in enumerate(SHAPES.items()):
        result[f"start.{name}"] = 0.3 * randn(900 + i, *shape)
        result[f"target.{name}"] = randn(910 + i, *shape)
        for k in range(STEPS):
            result[f"noise.{k}.{name}"] = 0.1 * randn(920 + 10 * k + i, *shape)
    return result


def parameters(data, names):
    return {name: torch.nn.Parameter(data[f"start.{name}"].clone()) for name in names}


@torch.no_grad()
def set_gradients(data, params, k):
    for name, p in params.items():
        p.grad = (p - data[f"target.{name}"]) * 0.3 + data[f"noise.{k}.{name}"]


def rate(base, k):
    return base * (1 - k / 16)


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, program 1."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if "momentum" not in self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(p)
                momentum = self.state[p]["momentum"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                update = momentum * beta1 + p.grad * (1 - beta1)
                p.add_(torch.sign(update), alpha=-group["lr"])
                momentum.mul_(beta2).add_(p.grad, alpha=1 - beta2)


def dynamic_map(signed):
    """Dettmers et al. 2022, section 2.1: decades of 1, 2, 4 ... numbers, at the middles of equal
    parts of 0.1 to 1; twice as many where no sign is needed; with 0 and 1."""
    values = [0.0, 1.0]
    for decade in range(7):
        count = 2**decade if signed else 2 ** (decade + 1)
        bounds = torch.linspace(0.1, 1, count + 1, dtype=torch.float32)
        means = 10 ** (decade - 6) * ((bounds[:-1] + bounds[1:]) / 2)
        values += means.tolist()
        if signed:
            values += (-means).tolist()
    return torch.tensor(sorted(values), dtype=torch.float32)


class Quantized:
    """A moment in blocks of 256, scaled by the largest of each."""

    def __init__(self, like, signed):
        self.count = like.numel()
        self.map = dynamic_map(signed)
        self.codes = torch.zeros(self.count, dtype=torch.uint8)
        self.scales = torch.zeros(math.ceil(self.count / 256))

    def load(self):
        scales = self.scales.repeat_interleave(256)[: self.count]
        return self.map[self.codes.long()] * scales

    def store(self, values):
        for block, part in enumerate(values.split(256)):
            self.scales[block] = part.abs().max()
            distances = (part / self.scales[block])[:, None] - self.map[None, :]
            self.codes[block * 256 : block * 256 + len(part)] = distances.abs().argmin(1)


class AdamW8bit(torch.optim.AdamW):
    """AdamW whose moments are quantized between the steps, where a tensor has 4096 elements."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        params = list(params)
        self.quantized = [p for p in params if p.numel() >= 4096]
        super().__init__(
            [p for p in params if p.numel() < 4096],
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
        )
        self.moments = [(Quantized(p, True), Quantized(p, False)) for p in self.quantized]
        self.steps = 0

    @torch.no_grad()
    def step(self):
        super().step()
        self.steps += 1
        group = self.param_groups[0]
        beta1, beta2 = group["betas"]
        for p, (first, second) in zip(self.quantized, self.moments):
            g = p.grad.flatten()
            m = first.load().mul_(beta1).add_(g, alpha=1 - beta1)
            v = second.load().mul_(beta2).add_(g * g, alpha=1 - beta2)
            denominator = v.sqrt() / math.sqrt(1 - beta2**self.steps) + group["eps"]
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.add_(
                (m / denominator).view_as(p),
                alpha=-group["lr"] / (1 - beta1**self.steps),
            )
            first.store(m)
            second.store(v)


def adamw(params, lr, **settings):
    return torch.optim.AdamW(params, lr=lr, **settings)


def sgd(params, lr, **settings):
    return torch.optim.SGD(params, lr=lr, **settings)


# The name of a case is the optimizer's name, then what is special; settings by the reference's keys.
CASES = {
    "adamw": (adamw, 1e-2, {}),
    "adamw.betas": (adamw, 3e-3, dict(betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2)),
    "adamw8bit": (AdamW8bit, 1e-2, {}),
    "adamw8bit.betas": (AdamW8bit, 1e-2, dict(betas=(0.8, 0.95), eps=1e-6, weight_decay=0.2)),
    "adafactor.relative": (Adafactor, None, {}),
    "adafactor.warmup": (Adafactor, None, dict(warmup_init=True)),
    "adafactor.external": (
        Adafactor, 1e-2, dict(relative_step=False, scale_parameter=False),
    ),
    "adafactor.scaled": (
        Adafactor, 1e-1,
        dict(relative_step=False, beta1=0.9, weight_decay=0.1, clip_threshold=0.5, decay_rate=-0.5),
    ),
    "lion": (Lion, 1e-2, {}),
    "lion.decay": (Lion, 3e-3, dict(betas=(0.8, 0.9), weight_decay=0.5)),
    "prodigy": (Prodigy, 1.0, {}),
    "prodigy.corrected": (
        Prodigy, 1.0,
        dict(use_bias_correction=True, d_coef=2.0, weight_decay=0.1, d0=1e-4),
    ),
    "prodigy.safeguarded": (Prodigy, 0.9, dict(safeguard_warmup=True, d_coef=2.0, d0=1e-5)),
    "prodigy.coupled": (
        Prodigy, 0.5,
        dict(decouple=False, weight_decay=0.1, growth_rate=1.5, beta3=0.9, d0=1e-3),
    ),
    "adamw-schedule-free": (AdamWScheduleFree, 2.5e-2, {}),
    "adamw-schedule-free.warmup": (
        AdamWScheduleFree, 1e-2,
        dict(betas=(0.95, 0.99), warmup_steps=3, r=0.5, weight_lr_power=1.0, weight_decay=0.1),
    ),
    "sgd": (sgd, 1e-1, {}),
    "sgd.momentum": (sgd, 5e-2, dict(momentum=0.9, weight_decay=0.1)),
    "sgd.nesterov": (sgd, 5e-2, dict(momentum=0.8, nesterov=True)),
}


def run(data, names, make, base, settings, decay=None):
    params = parameters(data, names)
    optimizer = make(params.values(), lr=base, **settings)
    if hasattr(optimizer, "train"):
        optimizer.train()
    for k in range(STEPS):
        set_gradients(data, params, k)
        for group in optimizer.param_groups:
            if base is not None:
                group["lr"] = rate(base, k) * group.get("scale", 1.0)
        optimizer.step()
    result = {name: p.detach().clone() for name, p in params.items()}
    if hasattr(optimizer, "eval"):
        optimizer.eval()
        result.update({f"{name}.average": p.detach().clone() for name, p in params.items()})
    return result, optimizer


def groups(params, lr):
    """The second half with a fifth of the rate and no decay."""
    params = list(params)
    return torch.optim.AdamW(
        [dict(params=params[:2]), dict(params=params[2:], scale=0.2, weight_decay=0.0)],
        lr=lr, weight_decay=0.2,
    )


def main():
    data = inputs()
    tensors = dict(data)
    described = {}
    for case, (make, base, settings) in CASES.items():
        names = SHAPES if case.startswith("adamw8bit") else SMALL
        result, optimizer = run(data, names, make, base, settings)
        tensors.update({f"{case}.{name}": value for name, value in result.items()})
        arguments = [f"{key}={value}" for key, value in settings.items()]
        described[case] = {"rate": base, "arguments": arguments}
        if make is Prodigy:
            described[case]["d"] = optimizer.param_groups[0]["d"]
        if case == "adamw8bit":
            for name, moment in zip(("first", "second"), optimizer.moments[0]):
                tensors[f"{case}.large.{name}_moment"] = moment.codes
                tensors[f"{case}.large.{name}_moment_scale"] = moment.scales
    result, _ = run(data, SMALL, groups, 1e-2, {})
    tensors.update({f"groups.{name}": value for name, value in result.items()})
    tensors["map.signed"] = dynamic_map(True)
    tensors["map.unsigned"] = dynamic_map(False)
    save("optimizers/optimizers.safetensors", tensors)
    save_json("optimizers/optimizers.json", described)


if __name__ == "__main__":
    main()

"""A1111's hypernetworks: single networks, its activations, its files, and the tiny U-Net with them.

`Network` follows the published layout of A1111's `HypernetworkModule`: the order of the layers and
with it the numbers in the names, `x + linear(x) * multiplier`, and what its `save` puts in a file.
"""

from common import ROOT, generator, randn, save

import io
import zipfile

import torch
from safetensors.torch import load_file

from models import load

ACTIVATIONS = {
    name.lower(): getattr(torch.nn, name)
    for name in (
        "ReLU LeakyReLU ELU Tanh Sigmoid CELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh "
        "LogSigmoid Mish ReLU6 SELU SiLU Softplus Softshrink Softsign Tanhshrink"
    ).split()
} | {"swish": torch.nn.Hardswish}


class Network(torch.nn.Module):
    def __init__(self, width, structure, activation, norm, activate_output, dropout):
        super().__init__()
        self.multiplier = 1.0
        sizes = [int(width * factor) for factor in structure]
        layers = []
        for i in range(1, len(sizes)):
            layers.append(torch.nn.Linear(sizes[i - 1], sizes[i]))
            if activation not in (None, "linear") and (i < len(sizes) - 1 or activate_output):
                layers.append(ACTIVATIONS[activation]())
            if norm:
                layers.append(torch.nn.LayerNorm(sizes[i]))
            if dropout[i] > 0:
                layers.append(torch.nn.Dropout(dropout[i]))
        self.linear = torch.nn.Sequential(*layers)

    def forward(self, x):
        return x + self.linear(x) * (1 if self.training else self.multiplier)


def network(width, seed, settings):
    result = Network(width, **settings)
    g = generator(seed)
    with torch.no_grad():
        for name, p in result.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.ndim == 2:
                p.copy_(noise * p.shape[1] ** -0.5)
            else:
                is_norm = name.endswith("weight")
                p.copy_(1 + 0.2 * noise if is_norm else 0.1 * noise)
    return result.eval()


CASES = {
    "plain": (
        6,
        dict(structure=[1, 2, 1], activation=None, norm=False, activate_output=False,
             dropout=[0, 0, 0]),
    ),
    "norm": (
        6,
        dict(structure=[1, 2, 2, 1], activation="relu", norm=True, activate_output=False,
             dropout=[0, 0, 0, 0]),
    ),
    "dropout": (
        5,
        dict(structure=[1, 1.5, 1.5, 1], activation="swish", norm=False, activate_output=True,
             dropout=[0, 0.25, 0.4, 0]),
    ),
    "last": (
        6,
        dict(structure=[1, 2, 2, 1], activation="leakyrelu", norm=True, activate_output=True,
             dropout=[0, 0.3, 0.3, 0]),
    ),
}


def modules():
    out = {}
    for i, (case, (width, settings)) in enumerate(CASES.items()):
        net = network(width, 700 + i, settings)
        x = randn(710 + i, 2, 3, width).requires_grad_()
        y = net(x)
        (y * randn(720 + i, *y.shape)).sum().backward()
        net.multiplier = 0.35
        out |= {f"{case}.state.{k}": v for k, v in net.state_dict().items()}
        out |= {f"{case}.gradient.{k}": p.grad for k, p in net.named_parameters()}
        out |= {
            f"{case}.input": x,
            f"{case}.output": y,
            f"{case}.output_0.35": net(x),
            f"{case}.cotangent": randn(720 + i, *y.shape),
            f"{case}.input_gradient": x.grad,
        }
    save("hypernetworks/modules.safetensors", out)


def activations():
    x = torch.cat([torch.linspace(-8.03, 7.9, 25), torch.tensor([0, -40, -25, 25, 40, 0.1, -0.1])])
    out = {"input": x}
    for name, kind in ACTIVATIONS.items():
        argument = x.clone().requires_grad_()
        y = kind()(argument)
        y.sum().backward()
        out |= {f"{name}.output": y, f"{name}.gradient": argument.grad}
    save("hypernetworks/activations.safetensors", out)


def write(path, value):
    """torch.save, cut down to the zip entries that A1111's loader lets through."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(ROOT / path, "w") as target:
        for name in source.namelist():
            inside = name.split("/", 1)[1]
            if inside in ("data.pkl", "version") or inside.startswith("data/"):
                target.writestr(zipfile.ZipInfo(f"archive/{inside}"), source.read(name))


def saved(nets, settings, **changes):
    """The dictionary of A1111's `save`."""
    return {width: tuple(net.state_dict() for net in pair) for width, pair in nets.items()} | {
        "step": 1500,
        "name": "sks",
        "layer_structure": settings["structure"],
        "activation_func": settings["activation"],
        "is_layer_norm": settings["norm"],
        "weight_initialization": "KaimingNormal",
        "sd_checkpoint": "6ce0161689",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
        "activate_output": settings["activate_output"],
        "use_dropout": any(settings["dropout"]),
        "dropout_structure": settings["dropout"],
        "last_layer_dropout": settings["dropout"][-2] != 0,
        "optional_info": None,
    } | changes


def pairs(widths, seed, settings):
    return {w: (network(w, seed + w, settings), network(w, seed + 50 + w, settings)) for w in widths}


def files():
    """Besides those of the U-Net: a file with dropout, and one as the first programs wrote it."""
    width, settings = CASES["dropout"]
    nets = pairs([width, 4], 800, settings)
    write(
        "hypernetworks/dropout.pt",
        saved(nets, settings, optional_info="made of five photos", name="größe"),
    )
    plain = CASES["plain"][1]
    (key, value) = pairs([4], 830, plain)[4]
    old = tuple(
        {k.replace("linear.0", "linear1").replace("linear.1", "linear2"): v
         for k, v in net.state_dict().items()}
        for net in (key, value)
    )
    write("hypernetworks/old.pt", {4: old})
    x = randn(840, 2, 3, 4)
    save("hypernetworks/old.safetensors", {"input": x, "key": key(x), "value": value(x)})


class Processor:
    """Keys and values of changed contexts, then as ever."""

    def __init__(self, hypernetworks):
        self.hypernetworks = hypernetworks

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        keys, values = context, context
        for nets in self.hypernetworks:
            if keys.shape[2] in nets:
                keys, values = nets[keys.shape[2]][0](keys), nets[values.shape[2]][1](values)
        assert attn.group_norm is None and attn.spatial_norm is None and not attn.norm_cross
        batch, _, _ = hidden_states.shape

        def heads(x):
            return x.view(batch, -1, attn.heads, x.shape[-1] // attn.heads).transpose(1, 2)

        attended = torch.nn.functional.scaled_dot_product_attention(
            heads(attn.to_q(hidden_states)), heads(attn.to_k(keys)), heads(attn.to_v(values))
        )
        return attn.to_out[0](attended.transpose(1, 2).reshape(batch, -1, attn.to_q.out_features))


def unet():
    net = load("tiny-sd1").unet
    net.requires_grad_(False)
    given = load_file(ROOT / "unet/tiny-sd1.safetensors")
    inputs = [
        given[f"native.input.{name}"] for name in ("sample", "timesteps", "encoder_hidden_states")
    ]

    def predict(hypernetworks):
        net.set_attn_processor(Processor(hypernetworks))
        return net(inputs[0], inputs[1], encoder_hidden_states=inputs[2]).sample

    # 24, the width of the deepest level, is left alone by the first.
    first = dict(structure=[1, 0.5, 1], activation="relu", norm=False, activate_output=False,
                 dropout=[0, 0, 0])
    second = dict(structure=[1, 0.25, 1], activation="tanh", norm=True, activate_output=True,
                  dropout=[0, 0, 0])
    one = pairs([32, 8, 16], 900, first)
    two = pairs([32, 24], 1100, second)
    write("hypernetworks/first.pt", saved(one, first))
    write("hypernetworks/second.pt", saved(two, second, name="second", optional_info=""))

    assert torch.allclose(predict([]), given["native.output"], atol=1e-5)
    out = {"output.first": predict([one])}
    out["output.first"].square().mean().backward()
    for width, pair in one.items():
        for part, module in zip(("key", "value"), pair):
            for name, p in module.named_parameters():
                out[f"gradient.{width}.{part}.{name}"] = p.grad
    with torch.no_grad():
        for multiplier, nets in ((0.6, one), (1.2, two)):
            for pair in nets.values():
                for module in pair:
                    module.multiplier = multiplier
        out["output.first_0.6"] = predict([one])
        out["output.first_0.6.second_1.2"] = predict([one, two])
        out["output.second_1.2.first_0.6"] = predict([two, one])
    save("hypernetworks/unet.safetensors", out)


def main():
    (ROOT / "hypernetworks").mkdir(exist_ok=True)
    modules()
    activations()
    files()
    unet()


if __name__ == "__main__":
    main()

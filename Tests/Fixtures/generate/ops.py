"""Single operations, their gradients, and the random numbers of PyTorch's CPU generator."""

from common import generator, randn, save

import torch
import torch.nn.functional as F

SEEDS = (0, 42, 2**40)


def forward(out):
    def case(name, function, **inputs):
        for key, value in inputs.items():
            out[f"{name}.{key}"] = value
        out[f"{name}.output"] = function(**inputs)

    x = randn(1, 2, 8, 9, 7)
    for name, stride, padding, kernel in (
        ("conv2d.3x3_p1", 1, 1, 3),
        ("conv2d.3x3_s2_p1", 2, 1, 3),
        ("conv2d.3x3_s2_p0", 2, 0, 3),
        ("conv2d.1x1", 1, 0, 1),
    ):
        case(
            name,
            lambda x, weight, bias: F.conv2d(x, weight, bias, stride, padding),
            x=x,
            weight=randn(2, 6, 8, kernel, kernel) * 0.2,
            bias=randn(3, 6),
        )
    # The VAE's downsampler: one row and column of zeros at the right and the bottom.
    case(
        "conv2d.vae_down",
        lambda x, weight, bias: F.conv2d(F.pad(x, (0, 1, 0, 1)), weight, bias, 2, 0),
        x=x,
        weight=randn(2, 6, 8, 3, 3) * 0.2,
        bias=randn(3, 6),
    )
    for eps in (1e-5, 1e-6):
        case(
            f"group_norm.g4_eps{eps:.0e}",
            lambda x, weight, bias: F.group_norm(x, 4, weight, bias, eps),
            x=x,
            weight=1 + 0.3 * randn(4, 8),
            bias=randn(5, 8),
        )
    rows = randn(6, 2, 5, 24)
    case(
        "layer_norm",
        lambda x, weight, bias: F.layer_norm(x, (24,), weight, bias, 1e-5),
        x=rows,
        weight=1 + 0.3 * randn(7, 24),
        bias=randn(8, 24),
    )
    weight = randn(9, 10, 24) * 0.2
    case(
        "linear",
        lambda x, weight, bias: F.linear(x, weight, bias),
        x=rows,
        weight=weight,
        bias=randn(10, 10),
    )
    case("linear.no_bias", lambda x, weight: F.linear(x, weight), x=rows, weight=weight)
    ids = torch.randint(0, 11, (2, 5), generator=generator(11))
    case(
        "embedding", lambda ids, weight: F.embedding(ids, weight), ids=ids, weight=randn(12, 11, 6)
    )
    case("softmax", lambda x: F.softmax(x, dim=-1), x=rows * 4)
    wide = torch.cat([torch.linspace(-12, 12, 97), randn(13, 31) * 3])
    case("silu", F.silu, input=wide)
    case("gelu", F.gelu, input=wide)
    case("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x), x=wide)
    case("geglu", lambda x: x.chunk(2, -1)[0] * F.gelu(x.chunk(2, -1)[1]), x=rows)
    case("upsample_nearest_2x", lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"), x=x)
    case("upsample_nearest_17x13", lambda x: F.interpolate(x, size=(17, 13), mode="nearest"), x=x)
    for size in (8, 40):
        q, k, v = (randn(14 + i, 2, 2, 19, size) for i in range(3))
        case(f"sdpa.self_d{size}", F.scaled_dot_product_attention, query=q, key=k, value=v)
        case(
            f"sdpa.causal_d{size}",
            lambda query, key, value: F.scaled_dot_product_attention(
                query, key, value, is_causal=True
            ),
            query=q,
            key=k,
            value=v,
        )
        k, v = (randn(17 + i, 2, 2, 37, size) for i in range(2))
        case(f"sdpa.cross_d{size}", F.scaled_dot_product_attention, query=q, key=k, value=v)


def gradients(out):
    """Every case: the gradient of sum(output * cotangent) by each input."""

    def case(name, function, **inputs):
        inputs = {k: v.clone().requires_grad_() for k, v in inputs.items()}
        output = function(**inputs)
        cotangent = randn(50, *output.shape)
        (output * cotangent).sum().backward()
        out[f"{name}.output"], out[f"{name}.cotangent"] = output, cotangent
        for key, value in inputs.items():
            out[f"{name}.{key}"] = value
            out[f"{name}.grad.{key}"] = value.grad

    x = randn(21, 2, 8, 9, 7)
    for name, stride in (("conv2d.3x3_p1", 1), ("conv2d.3x3_s2_p1", 2)):
        case(
            f"backward.{name}",
            lambda x, weight, bias: F.conv2d(x, weight, bias, stride, 1),
            x=x,
            weight=randn(22, 6, 8, 3, 3) * 0.2,
            bias=randn(23, 6),
        )
    rows = randn(24, 2, 5, 24)
    case(
        "backward.linear", F.linear, input=rows, weight=randn(25, 10, 24) * 0.2, bias=randn(26, 10)
    )
    case(
        "backward.group_norm",
        lambda x, weight, bias: F.group_norm(x, 4, weight, bias, 1e-5),
        x=x,
        weight=1 + 0.3 * randn(27, 8),
        bias=randn(28, 8),
    )
    case(
        "backward.layer_norm",
        lambda x, weight, bias: F.layer_norm(x, (24,), weight, bias, 1e-5),
        x=rows,
        weight=1 + 0.3 * randn(29, 24),
        bias=randn(30, 24),
    )
    for size in (8, 40):
        case(
            f"backward.sdpa_d{size}",
            F.scaled_dot_product_attention,
            query=randn(31, 2, 2, 19, size),
            key=randn(32, 2, 2, 37, size),
            value=randn(33, 2, 2, 37, size),
        )
        case(
            f"backward.sdpa_causal_d{size}",
            lambda query, key, value: F.scaled_dot_product_attention(
                query, key, value, is_causal=True
            ),
            query=randn(31, 2, 2, 19, size),
            key=randn(32, 2, 2, 19, size),
            value=randn(33, 2, 2, 19, size),
        )
    for name, function in (
        ("silu", F.silu),
        ("gelu", F.gelu),
        ("quick_gelu", lambda input: input * torch.sigmoid(1.702 * input)),
        ("softmax", lambda input: F.softmax(input, -1)),
    ):
        case(f"backward.{name}", function, input=rows)


def random_numbers(out):
    for seed in SEEDS:
        name = f"rng.seed{seed}"
        for count in (1, 3, 15, 16, 17, 24, 33, 256):
            out[f"{name}.randn.{count}"] = torch.randn(count, generator=generator(seed))
        out[f"{name}.randn.1x4x8x8"] = torch.randn(1, 4, 8, 8, generator=generator(seed))
        for dtype in (torch.float64, torch.float16, torch.bfloat16):
            kind = str(dtype).split(".")[1]
            out[f"{name}.randn_{kind}.24"] = torch.randn(24, generator=generator(seed), dtype=dtype)
        out[f"{name}.rand.20"] = torch.rand(20, generator=generator(seed))
        out[f"{name}.randint_0_1000.20"] = torch.randint(0, 1000, (20,), generator=generator(seed))
        out[f"{name}.randperm.10"] = torch.randperm(10, generator=generator(seed))
        out[f"{name}.randperm.200"] = torch.randperm(200, generator=generator(seed))
        # One generator through a whole sequence: what one call leaves behind for the next.
        g = generator(seed)
        out[f"{name}.sequence.0.randn.3"] = torch.randn(3, generator=g)
        out[f"{name}.sequence.1.randint_0_1000.4"] = torch.randint(0, 1000, (4,), generator=g)
        out[f"{name}.sequence.2.randn.40"] = torch.randn(40, generator=g)
        out[f"{name}.sequence.3.rand.5"] = torch.rand(5, generator=g)
        out[f"{name}.sequence.4.randperm.7"] = torch.randperm(7, generator=g)
        out[f"{name}.sequence.5.randn.16"] = torch.randn(16, generator=g)


def main():
    out = {}
    forward(out)
    gradients(out)
    save("ops/ops.safetensors", out)
    numbers = {}
    random_numbers(numbers)
    save("ops/random.safetensors", numbers)


if __name__ == "__main__":
    main()

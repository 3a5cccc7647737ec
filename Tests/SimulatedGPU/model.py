"""Models for the simulated GPU, as diffusers would write them, from their sizes alone.

`small`: random weights; wide enough that a CPU lays it out as a GPU does, so that both compute the
same sums. `full`: Stable Diffusion 1.5 in fp32, all zeros in files that take no room on a disk.
"""

import json
import math
import pathlib
import random
import shutil
import sys

FIXTURE = pathlib.Path(__file__).parents[1] / "Fixtures/models/tiny-sd1"

SIZES = {
    "small": dict(
        unet=dict(
            block_out_channels=[32, 256],
            down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
            layers_per_block=1, attention_head_dim=2, cross_attention_dim=32, norm_num_groups=8,
            sample_size=8),
        vae=dict(block_out_channels=[8, 8, 16, 16], layers_per_block=1, norm_num_groups=4,
                 sample_size=64),
        text_encoder=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                          num_attention_heads=4, vocab_size=600),
    ),
    "full": dict(
        unet=dict(
            block_out_channels=[320, 640, 1280, 1280],
            down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
            up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
            layers_per_block=2, attention_head_dim=8, cross_attention_dim=768,
            norm_num_groups=32, sample_size=64),
        vae=dict(block_out_channels=[128, 256, 512, 512], layers_per_block=2, norm_num_groups=32,
                 sample_size=512),
        text_encoder=dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                          num_attention_heads=12, vocab_size=49408),
    ),
}


class Shapes(dict):
    """Names of tensors and their shapes."""

    def linear(self, name, inputs, outputs, has_bias=True):
        self[f"{name}.weight"] = [outputs, inputs]
        if has_bias:
            self[f"{name}.bias"] = [outputs]

    def convolution(self, name, inputs, outputs, size=3):
        self[f"{name}.weight"] = [outputs, inputs, size, size]
        self[f"{name}.bias"] = [outputs]

    def norm(self, name, channels):
        self[f"{name}.weight"] = [channels]
        self[f"{name}.bias"] = [channels]

    def residual(self, name, inputs, outputs, time=None):
        self.norm(f"{name}.norm1", inputs)
        self.convolution(f"{name}.conv1", inputs, outputs)
        if time:
            self.linear(f"{name}.time_emb_proj", time, outputs)
        self.norm(f"{name}.norm2", outputs)
        self.convolution(f"{name}.conv2", outputs, outputs)
        if inputs != outputs:
            self.convolution(f"{name}.conv_shortcut", inputs, outputs, 1)

    def transformer(self, name, channels, context):
        self.norm(f"{name}.norm", channels)
        self.convolution(f"{name}.proj_in", channels, channels, 1)
        block = f"{name}.transformer_blocks.0"
        for number, width in ((1, channels), (2, context)):
            self.norm(f"{block}.norm{number}", channels)
            attention = f"{block}.attn{number}"
            self.linear(f"{attention}.to_q", channels, channels, has_bias=False)
            self.linear(f"{attention}.to_k", width, channels, has_bias=False)
            self.linear(f"{attention}.to_v", width, channels, has_bias=False)
            self.linear(f"{attention}.to_out.0", channels, channels)
        self.norm(f"{block}.norm3", channels)
        self.linear(f"{block}.ff.net.0.proj", channels, 8 * channels)
        self.linear(f"{block}.ff.net.2", 4 * channels, channels)
        self.convolution(f"{name}.proj_out", channels, channels, 1)


def unet(size):
    shapes = Shapes()
    channels, layers = size["block_out_channels"], size["layers_per_block"]
    context, time = size["cross_attention_dim"], 4 * channels[0]
    shapes.linear("time_embedding.linear_1", channels[0], time)
    shapes.linear("time_embedding.linear_2", time, time)
    shapes.convolution("conv_in", 4, channels[0])
    kept, width = [channels[0]], channels[0]
    for block, kind in enumerate(size["down_block_types"]):
        name = f"down_blocks.{block}"
        for layer in range(layers):
            shapes.residual(f"{name}.resnets.{layer}", width, channels[block], time)
            width = channels[block]
            kept.append(width)
            if kind.startswith("CrossAttn"):
                shapes.transformer(f"{name}.attentions.{layer}", width, context)
        if block < len(channels) - 1:
            shapes.convolution(f"{name}.downsamplers.0.conv", width, width)
            kept.append(width)
    for layer in range(2):
        shapes.residual(f"mid_block.resnets.{layer}", width, width, time)
    shapes.transformer("mid_block.attentions.0", width, context)
    for block, kind in enumerate(size["up_block_types"]):
        name, outputs = f"up_blocks.{block}", channels[-1 - block]
        for layer in range(layers + 1):
            shapes.residual(f"{name}.resnets.{layer}", width + kept.pop(), outputs, time)
            width = outputs
            if kind.startswith("CrossAttn"):
                shapes.transformer(f"{name}.attentions.{layer}", width, context)
        if block < len(channels) - 1:
            shapes.convolution(f"{name}.upsamplers.0.conv", width, width)
    shapes.norm("conv_norm_out", width)
    shapes.convolution("conv_out", width, 4)
    return shapes


def vae(size):
    shapes = Shapes()
    channels, layers = size["block_out_channels"], size["layers_per_block"]

    def middle(name, width):
        for layer in range(2):
            shapes.residual(f"{name}.mid_block.resnets.{layer}", width, width)
        attention = f"{name}.mid_block.attentions.0"
        shapes.norm(f"{attention}.group_norm", width)
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            shapes.linear(f"{attention}.{part}", width, width)

    def blocks(name, kind, sampler, widths, count, width):
        for block, outputs in enumerate(widths):
            for layer in range(count):
                shapes.residual(f"{name}.{kind}.{block}.resnets.{layer}", width, outputs)
                width = outputs
            if block < len(widths) - 1:
                shapes.convolution(f"{name}.{kind}.{block}.{sampler}.0.conv", width, width)

    shapes.convolution("encoder.conv_in", 3, channels[0])
    blocks("encoder", "down_blocks", "downsamplers", channels, layers, channels[0])
    shapes.convolution("decoder.conv_in", 4, channels[-1])
    blocks("decoder", "up_blocks", "upsamplers", channels[::-1], layers + 1, channels[-1])
    for name, width, outputs in (("encoder", channels[-1], 8), ("decoder", channels[0], 3)):
        middle(name, channels[-1])
        shapes.norm(f"{name}.conv_norm_out", width)
        shapes.convolution(f"{name}.conv_out", width, outputs)
    shapes.convolution("quant_conv", 8, 8, 1)
    shapes.convolution("post_quant_conv", 4, 4, 1)
    return shapes


def text_encoder(size):
    shapes = Shapes()
    width = size["hidden_size"]
    shapes["text_model.embeddings.token_embedding.weight"] = [size["vocab_size"], width]
    shapes["text_model.embeddings.position_embedding.weight"] = [77, width]
    for layer in range(size["num_hidden_layers"]):
        name = f"text_model.encoder.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes.linear(f"{name}.self_attn.{part}", width, width)
        shapes.norm(f"{name}.layer_norm1", width)
        shapes.linear(f"{name}.mlp.fc1", width, size["intermediate_size"])
        shapes.linear(f"{name}.mlp.fc2", size["intermediate_size"], width)
        shapes.norm(f"{name}.layer_norm2", width)
    shapes.norm("text_model.final_layer_norm", width)
    return shapes


def contents(name, shape, generator):
    """Weights of about one over the root of what is summed, with a random sign."""
    count = math.prod(shape)
    if len(shape) == 1:
        # Biases are zero; what else has one axis scales a norm.
        return bytes(4 * count) if name.endswith(".bias") else b"\x00\x00\x80\x3f" * count
    exponent = 127 - round(math.log2(math.prod(shape[1:])) / 2)
    # Sign and digits are random, the exponent is given.
    mask = int.from_bytes(b"\xff\xff\x7f\x80" * count, "little")
    power = int.from_bytes((exponent << 23).to_bytes(4, "little") * count, "little")
    noise = int.from_bytes(generator.randbytes(4 * count), "little")
    return (noise & mask | power).to_bytes(4 * count, "little")


def write(path, shapes, generator):
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = dict(dtype="F32", shape=shape, data_offsets=[start, end])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        if generator:
            for name, shape in shapes.items():
                file.write(contents(name, shape, generator))
        else:
            file.truncate(8 + len(text) + end)


def make(kind, folder):
    folder = pathlib.Path(folder)
    shutil.copytree(FIXTURE, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    generator = random.Random(1) if kind == "small" else None
    for part, shapes in (("unet", unet), ("vae", vae), ("text_encoder", text_encoder)):
        place, size = folder / part / "config.json", SIZES[kind][part]
        config = json.loads(place.read_text())
        place.write_text(json.dumps(config | size, indent=2))
        file = "model" if part == "text_encoder" else "diffusion_pytorch_model"
        write(folder / part / f"{file}.safetensors", shapes(size), generator)


if __name__ == "__main__":
    make(*sys.argv[1:])

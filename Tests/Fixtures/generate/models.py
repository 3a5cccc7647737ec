"""The tiny models: two whole pipelines in the diffusers layout, with random weights."""

import json
import shutil

from common import ROOT, randomise, save_json  # noqa: I001 (common comes first: it hides ftfy)

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

CORPUS = """
a photo of a red robot on the beach. a photo of a sks dog in the snow, a painting of the house
in the style of an old master; the teapot and the mug, a wooden table, grass and desert sand,
cinematic lighting, soft light at sunset, at night, close-up from above, photograph of the
striped vase, the dotted car, a metal rocket, a glass mushroom, a snowman, the checkered floor,
it's a cat that isn't there, they're here, we've been, i'm sure, she'll go, he'd know, 2023 photo
portrait of a woman with the light, highly detailed, sharp focus, the best quality, very ugly
""".lower()
MERGES = 86


def byte_alphabet():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {}, 0
    for b in printable:
        table[b] = chr(b)
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + extra)
            extra += 1
    return [table[b] for b in printable] + [table[b] for b in range(256) if b not in printable]


def learn_merges():
    words = {}
    for word in CORPUS.replace(",", " ").replace(".", " ").replace(";", " ").split():
        symbols = (*word[:-1], word[-1] + "</w>")
        words[symbols] = words.get(symbols, 0) + 1
    merges = []
    for _ in range(MERGES):
        counts = {}
        for symbols, n in words.items():
            for pair in zip(symbols, symbols[1:]):
                counts[pair] = counts.get(pair, 0) + n
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        merged = {}
        for symbols, n in words.items():
            out, i = [], 0
            while i < len(symbols):
                if symbols[i : i + 2] == best:
                    out.append(best[0] + best[1])
                    i += 2
                else:
                    out.append(symbols[i])
                    i += 1
            merged[tuple(out)] = merged.get(tuple(out), 0) + n
        words = merged
    return merges


def write_tokenizer(folder, pad):
    """The four files of SD's tokenizer folder, over a vocabulary of 600."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet, merges = byte_alphabet(), learn_merges()
    tokens = alphabet + [a + "</w>" for a in alphabet] + ["".join(m) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(set(tokens)) == 600, len(set(tokens))
    (folder / "vocab.json").write_text(
        json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False), "utf-8"
    )
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), "utf-8"
    )
    write_tokenizer_settings(folder, pad)


def write_tokenizer_settings(folder, pad):
    """tokenizer_config.json and special_tokens_map.json, as the published folders have them."""

    def plain(text):
        return {
            "content": text,
            "lstrip": False,
            "normalized": True,
            "rstrip": False,
            "single_word": False,
        }

    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    special["unk_token"] = "<|endoftext|>"
    config = {
        "add_prefix_space": False,
        **{k: {"__type": "AddedToken"} | plain(v) for k, v in special.items()},
        "do_lower_case": True,
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": pad,
        "tokenizer_class": "CLIPTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    special_map = {**{k: plain(v) for k, v in special.items()}, "pad_token": pad}
    (folder / "special_tokens_map.json").write_text(json.dumps(special_map, indent=2) + "\n")


def text_encoder(hidden, layers, heads, activation, seed):
    # As in the published models, eos_token_id is 2 although the vocabulary's is the last one:
    # the pooled output then comes from the position of the largest id.
    config = CLIPTextConfig(
        vocab_size=600,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=77,
        hidden_act=activation,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
        projection_dim=hidden,
    )
    return randomise(CLIPTextModel(config), seed)


def unet(seed, **options):
    model = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        norm_num_groups=4,
        **options,
    )
    return randomise(model, seed)


def vae(seed):
    model = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=0.18215,
    )
    return randomise(model, seed, scales={"decoder.conv_out.weight": 0.6})


# The scheduler files of the published SD 1.5 and SD 2.1, key for key. What they leave out
# (the spacing, and SD 1.5's prediction type) is each sampler class's own default.
SCHEDULER_SD1 = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
SCHEDULER_SD2 = SCHEDULER_SD1 | {
    "_class_name": "DDIMScheduler",
    "_diffusers_version": "0.8.0",
    "prediction_type": "v_prediction",
}


def write(name, pad, encoder, network, autoencoder, scheduler):
    folder = ROOT / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    write_tokenizer(folder / "tokenizer", pad)
    tokenizer = CLIPTokenizer.from_pretrained(str(folder / "tokenizer"))
    pipe = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=network,
        scheduler=PNDMScheduler() if "PNDM" in scheduler["_class_name"] else DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(str(folder), safe_serialization=True)
    # The spelling of the published folders, not the one this tokenizer would write.
    write_tokenizer(folder / "tokenizer", pad)
    save_json(f"models/{name}/scheduler/scheduler_config.json", scheduler)


def load(name, **options):
    return StableDiffusionPipeline.from_pretrained(
        str(ROOT / "models" / name), safety_checker=None, local_files_only=True, **options
    )


def main():
    write(
        "tiny-sd1",
        "<|endoftext|>",
        text_encoder(32, 3, 4, "quick_gelu", 101),
        unet(
            102,
            block_out_channels=(8, 16, 24, 24),
            layers_per_block=2,
            attention_head_dim=2,
            cross_attention_dim=32,
        ),
        vae(103),
        SCHEDULER_SD1,
    )
    write(
        "tiny-sd2",
        "!",
        text_encoder(24, 3, 3, "gelu", 201),
        unet(
            202,
            block_out_channels=(8, 16, 16, 24),
            layers_per_block=2,
            attention_head_dim=(1, 2, 4, 4),
            cross_attention_dim=24,
            use_linear_projection=True,
            upcast_attention=True,
        ),
        vae(203),
        SCHEDULER_SD2,
    )
    # The scheduler of the zero-terminal-SNR fine-tunings of SD 2.
    config = SCHEDULER_SD2 | {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    save_json("models/tiny-sd2/scheduler-ztsnr/scheduler_config.json", config)


if __name__ == "__main__":
    main()

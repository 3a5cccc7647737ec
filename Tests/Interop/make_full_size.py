"""A full-size SD 1.5 of random weights, 4 GB in fp32: `make_full_size.py DIR`."""

import os
import shutil
import sys
from pathlib import Path

import clip_vocabulary  # before transformers: it hides ftfy
import torch
from common import randomise
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from models import SCHEDULER_SD1
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


def text_encoder():
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=77,
        hidden_act="quick_gelu",
        projection_dim=768,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )
    return randomise(CLIPTextModel(config), 1)


def unet():
    return randomise(UNet2DConditionModel(sample_size=64, cross_attention_dim=768), 2)


def vae():
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        sample_size=512,
    )
    return randomise(model, 3, scales={"decoder.conv_out.weight": 0.6})


def main():
    folder = Path(sys.argv[1])
    if (folder / "model_index.json").exists():
        return
    torch.set_num_threads(os.cpu_count() or 1)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    clip_vocabulary.write(partial / "tokenizer", folder.parent)
    pipe = StableDiffusionPipeline(
        vae=vae(),
        text_encoder=text_encoder(),
        tokenizer=CLIPTokenizer.from_pretrained(str(partial / "tokenizer")),
        unet=unet(),
        scheduler=PNDMScheduler.from_config(SCHEDULER_SD1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(str(partial), safe_serialization=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


if __name__ == "__main__":
    main()

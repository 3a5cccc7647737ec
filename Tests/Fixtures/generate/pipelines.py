"""Whole pictures: both tiny pipelines with every sampler, as StableDiffusionPipeline makes them."""

from common import ROOT, generator, save, save_json

import numpy as np
import torch

from models import load
from samplers import CLASSES

PROMPT = "a photo of a red robot on the beach"
NEGATIVE = "ugly, the house"


def picture(pipe, **arguments):
    arguments = (
        dict(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            num_inference_steps=8,
            guidance_scale=7.5,
            generator=generator(7),
        )
        | arguments
    )
    latents = pipe(output_type="latent", **arguments).images
    if isinstance(arguments["generator"], list):
        arguments["generator"] = [generator(g.initial_seed()) for g in arguments["generator"]]
    else:
        arguments["generator"] = generator(arguments["generator"].initial_seed())
    pictures = pipe(output_type="pil", **arguments).images
    stacked = torch.from_numpy(np.stack([np.asarray(p) for p in pictures]))
    return {"latents": latents, "picture": stacked}


def main():
    table = {}
    for name in ("tiny-sd1", "tiny-sd2"):
        pipe = load(name)
        pipe.set_progress_bar_config(disable=True)
        own = pipe.scheduler
        out = {}

        def add(case, **arguments):
            for key, value in picture(pipe, **arguments).items():
                out[f"{case}.{key}"] = value

        add("own")
        for sampler, kind in CLASSES.items():
            pipe.scheduler = kind.from_config(own.config)
            add(sampler)
            config = {k: v for k, v in pipe.scheduler.config.items() if not k.startswith("_")}
            table[f"{name}.{sampler}"] = config
        if name == "tiny-sd2":
            folder = ROOT / "models/tiny-sd2/scheduler-ztsnr"
            pipe.scheduler = CLASSES["ddim"].from_pretrained(str(folder))
            add("ztsnr")
        pipe.scheduler = own
        add("no_negative", negative_prompt=None)
        add("no_guidance", guidance_scale=1.0)
        # diffusers' clip_skip=1 is the layer before the last: 2 as A1111 and Attune count. diffusers
        # skips for the prompt only, A1111 for the negative prompt too: that is handed in here.
        negative, _ = pipe.encode_prompt(NEGATIVE, "cpu", 1, False, clip_skip=1)
        add("clip_skip_2", clip_skip=1, negative_prompt=None, negative_prompt_embeds=negative)
        add("wide_96x64", width=96, height=64)
        add("odd_72x56", width=72, height=56)
        add("long_prompt", prompt=PROMPT + " and the house in the snow, highly detailed" * 12)
        two = [PROMPT, "a painting of the house in the snow"]
        pair = dict(prompt=two, negative_prompt=[NEGATIVE] * 2)
        add("batch", **pair, generator=[generator(7), generator(8)])
        pipe.scheduler = CLASSES["euler-ancestral"].from_config(own.config)
        add("batch_euler_ancestral", **pair, generator=[generator(7), generator(8)])
        save(f"pipeline/{name}.safetensors", out)
    save_json("pipeline/schedulers.json", table)


if __name__ == "__main__":
    main()

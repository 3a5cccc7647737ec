#!/usr/bin/env python3
"""Paints the same pictures in every way of --speed and prints what each takes and changes.

Time is that of further pictures beside the plain way; `likeness` is the mean cosine of the CLIP
embeddings of pictures of the same seeds, `apart` the mean difference of their values, of 255.

    python speed.py                       # the embedded model, 24 pictures
"""

import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from transformers import CLIPVisionModelWithProjection

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPT = "a photo of a {red|blue|green} {teapot|mug|robot|duck} on {the beach|a wooden table}"
WAYS = (
    [],
    ["cache=2"],
    ["cache=3"],
    ["cache=5"],
    ["guidance=0-0.6"],
    ["guidance=0.2-0.8"],
    ["cache=3", "guidance=0-0.8"],
)


def pictures(folder):
    files = sorted(pathlib.Path(folder).glob("0*.png"))
    return np.stack([np.asarray(Image.open(file).convert("RGB"), dtype=np.float32) for file in files])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=str(ROOT / "Models/miniature"))
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--steps", type=int, default=25)
    arguments = parser.parse_args()
    attune = os.environ.get("ATTUNE", str(ROOT / ".build/release/attune"))
    clip = CLIPVisionModelWithProjection.from_pretrained(
        pathlib.Path(arguments.model) / "clip"
    ).eval()
    side = clip.config.image_size

    def embedded(values):
        pixels = torch.from_numpy(values / 127.5 - 1).permute(0, 3, 1, 2)
        pixels = torch.nn.functional.interpolate(pixels, (side, side), mode="bicubic")
        with torch.no_grad():
            found = clip(pixels).image_embeds
        return found / found.norm(dim=1, keepdim=True)

    def paint(way, count):
        with tempfile.TemporaryDirectory() as folder:
            command = [attune, "generate", "--model", arguments.model, "--prompt", PROMPT]
            command += ["--seed", "1", "--steps", str(arguments.steps), "--output", folder]
            command += ["--count", str(count), "--sampler", "euler"]
            start = time.perf_counter()
            subprocess.run(
                command + (["--speed", *way] if way else []), check=True, stdout=subprocess.DEVNULL
            )
            return time.perf_counter() - start, pictures(folder)

    print("| `--speed` | time | likeness | apart |\n|---|---|---|---|")
    reference = seconds = None
    for way in WAYS:
        # Loading is in both.
        taken, values = paint(way, arguments.count)
        each = (taken - paint(way, 1)[0]) / (arguments.count - 1)
        if reference is None:
            reference, seconds = values, each
        likeness = (embedded(values) * embedded(reference)).sum(1).mean().item()
        apart = np.abs(values - reference).mean()
        name = f"`{' '.join(way)}`" if way else "(none)"
        print(f"| {name} | {each / seconds:.2f} | {likeness:.3f} | {apart:.1f} |", flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Paints the same pictures by Attune and by diffusers' pipeline, in turns, and prints what they took.

Both read the same model folder and write PNG files: the same prompt, seeds, sampler (Euler), steps,
guidance and batches. `whole` is a program from its start to its end, `a picture` what each further
picture takes: the difference between many and one.

    python pictures.py                       # the embedded model, 1 and 60 pictures
    python pictures.py --model FOLDER --count 3 --steps 2
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPT = "a photo of a red teapot on the beach"


def peer(arguments):
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(arguments.model, safety_checker=None)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    start = time.perf_counter()
    for first in range(0, arguments.count, arguments.batch):
        seeds = range(first, min(first + arguments.batch, arguments.count))
        pictures = pipeline(
            [PROMPT] * len(seeds),
            num_inference_steps=arguments.steps,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        ).images
        for seed, picture in zip(seeds, pictures):
            picture.save(pathlib.Path(arguments.output) / f"{seed}.png")
    print(json.dumps({"painting": time.perf_counter() - start}))


def run(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=str(ROOT / "Models/miniature"))
    parser.add_argument("--count", type=int, default=60, help="pictures (default 60)")
    parser.add_argument("--batch", type=int, default=4, help="painted at once (default 4)")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=2, help="turns; the best of each counts")
    parser.add_argument("--output", help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    attune = os.environ.get("ATTUNE", str(ROOT / ".build/release/attune"))
    best = {}
    for count in (1, arguments.count):
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder:
                common = ["--model", arguments.model, "--count", str(count)]
                ours = [attune, "generate", *common, "--prompt", PROMPT, "--seed", "0"]
                ours += ["--steps", str(arguments.steps), "--sampler", "euler"]
                ours += ["--batch-size", str(arguments.batch), "--output", folder]
                theirs = [sys.executable, __file__, "--peer", *common, "--output", folder]
                theirs += ["--steps", str(arguments.steps), "--batch", str(arguments.batch)]
                for name, command in (("attune", ours), ("diffusers", theirs)):
                    key = (name, count)
                    best[key] = min(best.get(key, float("inf")), run(command))
    print("| | Attune | diffusers | ratio |\n|---|---|---|---|")
    rows = [(f"{n} picture{'s' if n > 1 else ''}, whole", n) for n in (1, arguments.count)]
    for title, count in rows:
        ours, theirs = best["attune", count], best["diffusers", count]
        print(f"| {title} | {ours:.2f} s | {theirs:.2f} s | {theirs / ours:.2f} |")
    if arguments.count > 1:
        ours, theirs = (
            (best[name, arguments.count] - best[name, 1]) / (arguments.count - 1)
            for name in ("attune", "diffusers")
        )
        print(f"| a further picture | {ours:.3f} s | {theirs:.3f} s | {theirs / ours:.2f} |")
        print(f"| pictures a minute | {60 / ours:.0f} | {60 / theirs:.0f} | |")


if __name__ == "__main__":
    main()

"""What the checks share: running Attune, painting with diffusers, comparing pictures."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FIXTURES = REPOSITORY / "Tests" / "Fixtures"
ATTUNE = os.environ.get("ATTUNE", str(REPOSITORY / ".build" / "release" / "attune"))

# Attune's names of the samplers, and diffusers' classes.
SAMPLERS = {
    "ddpm": "DDPMScheduler",
    "ddim": "DDIMScheduler",
    "pndm": "PNDMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "dpmpp-2m": "DPMSolverMultistepScheduler",
}


class Failure(Exception):
    """A check that cannot go on; its text says why."""


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds, detail=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {name}{': ' if detail else ''}{detail}", flush=True)

    def group(self, name, function, *arguments):
        """Runs one group of checks; what stops it counts as one failure."""
        try:
            function(self, *arguments)
        except Failure as failure:
            self.check(name, False, str(failure))


def attune(*arguments):
    command = [ATTUNE, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()[-600:]
        raise Failure(f"`{' '.join(command)}` ended with {result.returncode}: {said}")
    return result.stdout


def generate(model, output, case):
    """Attune's pictures of a case, [n, height, width, 3], by seed from the first on."""
    arguments = case["arguments"]
    seeds = case["seeds"]
    if seeds != list(range(seeds[0], seeds[0] + len(seeds))):
        raise Failure("a case's seeds must follow one another")
    options = [
        "--model", model, "--prompt", arguments["prompt"], "--count", len(seeds),
        "--batch-size", case.get("batch_size", 1), "--seed", seeds[0],
        "--steps", arguments["num_inference_steps"],
        "--guidance-scale", arguments["guidance_scale"],
        "--precision", "fp32", "--device", "cpu", "--output", output,
    ]  # fmt: skip
    if arguments.get("negative_prompt"):
        options += ["--negative-prompt", arguments["negative_prompt"]]
    if case.get("sampler"):
        options += ["--sampler", case["sampler"]]
    for name in ("width", "height"):
        if name in arguments:
            options += [f"--{name}", arguments[name]]
    if "clip_skip" in arguments:
        # Attune counts as A1111 does: 1 is the last layer. diffusers' number is one less.
        options += ["--clip-skip", arguments["clip_skip"] + 1]
    for name, files in case.get("additions", {}).items():
        options += [f"--{name}", *files]
    attune("generate", *options)
    pictures = []
    for seed in seeds:
        files = sorted(Path(output).glob(f"[0-9]*-{seed}.png"))
        if len(files) != 1:
            raise Failure(f"{output} has {len(files)} pictures for seed {seed}")
        pictures.append(np.asarray(Image.open(files[0]).convert("RGB")))
    return np.stack(pictures)


@functools.cache
def painter(python):
    """A process that paints with diffusers, one for each environment; it ends with this one."""
    return subprocess.Popen(
        [python, str(HERE / "paint.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def paint(python, model, cases, output, threads=1, loras=(), embeddings=(), lycoris=()):
    """diffusers' pictures of the cases, by name, painted by the given environment."""
    job = {"model": str(model), "cases": cases, "output": str(output), "threads": threads}
    job |= {"loras": [str(f) for f in loras], "embeddings": [str(f) for f in embeddings]}
    job["lycoris"] = [str(f) for f in lycoris]
    process = painter(python)
    print(json.dumps(job), file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline() or '{"error": "the process ended"}')
    if "error" in answer:
        raise Failure(f"diffusers did not paint with {model}: {answer['error'].strip()[-800:]}")
    with np.load(output) as pictures:
        return dict(pictures)


def compare(tally, name, ours, theirs):
    """At most 1/255 apart on 99.9 % of the values."""
    if ours.shape != theirs.shape:
        tally.check(name, False, f"shapes {ours.shape} and {theirs.shape}")
        return
    apart = np.abs(ours.astype(int) - theirs.astype(int))
    near = (apart <= 1).mean()
    # A picture of one colour would pass for any other of that colour: it shows nothing.
    lively = theirs.std() > 5
    detail = f"{100 * near:.2f} % within 1/255, at most {apart.max()}/255"
    tally.check(name, near >= 0.999 and lively, detail + ("" if lively else ", but it is flat"))


def compare_case(tally, name, model, case, theirs, folder):
    try:
        compare(tally, name, generate(model, folder, case), theirs)
    except Failure as failure:
        tally.check(name, False, str(failure))


def case(name, seeds=(7,), sampler=None, steps=8, batch_size=1, **arguments):
    return {
        "name": name,
        "seeds": list(seeds),
        "sampler": sampler,
        "scheduler": SAMPLERS.get(sampler),
        "batch_size": batch_size,
        "arguments": {
            "prompt": "a photo of a red robot on the beach",
            "negative_prompt": "ugly, the house",
            "num_inference_steps": steps,
            "guidance_scale": 7.5,
        }
        | arguments,
    }


if __name__ == "__main__":
    sys.exit("this is a part of run.py")

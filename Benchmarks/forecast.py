#!/usr/bin/env python3
"""What `attune plan` says of memory and time, beside what the trainings then take on this processor.

Prints docs/memory.md's table: the four methods, the embedded model and one of Stable Diffusion 1.5's size
(--full), fp32 and bf16, as they are and with checkpointed activations.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/SimulatedGPU"))
PROGRAM = os.environ.get("ATTUNE", ROOT / ".build/release/attune")
PHOTOS = ROOT / "Examples/photos/robot"
METHODS = ("dreambooth", "lora", "textual-inversion", "hypernetwork")
MIB = 1 << 20
# Settings of this machine are none of the measurement's.
ENVIRONMENT = dict(os.environ, HF_HOME="/nonexistent", OMP_WAIT_POLICY="passive")


def options(method, precision, checkpointed, model):
    if method == "textual-inversion":
        told = ["--train-data-dir", PHOTOS, "--placeholder-token", "<robot>"]
    else:
        told = ["--instance-data-dir", PHOTOS, "--instance-prompt", "a photo of sks robot"]
    told += ["--mixed-precision", precision, "--seed", 1, "--measuring-steps", 0,
             "--report-to", "none", "--checkpointing-steps", 1_000_000, "--no-fit"]
    told += ["--gradient-checkpointing"] if checkpointed else []
    if model:
        return [*told, "--model", model, "--train-batch-size", 1, "--resolution", 512,
                "--max-train-steps", 2]
    return [*told, "--train-batch-size", 8, "--max-train-steps", 8]


def plan(method, told):
    said = subprocess.run([PROGRAM, "plan", method, "--json", *map(str, told)], check=True,
                          capture_output=True, text=True, env=ENVIRONMENT)
    way = json.loads(said.stdout)["ways"][0]
    return way["memory"]["tensorPeak"] + way["memory"]["program"], way["secondsPerStep"]


def train(method, told, output):
    """The process's peak, and the middle of its steps' seconds; the first step does more."""
    with open(output.with_suffix(".log"), "w") as log:
        process = subprocess.Popen([PROGRAM, "train", method, *map(str, told), "--output-dir", output],
                                   stdout=log, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output.with_suffix(".log").read_text())
    records = map(json.loads, (output / "training.jsonl").read_text().splitlines())
    seconds = [record["seconds"] for record in records if "seconds" in record]
    return usage.ru_maxrss * 1024, statistics.median(seconds[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a model of full size too: 20 GB, an hour")
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--precisions", nargs="*", default=("no", "bf16"))
    arguments = parser.parse_args()
    print("| Training | planned | taken | | planned | taken | |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="attune-forecast-") as place:
        place = pathlib.Path(place)
        models = [("embedded", None)]
        if arguments.full:
            import model
            model.make("full", place / "model")
            models.append(("SD 1.5's size", place / "model"))
        cases = [(name, path, method, precision, checkpointed) for name, path in models
                 for method in arguments.methods for precision in arguments.precisions
                 for checkpointed in (False, True)]
        for number, (name, path, method, precision, checkpointed) in enumerate(cases):
            told = options(method, precision, checkpointed, path)
            memory, seconds = plan(method, told)
            peak, pace = train(method, told, place / str(number))
            title = ", ".join([method, name, "fp32" if precision == "no" else precision,
                               *(["checkpointed"] if checkpointed else [])])
            print(f"| {title} | {memory / MIB:,.0f} MiB | {peak / MIB:,.0f} MiB "
                  f"| {memory / peak - 1:+.1%} | {seconds:.2f} s | {pace:.2f} s "
                  f"| {seconds / pace - 1:+.0%} |", flush=True)


main()

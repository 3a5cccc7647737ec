"""The stages of gpu.sh: each has its time, fails by itself, and says what it could not do.

Standard library only; what needs PyTorch runs in processes of the Python that --python names.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "Tests/SimulatedGPU"))

import model  # noqa: E402
from rungs import RUNS, arguments  # noqa: E402

HERE = ROOT / "Benchmarks"
PHOTOS = ROOT / "Examples/photos/robot"
# Rungs that show the allocator: everything on the card, the smallest, the one of many small blocks.
CALIBRATING = [0, 9, 4]
# The step of diffusers' script that a rung is compared with; others have none there.
PEERS = {
    0: ["--what", "train", "--dtype", "fp16"],
    1: ["--what", "train", "--dtype", "fp16", "--gradient-checkpointing"],
    2: ["--what", "train", "--dtype", "fp16", "--gradient-checkpointing", "--adamw8bit"],
    8: ["--what", "lora", "--dtype", "fp16"],
    9: ["--what", "lora", "--dtype", "fp16", "--gradient-checkpointing"],
}


class Skipped(Exception):
    """A stage that cannot be done here, with the reason."""


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing was said"


class CardMemory:
    """The most that the card's driver counted while it is watched, and what there was before."""

    QUERY = ["nvidia-smi", "-i", "0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]

    def __enter__(self):
        self.before = self.most = None
        self.process = None
        try:
            self.before = int(subprocess.run(
                self.QUERY, capture_output=True, text=True, check=True).stdout.split()[0])
            self.process = subprocess.Popen(
                [*self.QUERY, "-lms", "100"], stdout=subprocess.PIPE, text=True)
        except (OSError, ValueError, IndexError, subprocess.CalledProcessError):
            return self
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def watch(self):
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.most = max(self.most or 0, int(line))

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()

    @property
    def taken(self):
        return None if self.most is None else self.most - self.before


class Bench:
    def __init__(self, given):
        self.given, self.rehearses = given, given.rehearse
        self.out = Path(given.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.end = time.monotonic() + given.budget
        self.rows = []
        self.results = self.out / "results.jsonl"
        self.results.write_text("")
        self.folder = Path(tempfile.mkdtemp(prefix="attune-gpu-"))
        self.size = 64 if self.rehearses else 512
        self.model = self.folder / "model"
        # What the CPU computes in the place of a card.
        self.device = "cpu" if self.rehearses else "cuda"

    @property
    def left(self):
        return self.end - time.monotonic()

    def patience(self, seconds):
        """How long something may take: a rehearsal has a processor only, and others beside it."""
        return 4 * seconds if self.rehearses else seconds

    def record(self, stage, **figures):
        row = {"stage": stage, **figures}
        self.rows.append(row)
        with open(self.results, "a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
        (self.out / "results.md").write_text(table(self.rows, self.rehearses))

    def stage(self, name, takes, body, *arguments):
        """Runs a stage where its time is left; whatever goes wrong is recorded, and the next runs."""
        if self.left < takes:
            self.record(name, of=arguments,
                        skipped=f"{max(0, self.left):.0f} s were left and it takes {takes}")
            return
        start = time.monotonic()
        try:
            figures = body(*arguments)
        except Skipped as reason:
            self.record(name, of=arguments, skipped=str(reason))
        except Exception as error:  # noqa: BLE001
            self.record(name, of=arguments, failed=f"{type(error).__name__}: {error}")
        else:
            self.record(name, **figures, took=round(time.monotonic() - start, 1))

    def environment(self, **more):
        paths = [self.given.libraries, os.environ.get("LD_LIBRARY_PATH", "")]
        return os.environ | {"LD_LIBRARY_PATH": ":".join(filter(None, paths))} | more

    def run(self, command, limit, env=None):
        """What a command prints; an exception with its last line where it fails or takes too long."""
        with subprocess.Popen(
                [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, env=env, cwd=ROOT, start_new_session=True) as process:
            try:
                said, errors = process.communicate(timeout=max(1, min(self.patience(limit), self.left)))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                raise RuntimeError(f"{Path(command[0]).name} took more than its time") from None
        if process.returncode:
            for module in ("torch", "diffusers", "transformers", "peft", "bitsandbytes"):
                if f"No module named '{module}'" in errors:
                    raise Skipped(f"the Python here has no {module}")
            raise RuntimeError(f"status {process.returncode}: {last_line(errors or said)}")
        return said

    def python(self, script, *words, limit=60):
        said = self.run([self.given.python, HERE / script, *words], limit)
        return json.loads(last_line_whole(said))

    def attune(self, *words, limit=60, **more):
        return self.run([self.given.program, *words], limit, self.environment(**more))

    # The stages

    def facts(self):
        found = {"program": self.given.program}
        try:
            found["driver"] = self.run(
                ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
                20).strip()
        except OSError:
            found["driver"] = "no nvidia-smi here"
        try:
            found |= self.python("gpu_torch.py", "facts")
        except Skipped as reason:
            found["torch"] = str(reason)
        try:
            doctor = self.attune("doctor", "--device", "cuda", limit=60)
            found["doctor"] = [line for line in doctor.splitlines() if line.strip()]
        except RuntimeError as error:
            found["doctor"] = [str(error)]
        return found

    def allocator(self):
        if self.rehearses:
            raise Skipped("PyTorch sees no card in a rehearsal")
        return self.python("gpu_torch.py", "allocator")

    def make_model(self):
        model.make("small" if self.rehearses else "full", self.model)
        if self.rehearses:
            return {"weights": "of a small model"}
        return self.python("gpu_torch.py", "weights", self.model, limit=60)

    def rung(self, number):
        """Trains a few steps; saving 4 GB and more is not waited for."""
        _, method, options, _, _ = RUNS[number]
        steps = 3 if self.rehearses else 8
        folder = self.folder / f"rung-{number}"
        folder.mkdir()
        output, report = folder / "out", folder / "memory.json"
        records, log = output / "training.jsonl", folder / "log"
        command = [self.given.program, *arguments(
            method, options, self.model, PHOTOS, output, self.size)]
        end = time.monotonic() + min(self.patience(40), self.left)

        def lines():
            text = records.read_text() if records.exists() else ""
            return [json.loads(x) for x in text.splitlines(keepends=True)
                    if x.endswith("\n") and '"loss"' in x]

        with CardMemory() as card, open(log, "w") as said:
            process = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT,
                env=self.environment(ATTUNE_MEMORY_REPORT=str(report)))
            try:
                while (len(lines()) < steps and process.poll() is None
                       and time.monotonic() < end):
                    time.sleep(0.05)
            finally:
                process.kill()
                process.wait()
        done = lines()
        if len(done) < 3:
            raise RuntimeError(f"{len(done)} steps in the time: {last_line(log.read_text())}")
        # The first ones choose kernels and fill the allocator's pools.
        seconds = sorted(step["seconds"] for step in done[2:])
        figures = {"rung": number, "name": RUNS[number][0], "steps": len(done),
                   "seconds": round(seconds[len(seconds) // 2], 4)}
        if report.exists():
            peaks = json.loads(report.read_text())
            figures |= {"in_use_mib": peaks["peak_in_use"] >> 20,
                        "reserved_mib": peaks["peak_reserved"] >> 20}
            if card.taken is not None:
                figures |= {"card_mib": card.taken,
                            "context_mib": card.taken - (peaks["peak_reserved"] >> 20)}
        simulated = json.loads((HERE / "simulated-gpu.json").read_text()).get(str(number))
        if simulated and not self.rehearses:
            figures |= {"simulated_in_use_mib": simulated["in_use_mib"],
                        "simulated_reserved_mib": simulated["reserved_mib"]}
        shutil.rmtree(folder)
        return figures

    def peer(self, number, *more, limit=60):
        small = ["--config", "tiny", "--repeat", "2"] if self.rehearses else ["--repeat", "6"]
        words = ["fp32" if self.rehearses and word == "fp16" else word for word in PEERS[number]]
        row = self.python("peer.py", *words, "--device", self.device, "--size", self.size,
                          "--warmup", 2, *small, *more, limit=limit)
        figures = {"rung": number, "name": RUNS[number][0], "program": row["program"],
                   "seconds": row["seconds"]}
        if "peak_in_use" in row:
            figures |= {"in_use_mib": row["peak_in_use"] >> 20,
                        "reserved_mib": row["peak_reserved"] >> 20}
        return figures | ({"kernels": row["kernels"]} if row.get("kernels") else {})

    def pictures(self, batch):
        """Of two runs of different length, so that loading does not count."""
        steps, few, many = (2, batch, 2 * batch) if self.rehearses else (30, 2 * batch, 6 * batch)
        seconds = []
        for count in (few, many):
            start = time.monotonic()
            self.attune("generate", "--model", self.model, "--prompt", "a photo of a robot",
                        "--seed", 1, "--count", count, "--batch-size", batch, "--steps", steps,
                        "--width", self.size, "--height", self.size, "--device", "cuda",
                        "--output", self.folder / f"pictures-{batch}-{count}", limit=90)
            seconds.append(time.monotonic() - start)
        each = (seconds[1] - seconds[0]) / (many - few)
        return {"batch": batch, "sampler_steps": steps, "seconds": round(each, 4),
                "pictures_per_second": round(1 / each, 3) if each > 0 else None}

    def peer_pictures(self, batch):
        steps, count = (2, batch) if self.rehearses else (30, 4 * batch)
        row = self.python("gpu_torch.py", "pictures", self.model, self.device, self.size, batch,
                          count, steps, limit=90)
        return {"batch": batch, "sampler_steps": steps, **row,
                "pictures_per_second": round(1 / row["seconds"], 3)}

    def kernels(self):
        """Of Attune's own steps, by NVIDIA's profiler where it is."""
        nsys = shutil.which("nsys")
        if not nsys:
            raise Skipped("there is no nsys here, which sees the kernels of a program without Python")
        report = self.folder / "profile"
        command = [self.given.program, *arguments(
            "lora", RUNS[8][2], self.model, PHOTOS, self.folder / "profiled", self.size, steps=12)]
        self.run([nsys, "profile", "--trace=cuda", "--sample=none", "--output", report, *command],
                 90, self.environment())
        said = self.run([nsys, "stats", "--report", "cuda_gpu_kern_sum", "--format", "json",
                         f"{report}.nsys-rep"], 60)
        rows = json.loads(said[said.index("["):])
        return {"name": RUNS[8][0], "kernels": {"shares": [
            [row["Name"][:90], round(row["Time (%)"] / 100, 4)] for row in rows[:12]]}}

    def peer_kernels(self):
        if self.rehearses:
            raise Skipped("PyTorch sees no card in a rehearsal")
        return self.peer(8, "--kernels")

    def demo(self):
        output = self.out / "demo"
        shutil.rmtree(output, ignore_errors=True)
        few = ["--steps", 2] if self.rehearses else []
        start = time.monotonic()
        # A rehearsal computes nothing here: the pictures alone would take minutes.
        dry = {"SIMULATED_GPU_DRY": "1"} if self.rehearses else {}
        self.attune("demo", "--output", output, "--device", "cuda", *few, limit=150, **dry)
        seconds = time.monotonic() - start
        figures = json.loads((output / "demo.json").read_text()).get("figures")
        # What is looked at comes back; the model would be the largest part of it.
        for path in output.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        return {"seconds": round(seconds, 1), "figures": figures}

    def measure(self):
        quick = self.rehearses
        self.stage("facts", 5 if quick else 25, self.facts)
        self.stage("allocator", 5, self.allocator)
        self.stage("model", 5 if quick else 30, self.make_model)
        for number in CALIBRATING:
            self.stage("calibration", 5 if quick else 25, self.rung, number)
        for number in (0, 8):
            self.stage("peer", 5 if quick else 25, self.peer, number)
        for batch in (1, 4):
            self.stage("pictures", 5 if quick else 30, self.pictures, batch)
            self.stage("peer pictures", 5 if quick else 30, self.peer_pictures, batch)
        self.stage("demo", 5 if quick else 60, self.demo)
        for number in range(len(RUNS)):
            if number not in CALIBRATING:
                self.stage("rung", 5 if quick else 20, self.rung, number)
        for number in PEERS:
            if number not in (0, 8):
                self.stage("peer", 5 if quick else 25, self.peer, number)
        self.stage("kernels", 5 if quick else 30, self.kernels)
        self.stage("peer kernels", 5 if quick else 25, self.peer_kernels)


def last_line_whole(text):
    return text.strip().splitlines()[-1]


def shown(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def ratio(first, second, digits=2):
    return "" if not first or not second else f"{first / second:.{digits}f}"


def what(row):
    """A stage by its name, with the rung or the batch that it was for."""
    numbers = row.get("of") or ()
    if not numbers:
        return row["stage"]
    if "pictures" in row["stage"]:
        return f"{row['stage']}, {numbers[0]} at once"
    name = f"rung {numbers[0]} ({RUNS[numbers[0]][0]})"
    return name if row["stage"] == "rung" else f"{row['stage']}, {name}"


def table(rows, rehearses):
    def of(*stages):
        return [row for row in rows if row["stage"] in stages]

    text = ["# Measured on a GPU", ""]
    if rehearses:
        text += ["A rehearsal on the simulated GPU, with small numbers that mean nothing.", ""]
    for row in of("facts"):
        text += [f"{row.get('driver')}; torch {row.get('torch')}, CUDA {row.get('cuda')}", "", "```",
                 *row.get("doctor", []), "```", ""]
    for row in of("allocator"):
        if "rules" in row:
            text += [f"Of {row['rules']} rules of the allocator, {len(row['wrong'])} are other on"
                     " the card than on the simulated one.", ""]
    text += ["## Training", "", "MiB; beside them what the simulated GPU says, and the step of"
             " diffusers' script with the U-Net alone.", "",
             "| Training | s a step | diffusers | ratio | in use | simulated | reserved | simulated"
             " | context | diffusers reserved |", "|---|---|---|---|---|---|---|---|---|---|"]
    peers = {row["rung"]: row for row in of("peer") if "rung" in row}
    lines = {}
    for row in of("calibration", "rung"):
        if "seconds" not in row:
            continue
        peer = peers.get(row["rung"], {})
        lines[row["rung"]] = " | ".join([
            f"| {row['name']}", shown(row["seconds"], 3), shown(peer.get("seconds"), 3),
            ratio(row["seconds"], peer.get("seconds")), shown(row.get("in_use_mib")),
            shown(row.get("simulated_in_use_mib")), shown(row.get("reserved_mib")),
            shown(row.get("simulated_reserved_mib")), shown(row.get("context_mib")),
            shown(peer.get("reserved_mib"))]) + " |"
    text += [lines[number] for number in sorted(lines)]
    text += ["", "## Pictures", "", "| Program | at once | pictures a second |", "|---|---|---|"]
    text += [f"| {'diffusers' if 'peer' in row['stage'] else 'Attune'} | {row['batch']} |"
             f" {shown(row['pictures_per_second'], 3)} |"
             for row in of("pictures", "peer pictures") if "batch" in row]
    for row in of("kernels", "peer kernels"):
        if row.get("kernels"):
            text += ["", f"## {row['stage'].capitalize()}: {row['name']}", ""]
            if "busy" in row["kernels"]:
                text += [f"The card computes for {row['kernels']['busy']:.0%} of a step.", ""]
            text += [f"- {share:.1%} `{name}`" for name, share in row["kernels"]["shares"]]
    for row in of("demo"):
        if "seconds" in row:
            text += ["", f"## Demo: {row['seconds']} s", "", f"`{json.dumps(row['figures'])}`"]
    undone = [row for row in rows if "failed" in row or "skipped" in row]
    if undone:
        text += ["", "## Not done", ""]
        text += [f"- {what(row)}: {row.get('failed') or row.get('skipped')}" for row in undone]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--libraries", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--budget", type=float, required=True)
    parser.add_argument("--rehearse", action="store_true")
    bench = Bench(parser.parse_args())
    try:
        bench.measure()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    print(f"The results are in {bench.out}.")
    return 1 if any("failed" in row for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs of the program on the simulated GPU and on the CPU, and what they leave."""

import array
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
PHOTOS = ROOT / "Examples/photos/robot"
LIBRARY = ROOT / ".build/simulated-gpu"
PROGRAM = os.environ.get("ATTUNE", ROOT / ".build/release/attune")

failures = []


def check(is_good, what):
    print(f"{'ok    ' if is_good else 'FAILED'} {what}", flush=True)
    if not is_good:
        failures.append(what)


def finish():
    if failures:
        print(f"{len(failures)} failed")
    sys.exit(bool(failures))


def workplace():
    return tempfile.TemporaryDirectory(prefix="simulated-gpu-")


def environment(device, report, **switches):
    """The library is nowhere but in the search path of these runs."""
    variables = dict(os.environ, OMP_NUM_THREADS="1", SIMULATED_GPU_REPORT=str(report))
    if device != "cpu":
        paths = [str(LIBRARY), *filter(None, [variables.get("LD_LIBRARY_PATH")])]
        variables["LD_LIBRARY_PATH"] = ":".join(paths)
    for name, value in switches.items():
        variables[f"SIMULATED_GPU_{name.upper()}"] = str(value)
    return variables


class Run:
    """A command that has ended: its status, what it printed, and what it wrote.

    What is written has the folder's name in it, so all folders have the same.
    """

    def __init__(self, folder, device, arguments, output="--output-dir", expects=0, **switches):
        self.name, self.folder = folder.name, folder / "out"
        folder.mkdir()
        report = folder / "report.json"
        done = subprocess.run(
            [PROGRAM, *map(str, arguments), output, self.folder, "--device", device], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(device, report, **switches))
        self.status, self.text = done.returncode, done.stdout
        self.report = json.loads(report.read_text()) if report.exists() else None
        if self.status != expects:
            check(False, f"{self.name}: status {self.status}, not {expects}")
            print(self.text)

    @property
    def records(self):
        """What every step told, but its time."""
        lines = (self.folder / "training.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        return [{k: v for k, v in one.items() if k != "seconds"} for one in records]

    def paths(self, *endings):
        """Weights and pictures by their names, without checkpoints."""
        found = sorted(p for p in self.folder.rglob("*") if p.suffix in endings)
        names = {str(p.relative_to(self.folder)): p for p in found}
        return {n: p for n, p in names.items() if not n.startswith("checkpoint-")}

    def files(self, *endings):
        return {name: path.read_bytes() for name, path in self.paths(*endings).items()}

    def weights(self):
        """Every number of every file that was trained."""
        paths = self.paths(".safetensors", ".pt")
        return numbers(path for name, path in paths.items() if not name.startswith("vae/"))


def numbers(paths):
    """The numbers of files in the order of the tensors' names."""
    values = array.array("f")
    for path in paths:
        if path.suffix == ".pt":
            with zipfile.ZipFile(path) as archive:
                for name in sorted(n for n in archive.namelist() if "/data/" in n):
                    values.frombytes(archive.read(name))
            continue
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        for name in sorted(header.keys() - {"__metadata__"}):
            begin, end = header[name]["data_offsets"]
            values.extend(decoded(header[name]["dtype"], content[start + begin:start + end]))
    return values


def decoded(dtype, content):
    if dtype == "F16":
        return array.array("f", struct.unpack(f"<{len(content) // 2}e", content))
    if dtype == "BF16":
        # The upper halves of fp32.
        wide = bytearray(2 * len(content))
        wide[2::4], wide[3::4] = content[::2], content[1::2]
        content = bytes(wide)
    return array.array("f", content)


def pixels(content):
    """The bytes of a PNG's rows, and what it says besides."""
    rows, said, place = b"", [], 8
    while place < len(content):
        end = place + 12 + int.from_bytes(content[place:place + 4], "big")
        kind = content[place + 4:place + 8]
        if kind == b"IDAT":
            rows += content[place + 8:end - 4]
        else:
            said.append(content[place:end])
        place = end
    rows = zlib.decompress(rows)
    width, height = struct.unpack(">II", said[0][8:16])
    assert not any(rows[::len(rows) // height]), "rows that are differences need another reader"
    return rows, said


def half_white(width, height):
    """A mask as a PNG: grey on the left."""
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))
    row = b"\0" + bytes(64 if x < width // 2 else 255 for x in range(width))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b""))


def are_alike(first, second):
    """Whether two sets of pictures say the same and differ by rounding only: by one, seldom."""
    for name in first.keys() | second.keys():
        if name not in first or name not in second:
            return False
        (rows, said), (others, said_too) = pixels(first[name]), pixels(second[name])
        apart = [abs(a - b) for a, b in zip(rows, others) if a != b]
        if said != said_too or len(rows) != len(others) or len(apart) * 1000 > len(rows):
            return False
        if max(apart, default=0) > 1:
            return False
    return True


def distance(first, second, start=None, stride=1):
    """How far apart two lists are, against how far the second came from `start`."""
    a, b = first[::stride], second[::stride]
    c = start[::stride] if start else array.array("f", bytes(4 * len(b)))
    way = math.fsum((y - z) ** 2 for y, z in zip(b, c))
    return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(a, b)) / way)


def train(folder, device, method, options, model, expects=0, **switches):
    arguments = ["train", method, "--model", model, "--instance-data-dir", PHOTOS, "--seed", 1,
                 *options]
    return Run(folder, device, arguments, expects=expects, **switches)

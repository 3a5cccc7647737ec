"""CLIP's own vocabulary of 49,408 tokens, out of the open_clip wheel (MIT licence)."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Fixtures" / "generate"))

from models import byte_alphabet, write_tokenizer_settings  # noqa: E402

WHEEL = "open_clip_torch==3.3.0"


def write(folder, downloads, pad="<|endoftext|>"):
    """Writes a tokenizer folder as SD 1.5 has it; fetches the wheel when it is not there."""
    downloads.mkdir(parents=True, exist_ok=True)
    wheels = list(downloads.glob("open_clip_torch-3.3.0-*.whl"))
    if not wheels:
        command = ["python3", "-m", "pip", "download", "--quiet", "--no-deps", WHEEL]
        subprocess.run([*command, "--dest", str(downloads)], check=True)
        wheels = list(downloads.glob("open_clip_torch-3.3.0-*.whl"))
    with zipfile.ZipFile(wheels[0]) as wheel:
        packed = wheel.read("open_clip/bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.open(io.BytesIO(packed)).read().decode("utf-8").split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    alphabet = byte_alphabet()
    tokens = alphabet + [a + "</w>" for a in alphabet] + ["".join(m.split()) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(set(tokens)) == 49408
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: i for i, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    write_tokenizer_settings(folder, pad)

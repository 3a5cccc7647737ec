"""Makes every fixture anew: python generate/all.py, in an environment of requirements.txt."""

import hashlib

from common import ROOT

import adapters
import added_words
import archive
import brownian
import clip
import data
import hypernetworks
import losses
import models
import more_samplers
import networks
import ops
import optimizers
import peft_files
import pipelines
import prompts
import samplers
import single_file
import speed
import templates
import text
import textual_inversion
import training
import variants


def manifest():
    lines = []
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT)
        if path.is_file() and inside.parts[0] not in ("generate", "MANIFEST.sha256", "README.md"):
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {inside.as_posix()}\n")
    (ROOT / "MANIFEST.sha256").write_text("".join(lines))


def main():
    for topic in (
        models,
        variants,
        single_file,
        ops,
        optimizers,
        text,
        added_words,
        textual_inversion,
        networks,
        samplers,
        more_samplers,
        brownian,
        pipelines,
        prompts,
        speed,
        templates,
        training,
        losses,
        adapters,
        peft_files,
        hypernetworks,
        clip,
        data,
        archive,
    ):
        print(topic.__name__, flush=True)
        topic.main()
    manifest()


if __name__ == "__main__":
    main()

"""tiny-sd1 in the other spellings that diffusers folders come in."""

from common import ROOT

import json
import shutil

import torch
from safetensors.torch import load_file, save_file

from models import load

MODELS = ROOT / "models"


def fresh(name):
    folder = MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def part(name, component, weights):
    """A folder with one component: its config and these weights."""
    folder = fresh(name) / component
    folder.mkdir()
    shutil.copy(MODELS / "tiny-sd1" / component / "config.json", folder)
    file = "model" if component == "text_encoder" else "diffusion_pytorch_model"
    save_file(weights, str(folder / f"{file}.safetensors"), metadata={"format": "pt"})


def forget_paths(folder):
    """diffusers notes where a model was loaded from: that is this machine's business."""
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        if content.pop("_name_or_path", None):
            path.write_text(json.dumps(content, indent=2) + "\n")


def main():
    # Half precision, with the variant in the file names; the text encoder with the buffer of
    # position numbers that transformers before 4.31 saved.
    folder = fresh("tiny-sd1.fp16")
    load("tiny-sd1").to(torch.float16).save_pretrained(str(folder), variant="fp16")
    for copied in ("tokenizer", "scheduler"):
        shutil.rmtree(folder / copied)
        shutil.copytree(MODELS / "tiny-sd1" / copied, folder / copied)
    path = folder / "text_encoder" / "model.fp16.safetensors"
    weights = load_file(str(path))
    weights["text_model.embeddings.position_ids"] = torch.arange(77).unsqueeze(0)
    save_file(weights, str(path), metadata={"format": "pt"})

    forget_paths(folder)

    # bfloat16 in several files with an index.
    unet = load("tiny-sd1").unet.to(torch.bfloat16)
    unet.save_pretrained(str(fresh("tiny-sd1.sharded") / "unet"), max_shard_size="300KB")
    index = MODELS / "tiny-sd1.sharded/unet/diffusion_pytorch_model.safetensors.index.json"
    assert len(set(json.loads(index.read_text())["weight_map"].values())) > 2

    forget_paths(MODELS / "tiny-sd1.sharded")

    # The names that VAE attention had before diffusers 0.15.
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = {}
    for key, value in load_file(
        str(MODELS / "tiny-sd1/vae/diffusion_pytorch_model.safetensors")
    ).items():
        for new, name in old.items():
            key = key.replace(f"attentions.0.{new}.", f"attentions.0.{name}.")
        weights[key] = value
    part("tiny-sd1.old-vae", "vae", weights)

    # The text encoder as transformers 5 saves it.
    weights = load_file(str(MODELS / "tiny-sd1/text_encoder/model.safetensors"))
    part(
        "tiny-sd1.transformers5",
        "text_encoder",
        {k.removeprefix("text_model."): v for k, v in weights.items()},
    )


if __name__ == "__main__":
    main()

"""Textual inversion: texts with learned vectors, their gradients, and the files of others."""

from common import ROOT, randn, save, save_json

import base64
import json
import shutil

import torch
from safetensors.torch import save_file

from models import load

ONE, THREE = "<one>", "<three>"
PROMPTS = (
    "a photo of <one>",
    "<three>",
    "a <three> in the snow, <one>",
    "(<one>), <three>. the <one><three> dog",
    "x<one>y and <three>'s house",
    "a photo of <One> and < one>",
    "the house in the snow, <three> " * 12,
    "the " * 74 + "<three>",
    "a photo of a red robot on the beach",
)
# How many of the prompts go through the text encoder.
ENCODED = 3


def learned(width):
    """About as large as the rows of the tiny models' tables."""
    return {ONE: 0.5 * randn(701, 1, width), THREE: 0.5 * randn(702, 3, width)}


def encoding(name):
    pipe = load(name)
    count = len(pipe.tokenizer)
    vectors = learned(pipe.text_encoder.config.hidden_size)
    for token, value in vectors.items():
        pipe.load_textual_inversion({token: value.clone()})
    prompts = [pipe.maybe_convert_prompt(p, pipe.tokenizer) for p in PROMPTS]
    ids = pipe.tokenizer(
        prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    assert len(pipe.tokenizer) == count + 4
    table = pipe.text_encoder.get_input_embeddings().weight
    pipe.text_encoder.requires_grad_(False)
    table.requires_grad_(True)
    output = pipe.text_encoder(ids[:ENCODED]).last_hidden_state
    cotangent = torch.arange(output.numel(), dtype=torch.float32).sin().reshape(output.shape)
    (output * cotangent).sum().backward()
    save(
        f"textual-inversion/{name}.safetensors",
        {
            # Places of learned vectors are numbers from the vocabulary's size on.
            "ids": ids,
            "vectors.one": vectors[ONE],
            "vectors.three": vectors[THREE],
            "output": output,
            "grad.one": table.grad[count : count + 1],
            "grad.three": table.grad[count + 1 :],
        },
    )


def a1111(vectors, name):
    return {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": vectors},
        "name": name,
        "step": 1500,
        "sd_checkpoint": "cc6cb27103",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
    }


def files():
    """As the programs write them; the vectors are <three>'s of tiny-sd1 in all of them."""
    folder = ROOT / "textual-inversion" / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    vectors = learned(32)[THREE]
    save_file({THREE: vectors}, folder / "diffusers.safetensors", metadata={"format": "pt"})
    torch.save({THREE: vectors}, folder / "diffusers.bin")
    save_file({THREE: vectors[0]}, folder / "single-vector.safetensors")
    save_file({"emb_params": vectors}, folder / "kohya.safetensors")
    torch.save({"emb_params": vectors}, folder / "kohya.pt")
    save_file({"emp_params": vectors}, folder / "onetrainer.safetensors")
    save_file({"emp_params_out": vectors}, folder / "onetrainer-output.safetensors")
    torch.save(a1111(vectors, "three"), folder / "a1111.pt")
    torch.save(
        a1111(vectors.half(), "three"), folder / "legacy.pt", _use_new_zipfile_serialization=False
    )
    # What the paper's own code saves: parameters, and tokens as tensors.
    torch.save(
        {
            "string_to_token": {"*": torch.tensor(265)},
            "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)}),
        },
        folder / "paper.pt",
    )
    both = {"clip_l": vectors, "clip_g": torch.zeros(3, 40)}
    save_file(both, folder / "sdxl.safetensors")

    card = a1111({"TORCHTENSOR": vectors.tolist()}, "three")
    text = base64.b64encode(json.dumps(card).encode()).decode()
    (folder / "card.txt").write_text(text)


def main():
    save_json("textual-inversion/prompts.json", PROMPTS)
    for name in ("tiny-sd1", "tiny-sd2"):
        encoding(name)
    files()


if __name__ == "__main__":
    main()

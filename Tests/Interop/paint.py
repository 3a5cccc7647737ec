"""Paints with diffusers, in whichever environment runs it, job after job: starting takes longer
than painting. A job is a line of JSON on the standard input; the answer is one, too."""

import inspect
import json
import os
import sys
import traceback
import warnings
from pathlib import Path

# What libraries print is no answer.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
# The reference is the tokenizer without ftfy.
sys.modules["ftfy"] = None
warnings.filterwarnings("ignore")

import diffusers  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402


def skipping_everywhere(pipe, case):
    """The case's arguments, with clip skip for the negative prompt too.

    diffusers skips layers for the prompt only; A1111, and Attune with it, for both.
    """
    arguments = dict(case["arguments"])
    if "clip_skip" in arguments:
        negative, _ = pipe.encode_prompt(
            arguments.pop("negative_prompt", None) or "",
            device="cpu",
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
            clip_skip=arguments["clip_skip"],
        )
        arguments["negative_prompt_embeds"] = negative
    return arguments


def lay_lycoris(pipe, file):
    """Lays LyCORIS' layers over the networks: their own forward, not their merge, which has
    alpha / rank twice for LoHa and LoKr. Its networks know no U-Net of diffusers."""
    from lycoris.modules import get_module, make_module
    from safetensors.torch import load_file

    weights = load_file(file)
    laid = set()
    for prefix, network in (("lora_unet_", pipe.unet), ("lora_te_", pipe.text_encoder)):
        for layer, module in list(network.named_modules()):
            name = (prefix + layer).replace(".", "_")
            kind, tensors = get_module(weights, name)
            if kind is not None:
                made = make_module(kind, tensors, name, module)
                made.eval()
                made.apply_to()
                laid.add(name)
    missing = {key.split(".")[0] for key in weights} - laid
    if missing:
        raise ValueError(f"LyCORIS finds no place for {sorted(missing)[:3]}")


def lay_peft(pipe, folder):
    """Lays what PEFT saved over its network, by PEFT itself: diffusers does not read its settings."""
    from peft import PeftModel

    base = json.loads(Path(folder, "adapter_config.json").read_text())["auto_mapping"]
    network = pipe.unet if base["base_model_class"].startswith("UNet") else pipe.text_encoder
    # The layers are replaced inside of the network that the pipeline has.
    PeftModel.from_pretrained(network, folder)


def paint(job):
    # More threads than one only slow tiny models down, most of all on a busy machine.
    torch.set_num_threads(job["threads"])
    half = Path(job["model"], "unet", "diffusion_pytorch_model.fp16.safetensors").exists()
    # The type is given because transformers 5 would otherwise compute in the file's own.
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(
        job["model"],
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
        torch_dtype=torch.float32,
        variant="fp16" if half else None,
    )
    pipe.set_progress_bar_config(disable=True)
    for file in job.get("embeddings", ()):
        pipe.load_textual_inversion(file)
    for file in job.get("loras", ()):
        if Path(file).is_dir():
            lay_peft(pipe, file)
            continue
        pipe.load_lora_weights(str(Path(file).parent), weight_name=Path(file).name)
    for file in job.get("lycoris", ()):
        lay_lycoris(pipe, file)
    own = pipe.scheduler
    pictures = {}
    for case in job["cases"]:
        pipe.scheduler = own
        if case.get("scheduler"):
            kind = getattr(diffusers, case["scheduler"])
            # By default DDIM and DDPM cut at +-1, which are bounds of pixels and not of latents.
            cut = {}
            if "clip_sample" in inspect.signature(kind.__init__).parameters:
                cut["clip_sample"] = own.config.get("clip_sample", False)
            pipe.scheduler = kind.from_config(own.config, **cut)
        painted = []
        for seed in case["seeds"]:
            generator = torch.Generator("cpu").manual_seed(seed)
            painted += pipe(generator=generator, **skipping_everywhere(pipe, case)).images
        pictures[case["name"]] = np.stack([np.asarray(p.convert("RGB")) for p in painted])
    np.savez(job["output"], **pictures)


def main():
    for line in sys.stdin:
        answer = {}
        try:
            paint(json.loads(line))
        except Exception:
            answer["error"] = traceback.format_exc()
        print(json.dumps(answer), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()

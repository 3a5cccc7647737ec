"""What `attune train dreambooth` writes: diffusers loads it, old and new, and paints the same."""

import json
import shutil

import numpy as np
from PIL import Image
from safetensors import safe_open

from interop import FIXTURES, REPOSITORY, Failure, attune, case, compare_case, paint


def photos(folder, count, seed, size=80):
    """Pictures with something in them: coloured discs on a gradient."""
    folder.mkdir()
    r = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    for i in range(count):
        colour, centre = r.integers(0, 256, (2, 3)), r.uniform(0.3, 0.7, 2)
        inside = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 0.06)[..., None]
        ground = colour[0] * x[..., None]
        picture = np.where(inside, colour[1], ground).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{i}.png")


def tensors(path):
    with safe_open(str(path), "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def weights(folder, part):
    files = sorted((folder / part).glob("*.safetensors"))
    if not files:
        raise Failure(f"{folder / part} has no safetensors file")
    result = {}
    for file in files:
        result |= tensors(file)
    return result


def train(model, folder, name, *options):
    output = folder / name
    if "--train-text-encoder" not in options:
        # The default for models of this size.
        options += ("--no-train-text-encoder",)
    attune(
        "train", "dreambooth", "--model", model,
        "--instance-data-dir", folder / "instance", "--instance-prompt", "a photo of sks robot",
        "--with-prior-preservation", "--class-data-dir", folder / "class",
        "--class-prompt", "a photo of a robot", "--num-class-images", 4,
        "--output-dir", output, "--max-train-steps", 4, "--train-batch-size", 2,
        "--resolution", 64, "--learning-rate", "1e-4", "--lr-warmup-steps", 0, "--seed", 3,
        "--mixed-precision", "no", *options,
    )  # fmt: skip
    return output


def check(tally, environments, folder):
    photos(folder / "instance", 3, 1)
    models = {
        "tiny-sd1": FIXTURES / "models" / "tiny-sd1",
        "tiny-sd2": FIXTURES / "models" / "tiny-sd2",
    }
    miniature = REPOSITORY / "Models" / "miniature"
    if (miniature / "model_index.json").exists():
        models["miniature"] = miniature
    for name, model in models.items():
        shutil.rmtree(folder / "class", ignore_errors=True)
        photos(folder / "class", 4, 2)
        for suffix, options in (("", ()), ("-text", ("--train-text-encoder",))):
            tally.group(
                f"trained, {name}{suffix}", one, environments, folder, model, name + suffix, options
            )


def one(tally, environments, folder, model, name, options):
    trained = train(model, folder, f"trained-{name}", *options)
    index = json.loads((trained / "model_index.json").read_text())
    tally.check(f"trained, {name}, model_index.json", index["unet"][1] == "UNet2DConditionModel")
    for part in ("unet", "text_encoder", "vae"):
        before, after = weights(model, part), weights(trained, part)
        before.pop("text_model.embeddings.position_ids", None)
        same_names = before.keys() == after.keys()
        tally.check(f"trained, {name}, {part}: the names and shapes", same_names and all(
            before[k].shape == after[k].shape for k in before
        ))  # fmt: skip
        if not same_names:
            continue
        moved = sum(
            not np.array_equal(before[k].astype("f4"), after[k].astype("f4")) for k in before
        )
        meant = part == "unet" or (part == "text_encoder" and "-text" in name)
        # A frozen part stays as it was; of a trained one nearly every tensor moves.
        holds = moved > 0.9 * len(before) if meant else moved == 0
        tally.check(
            f"trained, {name}, {part}: what moved", holds, f"{moved} of {len(before)} tensors"
        )
    todo = [
        case("sks", prompt="a photo of sks robot", seeds=(7, 8), steps=8),
        case("euler", sampler="euler", steps=8),
    ]
    for label, python in environments.items():
        theirs = paint(python, trained, todo, folder / f"{name}-{label}.npz")
        for i, each in enumerate(todo):
            output = folder / f"out-{name}-{label}-{i}"
            title = f"trained, {name}, {label} paints {each['name']}"
            compare_case(tally, title, trained, each, theirs[each["name"]], output)

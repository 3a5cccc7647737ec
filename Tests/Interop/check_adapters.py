"""LoRA files and embeddings: what Attune trains paints the same in diffusers, and the reverse."""

from check_trained import photos
from interop import FIXTURES, attune, case, compare_case, paint

MODEL = FIXTURES / "models" / "tiny-sd1"


def train(folder, name, method, *options):
    output = folder / name
    attune(
        "train", method, "--model", MODEL, "--instance-data-dir", folder / "photos",
        "--output-dir", output, "--max-train-steps", 3, "--train-batch-size", 2,
        "--resolution", 64, "--learning-rate", "3e-2", "--seed", 3, *options,
    )  # fmt: skip
    return output


def same(tally, environments, folder, name, ours, loras=(), embeddings=(), prompt="sks robot"):
    """Attune paints with its options what diffusers paints with its loaders."""
    todo = [case("picture", prompt=f"a photo of {prompt}", seeds=(7, 8), steps=8)]
    todo[0]["additions"] = ours
    for label, python in environments.items():
        theirs = paint(
            python, MODEL, todo, folder / f"{name}-{label}.npz", loras=loras, embeddings=embeddings
        )
        compare_case(
            tally, f"adapters, {name}, {label}", MODEL, todo[0], theirs["picture"],
            folder / f"out-{name}-{label}",
        )  # fmt: skip


def lora(tally, environments, folder, name, *options):
    if "--train-text-encoder" not in options:
        options += ("--no-train-text-encoder",)
    output = train(
        folder, name, "lora", "--instance-prompt", "a photo of sks robot", "--rank", 4,
        "--save-precision", "fp32", *options,
    )  # fmt: skip
    kohya, peft = output / f"{name}.safetensors", output / "pytorch_lora_weights.safetensors"
    same(tally, environments, folder, f"{name}, PEFT file", {"lora": [str(peft)]}, loras=[peft])
    if "--use-dora" not in options:
        # diffusers renames no kohya keys of DoRA in a U-Net.
        same(
            tally, environments, folder, f"{name}, kohya file", {"lora": [str(kohya)]}, loras=[kohya]
        )


def inversion(tally, environments, folder, name):
    output = train(
        folder, name, "textual-inversion", "--placeholder-token", "<my-robot>",
        "--initializer-token", "robot", "--num-vectors", 2,
    )  # fmt: skip
    for file, some in (
        ("learned_embeds.safetensors", environments),
        ("my-robot.pt", reference_of(environments)),
    ):
        same(
            tally, some, folder, f"{name}, {file}", {"embedding": [str(output / file)]},
            embeddings=[output / file], prompt="<my-robot> in the snow",
        )  # fmt: skip


def pivotal(tally, environments, folder, name):
    """A LoRA with a word of its own: one file here and in A1111, two in diffusers."""
    output = train(
        folder, name, "lora", "--instance-prompt", "a photo of <my-robot>", "--rank", 4,
        "--placeholder-token", "<my-robot>", "--initializer-token", "robot", "--num-vectors", 2,
        "--train-text-encoder", "--save-precision", "fp32",
    )  # fmt: skip
    bundle, peft = output / f"{name}.safetensors", output / "pytorch_lora_weights.safetensors"
    word = output / "learned_embeds.safetensors"
    for title, ours in (
        ("bundle", {"lora": [str(bundle)]}),
        ("two files", {"lora": [str(peft)], "embedding": [str(word)]}),
    ):
        same(
            tally, environments if title == "bundle" else reference_of(environments), folder,
            f"{name}, {title}", ours, loras=[peft], embeddings=[word],
            prompt="<my-robot> in the snow",
        )  # fmt: skip


def reference_of(environments):
    return {"reference": environments["reference"]}


def foreign(tally, environments, folder, path):
    """A file that diffusers loads, or a folder of PEFT."""
    theirs = FIXTURES / path
    ours = theirs / "adapter_model.safetensors" if theirs.is_dir() else theirs
    title = f"{theirs.stem} of others"
    same(tally, environments, folder, title, {"lora": [str(ours)]}, loras=[theirs])


def check(tally, environments, folder):
    photos(folder / "photos", 3, 1)
    # What does not depend on the versions is checked with one of them: starting takes most time.
    reference = reference_of(environments)
    tally.group("LoRA", lora, environments, folder, "lora", "--train-text-encoder")
    tally.group(
        "LoRA with alpha", lora, reference, folder, "alpha", "--network-alpha", 2,
        "--target", "all",
    )  # fmt: skip
    tally.group(
        "DoRA", lora, environments, folder, "dora", "--use-dora", "--train-text-encoder"
    )  # fmt: skip
    tally.group("textual inversion", inversion, environments, folder, "inversion")
    tally.group("pivotal tuning", pivotal, environments, folder, "pivotal")
    # PEFT's own spelling of DoRA loses a text encoder's magnitudes in transformers 5: see README.md.
    for name in ("peft-lora", "peft-rslora", "peft-dora"):
        tally.group(name, foreign, reference, folder, f"adapters/{name}.safetensors")
    for name in ("pattern", "old-text-encoder"):
        tally.group(name, foreign, reference, folder, f"peft/{name}.safetensors")
    for name in ("unet-lora", "unet-loha", "unet-lokr", "unet-lokr-whole", "text-encoder"):
        tally.group(name, foreign, reference, folder, f"peft/{name}")

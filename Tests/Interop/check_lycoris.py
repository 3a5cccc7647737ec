"""What Attune trains in LyCORIS' kinds: LyCORIS itself, laid over diffusers, paints the same."""

from check_adapters import MODEL, train
from check_trained import photos
from interop import case, compare_case, paint


def one(tally, python, folder, name, *options):
    output = train(
        folder, name, "lora", "--instance-prompt", "a photo of sks robot", "--rank", 4,
        "--save-precision", "fp32", "--train-text-encoder", *options,
    )  # fmt: skip
    file = output / f"{name}.safetensors"
    todo = case("picture", prompt="a photo of sks robot", seeds=(7, 8), steps=8)
    todo["additions"] = {"lora": [str(file)]}
    theirs = paint(python, MODEL, [todo], folder / f"{name}.npz", lycoris=[file])
    compare_case(
        tally, f"LyCORIS applies {name}", MODEL, todo, theirs["picture"], folder / f"out-{name}"
    )


def check(tally, python, folder):
    photos(folder / "photos", 3, 1)
    for name, options in (
        ("locon", ("--target", "all", "--network-alpha", 2)),
        ("loha", ("--network-type", "loha")),
        ("lokr", ("--network-type", "lokr")),
        ("dora", ("--use-dora",)),
    ):
        tally.group(f"LyCORIS, {name}", one, python, folder, name, *options)

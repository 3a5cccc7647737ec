"""Files of torch.save: zips and the format before PyTorch 1.6, with everything weights come in."""

import pickle
import sys
import types
from collections import OrderedDict
from unittest import mock

import numpy as np
import torch

from common import ROOT, randn, save

FOLDER = "archive"


class StableModule(types.ModuleType):
    """A `pickle` that names storages 0, 1, ...: PyTorch names them by their addresses."""

    def __init__(self):
        super().__init__("pickle")
        names = {}

        class Pickler(pickle._Pickler):
            def save_pers(self, pid):
                if pid[0] == "module":
                    # PyTorch adds the path and the source of a module's class.
                    return super().save_pers((*pid[:2], "container.py", "class ParameterDict"))
                key = names.setdefault(pid[2], str(len(names)))
                super().save_pers((*pid[:2], key, *pid[3:]))

        def dump(value, file, protocol):
            if isinstance(value, list):
                value = [names[key] for key in value]
            pickle.dump(value, file, protocol=protocol)

        self.Pickler, self.dump = Pickler, dump


def write(name, value, **options):
    path = ROOT / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if options.pop("legacy", False):
        # Storages follow in the order of their addresses otherwise.
        with mock.patch.object(torch.serialization, "sorted", list, create=True):
            torch.save(
                value, path, _use_new_zipfile_serialization=False,
                pickle_module=StableModule(), **options,
            )  # fmt: skip
    else:
        torch.save(value, path, **options)


def dtypes():
    numbers = 3 * randn(1, 2, 3)
    result = {
        str(dtype).removeprefix("torch."): numbers.to(dtype)
        for dtype in (
            torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
            torch.int16, torch.int8,
        )
    }  # fmt: skip
    result["uint8"] = (numbers.abs() * 50).to(torch.uint8)
    result["bool"] = numbers > 0
    result["scalar"] = torch.tensor(265)
    result["empty"] = torch.zeros(0, 3)
    return result


def views():
    base = randn(2, 4, 6)
    return {
        "base": base,
        "row": base[2],
        "part": base[1:3, 2:5],
        "every_other": base[::2, ::3],
        "transposed": base.t(),
        "expanded": base[0, :1].expand(3, 5),
        "channels_last": randn(3, 2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "half_transposed": base.half().t(),
        "bool_transposed": (base > 0).t(),
        "short_transposed": (base * 100).to(torch.int16).t(),
        "parameter": torch.nn.Parameter(randn(4, 3)),
        "shared_again": base,
    }


def nested():
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(randn(5, 2, 2))
        layer.bias.zero_()
    return {
        "none": None,
        "flags": [True, False],
        "numbers": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**40, -(2**63)],
        "floats": (0.5, -1e300, float("inf")),
        "texts": ["", "naïve", "机器人", "a" * 300],
        "bytes": b"\x00\xff\x80abc",
        "empty": {"list": [], "tuple": (), "dict": {}},
        768: ({"inner": [{"deep": (1, (2, (3, 4)))}]},),
        -1: "minus one",
        "size": torch.Size([2, 3]),
        "device": torch.device("cuda:1"),
        "numpy": [np.float64(0.25), np.float32(-2), np.int64(-5), np.int16(-300), np.bool_(True)],
        "module": layer.state_dict(),
        "parameters": torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.arange(4.0))}),
        "ordered": OrderedDict([("z", 1), ("a", 2)]),
    }


def embedding():
    """What the first programs for Textual Inversion wrote, and A1111 reads."""
    return {
        "string_to_token": {"*": torch.tensor(265)},
        "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(randn(6, 2, 8))}),
    }


def hypernetwork():
    def half(seed):
        return OrderedDict(
            [
                ("linear.0.weight", randn(seed, 16, 8)),
                ("linear.0.bias", torch.zeros(16)),
                ("linear.1.weight", randn(seed + 1, 8, 16)),
                ("linear.1.bias", torch.zeros(8)),
            ]
        )

    return {
        8: (half(7), half(9)),
        "step": 1000,
        "name": "a style",
        "layer_structure": [1.0, 2.0, 1.0],
        "activation_func": "linear",
        "is_layer_norm": False,
        "sd_checkpoint": None,
    }


def lightning():
    """A checkpoint with objects of the training program's own classes."""
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")

    class ModelCheckpoint(dict):
        pass

    ModelCheckpoint.__module__ = module.__name__
    ModelCheckpoint.__qualname__ = "ModelCheckpoint"
    module.ModelCheckpoint = ModelCheckpoint
    callback = ModelCheckpoint(best=0.5)
    callback.state = {"path": "x"}
    packages = ("pytorch_lightning", "pytorch_lightning.callbacks")
    modules = {name: types.ModuleType(name) for name in packages} | {module.__name__: module}
    with mock.patch.dict(sys.modules, modules):
        write(
            "lightning.ckpt",
            {
                "epoch": 3,
                "callbacks": {ModelCheckpoint: callback},
                "wide": 2**100,
                "state_dict": {"first.weight": randn(11, 2, 3), "first.bias": torch.ones(2)},
            },
        )


def main():
    values = {"dtypes": dtypes(), "views": views(), "nested": nested()}
    for name, value in values.items():
        write(f"{name}.pt", value)
        write(f"{name}.protocol4.pt", value, pickle_protocol=4)
        write(f"{name}.legacy.pt", value, legacy=True)
    write("nested.legacy4.pt", values["nested"], legacy=True, pickle_protocol=4)
    write("embedding.pt", embedding())
    write("hypernetwork.pt", hypernetwork())
    lightning()
    expected = {}
    for group in ("dtypes", "views"):
        for name, tensor in values[group].items():
            # Attune widens 16-bit integers.
            wide = tensor.to(torch.int32) if tensor.dtype == torch.int16 else tensor
            expected[f"{group}.{name}"] = wide
    for number, half in enumerate(hypernetwork()[8]):
        expected |= {f"hypernetwork.{number}.{name}": tensor for name, tensor in half.items()}
    expected["embedding"] = embedding()["string_to_param"]["*"]
    expected["module.weight"] = values["nested"]["module"]["weight"]
    expected["lightning.first.weight"] = randn(11, 2, 3)
    save(f"{FOLDER}/expected.safetensors", expected)


if __name__ == "__main__":
    main()

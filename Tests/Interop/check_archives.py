"""What Attune writes as .pt: PyTorch opens it, strict unpicklers too, and finds the same in it.

`archives/everything.pt` is such a file; the Swift test `isWhatPythonWasShown` holds it to what is
written today (and writes it anew where ATTUNE_RECORD is set).
"""

import pickle
import re
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

EVERYTHING = Path(__file__).resolve().parent / "archives" / "everything.pt"

# What A1111 lets through: these names of entries, and these names in the pickle.
ENTRY = re.compile(r"^[^/]+/(data/\d+|version|data\.pkl)$")
STORAGES = {"FloatStorage", "HalfStorage", "IntStorage", "LongStorage", "DoubleStorage",
            "ByteStorage", "BFloat16Storage"}  # fmt: skip


class Strict(pickle.Unpickler):
    extra = {"CharStorage", "BoolStorage"}

    def persistent_load(self, saved_id):
        assert saved_id[0] == "storage"
        return torch.storage.TypedStorage(_internal=True)

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *arguments: None
        if (module, name) == ("_codecs", "encode"):
            return lambda text, encoding: text.encode(encoding)
        if module == "torch" and name in STORAGES | self.extra:
            return getattr(torch, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not let through")


def expected():
    numbers = torch.arange(6.0).reshape(2, 3) - 2.5
    names = ("bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64")
    # What a negative number becomes as an unsigned one is left to the machine.
    tensors = {name: numbers.to(getattr(torch, name)) for name in names if name != "uint8"}
    tensors |= {
        "transposed": numbers.t(), "scalar": torch.tensor(265), "empty": torch.zeros(0, 3),
        "shared": numbers, "shared_again": numbers,
    }  # fmt: skip

    def half(scale):
        return OrderedDict(
            [("linear.0.weight", numbers * scale), ("linear.0.bias", torch.zeros(2))]
        )

    return {
        "tensors": tensors,
        768: (half(1), half(2)),
        -1: [None, True, False, [], ()],
        "numbers": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)],
        "floats": (0.5, -1e300, float("inf")),
        "texts": ["", "naïve", "机器人", "line\nfeed"],
        "bytes": b"\x00\xff\x80a",
        "empty": {},
        "ordered": OrderedDict(),
    }


def equal(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


def check(tally):
    for weights_only in (True, False):
        found = torch.load(EVERYTHING, weights_only=weights_only)
        tensors = found["tensors"]
        shared = tensors["shared"].data_ptr() == tensors["shared_again"].data_ptr()
        tally.check(f"archive, shared, weights_only={weights_only}", shared)
        tally.check(
            f"archive, uint8, weights_only={weights_only}",
            tensors.pop("uint8").dtype == torch.uint8,
        )
        tally.check(f"archive, equal, weights_only={weights_only}", equal(found, expected()))
    with zipfile.ZipFile(EVERYTHING) as file:
        tally.check("archive, checksums", file.testzip() is None)
        names = file.namelist()
        tally.check("archive, names as A1111 takes them", all(map(ENTRY.match, names)), names[-1])
        with file.open("archive/data.pkl") as data:
            try:
                Strict(data).load()
                tally.check("archive, a strict unpickler", True)
            except (pickle.UnpicklingError, AssertionError) as error:
                tally.check("archive, a strict unpickler", False, str(error))


if __name__ == "__main__":
    from interop import Tally

    counts = Tally()
    check(counts)
    raise SystemExit(bool(counts.failed))

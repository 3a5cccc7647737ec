"""What gpu.sh needs of PyTorch, each in a process of its own; a line of JSON on standard output.

    gpu_torch.py facts
    gpu_torch.py allocator              the allocator's rules, as the simulated GPU has them
    gpu_torch.py weights MODEL          random weights for a model of zeros
    gpu_torch.py pictures MODEL DEVICE SIZE BATCH COUNT STEPS
"""
import json
import math
import pathlib
import sys
import time

import torch

MiB = 1 << 20
# A size to take (or the name of one to give back), and what is in use and reserved then, in bytes:
# test_pools in Tests/SimulatedGPU/test-memory.cpp.
RULES = [
    ("tiny", 1, 512, 2 * MiB),
    ("small", MiB - 512, MiB, 2 * MiB),
    ("middle", MiB + 1, 2 * MiB + 512, 22 * MiB),
    ("rest", 18 * MiB, 20 * MiB + 512, 22 * MiB),
    ("large", 11 * MiB, 31 * MiB + 512, 34 * MiB),
    ("tiny small middle rest large", None, 0, 34 * MiB),
    ("again", 20 * MiB, 20 * MiB, 34 * MiB),
]


def facts():
    found = {"torch": torch.__version__, "cuda": torch.version.cuda, "device": None}
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        found |= {"device": properties.name, "memory_mib": properties.total_memory >> 20,
                  "capability": f"{properties.major}.{properties.minor}"}
    return found


def allocator():
    """Each rule that the card's allocator does not keep."""
    held, wrong = {}, []
    for name, size, in_use, reserved in RULES:
        if size is None:
            for one in name.split():
                del held[one]
        else:
            held[name] = torch.empty(size, dtype=torch.uint8, device="cuda")
        found = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
        if found != (in_use, reserved):
            wrong.append({"after": name, "expected": [in_use, reserved], "found": list(found)})
    return {"rules": len(RULES), "wrong": wrong}


def weights(model):
    """Normal weights of one over the root of what is summed; norms of one, biases of zero."""
    start, count = time.perf_counter(), 0
    place = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1)
    for path in pathlib.Path(model).rglob("*.safetensors"):
        with open(path, "r+b") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
            for name, entry in header.items():
                if name == "__metadata__":
                    continue
                shape = entry["shape"]
                if len(shape) > 1:
                    values = torch.randn(shape, device=place) / math.sqrt(math.prod(shape[1:]))
                else:
                    values = torch.full(shape, float(not name.endswith(".bias")), device=place)
                file.seek(8 + length + entry["data_offsets"][0])
                file.write(memoryview(values.cpu().contiguous().view(torch.uint8).numpy()).cast("B"))
                count += values.numel()
    return {"weights": count, "seconds": round(time.perf_counter() - start, 1)}


def pictures(model, device, size, batch, count, steps):
    import diffusers
    from diffusers import StableDiffusionPipeline

    size, batch, count, steps = int(size), int(batch), int(count), int(steps)
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    pipeline = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=dtype, safety_checker=None, requires_safety_checker=False).to(device)
    pipeline.set_progress_bar_config(disable=True)

    def paint():
        pipeline("a photo of a robot", height=size, width=size, num_inference_steps=steps,
                 num_images_per_prompt=batch, output_type="np")

    paint()  # Once before it counts.
    start = time.perf_counter()
    for _ in range(count // batch):
        paint()
    return {"program": f"diffusers {diffusers.__version__}",
            "seconds": round((time.perf_counter() - start) / (count // batch * batch), 4)}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))

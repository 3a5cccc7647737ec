"""The event files of a run: TensorBoard's own reader finds the curves and pictures in them.

TensorBoard is only in the latest environment: its Python runs this file with a folder of event
files, and prints what it finds.
"""

import json
import subprocess
import sys
from pathlib import Path

STEPS, RESUMED = 6, 4


def found(folder):
    """What TensorBoard makes of a folder; its reader checks every checksum."""
    from tensorboard.backend.event_processing import event_file_loader
    from tensorboard.backend.event_processing import plugin_event_accumulator

    files = sorted(str(path) for path in Path(folder).iterdir())
    count = sum(1 for file in files for _ in event_file_loader.EventFileLoader(file).Load())
    whole = plugin_event_accumulator.EventAccumulator(str(folder), size_guidance={"tensors": 0})
    whole.Reload()
    tags = whole.Tags()
    values = {}
    for tag in tags["tensors"]:
        metadata = whole.SummaryMetadata(tag)
        values[tag] = {
            "plugin": metadata.plugin_data.plugin_name,
            "steps": [event.step for event in whole.Tensors(tag)],
        }
        if metadata.plugin_data.plugin_name == "scalars":
            values[tag]["values"] = [e.tensor_proto.float_val[0] for e in whole.Tensors(tag)]
        elif metadata.plugin_data.plugin_name == "images":
            values[tag]["values"] = [
                [part.decode() for part in e.tensor_proto.string_val[:2]]
                + [e.tensor_proto.string_val[2].hex()]
                for e in whole.Tensors(tag)
            ]
        else:
            values[tag]["values"] = [
                e.tensor_proto.string_val[0].decode() for e in whole.Tensors(tag)
            ]
    return {"files": len(files), "events": count, "tags": values}


def check(tally, latest, folder):
    from check_trained import photos
    from interop import FIXTURES, Failure, attune

    photos(folder / "instance", 3, 1)
    output = folder / "run"

    def train(steps, *options):
        attune(
            "train", "lora", "--model", FIXTURES / "models" / "tiny-sd1",
            "--instance-data-dir", folder / "instance", "--instance-prompt", "a | photo",
            "--output-dir", output, "--max-train-steps", steps, "--train-batch-size", 2,
            "--rank", 4, "--learning-rate", "1e-3", "--seed", 3, "--measuring-steps", 2,
            "--checkpointing-steps", 2, "--validation-prompt", "a photo",
            "--validation-steps", 2, "--num-validation-images", 1, *options,
        )  # fmt: skip

    # The second run begins before the first one's end: TensorBoard must forget that end.
    train(STEPS)
    train(STEPS, "--resume-from-checkpoint", f"checkpoint-{RESUMED}")
    result = subprocess.run(
        [latest, __file__, output / "logs"], capture_output=True, text=True
    )
    if result.returncode:
        raise Failure(f"TensorBoard cannot read the event files: {result.stderr[-600:]}")
    seen = json.loads(result.stdout)
    tally.check("tensorboard, two files", seen["files"] == 2)

    log = [json.loads(line) for line in (output / "training.jsonl").read_text().splitlines()]
    for tag in ("loss", "lr", "grad_norm", "seconds", "photo_error", "drift"):
        expected = [(line["step"], line[tag]) for line in log if tag in line]
        curve = seen["tags"].get(tag, {"steps": [], "values": []})
        same = curve["steps"] == [step for step, _ in expected] and all(
            abs(a - b) <= 1e-6 * max(abs(b), 1e-9)
            for a, (_, b) in zip(curve["values"], expected)
        )
        tally.check(f"tensorboard, {tag} as in training.jsonl", expected and same)
    pictures = seen["tags"].get("validation/0", {"steps": [], "values": []})
    same = pictures["steps"] == [2, 4, 6] and all(
        bytes.fromhex(data) == (output / "validation" / f"step-{step}-0.png").read_bytes()
        for step, (_, _, data) in zip(pictures["steps"], pictures["values"])
    )
    tally.check("tensorboard, the validation pictures", same, str(pictures["steps"]))
    settings = seen["tags"].get("settings", {"plugin": "", "values": [""]})
    tally.check(
        "tensorboard, the settings as text",
        settings["plugin"] == "text" and "a \\| photo" in settings["values"][0],
    )


if __name__ == "__main__":
    print(json.dumps(found(sys.argv[1])))

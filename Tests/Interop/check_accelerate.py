"""The file of `accelerate config`: accelerate reads what Attune writes, and the reverse.

accelerate is only in the latest environment: its Python runs this file with a job and prints the
answer.
"""

import json
import subprocess
import sys
from pathlib import Path

from_deepspeed = {
    "gradient_accumulation_steps": 2,
    "gradient_clipping": 0.5,
    "offload_optimizer_device": "cpu",
    "offload_param_device": "none",
    "zero3_init_flag": False,
    "zero_stage": 2,
}


def work(job):
    from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
    from accelerate.utils import write_basic_config

    if job["do"] == "read":
        return load_config_from_file(job["file"]).to_dict()
    if job["do"] == "write basic":
        write_basic_config(mixed_precision="bf16", save_location=job["file"])
        return {}
    config = load_config_from_file(job["from"]).to_dict()
    config |= {"deepspeed_config": from_deepspeed, "distributed_type": "DEEPSPEED"}
    config["mixed_precision"] = "fp16"
    ClusterConfig(**config).to_yaml_file(job["file"])
    return {}


def check(tally, python, folder):
    from interop import Failure, attune

    def ask(**job):
        done = subprocess.run(
            [python, __file__, json.dumps(job, default=str)], capture_output=True, text=True
        )
        if done.returncode:
            raise Failure(f"accelerate did not {job['do']}: {done.stderr.strip()[-600:]}")
        return json.loads(done.stdout.splitlines()[-1])

    ours = folder / "ours.yaml"
    attune("config", "default", "--config-file", ours, "--mixed-precision", "fp16")
    read = ask(do="read", file=ours)
    tally.check(
        "accelerate reads what Attune writes",
        read["mixed_precision"] == "fp16" and read["num_processes"] == 1 and not read["use_cpu"],
    )
    theirs = folder / "theirs.json"
    ask(do="write basic", file=theirs)
    said = attune("config", "show", "--config-file", theirs)
    tally.check("Attune reads accelerate's basic file", "bf16" in said)
    deep = folder / "deep.yaml"
    ask(do="write deepspeed", file=deep, **{"from": ours})
    said = {
        line.split()[0]: line.split()[1]
        for line in attune("config", "show", "--config-file", deep).splitlines()
        if str(deep) in line and not line.startswith("Note")
    }
    tally.check(
        "Attune reads accelerate's DeepSpeed",
        said
        == {
            "mixed-precision": "fp16",
            "gradient-accumulation-steps": "2",
            "max-grad-norm": "0.5",
            "offload-optimizer-device": "cpu",
            "zero-stage": "2",
        },
        str(said),
    )
    before = ask(do="read", file=deep)
    attune("config", "--config-file", deep)
    tally.check("what is answered with Enter stays as it was", ask(do="read", file=deep) == before)


if __name__ == "__main__":
    print(json.dumps(work(json.loads(sys.argv[1])), default=str))

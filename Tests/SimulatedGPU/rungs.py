"""Ways to train Stable Diffusion 1.5 at 512 x 512 with one photo.

They are measured on the simulated GPU (`memory`) and on a real one (Benchmarks/gpu.sh).
"""

HALF = ["--mixed-precision", "fp16"]
CHECKPOINTED = ["--gradient-checkpointing"]
SMALL_STATE = ["--optimizer", "adamw8bit"]
LEAST = [*CHECKPOINTED, *SMALL_STATE, "--mixed-precision", "bf16", "--full-bf16",
         "--fused-backward-pass", "--max-grad-norm", 0]
OFFLOADED = [*HALF, *CHECKPOINTED, "--offload-optimizer-device", "cpu"]
STREAMED = ["--offload-param-device", "cpu"]
PRIOR = ["--with-prior-preservation", "--self-distillation", "--class-prompt",
         "a photo of a robot"]

# What is run, and the most it may have in use and reserved, in MiB: 3 % above what was measured.
# Of DreamBooth the U-Net is trained; of LoRA what the program takes by itself.
RUNS = [
    ("DreamBooth, fp16", "dreambooth", HALF, 13840, 15000),
    ("checkpointed", "dreambooth", [*HALF, *CHECKPOINTED], 13720, 13940),
    ("and 8-bit AdamW", "dreambooth", [*HALF, *CHECKPOINTED, *SMALL_STATE], 8870, 9300),
    ("checkpointed, with the text encoder", "dreambooth",
     [*HALF, *CHECKPOINTED, "--train-text-encoder"], 15550, 15930),
    ("bf16 weights, fused backward, 8-bit AdamW, checkpointed", "dreambooth", LEAST, 4110, 5300),
    ("and self-distillation", "dreambooth", [*LEAST, *PRIOR], 5860, 6930),
    ("fp16, checkpointed, fp32 weights and moments in main memory", "dreambooth", OFFLOADED, 2195,
     2235),
    ("and self-distillation", "dreambooth", [*OFFLOADED, *PRIOR], 3780, 4150),
    ("LoRA, fp16", "lora", HALF, 2765, 2800),
    ("checkpointed", "lora", [*HALF, *CHECKPOINTED], 2220, 2330),
    ("LoRA, fp16, weights in main memory", "lora", [*HALF, *STREAMED], 1395, 1710),
    ("DreamBooth, fp16, all in main memory", "dreambooth", [*OFFLOADED, *STREAMED], 1395, 1710),
    ("bf16 weights as above, self-distillation, its frozen weights in main memory", "dreambooth",
     [*LEAST, *PRIOR, *STREAMED], 4245, 5140),
    ("and the text encoder", "dreambooth",
     [*LEAST, *PRIOR, *STREAMED, "--train-text-encoder"], 4800, 6130),
]


def arguments(method, options, model, photos, output, resolution=512, steps=1000):
    """The training of a rung, on the first GPU."""
    if method == "dreambooth" and "--train-text-encoder" not in options:
        options = [*options, "--no-train-text-encoder"]
    return [str(part) for part in (
        "train", method, "--model", model, "--instance-data-dir", photos, "--instance-prompt",
        "a photo of sks robot", "--output-dir", output, "--seed", 1, "--train-batch-size", 1,
        "--resolution", resolution, "--no-enable-bucket", "--no-fit", "--max-train-steps", steps,
        "--measuring-steps", 0, "--checkpointing-steps", 1000, "--report-to", "none", "--device",
        "cuda", *options)]

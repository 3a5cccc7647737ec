"""Times diffusers' U-Net of SD 1.5 with random weights: the peer that Attune is measured against.

One line of JSON on standard output for each measurement. See README.md.
"""

import argparse
import json
import math
import os
import platform
import statistics
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers  # noqa: E402
import torch  # noqa: E402
from diffusers import DDPMScheduler, UNet2DConditionModel  # noqa: E402

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
CONFIGS = {
    "sd15": dict(sample_size=64, cross_attention_dim=768),
    # For trying this script: 0.3 % of the parameters.
    "tiny": dict(
        sample_size=64,
        cross_attention_dim=64,
        block_out_channels=(32, 64, 64, 64),
        attention_head_dim=4,
    ),
}


def memory(field):
    """A field of /proc/self/status in MiB; None where there is no such file."""
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) // 1024
    except OSError:
        pass
    return None


def forget_peak():
    """Starts the peak of resident memory anew, so that loading does not count."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


@torch.no_grad()
def network(config, dtype):
    with torch.device("meta"):
        unet = UNet2DConditionModel(**CONFIGS[config])
    unet = unet.to(dtype).to_empty(device="cpu")
    generator = torch.Generator("cpu").manual_seed(0)
    for name, parameter in unet.named_parameters():
        if parameter.ndim > 1:
            scale = 1 / math.sqrt(parameter[0].numel())
            parameter.normal_(0, scale, generator=generator)
        else:
            parameter.fill_(float("norm" in name and name.endswith("weight")))
    return unet


def is_on_gpu(arguments):
    return arguments.device.startswith("cuda")


def forward(arguments):
    """One call with a batch of two, as a step with guidance makes it."""
    dtype = DTYPES[arguments.dtype]
    unet = network(arguments.config, dtype).eval().to(arguments.device)
    if arguments.channels_last:
        unet = unet.to(memory_format=torch.channels_last)
    side = arguments.size // 8
    width = unet.config.cross_attention_dim
    sample = torch.randn(arguments.batch or 2, 4, side, side).to(arguments.device, dtype)
    states = torch.randn(arguments.batch or 2, 77, width).to(arguments.device, dtype)

    @torch.no_grad()
    def step():
        unet(sample, 500, encoder_hidden_states=states)

    return step, None


def train(arguments):
    """One whole step: noise, forward, loss, backward, clipping, AdamW.

    As diffusers' scripts do it: fp32 weights, with autocast for bf16 and fp16, which has a scaled
    loss too; for LoRA the frozen weights are in the given type and those of the adapter in fp32.
    """
    dtype = DTYPES[arguments.dtype]
    lora = arguments.what == "lora"
    unet = network(arguments.config, dtype if lora else torch.float32).train()
    if lora:
        from peft import LoraConfig

        unet.requires_grad_(False)
        targets = ["to_k", "to_q", "to_v", "to_out.0"]
        unet.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=targets))
        for parameter in unet.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    unet.to(arguments.device)
    if arguments.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    trained = [p for p in unet.parameters() if p.requires_grad]
    if arguments.adamw8bit:
        import bitsandbytes

        optimizer = bitsandbytes.optim.AdamW8bit(trained, lr=5e-6, weight_decay=1e-2)
    else:
        optimizer = torch.optim.AdamW(trained, lr=5e-6, weight_decay=1e-2)
    schedule = DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000
    )
    batch, side = arguments.batch or 1, arguments.size // 8
    latents = torch.randn(batch, 4, side, side).to(arguments.device)
    states = torch.randn(batch, 77, unet.config.cross_attention_dim).to(arguments.device)
    kind = torch.device(arguments.device).type
    scaler = torch.amp.GradScaler(kind, enabled=dtype == torch.float16)

    def step():
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (batch,), device=arguments.device)
        noisy = schedule.add_noise(latents, noise, timesteps)
        with torch.autocast(kind, dtype=dtype, enabled=dtype != torch.float32):
            output = unet(noisy, timesteps, states).sample
        loss = torch.nn.functional.mse_loss(output.float(), noise)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    return step, sum(p.numel() for p in trained)


def kernels(step):
    """The kernels of a step on the GPU that take the most time, each with its share."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        wall = time.perf_counter() - start
    times = {}
    for event in profiler.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            times[event.name] = times.get(event.name, 0) + event.self_device_time_total
    total = sum(times.values())
    if not total:
        return None
    most = sorted(times.items(), key=lambda pair: -pair[1])[:12]
    return {"busy": round(total / 1e6 / wall, 3),
            "shares": [[name[:90], round(time / total, 4)] for name, time in most]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=("forward", "train", "lora"), default="forward")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    parser.add_argument("--size", type=int, default=512, help="pixels of a side (default 512)")
    parser.add_argument("--batch", type=int, help="rows (default 2 for forward, else 1)")
    parser.add_argument("--repeat", type=int, default=3, help="measured calls (default 3)")
    parser.add_argument("--warmup", type=int, default=1, help="calls before these (default 1)")
    parser.add_argument("--config", choices=tuple(CONFIGS), default="sd15")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--threads", type=int, help="default: what torch takes, every core")
    parser.add_argument("--device", default="cpu", help="cpu (the default), cuda or cuda:N")
    parser.add_argument("--adamw8bit", action="store_true", help="bitsandbytes' AdamW in 8 bits")
    parser.add_argument("--kernels", action="store_true", help="on a GPU: shares of its kernels")
    arguments = parser.parse_args()
    if arguments.size % 64:
        parser.error("--size must be a multiple of 64")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    step, trained = (forward if arguments.what == "forward" else train)(arguments)
    resident = memory("VmRSS")
    forget_peak()
    gpu = is_on_gpu(arguments)
    times = []
    for i in range(arguments.warmup + arguments.repeat):
        start = time.perf_counter()
        step()
        if gpu:
            torch.cuda.synchronize()
        if i >= arguments.warmup:
            times.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "program": f"diffusers {diffusers.__version__}, torch {torch.__version__}",
                "what": arguments.what,
                "config": arguments.config,
                "dtype": arguments.dtype,
                "size": arguments.size,
                "batch": arguments.batch or (2 if arguments.what == "forward" else 1),
                "threads": torch.get_num_threads(),
                "trained_parameters": trained,
                "seconds": round(statistics.median(times), 4),
                "seconds_all": [round(t, 4) for t in times],
                "loaded_rss_mib": resident,
                "peak_rss_mib": memory("VmHWM"),
                "machine": platform.machine(),
                "device": arguments.device,
            }
            | ({
                "peak_in_use": torch.cuda.max_memory_allocated(),
                "peak_reserved": torch.cuda.max_memory_reserved(),
                "kernels": kernels(step) if arguments.kernels else None,
            } if gpu else {})
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()

"""Samplers and schedules beside those of samplers.py, with the same made-up model.

Those that diffusers lacks, or whose noise it draws from a seed of its own, are those of
k-diffusion, over the schedule of diffusers' Euler.
"""

from common import generator, randn, save, save_json

import functools
import importlib.util
import itertools
import sys
import types
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    UniPCMultistepScheduler,
)
from samplers import BASE, fake_model

CLASSES = {
    "euler": EulerDiscreteScheduler,
    "euler-ancestral": EulerAncestralDiscreteScheduler,
    "dpmpp-2m": DPMSolverMultistepScheduler,
    "heun": HeunDiscreteScheduler,
    "lms": LMSDiscreteScheduler,
    "dpm2": KDPM2DiscreteScheduler,
    "dpm2-ancestral": KDPM2AncestralDiscreteScheduler,
    "dpmpp-2m-sde": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
    "deis": DEISMultistepScheduler,
    "lcm": LCMScheduler,
}
TAKES_NOISE = ("euler-ancestral", "dpm2-ancestral", "dpmpp-2m-sde", "lcm")
KDIFFUSION = ("dpmpp-2s-ancestral", "dpmpp-sde", "dpmpp-3m-sde")
SPACINGS = ("karras", "exponential", "beta")


def configurations(sampler):
    result = {}
    base = dict(BASE)
    if sampler == "dpmpp-2m-sde":
        base["algorithm_type"] = "sde-dpmsolver++"
    for prediction, steps in itertools.product(("epsilon", "v_prediction"), (10, 25)):
        config = dict(base, prediction_type=prediction)
        result[f"{prediction}.{steps}"] = (config, steps)
        zero = dict(config, rescale_betas_zero_snr=True, timestep_spacing="trailing")
        result[f"{prediction}.{steps}.ztsnr"] = (zero, steps)

    def extra(name, steps=10, **options):
        result[f"extra.{name}"] = (dict(base, prediction_type="epsilon") | options, steps)

    # k-diffusion's of third order fails with one.
    if sampler != "dpmpp-3m-sde":
        extra("steps_1", 1)
    # In two steps, fp32 cancels all of what goes down without the fresh noise.
    few = 3 if "ancestral" in sampler else 2
    extra(f"steps_{few}", few)
    extra("leading", timestep_spacing="leading")
    extra("trailing", timestep_spacing="trailing")
    extra("linear_betas", beta_schedule="linear", beta_start=0.0001, beta_end=0.02)
    if sampler != "lcm":
        for spacing in SPACINGS:
            extra(spacing, **{f"use_{spacing}_sigmas": True})
    if sampler == "heun":
        extra("sample", prediction_type="sample")
        extra("clip", _class_name="HeunDiscreteScheduler", clip_sample=True, clip_sample_range=2.0)
    if sampler == "lms":
        extra("sample", prediction_type="sample")
    if sampler == "dpmpp-2m-sde":
        extra("heun", solver_type="heun")
        extra("order_1", solver_order=1)
        extra("final_sigma_min", final_sigmas_type="sigma_min")
    if sampler == "unipc":
        extra("order_1", solver_order=1)
        extra("order_3", solver_order=3)
        # To zero noise it is not finite.
        bh1 = dict(solver_type="bh1", final_sigmas_type="sigma_min")
        extra("order_3_bh1", 25, solver_order=3, **bh1)
        extra("bh1", **bh1)
        extra("uncorrected", disable_corrector=[0, 3])
        extra("final_sigma_min", final_sigmas_type="sigma_min", lower_order_final=False)
        extra("sample", prediction_type="sample")
    if sampler == "deis":
        extra("order_1", solver_order=1)
        extra("order_3", 25, solver_order=3)
        extra("order_3_few", solver_order=3)
        extra("thresholding", thresholding=True, sample_max_value=2.0)
    if sampler == "lcm":
        extra("steps_4", 4)
        extra("original", 4, original_inference_steps=20, timestep_scaling=3.0)
        extra("clip", _class_name="LCMScheduler", clip_sample=True)
    return result


def made(sampler, config):
    scheduler = CLASSES[sampler].from_config({k: v for k, v in config.items() if k != "_class_name"})
    if config.get("rescale_betas_zero_snr") and sampler != "lcm":
        # Not all classes know the key; a network that was trained so needs it all the same.
        reference = EulerDiscreteScheduler.from_config(config)
        scheduler.alphas_cumprod = reference.alphas_cumprod
    return scheduler


def web_ui_sigmas(name, steps, log_sigmas):
    """A1111's `sgm_uniform` and `simple_scheduler`, over k-diffusion's `t_to_sigma`."""
    last = len(log_sigmas) - 1
    if name == "sgm-uniform":
        t = torch.linspace(last, 0, steps + 1, dtype=torch.float64)[:-1]
        low, high, weight = t.floor().long(), t.ceil().long(), t.frac()
        return ((1 - weight) * log_sigmas[low] + weight * log_sigmas[high]).exp(), t
    places = torch.tensor([last - int(i * len(log_sigmas) / steps) for i in range(steps)])
    return log_sigmas[places].exp(), places.to(torch.float64)


def run(sampler, config, steps, noise, schedule=None):
    scheduler = made(sampler, config)
    scheduler.set_timesteps(steps)
    if schedule:
        all_sigmas = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5
        sigmas, times = web_ui_sigmas(schedule, steps, all_sigmas.double().log())
        scheduler.sigmas = torch.cat([sigmas, torch.zeros(1)]).float()
        scheduler.timesteps = times
    out = {"timesteps": scheduler.timesteps.to(torch.float64)}
    init = torch.as_tensor(scheduler.init_noise_sigma, dtype=torch.float32)
    out["init_noise_sigma"] = init.reshape(1)
    x, g, trail = noise * init, generator(7), []
    scheduler.set_begin_index(0)
    for t in scheduler.timesteps:
        output = fake_model(scheduler.scale_model_input(x, t), t)
        arguments = {"generator": g} if sampler in TAKES_NOISE else {}
        x = scheduler.step(output, t, x, **arguments).prev_sample
        trail.append(x)
    out["latents"] = torch.cat(trail)
    return out


@functools.cache
def k_diffusion_sampling():
    """`k_diffusion.sampling` alone: the rest of the package is of training, and needs much more."""
    folder = Path(importlib.util.find_spec("k_diffusion").submodule_search_locations[0])
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(folder)]
    package.utils = types.ModuleType("k_diffusion.utils")
    package.utils.append_dims = lambda x, rank: x[(...,) + (None,) * (rank - x.ndim)]
    solver = types.ModuleType("torchdiffeq")
    solver.odeint = None
    sys.modules |= {
        "k_diffusion": package,
        "k_diffusion.utils": package.utils,
        "torchdiffeq": solver,
    }
    return importlib.import_module("k_diffusion.sampling")


def run_k_diffusion(sampler, config, steps, noise):
    """Of every step, not of every call: what lies between two calls is not to be seen there."""
    sampling = k_diffusion_sampling()
    euler = EulerDiscreteScheduler.from_config(config)
    euler.set_timesteps(steps)
    all_sigmas = (((1 - euler.alphas_cumprod) / euler.alphas_cumprod) ** 0.5).numpy()
    init = torch.as_tensor(euler.init_noise_sigma, dtype=torch.float32)
    times, trail, g = [], [], generator(7)

    def model(x, sigma, **_):
        sigma = sigma[0]
        own = (euler.sigmas == sigma).nonzero().flatten()
        t = (
            float(euler.timesteps[own[0]])
            if len(own)
            else float(euler._sigma_to_t(sigma.double().numpy(), np.log(all_sigmas)))
        )
        times.append(t)
        output = fake_model(x / (sigma**2 + 1) ** 0.5, t)
        if config["prediction_type"] == "epsilon":
            return x - sigma * output
        return output * (-sigma / (sigma**2 + 1) ** 0.5) + x / (sigma**2 + 1)

    begun = {}

    def brownian(sigma, sigma_next):
        """One path, drawn as it goes; divided by its deviation, as k-diffusion's trees are."""
        sigma, sigma_next = float(sigma), float(sigma_next)
        place, path = begun.get(sigma, (sigma, torch.zeros_like(noise)))
        path = path + torch.randn(noise.shape, generator=g) * (place - sigma_next) ** 0.5
        begun.clear()
        begun[sigma] = (sigma_next, path)
        return path / (sigma - sigma_next) ** 0.5

    def plain(sigma, sigma_next):
        return torch.randn(noise.shape, generator=g)

    function = getattr(sampling, f"sample_{sampler.replace('-', '_')}")
    last = function(
        model,
        noise * init,
        euler.sigmas,
        callback=lambda info: trail.append(info["x"]),
        disable=True,
        noise_sampler=brownian if sampler == "dpmpp-sde" else plain,
    )
    return {
        "timesteps": torch.tensor(times, dtype=torch.float64),
        "init_noise_sigma": init.reshape(1),
        "latents": torch.cat(trail[1:] + [last]),
    }


def main():
    noise = randn(7, 1, 4, 4, 4)
    for sampler in (*CLASSES, *KDIFFUSION):
        if sampler in ("euler", "euler-ancestral", "dpmpp-2m"):
            continue
        out, table = {"noise": noise}, {}
        for name, (config, steps) in configurations(sampler).items():
            make = run_k_diffusion if sampler in KDIFFUSION else run
            result = make(sampler, config, steps, noise)
            if not all(torch.isfinite(v).all() for v in result.values()):
                print(f"left out, not finite: {sampler} {name}")
                continue
            table[name] = {"config": config, "steps": steps}
            out |= {f"{name}.{k}": v for k, v in result.items()}
        save(f"samplers/{sampler}.safetensors", out)
        save_json(f"samplers/{sampler}.json", table)
    out, table = {"noise": noise}, {}
    for sampler, prediction, steps in itertools.product(
        ("euler", "dpmpp-2m"), ("epsilon", "v_prediction"), (10, 25)
    ):
        config = dict(BASE, prediction_type=prediction)
        for schedule in (*SPACINGS, "sgm-uniform", "simple"):
            name = f"{sampler}.{prediction}.{schedule}.{steps}"
            if schedule in SPACINGS:
                spaced = dict(config, **{f"use_{schedule}_sigmas": True})
                result = run(sampler, spaced, steps, noise)
            else:
                result = run(sampler, config, steps, noise, schedule)
            table[name] = {"config": config, "steps": steps, "schedule": schedule, "sampler": sampler}
            out |= {f"{name}.{k}": v for k, v in result.items()}
    save("samplers/schedules.safetensors", out)
    save_json("samplers/schedules.json", table)


if __name__ == "__main__":
    main()

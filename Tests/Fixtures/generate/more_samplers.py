"""Samplers and schedules beside those of samplers.py, with the same made-up model.

Those that diffusers lacks, or whose noise it draws from a seed of its own, are those of
k-diffusion, over the schedule of diffusers' Euler; Restart is written out from A1111's rules.

All of them compute in float64 from the fp32 schedule. In fp32 a step that calls the model twice loses
up to 7e-2 on a schedule of zero terminal SNR: latents of 4096 are rounded by 2e-4, which the second
call divides by a small sigma and multiplies by the whole way, and `sigma_down` of the ancestral
samplers is what is left of two nearly equal squares.
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
from widened import widened

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
KDIFFUSION = ("dpmpp-2s-ancestral", "dpmpp-sde", "dpmpp-3m-sde", "restart")
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
    if sampler not in ("lcm", "restart"):
        for spacing in SPACINGS:
            extra(spacing, **{f"use_{spacing}_sigmas": True})
    if sampler == "heun":
        extra("sample", prediction_type="sample")
        extra("clip", _class_name="HeunDiscreteScheduler", clip_sample=True, clip_sample_range=2.0)
    if sampler == "restart":
        result = {n: (dict(c, use_karras_sigmas=True), s) for n, (c, s) in result.items()}
        base["use_karras_sigmas"] = True
        for steps in (19, 20, 35, 36, 50):
            extra(f"steps_{steps}", steps, timestep_spacing="leading")
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
    # The sigmas are fp32's: their times are cut off to whole numbers, where a last bit is a step. Only
    # those that lie within a step of DPM2 are computed from others.
    if sampler not in ("dpm2", "dpm2-ancestral"):
        scheduler.set_timesteps(steps)
    with widened(scheduler):
        if sampler in ("dpm2", "dpm2-ancestral"):
            scheduler.set_timesteps(steps)
        else:
            scheduler.sigmas = getattr(scheduler, "sigmas", torch.zeros(1)).double()
        return run_scheduler(scheduler, sampler, steps, noise.double(), schedule)


def run_scheduler(scheduler, sampler, steps, noise, schedule):
    if schedule:
        all_sigmas = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5
        sigmas, times = web_ui_sigmas(schedule, steps, all_sigmas.double().log())
        scheduler.sigmas = torch.cat([sigmas, torch.zeros(1)]).double()
        scheduler.timesteps = times
    out = {"timesteps": scheduler.timesteps.to(torch.float64)}
    init = torch.as_tensor(scheduler.init_noise_sigma, dtype=torch.float64)
    out["init_noise_sigma"] = init.reshape(1).float()
    x, g, trail = noise * init, generator(7), []
    scheduler.set_begin_index(0)
    for t in scheduler.timesteps:
        output = fake_model(scheduler.scale_model_input(x, t).double(), t)
        arguments = {"generator": g} if sampler in TAKES_NOISE else {}
        x = scheduler.step(output, t, x, **arguments).prev_sample
        assert x.dtype == torch.float64
        trail.append(x)
    out["latents"] = torch.cat(trail).float()
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


def brownian_noise(sigmas, noise):
    """k-diffusion's `BrownianTreeNoiseSampler` of seed 7, asked at the times that fp32 gives.

    A path is rough: the last bit of a time moves it by a thousandth.
    """
    tree = k_diffusion_sampling().BrownianTreeNoiseSampler(
        noise, sigmas[sigmas > 0].min(), sigmas.max(), seed=[7]
    )
    # `sample_dpmpp_sde` alone goes by logarithms and back, one by one.
    logs = [sigma.log().neg() for sigma in sigmas[sigmas > 0]]
    middles = [one + (other - one) * (1 / 2) for one, other in zip(logs, logs[1:])]
    there_and_back = torch.stack([time.neg().exp() for time in logs + middles])

    def nearest(times, sigma):
        return times[(times.double() / sigma - 1).abs().argmin()]

    def by_sigmas(sigma, sigma_next):
        return tree(nearest(sigmas, sigma), nearest(sigmas, sigma_next)).double()

    def by_logarithms(sigma, sigma_next):
        return tree(
            nearest(there_and_back, sigma), nearest(there_and_back, sigma_next)
        ).double()

    return by_sigmas, by_logarithms


def restart_sampler(model, x, sigmas, callback, noise_sampler):
    """A1111's `restart_sampler` (Xu et al. 2023, arXiv 2306.14878) with what it chooses by itself.

    From 20 steps on, Karras sigmas and steps of Heun; at a sigma of about 0.1 it goes up to about 2,
    with fresh noise, and down again: once in a quarter (9) of the steps, or twice from 36 on.
    """
    sampling = k_diffusion_sampling()
    steps, times, restart_steps = len(sigmas) - 1, 0, 0
    if steps >= 20:
        restart_steps, times = (steps // 4, 2) if steps >= 36 else (9, 1)
        sigmas = sampling.get_sigmas_karras(
            steps - restart_steps * times, sigmas[-2].item(), sigmas[0].item()
        ).double()
    pairs = []
    bottom = int((sigmas - 0.1).abs().argmin())
    top = int((sigmas - 2).abs().argmin())
    for i in range(len(sigmas) - 1):
        pairs.append((sigmas[i], sigmas[i + 1]))
        if times and i + 1 == bottom and top < bottom:
            again = sampling.get_sigmas_karras(
                restart_steps + 1, sigmas[bottom].item(), sigmas[top].item()
            ).double()[:-1]
            pairs += list(zip(again[:-1], again[1:])) * times
    last = pairs[0][0]
    for old, new in pairs:
        if old > last:
            x = x + noise_sampler(last, old) * (old**2 - last**2) ** 0.5
        callback({"x": x})
        slope = (x - model(x, old.reshape(1))) / old
        if new > 0:
            end = x + slope * (new - old)
            slope = (slope + (end - model(end, new.reshape(1))) / new) / 2
        x = x + slope * (new - old)
        last = new
    return x


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
        # One of the sigmas, or nearly: it is computed from logarithms.
        own = ((euler.sigmas.double() / sigma - 1).abs() < 1e-6).nonzero().flatten()
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

    def plain(sigma, sigma_next):
        return torch.randn(noise.shape, generator=g).double()

    by_sigmas, by_logarithms = brownian_noise(euler.sigmas, noise)
    noises = {"dpmpp-sde": by_logarithms, "dpmpp-3m-sde": by_sigmas}
    options = {
        "callback": lambda info: trail.append(info["x"]),
        "noise_sampler": noises.get(sampler, plain),
    }
    if sampler != "restart":
        options["disable"] = True
    function = (
        restart_sampler
        if sampler == "restart"
        else getattr(sampling, f"sample_{sampler.replace('-', '_')}")
    )
    last = function(model, noise.double() * init, euler.sigmas.double(), **options)
    assert last.dtype == torch.float64
    return {
        "timesteps": torch.tensor(times, dtype=torch.float64),
        "init_noise_sigma": init.reshape(1),
        "latents": torch.cat(trail[1:] + [last]).float(),
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

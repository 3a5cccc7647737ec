"""Every sampler with a made-up model: timesteps, sigmas and the latents after each step."""

from common import generator, randn, save, save_json

import itertools
import math

import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
)
from widened import widened

CLASSES = {
    "ddpm": DDPMScheduler,
    "ddim": DDIMScheduler,
    "pndm": PNDMScheduler,
    "euler": EulerDiscreteScheduler,
    "euler-ancestral": EulerAncestralDiscreteScheduler,
    "dpmpp-2m": DPMSolverMultistepScheduler,
}
KARRAS = ("euler", "dpmpp-2m")
RESCALE = ("ddpm", "ddim", "euler", "euler-ancestral", "dpmpp-2m")
BASE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
CHANNELS = torch.tensor([1.0, 1.1, 1.2, 1.3]).view(1, 4, 1, 1)


def fake_model(x, t):
    return torch.tanh(0.7 * x * CHANNELS + math.sin(float(t) / 100.0))


def configurations(sampler):
    base = dict(BASE)
    if sampler in ("ddim", "ddpm"):
        base["clip_sample"] = False
    if sampler in ("ddim", "pndm"):
        base["set_alpha_to_one"] = False
    if sampler == "pndm":
        base["skip_prk_steps"] = True
    result = {}
    for prediction, spacing, karras, rescale in itertools.product(
        ("epsilon", "v_prediction"),
        ("leading", "trailing", "linspace"),
        (False, True) if sampler in KARRAS else (False,),
        (False, True) if sampler in RESCALE else (False,),
    ):
        config = dict(base, prediction_type=prediction, timestep_spacing=spacing)
        name = f"{prediction}.{spacing}"
        if sampler in KARRAS:
            config["use_karras_sigmas"] = karras
            name += ".karras" if karras else ""
        if sampler in RESCALE:
            config["rescale_betas_zero_snr"] = rescale
            name += ".ztsnr" if rescale else ""
        result[name] = (config, 20)

    def extra(name, steps=20, **options):
        result[f"extra.{name}"] = (
            dict(base, prediction_type="epsilon", timestep_spacing="leading") | options,
            steps,
        )

    extra("steps_1", 1)
    extra("steps_2", 2)
    extra("steps_7", 7)
    extra("steps_50", 50)
    extra("linear_betas", beta_schedule="linear", beta_start=0.0001, beta_end=0.02)
    if sampler != "euler-ancestral":
        extra("cosine_betas", beta_schedule="squaredcos_cap_v2")
    extra("offset_0", steps_offset=0)
    if sampler in ("ddim", "ddpm"):
        extra("clip_sample", clip_sample=True)
        extra("sample_prediction", prediction_type="sample")
    if sampler in ("ddim", "pndm"):
        extra("alpha_to_one", set_alpha_to_one=True)
    if sampler == "pndm":
        extra("prk_steps", skip_prk_steps=False)
        extra("prk_4", 4, skip_prk_steps=False)
        velocity = dict(prediction_type="v_prediction", timestep_spacing="trailing")
        extra("prk_v_7", 7, skip_prk_steps=False, **velocity)
    if sampler == "ddpm":
        extra("fixed_large", variance_type="fixed_large")
        extra("fixed_small_log", variance_type="fixed_small_log")
        extra("sigmoid_betas", beta_schedule="sigmoid")
    if sampler == "euler":
        extra("log_linear", interpolation_type="log_linear")
        extra("continuous", timestep_type="continuous", prediction_type="v_prediction")
        extra("karras_cosine", use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")
        extra("final_sigma_min", final_sigmas_type="sigma_min")
    if sampler == "dpmpp-2m":
        extra("heun", solver_type="heun")
        extra("lu", use_lu_lambdas=True)
        extra("trained_betas", 3, trained_betas=[0.1 * i + 0.05 for i in range(9)], num_train_timesteps=9)
        extra("order_1", solver_order=1)
        extra("euler_at_final", euler_at_final=True)
        extra("not_lower_order_final", 7, lower_order_final=False, final_sigmas_type="sigma_min")
        extra("final_sigma_min", final_sigmas_type="sigma_min")
    return result


def run(sampler, config, steps, noise, **options):
    scheduler = CLASSES[sampler].from_config(config)
    scheduler.set_timesteps(steps)
    if sampler != "euler-ancestral":
        return run_scheduler(scheduler, sampler, noise, **options)
    # Of its way down, the difference of two squares, fp32 leaves four digits where a sigma is 4096.
    scheduler.sigmas = scheduler.sigmas.double()
    with widened(scheduler):
        return run_scheduler(scheduler, sampler, noise.double(), **options)


def run_scheduler(scheduler, sampler, noise, **options):
    out = {"timesteps": scheduler.timesteps.to(torch.float64)}
    if hasattr(scheduler, "sigmas"):
        out["sigmas"] = scheduler.sigmas.to(torch.float32)
    init = torch.as_tensor(scheduler.init_noise_sigma, dtype=torch.float32)
    out["init_noise_sigma"] = init.reshape(1)
    x = noise * scheduler.init_noise_sigma
    g = generator(7)
    takes_noise = sampler in ("ddpm", "euler-ancestral") or "eta" in options
    trail = []
    for t in scheduler.timesteps:
        output = fake_model(scheduler.scale_model_input(x, t).to(x.dtype), t)
        arguments = dict(options, generator=g) if takes_noise else {}
        x = scheduler.step(output, t, x, **arguments).prev_sample
        trail.append(x)
    out["latents"] = torch.cat(trail).float()
    return out


def main():
    noise = randn(7, 1, 4, 4, 4)
    for sampler in CLASSES:
        out, table = {"noise": noise}, {}
        cases = [
            (name, config, steps, {}) for name, (config, steps) in configurations(sampler).items()
        ]
        if sampler == "ddim":
            config = cases[0][1]
            cases += [
                ("extra.eta_1", config, 20, {"eta": 1.0}),
                ("extra.eta_half", config, 20, {"eta": 0.5}),
            ]
        for name, config, steps, options in cases:
            result = run(sampler, config, steps, noise, **options)
            if not all(torch.isfinite(v).all() for v in result.values()):
                # Noise prediction at zero signal divides by zero in these samplers.
                print(f"left out, not finite: {sampler} {name}")
                continue
            table[name] = {"config": config, "steps": steps, **options}
            out |= {f"{name}.{k}": v for k, v in result.items()}
        config = dict(BASE, prediction_type="epsilon", timestep_spacing="leading")
        scheduler = CLASSES[sampler].from_config(config)
        if sampler == "ddpm":
            # The schedule that training uses, and noise added to latents.
            steps = torch.tensor([0, 1, 250, 500, 999])
            x, n = randn(8, 5, 4, 4, 4), randn(9, 5, 4, 4, 4)
            rescaled = DDPMScheduler.from_config(dict(config, rescale_betas_zero_snr=True))
            out |= {
                "schedule.alphas_cumprod": scheduler.alphas_cumprod,
                "schedule.alphas_cumprod.ztsnr": rescaled.alphas_cumprod,
                "add_noise.timesteps": steps,
                "add_noise.latents": x,
                "add_noise.noise": n,
                "add_noise.output": scheduler.add_noise(x, n, steps),
                "add_noise.velocity": scheduler.get_velocity(x, n, steps),
            }
        save(f"samplers/{sampler}.safetensors", out)
        save_json(f"samplers/{sampler}.json", table)


if __name__ == "__main__":
    main()

"""Losses by row, weights of timesteps, input perturbation and the average of the weights.

Huber thresholds, Huber losses and debiased estimation have the arithmetic of kohya's trainer
(library/train_util.py and library/custom_train_functions.py); the rest is diffusers itself.
"""

from common import randn, save, save_json

import math

import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import EMAModel, compute_snr

from models import load
from training import PRIOR_WEIGHT, inputs

TIMESTEPS = torch.tensor([0, 1, 37, 158, 612, 941, 999])
SCHEDULES = ("constant", "exponential", "snr")
KINDS = ("l2", "huber", "smooth_l1")


def schedule(**changes):
    return DDPMScheduler.from_config(load("tiny-sd1").scheduler.config, **changes)


def threshold(kind, c, timesteps, noise):
    if kind == "constant":
        return torch.full((len(timesteps),), c)
    if kind == "exponential":
        alpha = -math.log(c) / noise.config.num_train_timesteps
        return torch.exp(-alpha * timesteps)
    signal = noise.alphas_cumprod[timesteps]
    sigmas = ((1.0 - signal) / signal) ** 0.5
    return (1 - c) / (1 + sigmas) ** 2 + c


def cost(kind, output, target, limits):
    if kind == "l2":
        return (output - target) ** 2
    limits = limits.view(-1, 1, 1, 1)
    result = 2 * (torch.sqrt((output - target) ** 2 + limits**2) - limits)
    return result * limits if kind == "huber" else result


def thresholds():
    result = {"timesteps": TIMESTEPS.tolist()}
    for name, noise in (("plain", schedule()), ("zero", schedule(rescale_betas_zero_snr=True))):
        for kind in SCHEDULES:
            for c in (0.1, 0.5):
                result[f"{name}.{kind}.{c}"] = threshold(kind, c, TIMESTEPS, noise).tolist()
    return result


def rows():
    """Mean costs of rows, and the gradients of their sum."""
    timesteps = torch.tensor([3, 250, 700, 990])
    target = randn(701, 4, 4, 8, 8)
    # Errors far below the threshold and far above it.
    first = target + randn(702, 4, 4, 8, 8) * torch.tensor([0.01, 0.2, 1.0, 8.0]).view(4, 1, 1, 1)
    out = {"timesteps": timesteps, "output": first, "target": target}
    for kind in KINDS:
        for by in SCHEDULES if kind != "l2" else ("constant",):
            output = first.clone().requires_grad_(True)
            limits = threshold(by, 0.1, timesteps, schedule())
            mean = cost(kind, output, target, limits).mean(dim=(1, 2, 3))
            mean.sum().backward()
            out[f"{kind}.{by}.rows"] = mean.detach()
            out[f"{kind}.{by}.gradient"] = output.grad
    return out


def debiased(snr, prediction):
    capped = torch.minimum(snr, torch.full_like(snr, 1000))
    return 1 / torch.sqrt(capped) if prediction == "epsilon" else 1 / (capped + 1)


def weights():
    """Weights of every timestep, computed after the rescale where there is one."""
    every = torch.arange(1000)
    plain = compute_snr(schedule(), every)
    zero = compute_snr(schedule(rescale_betas_zero_snr=True), every)
    return {
        "plain.snr": plain,
        "zero.snr": zero,
        "plain.debiased.epsilon": debiased(plain, "epsilon"),
        "plain.debiased.v_prediction": debiased(plain, "v_prediction"),
        "zero.debiased.v_prediction": debiased(zero, "v_prediction"),
        "zero.min_snr_5.v_prediction": zero.clamp(max=5.0) / (zero + 1),
    }


def objective():
    """Whole losses on the inputs of training.py's step 0, of which rows 2 and 3 are class rows."""
    pipe = load("tiny-sd1")
    data = inputs(pipe)
    latents, noise = data["step0.latents"], data["step0.noise"]
    timesteps, states = data["step0.timesteps"], data["encoder_hidden_states"]
    more = randn(703, *noise.shape)
    result = {}
    for prediction in ("epsilon", "v_prediction"):
        for is_zero in (False, True):
            if is_zero and prediction == "epsilon":
                continue
            table = schedule(rescale_betas_zero_snr=is_zero)
            snr = compute_snr(table, timesteps)
            for perturbation in (0.0, 0.1):
                added = noise + perturbation * more
                noisy = table.add_noise(latents, added, timesteps)
                with torch.no_grad():
                    output = pipe.unet(noisy, timesteps, states).sample
                target = (
                    noise
                    if prediction == "epsilon"
                    else table.get_velocity(latents, noise, timesteps)
                )
                for kind in KINDS:
                    limits = threshold("snr", 0.1, timesteps, table)
                    mean = cost(kind, output, target, limits).mean(dim=(1, 2, 3))
                    divisor = snr if prediction == "epsilon" else snr + 1
                    for name, weight in (
                        ("none", torch.ones(4)),
                        ("min_snr_5", snr.clamp(max=5.0) / divisor),
                        ("debiased", debiased(snr, prediction)),
                    ):
                        rows = weight * mean
                        key = f"{prediction}.{is_zero}.{perturbation}.{kind}.{name}"
                        result[key] = (rows[:2].mean() + PRIOR_WEIGHT * rows[2:].mean()).item()
    return more, result


def averages():
    """AdamW with diffusers' EMAModel beside it."""
    out = {"start": randn(710, 3, 4)}
    parameter = torch.nn.Parameter(out["start"].clone())
    optimizer = torch.optim.AdamW([parameter], lr=1e-2)
    models = {decay: EMAModel([parameter], decay=decay) for decay in (0.9999, 0.2)}
    for step in range(6):
        parameter.grad = out[f"gradient.{step}"] = randn(711 + step, 3, 4)
        optimizer.step()
        out[f"parameter.{step}"] = parameter.detach().clone()
        for decay, model in models.items():
            model.step([parameter])
            out[f"average.{decay}.{step}"] = model.shadow_params[0].clone()
    table = {}
    for decay in (0.9999, 0.2):
        model = EMAModel([parameter], decay=decay)
        steps = [1, 2, 3, 10, 100, 1000, 100000]
        table[str(decay)] = {str(step): model.get_decay(step) for step in steps}
    return out, table


def main():
    more, losses = objective()
    averaged, decays = averages()
    save_json("losses/thresholds.json", thresholds())
    save("losses/rows.safetensors", rows())
    save("losses/weights.safetensors", weights())
    save("losses/perturbation.safetensors", {"noise": more})
    save_json("losses/objective.json", losses)
    save("losses/averages.safetensors", averaged)
    save_json("losses/decays.json", decays)


if __name__ == "__main__":
    main()

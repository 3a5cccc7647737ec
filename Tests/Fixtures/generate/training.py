"""DreamBooth steps on tiny-sd1, min-SNR weights and learning-rate schedules."""

from common import generator, randn, save, save_json

import itertools

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from diffusers.optimization import get_scheduler
from diffusers.training_utils import compute_snr

from models import load

PRIOR_WEIGHT = 0.7
STEPS = 3
PROMPTS = ["a photo of sks robot"] * 2 + ["a photo of a robot"] * 2
UNET_KEYS = (
    "conv_in.weight",
    "time_embedding.linear_1.weight",
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight",
    "down_blocks.1.resnets.0.norm1.weight",
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight",
    "up_blocks.3.attentions.2.transformer_blocks.0.ff.net.0.proj.weight",
    "conv_out.bias",
)
TEXT_KEYS = (
    "text_model.embeddings.token_embedding.weight",
    "text_model.encoder.layers.0.mlp.fc1.weight",
    "text_model.encoder.layers.1.self_attn.q_proj.weight",
    "text_model.final_layer_norm.weight",
)


def inputs(pipe):
    """Rows 0 and 1 are instance pictures, rows 2 and 3 class pictures."""
    ids = pipe.tokenizer(
        PROMPTS, padding="max_length", max_length=77, return_tensors="pt"
    ).input_ids
    result = {"ids": ids}
    for k in range(STEPS):
        result[f"step{k}.latents"] = 0.9 * randn(500 + k, 4, 4, 16, 16)
        result[f"step{k}.noise"] = randn(510 + k, 4, 4, 16, 16)
        result[f"step{k}.timesteps"] = torch.randint(0, 1000, (4,), generator=generator(520 + k))
    # Low and high noise in both halves, so that every min-SNR weight is another.
    result["step0.timesteps"] = torch.tensor([37, 612, 158, 941])
    with torch.no_grad():
        result["encoder_hidden_states"] = pipe.text_encoder(ids)[0]
    return result


def row_errors(unet, schedule, data, k, states, prediction="epsilon"):
    latents, noise = data[f"step{k}.latents"], data[f"step{k}.noise"]
    timesteps = data[f"step{k}.timesteps"]
    noisy = schedule.add_noise(latents, noise, timesteps)
    output = unet(noisy, timesteps, states).sample
    target = noise if prediction == "epsilon" else schedule.get_velocity(latents, noise, timesteps)
    return output, target


def prior_loss(output, target):
    """diffusers' DreamBooth loss: the mean over each half, the class half weighted."""
    instance, prior = output.chunk(2)
    instance_target, prior_target = target.chunk(2)
    return F.mse_loss(instance, instance_target) + PRIOR_WEIGHT * F.mse_loss(prior, prior_target)


def dreambooth(train_text_encoder, is_distilled=False):
    """Three steps; the class half's target is the noise, or what the untrained networks say."""
    pipe = load("tiny-sd1")
    frozen = load("tiny-sd1").unet
    unet, encoder = pipe.unet, pipe.text_encoder
    schedule = DDPMScheduler.from_config(pipe.scheduler.config)
    data = inputs(pipe)
    unet.requires_grad_(True)
    encoder.requires_grad_(train_text_encoder)
    networks = {"unet": (unet, UNET_KEYS)}
    if train_text_encoder:
        networks["text_encoder"] = (encoder, TEXT_KEYS)
    parameters = list(itertools.chain(*(n.parameters() for n, _ in networks.values())))
    optimizer = torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.999), weight_decay=1e-2, eps=1e-8
    )
    out, table = {f"input.{k}": v for k, v in data.items()}, {"loss": [], "total_norm": []}
    for k in range(STEPS):
        states = encoder(data["ids"])[0] if train_text_encoder else data["encoder_hidden_states"]
        output, target = row_errors(unet, schedule, data, k, states)
        if is_distilled:
            with torch.no_grad():
                said, _ = row_errors(frozen, schedule, data, k, data["encoder_hidden_states"])
            target = torch.cat([target[:2], said[2:]])
        loss = prior_loss(output, target)
        loss.backward()
        if k == 0:
            table["grad_norms"] = {}
            for part, (network, keys) in networks.items():
                for name, p in network.named_parameters():
                    table["grad_norms"][f"{part}.{name}"] = p.grad.norm().item()
                    if name in keys:
                        out[f"grad.{part}.{name}"] = p.grad.clone()
        total = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        table["loss"].append(loss.item())
        table["total_norm"].append(total.item())
        optimizer.step()
        optimizer.zero_grad()
        if k in (0, STEPS - 1):
            for part, (network, keys) in networks.items():
                state = network.state_dict()
                out |= {f"after_step{k}.{part}.{name}": state[name].clone() for name in keys}
    return out, table


def other_losses():
    """Losses without a step, on step 0's inputs: velocity, and min-SNR with a weight per row."""
    pipe = load("tiny-sd1")
    schedule = DDPMScheduler.from_config(pipe.scheduler.config)
    data = inputs(pipe)
    result = {}
    with torch.no_grad():
        for prediction in ("epsilon", "v_prediction"):
            states = data["encoder_hidden_states"]
            output, target = row_errors(pipe.unet, schedule, data, 0, states, prediction)
            rows = (output - target).square().mean(dim=(1, 2, 3))
            snr = compute_snr(schedule, data["step0.timesteps"])
            divisor = snr if prediction == "epsilon" else snr + 1
            weights = snr.clamp(max=5.0) / divisor
            weighted = weights * rows
            result[prediction] = {
                "rows": rows.tolist(),
                "plain": rows.mean().item(),
                "prior": prior_loss(output, target).item(),
                "min_snr_5_weights": weights.tolist(),
                "min_snr_5": weighted.mean().item(),
                "min_snr_5_prior": (
                    weighted[:2].mean() + PRIOR_WEIGHT * weighted[2:].mean()
                ).item(),
            }
    return result


def min_snr():
    schedule = DDPMScheduler.from_config(load("tiny-sd1").scheduler.config)
    snr = compute_snr(schedule, torch.arange(1000))
    return {
        "snr": snr,
        "gamma5.epsilon": snr.clamp(max=5.0) / snr,
        "gamma5.v_prediction": snr.clamp(max=5.0) / (snr + 1),
    }


def learning_rates():
    result = {}
    cases = {name: {} for name in ("constant", "constant_with_warmup", "linear", "cosine")}
    cases |= {"cosine_with_restarts": {}, "polynomial": {}}
    cases["cosine_with_restarts.cycles_3"] = {"num_cycles": 3}
    cases["polynomial.power_2"] = {"power": 2.0}
    for case, options in cases.items():
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.AdamW([parameter], lr=1e-3)
        schedule = get_scheduler(
            case.split(".")[0], optimizer, num_warmup_steps=5, num_training_steps=40, **options
        )
        rates = []
        for _ in range(42):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        result[case] = rates
    return {"base": 1e-3, "warmup_steps": 5, "training_steps": 40, "rates": result}


def main():
    for name, flag in (("dreambooth", False), ("dreambooth-text-encoder", True)):
        out, table = dreambooth(flag)
        save(f"training/{name}.safetensors", out)
        save_json(f"training/{name}.json", table)
    _, table = dreambooth(True, is_distilled=True)
    save_json("training/self-distillation.json", table)
    save_json("training/losses.json", other_losses())
    save("training/min-snr.safetensors", min_snr())
    save_json("training/learning-rates.json", learning_rates())


if __name__ == "__main__":
    main()

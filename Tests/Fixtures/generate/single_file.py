"""Both tiny models as one file, in the spelling of the original (LDM) code."""

from common import ROOT, generator

import re

import torch
from diffusers.loaders import single_file_utils as reference
from safetensors.torch import save_file

from models import SCHEDULER_SD1, load
from diffusers import DDPMScheduler

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet_key(key):
    for new, old in (
        ("time_embedding.linear_1", "time_embed.0"),
        ("time_embedding.linear_2", "time_embed.2"),
        ("conv_in", "input_blocks.0.0"),
        ("conv_norm_out", "out.0"),
        ("conv_out", "out.2"),
    ):
        if key.startswith(new + "."):
            return old + key[len(new) :]

    def inside(kind, rest):
        if kind != "resnets":
            return rest
        first, last = rest.split(".", 1)
        return f"{RESNET[first]}.{last}"

    if m := re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", key):
        place = 1 if m[1] == "attentions" else 2 * int(m[2])
        return f"middle_block.{place}.{inside(m[1], m[3])}"
    if m := re.match(r"down_blocks\.(\d)\.(resnets|attentions)\.(\d)\.(.*)", key):
        block = 3 * int(m[1]) + int(m[3]) + 1
        return f"input_blocks.{block}.{int(m[2] == 'attentions')}.{inside(m[2], m[4])}"
    if m := re.match(r"down_blocks\.(\d)\.downsamplers\.0\.conv\.(.*)", key):
        return f"input_blocks.{3 * (int(m[1]) + 1)}.0.op.{m[2]}"
    if m := re.match(r"up_blocks\.(\d)\.(resnets|attentions)\.(\d)\.(.*)", key):
        block = 3 * int(m[1]) + int(m[3])
        return f"output_blocks.{block}.{int(m[2] == 'attentions')}.{inside(m[2], m[4])}"
    if m := re.match(r"up_blocks\.(\d)\.upsamplers\.0\.conv\.(.*)", key):
        block = 3 * int(m[1]) + 2
        return f"output_blocks.{block}.{1 if m[1] == '0' else 2}.conv.{m[2]}"
    raise KeyError(key)


def vae_key(key, levels=4):
    key = key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
    key = key.replace("mid_block.attentions.0.group_norm", "mid.attn_1.norm")
    for new, old in (("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
        key = key.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    key = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", key)
    key = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", key)

    def up(m):
        return f"up.{levels - 1 - int(m[1])}.{'block' if m[2] == 'resnets' else 'upsample'}"

    return re.sub(r"up_blocks\.(\d)\.(resnets|upsamplers\.0)", up, key)


def open_clip(weights):
    out = {
        "token_embedding.weight": weights["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": weights["text_model.embeddings.position_embedding.weight"],
    }
    for end in ("weight", "bias"):
        out[f"ln_final.{end}"] = weights[f"text_model.final_layer_norm.{end}"]
    layers = 1 + max(int(m[1]) for k in weights if (m := re.match(r".*layers\.(\d+)", k)))
    for i in range(layers):
        layer, block = f"text_model.encoder.layers.{i}.", f"transformer.resblocks.{i}."
        for end in ("weight", "bias"):
            for new, old in OPEN_CLIP.items():
                out[f"{block}{old}.{end}"] = weights[f"{layer}{new}.{end}"]
            qkv = [weights[f"{layer}self_attn.{p}_proj.{end}"] for p in "qkv"]
            out[f"{block}attn.in_proj_{end}"] = torch.cat(qkv)
    # The published file has one layer more than the diffusers folder: it is never used.
    g = generator(900)
    for key in [k for k in out if f"resblocks.{layers - 1}." in k]:
        spare = key.replace(f"resblocks.{layers - 1}.", f"resblocks.{layers}.")
        out[spare] = torch.randn(out[key].shape, generator=g)
    width = out["positional_embedding"].shape[1]
    out["text_projection"] = torch.randn(width, width, generator=g)
    out["logit_scale"] = torch.tensor(4.6052)
    return out, layers


def main():
    for name in ("tiny-sd1", "tiny-sd2"):
        pipe = load(name)
        unet = {unet_key(k): v for k, v in pipe.unet.state_dict().items()}
        vae = {}
        for key, value in pipe.vae.state_dict().items():
            key = vae_key(key)
            if re.search(r"mid\.attn_1\.(q|k|v|proj_out)\.weight", key):
                value = value[:, :, None, None]
            vae[key] = value
        out = {f"model.diffusion_model.{k}": v for k, v in unet.items()}
        out |= {f"first_stage_model.{k}": v for k, v in vae.items()}
        text = pipe.text_encoder.state_dict()
        if name == "tiny-sd1":
            spelled = {f"cond_stage_model.transformer.{k}": v for k, v in text.items()}
            positions = "cond_stage_model.transformer.text_model.embeddings.position_ids"
            spelled[positions] = torch.arange(77).unsqueeze(0)
        else:
            blocks, layers = open_clip(text)
            spelled = {f"cond_stage_model.model.{k}": v for k, v in blocks.items()}
        out |= spelled
        check(name, pipe, out)

        # What else such files carry: the schedule's buffers, and averaged weights.
        schedule = DDPMScheduler.from_config(SCHEDULER_SD1)
        out |= {
            "betas": schedule.betas,
            "alphas_cumprod": schedule.alphas_cumprod,
            "sqrt_alphas_cumprod": schedule.alphas_cumprod.sqrt(),
            "model_ema.decay": torch.tensor(0.9999),
            "model_ema.num_updates": torch.tensor(3, dtype=torch.int32),
            "model_ema.diffusion_modelinput_blocks00weight": torch.randn(
                unet["input_blocks.0.0.weight"].shape, generator=generator(901)
            ),
        }
        half = {
            k: (v.half() if v.is_floating_point() else v).contiguous().clone()
            for k, v in out.items()
        }
        path = ROOT / "single-file" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(half, str(path), metadata={"format": "pt"})


def check(name, pipe, out):
    """diffusers' own readers must give back every weight."""
    config = dict(pipe.unet.config)
    back = reference.convert_ldm_unet_checkpoint(dict(out), config)
    same(f"{name} U-Net", pipe.unet.state_dict(), back)
    back = reference.convert_ldm_vae_checkpoint(dict(out), dict(pipe.vae.config))
    same(f"{name} VAE", pipe.vae.state_dict(), back)
    if name == "tiny-sd1":
        back = reference.convert_ldm_clip_checkpoint(dict(out))
        back.pop("text_model.embeddings.position_ids", None)
    else:
        # diffusers' reader of OpenCLIP files drops resblock 23 by its number, and takes a width
        # of 1024 where text_projection is not there.
        blocks = {
            k: v
            for k, v in out.items()
            if "resblocks.3." not in k and not k.endswith("text_projection")
        }
        width = torch.zeros(pipe.text_encoder.config.hidden_size, 1)
        blocks["cond_stage_model.model.text_projection"] = width.T.expand(width.shape[0], -1).T
        prefix = "cond_stage_model.model."
        back = reference.convert_open_clip_checkpoint(pipe.text_encoder, blocks, prefix=prefix)
        back = {
            k: v for k, v in back.items() if k.startswith("text_model") and "position_ids" not in k
        }
    same(f"{name} text encoder", pipe.text_encoder.state_dict(), back)


def same(what, expected, found):
    missing, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
    assert not missing and not extra, (what, sorted(missing)[:5], sorted(extra)[:5])
    for key, value in expected.items():
        assert torch.equal(value, found[key].reshape(value.shape)), (what, key)


if __name__ == "__main__":
    main()

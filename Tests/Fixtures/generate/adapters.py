"""LoRA and its relatives on tiny-sd1: files as other programs write them, and what they do."""

import json

from common import ROOT, generator, randn, save

import torch
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.norms import NormModule
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from models import load

FOLDER = ROOT / "adapters"


@torch.no_grad()
def shake(parameters, seed):
    """Adapters begin as no change at all; here they change something."""
    g = generator(seed)
    for name, p in parameters:
        p.copy_(p + 0.2 * torch.randn(p.shape, generator=g))


def inputs():
    return {
        "sample": randn(900, 2, 4, 16, 16),
        "timesteps": torch.tensor([17.0, 803.0]),
        "context": randn(901, 2, 77, 32),
        "ids": torch.randint(0, 300, (2, 77), generator=generator(902)),
    }


def outputs(pipe, data):
    context = data["context"][..., : pipe.unet.config.cross_attention_dim]
    return {
        "unet": pipe.unet(data["sample"], data["timesteps"], context).sample,
        "text": pipe.text_encoder(data["ids"])[0],
    }


def settled(config):
    """What differs from one machine, or one run, to the next is taken out."""
    targets = config.target_modules
    targets = {"target_modules": targets if isinstance(targets, str) else sorted(targets)}
    return config.to_dict() | targets | {"base_model_name_or_path": None}


def sort_header(path):
    """safetensors writes metadata in an order of its own."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[end:])


def peft(name, data, seed, **settings):
    torch.manual_seed(seed)
    pipe = load("tiny-sd1")
    targets = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "proj_in", "conv1"]
    unet = LoraConfig(target_modules=targets, **settings)
    text = LoraConfig(target_modules=["q_proj", "k_proj", "v_proj", "out_proj", "fc1"], **settings)
    pipe.unet.add_adapter(unet)
    pipe.text_encoder.add_adapter(text)
    for network in (pipe.unet, pipe.text_encoder):
        shake([(n, p) for n, p in network.named_parameters() if "lora_" in n], seed)
    pipe.save_lora_weights(
        str(FOLDER),
        unet_lora_layers=get_peft_model_state_dict(pipe.unet),
        text_encoder_lora_layers=get_peft_model_state_dict(pipe.text_encoder),
        weight_name=f"{name}.safetensors",
        unet_lora_adapter_metadata=settled(unet),
        text_encoder_lora_adapter_metadata=settled(text),
    )
    sort_header(FOLDER / f"{name}.safetensors")
    found = outputs(pipe, data)
    (found["unet"].square().mean() + found["text"].square().mean()).backward()
    result = {f"{name}.{k}": v.detach() for k, v in found.items()}
    for prefix, network in (("unet", pipe.unet), ("text_encoder", pipe.text_encoder)):
        gradients = {
            f"{prefix}.{key}": p.grad for key, p in network.named_parameters() if "lora_" in key
        }
        for key in sorted(gradients)[:: max(1, len(gradients) // 8)]:
            new = key.replace(".lora_A.default", ".lora_down").replace(".lora_B.default", ".lora_up")
            new = new.replace(".lora_magnitude_vector.default.weight", ".dora_scale")
            result[f"{name}.gradient.{new}"] = gradients[key]
    return result


LYCORIS = {
    "locon": (LoConModule, {}),
    "locon-tucker": (LoConModule, {"use_tucker": True}),
    "loha": (LohaModule, {}),
    "loha-tucker": (LohaModule, {"use_tucker": True}),
    "lokr": (LokrModule, {"factor": 4}),
    "lokr-whole": (LokrModule, {"factor": 4, "full_matrix": True}),
    "dora-input": (LoConModule, {"weight_decompose": True, "wd_on_out": False}),
    "dora-output": (LoConModule, {"weight_decompose": True, "wd_on_out": True}),
    "oft": (DiagOFTModule, {"lora_dim": 4, "rescaled": True}),
    # The blocks are wider than this allows, so that it acts.
    "oft-constrained": (DiagOFTModule, {"lora_dim": 8, "constraint": 0.03}),
    "boft": (ButterflyOFTModule, {"lora_dim": 8, "rescaled": True}),
    "ia3-input": (IA3Module, {"train_on_input": True}),
    "ia3-output": (IA3Module, {"train_on_input": False}),
    "glora": (GLoRAModule, {}),
    "full": (FullModule, {}),
    "norms": (NormModule, {}),
}

LAYERS = ("to_k", "conv1", "proj_in", "fc2")
NORMS = ("norm1", "conv_norm_out", "layer_norm1", "final_layer_norm")


def lycoris(name, data, seed):
    torch.manual_seed(seed)
    kind, settings = LYCORIS[name]
    pipe = load("tiny-sd1")
    tensors = {}
    places = [("lora_unet_", pipe.unet), ("lora_te_", pipe.text_encoder)]
    for number, (prefix, network) in enumerate(places):
        for layer, module in list(network.named_modules()):
            end = layer.rsplit(".", 1)[-1]
            if end not in (NORMS if kind is NormModule else LAYERS):
                continue
            lora = kind(
                (prefix + layer).replace(".", "_"),
                module,
                **({"lora_dim": 2, "alpha": 1.5} | settings),
            )
            shake([(n, p) for n, p in lora.named_parameters() if "org" not in n], seed + number)
            # Not its merged weights: for LoHa and LoKr those have alpha / rank twice.
            lora.eval()
            lora.apply_to()
            # After that: before it, whole differences are stored less the layer's own weights.
            for key, value in lora.state_dict().items():
                if "org" not in key:
                    tensors[f"{lora.lora_name}.{key}"] = value.detach().clone().contiguous()
    save_file(tensors, str(FOLDER / f"{name}.safetensors"))
    with torch.no_grad():
        return {f"{name}.{k}": v for k, v in outputs(pipe, data).items()}


def kohya_rotations():
    """kohya's own OFT (`networks/oft.py`) has the arithmetic of LyCORIS' with a constraint, names of
    its own, and the U-Net only."""
    tensors = load_file(str(FOLDER / "oft-constrained.safetensors"))
    renamed = {
        key.replace("lora_unet_", "oft_unet_"): value
        for key, value in tensors.items()
        if key.startswith("lora_unet_")
    }
    save_file(renamed, str(FOLDER / "oft-kohya.safetensors"))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = inputs()
    width = load("tiny-sd1").unet.config.cross_attention_dim
    data["context"] = data["context"][..., :width].contiguous()
    result = dict(data)
    result.update(peft("peft-lora", data, 910, r=2, lora_alpha=3, init_lora_weights=True))
    result.update(peft("peft-rslora", data, 920, r=3, lora_alpha=2, use_rslora=True))
    result.update(peft("peft-dora", data, 930, r=2, lora_alpha=2, use_dora=True))
    result.update(peft("peft-bias", data, 940, r=2, lora_alpha=3, lora_bias=True))
    for number, name in enumerate(LYCORIS):
        result.update(lycoris(name, data, 950 + 10 * number))
    kohya_rotations()
    save("adapters/outputs.safetensors", result)


if __name__ == "__main__":
    main()

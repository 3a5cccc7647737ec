"""What PEFT and older versions of diffusers save, and the differences of weights that these files
make there: alphas and patterns beside the tensors, names of adapters, old spellings."""

import json
import re
import shutil

from common import ROOT, save  # noqa: I001 (common comes first: it hides ftfy)

from adapters import settled, shake, sort_header
from models import load
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import save_file

import torch

FOLDER = ROOT / "peft"

# Few layers, so that the files are small: two linear maps and a convolution of the middle block.
TARGETS = r"mid_block\..*attn2\.to_[kv]|mid_block\.resnets\.0\.conv1"
TEXT = r".*layers\.0\.(self_attn\.(q_proj|v_proj)|mlp\.fc1)"

# `to_k` stands after `attn2.to_k`, as files have their names sorted, and the first that fits counts.
PATTERNS = {
    "alpha_pattern": {"attn2.to_k": 5, "to_k": 7, r"mid_block\.resnets.*": 2.5},
    "rank_pattern": {"to_v": 3},
}

UNETS = {
    "lora": (LoraConfig, dict(r=2, lora_alpha=16) | PATTERNS),
    "dora": (LoraConfig, dict(r=2, lora_alpha=6, use_dora=True)),
    "loha": (LoHaConfig, dict(r=2, alpha=8) | PATTERNS),
    "loha-effective": (LoHaConfig, dict(r=2, alpha=3, use_effective_conv2d=True)),
    "lokr": (LoKrConfig, dict(r=2, alpha=8) | PATTERNS),
    "lokr-effective": (
        LoKrConfig,
        dict(r=2, alpha=6, use_effective_conv2d=True, decompose_both=True, decompose_factor=4),
    ),
    # Both factors whole: only the configuration knows of a rank.
    "lokr-whole": (LoKrConfig, dict(r=16, alpha=24)),
}


def layers(network, adapter="default"):
    """The layers that an adapter changes, by their names in the network."""
    for name, module in network.named_modules():
        if hasattr(module, "get_delta_weight") and module.scaling.get(adapter) is not None:
            yield re.sub(r"^base_model\.model\.", "", name), module


def differences(name, prefix, network, adapter="default"):
    result = {}
    for layer, module in layers(network, adapter):
        weight = module.get_base_layer().weight
        vectors = getattr(module, "lora_magnitude_vector", {})
        with torch.no_grad():
            if adapter in vectors:
                # PEFT's merge of DoRA, by its own arithmetic.
                before = weight.clone()
                module.merge(adapter_names=[adapter])
                difference = module.get_base_layer().weight - before
                module.unmerge()
            else:
                difference = module.get_delta_weight(adapter).reshape(weight.shape)
            result[f"{name}.{prefix}.{layer}.weight"] = difference
            if getattr(module, "lora_bias", {}).get(adapter):
                result[f"{name}.{prefix}.{layer}.bias"] = (
                    module.lora_B[adapter].bias * module.scaling[adapter]
                )
    return result


def shaken(network, seed):
    marks = ("lora_", "hada_", "lokr_")
    shake([(n, p) for n, p in network.named_parameters() if any(m in n for m in marks)], seed)


def sorted_configuration(folder):
    """PEFT writes lists of sets, in an order that changes from run to run."""
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    for key, value in config.items():
        if isinstance(value, list):
            config[key] = sorted(value)
    config["base_model_name_or_path"] = None
    path.write_text(json.dumps(config, indent=2, sort_keys=True))


def peft(name, network, prefix, config, seed):
    """PEFT's own folder: adapter_config.json and adapter_model.safetensors."""
    torch.manual_seed(seed)
    model = get_peft_model(network, config)
    shaken(model, seed)
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)
    sorted_configuration(folder)
    sort_header(folder / "adapter_model.safetensors")
    return differences(name, prefix, model)


def pipeline(name, seed, adapter="default", **settings):
    """diffusers' file, with the settings in its header."""
    torch.manual_seed(seed)
    pipe = load("tiny-sd1")
    unet = LoraConfig(target_modules=TARGETS, **settings)
    text = LoraConfig(target_modules=TEXT, r=3, lora_alpha=9, use_rslora=True, lora_bias=True)
    pipe.unet.add_adapter(unet, adapter)
    pipe.text_encoder.add_adapter(text, adapter)
    for number, network in enumerate((pipe.unet, pipe.text_encoder)):
        shaken(network, seed + number)
    pipe.save_lora_weights(
        str(FOLDER),
        unet_lora_layers=get_peft_model_state_dict(pipe.unet, adapter_name=adapter),
        text_encoder_lora_layers=get_peft_model_state_dict(pipe.text_encoder, adapter_name=adapter),
        weight_name=f"{name}.safetensors",
        unet_lora_adapter_metadata=settled(unet),
        text_encoder_lora_adapter_metadata=settled(text),
    )
    sort_header(FOLDER / f"{name}.safetensors")
    return pipe, differences(name, "unet", pipe.unet, adapter) | differences(
        name, "text_encoder", pipe.text_encoder, adapter
    )


def named(name, adapter, seed):
    """The state of the networks as it is, where every key has the adapter's name, as people save it
    who know no better."""
    pipe, result = pipeline(name, seed, adapter, r=2, lora_alpha=2)
    state = {}
    for prefix, network in (("unet", pipe.unet), ("text_encoder", pipe.text_encoder)):
        for key, value in network.state_dict().items():
            if ".lora_" in key:
                state[f"{prefix}.{key}"] = value.detach().clone().contiguous()
    # The settings stay in the header.
    path = FOLDER / f"{name}.safetensors"
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata()
    save_file(state, str(path), metadata=metadata)
    sort_header(path)
    return result


def old(name, seed):
    """diffusers 0.17: attention by its processors, in the text encoder too."""
    g = torch.Generator("cpu").manual_seed(seed)
    pipe = load("tiny-sd1")
    state = {}

    def add(stem, weight):
        outputs, inputs = weight.shape
        state[f"{stem}_lora.down.weight"] = torch.randn((2, inputs), generator=g) * 0.3
        state[f"{stem}_lora.up.weight"] = torch.randn((outputs, 2), generator=g) * 0.3

    # diffusers knows the spelling by these names in both networks.
    parts = {"to_q": "to_q", "to_k": "to_k", "to_v": "to_v", "to_out": "to_out.0"}
    text_parts = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}
    unet = dict(pipe.unet.named_modules())
    attention = "mid_block.attentions.0.transformer_blocks.0.attn2"
    for short, long in parts.items():
        add(f"unet.{attention}.processor.{short}", unet[f"{attention}.{long}"].weight)
    text = dict(pipe.text_encoder.named_modules())
    layer = "text_model.encoder.layers.0.self_attn"
    for short, long in text_parts.items():
        add(f"text_encoder.{layer}.{short}", text[f"{layer}.{long}"].weight)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.safetensors"
    save_file(state, str(path), metadata={"format": "pt"})
    sort_header(path)
    # What diffusers wrote at that time, unless asked for the other.
    torch.save(state, path.with_suffix(".bin"))
    pipe.load_lora_weights(str(FOLDER), weight_name=path.name, adapter_name="default")
    return differences(name, "unet", pipe.unet) | differences(
        name, "text_encoder", pipe.text_encoder
    )


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    result = {}
    for number, (name, (kind, settings)) in enumerate(UNETS.items()):
        config = kind(target_modules=TARGETS, **settings)
        result |= peft(f"unet-{name}", load("tiny-sd1").unet, "unet", config, 1100 + 10 * number)
    config = LoraConfig(target_modules=TEXT, r=3, lora_alpha=9, use_rslora=True, lora_bias=True)
    text = load("tiny-sd1").text_encoder
    result |= peft("text-encoder", text, "text_encoder", config, 1200)
    result |= pipeline("pattern", 1210, r=2, lora_alpha=16, **PATTERNS)[1]
    result |= named("named", "my_robot", 1220)
    result |= old("old-text-encoder", 1230)
    save("peft/differences.safetensors", result)


if __name__ == "__main__":
    main()

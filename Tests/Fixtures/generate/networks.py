"""Text encoder, U-Net and VAE of both tiny models: inputs and outputs."""

from common import generator, randn, save

import torch

from models import load

PROMPTS = (
    "a photo of a red robot on the beach",
    "",
    "a painting of the house in the style of an old master, " * 4,
)


@torch.no_grad()
def text_encoder(name, pipe):
    ids = pipe.tokenizer(
        list(PROMPTS), padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    encoder = pipe.text_encoder
    result = encoder(ids, output_hidden_states=True)
    final_norm = encoder.text_model.final_layer_norm
    out = {
        "input.ids": ids,
        "output.last_hidden_state": result.last_hidden_state,
        "output.pooled": result.pooler_output,
        "output.clip_skip_1": result.last_hidden_state,
        "output.clip_skip_2": final_norm(result.hidden_states[-2]),
        "output.clip_skip_3": final_norm(result.hidden_states[-3]),
    }
    for i, state in enumerate(result.hidden_states):
        out[f"output.hidden_states.{i}"] = state
    for skip in (0, 1):
        embeddings, _ = pipe.encode_prompt(list(PROMPTS), "cpu", 1, False, clip_skip=skip or None)
        assert torch.equal(embeddings, out[f"output.clip_skip_{skip + 1}"])
    save(f"text-encoder/{name}.safetensors", out)
    return result.last_hidden_state


@torch.no_grad()
def unet(name, pipe, embeddings):
    out = {}
    cases = (
        ("square", (16, 16), (1, 501)),
        ("wide", (8, 24), (0, 999)),
        ("odd", (9, 12), (20, 20)),
        ("native", (8, 8), (981, 741)),
    )
    for i, (case, size, timesteps) in enumerate(cases):
        sample = randn(300 + i, 2, 4, *size)
        steps = torch.tensor(timesteps)
        states = embeddings[:2]
        output = pipe.unet(sample, steps, encoder_hidden_states=states).sample
        out |= {
            f"{case}.input.sample": sample,
            f"{case}.input.timesteps": steps,
            f"{case}.input.encoder_hidden_states": states,
            f"{case}.output": output,
        }
    # Where the numbers part first, when they part: the stations of the "square" case.
    stations = {}

    def watch(station):
        def hook(module, inputs, output):
            stations[f"square.station.{station}"] = (
                output[0] if isinstance(output, tuple) else output
            )

        return hook

    net = pipe.unet
    modules = {
        "time_embedding": net.time_embedding,
        "conv_in": net.conv_in,
        "mid_block": net.mid_block,
    }
    modules |= {f"down_blocks.{i}": b for i, b in enumerate(net.down_blocks)}
    modules |= {f"up_blocks.{i}": b for i, b in enumerate(net.up_blocks)}
    modules["down_blocks.0.resnets.0"] = net.down_blocks[0].resnets[0]
    first = net.down_blocks[0].attentions[0].transformer_blocks[0]
    modules["down_blocks.0.attentions.0.transformer_blocks.0"] = first
    handles = [m.register_forward_hook(watch(n)) for n, m in modules.items()]
    net(
        out["square.input.sample"],
        out["square.input.timesteps"],
        encoder_hidden_states=out["square.input.encoder_hidden_states"],
    )
    for handle in handles:
        handle.remove()
    save(f"unet/{name}.safetensors", out | stations)


@torch.no_grad()
def vae(name, pipe):
    model = pipe.vae
    out = {}
    for case, (height, width) in (("square", (64, 64)), ("wide", (32, 96))):
        pixels = torch.rand(2, 3, height, width, generator=generator(400)) * 2 - 1
        posterior = model.encode(pixels).latent_dist
        latents = randn(401, 2, 4, height // 8, width // 8)
        out |= {
            f"{case}.input.pixels": pixels,
            f"{case}.output.moments": posterior.parameters,
            f"{case}.output.mean": posterior.mean,
            f"{case}.output.std": posterior.std,
            f"{case}.output.sample_seed5": posterior.sample(generator=generator(5)),
            f"{case}.input.latents": latents,
            f"{case}.output.decoded": model.decode(latents).sample,
        }
    save(f"vae/{name}.safetensors", out)


def main():
    for name in ("tiny-sd1", "tiny-sd2"):
        pipe = load(name)
        embeddings = text_encoder(name, pipe)
        unet(name, pipe, embeddings)
        vae(name, pipe)


if __name__ == "__main__":
    main()

"""A whole small CLIP, text and vision, in the layout of transformers' CLIPModel."""

from common import ROOT, generator, randomise, save

import shutil

import torch
from transformers import CLIPConfig, CLIPModel

from models import load


@torch.no_grad()
def main():
    shared = dict(num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, hidden_size=24)
    config = CLIPConfig(
        text_config=dict(
            shared,
            vocab_size=600,
            max_position_embeddings=77,
            hidden_act="quick_gelu",
            bos_token_id=598,
            eos_token_id=599,
            pad_token_id=599,
            projection_dim=16,
        ),
        vision_config=dict(
            shared, image_size=32, patch_size=8, hidden_act="quick_gelu", projection_dim=16
        ),
        projection_dim=16,
    )
    model = randomise(CLIPModel(config), 601)
    model.logit_scale.fill_(2.6592)
    folder = ROOT / "clip" / "tiny-clip"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(folder), safe_serialization=True)
    tokenizer = load("tiny-sd1").tokenizer
    prompts = ["a photo of a red robot", "the house in the snow", ""]
    ids = tokenizer(prompts, padding="max_length", max_length=77, return_tensors="pt").input_ids
    pixels = torch.randn(4, 3, 32, 32, generator=generator(602))
    result = model(input_ids=ids, pixel_values=pixels)
    vision = result.vision_model_output
    save(
        "clip/tiny-clip.safetensors",
        {
            "input.ids": ids,
            "input.pixel_values": pixels,
            "output.text_embeds": result.text_embeds,
            "output.image_embeds": result.image_embeds,
            "output.logits_per_image": result.logits_per_image,
            "output.text_features": model.get_text_features(ids),
            "output.image_features": model.get_image_features(pixels),
            "output.vision.last_hidden_state": vision.last_hidden_state,
            "output.vision.pooled": vision.pooler_output,
            "output.text.last_hidden_state": result.text_model_output.last_hidden_state,
            "output.text.pooled": result.text_model_output.pooler_output,
        },
    )


if __name__ == "__main__":
    main()

"""Words of several vectors that a model's own tokenizer has, as diffusers' `load_textual_inversion`
adds them and `save_pretrained` writes them: what prompts become, by `maybe_convert_prompt`."""

from common import ROOT

import json
import shutil
import tempfile

from diffusers.loaders import TextualInversionLoaderMixin
from transformers import CLIPTokenizer

WORDS = ["<robot>", "<robot>_1", "<robot>_2", "cat-toy", "<one>", "<two>", "<two>_1"]

PROMPTS = [
    "",
    "a photo of a red robot on the beach",
    "a photo of <robot> on the beach",
    "<robot>",
    "<robot>, painted by <two>.",
    "a <robot> beside a <robot>",
    "A <ROBOT> and a cat-toy",
    "a cat-toy on the <one>",
    "<two><robot><one>",
    "x<robot>y",
    "a <robot>_1 by itself",
    "red " * 36 + "a <robot> beach",
]


class Mixin(TextualInversionLoaderMixin):
    pass


def main():
    folder = ROOT / "text" / "added-words"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(ROOT / "models/tiny-sd1/tokenizer")
    tokenizer.add_tokens(WORDS)
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer.save_pretrained(scratch)
        # The vocabulary and the merges are those of tiny-sd1.
        for name in ("tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"):
            shutil.copy(f"{scratch}/{name}", folder / name)
    cases = []
    for text in PROMPTS:
        converted = Mixin().maybe_convert_prompt(text, tokenizer)
        ids = tokenizer(converted, padding="max_length", max_length=77, truncation=True).input_ids
        cases.append({"text": text, "converted": converted, "ids": ids})
    (folder / "prompts.json").write_text(json.dumps(cases, indent=0) + "\n")


if __name__ == "__main__":
    main()

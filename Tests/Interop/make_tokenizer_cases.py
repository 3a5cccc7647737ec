"""Thousands of strings with their ids by CLIP's full vocabulary: `make_tokenizer_cases.py DIR`.

Writes a tokenizer folder and `cases.json`, an array of {"text", "ids"}, in DIR. Not committed for its
size; a test reads it where ATTUNE_TOKENIZER_CASES names the folder.
"""

import json
import random
import sys
import unicodedata
from pathlib import Path

import clip_vocabulary  # before transformers: it hides ftfy
from text import STRINGS
from transformers import CLIPTokenizer


def strings(count):
    r = random.Random(2)
    # Assigned characters of every kind, the common ones more often; no surrogates.
    every = [
        chr(c) for c in range(1, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")
    ]
    latin = [chr(c) for c in range(32, 0x250)]
    words = "a photo of the red robot in style it's don't we'll <|endoftext|> sks 42 masterpiece".split()
    result = list(STRINGS)
    for _ in range(count):
        kind, text = r.random(), ""
        for _ in range(r.randint(1, 40)):
            pool = every if kind < 0.3 else latin
            text += r.choice(words) + " " if r.random() < 0.3 else r.choice(pool)
        result.append(unicodedata.normalize("NFD", text) if r.random() < 0.2 else text)
    return list(dict.fromkeys(result))


def main():
    folder = Path(sys.argv[1])
    clip_vocabulary.write(folder, folder / "downloads")
    tokenizer = CLIPTokenizer.from_pretrained(str(folder))
    assert tokenizer.fix_text is None
    lines = [
        json.dumps({"text": text, "ids": tokenizer(text).input_ids}, separators=(",", ":"))
        for text in strings(5000)
    ]
    (folder / "cases.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} strings in {folder / 'cases.json'}")


if __name__ == "__main__":
    main()

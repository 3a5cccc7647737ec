"""Prompts that stand for many: all that `dynamicprompts` makes of them."""

from common import ROOT

import json
import shutil
import tempfile
from pathlib import Path

from dynamicprompts.generators import CombinatorialPromptGenerator
from dynamicprompts.wildcards import WildcardManager

FILES = {
    "colour.txt": "# a remark\nred\nblue\n\nteal\n",
    "animals/dogs.txt": "pug\n{big|small} husky\n",
    "animals/cats.txt": "tabby\n",
    "nested.txt": "a __colour__ hat\nno hat\n",
    "things.yaml": "tools:\n  - hammer\n  - saw\nhome:\n  rooms:\n    - attic\n    - cellar\n",
}

TEMPLATES = [
    "", "a red teapot", "a {red|blue} robot", "{a|b}{c|d}", "{ a | b } x", "{2$$a|b|c}",
    "{2$$ and $$a|b|c}", "{1-2$$a|b}", "{-2$$a|b}", "{2-$$a|b|c}", "{0-1$$a}", "{0-1$$a|b}",
    "{0.5::a|2::b}", "{a|{b|c} d}", "{a|{b|{c|d}}}", "a __colour__ cup", "__animals/*__",
    "{2$$__colour__}", "{2$$ or $$__colour__}", "${x=red}a ${x} cup and ${x} plate",
    "${x=!{a|b}}${x}-${x}", "${y:green} cup", "${y:{green|gold}} cup", "__colou*__",
    "__**/dogs__", "__tools__", "__home/rooms__", "{}", "{a}", "{a|}", "{|a} b", "x | y",
    "(a:1.2) [b|c] {d|e}", "{3$$a|b}", "a } b", "{a|a}", "a\n{b|c}", "{1$$__colour__|x}",
    "__animals/dogs__ and __colour__", "{(red:1.2)|(blue:0.8)}", "{2::a|b}",
    "<lora:{one|two}:0.8> {a|b}", "__nested__", "{a __colour__|b}", "{a, b|c, d}",
    "{2$$, $$a|b|c}", "{red | blue}", "{1-1$$a|b}", "é {ü|日本}",
]  # fmt: skip


def main():
    folder = ROOT / "templates"
    shutil.rmtree(folder, ignore_errors=True)
    wildcards = folder / "wildcards"
    for name, text in FILES.items():
        (wildcards / name).parent.mkdir(parents=True, exist_ok=True)
        (wildcards / name).write_text(text)
    made = CombinatorialPromptGenerator(wildcard_manager=WildcardManager(wildcards))
    table = []
    for template in TEMPLATES:
        prompts = list(map(str, made.generate(template, 100))) if template else [""]
        table.append({"template": template, "prompts": prompts})
    text = json.dumps(table, indent=1, ensure_ascii=False)
    (folder / "table.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

"""The prompt language on the embedded model: a table of prompts, what they mean, and pictures."""

from common import ROOT, generator, randn, save

import json

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

import prompt_rules as rules

MODEL = ROOT.parents[1] / "Models" / "miniature"
# By name, with as many vectors.
EMBEDDINGS = {"glow": 1, "Blue glaze": 3, "blue": 2}
STEPS = 10
# Every 97th number of a conditioning is kept; 97 has no divisor in common with its width.
STRIDE = 97

LONG = "a red teapot on a wooden table, a blue lamp, two green cups and a small duck, "
NUMBERED = " ".join(f"word{number % 50}" for number in range(400))
PROMPTS = [
    "",
    " ",
    "\n",
    "a red teapot",
    "normal text",
    "an (important) word",
    "(unbalanced",
    "unbalanced)",
    "[unbalanced",
    "unbalanced]",
    "\\(literal\\]",
    "\\\\ and \\[ and \\x",
    "a backslash at the end \\",
    "(unnecessary)(parens)",
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
    "(a:1.2)",
    "( a : 1.2 )",
    "(a:-1)",
    "(a:0) teapot",
    "(a:+.5) lamp",
    "(a:1.) lamp",
    "((a:2):0.5) lamp",
    "(red (blue:1.5) green:1.2) duck",
    "[red] duck",
    "[[red]] duck",
    "([red]) duck",
    "[(red)] duck",
    "(red] duck)",
    "[red) duck]",
    "((red] duck",
    "a:1.2) b",
    "a (b:c) d",
    "a (b:c:1.3) d",
    "(:1.5) a",
    "() a",
    "[] a",
    "(()) a",
    "a ( b",
    "smile :) and frown :(",
    "(very (very (deep:1.1):1.1):1.1) water",
    "((((((((((red))))))))))",
    "[[[[[[[[[[red]]]]]]]]]]",
    "a \\(word:1.3\\) b",
    "(a \\) b:1.3)",
    "a BREAK b",
    "BREAK",
    "BREAK a",
    "a BREAK",
    "a BREAK BREAK b",
    "a\nBREAK\nb",
    "(a BREAK b:1.2)",
    "break Break BREAKS aBREAK BREAK_ BREAK.",
    "(red:1.2) BREAK (blue:0.8)",
    "a AND b",
    "a red teapot :0.7 AND a blue lamp :1.3",
    "a AND b:-0.5",
    "a AND",
    "AND",
    "AND a",
    "a ANDb AND_ hAND AND-b",
    "a AND a",
    "and And AND or",
    "a cat in 16:9",
    "a : 1.5",
    "a:1. AND b:.5 AND c: +2",
    "a::2",
    "a\n: 2 \nAND b",
    "(a AND b:1.2)",
    "a BREAK b AND c",
    "(red:1.4) teapot AND [blue] lamp :0.5",
    "a [b:3]",
    "a [b: 3]",
    "a [b:3 ] c",
    "a [[[b]]:2]",
    "[(a:2):3]",
    "a [b : c : 1] d",
    "a[b:[c:d:2]:1]e",
    "a [b:.5] c",
    "a [b::.5] c",
    "a [b:c:0.33] d",
    "a [{b|d{:.5] c",
    "((a][:b:c [d:3]",
    "[a|(b:1.1)]",
    "[fe|]male",
    "[fe|||]male",
    "[|a]",
    "[|]",
    "[a|b|c] and [d|e]",
    "[[a|b]|c]",
    "[[a|b]:c:4]",
    "[a:[b|c]:0.4]",
    "a | [b:c:3]",
    "(a|b)",
    "a [b:0] c",
    "a [b:1] c",
    "a [b:10] c",
    "a [b:11] c",
    "a [b:-1] c",
    "a [b:-0.2] c",
    "a [b:0.0] c",
    "a [b:1.0] c",
    "a [b:1.5] c",
    "a [b:0.05] c",
    "a [b:25.5] c",
    "a [b:1e1] c",
    "a [b:5e-1] c",
    "a [b:.2e1] c",
    "a [b:c:d:3]",
    "a [b:c] d",
    "a [b:c:] d",
    "a [b:c:x] d",
    "a [:b:3]",
    "a [::3]",
    "a [:3]",
    "[1:2:3]",
    "[a:b:2][c:d:4][e:f:6]",
    "[a:b:[c:d:2]]",
    "[a:(b:c:3]",
    "[red:(blue:1.3):0.5] teapot",
    "([red:blue:0.5]:1.3) teapot",
    "[a (red:1.2) teapot:a [duck|lamp], (old:0.7):4]",
    "[a:b:3] AND [c:d:6] :0.5",
    "[a AND b:3]",
    "[a:b BREAK c:3]",
    "a \\[b:c:3\\] d",
    "[a\\:b:3]",
    "fantasy [mountain:lake:0.25] and [an oak:a pine:0.75][ in front::0.6][: behind:0.25]",
    "a [(old:1.2) red:(new:0.9) blue:0.5] cup, [on a table|in a garden], (best:1.1)",
    "\U0001f600 \U0001f469\u200d\U0001f680 (\U0001f98a:1.3)",
    "caf\u00e9 (na\u00efve:1.2) \u4e2d\u6587 [\u0440\u0443\u0441:\u65e5\u672c:5]",
    "\uff08wide\uff1a1.2\uff09",
    "(arabic:\u0661.\u0662)",
    "no\u00a0break\u2003AND\u2003space\u00a0: 2",
    "tabs\tand\nlines AND\n\nmore\r\n:1.5\r\n",
    LONG * 4,
    LONG * 12,
    NUMBERED,
    "word " * 74,
    "word " * 75,
    "word " * 76,
    "word " * 60 + ", " + "word " * 20,
    "word " * 54 + ", " + "word " * 30,
    "word " * 53 + ", " + "word " * 30,
    "word " * 74 + ", " + "word " * 3,
    "word " * 75 + ", " + "word " * 3,
    "word, " * 60,
    "(" + "word " * 60 + ", red lamp:1.3) " + "(blue duck:0.7) " * 12,
    "word " * 70 + "BREAK " + "word " * 80,
    LONG * 4 + "AND a lamp :0.5",
    "[" + LONG * 4 + ":a (duck:1.2):5]",
    "a glow in the dark",
    "GLOW and gLow",
    "glows and glow-worm and aglow",
    "(glow:1.3), [glow]",
    "a Blue glaze cup and a blue cup",
    "a blue glaze",
    "(blue:1.2) glaze",
    "word " * 73 + "Blue glaze cup",
    "word " * 60 + ", word " + "word " * 12 + "Blue glaze cup",
    "[glow:blue glaze:4]",
    "a teapot <lora:one>",
    "a <lora:one:0.5> teapot <hypernet:two:0.7>",
    "<lora:one:0.5:0.8> <lora:two:te=0.3:unet=0.9> <lyco:three:1>",
    "(a <lora:one:1> b:1.2)",
    "a < b > c <d> <glow>",
]
NEGATIVES = [
    "a AND b",
    "(ugly:1.3), [blurred|grey] AND (dark:0.5)",
    "a cat in 16:9",
    "[a:b:4]",
    "glow, (blue glaze:1.4)",
]
# Their whole conditionings are kept.
WHOLE = [
    "(a:0) teapot",
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
    "(red:1.2) BREAK (blue:0.8)",
    "[red:(blue:1.3):0.5] teapot",
    "a Blue glaze cup and a blue cup",
]
# Prompt, negative prompt, guidance, clip skip.
PICTURES = {
    "weights": ("a (red:1.4) teapot, [a lamp]", "", 7.5, 1),
    "edit": ("a (red:1.4) [teapot:duck:0.5]", "blurred", 7.5, 1),
    "turns": ("a [red|blue] teapot", "(ugly:1.2)", 7.5, 1),
    "and": ("a red teapot AND a blue lamp :0.6", "", 6.0, 1),
    "and_lengths": (LONG * 4 + "AND a (duck:1.3) AND a lamp :-0.3", "", 5.0, 1),
    "long": (LONG * 9, "blurred", 7.5, 1),
    "long_negative": ("a red teapot", LONG * 5, 7.5, 1),
    "negative_edit": ("a red teapot", "[grey:(blue:1.3):4]", 7.5, 1),
    "clip_skip": ("a (red:1.4) teapot BREAK on a table", "ugly", 7.5, 2),
    "unguided_and": ("a red teapot AND a blue lamp", "grey", 1.0, 1),
    "unguided_weight": ("a red teapot : 2.5", "grey", 1.0, 1),
    "glow": ("a (glow:1.2) teapot", "blue glaze", 7.5, 1),
}


class Reference:
    def __init__(self):
        self.tokenizer = CLIPTokenizer.from_pretrained(str(MODEL / "tokenizer"))
        load = dict(torch_dtype=torch.float32)
        self.encoder = CLIPTextModel.from_pretrained(str(MODEL / "text_encoder"), **load)
        width = self.encoder.config.hidden_size
        self.vectors = {
            name: 0.3 * randn(720 + number, count, width)
            for number, (name, count) in enumerate(EMBEDDINGS.items())
        }
        self.chunker = rules.Chunker(self.tokenizer, EMBEDDINGS)

    def states(self, rows, clip_skip):
        """The encoder's output for chunks, with vectors in their places."""
        ids = torch.tensor([[i if isinstance(i, int) else 0 for i, _ in row] for row in rows])

        def place(_, __, output):
            output = output.clone()
            for r, row in enumerate(rows):
                for c, (entry, _) in enumerate(row):
                    if not isinstance(entry, int):
                        output[r, c] = self.vectors[entry[0]][entry[1]]
            return output

        table = self.encoder.text_model.embeddings.token_embedding
        hook = table.register_forward_hook(place)
        result = self.encoder(ids, output_hidden_states=True)
        hook.remove()
        if clip_skip == 1:
            return result.last_hidden_state
        return self.encoder.text_model.final_layer_norm(result.hidden_states[-clip_skip])

    def conditionings(self, texts, clip_skip=1):
        """[texts, tokens, width]: all texts that one schedule goes through, together."""
        chunked = [self.chunker.chunks(rules.segments(text)) for text in texts]
        parts = []
        for index in range(max(map(len, chunked))):
            rows = [c[index] if index < len(c) else self.chunker.whole([]) for c in chunked]
            z = self.states(rows, clip_skip)
            weights = torch.tensor([[weight for _, weight in row] for row in rows])
            before = z.mean()
            z = z * weights.unsqueeze(-1)
            parts.append(z * (before / z.mean()))
        return torch.cat(parts, 1)


def compiled(prompt, negative, steps):
    """[(weight, [(until, text)])] and the tags."""
    prompt, tags = rules.tags(prompt)
    parts = [(prompt, 1.0)] if negative else rules.composition(prompt)
    return [(weight, rules.schedule(text, steps)) for text, weight in parts], tags


def row(reference, prompt, negative, tensors, number):
    parts, tags = compiled(prompt, negative, STEPS)
    texts = []
    for index, (_, schedule) in enumerate(parts):
        z = reference.conditionings([text for _, text in schedule])
        seen = []
        for entry, (_, text) in zip(z, schedule):
            if text not in texts:
                texts.append(text)
            if text not in seen:
                kept = entry if prompt in WHOLE else entry.flatten()[::STRIDE]
                tensors[f"{number}.{index}.{len(seen)}"] = kept
                seen.append(text)
    ends = sorted({end for _, schedule in parts for end, _ in schedule})
    return {
        "prompt": prompt,
        "isNegative": negative,
        "tags": [[kind, *arguments] for kind, arguments in tags],
        "texts": [
            {
                "segments": rules.segments(text),
                "chunks": [
                    [i if isinstance(i, int) else 0 for i, _ in chunk]
                    for chunk in reference.chunker.chunks(rules.segments(text))
                ],
            }
            for text in texts
        ],
        "schedule": [
            [end, [[w, texts.index(next(t for e, t in s if end <= e))] for w, s in parts]]
            for end in ends
        ],
    }


class Painter:
    def __init__(self, reference):
        self.reference = reference
        load = dict(torch_dtype=torch.float32)
        self.unet = UNet2DConditionModel.from_pretrained(str(MODEL / "unet"), **load)
        self.vae = AutoencoderKL.from_pretrained(str(MODEL / "vae"), **load)

    def at(self, parts, step):
        """[(weight, [1, tokens, width])] of a step, from 1, as long as the longest of them."""
        found = []
        for weight, schedule, z in parts:
            entry = next(index for index, (end, _) in enumerate(schedule) if step <= end)
            found.append((weight, z[entry : entry + 1]))
        longest = max(z.shape[1] for _, z in found)
        return [
            (weight, torch.cat([z, z[:, -1:].expand(-1, longest - z.shape[1], -1)], 1))
            for weight, z in found
        ]

    def picture(self, prompt, negative, guidance, clip_skip, side=16):
        def encoded(text, is_negative):
            parts, _ = compiled(text, is_negative, STEPS)
            return [
                (w, s, self.reference.conditionings([t for _, t in s], clip_skip))
                for w, s in parts
            ]

        wanted, unwanted = encoded(prompt, False), encoded(negative, True)
        scheduler = DPMSolverMultistepScheduler.from_pretrained(str(MODEL / "scheduler"))
        scheduler.set_timesteps(STEPS)
        latents = torch.randn((1, 4, side, side), generator=generator(7))
        latents = latents * scheduler.init_noise_sigma
        for step, time in enumerate(scheduler.timesteps, 1):
            x = scheduler.scale_model_input(latents, time)
            base = self.unet(x, time, self.at(unwanted, step)[0][1]).sample
            output = base.clone()
            for weight, context in self.at(wanted, step):
                output += (self.unet(x, time, context).sample - base) * (weight * guidance)
            latents = scheduler.step(output, time, latents).prev_sample
        pixels = self.vae.decode(latents / self.vae.config.scaling_factor).sample
        picture = ((pixels * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return latents, picture[0].permute(1, 2, 0)


@torch.no_grad()
def main():
    reference = Reference()
    tensors = {f"vectors.{name}": value for name, value in reference.vectors.items()}
    rows = []
    for number, prompt in enumerate(PROMPTS + NEGATIVES):
        rows.append(row(reference, prompt, number >= len(PROMPTS), tensors, number))
    path = ROOT / "prompts" / "table.json"
    path.parent.mkdir(exist_ok=True)
    lines = (json.dumps(r, separators=(",", ":")) for r in rows)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    painter = Painter(reference)
    table = {}
    for name, (prompt, negative, guidance, clip_skip) in PICTURES.items():
        latents, picture = painter.picture(prompt, negative, guidance, clip_skip)
        tensors[f"{name}.latents"], tensors[f"{name}.picture"] = latents, picture
        table[name] = {
            "prompt": prompt,
            "negativePrompt": negative,
            "guidanceScale": guidance,
            "clipSkip": clip_skip,
        }
    save("prompts/prompts.safetensors", tensors)
    (path.parent / "pictures.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()

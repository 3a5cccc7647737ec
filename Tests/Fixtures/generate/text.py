"""Token ids of both tiny tokenizers, from transformers' slow CLIPTokenizer without ftfy."""

from common import ROOT

import json
import random
import sys

from transformers import CLIPTokenizer

STRINGS = [
    "",
    " ",
    "   \t\n\r ",
    "a photo of a red robot on the beach",
    "A PHOTO of a Red ROBOT",
    "  leading and trailing  ",
    "tabs\tand\nnewlines\r\nand\x0bvertical\x0cform feeds",
    "no\u00a0break\u2003em\u2009thin\u3000wide\u202fnarrow\u205fmath\u1680ogham spaces",
    "next\x85line, line\u2028separator, paragraph\u2029separator",
    "file\x1cgroup\x1drecord\x1eunit\x1fseparators",
    "nul\x00bell\x07back\x08escape\x1b[0mdelete\x7f",
    "c1 \x80\x81\x9f controls",
    "replacement \ufffd character, bom \ufeffhere",
    "zero\u200bwidth\u200cnon\u200djoiner\u2060word\u00adsoft hyphen",
    "bidi \u202eoverride\u202c and \u2066isolate\u2069",
    "private \ue000 use, unassigned \u0378 \U000e0001 tag, noncharacter \uffff",
    "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e na\u00efve \u00c0 \u00d1",
    "cafe\u0301 cre\u0300me bru\u0302le\u0301e nai\u0308ve A\u0300 N\u0303",
    "\u1e9b\u0323 a\u0323\u0307 a\u0307\u0323 \u212b \u2126 \u212a",
    "e\u0301\u0302\u0303\u0304 stacked",
    "\u0301 lone mark",
    "Stra\u00dfe GRO\u00dfE \u1e9e",
    "\u0130stanbul I\u0131 \u0131 \u0130",
    "\u03a3\u0391\u03a3 \u03a3 \u03bf\u03b4\u03bf\u03c3 \u039f\u0394\u039f\u03a3",
    "\u01c5 \u01c4 \u01c6 \u1fbc \u2160 \u24b6 \ufb01 \ufb03",
    "\u017fhort s, it'\u017f, \u017fPECIAL",
    "\uff26\uff35\uff2c\uff2c\uff37\uff29\uff24\uff34\uff28 \uff11\uff12\uff13 \uff01",
    "\u4e2d\u6587\u5b57\u7b26",
    "a\u4e2db\u6587c",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30b9\u30c8 \u30ab\u30bf\u30ab\u30ca \u3072\u3089\u304c\u306a",
    "\ud55c\uad6d\uc5b4 \ud14c\uc2a4\ud2b8 \u1112\u1161\u11ab",
    "\u3400 \u9fff \uf900 \ufaff \U00020000 \U0002f800 \U00030000",
    "\u3005\u3007\u3001\u3002\u300c\u300d",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627 \u0661\u0662\u0663",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05d1\u05e8\u05d9\u05ea",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0995\u09cd\u09b7 \u0967\u0968",
    "\u0e44\u0e17\u0e22 \u0e20\u0e32\u0e29\u0e32 \u0e51",
    "\u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u0422\u0415\u041a\u0421\u0422 \u0451 \u0419",
    "\U0001d400\U0001d41b mathematical \U0001d7d8 \u2075 \u00bd \u2167 \u216b \u2460",
    "\U00010400 \U0001e900 \U00010a00",
    "\U0001f600\U0001f642",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "\U0001f468\U0001f3fd\u200d\U0001f680 \u2764\ufe0f \U0001f1e9\U0001f1ea 1\ufe0f\u20e3",
    "a\U0001f600b \U0001f600c d\U0001f600",
    "it's a dog's life, they're here, we've been, i'm sure, she'll go, he'd know, can't",
    "IT'S THEY'RE WE'VE I'M SHE'LL HE'D CAN'T",
    "'s 't 're 've 'm 'll 'd 'x 'S 'RE",
    "s's'' 'tis ''re' rock'n'roll o'clock",
    "it\u2019s curly \u2018quotes\u2019 \u201cdouble\u201d \u00abguillemets\u00bb",
    "don't'll've",
    "123 4567 1,234.56 3rd 2nd x2 2x 10km",
    "\u0663\u0664 \u0967 \u2463 \u00b2 \u00bc mixed 1\u0663",
    "...",
    "!!!",
    "!",
    "wow! hello!world ! !! end!",
    "?!?! --- *** ((a)) [b] {c} <d> a,b;c:d.e/f\\g|h",
    "a-b_c a--b __init__ snake_case kebab-case",
    "$5 \u20ac6 \u00a37 \u00a58 5% #tag @name & ~ ^ ` + =",
    "http://example.org/a?b=c&d=%20e#f user@example.org",
    "(masterpiece:1.2), [ugly], <lora:name:0.8>, best quality",
    "&amp; &lt;html&gt; &#39;",
    "mojibake: caf\u00c3\u00a9 \u00e2\u20ac\u2122s",
    "<|endoftext|>",
    "<|startoftext|>",
    "<|endoftext|><|endoftext|>",
    "a <|endoftext|> b",
    "a<|endoftext|>b",
    "before <|startoftext|>robot<|endoftext|> after",
    "  <|endoftext|>  ",
    "<|ENDOFTEXT|> <|EndOfText|> a<|StartOfText|>b",
    "<|endoftext|",
    "<| endoftext |> endoftext <|endof text|>",
    "<|end\u200boftext|> <|endoftext|>\u0301",
    "x<|startoftext|",
    "caf\u00e9<|endoftext|>CAF\u00c9",
    "</w> a</w> robot</w>",
    "\u0120robot \u0100 \u0101 \u0143",
    "robot" * 30,
    "a" * 300,
    "\u00e9" * 100,
    "robot " * 200,
    "word%d " * 80,
    " ".join(f"word{i}" for i in range(200)),
    "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 3,
    "the " * 74,
    "the " * 75,
    "the " * 76,
    "the " * 75 + "<|endoftext|>",
    "!" * 100,
    "\u4e2d" * 60,
    "\U0001f600" * 30,
    "sks ohwx zwx",
    "a photo of sks dog, in the style of <token>, <token>_1",
    "\\escaped \"quotes\" 'single' `tick`",
    "line one\nline two\n\nline four",
    "\t\ta\t\tb\t\t",
    "\u00a0\u00a0a\u00a0\u00a0",
    "a\u200b b",
    "a \u0301b",
    "\u00c5ngstr\u00f6m \u212bngstr\u00f6m A\u030angstro\u0308m",
    "\u01f0 J\u030c \u0390 \u03b9\u0308\u0301",
    "\u1e9e\u00df SS ss",
    "I\u0307 i\u0307 \u0130",
    "\u13a0 \uab70 \u10d0 \u1c90 \u2c00",
    "\u0345 \u03b1\u0345 \u1fb3",
]


def noise(count):
    """Strings drawn over every kind of character, short ones."""
    r = random.Random(11)
    pools = [
        "abcdefghijklmnopqrstuvwxyz",
        "ABCXYZ",
        "     ",
        "0123456789",
        "!'.,-<|>\"",
        "\u00e9\u00c9\u00df\u0130\u0131\u017f\u0301\u0308",
        "\u4e2d\u6587\u3042\u30a2\ud55c",
        "\U0001f600\u200d\ufe0f\U0001f3fd",
        "\t\n\x00\x07\xad\u200b\ufeff\u2028\u3000",
    ]
    words = ["<|endoftext|>", "'s", "'re", "robot", "the", "photo", "'LL"]
    result = []
    for _ in range(count):
        text = ""
        for _ in range(r.randint(1, 24)):
            text += r.choice(words) if r.random() < 0.12 else r.choice(r.choice(pools))
        result.append(text)
    return result


def main():
    assert "ftfy" not in sys.modules or sys.modules["ftfy"] is None
    strings = list(dict.fromkeys(STRINGS + noise(60)))
    for name in ("tiny-sd1", "tiny-sd2"):
        tokenizer = CLIPTokenizer.from_pretrained(str(ROOT / "models" / name / "tokenizer"))
        assert tokenizer.fix_text is None
        lines = []
        for text in strings:
            padded = tokenizer(text, padding="max_length", max_length=77, truncation=True)
            row = {"text": text, "ids": tokenizer(text).input_ids, "padded": padded.input_ids}
            lines.append(json.dumps(row, separators=(",", ":")))
        path = ROOT / "text" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()

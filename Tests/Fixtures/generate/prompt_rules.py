"""The prompt language of the A1111 web UI, from its published rules: texts to schedules and chunks.

Edits are read by a recursive descent with memory, emphasis by one regular expression a piece. Nothing
here knows how Attune does it.
"""

import re

NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*\]")
PLAIN = re.compile(r"(?:[^\\\[\]():|]|\\.)+")


class Unreadable(Exception):
    """The grammar of edits does not fit: the whole text then stands as it is."""


class Edits:
    """The nodes of a text: strings, ("group", nodes), ("edit", before, after, when, text of when),
    ("turns", choices)."""

    def __init__(self, text):
        self.text = text
        self.known = {}
        self.nodes = []
        place = 0
        while place < len(text):
            nodes, place = self.prompt(place)
            self.nodes += nodes
            if place < len(text):
                if text[place] not in "[]():":
                    raise Unreadable(text[place:])
                self.nodes.append(text[place])
                place += 1

    def at(self, place):
        return self.text[place : place + 1]

    def prompt(self, place):
        nodes = []
        while True:
            plain = PLAIN.match(self.text, place)
            if plain:
                nodes.append(plain.group())
                place = plain.end()
                continue
            group = self.group(place) if self.at(place) and self.at(place) in "([" else None
            if group is None:
                return nodes, place
            nodes.append(group[0])
            place = group[1]

    def group(self, place):
        if place not in self.known:
            self.known[place] = self.round(place) if self.at(place) == "(" else self.square(place)
        return self.known[place]

    def round(self, start):
        nodes, place = self.prompt(start + 1)
        nodes = ["("] + nodes
        if self.at(place) == ":":
            more, place = self.prompt(place + 1)
            nodes += [":"] + more
        if self.at(place) != ")":
            return None
        return ("group", nodes + [")"]), place + 1

    def square(self, start):
        first, place = self.prompt(start + 1)
        if self.at(place) == "]":
            return ("group", ["["] + first + ["]"]), place + 1
        if self.at(place) == "|":
            choices = [first]
            while self.at(place) == "|":
                choice, place = self.prompt(place + 1)
                choices.append(choice)
            return (("turns", choices), place + 1) if self.at(place) == "]" else None
        if self.at(place) != ":":
            return None
        number = NUMBER.match(self.text, place + 1)
        if number:
            return ("edit", [], first, number.group(1)), number.end()
        second, place = self.prompt(place + 1)
        if self.at(place) != ":":
            return None
        number = NUMBER.match(self.text, place + 1)
        return (("edit", first, second, number.group(1)), number.end()) if number else None


def change(when, steps):
    """After which step an edit happens: a share of the steps where a point stands, else a step."""
    value = float(when) * (steps if "." in when else 1)
    return min(steps, int(min(value, 1e9)))


def ends(nodes, steps):
    found = set()
    for node in nodes:
        if isinstance(node, str):
            continue
        if node[0] == "group":
            found |= ends(node[1], steps)
        elif node[0] == "edit":
            found |= ends(node[1], steps) | ends(node[2], steps) | {change(node[3], steps)}
        else:
            found |= set(range(1, steps + 1))
            for choice in node[1]:
                found |= ends(choice, steps)
    return {end for end in found if end >= 1}


def text_at(nodes, step, steps):
    result = ""
    for node in nodes:
        if isinstance(node, str):
            result += node
        elif node[0] == "group":
            result += text_at(node[1], step, steps)
        elif node[0] == "edit":
            result += text_at(node[1] if step <= change(node[3], steps) else node[2], step, steps)
        else:
            result += text_at(node[1][(step - 1) % len(node[1])], step, steps)
    return result


def schedule(text, steps):
    """[(last step, text)]."""
    try:
        nodes = Edits(text).nodes
    except Unreadable:
        return [(steps, text)]
    return [(end, text_at(nodes, end, steps)) for end in sorted(ends(nodes, steps) | {steps})]


TOKEN = re.compile(
    r"\\[()\[\]\\]?|[(\[]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()\[\]:]+|:",
)


def segments(text):
    """[[text, weight]]; a BREAK is a segment of its own with the weight −1."""
    pieces, opened = [], {"(": [], "[": []}

    def weigh(start, factor):
        for piece in pieces[start:]:
            piece[1] *= factor

    for match in TOKEN.finditer(text):
        token, weight = match.group(), match.group(1)
        if token[0] == "\\":
            pieces.append([token[1:], 1.0])
        elif token in opened:
            opened[token].append(len(pieces))
        elif weight is not None and opened["("]:
            weigh(opened["("].pop(), float(weight))
        elif token == ")" and opened["("]:
            weigh(opened["("].pop(), 1.1)
        elif token == "]" and opened["["]:
            weigh(opened["["].pop(), 1 / 1.1)
        else:
            parts = re.split(r"\s*\bBREAK\b\s*", token)
            for index, part in enumerate(parts):
                if index:
                    pieces.append(["BREAK", -1])
                pieces.append([part, 1.0])
    for start in opened["("]:
        weigh(start, 1.1)
    for start in opened["["]:
        weigh(start, 1 / 1.1)
    merged = []
    for piece in pieces or [["", 1.0]]:
        if merged and merged[-1][1] == piece[1]:
            merged[-1][0] += piece[0]
        else:
            merged.append(list(piece))
    return merged


def composition(text):
    """[(text, weight)] of what AND joins."""
    result = []
    for part in re.split(r"\bAND\b", text):
        match = re.fullmatch(r"(.*?)(?:\s*:\s*([-+]?(?:\d+\.?|\d*\.\d+)))?\s*", part, re.S)
        result.append((match.group(1), float(match.group(2) or 1)))
    return result


def tags(text):
    """The text without its tags, and [[kind, [arguments]]]."""
    found = [[kind, rest.split(":")] for kind, rest in re.findall(r"<(\w+):([^>]+)>", text)]
    return re.sub(r"<(\w+):([^>]+)>", "", text), found


class Chunker:
    LENGTH, REACH = 75, 20

    def __init__(self, tokenizer, embeddings=None):
        self.tokenizer = tokenizer
        self.start, self.end = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.padding = tokenizer.pad_token_id
        self.comma = tokenizer.get_vocab().get(",</w>")
        # Ids of the name and the number of vectors, the longest name first.
        names = [(self.ids(name), name, count) for name, count in (embeddings or {}).items()]
        self.embeddings = sorted(names, key=lambda entry: -len(entry[0]))

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False, truncation=False).input_ids

    def whole(self, tokens):
        """A chunk's tokens [(id, weight)], closed and filled up."""
        first_padding = self.end if len(tokens) < self.LENGTH else None
        rest = self.LENGTH - len(tokens)
        filled = tokens + [(self.end, 1.0)] * (rest > 0)
        filled += [(self.padding, 1.0)] * (rest - 1)
        last = self.padding if first_padding is not None else self.end
        return [(self.start, 1.0)] + filled + [(last, 1.0)]

    def chunks(self, pieces):
        """[[(id, weight)] * 77]; a place of a vector has the id (name, number)."""
        done, now, comma = [], [], None

        def close():
            nonlocal now, comma
            done.append(self.whole(now))
            now, comma = [], None

        for text, weight in pieces:
            if text == "BREAK" and weight == -1:
                close()
                continue
            ids, place = self.ids(text), 0
            while place < len(ids):
                if ids[place] == self.comma:
                    comma = len(now)
                elif len(now) == self.LENGTH and comma is not None:
                    if len(now) - comma <= self.REACH:
                        moved = now[comma + 1 :]
                        now = now[: comma + 1]
                        close()
                        now = moved
                if len(now) == self.LENGTH:
                    close()
                for name, word, count in self.embeddings:
                    if ids[place : place + len(name)] == name:
                        if len(now) + count > self.LENGTH:
                            close()
                        now += [((word, row), weight) for row in range(count)]
                        place += len(name)
                        break
                else:
                    now.append((ids[place], weight))
                    place += 1
        if now or not done:
            close()
        return done



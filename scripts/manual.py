"""Writes the manual pages from what the program says of itself.

    attune --experimental-dump-help >help.json
    manual.py help.json FOLDER        attune.1, attune-generate.1, attune-train-lora.1, …

ArgumentParser's own plugin (`swift package generate-manual`) compiles the package again to ask the
same question.
"""
import json
import sys
from pathlib import Path


def escaped(text):
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def option(argument):
    names = [f"-{n['name']}" if n["kind"] == "short" else f"--{n['name']}"
             for n in argument.get("names") or []]
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return f"\\fI{escaped(value)}\\fR"
    text = ", ".join(f"\\fB{escaped(name)}\\fR" for name in names)
    return text + (f" \\fI{escaped(value)}\\fR" if argument["kind"] == "option" else "")


def synopsis(name, command):
    words = [f"\\fB{escaped(name)}\\fR"]
    shown = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    needed = [a for a in shown if not a.get("isOptional") and a["kind"] != "positional"]
    words += [option(dict(a, names=[a["preferredName"]])) for a in needed]
    if any(a.get("isOptional") and a["kind"] != "positional" for a in shown):
        words.append("[\\fIoptions\\fR]")
    for argument in shown:
        if argument["kind"] == "positional":
            text = option(argument) + (" ..." if argument.get("isRepeating") else "")
            words.append(f"[{text}]" if argument.get("isOptional") else text)
    if subcommands(command):
        words.append("\\fIcommand\\fR ...")
    return " ".join(words)


def subcommands(command):
    return [c for c in command.get("subcommands", [])
            if c.get("shouldDisplay", True) and c["commandName"] != "help"]


def page(names, command):
    name, title = " ".join(names), "-".join(names)
    abstract = command.get("abstract", "").rstrip(".")
    out = [f'.TH "{title.upper()}" "1" "" "Attune" "User Commands"', ".SH NAME",
           f"{escaped(title)} \\- {escaped(abstract)}", ".SH SYNOPSIS", synopsis(name, command)]
    if command.get("discussion"):
        out.append(".SH DESCRIPTION")
        for paragraph in command["discussion"].split("\n\n"):
            out += [".PP", escaped(paragraph.strip())]
    below = subcommands(command)
    if below:
        out.append(".SH COMMANDS")
        for other in below:
            page_name = escaped(title + "-" + other["commandName"])
            out += [".TP", f"\\fB{page_name}\\fR(1)", escaped(other.get("abstract", ""))]
    sections = {}
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay", True):
            sections.setdefault(argument.get("sectionTitle") or "Options", []).append(argument)
    for section, arguments in sections.items():
        out.append(f'.SH "{escaped(section.upper())}"')
        for argument in arguments:
            text = " ".join(argument[k] for k in ("abstract", "discussion") if argument.get(k))
            values = argument.get("allValues") or argument.get("allValueStrings")
            if values:
                text += f" (values: {', '.join(values)})"
            if argument.get("defaultValue"):
                text += f" (default: {argument['defaultValue']})"
            out += [".TP", option(argument), escaped(text.strip())]
    if len(names) > 1:
        out += [".SH SEE ALSO", f"\\fB{escaped('-'.join(names[:-1]))}\\fR(1)"]
    return "\n".join(out) + "\n"


def write(names, command, folder):
    (folder / ("-".join(names) + ".1")).write_text(page(names, command))
    for other in subcommands(command):
        write(names + [other["commandName"]], other, folder)


if __name__ == "__main__":
    help_text = json.loads(Path(sys.argv[1]).read_text())
    if help_text.get("serializationVersion") != 0:
        sys.exit("attune: the program tells its options in a form that scripts/manual.py does not"
                 " know: adapt it to the new ArgumentParser.")
    root = help_text["command"]
    write([root["commandName"]], root, Path(sys.argv[2]))

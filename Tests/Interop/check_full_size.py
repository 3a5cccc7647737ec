"""A full-size SD 1.5 of random weights: Attune's picture beside diffusers'."""

import os
import subprocess
import sys

from interop import HERE, Failure, case, compare_case, paint


def check(tally, python, cache, folder):
    model = cache / "full-size-sd1.5-random"
    made = subprocess.run([sys.executable, str(HERE / "make_full_size.py"), str(model)])
    if made.returncode:
        raise Failure("make_full_size.py failed")
    todo = [
        case("own scheduler", steps=3, width=512, height=512),
        case("ddim, wide", steps=2, sampler="ddim", width=384, height=256, clip_skip=1),
        case("euler-ancestral, small", steps=4, sampler="euler-ancestral", width=256, height=256),
    ]
    theirs = paint(python, model, todo, folder / "full-size.npz", os.cpu_count())
    for i, one in enumerate(todo):
        title = f"picture, full-size, {one['name']}"
        compare_case(tally, title, model, one, theirs[one["name"]], folder / f"full-size-{i}")

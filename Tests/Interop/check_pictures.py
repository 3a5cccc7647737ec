"""Attune's pictures beside diffusers' with the same seed: the tiny models and the embedded one."""

import shutil

from interop import FIXTURES, REPOSITORY, SAMPLERS, case, compare_case, paint


def cases(steps):
    result = [case("own scheduler", seeds=(7, 8, 9), batch_size=2, steps=steps)]
    result += [
        case(sampler, seeds=(7, 8), sampler=sampler, batch_size=2, steps=steps)
        for sampler in SAMPLERS
    ]
    result += [
        case("one step", steps=1),
        case("no guidance", guidance_scale=1.0, steps=steps),
        case("no negative prompt", negative_prompt="", steps=steps),
        case("clip skip 2", clip_skip=1, steps=steps),
        case("long prompt", prompt="a photo of a red robot, in the snow, " * 20, steps=steps),
        case(
            "strange prompt",
            prompt="Caf\u00e9 \u4e2d\u6587 \U0001f600 it's! <|endoftext|> x",
            steps=steps,
        ),
    ]
    return result


def models(folder):
    result = {
        "tiny-sd1": (FIXTURES / "models" / "tiny-sd1", 8),
        "tiny-sd2": (FIXTURES / "models" / "tiny-sd2", 8),
    }
    # The scheduler of the zero-terminal-SNR fine-tunings of SD 2.
    ztsnr = folder / "tiny-sd2-ztsnr"
    shutil.copytree(FIXTURES / "models" / "tiny-sd2", ztsnr)
    shutil.rmtree(ztsnr / "scheduler")
    (ztsnr / "scheduler-ztsnr").rename(ztsnr / "scheduler")
    result["tiny-sd2-ztsnr"] = (ztsnr, 8)
    miniature = REPOSITORY / "Models" / "miniature"
    if (miniature / "model_index.json").exists():
        result["miniature"] = (miniature, 20)
    return result


def check(tally, python, folder):
    for name, (model, steps) in models(folder).items():
        todo = cases(steps)
        if name.startswith("tiny"):
            todo.append(case("wide", width=96, height=64))
            todo.append(case("odd", width=72, height=56))
        if name.endswith("ztsnr"):
            # DDPM and DDIM as the file has them; the other classes are checked above.
            todo = [case("own scheduler", seeds=(7, 8)), case("euler", sampler="euler")]
        theirs = paint(python, model, todo, folder / f"{name}.npz")
        for i, one in enumerate(todo):
            output = folder / f"{name}-{i}"
            compare_case(
                tally, f"picture, {name}, {one['name']}", model, one, theirs[one["name"]], output
            )

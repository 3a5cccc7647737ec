"""Sizes of buckets, traits of photos and a masked loss.

The rules of the sizes are those of kohya's trainer (make_bucket_resolutions in
library/model_util.py and BucketManager.select_bucket in library/train_util.py of sd-scripts), those
of the masked loss are its apply_masked_loss.
"""

from common import ROOT, generator, save, save_json

import math

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from PIL import Image

from models import load
from training import PRIOR_WEIGHT, inputs, row_errors

PHOTOS = [
    (512, 512), (4032, 3024), (3024, 4032), (1024, 768), (1080, 1350), (1920, 1080), (1080, 1920),
    (6000, 4000), (2000, 500), (500, 2000), (5000, 1000), (513, 512), (640, 576), (576, 640),
    (700, 300), (300, 310), (448, 576), (450, 580), (260, 1000), (999, 1001), (72, 56),
]  # fmt: skip
SETTINGS = [
    # resolution, shortest and longest side, step
    (512, 256, 1024, 64),
    (768, 384, 1536, 64),
    (512, 256, 768, 32),
    (64, 32, 128, 8),
]


def resolutions(side, least, most, step):
    area = side * side
    square = int(math.sqrt(area) // step) * step
    found = {(square, square)}
    for width in range(least, most + 1, step):
        height = min(most, int((area // width) // step) * step)
        if height >= least:
            found |= {(width, height), (height, width)}
    return sorted(found)


def nearest(sizes, width, height):
    if (width, height) in sizes:
        return width, height
    errors = [abs(w / h - width / height) for w, h in sizes]
    return sizes[errors.index(min(errors))]


def without_enlarging(side, step, width, height):
    def rounded(x):
        x = int(x + 0.5)
        return x - x % step

    ratio = width / height
    if width * height > side * side:
        exact_width = math.sqrt(side * side * ratio)
        exact_height = side * side / exact_width
        by_width = rounded(exact_width)
        height_of_width = rounded(by_width / ratio)
        by_height = rounded(exact_height)
        width_of_height = rounded(by_height * ratio)
        if abs(by_width / height_of_width - ratio) < abs(width_of_height / by_height - ratio):
            width, height = by_width, int(by_width / ratio + 0.5)
        else:
            width, height = int(by_height * ratio + 0.5), by_height
    return width - width % step, height - height % step


def buckets():
    result = []
    for side, least, most, step in SETTINGS:
        sizes = resolutions(side, least, most, step)
        large = [(w, h) for w, h in PHOTOS if min(w, h) >= step]
        result.append(
            {
                "resolution": side,
                "least": least,
                "most": most,
                "step": step,
                "sizes": sizes,
                "photos": large,
                "chosen": [nearest(sizes, w, h) for w, h in large],
                "unenlarged": [without_enlarging(side, step, w, h) for w, h in large],
            }
        )
    return result


def picture(width, height, kind):
    """Pictures of whole numbers, so that they can be made anywhere."""
    image = Image.new("RGB", (width, height))
    image.putdata(
        [
            tuple((x * x // 7 * kind + y * y // 5 + x * y // (3 + c)) % 256 for c in range(3))
            if kind
            else (x * 255 // width, y * 255 // height, 128)
            for y in range(height)
            for x in range(width)
        ]
    )
    return image


def traits(image):
    """The difference hash and the variance of the Laplacian of the grey picture."""
    width = min(512, image.width)
    height = max(1, (image.height * width + image.width // 2) // image.width)
    small = image.resize((width, height), Image.Resampling.BILINEAR)
    grey = torch.tensor(list(small.convert("L").getdata()), dtype=torch.float64)
    grey = grey.reshape(height, width)
    kernel = torch.tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float64)
    edges = F.conv2d(grey[None, None], kernel[None, None])
    tiny = small.resize((9, 8), Image.Resampling.BILINEAR).convert("L")
    rows = torch.tensor(list(tiny.getdata())).reshape(8, 9)
    bits = (rows[:, 1:] > rows[:, :-1]).flatten().tolist()
    return {
        "hash": "".join("1" if bit else "0" for bit in bits),
        "sharpness": edges.var(unbiased=False).item(),
    }


def photos():
    cases = [(96, 64, 0), (96, 64, 1), (700, 500, 0), (700, 500, 2), (300, 400, 3)]
    return [
        {"width": w, "height": h, "kind": kind, **traits(picture(w, h, kind))}
        for w, h, kind in cases
    ]


def masked():
    """Step 0 of training.py with masks of 128 pixels over latents of 16."""
    pipe = load("tiny-sd1")
    data = inputs(pipe)
    states = data["encoder_hidden_states"]
    masks = torch.rand((4, 1, 128, 128), generator=generator(801)).square()
    masks[3] = 1
    with torch.no_grad():
        output, target = row_errors(
            pipe.unet, DDPMScheduler.from_config(pipe.scheduler.config), data, 0, states
        )
    small = F.interpolate(masks, size=output.shape[2:], mode="area")
    rows = (F.mse_loss(output, target, reduction="none") * small).mean(dim=(1, 2, 3))
    loss = rows[:2].mean() + PRIOR_WEIGHT * rows[2:].mean()
    return {"masks": masks, "rows": rows, "loss": loss}


def transparent():
    """Opaque on the right, fading to nothing on the left."""
    image = picture(80, 64, 2)
    alpha = Image.new("L", image.size)
    alpha.putdata([min(255, x * 6) for _ in range(64) for x in range(80)])
    image.putalpha(alpha)
    image.save(ROOT / "data/transparent.png")


def main():
    save_json("data/buckets.json", buckets())
    save_json("data/photos.json", photos())
    save("data/masked.safetensors", masked())
    transparent()

"""Makes the pictures beside it. Needs Pillow 13.0.0 (`pip install pillow==13.0.0`); run it in its folder.

Expected pixels come from Pillow, expected settings from the regular expression that the A1111
web UI publishes; the Swift tests compare with both.
"""

import base64
import hashlib
import io
import json
import pathlib
import re
import struct
import zlib

from PIL import Image, ImageCms, PngImagePlugin

HERE = pathlib.Path(__file__).parent


# Pillow writes no JPEG XL: these are what libjxl 0.7 makes of `quadrants()` without loss, as it
# is and with orientation 6, and of a ramp of floating-point numbers.
PLAIN_JXL = base64.b64decode(
    "/wrFQCQIAgEAyABLOGkYytOpFBQEQM2ZjJNxeIEgAAoGtRg4wAAVEiAkTyL4FEsnMcZFYcAUR5NDrvkxBA==")
TURNED_JXL = base64.b64decode(
    "/wrFLBATCAIBAMgASzhpGMrTqRQUBEDNmYyTcXiBIAAKBrUYOMAAFRIgJE8i+BRLJzHGRWHAFEeTQ675MQQ=")
FLOAT_JXL = base64.b64decode(
    "AAAADEpYTCANCocKAAAAFGZ0eXBqeGwgAAAAAGp4bCAAAAAJanhsbAoAAADJanhsY/8KA8kBFC0CCAIBAMwC"
    "SyixcTEPV4VZEhJKCiIRsjNmjMGEjEG5UYt0XQxuCWMYEftCADCAEEAAJ5IRAEDW4Fpvt5yuZW4/jSMBkaWk"
    "LmrSBpwwbCpT87n4Dd6tipbF74RtJmxb6KjGgeajcIza2omfUERQbrl14kk1eOLUcRyqCpLWGNP79bFeaREA"
    "80FSx9hMpzcdpKjanolVdvea6EvghdixFHZQkl7xdduFo0JnYPGUjj/sJopjKkizZFGhywM=")


def quadrants(width=32, height=24):
    """Red, green, blue and yellow corners: every turn and mirror of it looks different."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 160, 40), (width // 2, 0, width, height // 2))
    image.paste((30, 40, 180), (0, height // 2, width // 2, height))
    image.paste((220, 200, 30), (width // 2, height // 2, width, height))
    return image


def waves(width, height):
    """Smooth shades with hard edges, so that each filter gives something of its own."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            edge = 255 if (x // 5 + y // 7) % 2 else 0
            image.putpixel((x, y), ((x * 37 + y * 11) % 256, edge, (x * x + y * 3) % 256))
    return image


def profile(primaries, gamma, name):
    """A matrix profile of ICC version 2: primaries adapted to D50, one gamma for all."""
    fixed = lambda v: struct.pack(">i", round(v * 65536))
    xyz = lambda v: b"XYZ \0\0\0\0" + b"".join(fixed(c) for c in v)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = [
        (b"desc", description), (b"cprt", b"text\0\0\0\0none\0"),
        (b"wtpt", xyz((0.9642, 1.0, 0.8249))),
        (b"rXYZ", xyz(primaries[0])), (b"gXYZ", xyz(primaries[1])), (b"bXYZ", xyz(primaries[2])),
        (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve),
    ]
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags:
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sI4s4sQI", 128 + len(table) + len(body), b"none", 0x02100000, b"mntr",
        b"RGB ", b"XYZ ", bytes(12), b"acsp", b"none", 0, b"none", b"none", 0, 0)
    header += fixed(0.9642) + fixed(1.0) + fixed(0.8249) + b"none" + bytes(44)
    assert len(header) == 128
    return header + table + body


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write(name, data):
    (HERE / name).write_bytes(data)


def make_kinds():
    plain = quadrants()
    for orientation in (3, 6, 8, 5):
        exif = Image.Exif()
        exif[0x0112] = orientation
        write(f"orientation{orientation}.jpg",
              encoded(plain, "JPEG", quality=95, subsampling=0, exif=exif))
    plain_jpeg = encoded(plain, "JPEG", quality=95, subsampling=0)
    write("plain.jpg", plain_jpeg)
    write("plain.webp", encoded(plain, "WEBP", lossless=True))
    write("plain.gif", encoded(plain, "GIF"))
    write("plain.tiff", encoded(plain, "TIFF", compression="tiff_lzw"))
    write("plain.bmp", encoded(plain, "BMP"))
    write("palette.bmp", encoded(plain.quantize(16), "BMP"))
    write("palette.png", encoded(plain.quantize(16), "PNG"))
    write("plain.avif", encoded(plain, "AVIF", quality=95))
    write("plain.jp2", encoded(plain, "JPEG2000"))
    write("plain.j2k", encoded(plain, "JPEG2000", no_jp2=True))
    write("plain.jxl", PLAIN_JXL)
    write("orientation6.jxl", TURNED_JXL)
    write("float.jxl", FLOAT_JXL)
    write("cmyk.jpg", encoded(plain.convert("CMYK"), "JPEG", quality=95, subsampling=0))
    gray16 = Image.new("I;16", (16, 16))
    for x in range(16):
        for y in range(16):
            gray16.putpixel((x, y), x * 4369)
    write("gray16.png", encoded(gray16, "PNG"))
    shade = Image.new("LA", (16, 16), (0, 0))
    shade.paste((100, 255), (0, 0, 8, 16))
    shade.paste((0, 128), (8, 8, 16, 16))
    write("grayalpha.png", encoded(shade, "PNG"))

    # Adobe RGB (1998).
    wide = profile([(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087),
                    (0.14919, 0.06322, 0.74457)], 563 / 256, "wide")
    write("wide.png", encoded(plain, "PNG", icc_profile=wide))
    converted = ImageCms.profileToProfile(
        plain, ImageCms.ImageCmsProfile(io.BytesIO(wide)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC)
    write("wide.expected.png", encoded(converted, "PNG"))
    write("broken-profile.png", encoded(plain, "PNG", icc_profile=wide[:150] + bytes(40)))


def make_damage():
    photo = waves(160, 120)
    jpeg = encoded(photo, "JPEG", quality=90)
    write("truncated.jpg", jpeg[: len(jpeg) * 6 // 10])
    scan = jpeg.index(b"\xff\xda") + 14
    middle = scan + (len(jpeg) - scan) // 2
    # Ones without end are no code of any Huffman table. (Damage that happens to spell codes shows
    # as wrong colours; the format has no checksum to find it.)
    write("corrupt.jpg", jpeg[:middle] + b"\xff\x00" * 60 + jpeg[middle + 120:])
    # A lost part near the end, closed as if nothing had happened.
    write("short.jpg", jpeg[:-300] + jpeg[-2:])
    # Some cameras leave bytes before the last marker: no damage.
    write("extraneous.jpg", jpeg[:-2] + bytes(5) + jpeg[-2:])
    png = encoded(photo, "PNG")
    write("truncated.png", png[: len(png) // 2])
    at = png.index(b"IDAT") + 200
    write("flipped-bit.png", png[:at] + bytes([png[at] ^ 1]) + png[at + 1:])
    header = png[16:29]
    rest = png[33:]
    for name, size in (("huge.png", (60000, 60000)), ("lying.png", (160, 4000))):
        lying = struct.pack(">II", *size) + header[8:]
        write(name, png[:8] + chunk(b"IHDR", lying) + rest)
    jp2 = encoded(photo, "JPEG2000")
    write("truncated.jp2", jp2[: len(jp2) // 2])
    write("truncated.jxl", PLAIN_JXL[:40])
    write("text.jpg", b"This is a note and not a photo.\n")
    write("truncated.webp", encoded(photo, "WEBP", quality=90)[:800])
    write("truncated.gif", encoded(photo, "GIF")[:900])
    write("truncated.tiff", encoded(photo, "TIFF", compression="tiff_lzw")[:2000])
    write("truncated.bmp", encoded(photo, "BMP")[:20000])
    write("truncated.avif", encoded(photo, "AVIF")[:900])


def make_resized():
    source = waves(37, 29)
    write("waves.png", encoded(source, "PNG"))
    filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
    for name, method in filters.items():
        for size in ((16, 16), (8, 29), (90, 50)):
            write(f"waves.{name}.{size[0]}x{size[1]}.png",
                  encoded(source.resize(size, method), "PNG"))
    # torchvision: Resize(13), then CenterCrop(13).
    wide = source.resize((int(13 * 37 / 29), 13), Image.BILINEAR)
    left = int(round((wide.width - 13) / 2.0))
    write("waves.cropped.13x13.png", encoded(wide.crop((left, 0, left + 13, 13)), "PNG"))


def make_texts():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "caf\u00e9, a photo")
    info.add_text("packed", "long " * 200, zip=True)
    info.add_itxt("wide", "\u65e5\u672c \U0001f986", "ja", "\u540d")
    info.add_itxt("wide packed", "\u65e5\u672c " * 100, zip=True)
    write("texts.png", encoded(quadrants(), "PNG", pnginfo=info))


def make_infotexts():
    pattern = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
    lines = [
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512",
        'Steps: 20, Lora hashes: "a: 0123456789ab, b: ba9876543210", Version: v1.8.0',
        'Model: "with \\"quotes\\", comma", Steps: 3,Seed:4',
        "a prompt: with a colon, and more", "no settings at all", "", "Steps:", ":::,,,",
        'broken "quote: "never closed, Steps: 20', "a: b, c: d, e: f", "aa: , bb:cc , dd:\te",
        "--ar: 2, /x: 3, _y: 4, \u00e9t\u00e9: 5, \u65e5\u672c: 6", 'aa: "", bb: "x"y, cc: "z"',
        "one two  three: 4, five-six/7: 8", "aa bb, cc dd: 1, ee\tff: 2", "x: 1,yy : 2",
        'aa: "ends with backslash \\\\", bb: 2', 'aa: "odd \\", bb: 2',
    ]
    cases = [{"line": line, "matches": pattern.findall(line)} for line in lines]
    (HERE / "settings.json").write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    make_kinds()
    make_damage()
    make_resized()
    make_texts()
    make_infotexts()
    files = sorted(p for p in HERE.iterdir() if p.suffix not in (".py", ".md", ".txt"))
    (HERE / "SHA256SUMS.txt").write_text("".join(
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files))

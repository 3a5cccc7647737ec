"""Takes the folders of the machine that built a program out of where it looks for libraries.

    runpath.py FILE

Only entries that begin with $ORIGIN stay. The text is shortened in its place, so that no section
moves: 64-bit ELF files of the machine's own byte order.
"""
import struct
import sys


def main(path):
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        if data[:6] != b"\x7fELF\x02\x01":
            sys.exit(f"attune: {path} is no 64-bit ELF file: it cannot be installed.")
        start, size, count = struct.unpack_from("<32xQ14xHH", data)
        dynamic, loads = None, []
        for index in range(count):
            kind, _, offset, address, _, length = struct.unpack_from(
                "<IIQQQQ", data, start + index * size)
            if kind == 2:
                dynamic = (offset, length)
            elif kind == 1:
                loads.append((offset, address, length))
        tags = [struct.unpack_from("<qQ", data, at)
                for at in range(dynamic[0], sum(dynamic), 16)]
        strings = next(value for tag, value in tags if tag == 5)
        table = next(offset + strings - address for offset, address, length in loads
                     if address <= strings < address + length)
        kept = []
        for tag, value in tags:
            if tag not in (15, 29):  # DT_RPATH, DT_RUNPATH
                continue
            at = table + value
            end = data.index(0, at)
            folders = [x for x in data[at:end].decode().split(":") if x.startswith("$ORIGIN")]
            kept += folders
            text = ":".join(folders).encode()
            data[at:end] = text.ljust(end - at, b"\0")
        if "$ORIGIN/../lib/attune/libtorch" not in kept:
            sys.exit(f"attune: {path} does not look for LibTorch where it is installed"
                     " (Package.swift adds that folder): build it anew.")
        file.seek(0)
        file.write(data)


if __name__ == "__main__":
    main(sys.argv[1])

"""Unpacks what a half of LibTorch needs from its wheels, and nothing else.

    unpack-wheels.py HALF WHEELS TARGET

HALF is cpu or cuda, WHEELS the folder of scripts/libtorch-wheels' wheels, each named by its hash,
and TARGET the folder that gets lib, include and licenses: an empty one for `cpu`, a copy of the
CPU's half for `cuda`. All libraries lie in one folder: they look for each other there.
"""
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

LIST = Path(__file__).with_name("libtorch-wheels")
LIBRARIES = {
    "cpu": {
        "torch/lib/": ["libtorch_cpu.so", "libc10.so", "libtorch.so", "libshm.so",
                       "libtorch_global_deps.so", "libgomp.so.1"],
        "nvidia/cu13/lib/": ["libcudart.so.13", "libcupti.so.13"],
    },
    "cuda": {
        "torch/lib/": ["libtorch_cuda.so", "libc10_cuda.so", "libtorch_nvshmem.so",
                       "libcaffe2_nvrtc.so"],
        "nvidia/cu13/lib/": [
            "libcublas.so.13", "libcublasLt.so.13", "libcufft.so.12", "libcufile.so.0",
            "libcurand.so.10", "libcusparse.so.12", "libnvJitLink.so.13", "libnvrtc.so.13",
            # libnvrtc opens it by its name.
            "libnvrtc-builtins.so.13.0"],
        # libcudnn opens the others.
        "nvidia/cudnn/lib/": [f"libcudnn{part}.so.9" for part in (
            "", "_adv", "_cnn", "_engines_precompiled", "_engines_runtime_compiled", "_graph",
            "_heuristic", "_ops")],
        "nvidia/cusparselt/lib/": ["libcusparseLt.so.0"],
        "nvidia/nccl/lib/": ["libnccl.so.2"],
        "nvidia/nvshmem/lib/": ["libnvshmem_host.so.3"],
    },
}


def wheels(half):
    """Name and hash of each wheel of a half."""
    for line in LIST.read_text().splitlines():
        halves, _, rest = line.partition(" ")
        if half in halves.split(","):
            _, wheel, digest = rest.split()
            yield wheel.split("==")[0].replace("-", "_"), digest


def digest_of(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def write(archive, member, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, open(path, "xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)  # zipfile checks the CRC as it reads


def main(half, folder, target):
    folder, target = Path(folder), Path(target)
    wanted = LIBRARIES[half]
    missing = {name for names in wanted.values() for name in names}
    for name, digest in wheels(half):
        wheel = folder / f"{digest}.whl"
        if digest_of(wheel) != digest:
            wheel.unlink()
            sys.exit(f"wrong hash: {name}")
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                path = member.filename
                if member.is_dir() or ".." in Path(path).parts:
                    continue
                place, _, base = path.rpartition("/")
                licence = target / "licenses" / name / base
                if base in wanted.get(place + "/", ()):
                    write(archive, member, target / "lib" / base)
                    missing.discard(base)
                elif half == "cpu" and path.startswith("torch/include/"):
                    write(archive, member, target / "include" / path[len("torch/include/"):])
                elif (".dist-info/licenses/" in path or base == "LICENSE.txt") and \
                        not licence.exists():
                    write(archive, member, licence)
    if missing or not (target / "include/ATen/ATen.h").is_file():
        sys.exit(f"incomplete: {sorted(missing)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

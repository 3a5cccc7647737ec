"""Asks NVIDIA's driver whether LibTorch's CUDA half can be used on this machine.

    nvidia.py

Prints `cuda` where it can be; `cpu` where there is no driver or no card; `cpu` and a sentence where
there is one of no use. The driver itself is asked, not the files that it leaves: in a container
those may be there without any card.
"""
import ctypes
import os

# What the wheels of scripts/libtorch-wheels are made for.
CUDA = 13000
DRIVER = "580"
# LibTorch 2.11.0 has kernels for these cards and newer ones.
CAPABILITY = (7, 5)
MAJOR, MINOR = 75, 76


def shown(version):
    return f"{version // 1000}.{version % 1000 // 10}"


def driver_version():
    """As NVIDIA counts its drivers, such as 580.65.06; none where its library does not say."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(80)
        if library.nvmlInit_v2() == 0 and library.nvmlSystemGetDriverVersion(text, 80) == 0:
            return text.value.decode(errors="replace")
    except (OSError, AttributeError):
        pass
    return None


def library():
    for name in ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def answer():
    driver = library()
    if driver is None:
        # A card was given to this machine and the library was not.
        if os.path.exists("/dev/nvidia0"):
            return ("cpu", "this machine has an NVIDIA card (/dev/nvidia0) but not the driver's"
                    " library libcuda.so.1: install it (Debian: `apt-get install libcuda1`)")
        return ("cpu",)
    number = ctypes.c_int()

    def ask(name, *arguments):
        number.value = 0
        try:
            return number.value if getattr(driver, name)(
                ctypes.byref(number), *arguments) == 0 else None
        except AttributeError:
            return None

    supported = ask("cuDriverGetVersion") or 0
    if supported < CUDA:
        found = driver_version()
        return ("cpu", f"NVIDIA's driver {found + ' ' if found else ''}on this machine runs CUDA up"
                f" to {shown(supported)} and LibTorch's CUDA half needs {shown(CUDA)}: update it to"
                f" driver {DRIVER} or newer")
    if driver.cuInit(0) != 0 or not ask("cuDeviceGetCount"):
        return ("cpu",)
    count = number.value
    found = []
    for index in range(count):
        capability = ask("cuDeviceGetAttribute", MAJOR, index), ask(
            "cuDeviceGetAttribute", MINOR, index)
        found.append(tuple(part or 0 for part in capability))
    if max(found) < CAPABILITY:
        most = "{}.{}".format(*max(found))
        return ("cpu", f"the NVIDIA card of this machine has compute capability {most} and"
                f" LibTorch's CUDA half needs {'.'.join(map(str, CAPABILITY))} (Turing, 2018) or"
                " more")
    return ("cuda",)


if __name__ == "__main__":
    print(*answer())

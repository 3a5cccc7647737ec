"""All checks against the Python programs; run.sh makes the environments and calls this."""

import argparse
import sys
import tempfile
from pathlib import Path

import check_adapters
import check_accelerate
import check_archives
import check_full_size
import check_lycoris
import check_pictures
import check_tensorboard
import check_trained
from interop import Tally


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latest", required=True, help="Python of the latest environment")
    parser.add_argument("--lycoris", required=True, help="Python that has LyCORIS")
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--full", action="store_true", help="check a full-size model too")
    arguments = parser.parse_args()
    tally = Tally()
    environments = {"reference": sys.executable, "latest": arguments.latest}
    with tempfile.TemporaryDirectory(prefix="attune-interop-") as place:
        names = ("pictures", "trained", "adapters", "lycoris", "tensorboard", "full")
        folders = {name: Path(place) / name for name in names}
        for folder in folders.values():
            folder.mkdir()
        tally.group("archives", check_archives.check)
        tally.group("accelerate", check_accelerate.check, arguments.latest, Path(place))
        tally.group("pictures", check_pictures.check, sys.executable, folders["pictures"])
        tally.group("trained", check_trained.check, environments, folders["trained"])
        tally.group("adapters", check_adapters.check, environments, folders["adapters"])
        tally.group("LyCORIS", check_lycoris.check, arguments.lycoris, folders["lycoris"])
        tally.group(
            "tensorboard", check_tensorboard.check, arguments.latest, folders["tensorboard"]
        )
        if arguments.full:
            tally.group(
                "full-size", check_full_size.check, sys.executable, arguments.cache, folders["full"]
            )
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env bash
# Checks Attune against the Python programs: `make interop`, and `make interop FULL=1` for a
# full-size model of random weights too (4 GB in the cache, several minutes).
#
# Environment: ATTUNE (the program, default .build/release/attune), ATTUNE_CACHE (where the Python
# environments are kept), REFERENCE_PYTHON, LATEST_PYTHON and LYCORIS_PYTHON (use these instead of
# making environments), FULL.
set -euo pipefail
cd "$(dirname "$0")"
repository=$(cd ../.. && pwd)

fail() {
    echo "interop: $*" >&2
    exit 1
}

export ATTUNE=${ATTUNE:-$repository/.build/release/attune}
[ "${1:-}" = --python ] || [ -x "$ATTUNE" ] || fail "there is no program at $ATTUNE: run \`make build\`, or set ATTUNE."
cache=${ATTUNE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/attune}
mkdir -p "$cache" || fail "the cache folder $cache cannot be made: set ATTUNE_CACHE."

# Makes the environment of one requirements file and prints its Python. The folder's name is the
# hash of what is in it, and it gets that name when it is whole. With a second argument, packages
# of that environment are seen too: the second one then needs no torch (5 GB) of its own.
environment() {
    local file=$1 base=${2:-} key folder partial
    key=$(cat "$file" ${base:+requirements-reference.txt} | sha256sum | cut -c1-16)
    folder=$cache/interop-$key
    if [ ! -e "$folder/.complete" ]; then
        echo "Making the Python environment of $file in $folder (once)." >&2
        rm -rf "$folder"
        # No pip inside: Debian's python3 has no ensurepip of its own.
        python3 -m venv --without-pip "$folder" >&2 ||
            fail "no Python environment could be made: python3 with its venv module is needed."
        if [ -n "$base" ]; then
            "$base" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
                >"$("$folder/bin/python" -c \
                    'import sysconfig; print(sysconfig.get_path("purelib"))')/reference.pth"
        fi
        TMPDIR=$cache PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip \
            --python "$folder/bin/python" install --quiet --no-compile --requirement "$file" >&2 ||
            fail "pip could not install $file: check the network, then run this again."
        touch "$folder/.complete"
    fi
    echo "$folder/bin/python"
}

reference=${REFERENCE_PYTHON:-$(environment requirements-reference.txt)}
if [ "${1:-}" = --python ]; then
    # For others who measure against the same reference.
    echo "$reference"
    exit
fi
latest=${LATEST_PYTHON:-$(environment requirements-latest.txt "$reference")}
lycoris=${LYCORIS_PYTHON:-$(environment requirements-lycoris.txt "$reference")}
# What accelerate says of this machine is not asked.
export HF_HOME=$cache/interop-home PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# Several threads only slow tiny models down.
[ -n "${FULL:-}" ] || export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec "$reference" run.py --latest "$latest" --lycoris "$lycoris" --cache "$cache" ${FULL:+--full}

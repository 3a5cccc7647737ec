#!/usr/bin/env bash
# Everything that is measured on an NVIDIA GPU, in one go of less than eight minutes: the simulated
# GPU against the card, every way of training beside diffusers, pictures, kernels, the demo.
#
#   Benchmarks/gpu.sh              measure; the results are in OUT: results.jsonl and results.md
#   Benchmarks/gpu.sh --pack       here: what must be carried, in .build/gpu.tar.xz (`make portable`
#                                  and the libraries that it needs, without LibTorch and Swift)
#   Benchmarks/gpu.sh --rehearse   here: every stage with small numbers on the simulated GPU
#
#   OUT=DIR        default: .build/gpu-results
#   ATTUNE=FILE    the program (default: the one of `make portable`)
#   PYTHON=FILE    a Python with torch 2.11.0, and diffusers, where it is to be compared (python3)
#   LIBTORCH=DIR   with lib and include (default: the torch of that Python)
#   BUDGET=N       seconds for all (460; in a rehearsal 1200); what does not fit any more is skipped,
#                  and said to be
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "attune: $*" >&2
    exit 1
}

portable=.build-static/release/attune
packed=.build/gpu.tar.xz

if [ "${1:-}" = --pack ]; then
    [ -x "$portable" ] || fail "there is no $portable to pack: run \`make portable\`, then this again."
    rm -rf .build-static/packed
    mkdir -p .build-static/packed/lib .build
    strip -o .build-static/packed/attune "$portable"
    # What comes with the loader, with LibTorch and with Swift is not carried.
    ldd "$portable" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
        grep -Ev '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*|libtorch[^/]*|libc10|libcudart|libcupti|libgomp)\.so' |
        while IFS= read -r library; do
            cp -L "$library" .build-static/packed/lib/
        done
    tar -cJf "$packed.new" .build-static/packed && mv -f "$packed.new" "$packed"
    echo "$packed has the program and its libraries ($(($(stat -c %s "$packed") / 1000000)) MB):" \
        "carry it with the checkout to where the card is, and run Benchmarks/gpu.sh there."
    exit 0
fi

rehearse=
case ${1:-} in
    '') ;;
    --rehearse) rehearse=--rehearse ;;
    *) fail "gpu.sh takes no \"$1\": only --rehearse or --pack." ;;
esac

libraries=
if [ -n "$rehearse" ]; then
    program=${ATTUNE:-.build/release/attune}
    simulated=${SIMULATED_GPU:-$PWD/.build/simulated-gpu}
    [ -f "$simulated/libtorch_cuda.so" ] || fail "the simulated GPU is not built ($simulated has no" \
        "libtorch_cuda.so): run \`make simulated-gpu\`, then this again."
    libraries=$simulated
    python=${PYTHON:-$(Tests/Interop/run.sh --python)}
else
    python=${PYTHON:-python3}
    if [ -z "${ATTUNE:-}" ] && [ -f "$packed" ]; then
        tar -xJf "$packed"
        program=.build-static/packed/attune
        libraries=$PWD/.build-static/packed/lib
    else
        program=${ATTUNE:-$portable}
    fi
    torch=${LIBTORCH:-$("$python" -c 'import torch; print(torch.__path__[0])' 2>/dev/null || true)}
    [ -f "$torch/lib/libtorch_cuda.so" ] || fail "no LibTorch with a CUDA half was found" \
        "(${torch:-$python has no torch}): set LIBTORCH to one, or PYTHON to a Python with torch" \
        "2.11.0."
    libraries=$torch/lib${libraries:+:$libraries}
fi
[ -x "$program" ] || fail "there is no program at $program: run \`make portable\`, or set ATTUNE."

budget=${BUDGET:-$([ -n "$rehearse" ] && echo 1200 || echo 460)}
exec python3 Benchmarks/gpu.py $rehearse --program "$(realpath "$program")" --python "$python" \
    --libraries "$libraries" --out "${OUT:-.build/gpu-results}" --budget "$budget"

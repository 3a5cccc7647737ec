# `make` alone lists what there is. Every target does the set-up it needs.
#   LIBTORCH=DIR      use a LibTorch 2.11.0 that is there (the folder with lib and include)
#   ATTUNE_CACHE=DIR  where the downloaded one is kept (default: ~/.cache/attune)
#   ATTUNE_ACCELERATOR=cuda or cpu   with LibTorch's CUDA half or without (default: as NVIDIA's
#                     driver on this machine says)

# One configuration only, so that nothing is ever compiled twice: LibTorch's headers are slow.
SWIFT_BUILD := swift build -c release
# `swift test` would switch testable imports on and so compile everything anew; no test needs them.
# Tests run side by side on tiny models, which several threads slow down fivefold: one for each.
SWIFT_TEST := OMP_NUM_THREADS=1 swift test -c release --disable-testable-imports --disable-xctest

# Threads that wait sleep instead of spinning: beside other programs spinning loses a hundredfold.
export OMP_WAIT_POLICY ?= passive

.DEFAULT_GOAL := help
.PHONY: help setup build install uninstall test demo bench lint strict interop fuzz commands embed \
    simulated-gpu docs check interop-and-test portable miniature

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch LibTorch, system libraries and packages, where they are missing
	@scripts/setup

build: setup ## the release build: .build/release/attune
	@$(SWIFT_BUILD) --product attune

install: build ## put attune where it works from any folder: PREFIX=DIR (default: ~/.local)
	@scripts/install

uninstall: ## take away what `make install` put there
	@scripts/install --remove

demo: build ## teach the model the thing in five photos and paint it in new places (again: OVERWRITE=1)
	@scripts/demo $(if $(OVERWRITE),--overwrite)

test: setup ## all tests
	@$(SWIFT_TEST)

bench: build ## time Attune beside diffusers and print the ratios
	@scripts/bench

lint: ## check the format of the Swift sources
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

strict: setup ## build and fail on any warning in our own sources
	@scripts/build-strict

interop: build ## check what is read and written against the Python programs
	@Tests/Interop/run.sh

fuzz: setup ## damage files at random for a minute (SECONDS_EACH=N) and see that none crashes
	@ATTUNE_FUZZ_SECONDS=$${SECONDS_EACH:-60} $(SWIFT_TEST) --filter Fuzz

simulated-gpu: build ## train and paint on a GPU that is simulated, and count what is held there
	@nice $(MAKE) --no-print-directory -C Tests/SimulatedGPU
	@nice .build/simulated-gpu/self-test
	@nice Tests/SimulatedGPU/check
	@nice Tests/SimulatedGPU/processes
	@nice Tests/SimulatedGPU/memory

commands: build ## run the commands that README and docs show, with small numbers
	@$(SWIFT_BUILD) --product attune-miniature
	@scripts/check-commands

embed: build ## build and run Examples/embed, a package that depends on this one
	@scripts/embed

docs: build ## the pages of the library (DocC), in .build/docs
	@scripts/docs

# Side by side: Python computes in one thread, and many tests wait for programs. Everything is
# compiled by then, so that neither waits for the other's build.
interop-and-test: build
	@log=$$(mktemp); Tests/Interop/run.sh >$$log 2>&1 & interop=$$!; \
	$(SWIFT_TEST); tests=$$?; \
	wait $$interop; python=$$?; cat $$log; rm -f $$log; \
	exit $$((tests ? tests : python))

# The build without warnings comes first, so that what follows finds everything compiled.
check: ## what CI runs: lint, set-up, build without warnings, interop, tests, commands of the docs
	@$(MAKE) --no-print-directory lint
	@scripts/check-setup
	@$(MAKE) --no-print-directory strict
	@$(MAKE) --no-print-directory interop-and-test
	@$(MAKE) --no-print-directory commands
	@$(MAKE) --no-print-directory embed
	@scripts/check-install

# Swift's own libraries inside: what is carried to another machine needs LibTorch, libvips and the
# C++ library there, and no Swift. The flag recompiles every Swift module, so this has a build
# folder of its own: sharing one would make this and `make build` undo each other.
portable: setup ## programs that run on a machine without Swift: .build-static/release
	@$(SWIFT_BUILD) --scratch-path .build-static --static-swift-stdlib --product attune
	@$(SWIFT_BUILD) --scratch-path .build-static --static-swift-stdlib --product attune-miniature

miniature: setup ## train the embedded model from nothing (hours; see Models/miniature)
	@$(SWIFT_BUILD) --product attune-miniature
	@scripts/setup-system povray
	@scripts/miniature

"""Runs a scheduler of diffusers, its own code, in float64."""

import contextlib
import sys

import numpy as np
import torch


class Widened:
    """A module whose float32 is float64."""

    def __init__(self, module, wide):
        self.module, self.float32 = module, wide

    def __getattr__(self, name):
        return getattr(self.module, name)


@contextlib.contextmanager
def widened(scheduler):
    """Runs a scheduler's own code in float64; its noise is drawn in fp32 all the same."""
    module = sys.modules[type(scheduler).__module__]
    before = dict(vars(module))
    module.torch = Widened(torch, torch.float64)
    module.np = Widened(np, np.float64)
    module.randn_tensor = lambda shape, generator=None, **_: torch.randn(
        shape, generator=generator
    ).double()
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    try:
        yield
    finally:
        vars(module).update(before)

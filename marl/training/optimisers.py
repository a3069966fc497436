"""The step: Adam, gradients clipped by their norm, and no step where they are not finite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch


def adam(params: Iterable[torch.Tensor], lr: float) -> torch.optim.Optimizer:
    """Adam with the epsilon that PPO's reference implementations use (Huang et al., 2022)."""
    return torch.optim.Adam(params, lr=lr, eps=1e-5, fused=True)


def clipped(optimizers: Sequence[torch.optim.Optimizer], most: float | None) -> torch.Tensor:
    """Clip the global norm of each optimiser's gradients at `most` (None: not at all); the norm of all, before."""
    norms = []
    for optimizer in optimizers:
        every = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        parameters = [parameter for parameter in every if parameter.grad is not None]
        if not parameters:
            continue
        norms.append(torch.nn.utils.get_total_norm([cast(torch.Tensor, p.grad) for p in parameters]))
        if most is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, most, norms[-1])
    return norms[0] if len(norms) == 1 else torch.stack(norms).norm()


def stop_where(broken: torch.Tensor, optimizers: Sequence[torch.optim.Optimizer]) -> bool:
    """Tell optimisers not to step if `broken`; False where one is not fused, and cannot be told."""
    if not all(optimizer.defaults.get("fused") for optimizer in optimizers):
        return False
    for optimizer in optimizers:
        cast(Any, optimizer).found_inf = broken  # so nobody waits for a GPU
    return True

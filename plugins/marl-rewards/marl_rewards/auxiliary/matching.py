"""Which achievements of one match are the same as which of another: partial optimal transport, with entropy.

Of two matches with n and m achievements, min(n, m) units of mass go from those of the one to those of the other, at
most one from or to each, at the cost of one minus the cosine; two achievements are matched where more than half a unit
goes between them. The plan is found by projections onto the three constraints in turn, with Dykstra's corrections.
Source: Moon, Yeom, Park, Song, NeurIPS 2023 (arXiv:2307.03486), cross-trajectory achievement matching, as their code
has it (entropy 0.05, 100 rounds); Benamou, Carlier, Cuturi, Nenna, Peyré, "Iterative Bregman projections for
regularized transportation problems", SIAM Journal on Scientific Computing 37, 2015 (partial transport).
"""

from __future__ import annotations

import torch
from torch import Tensor


def partners(episode: Tensor) -> Tensor:
    """For each of U achievements the episode that its own is compared with, `int64[U]`: each is compared with one.

    Episodes follow one another in a circle; one alone is compared with itself.
    """
    known, at = episode.unique(return_inverse=True)
    return known.roll(1)[at]


def transport(cost: Tensor, episode: Tensor, partner: Tensor, entropy: float = 0.05, rounds: int = 100) -> Tensor:
    """The plan `float64[U, U]` between the achievements of each episode (rows) and those of its partner (columns)."""
    allowed = partner[:, None] == episode[None]
    _, block = episode.unique(return_inverse=True)
    blocks = int(block.max()) + 1
    size = torch.bincount(block, minlength=blocks).double()
    mass = torch.minimum(size, size.roll(1))  # of each block of rows
    plan = torch.where(allowed, (-cost.double() / entropy).exp(), 0.0)
    row, column, whole = plan.new_ones(len(plan), 1), plan.new_ones(len(plan)), plan.new_ones(blocks)  # corrections
    for _ in range(rounds):
        plan = plan * row
        row = plan.sum(dim=1, keepdim=True).clamp(min=1)
        plan = plan / row * column
        column = plan.sum(dim=0).clamp(min=1)
        plan = plan / column * whole[block, None]
        whole = summed(plan, block, blocks) / mass
        plan = plan / whole[block, None]
    return plan


def summed(plan: Tensor, block: Tensor, blocks: int) -> Tensor:
    """The mass of each block of rows, `[blocks]`."""
    return plan.new_zeros(blocks).index_add(0, block, plan.sum(dim=1))

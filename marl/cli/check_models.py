"""What `marl plugins check` does to a model that has learned: whether what it says of a row follows from that row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from marl import tree
from marl.env import EnvSpec, Rows
from marl.errors import RunError
from marl.registry import ENVIRONMENTS, Descriptor, Registry
from marl.registry.blame import blamed
from marl.rng import mix
from marl.training.model import ModelConfig
from marl.training.networks.bodies import Body, body

_ROWS = 6
_STEPS = 4
_CLOSE = 1e-4


def apart(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], game: str) -> None:
    """Show it rows of a game, all at once and one by one.

    Raises RunError where it gives another number of features than it says, where what it gives for a row follows from
    the rows beside it, and where a memory is not cleared or goes from one sequence to another.
    """
    environment = registry.make(ENVIRONMENTS, game, lanes=_ROWS)
    lanes = np.arange(_ROWS)
    for index, rows in enumerate(environment.reset(lanes, mix(11, lanes))):
        if rows is not None and len(rows) > 1:
            _apart(registry, descriptor, params, environment.spec, index, rows)
            return


def _apart(
    registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], spec: EnvSpec, index: int, rows: Rows
) -> None:
    subject = registry.describe(descriptor.kind, descriptor.full_name)
    torch.manual_seed(3)
    made = body(spec.groups[index].observation, _config(descriptor, params))
    for part in (made.encoder, made.core):
        _ = part is not None and part.eval()
    seen = tree.map_tree(_varied, rows.observation)
    with torch.no_grad(), blamed(subject, "encoder(observation)", f"features [B, {made.encoder.size}]"):
        together: Tensor = made.encoder(seen)
        alone = torch.cat([made.encoder(tree.take(seen, slice(row, row + 1))) for row in range(len(rows))])
    size: Any = made.encoder.size
    if tuple(together.shape) != (len(rows), size):
        raise RunError(
            f"{subject}: its encoder gives {list(together.shape)} for {len(rows)} rows, and its `size` says "
            f"{made.encoder.size}"
        )
    if not torch.allclose(together, alone, atol=_CLOSE):
        raise RunError(
            f"{subject} gives other features for a row when other rows are beside it: what it says of a row may follow "
            "from that row alone, whatever it is called with"
        )
    if made.core is not None:
        _remembers(subject, made)


def _varied(leaf: np.ndarray) -> Tensor:
    """A part of the observations, each row another one where they are real numbers: matches often begin alike."""
    seen = torch.from_numpy(np.array(leaf))
    return seen + 0.1 * torch.rand(seen.shape, dtype=seen.dtype) if seen.is_floating_point() else seen


def _remembers(subject: str, made: Body) -> None:
    core: Any = made.core
    x = torch.randn(2, _STEPS, int(made.encoder.size))  # type: ignore[arg-type]
    first = torch.zeros(2, _STEPS, dtype=torch.bool)
    first[0, 2] = True
    memory = torch.randn(2, core.memory_size)
    with torch.no_grad(), blamed(subject, "unroll(x, memory, first)", "features [S, T, size] and memory [S, M]"):
        out, last = core.unroll(x, memory, first)
        anew, after = core.unroll(x[:1, 2:], torch.zeros(1, core.memory_size), torch.zeros(1, 2, dtype=torch.bool))
        other, _ = core.unroll(x[1:], memory[1:], first[1:])
    if tuple(out.shape) != (2, _STEPS, core.size) or tuple(last.shape) != (2, core.memory_size):
        raise RunError(
            f"{subject}: unroll of 2 sequences of {_STEPS} steps gives {list(out.shape)} and {list(last.shape)}; "
            f"[2, {_STEPS}, {core.size}] and [2, {core.memory_size}] would be right"
        )
    if not (torch.allclose(out[:1, 2:], anew, atol=_CLOSE) and torch.allclose(last[:1], after, atol=_CLOSE)):
        raise RunError(f"{subject} remembers what was before a match in unroll: memory is cleared where `first` is set")
    if not torch.allclose(out[1:], other, atol=_CLOSE):
        raise RunError(f"{subject} remembers of one sequence what was in another one")


def _config(descriptor: Descriptor, params: Mapping[str, Any]) -> ModelConfig:
    if descriptor.plugin == "marl":
        return ModelConfig(kind=descriptor.name, **params)
    return ModelConfig(kind=descriptor.full_name, params=dict(params))

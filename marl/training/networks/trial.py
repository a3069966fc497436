"""A trial of a plugin's network before anything is built on it: so it is blamed for what is wrong, and RLlib is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from marl import space as spaces
from marl.errors import RunError
from marl.registry.blame import blamed
from marl.space import Box, Space, Tree
from marl.training.model import ModelConfig
from marl.training.networks.bodies import body, described
from marl.training.networks.tensors import tensors
from marl.types import ArrayTree

_ROWS, _STEPS = 2, 3


def try_model(observation: Space, model: ModelConfig) -> None:
    """Make the body of a plugin's kind, and show it a batch of the numbers nearest to 0. Ours are tested already.

    Torch's generator stays as it is. Raises UserError or RunError with the plugin's name.
    """
    if model.ours:
        return
    subject = described(model)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        made = body(observation, model)
        made.encoder.eval()
        seen = tensors(_shown(observation), torch.device("cpu"))
        with blamed(subject, "forward(observation) of its encoder"):
            x = made.encoder(seen)
        size = int(made.encoder.size)  # type: ignore[arg-type]
        _fits(x, (_ROWS, size), subject, "forward(observation) of its encoder")
        if made.core is not None:
            _try_core(made.core, x, subject)


def _try_core(core: nn.Module, x: Tensor, subject: str) -> None:
    size, memory = int(core.size), int(core.memory_size)  # type: ignore[arg-type]
    rows = x[:, None].expand(-1, _STEPS, -1)
    known, first = x.new_zeros((_ROWS, memory)), torch.zeros((_ROWS, _STEPS), dtype=torch.bool)
    core.eval()
    calls: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {
        "forward(x, memory)": lambda: core(rows, known),
        "unroll(x, memory, first)": lambda: cast(Any, core).unroll(rows, known, first),
    }
    for name, call in calls.items():
        asked = f"{name} of its core"
        with blamed(subject, asked):
            out, last = call()
        _fits(out, (_ROWS, _STEPS, size), subject, asked)
        _fits(last, (_ROWS, memory), subject, f"{asked}, as the memory afterwards,")


def _fits(given: object, shape: tuple[int, ...], subject: str, asked: str) -> None:
    if isinstance(given, Tensor) and tuple(given.shape) == shape and given.is_floating_point():
        return
    found = f"a {given.dtype} of {list(given.shape)}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
    raise RunError(f"{subject} gave {found} from {asked}: a float tensor of {list(shape)} would be right (see `size`)")


def _shown(space: Space) -> ArrayTree:
    """Rows of the numbers of a space that are nearest to 0."""
    if isinstance(space, Tree):
        return {name: _shown(part) for name, part in space.fields.items()}
    rows = spaces.zeros(space, _ROWS)
    return rows.clip(space.low, space.high).astype(space.dtype) if isinstance(space, Box) else rows

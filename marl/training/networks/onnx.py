"""A network as an ONNX file, for programs that have neither marl nor torch.

Inputs are the leaves of what an agent sees, by name ("observation", or "observation.board" and so on), each `[B, ...]`;
"mask", `bool[B, W]`, where actions are choices; and "memory", `float32[B, M]`, for a network that remembers. Outputs
are "logits", `float32[B, D]` (what the distribution is made of, illegal choices at -1e9), and "memory_after".
Source: ONNX, https://onnx.ai; `torch.onnx.export`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Box, MultiDiscrete, Space, mask_width
from marl.training.networks.features import TensorTree, leaf_spaces
from marl.training.networks.network import Network

ROWS = 2  # of the example that is traced; any number of rows can be asked later
NEEDS = ("onnx",)


class Plain(nn.Module):
    """A network whose forward takes and gives tensors only, in the order of `names`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.leaves = leaf_spaces(network.observation)
        self.masked = mask_width(network.action)
        self.names = [".".join(("observation", *path)) for path, _ in self.leaves]
        self.names += ["mask"] * (self.masked is not None) + ["memory"] * bool(network.memory_size)
        self.outputs = ["logits", *["memory_after"] * bool(network.memory_size)]

    def forward(self, *given: Tensor) -> Any:
        """What the network says of a step."""
        rest = list(given[len(self.leaves) :])
        mask = rest.pop(0) if self.masked is not None else None
        memory = rest.pop(0) if rest else None
        out = self.network(_tree(self.leaves, given), mask, memory)
        return (out.inputs, out.memory) if self.network.memory_size else out.inputs

    def example(self, rows: int = ROWS) -> tuple[Tensor, ...]:
        """Zeros of the right shapes; everything is legal."""
        parts = [zeros(space, rows) for _, space in self.leaves]
        if self.masked is not None:
            parts.append(torch.ones((rows, self.masked), dtype=torch.bool))
        if self.network.memory_size:
            parts.append(torch.zeros((rows, self.network.memory_size)))
        return tuple(parts)


def _tree(leaves: Any, given: tuple[Tensor, ...]) -> TensorTree:
    if leaves[0][0] == ():
        return given[0]
    tree: dict[str, Any] = {}
    for (path, _), leaf in zip(leaves, given, strict=False):
        inner = tree
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = leaf
    return tree


def zeros(space: Space, rows: int) -> Tensor:
    """Rows of a leaf, all zero."""
    match space:
        case Box(shape=shape, dtype=dtype):
            return torch.from_numpy(np.zeros((rows, *shape), dtype=dtype))
        case MultiDiscrete(nvec):
            return torch.zeros((rows, len(nvec)), dtype=torch.int64)
        case _:
            return torch.zeros(rows, dtype=torch.int64)


def write(network: Network, file: Path) -> None:
    """Write the file, all of it or nothing. Raises UserError where it cannot be: no package, or no such operator."""
    if missing := [name for name in NEEDS if importlib.util.find_spec(name) is None]:
        raise UserError(f"ONNX files need the Python package {missing[0]!r}: pip install 'marl-league[onnx]'")
    if network.team is not None:
        raise UserError("this network is a part of a team model, which is asked for all agents together: no ONNX file")
    plain = Plain(network).eval()
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    axes = {name: {0: "rows"} for name in (*plain.names, *plain.outputs)}
    with warnings.catch_warnings(), _quiet(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                plain, plain.example(), draft, input_names=plain.names, output_names=plain.outputs,
                dynamic_axes=axes, dynamo=False,
            )  # fmt: skip
        except Exception as error:  # whatever the exporter raises of operators that it does not know
            draft.unlink(missing_ok=True)
            raise UserError(f"this network cannot be written as ONNX: {str(error).splitlines()[0]}") from error
    draft.replace(file)


@contextlib.contextmanager
def _quiet() -> Any:
    """Without the exporter's own remarks."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)

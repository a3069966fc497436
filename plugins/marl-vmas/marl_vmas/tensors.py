"""Where a batched simulation keeps what it knows of its matches: every tensor with a row for each.

VMAS has no list of them: they are attributes of the world, of its agents, landmarks and joints, and of the scenario,
which may have any. They are found by walking over two simulations of different sizes: what has as many rows as the
one has matches, and in the other as many as that, is a tensor of matches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

Path = tuple[tuple[str, Any], ...]  # attributes by name, items of lists and dicts by their position
_DEEP = 8  # attributes of attributes of ...; VMAS's have five


def found(one: Any, two: Any) -> list[Path]:
    """The paths of all tensors that have `one.num_envs` rows in `one`, and `two.num_envs` in `two`."""
    sizes = {path: tensor.shape for path, tensor in tensors(two)}
    return [
        path
        for path, tensor in tensors(one)
        if tensor.dim() and tensor.shape[0] == one.num_envs and sizes.get(path, (0,))[:1] == (two.num_envs,)
    ]


def tensors(simulation: Any) -> Iterator[tuple[Path, Tensor]]:
    """All tensors of a simulation, by all their paths, in an order that is the same for all of its kind."""
    waiting: deque[tuple[Path, Any]] = deque([((), simulation)])  # the shortest paths first
    met: set[int] = set()
    while waiting:
        path, thing = waiting.popleft()
        if isinstance(thing, Tensor):
            yield path, thing
        elif id(thing) not in met and len(path) < _DEEP:
            met.add(id(thing))
            waiting += [((*path, step), part) for step, part in _parts(thing)]


def at(simulation: Any, path: Path) -> Tensor:
    """The tensor of that path."""
    for step in path:
        simulation = _part(simulation, step)
    tensor: Tensor = simulation
    return tensor


def put(simulation: Any, path: Path, tensor: Tensor) -> None:
    """Put another tensor in its place."""
    for step in path[:-1]:
        simulation = _part(simulation, step)
    kind, key = path[-1]
    if kind == "attribute":
        vars(simulation)[key] = tensor
    else:
        simulation[list(simulation)[key] if isinstance(simulation, dict) else key] = tensor


def _part(thing: Any, step: tuple[str, Any]) -> Any:
    kind, key = step
    if kind == "attribute":
        return vars(thing)[key]
    return list(thing.values())[key] if isinstance(thing, dict) else thing[key]


def _parts(thing: Any) -> list[tuple[tuple[str, Any], Any]]:
    if isinstance(thing, dict):
        return [(("item", number), part) for number, part in enumerate(thing.values())]
    if isinstance(thing, list):
        return [(("item", number), part) for number, part in enumerate(thing)]
    if (
        isinstance(thing, (torch.nn.Module, torch.device, torch.dtype, type))
        or not hasattr(thing, "__dict__")
        or callable(thing)
    ):
        return []
    return [(("attribute", name), part) for name, part in vars(thing).items()]

"""Checkpoints: arrays and JSON, never pickle. What a learner and its matches in progress need to go on identically.

Array names start with a part: `weights/<module>/<parameter>`, `optimiser/<module>/<parameter>/<moment>`,
`past/<module>/<parameter>` (older weights that the learner needs), `average/<module>/<parameter>` (what snapshots
carry), `critics/<module>/<name>.<parameter>` (what only the loss needs), `experience/...` (what is kept of what was
played), `reward/<channel>/<name>` (the state of rewards that learn) and `lanes/...` (see `marl.arena.Sampler.save`).
RLlib's own state is not used: it keeps newer weights when an older state is loaded, leaves out adaptive coefficients,
and its files are pickles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from marl.algorithm import Checkpoint
from marl.errors import UserError
from marl.snapshot import JSON, Snapshot
from marl.training.averaging import Average
from marl.training.networks.saved import NAME, describe_network
from marl.types import Array

if TYPE_CHECKING:
    from marl.training.modules import ModuleSpec
    from marl.training.networks import Network

AVERAGE, REWARD = "average/", "reward/"
_CRITICS = "critics/"
_EXPERIENCE = "experience"


class Learning(Protocol):
    """What a checkpoint holds of a learner; see `marl.training.learner.ColumnLearner`, which is one."""

    past: Any
    averages: Any
    memo: Any
    critics: Any
    _named_optimizers: Any

    @property
    def names(self) -> Any:
        """The modules that learn."""

    def weights(self) -> dict[str, Array]:
        """The weights of all networks."""

    def network(self, module: str) -> Any:
        """A module's network."""

    def reset(self, seed: int) -> None:
        """Begin anew."""

    def get_optimizers_for_module(self, module: str) -> Any:
        """A module's optimisers."""


def save_learner(learner: Learning) -> Checkpoint:
    """Weights, the state of every optimiser, and what the learner remembers."""
    arrays = {f"weights/{name}": array for name, array in learner.weights().items()}
    for name, moments in _optimiser_states(learner).items():
        for key, value in moments.items():
            arrays[f"optimiser/{name}/{key}"] = _array(value)
    for module, weights in learner.past.items():
        arrays |= {f"past/{module}/{key}": _array(value) for key, value in weights.items()}
    arrays |= {f"{AVERAGE}{name}": array for name, array in averages(learner).items()}
    arrays |= _critics(learner)
    memo = {name: dict(values) for name, values in learner.memo.items()}
    return Checkpoint(arrays, {"memo": memo, "averaged": {name: one.count for name, one in learner.averages.items()}})


def averages(learner: Learning) -> dict[str, Array]:
    """Copies of the averaged weights, by "module/parameter"."""
    return {
        f"{module}/{key}": _array(value)
        for module, average in learner.averages.items()
        for key, value in average.weights.items()
    }


def load_learner(learner: Learning, checkpoint: Checkpoint) -> None:
    """Put a saved state into a live learner, newer or older. Raises UserError where the modules differ."""
    parts = part(checkpoint.arrays, "weights/")
    known, critics = learner.weights(), part(checkpoint.arrays, _CRITICS)
    _compare(known, parts)
    if critics:
        _compare(part(_critics(learner), _CRITICS), critics)
    elif any(learner.critics.values()):
        learner.reset(0)  # networks of somebody else's snapshot, see `starting`: the critics are new
    for name in learner.names:
        for key, critic in learner.critics[name].items() if critics else ():
            critic.load_state_dict(_tensors(part(critics, f"{name}/{key}."), "cpu"))
        learner.network(name).load_state_dict(_tensors(part(parts, f"{name}/"), "cpu"))
    for optimizer in learner._named_optimizers.values():
        optimizer.state.clear()
    moments = part(checkpoint.arrays, "optimiser/")
    for name, parameter, optimizer in _parameters(learner):
        saved = part(moments, f"{name}/")
        if saved:
            optimizer.state[parameter] = _tensors(saved, parameter.device)
    past = part(checkpoint.arrays, "past/")
    older = {name: _tensors(part(past, f"{name}/"), learner.network(name).device) for name in learner.names}
    learner.past = {name: weights for name, weights in older.items() if weights}
    averages = part(checkpoint.arrays, AVERAGE)
    learner.averages = {
        name: Average(_tensors(part(averages, f"{name}/"), learner.network(name).device), count)
        for name, count in checkpoint.meta.get("averaged", {}).items()
    }
    learner.memo = {name: dict(values) for name, values in checkpoint.meta.get("memo", {}).items()}


def with_experience(learner: Checkpoint, kept: Checkpoint) -> Checkpoint:
    """The state of a learner, and the experience that it draws from."""
    if not kept.arrays and not kept.meta:
        return learner
    arrays = {f"{_EXPERIENCE}/{name}": array for name, array in kept.arrays.items()}
    return Checkpoint({**learner.arrays, **arrays}, {**learner.meta, _EXPERIENCE: dict(kept.meta)})


def experience_of(checkpoint: Checkpoint) -> Checkpoint:
    """The experience in a checkpoint."""
    return Checkpoint(part(checkpoint.arrays, f"{_EXPERIENCE}/"), checkpoint.meta.get(_EXPERIENCE, {}))


def starting(
    modules: Mapping[str, ModuleSpec], snapshot: Snapshot, parts: Collection[str] = (), seed: int = 0
) -> Checkpoint:
    """A checkpoint that begins with the networks of a snapshot: no optimiser, no progress, no matches.

    `parts`: only weights whose names begin with one of them; the others are new, and follow from `seed`. They are those
    of the network of the same name, or of the only one that the snapshot has. Raises UserError where the snapshot's
    networks are not `modules`, or lack a part.
    """
    if snapshot.policy != NAME:
        raise UserError(f"it is a policy {snapshot.policy!r}, and only networks ({NAME!r}) can be trained on")
    arrays: dict[str, Array] = {}
    for name, spec in modules.items():
        network = spec.build(seed, name)
        found = _parts(network, name, snapshot, parts) if parts else _whole(network, name, snapshot)
        arrays |= {f"weights/{name}/{key}": array for key, array in found.items()}
    progress = {"env_steps": 0, "rows": 0, "updates": 0, "budget": 0}
    return Checkpoint(arrays, {"memo": {}, "averaged": {}, "progress": progress})


def _whole(network: Network, name: str, snapshot: Snapshot) -> dict[str, Array]:
    """All weights of a network, as a snapshot has them; a critic that it was trained without (a clone's) is new."""
    saved = snapshot.meta["modules"]
    if name not in saved:
        raise UserError(f"it has the networks {', '.join(saved)}, and not {name!r}: is `sharing` another one?")
    wanted = describe_network(network)
    for key in wanted:
        there = saved[name].get(key, {})
        if wanted[key] != there:
            raise UserError(f"its network {name!r} has another {key}: {_unlike(there, wanted[key])}")
    return {key: snapshot.arrays.get(f"{name}/{key}", _array(new)) for key, new in network.state_dict().items()}


def _parts(network: Network, name: str, snapshot: Snapshot, parts: Collection[str]) -> dict[str, Array]:
    """The weights of a network: a snapshot's where their names begin with one of `parts`, and its own elsewhere."""
    saved = list(snapshot.meta["modules"])
    source = name if name in saved else saved[0]
    if name not in saved and len(saved) > 1:
        raise UserError(f"it has the networks {', '.join(saved)}, and which of them {name!r} starts from is not clear")
    result = {key: _array(value) for key, value in network.state_dict().items()}
    for one in parts:
        keys = [key for key in result if f"{key}.".startswith(f"{one}.")]
        if not keys:
            known = sorted({".".join(key.split(".")[:depth]) for key in result for depth in (1, 2)})
            raise UserError(f"the network {name!r} has no part {one!r}: it has {', '.join(known)}")
        for key in keys:
            array = snapshot.arrays.get(f"{source}/{key}")
            if array is None or array.shape != result[key].shape:
                there = "is missing there" if array is None else f"is {list(array.shape)} there"
                raise UserError(f"{key} of its network {source!r} {there}, and {list(result[key].shape)} here")
            result[key] = array
    return result


def _unlike(there: JSON, here: JSON) -> str:
    """What differs between two descriptions, in words."""
    keys = [key for key in {**there, **here} if there.get(key) != here.get(key)]
    return ", ".join(f"{key} is {there.get(key)} there and {here.get(key)} here" for key in keys)


def part(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The arrays whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _array(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy().copy()
    return array


def _tensors(arrays: Mapping[str, Array], device: torch.device | str) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(np.array(array)).to(device) for key, array in arrays.items()}


def _optimiser_states(learner: Learning) -> dict[str, dict[str, Any]]:
    return {name: optimizer.state.get(parameter, {}) for name, parameter, optimizer in _parameters(learner)}


def _parameters(learner: Learning) -> list[tuple[str, Any, Any]]:
    """`(module/parameter, parameter, its optimiser)` for every parameter that is trained."""
    result = []
    for module in learner.names:
        owner = {
            id(parameter): optimizer
            for _, optimizer in learner.get_optimizers_for_module(module)
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        critics = [
            (f"critics.{name}.{key}", parameter)
            for name, critic in learner.critics[module].items()
            for key, parameter in critic.named_parameters()
        ]
        for key, parameter in (*learner.network(module).named_parameters(), *critics):
            if id(parameter) in owner:
                result.append((f"{module}/{key}", parameter, owner[id(parameter)]))
    return result


def _critics(learner: Learning) -> dict[str, Array]:
    return {
        f"{_CRITICS}{module}/{name}.{key}": _array(value)
        for module, critics in learner.critics.items()
        for name, critic in critics.items()
        for key, value in critic.state_dict().items()
    }


def _compare(known: Mapping[str, Array], saved: Mapping[str, Array]) -> None:
    differing = sorted(
        name
        for name in {*known, *saved}
        if name not in known or name not in saved or known[name].shape != saved[name].shape
    )
    if differing:
        raise UserError(
            f"the checkpoint is of another model: {differing[0]!r} and {len(differing) - 1} more weights differ; "
            "model, sharing and environment must be those that it was trained with"
        )

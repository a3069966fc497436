"""Networks as snapshots: weights by "module/parameter", and the JSON that builds the modules again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from marl.env import EnvSpec
from marl.errors import UserError
from marl.snapshot import JSON, Snapshot
from marl.space import describe
from marl.training.model import ModelConfig, Sharing
from marl.training.networks.build import module_ids, seen_space
from marl.training.networks.heads import Heads
from marl.training.networks.network import Network
from marl.training.networks.team_model import sizes_known
from marl.types import Array

NAME = "marl/network"
MISSING = (
    f"the policy {NAME!r} needs a snapshot: name a run that trained one, a snapshot's file, or a policy that needs "
    "none, such as marl/random"
)


def save(networks: Mapping[str, Network], sharing: Sharing, meta: Mapping[str, JSON]) -> Snapshot:
    """A snapshot of the weights as they are now. `meta` must not use the keys "sharing" and "modules"."""
    modules = {name: describe_network(network) for name, network in networks.items()}
    return Snapshot(NAME, weights(networks), {**meta, "sharing": sharing, "modules": modules})


def weights(networks: Mapping[str, Network]) -> dict[str, Array]:
    """Copies of all weights, float32 by "module/parameter"."""
    return {
        f"{name}/{key}": np.array(value.detach().cpu().numpy(), dtype=np.float32)
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }


def load(spec: EnvSpec, snapshot: Snapshot) -> tuple[dict[str, Network], Sharing]:
    """The frozen networks of a snapshot. Raises UserError where they do not fit the environment or are damaged."""
    meta = snapshot.meta
    if snapshot.policy != NAME:
        raise UserError(f"this snapshot is not one of networks: its policy is {snapshot.policy!r}, not {NAME!r}")
    if "modules" not in meta or "sharing" not in meta:
        raise UserError(MISSING)
    ids = module_ids(spec, meta["sharing"])
    served = dict(zip(ids, spec.group_of.tolist(), strict=True))
    sizes = sizes_known(spec, ids, meta["modules"])
    networks = {}
    for name, module in meta["modules"].items():
        if name not in served:
            raise UserError(
                f"this snapshot has a network {name!r}, which serves nobody in this environment; "
                f"with sharing {meta['sharing']!r} it has {sorted(served)}"
            )
        group, config = spec.groups[served[name]], ModelConfig(**module["config"])
        spaces = {"observation": seen_space(group, config), "action": group.action}
        for what, space in spaces.items():
            if module[what] != describe(space):
                raise UserError(
                    f"this snapshot does not fit the environment: its network {name!r} was made for the {what} "
                    f"{module[what]}, and group {group.name!r} has {describe(space)}"
                )
        heads = Heads.read(module.get("heads", {}))
        team = sizes.get(name) if heads.team else None
        networks[name] = fill(Network(**spaces, config=config, heads=heads, team=team), name, snapshot)
    return networks, meta["sharing"]


def fill(network: Network, name: str, snapshot: Snapshot) -> Network:
    """Put a snapshot's weights into a network, and freeze it."""
    state = {}
    for key, parameter in network.state_dict().items():
        array = snapshot.arrays.get(f"{name}/{key}")
        if array is None or array.shape != tuple(parameter.shape):
            found = "is missing" if array is None else f"has the shape {array.shape}"
            raise UserError(f"this snapshot is damaged: {name}/{key} {found}, and should be {tuple(parameter.shape)}")
        state[key] = torch.tensor(np.asarray(array))
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def describe_network(network: Network) -> dict[str, JSON]:
    """What it takes to build a network again, as JSON."""
    spaces = {"observation": describe(network.observation), "action": describe(network.action)}
    heads: dict[str, JSON] = {} if network.heads.played == Heads().played else {"heads": network.heads.played}
    return {"config": network.config.plain(), **spaces, **heads}

"""Which policy plays networks, and how a snapshot becomes one."""

from __future__ import annotations

from collections.abc import Mapping

from marl.env import EnvSpec
from marl.errors import UserError
from marl.snapshot import Snapshot
from marl.training.behaviour import Behaviour
from marl.training.model import Sharing
from marl.training.networks import saved
from marl.training.networks.distributions.greedy import Greedy
from marl.training.networks.network import Network
from marl.training.networks.policy import NetworkParams, NetworkPolicy
from marl.training.networks.team_policy import TeamNetworkPolicy


def player(
    spec: EnvSpec, networks: Mapping[str, Network], sharing: Sharing = "all", behaviour: Behaviour | None = None
) -> NetworkPolicy:
    """What plays these networks: each agent by itself or, where they have a team model, a side together."""
    together = any(network.heads.team for network in networks.values())
    return (TeamNetworkPolicy if together else NetworkPolicy)(spec, networks, sharing, behaviour)


def restore(spec: EnvSpec, snapshot: Snapshot | None = None, params: NetworkParams | None = None) -> NetworkPolicy:
    """The frozen policy that a `marl/network` snapshot holds. UserError where it does not fit the environment."""
    params = params or NetworkParams()
    if snapshot is None:
        raise UserError(saved.MISSING)
    networks, sharing = saved.load(spec, snapshot)
    for network in networks.values() if params.greedy else ():
        network.distribution = Greedy(network.distribution)
    return player(spec, networks, sharing)

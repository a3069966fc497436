"""A player's networks as ONNX files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marl.errors import UserError
from marl.registry import ENVIRONMENTS, Registry
from marl.run.players import Contestant
from marl.services import restore


def network_file(player: Contestant, file: Path, registry: Registry) -> Iterator[Path]:
    """Write each network of a player: `file`, or where it has several `NAME.MODULE.onnx` beside it; their paths.

    Raises UserError where it is a mixture of several players, or has no network.
    """
    snapshots = {snapshot.id: snapshot for side in player.mixtures for snapshot, weight in side if weight > 0}
    if len(snapshots) != 1 or player.env is None:
        raise UserError(f"{player.name} is {len(snapshots)} players: name one of them, as in RUN@NAME")
    (snapshot,) = snapshots.values()
    spec = registry.make(ENVIRONMENTS, player.env.name, player.env.params, lanes=1).spec
    policy = restore(registry, spec, snapshot)
    networks = getattr(policy, "networks", None)
    if not networks:
        raise UserError(f"{player.name} is no network, but {snapshot.policy}: only networks can be written as ONNX")
    from marl.training.networks.onnx import write

    for name, network in networks.items():
        one = file if len(networks) == 1 else file.with_suffix(f".{name}.onnx")
        write(network, one)
        yield one

"""Asking a league for an operation, whether it is running or not: checked here, written into its ledger, taken there.

Nothing of a run directory is written but blobs, which nobody has to wait for, and a row of the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from league.ledger.operations import Operations
from league.reader import open_ledger
from marl.blobs import Blobs
from marl.errors import UserError, suggestion
from marl.registry import ENVIRONMENTS, Registry
from marl.run.change import changed
from marl.run.players import Contestant, contestant, environment_of
from marl.scenario import Component, load_run
from marl.services import restore
from marl.snapshot import Snapshot


def add(run: Path, text: str, registry: Registry) -> int:
    """Ask that a player joins, on every side that it can play; the number of the operation.

    `text` names it as players are named everywhere. Raises UserError where it is nobody, learned elsewhere, or is a
    mixture of several.
    """
    return join(run, contestant(text, registry), text, registry)


def join(run: Path, found: Contestant, text: str, registry: Registry) -> int:
    """The same of somebody who was found already; `text` is where he comes from."""
    env: Component | None = environment_of(run, registry)
    ledger = open_ledger(run)
    try:
        if env is None or load_run(run, registry).kind != "league":
            raise UserError(f"{run} is no league")
        if found.env is not None and found.env != env:
            raise UserError(
                f"{text} learned {found.env}, and {run} plays {env}: what it was shown may mean something else"
            )
        populations = sorted({player.sides for _, player in ledger.players()})
        if not populations:
            raise UserError(f"{run} has no players yet: let it begin")
        spec = registry.make(ENVIRONMENTS, env.name, env.params, lanes=1).spec
        joining = _joining(found, populations, text)
        blobs = Blobs(run / "blobs")
        for _, snapshot in joining:
            restore(registry, spec, snapshot)  # raises where it cannot play here
            blobs.put_snapshot(snapshot)
        players = [[list(sides), snapshot.id] for sides, snapshot in joining]
        return Operations(ledger).ask("add", {"players": players, "source": text})
    finally:
        ledger.close()


def _joining(
    found: Contestant, populations: Sequence[tuple[int, ...]], text: str
) -> list[tuple[tuple[int, ...], Snapshot]]:
    """The populations that a player can join, and as what."""
    joining = []
    for sides in populations:
        if found.sides is not None and not set(sides) <= set(found.sides):
            continue
        snapshots = {snapshot.id: snapshot for side in sides for snapshot, weight in found.on(side) if weight > 0}
        if len(snapshots) > 1:
            raise UserError(
                f"{text} is {len(snapshots)} players who are drawn for every match: name one of them, as in RUN@NAME "
                "(`marl league players RUN`)"
            )
        (snapshot,) = snapshots.values()
        joining.append((sides, snapshot))
    if not joining:
        raise UserError(
            f"{text} learned to play {len(found.sides or ())} of the sides only, and here one player plays all"
        )
    return joining


def retire(run: Path, name: str) -> int:
    """Ask that a player leaves; the number of the operation. Raises UserError where nobody of that name is there."""
    ledger = open_ledger(run)
    try:
        players = [player for _, player in ledger.players()]
        one = next((player for player in players if player.name == name), None)
        if one is None:
            raise UserError(f"{run} has no player {name!r}{suggestion(name, [player.name for player in players])}")
        if one.retired is not None:
            raise UserError(f"{name} has left already, in iteration {one.retired}")
        if sum(player.sides == one.sides and player.retired is None for player in players) == 1:
            raise UserError(f"{name} is the last player of its population")
        return Operations(ledger).ask("retire", {"player": name})
    finally:
        ledger.close()


def settings(run: Path, overrides: Sequence[str], registry: Registry) -> int:
    """Ask that a league goes on with other settings, `key=value`; the number of the operation.

    What may change is what `marl resume RUN key=value` may change. Raises UserError where a key may not, or a value
    cannot be.
    """
    ledger = open_ledger(run)
    try:
        changed(run, overrides, registry)
        return Operations(ledger).ask("set", {"overrides": list(overrides)})
    finally:
        ledger.close()


def is_running(run: Path) -> bool:
    """Whether a process drives the league just now, on this machine."""
    from marl.run.branch import resting

    try:
        with resting(run):
            return False
    except UserError:
        return True

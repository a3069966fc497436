"""Who plays what a restricted game was solved to: a policy that chooses a member, and the members, in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts, Explicit, Policy
from marl.registry import load_registry
from marl.services import restore
from marl.snapshot import Snapshot
from marl.types import Array, Floats, Keys
from marl_nash.nxdo.game import Members, choices, members_act, restricted_spec

NAME = "nash/restricted"
_MEMBERS = 0x6D656D62  # sets what members draw apart from what chose them


class RestrictedPlayer:
    """Chooses a member at every decision, by `chooser`, a policy of the restricted game; the member acts."""

    def __init__(self, spec: EnvSpec, chooser: Policy, members: Members) -> None:
        self.spec, self.chooser, self.members = spec, chooser, members

    def memory(self, rows: int) -> Array | None:
        """The chooser's."""
        return self.chooser.memory(rows)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `Policy.act`. `logp` is that of choosing this member, and of what it did."""
        chosen = self.chooser.act(self._seen(rows), memory, keys)
        number = np.asarray(chosen.action, dtype=np.int64)
        action, logp = members_act(self.spec, self.members, rows, number, rng.extend(keys, _MEMBERS))
        return replace(chosen, action=action, logp=chosen.logp + logp)

    def probabilities(self, rows: Rows) -> Floats:
        """See `Explicit`: those of the members, as often as they are chosen. Raises UserError where one has none."""
        everyone = [self.chooser, *(one for side in self.members for one in side)]
        if not all(isinstance(one, Explicit) for one in everyone):
            raise UserError(f"{NAME}: a member of the population cannot state its probabilities; let matches be played")
        assert isinstance(self.chooser, Explicit), "just seen"
        chosen, side, found = self.chooser.probabilities(self._seen(rows)), self.spec.side_of[rows.agent], None
        for number in np.unique(side).tolist():
            where = np.flatnonzero(side == number)
            for which, member in enumerate(self.members[number]):
                assert isinstance(member, Explicit), "just seen"
                table = chosen[where, which, None] * member.probabilities(rows.take(where))
                found = np.zeros((len(rows), table.shape[1])) if found is None else found
                found[where] += table
        return np.zeros((0, 0)) if found is None else found

    def _seen(self, rows: Rows) -> Rows:
        return replace(rows, mask=choices(self.spec, self.members, rows))


def snapshot_of(chooser: Snapshot, members: Sequence[Sequence[Snapshot]]) -> Snapshot:
    """All of them in one, so that it plays wherever it is taken to."""
    parts = {"chooser": chooser}
    parts |= {f"{side}/{number}": one for side, two in enumerate(members) for number, one in enumerate(two)}
    arrays = {f"{name}:{key}": array for name, one in parts.items() for key, array in one.arrays.items()}
    meta = {name: {"policy": one.policy, "meta": dict(one.meta)} for name, one in parts.items()}
    return Snapshot(NAME, arrays, {"members": [len(one) for one in members], "parts": meta})


def restored(spec: EnvSpec, snapshot: Snapshot) -> RestrictedPlayer:
    """The policy that such a snapshot holds. Raises UserError where it is none."""
    counts, registry = snapshot.meta.get("members"), load_registry()
    if not counts or len(counts) != len(spec.sides):
        raise UserError(
            f"{NAME} is what a league of nash/nxdo comes to in a game of its own: name its run, as in RUN@PLAYER"
        )
    members = [
        [restore(registry, spec, _part(snapshot, f"{side}/{number}")) for number in range(count)]
        for side, count in enumerate(counts)
    ]
    chooser = restore(registry, restricted_spec(spec, max(counts)), _part(snapshot, "chooser"))
    return RestrictedPlayer(spec, chooser, members)


def _part(snapshot: Snapshot, name: str) -> Snapshot:
    start, told = f"{name}:", snapshot.meta["parts"][name]
    arrays = {key.removeprefix(start): array for key, array in snapshot.arrays.items() if key.startswith(start)}
    return Snapshot(told["policy"], arrays, told["meta"])

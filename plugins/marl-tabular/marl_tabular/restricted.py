"""A part of a game: the sequence form in which players have some of their actions only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl import tree
from marl.exact import Decisions, SequenceForm
from marl.types import Bools, Floats, Ints


class Restricted:
    """The game `form` in which player `n` may only use the sequences where `allowed[n]`, `bool[S]`.

    An information set stays where the sequence that leads to it does; at least one action of it is to be allowed.
    `kept[n]`: `int64[R]`, the sequences of player `n` that are left, in order; the empty one first.
    """

    def __init__(self, form: SequenceForm, allowed: Sequence[Bools]) -> None:
        self.whole = form
        self.kept = [_reachable(player, one) for player, one in zip(form.players, allowed, strict=True)]
        numbers = [_numbers(player.sequences, kept) for player, kept in zip(form.players, self.kept, strict=True)]
        meeting = np.stack([new[form.sequence[:, side]] for side, new in enumerate(numbers)], axis=1)
        left = (meeting >= 0).all(axis=1)
        players = tuple(_part(*each) for each in zip(form.players, self.kept, numbers, strict=True))
        self.form = SequenceForm(players, meeting[left], form.payoff[left])

    def whole_plan(self, player: int, plan: Floats) -> Floats:
        """A plan of the part as one of the whole game, `float64[S]`."""
        full = np.zeros(self.whole.players[player].sequences)
        full[self.kept[player]] = plan
        return full


def _reachable(player: Decisions, allowed: Bools) -> Ints:
    """The allowed sequences all of whose earlier ones are allowed too."""
    kept = np.zeros(player.sequences, dtype=np.bool_)
    kept[0] = True
    for members, children, valid in player.layers:
        inside = valid & kept[player.parent[members]][:, None] & allowed[children]
        kept[children[inside]] = True
    return np.flatnonzero(kept)


def _numbers(sequences: int, kept: Ints) -> Ints:
    """The new number of each sequence, -1 where it is gone."""
    numbers = np.full(sequences, -1, dtype=np.int64)
    numbers[kept] = np.arange(len(kept))
    return numbers


def _part(player: Decisions, kept: Ints, numbers: Ints) -> Decisions:
    """The decisions that are left."""
    owner = player.infoset[kept[1:]]
    infosets, start, size = np.unique(owner, return_index=True, return_counts=True)
    return replace(
        player,
        parent=numbers[player.parent[infosets]],
        start=start + 1,
        size=size,
        action=player.action[kept],
        observation=tree.take(player.observation, infosets),
        mask=player.mask[infosets],
        name=tuple(player.name[n] for n in infosets.tolist()),
    )

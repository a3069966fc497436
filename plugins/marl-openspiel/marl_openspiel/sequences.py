"""The sequence form of an OpenSpiel game, by walking its tree.

Players who act at the same time each decide on their own row, as in the environment; nothing is turned into turns. An
information set is what a row shows, so a tabular policy finds every row of the environment.
"""

from __future__ import annotations

import itertools
import random
from array import array
from typing import Any

import numpy as np
import pyspiel

from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl_openspiel.match import samples_itself
from marl_openspiel.sight import Sight, offered

LIMIT = 5_000_000  # states; about a minute and a gigabyte
TABLE = 1 << 28  # entries of a player's behaviour policy, information sets times actions; 2 gigabytes
_PROBES = 20


def build(game: Any, sight: Sight, limit: int = LIMIT) -> SequenceForm:
    """The sequence form of `game`, its information sets seen through `sight`; raises UserError where there is none."""
    if samples_itself(game):
        raise UserError(f"{game} draws its chance itself, so it has no game tree to solve exactly")
    if _estimate(game, 50.0 * limit) > 50.0 * limit:  # random probes: refuse only what is far beyond the limit
        raise UserError(_too_large(game, limit))
    return _Walk(game, sight, limit).run()


def _too_large(game: Any, limit: int) -> str:
    return f"{game} has more than {limit:,} states, too many to solve exactly; choose a smaller game"


def _estimate(game: Any, enough: float) -> float:
    """About how many leaves the tree has: the mean product of branching factors along random paths.

    Source: Knuth, "Estimating the efficiency of backtrack programs", Mathematics of Computation 29 (1975).
    """
    generator, total = random.Random(0), 0.0
    for _ in range(_PROBES):
        state, product = game.new_initial_state(), 1.0
        while not state.is_terminal():
            if state.is_simultaneous_node():
                options = [state.legal_actions(player) or [0] for player in range(game.num_players())]
                product *= float(np.prod([float(len(each)) for each in options]))
                state.apply_actions([generator.choice(each) for each in options])
            else:
                legal = state.legal_actions()
                product *= len(legal)
                state.apply_action(generator.choice(legal))
            if total + product > enough * _PROBES:
                return np.inf
        total += product
    return total / _PROBES


class _Player:
    """One player's decisions as the walk finds them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.known: dict[bytes, int] = {}
        self.observation: list[bytes] = []
        self.name: list[str] = []
        self.legal: list[list[int]] = []
        self.parent = array("q")
        self.start = array("q")
        self.action = array("q", [-1])

    def add(self, seen: bytes, name: str, parent: int, legal: list[int]) -> int:
        index = len(self.name)
        self.known[seen] = index
        self.observation.append(seen)
        self.name.append(name)
        self.legal.append(legal)
        self.parent.append(parent)
        self.start.append(len(self.action))
        self.action.extend(legal)
        return index

    def decisions(self, sight: Sight) -> Decisions:
        size = np.array([len(legal) for legal in self.legal], dtype=np.int64)
        mask = np.zeros((len(size), self.width), dtype=np.bool_)
        mask[np.repeat(np.arange(len(size)), size), np.array(self.action)[1:]] = True
        flat = np.frombuffer(b"".join(self.observation), sight.buffer.dtype).reshape(len(size), sight.buffer.size)
        numbers = (np.array(each, dtype=np.int64) for each in (self.parent, self.start))
        parent, start = numbers
        actions = np.array(self.action, dtype=np.int64)
        return Decisions(parent, start, size, actions, sight.batch(flat), mask, tuple(self.name))


class _Walk:
    def __init__(self, game: Any, sight: Sight, limit: int) -> None:
        self.game = game
        self.sight = sight
        self.limit = limit
        self.players = [_Player(game.num_distinct_actions()) for _ in range(game.num_players())]
        self.named = "information_state_text" in offered(game)
        self.sequence = array("q")
        self.payoff = array("d")
        self.chance = array("d")

    def run(self) -> SequenceForm:
        """Depth first, with a stack of (state, sequence of each player, probability of chance)."""
        count = len(self.players)
        stack: list[tuple[Any, tuple[int, ...], float]] = [(self.game.new_initial_state(), (0,) * count, 1.0)]
        visited = 0
        while stack:
            state, sequence, chance = stack.pop()
            visited += 1
            if visited > self.limit:
                raise UserError(_too_large(self.game, self.limit))
            player = state.current_player()
            if player >= 0:
                self._one(stack, state, player, sequence, chance)
            elif state.is_terminal():
                self.sequence.extend(sequence)
                self.payoff.extend([chance * value for value in state.returns()])
                self.chance.append(chance)
            elif state.is_chance_node():
                outcomes = [(action, chance * p) for action, p in state.chance_outcomes() if p > 0]
                stack.extend((state.child(action), sequence, reach) for action, reach in reversed(outcomes))
            else:
                self._together(stack, state, sequence, chance)
        decisions = [player.decisions(self.sight) for player in self.players]
        meetings = np.array(self.sequence).reshape(-1, count)
        payoff = np.array(self.payoff).reshape(-1, count)
        return SequenceForm.build(decisions, meetings, payoff, np.array(self.chance))

    def _one(self, stack: list[Any], state: Any, player: int, sequence: tuple[int, ...], chance: float) -> None:
        legal = state.legal_actions()
        start = self._decide(state, player, sequence[player], legal)
        before, after = sequence[:player], sequence[player + 1 :]
        for offset in range(len(legal) - 1, -1, -1):
            stack.append((state.child(legal[offset]), (*before, start + offset, *after), chance))

    def _together(self, stack: list[Any], state: Any, sequence: tuple[int, ...], chance: float) -> None:
        options: list[list[tuple[int, int]]] = []  # per player: (action, the sequence it leads to)
        for player, own in enumerate(sequence):
            legal = state.legal_actions(player)
            start = self._decide(state, player, own, legal) if legal else 0
            options.append([(action, start + offset) for offset, action in enumerate(legal)] or [(0, own)])
        for choice in itertools.product(*options):
            child = state.clone()
            child.apply_actions([action for action, _ in choice])
            stack.append((child, tuple(reached for _, reached in choice), chance))

    def _decide(self, state: Any, player: int, parent: int, legal: list[int]) -> int:
        """The sequence of the player's first action here."""
        self.sight.look(state, player)
        seen = self.sight.buffer.tobytes()
        mine = self.players[player]
        name = state.information_state_string(player) if self.named else f"{player}:{len(mine.name)}"
        index = mine.known.get(seen)
        if index is None:
            if (len(mine.name) + 1) * mine.width > TABLE:
                raise UserError(
                    f"{self.game} has more than {len(mine.name):,} information sets with {mine.width:,} actions each, "
                    "too many to solve exactly; choose a smaller game"
                )
            index = mine.add(seen, name, parent, legal)
        elif mine.parent[index] != parent or mine.legal[index] != legal or (self.named and mine.name[index] != name):
            raise UserError(self._aliased(player, mine.name[index], name))
        return mine.start[index]

    def _aliased(self, player: int, one: str, other: str) -> str:
        options = [name for name in offered(self.game) if name.startswith("information") and name != self.sight.name]
        forgets = one == other and self.sight.name.startswith("information")  # as the game itself has it
        if forgets:
            advice = (
                "players forget there what they saw, so another observation would not help; maybe its parameters do"
            )
        else:
            advice = f"make it with observation: {options[0]}" if options else "it offers no other observation"
        difference = (
            f"({one!r} and {other!r})" if one != other else f"({one!r}, reached in two ways: no perfect recall)"
        )
        return (
            f"{self.game} has no sequence form as it is seen by {self.sight.name!r}: one row of player_{player} shows "
            f"different information sets {difference}; {advice}"
        )


def is_simultaneous(game: Any) -> bool:
    """Whether players act at the same time in this game."""
    return bool(game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS)

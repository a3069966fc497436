"""Every state of an OpenSpiel mean-field game, once, in the order in which OpenSpiel's own solvers meet them.

The order matters: some games (crowd modelling) are paid for the last action, which the name of a state leaves out, so
that what a state pays is what the first path to it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marl.errors import UserError

CHANCE, MEAN_FIELD = -1, -5
MOST = 200_000  # states; beyond, a game of one's own is the better way


@dataclass
class Node:
    """Where an agent is at a time. `state`: OpenSpiel's, before it is told the distribution (after, at time 0).

    `support`: the names in the distribution that it asks for. `moves`: for each action its chances to be at a place,
    by name, one step later; none at the end. `population`: whose agent it is. `paid`: what it pays before it is told.
    """

    name: str
    population: int
    time: int
    state: Any
    support: tuple[str, ...] = ()
    moves: dict[int, dict[str, float]] = field(default_factory=dict)
    paid: float = 0.0

    @property
    def told(self) -> bool:
        """Whether it is told a distribution: not at time 0, and not at the end."""
        return bool(self.support)


@dataclass
class Walked:
    """A game's nodes by name, in the order in which they were met, and the chances of the first ones by population."""

    nodes: dict[str, Node] = field(default_factory=dict)
    first: list[dict[str, float]] = field(default_factory=list)


def walk(game: Any) -> Walked:
    """Visit every state of a game. Raises UserError where moves depend on the distribution, or there are too many."""
    walked = Walked()
    for root in game.new_initial_states():
        found = Walk(game, walked.nodes)
        walked.first.append(found.start(root))
    return walked


class Walk:
    """Depth first, actions in order: as OpenSpiel evaluates policies and best responses."""

    def __init__(self, game: Any, nodes: dict[str, Node]) -> None:
        self.game, self.nodes = game, nodes
        self._after: dict[str, dict[str, float]] = {}  # where chance leads to from states that were met already

    def start(self, root: Any) -> dict[str, float]:
        """Visit all that can follow; the chances of the states at time 0."""
        outcomes = root.chance_outcomes() if root.is_chance_node() else [(None, 1.0)]
        first = {}
        for outcome, chance in outcomes:
            state = root if outcome is None else root.child(outcome)
            first[_name(state)] = chance
            self.visit(state)
        return first

    def visit(self, state: Any) -> None:
        """Visit a state, and all that can follow, in order, without recursion: games may be long."""
        stack: list[Iterator[tuple[Any, int]]] = [iter([(state, 0)])]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
            elif _name(following[0]) not in self.nodes:
                stack.append(self.enter(*following))

    def enter(self, state: Any, time: int) -> Iterator[tuple[Any, int]]:
        """Note a place, and go through the places that can follow, in order."""
        node = Node(_name(state), int(state.mean_field_population()), time, state)
        self.nodes[node.name] = node
        if len(self.nodes) > MOST:
            raise UserError(f"{self.game} has more than {MOST:,} states: write it as a MeanFieldGame of your own")
        node.paid = float(state.rewards()[node.population]) if not _acts(state) else 0.0
        if state.is_terminal():
            return
        if not _acts(state):
            node.support = tuple(state.distribution_support())
        decision = told(node, np.full(len(node.support), 1.0 / max(len(node.support), 1)))
        if not _acts(decision):
            raise UserError(f"{self.game}: after {node.name} nobody acts, which cannot be put into arrays")
        for action in decision.legal_actions():
            child = decision.child(action)
            known = _name(child) in self._after
            node.moves[int(action)] = chances = self._after.setdefault(_name(child), {})
            for place, chance in () if known else outcomes(child):
                chances[_name(place)] = chances.get(_name(place), 0.0) + chance
                yield place, time + 1


def outcomes(state: Any) -> Iterator[tuple[Any, float]]:
    """Where chance leads to from a state, until an agent is told a distribution or the game is over."""
    if not state.is_terminal() and state.is_chance_node():
        for outcome, chance in state.chance_outcomes():
            for place, after in outcomes(state.child(outcome)):
                yield place, chance * after
    else:
        yield state, 1.0


def told(node: Node, distribution: Any) -> Any:
    """The state in which an agent of the node acts, once it knows how all are distributed over `node.support`."""
    if not node.told:
        return node.state
    state = node.state.clone()
    state.update_distribution([float(share) for share in distribution])
    return state


def _acts(state: Any) -> bool:
    return not state.is_terminal() and int(state.current_player()) >= 0


def _name(state: Any) -> str:
    return str(state.observation_string(0))

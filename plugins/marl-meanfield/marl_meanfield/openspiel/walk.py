"""Every state of an OpenSpiel mean-field game, once, in the order in which OpenSpiel's own solvers meet them.

An agent arrives at a place, is told how all are distributed, and then decides in a state that may depend on that (how
long it waits on a road). The order matters: some games (crowd modelling) are paid for the last action, which the name
of a state leaves out, so that what a state pays is what the first path to it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from marl.errors import UserError
from marl.types import Floats

MEAN_FIELD = -5
MOST = 200_000  # states; beyond, a game of one's own is the better way
LOOKS = 33  # shares of the crowd that a place is tried with, where what follows depends on it
FINE = 1e-13  # how well it is known from which share on another state follows


@dataclass
class Place:
    """Where an agent arrives. `state`: OpenSpiel's, before it is told the distribution; at time 0 that where it acts.

    `support`: the names in the distribution that it asks for. `decisions`: the names of the states that can follow, and
    `bounds` the total share in the support from which on the next one does. `paid`: what it pays before it is told.
    """

    name: str
    population: int
    time: int
    state: Any
    support: tuple[str, ...] = ()
    told: bool = False
    paid: float = 0.0
    decisions: list[str] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)


@dataclass
class Node:
    """A state in which an agent acts, or in which it is over. `place`: where it was met first; `state`: OpenSpiel's.

    `moves`: for each action its chances to be at a place, by name, one step later; none at the end.
    """

    name: str
    place: Place
    state: Any
    moves: dict[int, dict[str, float]] = field(default_factory=dict)


@dataclass
class Walked:
    """A game's places and nodes by name, in the order in which they were met, and the first ones by population."""

    places: dict[str, Place] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    first: list[dict[str, float]] = field(default_factory=list)


def walk(game: Any) -> Walked:
    """Visit every state of a game. Raises UserError where there are too many."""
    walked = Walked()
    for root in game.new_initial_states():
        walked.first.append(Walk(game, walked).start(root))
    return walked


class Walk:
    """Depth first, actions in order: as OpenSpiel evaluates policies and best responses."""

    def __init__(self, game: Any, walked: Walked) -> None:
        self.game, self.walked = game, walked
        self._after: dict[str, dict[str, float]] = {}  # where chance leads to from states that were met already

    def start(self, root: Any) -> dict[str, float]:
        """Visit all that can follow; the chances of the places at time 0."""
        outcomes = root.chance_outcomes() if root.is_chance_node() else [(None, 1.0)]
        first: dict[str, float] = {}
        for outcome, chance in outcomes:
            state = root if outcome is None else root.child(outcome)
            first[name_of(state)] = first.get(name_of(state), 0.0) + chance
            self.visit(state)
        return first

    def visit(self, state: Any) -> None:
        """Visit a place, and all that can follow, in order, without recursion: games may be long."""
        stack: list[Iterator[tuple[Any, int]]] = [iter([(state, 0)])]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
            elif name_of(following[0]) not in self.walked.places:
                stack.append(self.arrive(*following))

    def arrive(self, state: Any, time: int) -> Iterator[tuple[Any, int]]:
        """Note a place, and go through the places that can follow, in order."""
        place = Place(name_of(state), int(state.mean_field_population()), time, state)
        place.told = not state.is_terminal() and int(state.current_player()) == MEAN_FIELD
        self.walked.places[place.name] = place
        if len(self.walked.places) > MOST:
            raise UserError(f"{self.game} has more than {MOST:,} states: write it as a MeanFieldGame of your own")
        if place.told or state.is_terminal():
            place.paid = float(state.rewards()[place.population])
        if place.told:
            place.support = tuple(state.distribution_support())
        for decision in self.decisions(place):
            name = name_of(decision)
            place.decisions.append(name)
            if name not in self.walked.nodes:
                yield from self.decide(Node(name, place, decision))

    def decide(self, node: Node) -> Iterator[tuple[Any, int]]:
        """Note a node, and go through the places that can follow, in order."""
        self.walked.nodes[node.name] = node
        if node.state.is_terminal():
            return
        for action in node.state.legal_actions():
            child = node.state.child(action)
            known = name_of(child) in self._after
            node.moves[int(action)] = chances = self._after.setdefault(name_of(child), {})
            for place, chance in () if known else outcomes(child):
                chances[name_of(place)] = chances.get(name_of(place), 0.0) + chance
                yield place, node.place.time + 1

    def decisions(self, place: Place) -> list[Any]:
        """The states that can follow a place, from an empty to a full crowd around it; fills in `place.bounds`."""
        count = len(place.support)
        if not place.told or name_of(crowded(place, 0.0)) == name_of(crowded(place, 1.0)):
            return [told(place, np.full(count, 1.0 / max(count, 1)))]
        shares = np.linspace(0.0, 1.0, LOOKS).tolist()
        found = [crowded(place, 0.0)]
        for low, high in pairwise(shares):
            while name_of(crowded(place, high)) != name_of(found[-1]):
                bound = between(place, low, high)
                place.bounds.append(bound)
                found.append(crowded(place, bound))
                low = bound
        return found


def between(place: Place, low: float, high: float) -> float:
    """The share from which on another state follows than at `low`."""
    before = name_of(crowded(place, low))
    while high - low > FINE:
        middle = (low + high) / 2
        low, high = (middle, high) if name_of(crowded(place, middle)) == before else (low, middle)
    return high


def outcomes(state: Any) -> Iterator[tuple[Any, float]]:
    """Where chance leads to from a state, until an agent is told a distribution or the game is over."""
    if not state.is_terminal() and state.is_chance_node():
        for outcome, chance in state.chance_outcomes():
            for place, after in outcomes(state.child(outcome)):
                yield place, chance * after
    else:
        yield state, 1.0


def told(place: Place, distribution: Floats) -> Any:
    """The state that follows a place once an agent knows how all are distributed over its support."""
    if not place.told:
        return place.state
    state = place.state.clone()
    state.update_distribution([float(share) for share in distribution])
    return state


def crowded(place: Place, share: float) -> Any:
    """The state that follows a place where so many are in its support, and all in the first place of it."""
    distribution = np.zeros(len(place.support))
    distribution[:1] = share
    return told(place, distribution)


def name_of(state: Any) -> str:
    """What OpenSpiel's solvers know a state by."""
    return str(state.observation_string(0))

"""The numbers of an OpenSpiel game's states: the same at all times where the game lists them in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marl.types import Floats
from marl_meanfield.openspiel.walk import Node, Walked


@dataclass(frozen=True)
class Places:
    """`number` of every node by its name. `aligned`: a number is the same place at all times."""

    number: dict[str, int]
    horizon: int
    states: int
    aligned: bool

    def of(self, walked: Walked) -> Iterator[tuple[int, int, int, Node]]:
        """Time, population, number, and node of every state."""
        for name, node in walked.nodes.items():
            yield node.place.time, node.place.population, self.number[name], node

    def initial(self, walked: Walked) -> Floats:
        """The distribution at time 0, `[P, S]`."""
        found = np.zeros((len(walked.first), self.states))
        for population, first in enumerate(walked.first):
            for name, chance in first.items():
                found[population, self.number[walked.places[name].decisions[0]]] = chance
        return found


def places(walked: Walked) -> Places:
    """Number the states: by their place in what the game lists as the support, or else as they are met."""
    nodes = walked.nodes
    horizon = max(node.place.time for node in nodes.values())
    supports = {place.time: place.support for place in walked.places.values() if place.support}
    listed = {name: index for support in supports.values() for index, name in enumerate(support)}
    lengths = {len(support) for support in supports.values()}
    inner = [node for node in nodes.values() if 0 < node.place.time < horizon]
    single = all(len(place.decisions) == 1 for place in walked.places.values())
    aligned = single and len(walked.first) == len(lengths) == 1 and all(node.place.name in listed for node in inner)
    number: dict[str, int] = {}
    if aligned:
        number.update({node.name: listed[node.place.name] for node in inner})
    met: dict[tuple[int, int], int] = {}
    for node in nodes.values():
        if node.name not in number:
            key = (node.place.time, node.place.population)
            number[node.name] = met.get(key, 0)
            met[key] = number[node.name] + 1
    states = max(max(number.values()) + 1, *lengths) if aligned else max(number.values()) + 1
    return Places(number, horizon, states, aligned)

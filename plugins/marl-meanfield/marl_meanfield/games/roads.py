"""Roads: links between nodes, and how long each takes by how many are on it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from marl.errors import UserError
from marl.types import Array, Floats, Ints

HERE = Path(__file__).resolve().parent.parent / "networks"
POWERS = {"sioux_falls": 4.0}  # of the volume; 1 elsewhere
COLUMNS = ["from", "to", "time", "factor"]


@dataclass(frozen=True)
class Roads:
    """L links from node `tail` to node `head`, `[L]` numbers of `nodes`. A link takes `time (1 + factor volume^power)`.

    Source of the form: Bureau of Public Roads, Traffic assignment manual, 1964.
    """

    nodes: tuple[str, ...]
    tail: Ints
    head: Ints
    time: Floats
    factor: Floats
    power: float

    def times(self, volume: Floats) -> Floats:
        """How long each link takes, `[L]`, with so many on it."""
        return np.asarray(self.time * (1.0 + self.factor * volume**self.power))

    def to_go(self, node: int) -> Floats:
        """The shortest time from each node to one, `[N]`, on empty roads; infinite where there is no way."""
        count, eps = len(self.nodes), 1e-9  # a sparse matrix has no entries of 0
        graph = csr_array((self.time + eps, (self.head, self.tail)), shape=(count, count))
        return np.asarray(dijkstra(graph, indices=node))

    def number(self, node: str) -> int:
        """Of a node's name. Raises UserError where there is none."""
        if node not in self.nodes:
            raise UserError(f"trips: there is no node {node!r} in this network; it has {', '.join(self.nodes)}")
        return self.nodes.index(node)


def roads(network: str) -> Roads:
    """A network that comes with the plugin, by its name, or a CSV file with columns from, to, time, factor.

    Raises UserError where there is neither, or where a line is wrong.
    """
    path = HERE / f"{network}.csv" if not network.endswith(".csv") else Path(network)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in HERE.glob("*.csv")))
        raise UserError(f"network: there is no {network!r}; it is one of {known}, or the path of a .csv file")
    with path.open(newline="") as file:
        lines = csv.DictReader(file)
        if lines.fieldnames != COLUMNS:
            raise UserError(f"network: the columns of {path} must be {','.join(COLUMNS)}, not {lines.fieldnames}")
        links = [_link(line, number, path) for number, line in enumerate(lines, start=2)]
    if not links:
        raise UserError(f"network: {path} has no links")
    nodes = tuple(dict.fromkeys(name for one in links for name in one[:2]))
    columns = list(zip(*links, strict=True))
    tail, head = (np.array([nodes.index(name) for name in column]) for column in columns[:2])
    time, factor = (np.array(column, dtype=np.float64) for column in columns[2:])
    return Roads(nodes, tail, head, time, factor, POWERS.get(network, 1.0))


def _link(line: dict[str, str], number: int, path: Path) -> tuple[str, str, float, float]:
    try:
        found = (line["from"], line["to"], float(line["time"]), float(line["factor"]))
    except (TypeError, ValueError):
        found = ("", "", -1.0, -1.0)
    if not (found[0] and found[1] and np.isfinite(found[2:]).all() and min(found[2:]) >= 0):
        raise UserError(
            f"network: line {number} of {path} must name two nodes and have a time and a factor of at least 0"
        )
    return found


def successors(found: Roads, starts: Array) -> tuple[Ints, int]:
    """Which links go on from each node of `starts` `[E]`: `[E, A]`, filled up with -1; and A, the most of them."""
    ways = [np.flatnonzero(found.tail == node) for node in starts]
    most = max(1, max(len(one) for one in ways))
    filled = np.full((len(ways), most), -1, dtype=np.int64)
    for number, one in enumerate(ways):
        filled[number, : len(one)] = one
    return filled, most

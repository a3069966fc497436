"""Tracing of logit equilibria, from indifference towards a Nash equilibrium: any number of sides, general sum.

In a logit equilibrium of rationality `r` each side plays `x_j` in proportion to `exp(r f_j)`, where `f_j` is what
player `j` earns against the others' mixtures. At `r = 0` it is uniform, and from there a path of equilibria leads to
every `r`, ending at a Nash equilibrium: the limiting logit equilibrium, which is unique for almost all games. The path
may turn back in `r`, so it is followed by its length: a step along its tangent, then Newton's method back to it.
Where one population plays all sides, its one mixture is traced, so the equilibrium is symmetric.
Source: McKelvey and Palfrey, "Quantal response equilibria for normal form games", 1995; Turocy, "A dynamic homotopy
interpretation of the logistic quantal response equilibrium correspondence", 2005, with probabilities as logarithms.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from league.payoffs import Payoffs
from marl.types import Floats

_LONGEST, _SHORTEST = 1e6, 1e-9  # steps
_STEPS = 3_000
_CLOSE = 1e-10
_BEND = 0.1  # how far a step may leave its tangent, and by how much that may turn


class LogitGame:
    """The equations of logit equilibria. Unknown are the logarithms `l` of all mixtures `[N]` and a constant a side.

    `l_j - r f_j(exp l) + c_s = 0`, and every `sum exp l = 1`. A point is `[l, c, r]`.
    """

    def __init__(self, payoffs: Payoffs, scale: float) -> None:
        self.tables = [table / scale for table in payoffs]
        self.sizes = payoffs.sizes[:1] if payoffs.symmetric else payoffs.sizes
        self.ends = np.cumsum(self.sizes)
        self.players, self.one = int(self.ends[-1]), payoffs.symmetric
        self.owner = np.repeat(np.arange(len(self.sizes)), self.sizes)
        self.sums = (self.owner == np.arange(len(self.sizes))[:, None]).astype(np.float64)

    def start(self) -> Floats:
        """The uniform mixtures, where nobody cares for payoffs."""
        logs = -np.log(np.array(self.sizes, dtype=np.float64))
        return np.concatenate([logs[self.owner], -logs, [0.0]])

    def mixtures(self, point: Floats) -> list[Floats]:
        """The mixture of each population."""
        weights = np.split(np.exp(np.minimum(point[: self.players], 0.0)), self.ends[:-1])
        return [one / one.sum() for one in weights]

    def earned(self, mixtures: list[Floats]) -> tuple[Floats, Floats]:
        """What each player earns, `[N]`, and how that grows with each weight, `[N, N]`."""
        fitness, growth = np.zeros(self.players), np.zeros((self.players, self.players))
        places = np.split(np.arange(self.players), self.ends[:-1])
        for side in range(len(self.sizes)):
            for other in range(len(self.tables)):
                if other != side:
                    pair = self._pair(side, other, mixtures)
                    whose = 0 if self.one else other
                    growth[np.ix_(places[side], places[whose])] += pair
            fitness[places[side]] = pair @ mixtures[whose]
        return fitness, growth

    def _pair(self, side: int, other: int, mixtures: list[Floats]) -> Floats:
        """What a side's players earn against another side's, the rest following their mixtures: `[n, m]`."""
        table = self.tables[side]
        for axis in reversed(range(table.ndim)):
            if axis not in (side, other):
                table = np.tensordot(table, mixtures[0 if self.one else axis], axes=(axis, 0))
        return table if side < other else table.T

    def equations(self, point: Floats) -> tuple[Floats, Floats]:
        """What has to be 0, `[N + S]`, and its derivatives `[N + S, N + S + 1]`."""
        logs, constants, r = point[: self.players], point[self.players : -1], point[-1]
        weights = np.exp(np.minimum(logs, 50.0))
        fitness, growth = self.earned(np.split(weights, self.ends[:-1]))
        values = np.concatenate([logs - r * fitness + constants[self.owner], self.sums @ weights - 1.0])
        top = np.hstack([np.eye(self.players) - r * growth * weights, self.sums.T, -fitness[:, None]])
        bottom = np.hstack([self.sums * weights, np.zeros((len(self.sizes), len(self.sizes) + 1))])
        return values, np.vstack([top, bottom])


def trace(game: LogitGame, until: float) -> Iterator[Floats]:
    """Points of the path from the start on, the last of them at rationality `until`, if the path can be followed."""
    point, length = game.start(), 0.1
    direction = np.zeros(len(point))
    direction[-1] = 1.0
    direction = _tangent(game, point, direction)
    for step in count():
        yield point
        if point[-1] >= until or step == _STEPS:
            return
        while (found := _step(game, point, direction, length, until)) is None:
            length /= 4
            if length < _SHORTEST:
                return
        point, direction, rounds = found
        length = min(length * (2.0 if rounds <= 3 else 1.0 if rounds <= 5 else 0.5), _LONGEST)


def _step(
    game: LogitGame, point: Floats, direction: Floats, length: float, until: float
) -> tuple[Floats, Floats, int] | None:
    """The next point of the path, its direction there, and how many rounds it took; None where it may be another path.

    Which it is where it goes far off the tangent, or bends much, or leads below indifference.
    """
    ahead, pinned = point + length * direction, direction
    if ahead[-1] >= until:
        ahead, pinned = point + (until - point[-1]) / direction[-1] * direction, np.eye(len(point))[-1]
    found, rounds = _newton(game, ahead, pinned)
    if found is None or found[-1] < 0 or np.linalg.norm(found - ahead) > _BEND * np.linalg.norm(ahead - point):
        return None
    turned = _tangent(game, found, direction)
    return (found, turned, rounds) if turned @ direction > 1 - _BEND else None


def _tangent(game: LogitGame, point: Floats, before: Floats) -> Floats:
    """The direction of the path, going on from the last one."""
    _, slopes = game.equations(point)
    goal = np.zeros(len(point))
    goal[-1] = 1.0
    matrix = np.vstack([slopes, before])
    try:
        found = np.linalg.solve(matrix, goal)
    except np.linalg.LinAlgError:  # just where two paths cross
        found = np.linalg.lstsq(matrix, goal, rcond=None)[0]
    return np.asarray(found / np.linalg.norm(found))


def _newton(game: LogitGame, point: Floats, pinned: Floats) -> tuple[Floats | None, int]:
    """The point of the path near this one, in the plane across `pinned`, and how many rounds that took."""
    first = point
    for rounds in range(1, 9):
        values, slopes = game.equations(point)
        if not np.isfinite(values).all():
            return None, rounds
        matrix = np.vstack([slopes, pinned])
        try:
            change = np.linalg.solve(matrix, np.append(values, (point - first) @ pinned))
        except np.linalg.LinAlgError:
            return None, rounds
        point = point - change
        if np.abs(change).max() <= _CLOSE * max(1.0, float(np.abs(point).max())):
            near = np.abs(game.equations(point)[0]).max() <= 1e-6 * max(1.0, float(np.abs(point).max()))
            return (point if near else None), rounds
    return None, 9

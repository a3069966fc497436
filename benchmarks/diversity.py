"""What diversity does for PSRO with weak oracles: how exploitable the meta-strategy is, by kind of diversity.

Two kinds of games, both symmetric and zero-sum. The non-transitive mixture (Perez-Nieves et al., ICML 2021): a player
is a point of the plane, seen through seven bells in a circle of which each beats three; its oracle climbs twenty steps
of Adam from near the middle. Games of skill (Czarnecki et al., NeurIPS 2020): a matrix of cycles by chance and of
skills; its oracle begins at a mixture by chance and goes half of the way to what is best, five times
(`league/diverse_response` with `rate: 0.5`). All get as many oracles, each to the Nash mixture of those who are known.
Exploitability is exact: what the best of all points, or of all rows, earns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import _common as bench
import numpy as np

from league.diversity import Diversity, Known
from league.diversity.behaviour_response import BehaviourResponse
from league.diversity.behaviour_response import Params as PartsParams
from league.diversity.cardinality import Cardinality, expected_cardinality
from league.diversity.cardinality import Params as CardinalityParams
from league.diversity.policy_space import PolicySpace
from league.metasolvers.nash import zero_sum
from league.oracles.diverse_response import Problem, by_chance
from marl.exact import Decisions
from marl.types import Floats

ANGLES = 2 * np.pi * np.arange(7) / 7
BELLS = 2.87 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)[[0, 1, 6, 2, 5, 3, 4]]
CYCLE = np.array([
    [0, 1, 1, 1, -1, -1, -1], [-1, 0, 1, 1, 1, -1, -1], [-1, -1, 0, 1, 1, 1, -1], [-1, -1, -1, 0, 1, 1, 1],
    [1, -1, -1, -1, 0, 1, 1], [1, 1, -1, -1, -1, 0, 1], [1, 1, 1, -1, -1, -1, 0],
], dtype=float)  # fmt: skip
SHARP, HEIGHT = 0.54, 0.5
Weights = Callable[[int], float]


def late(most: float) -> Weights:
    """A weight that comes in around the middle of fifty players, as the papers' codes have it."""

    def weight(number: int) -> float:
        share = 0.7 / (1 + np.exp(-0.25 * (number - 25)))
        return most * share / (1 - share)

    return weight


@dataclass(frozen=True)
class Kind:
    """A measure of diversity, and what a unit of it is worth."""

    measure: Diversity
    weight: float


PSRO = "none (PSRO)"
MIXTURE = {
    PSRO: Kind(PolicySpace(), 0.0),
    "cardinality (DPP)": Kind(Cardinality(CardinalityParams(normalised=True)), 3.0),
    "behaviour_response (BD&RD)": Kind(BehaviourResponse(PartsParams(behaviour=0.1, response=0.3)), 1.0),
    "policy_space (PSD)": Kind(PolicySpace(), 0.15),
}  # chosen on seeds from 100 on
MATRIX = {
    PSRO: Kind(PolicySpace(), 0.0),
    "cardinality (DPP)": Kind(Cardinality(), 0.1),
    "behaviour_response (BD&RD)": Kind(BehaviourResponse(), 0.1),
    "policy_space (PSD)": Kind(PolicySpace(), 0.003),
}


def bells(points: Floats) -> Floats:
    """What the seven bells have at each point, `[..., 7]`."""
    apart = points[..., None, :] - BELLS
    return np.exp(-0.5 * SHARP * (apart**2).sum(axis=-1))


def earned(one: Floats, other: Floats) -> Floats:
    """What each of `one` `[n, 7]` earns against each of `other` `[m, 7]`."""
    return one @ CYCLE @ other.T + HEIGHT * (one.sum(axis=1)[:, None] - other.sum(axis=1)[None, :])


GRID = np.stack(np.meshgrid(*[np.linspace(-5, 5, 401)] * 2), axis=-1).reshape(-1, 2)


def climbed(seen: Floats, mixture: Floats, start: Floats, measure: Diversity, weight: float) -> Floats:
    """Where twenty steps of Adam from `start` end."""
    point, mean, spread = start.copy(), np.zeros(2), np.zeros(2)
    behaviours = seen / seen.sum(axis=1, keepdims=True)
    known, slope = Known(earned(seen, seen), behaviours, mixture), CYCLE @ (mixture @ seen) + HEIGHT
    for step in range(1, 21):
        own = bells(point)
        by_bells = slope.copy()
        if weight > 0:
            total = own.sum()
            gain = measure(known, earned(own[None], seen)[0], own / total)
            by_bells += weight * (gain.by_row @ (CYCLE @ seen.T + HEIGHT).T)
            by_bells += weight * (gain.by_behaviour - gain.by_behaviour @ own / total) / total
        by_point = (by_bells * own) @ (-SHARP * (point - BELLS))
        mean, spread = 0.9 * mean + 0.1 * by_point, 0.999 * spread + 0.001 * by_point**2
        point += 0.1 * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-8)
    return point


def mixture_game(kind: Kind, seed: int, players: int) -> tuple[float, float]:
    """Exploitability, and expected cardinality, with so many players."""
    draws, weight = np.random.default_rng(seed), late(kind.weight)
    seen = bells(0.01 * draws.normal(size=(1, 2)))
    for number in range(players):
        mixture, _ = zero_sum(earned(seen, seen))
        point = climbed(seen, mixture, 0.01 * draws.normal(size=2), kind.measure, weight(number * 50 // players))
        seen = np.vstack([seen, bells(point)])
    table = earned(seen, seen)
    mixture, _ = zero_sum(table)
    return float(earned(bells(GRID), (mixture @ seen)[None]).max()), expected_cardinality(table)


def skills(seed: int, size: int, spread: float) -> Floats:
    """A game of skill: cycles by chance and transitive skills of a spread, the largest payoff 1."""
    draws = np.random.default_rng(seed)
    chance, skill = draws.normal(size=(size, size)), spread * draws.normal(size=size)
    table = (chance - chance.T) / 2 + skill[:, None] - skill[None, :]
    return np.asarray(table / np.abs(table).max())


def matrix_game(game: Floats, kind: Kind, seed: int, players: int) -> tuple[float, float]:
    """Exploitability, and expected cardinality, with so many players that are mixtures of rows."""
    size, one = len(game), np.ones(1, np.int64)
    mask, action = np.ones((1, size), np.bool_), np.arange(-1, size)
    decisions = Decisions(0 * one, one, size * one, action, np.zeros((1, 1)), mask, ("start",))
    plans = by_chance(decisions, 1000 * seed)[None]
    ending = np.append(0.0, np.ones(size))
    for number in range(players):
        rows = plans[:, 1:] @ game  # what they earn against each row
        table = rows @ plans[:, 1:].T
        mixture, _ = zero_sum(table)
        against = np.pad(-rows, ((0, 0), (1, 0)))  # what each row earns against them
        scale = float(against.max())  # the most that anybody could earn against one of them
        known = Known(table / scale, plans * ending, mixture)
        problem = Problem(decisions, mixture @ against / scale, against / scale, ending, known, scale)
        start = by_chance(decisions, 1000 * seed + number + 1)
        plan = problem.solved(kind.measure, kind.weight, 5, 0.5, start)
        plans = np.vstack([plans, plan])
    table = plans[:, 1:] @ game @ plans[:, 1:].T
    mixture, _ = zero_sum(table)
    return float((game @ (mixture @ plans[:, 1:])).max()), expected_cardinality(table)


Found = dict[str, tuple[float, float, float]]  # exploitability, its standard error, expected cardinality


Found = dict[str, tuple[float, float, float]]  # exploitability, its standard error, expected cardinality


def compared(
    title: str, kinds: Mapping[str, Kind], play: Callable[[Kind, int], tuple[float, float]], seeds: range
) -> Found:
    """Every kind of diversity on every seed."""
    print(title)
    found: Found = {}
    for name, kind in kinds.items():
        runs = np.array([play(kind, seed) for seed in seeds])
        (mean, cardinality), error = runs.mean(axis=0).tolist(), float(runs[:, 0].std(ddof=1) / np.sqrt(len(runs)))
        found[name] = (mean, error, cardinality)
        print(f"  {name:28} {mean:.4f} +- {error:.4f}, cardinality {cardinality:.1f}", flush=True)
    return found


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seeds, players, size = (range(2), 12, 40) if quick else (range(10), 50, 200)
    found = {
        "mixture": compared(
            "non-transitive mixture", MIXTURE, lambda kind, seed: mixture_game(kind, seed, players), seeds
        )
    }
    for spread in (1.0, 0.25):
        found[f"skills {spread}"] = compared(
            f"games of skill of {size} rows, spread {spread}",
            MATRIX,
            lambda kind, seed, spread=spread: matrix_game(skills(seed, size, spread), kind, seed, players),  # type: ignore[misc]
            seeds,
        )
    mixture = found["mixture"]
    ours, peer = min(value for name, (value, _, _) in mixture.items() if name != PSRO), mixture[PSRO][0]
    bench.report("diversity", ours, peer, peer / max(ours, 1e-9), "exploitability", **found)


if __name__ == "__main__":
    main()

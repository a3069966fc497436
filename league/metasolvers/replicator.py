"""Replicator dynamics, followed accurately in few steps: players grow in a mixture where they earn more than it does.

In logarithms, replicator dynamics are `d log x_j / dt = f_j - (mean over x)`, so that a step is a sum and a softmax.
The third-order Adams-Bashforth rule takes one evaluation a step, as Euler's does, and follows the cycles of zero-sum
games, which Euler's spirals out of, in steps ten times as long.
Source: Taylor and Jonker, "Evolutionarily stable strategies and game dynamics", 1978; Hairer, Norsett and Wanner,
"Solving ordinary differential equations I", section III.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from league.payoffs import Payoffs
from marl.types import Floats

Fitness: TypeAlias = Callable[[Floats, Floats], None]
"""Writes what each player of each side earns, from the mixtures of all; both side after side, `[n_0 + n_1 + ...]`."""

_RULES = ((1.0, 0.0, 0.0), (3 / 2, -1 / 2, 0.0), (23 / 12, -16 / 12, 5 / 12))  # newest first


def averaged(fitness: Fitness, sizes: Sequence[int], steps: int, dt: float, least: float) -> list[Floats]:
    """The mean over time of the dynamics from the uniform mixtures, `float64[n_s]` for each of these `sizes`.

    Weights are kept from falling much below `least / n_s`, so that nobody dies out.
    """
    starts, owner = np.cumsum((0, *sizes[:-1])), np.repeat(np.arange(len(sizes)), sizes)
    mixtures = (1.0 / np.array(sizes, dtype=np.float64))[owner]
    logs = np.log(mixtures)
    floor = logs + (np.log(least) if least > 0 else -np.inf)
    slopes, change, total = np.zeros((3, len(owner))), np.zeros(len(owner)), np.zeros(len(owner))
    rules = [[dt * np.roll(np.array(rule)[[0, 2, 1]], place) for place in range(3)] for rule in _RULES]
    for step in range(steps):  # everything in place: an array's making costs as much as its sums
        fitness(mixtures, slopes[step % 3])
        np.dot(rules[min(step, 2)][step % 3], slopes, out=change)
        logs += change
        np.maximum(logs, floor, out=logs)
        np.exp(logs, out=mixtures)
        sums = np.add.reduceat(mixtures, starts)
        mixtures /= sums[owner]
        logs -= np.log(sums)[owner]
        total += mixtures
    return [side / side.sum() for side in np.split(total, starts[1:])]


def earnings(tables: Floats, one: bool = False) -> Fitness:
    """What each player earns on average against the others' mixtures; `tables`: `[S, n_0, n_1, ...]`.

    `one`: a single population plays all sides, so there is one mixture only, `[n_0]`.
    """
    places = places_of(tables.shape[1:], one)
    firsts = [np.ascontiguousarray(np.moveaxis(table, side, 0)) for side, table in enumerate(tables)]
    others = [places[:side] + places[side + 1 :] for side in range(len(places))]
    plan = list(zip(places, firsts, others, strict=True))[: 1 if one else None]

    def fitness(mixtures: Floats, out: Floats) -> None:
        for own, left, rest in plan:
            for other in rest[:0:-1]:  # sum out the last axis, and again
                left = (left.reshape(-1, left.shape[-1]) @ mixtures[other]).reshape(left.shape[:-1])
            if rest:
                np.dot(left, mixtures[rest[0]], out=out[own])
            else:
                out[own] = left

    return fitness


def places_of(sizes: Sequence[int], one: bool) -> list[slice]:
    """Where the mixture of each side lies among those of all; `one`: there is one, which all sides follow."""
    ends = np.cumsum(sizes)
    return [slice(0, sizes[0]) if one else slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def populations(payoffs: Payoffs) -> Sequence[int]:
    """How many players each population has: two mixtures that should be the same would drift apart by rounding."""
    return payoffs.sizes[:1] if payoffs.symmetric else payoffs.sizes


def scaled(payoffs: Payoffs) -> Floats:
    """The tables of all sides, `[S, n_0, n_1, ...]`, such that the largest of all returns is 1 or -1."""
    tables = np.stack(list(payoffs))
    return np.asarray(tables / (float(np.abs(tables).max(initial=0.0)) or 1.0))

"""Results of simulated matches."""

from __future__ import annotations

import numpy as np
import pytest

from league.schedules import Result


def results_of(strengths, cycles: int, seed: int, draws: float = 0.2) -> list[Result]:
    """Every ordered pair plays `cycles` games; strengths in Elo."""
    rng = np.random.default_rng(seed)
    found = []
    for cycle in range(cycles):
        for one in strengths:
            for two in strengths:
                if one != two:
                    mean = 1 / (1 + 10 ** ((strengths[two] - strengths[one]) / 400))
                    draw = min(draws, 2 * mean, 2 - 2 * mean)
                    luck = rng.random()
                    score = 1.0 if luck < mean - draw / 2 else 0.5 if luck < mean + draw / 2 else 0.0
                    found.append(Result(f"{len(found)}", (one, two), (score, 1 - score), round=cycle + 1))
    return found


@pytest.fixture
def simulate():
    return results_of


@pytest.fixture
def games():
    """`games("a>b", "a=b", "b>a")`: results with these outcomes; the first named sits first."""

    def make(*lines: str) -> list[Result]:
        scores = {">": (1.0, 0.0), "=": (0.5, 0.5), "<": (0.0, 1.0)}
        return [
            Result(str(i), tuple(line.split(sign)), scores[sign])
            for i, line in enumerate(lines)
            for sign in scores
            if sign in line
        ]

    return make

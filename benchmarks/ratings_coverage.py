"""Are the statistics honest? Coverage of 95 % intervals, and error rates of the SPRT, on fields of known strength.

Ours is the share of Bradley-Terry intervals that contain the truth, over all fields; the peer is what they promise.
"""

from __future__ import annotations

import _common as bench
import numpy as np

from league.ratings.bradley_terry import BradleyTerry
from league.ratings.bradley_terry import Params as BradleyTerryParams
from league.ratings.openskill import OpenSkill
from league.ratings.simulate import Field, coverage, plackett_luce, sprt_rates
from league.ratings.sprt import SequentialTest

FIELDS = {
    "8 players, 10 games a pair": Field(),
    "8 players, 2 games a pair": Field(cycles=1),
    "4 players, 4 games a pair": Field(players=4, cycles=2),
    "4 players, 2 games a pair": Field(players=4, cycles=1),
    "16 players, 2 games a pair": Field(players=16, cycles=1),
    "32 players, 4 games a pair": Field(players=32, cycles=2),
    "8 players far apart (500 Elo)": Field(spread=500.0),
    "8 players, hardly any draws": Field(nu=0.02),
    "8 players, mostly draws": Field(nu=6.0),
}
TESTS = {
    "[0, 50] Elo": (SequentialTest(0, 50), 0.4, 0.15),
    "[0, 20] Elo": (SequentialTest(0, 20), 0.4, 0.15),
    "[-20, 20] Elo, 1 %": (SequentialTest(-20, 20, 0.01, 0.01), 0.4, 0.15),
    "[0, 50] Elo, no draws": (SequentialTest(0, 50), 0.0, 0.0),
    "[0, 100] Elo": (SequentialTest(0, 100), 0.4, 0.15),
}
BOUNDS = {name: (0.01 if "1 %" in name else 0.05) for name in TESTS}


def intervals(fits: int) -> dict[str, float]:
    print(f"{'95 % intervals that cover':34} strength  difference  first seat   width (Elo)   of {fits} fits")
    shares = {}
    for seed, (name, field) in enumerate(FIELDS.items()):
        n = max(200, fits * 8 // field.players) if field.players > 8 else fits
        found = coverage(field, n, seed)
        shares[name] = found.strengths
        rates = f"{found.strengths:8.2%}  {found.differences:10.2%}  {found.advantage:10.2%}"
        print(f"{name:34} {rates}  {found.width:12.0f}")
    return shares


def ranked(fits: int, sides: int = 4, players: int = 8, matches: int = 60) -> tuple[float, float]:
    """Matches of four sides: the robust intervals of Bradley-Terry, and OpenSkill's own for comparison."""
    covered, believed = [], []
    for seed in range(fits):
        truth = np.random.default_rng([seed, 1]).normal(size=players) * 0.8
        results = plackett_luce(truth, sides, matches, seed)
        centred = truth - truth.mean()
        table = BradleyTerry(params=BradleyTerryParams(mean=0.0)).fit(results)
        covered += [table[f"p{i}"].low < 173.7178 * centred[i] < table[f"p{i}"].high for i in range(players)]
        skill = OpenSkill().fit(results)
        middle = np.mean([rating.value for rating in skill.values()])
        # a logistic scale of `c`, sqrt(sides) * beta or so, is a unit of log-odds
        scale = (sides * 2) ** 0.5 * OpenSkill().beta
        for i in range(players):
            rating = skill[f"p{i}"]
            believed.append(rating.low < middle + scale * centred[i] < rating.high)
    print(f"\n{sides} sides, {matches} matches, {fits} fits: Bradley-Terry (robust) {np.mean(covered):.2%}, ", end="")
    print(f"OpenSkill {np.mean(believed):.2%} (approximately: its scale depends on the matches)")
    return float(np.mean(covered)), float(np.mean(believed))


def tests(number: int) -> dict[str, tuple[float, float]]:
    print(f"\n{'SPRT':26} bound  wrong if H0  wrong if H1   pairs if H0 / H1 / between   of {number} tests each")
    wrong = {}
    for seed, (name, (test, draws, seat)) in enumerate(TESTS.items()):
        low, high = (400 * np.log10(s / (1 - s)) for s in (test.score0, test.score1))
        h0, h1, between = (sprt_rates(test, elo, number, seed, draws, seat) for elo in (low, high, (low + high) / 2))
        wrong[name] = (h0.accepted, h1.rejected)
        lengths = f"{h0.pairs:11.0f} / {h1.pairs:.0f} / {between.pairs:.0f}"
        print(f"{name:26} {BOUNDS[name]:5.0%}  {h0.accepted:11.2%}  {h1.rejected:11.2%} {lengths}")
    return wrong


def main() -> None:
    quick = bench.arguments(__doc__).quick
    shares = intervals(1000 if quick else 10_000)
    robust, believed = ranked(60 if quick else 400)
    wrong = tests(300 if quick else 4000)
    ours = float(np.mean(list(shares.values())))
    detail = {"coverage": shares, "four_sides": robust, "four_sides_openskill": believed, "sprt_wrong": wrong}
    bench.report("ratings_coverage", ours, 0.95, ours / 0.95, "share of 95 % intervals that cover", **detail)


if __name__ == "__main__":
    main()

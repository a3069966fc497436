"""Mean-field games: an iteration of mirror descent, ours and OpenSpiel's, interleaved; and how long a large grid takes.

The games of the first part are OpenSpiel's, ours after the walk that makes arrays of them (its time is told), written
in C++ and in Python; its solvers are written in Python. `--grid` does the second part alone, `--no-grid` the first. Its
games: agents who begin in a corner and shun each other, and agents who begin everywhere and want to be near a bar.
`--roads` does Sioux Falls alone: two trips of 7,000 vehicles through its 76 links, 81 steps of 0.5, in OpenSpiel's
dynamic routing and in `meanfield/routing`. These are two models of the same traffic (in
ours, roads take whole and broken steps in the mean), not one game.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import _common as bench
from open_spiel.python.games import dynamic_routing_data as roads
from open_spiel.python.mfg.algorithms.mirror_descent import MirrorDescent as Theirs
from open_spiel.python.mfg.games import dynamic_routing

from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.games.crowd_grid import CrowdGrid
from marl_meanfield.games.crowd_grid import Params as GridParams
from marl_meanfield.games.routing import Params as RoadParams
from marl_meanfield.games.routing import Routing
from marl_meanfield.openspiel.game import OpenSpielGame, Params
from marl_meanfield.openspiel.load import load
from marl_meanfield.solvers.accelerated import Accelerated
from marl_meanfield.solvers.mirror_descent import MirrorDescent

GAMES = {
    "crowd, in C++": "mfg_crowd_modelling",
    "crowd, in Python": "python_mfg_crowd_modelling",
    "2-D crowd, in C++": "mfg_crowd_modelling_2d",
    "routing, in Python": "python_mfg_dynamic_routing(max_num_time_step=100,time_step_length=0.05)",
}
GOAL = 0.01


def walked(name: str) -> MeanFieldGame:
    """Arrays of a game of OpenSpiel's."""
    began = time.perf_counter()
    game = OpenSpielGame(Params(name))
    print(f"{name}: arrays of it after {time.perf_counter() - began:.2f} s")
    return game


def ours(game: MeanFieldGame, iterations: int) -> Callable[[], float]:
    """Milliseconds an iteration, the flow of the new policy included, as in OpenSpiel's."""
    solver = MirrorDescent()
    state = solver.start(game)

    def work() -> float:
        start = time.perf_counter()
        for number in range(iterations):
            solver.step(game, state, exact.flow(game, state["policy"]), number + 1)
        return 1000 * (time.perf_counter() - start) / iterations

    return work


def theirs(game: Any) -> Callable[[], float]:
    """The same of OpenSpiel's."""
    solver = Theirs(game)

    def work() -> float:
        start = time.perf_counter()
        solver.iteration()
        return 1000 * (time.perf_counter() - start)

    return work


def iterations(quick: bool) -> None:
    """The first part: one line of JSON for each game."""
    for title, name in GAMES.items():
        tasks = {"marl": ours(walked(name), 5 if quick else 20), "OpenSpiel": theirs(load(name))}
        label = f"meanfield_{name.partition('(')[0].removeprefix('python_').removeprefix('mfg_')}"
        compared(label, title, tasks, 5 if quick else 21, name)


def sioux_falls(quick: bool) -> None:
    """Traffic of Sioux Falls, by both."""
    steps = 40 if quick else 81
    params = RoadParams(vehicles=7000.0, horizon=steps, departures=1)
    their_params = {"max_num_time_step": steps, "time_step_length": params.step, "players": -1}
    their_game = dynamic_routing.MeanFieldRoutingGame(
        their_params, network=roads.SIOUX_FALLS_NETWORK, od_demand=roads.SIOUX_FALLS_DUMMY_OD_DEMAND
    )
    tasks = {"marl": ours(Routing(params), 5), "OpenSpiel": theirs(their_game)}
    compared("meanfield_sioux_falls", "Sioux Falls, in Python", tasks, 1 if quick else 3, f"{steps} steps")


def compared(label: str, title: str, tasks: dict[str, Callable[[], float]], rounds: int, name: str) -> None:
    """A table and a line of JSON."""
    results = bench.interleaved(tasks, rounds)
    bench.table(results, f"ms an iteration ({title})")
    middle, better = bench.medians(results), bench.ratio(results, "OpenSpiel", "marl")
    bench.report(label, middle["marl"], middle["OpenSpiel"], better, "ms an iteration", game=name)


def grid(name: str, params: GridParams, most: int) -> None:
    """The second part: a crowd on a grid until NashConv is below the goal."""
    print(f"{name}: {params}", flush=True)
    game, solver = CrowdGrid(params), Accelerated()
    state, seconds, busy, number, nash_conv = solver.start(game), 0.0, 0.0, 0, float("inf")
    curve: list[tuple[int, float, float, float]] = []
    while nash_conv >= GOAL and number <= most:
        began, working = time.perf_counter(), time.process_time()
        along = exact.flow(game, state["policy"])
        if number % 25 == 0:
            nash_conv = exact.judge(game, state["policy"], along).nash_conv
            curve.append((number, round(seconds, 1), round(busy, 1), nash_conv))
            print(
                f"iteration {number:4}  {seconds:7.1f} s, {busy:6.1f} of a core  NashConv {nash_conv:.4f}", flush=True
            )
        number += 1
        solver.step(game, state, along, number)
        seconds, busy = seconds + time.perf_counter() - began, busy + time.process_time() - working
    bench.report(
        f"meanfield_grid_{name}",
        seconds,
        GOAL,
        GOAL / nash_conv,
        f"s to NashConv {GOAL}",
        size=params.size,
        curve=curve,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    parser.add_argument("--grid", action=argparse.BooleanOptionalAction, help="the second part alone, or not at all")
    parser.add_argument("--roads", action="store_true", help="Sioux Falls alone")
    given = parser.parse_args()
    if given.roads:
        sioux_falls(given.quick)
        return
    if not given.grid:
        iterations(given.quick)
    if given.grid is not False:
        size, horizon = (20, 20) if given.quick else (200, 100)
        grid("explore", GridParams(size, horizon, start="corner", bar=0.0, effort=0.0), 2000)
        grid("bar", GridParams(size, horizon, effort=0.0), 2000)


if __name__ == "__main__":
    main()

"""The family of counterfactual regret minimisation on Leduc poker: ours and OpenSpiel's, interleaved.

Iterations a second of each, and how exploitable the averages are (NashConv / 2) after as many iterations. Then the
whole way: seconds from an environment to an average that is exploitable by less than 0.005, looked at every ten
iterations.
OpenSpiel has CFR, CFR+ and external-sampling MCCFR in C++, linear and discounted CFR in Python. One of MCCFR is a
traversal of each side; ours does a hundred of them at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import _common as bench
import numpy as np
import pyspiel
from open_spiel.python.algorithms.discounted_cfr import DCFRSolver, LCFRSolver

from marl import tabular
from marl.env import Rows
from marl.exact import SequenceForm
from marl_classic.leduc_poker import LeducPoker
from marl_openspiel import games
from marl_tabular.game import LearnersGame, Seen
from marl_tabular.regret import CFR, Weighting
from marl_tabular.sampled import ExternalSampling
from marl_tabular.weightings import Discounted, Plain, Plus

GAME = pyspiel.load_game("leduc_poker")
FAMILY: dict[str, tuple[Weighting, Callable[[Any], Any], int]] = {  # and OpenSpiel's iterations in a measurement
    "CFR": (Plain(), pyspiel.CFRSolver, 100),
    "CFR+": (Plus(), pyspiel.CFRPlusSolver, 100),
    "linear CFR": (Discounted(1.0, 1.0, 1.0), LCFRSolver, 5),
    "DCFR": (Discounted(1.5, 0.0, 2.0), DCFRSolver, 5),
}
GOAL = 0.005
SAMPLED, TOGETHER = [100, 1000, 10_000], 100  # iterations at which MCCFR is looked at; ours, of so many at a time


def self_play(form: SequenceForm, weighting: Weighting) -> CFR:
    return CFR(LearnersGame(form, [Seen(1.0, None)] * 2), (0, 1), weighting)


def exploitability(form: SequenceForm, solver: CFR) -> float:
    return form.nash_conv(list(solver.averages().values())) / 2


def rate(step: Callable[[], None], iterations: int) -> float:
    """Iterations a second."""
    began = time.perf_counter()
    for _ in range(iterations):
        step()
    return iterations / (time.perf_counter() - began)


def ours_to(goal: float, weighting: Weighting) -> tuple[float, int]:
    """Seconds and iterations from nothing to an average that is less exploitable, the tree and all looks included."""
    began = time.perf_counter()
    form = LeducPoker(1).sequence_form()
    solver = self_play(form, weighting)
    while not solver.iterations or exploitability(form, solver) >= goal:
        for _ in range(10):
            solver.iterate()
    return time.perf_counter() - began, solver.iterations


def theirs_to(goal: float) -> tuple[float, int]:
    """The same by OpenSpiel's CFR+; its looks are not counted."""
    looks, began, iterations = 0.0, time.perf_counter(), 0
    solver = pyspiel.CFRPlusSolver(GAME)
    while True:
        for _ in range(10):
            solver.evaluate_and_update_policy()
        iterations, looked = iterations + 10, time.perf_counter()
        found = pyspiel.exploitability(GAME, solver.average_policy())
        looks += time.perf_counter() - looked
        if found < goal:
            return time.perf_counter() - began - looks, iterations


def curve(form: SequenceForm, weighting: Weighting, at: list[int]) -> list[float]:
    """How exploitable the average is after so many iterations."""
    solver, found = self_play(form, weighting), []
    for count in range(1, at[-1] + 1):
        solver.iterate()
        if count in at:
            found.append(exploitability(form, solver))
    return found


def plans(form: SequenceForm, solver: ExternalSampling) -> list[Any]:
    """The average plans of tables that were filled as they were met."""
    store = solver.store
    table = tabular.Tabular(store.seen[: store.count], store.averages(), store.agent[: store.count])
    found = []
    for side, one in enumerate(form.players):
        everywhere = np.arange(len(one.parent))
        rows = Rows(everywhere, np.full_like(everywhere, side), one.observation, one.mask, everywhere >= 0)
        found.append(one.plan(table.probabilities(rows)))
    return found


def sampled(form: SequenceForm, quick: bool) -> None:
    """Iterations of MCCFR a second of CPU time, and how exploitable its averages are."""
    at = SAMPLED[:-1] if quick else SAMPLED
    ours = ExternalSampling(LeducPoker, 3, (0, 1), True, TOGETHER, seed=0)
    theirs = pyspiel.ExternalSamplingMCCFRSolver(GAME, 0)
    spent = {"marl": 0.0, "OpenSpiel": 0.0}
    found: dict[str, list[float]] = {"marl": [], "OpenSpiel": []}
    done = 0
    for count in at:
        began = time.process_time()
        for _ in range((count - done) // TOGETHER):
            ours.iterate()
        spent["marl"] += time.process_time() - began
        found["marl"].append(form.nash_conv(plans(form, ours)) / 2)
        began = time.process_time()
        for _ in range(count - done):
            theirs.run_iteration()
        spent["OpenSpiel"] += time.process_time() - began
        found["OpenSpiel"].append(pyspiel.exploitability(GAME, theirs.average_policy()))
        done = count
    for name, values in found.items():
        shown = " ".join(f"{value:.3f}" for value in values)
        print(f"{name} MCCFR: {done / spent[name]:,.0f} iterations a second; exploitability {shown} after {at}")


def larger(name: str, ours: int, theirs: int) -> None:
    """Iterations of CFR+ a second of CPU time on a larger game, each in so many iterations."""
    form = games.make(name, lanes=1).sequence_form()
    peer, solver = pyspiel.CFRPlusSolver(pyspiel.load_game(name)), self_play(form, Plus())
    rates = []
    for step, count in ((solver.iterate, ours), (peer.evaluate_and_update_policy, theirs)):
        began = time.process_time()
        for _ in range(count):
            step()
        rates.append(count / (time.process_time() - began))
    sets = sum(len(player.parent) for player in form.players)
    print(
        f"{name}, {sets:,} information sets: marl {rates[0]:.0f}, OpenSpiel {rates[1]:.2f}, {rates[0] / rates[1]:.0f} x"
    )


def main() -> None:
    quick = bench.arguments(__doc__).quick
    form = LeducPoker(1).sequence_form()
    rounds, at = (2, [1, 10, 100]) if quick else (7, [1, 10, 100, 1000, 10_000])
    tasks: dict[str, Callable[[], float]] = {}
    for name, (weighting, peer, iterations) in FAMILY.items():
        ours, theirs = self_play(form, weighting), peer(GAME)
        tasks[f"marl {name}"] = lambda ours=ours: rate(ours.iterate, 1000)
        tasks[f"OpenSpiel {name}"] = lambda theirs=theirs, n=iterations: rate(theirs.evaluate_and_update_policy, n)
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "iterations a second")
    for name, (weighting, _, _) in FAMILY.items():
        values = " ".join(f"{value:.6f}" for value in curve(form, weighting, at))
        faster = bench.ratio(results, f"marl {name}", f"OpenSpiel {name}")
        print(f"{name}: {faster:.0f} times as fast; exploitability {values} after {at}")
    peer = pyspiel.CFRPlusSolver(GAME)
    for _ in range(100):
        peer.evaluate_and_update_policy()
    print(f"OpenSpiel CFR+: {pyspiel.exploitability(GAME, peer.average_policy()):.6f} after 100")
    sampled(form, quick)
    for name in ("CFR+", "DCFR"):
        taken = sorted(ours_to(GOAL, FAMILY[name][0]) for _ in range(rounds))
        print(f"marl {name} below {GOAL}: {taken[rounds // 2][0]:.3f} s, {taken[0][1]} iterations, the tree included")
    seconds, iterations = theirs_to(GOAL)
    print(f"OpenSpiel CFR+ below {GOAL}: {seconds:.3f} s, {iterations} iterations")
    if not quick:
        larger("liars_dice", 200, 5)
    middle = bench.medians(results)
    better = bench.ratio(results, "marl CFR+", "OpenSpiel CFR+")
    bench.report("cfr", middle["marl CFR+"], middle["OpenSpiel CFR+"], better, "iterations/s", game="leduc_poker")


if __name__ == "__main__":
    main()

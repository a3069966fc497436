"""Traversals of Deep CFR on Leduc poker: ours and OpenSpiel's, interleaved.

How many a second, in CPU time, by networks of advantages of the same size that were both fitted once. A traversal asks
the networks how everybody plays, and writes down what it saw of regrets and policies. OpenSpiel's goes through the game
state by state, ours through a thousand matches of its own Leduc poker at once.
"""

from __future__ import annotations

import time

import _common as bench
import pyspiel
from open_spiel.python.pytorch.deep_cfr import DeepCFRSolver

from marl.training.model import ModelConfig
from marl.training.modules import module_specs
from marl.training.networks import Heads
from marl_classic.leduc_poker import LeducPoker
from marl_nash.deep_cfr.params import DeepCFRParams
from marl_nash.deep_cfr.solver import DeepRegret

HIDDEN, TOGETHER, STEPS = [64, 64], 1000, 20


def ours() -> DeepRegret:
    spec, model = LeducPoker(1).spec, ModelConfig(hidden=HIDDEN, activation="relu")
    modules = module_specs(spec, model, "none", (0, 1), heads=Heads("values", False))
    params = DeepCFRParams(model=model, traversals=TOGETHER, steps=STEPS)
    actions = spec.groups[0].action.n  # type: ignore[attr-defined]
    solver = DeepRegret(LeducPoker, actions, (0, 1), list(modules.items()), spec.agents, params, seed=1)
    solver.iterate()
    return solver


def theirs(traversals: int) -> DeepCFRSolver:
    game = pyspiel.load_game("leduc_poker")
    layers = {"policy_network_layers": HIDDEN, "advantage_network_layers": HIDDEN}
    solver = DeepCFRSolver(game, **layers, memory_capacity=200_000, advantage_network_train_steps=STEPS)
    for player in (0, 1):
        for _ in range(traversals):
            solver._traverse_game_tree(solver._root_node, player)
        solver._learn_advantage_network(player)
    return solver


def main() -> None:
    quick = bench.arguments(__doc__).quick
    bench.one_torch_thread()
    count = 10 if quick else 100
    mine, peer = ours(), theirs(count)

    def our_rate() -> float:
        began = time.process_time()
        for side in (0, 1):
            mine._remember(side, mine.traverse(side))
        return 2 * TOGETHER / (time.process_time() - began)

    def their_rate() -> float:
        began = time.process_time()
        for player in (0, 1):
            for _ in range(count):
                peer._traverse_game_tree(peer._root_node, player)
        return 2 * count / (time.process_time() - began)

    results = bench.interleaved({"ours": our_rate, "OpenSpiel": their_rate}, 3 if quick else 7)
    bench.table(results, "traversals/s")
    rates = bench.medians(results)
    better = bench.ratio(results, "ours", "OpenSpiel")
    bench.report("deep_cfr_traversals", rates["ours"], rates["OpenSpiel"], better, "traversals/s", hidden=HIDDEN)


if __name__ == "__main__":
    main()

"""Monte Carlo tree search on Connect Four: ours and OpenSpiel's (C++), with equal simulations and exploration.

Strength: the share of points that ours gets against OpenSpiel's, as many games from each side, with a 95 % interval;
equal means that half of the points are in it. Speed: simulations a second, ours over many matches at once and over one,
OpenSpiel's one after the other, interleaved. Then with a new network of 256x256 in place of playouts, as AlphaZero
searches: ours, and OpenSpiel's search in Python with the same network, as its AlphaZero in Python does it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import _common as bench
import numpy as np
import pyspiel
import torch
from open_spiel.python.algorithms.mcts import Evaluator, MCTSBot, SearchNode

from marl import rng
from marl.arena import Arena, Pairings
from marl.env import EnvSpec, Rows
from marl.policy import Policy
from marl.registry import ENVIRONMENTS, POLICIES, load_registry
from marl.training.model import ModelConfig
from marl.training.modules import module_specs
from marl.training.networks import Network
from marl_search.networks import NetworkJudge, ZeroSum
from marl_search.rules import PUCT
from marl_search.search import Search

MATCHES = 512  # searched together


def main() -> None:
    quick = bench.arguments(__doc__).quick
    bench.one_torch_thread()
    simulations, games = (25, 60) if quick else (100, 400)
    ours, peer = made("search/mcts", simulations), made("openspiel/mcts", simulations)
    environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=games)
    returns = Arena(environment).play([ours, peer], Pairings.repeat([(0, 1), (1, 0)], games // 2, seed=5)).returns
    points = (np.concatenate([returns[: games // 2, 0], returns[games // 2 :, 1]]) + 1) / 2
    margin = 1.96 * points.std(ddof=1) / np.sqrt(games)
    print(f"{simulations} simulations, {games} games: {points.mean():.1%} of the points (+- {margin:.1%})")
    many, one = positions(MATCHES), positions(1)
    tasks: dict[str, Callable[[], float]] = {
        f"ours, {MATCHES} matches at once": lambda: rate(made("search/mcts", 50), many, 50),
        "ours, one match": lambda: rate(made("search/mcts", 50), one, 50),
        "OpenSpiel": lambda: rate(made("openspiel/mcts", 50), positions(64), 50),
        f"AlphaZero's, {MATCHES} matches at once": lambda: guided(many, 64),
        "AlphaZero's, one match": lambda: guided(one, 64),
        "OpenSpiel's in Python with the same network": lambda: peer_guided(64),
    }
    results = bench.interleaved(tasks, 1 if quick else 5)
    bench.table(results, "simulations a second")
    first, _, third, fourth, _, last = tasks
    rates = bench.medians(results)
    ratio = bench.ratio(results, first, third)
    detail = {"points": points.mean(), "margin": margin, "games": games, "guided": rates[fourth]}
    detail |= {"guided_peer": rates[last], "guided_ratio": bench.ratio(results, fourth, last)}
    bench.report("mcts", rates[first], rates[third], ratio, "simulations/s", **detail)


def made(name: str, simulations: int) -> Policy:
    spec = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=1).spec
    policy: Policy = load_registry().make(POLICIES, name, {"simulations": simulations}, spec=spec)
    return policy


def positions(count: int) -> tuple[Any, Rows]:
    environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {"view": "own"}, lanes=count)
    (rows,) = environment.reset(np.arange(count), rng.mix(1, np.arange(count)))
    assert rows is not None
    return environment, rows


def rate(policy: Policy, where: tuple[Any, Rows], simulations: int) -> float:
    environment, rows = where
    keys = rng.mix(2, np.arange(len(rows)))
    began = time.process_time()
    if hasattr(policy, "search"):
        policy.search(rows, environment, keys)
    else:
        policy.act(rows, None, keys)
    return simulations * len(rows) / (time.process_time() - began)


class Judge(Evaluator):
    """OpenSpiel's evaluator: one position after the other."""

    def __init__(self) -> None:
        self.network = network_of(positions(1)[0].spec)

    @torch.inference_mode()
    def _says(self, state: Any) -> tuple[Any, float]:
        seen = torch.tensor(state.observation_tensor(state.current_player())).reshape(1, 3, 6, 7)
        out = self.network(seen, None, None)
        return out.inputs[0].numpy(), float(out.value.tanh())

    def evaluate(self, state: Any) -> Any:
        value = self._says(state)[1]
        return np.array([value, -value] if state.current_player() == 0 else [-value, value])

    def prior(self, state: Any) -> list[tuple[int, float]]:
        logits, legal = self._says(state)[0], state.legal_actions()
        weights = np.exp(logits[legal] - logits[legal].max())
        return list(zip(legal, weights / weights.sum(), strict=True))


def peer_guided(simulations: int) -> float:
    game = pyspiel.load_game("connect_four")
    bot = MCTSBot(game, 1.25, simulations, Judge(), child_selection_fn=SearchNode.puct_value)
    began = time.process_time()
    bot.mcts_search(game.new_initial_state())
    return simulations / (time.process_time() - began)


def network_of(spec: EnvSpec) -> Network:
    ((name, module),) = module_specs(spec, ModelConfig(hidden=[256, 256], activation="relu"), "all", range(2)).items()
    return module.build(0, name)


def guided(where: tuple[Any, Rows], simulations: int) -> float:
    environment, rows = where
    spec = environment.spec
    judge = NetworkJudge(ZeroSum(spec, "this benchmark"), {"players": network_of(spec)})
    search = Search(judge.facts, PUCT(), judge, simulations, prove=False)
    began = time.process_time()
    search(rows, environment, rng.mix(2, np.arange(len(rows))))
    return simulations * len(rows) / (time.process_time() - began)


if __name__ == "__main__":
    main()

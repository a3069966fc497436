"""Two 128x128 policies play Connect Four against each other, on one core: games per second.

Ours is the arena with `classic/connect_four`. The peer plays many OpenSpiel games in lockstep, one batch per policy and
ply, with the same weights in plain torch: the fastest loop over OpenSpiel that we know. `forward` is the limit: nothing
but the two networks in plain torch, on batches of the arena's size. `fused forward` is the same through our own layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import _common as bench
import numpy as np
import pyspiel
import torch

from marl import rng
from marl.arena import Pairings
from marl.arena.play import Play
from marl.env import EnvSpec
from marl.registry import ENVIRONMENTS, load_registry
from marl.training.networks import ModelConfig, Network, NetworkPolicy, networks, restore

LANES, PEER_LANES = 2048, 1024
HIDDEN = [128, 128]


def players(spec: EnvSpec, activation: Any) -> list[NetworkPolicy]:
    """Two frozen policies, as a league would have them."""
    config = ModelConfig(hidden=HIDDEN, activation=activation)
    return [restore(spec, NetworkPolicy(spec, networks(spec, config, seed=seed)).snapshot()) for seed in (1, 2)]


def plain(policy: NetworkPolicy) -> torch.nn.Sequential:
    """The same policy as torch's own layers, without the value."""
    (network,) = policy.networks.values()
    layers: list[torch.nn.Module] = [torch.nn.Flatten()]
    for dense in network.encoder.dense.layers:
        layers += [dense, torch.nn.Tanh() if network.config.activation == "tanh" else torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, network.policy_head)


def arena(policies: list[NetworkPolicy], seconds: float, lanes: int) -> Callable[[], float]:
    """A task that plays on and returns plies per second."""
    environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=lanes)
    lineups = rng.integers(rng.mix(3, np.arange(1_000_000)), 2)
    pairings = Pairings(np.stack([lineups, 1 - lineups], axis=1), rng.mix(7, np.arange(len(lineups))))
    games: list[Play] = []

    def play() -> Iterator[int]:
        if not games or games[0].match.max() > 0.9 * len(pairings):
            games[:] = [Play(environment, policies, pairings)]
            for _ in range(100):  # until the lanes are out of step, as they are in a long run
                games[0].tick()
        while True:
            plies = len(games[0].live)
            games[0].tick()
            yield plies

    return lambda: rate(play(), seconds)


def lockstep(models: list[torch.nn.Sequential], seconds: float, lanes: int) -> Callable[[], float]:
    """OpenSpiel's games one by one, the policies in batches; plies per second."""
    game = pyspiel.load_game("connect_four")
    size, width = game.observation_tensor_size(), game.num_distinct_actions()
    seen, mask = np.empty((lanes, size), np.float32), np.empty((lanes, width), np.bool_)
    random = np.random.default_rng(0)
    states = [game.new_initial_state() for _ in range(lanes)]
    seat = np.arange(lanes) % 2

    def play() -> Iterator[int]:
        while True:
            turn = np.fromiter((state.current_player() for state in states), np.int64, lanes)
            for lane, state in enumerate(states):
                seen[lane] = state.observation_tensor(turn[lane])
                mask[lane] = state.legal_actions_mask(turn[lane])
            actions = np.empty(lanes, np.int64)
            for index, model in enumerate(models):
                rows = np.flatnonzero(turn ^ seat == index)
                if len(rows):
                    with torch.inference_mode():
                        logits = model(torch.from_numpy(seen[rows])).numpy()
                    noise = -np.log(-np.log(random.random(logits.shape, np.float32) + 1e-12) + 1e-12)
                    actions[rows] = np.where(mask[rows], logits + noise, -np.inf).argmax(axis=1)
            for lane, state in enumerate(states):
                state.apply_action(int(actions[lane]))
                if state.is_terminal():
                    states[lane] = game.new_initial_state()
            yield lanes

    return lambda: rate(play(), seconds)


def forward(models: list[Any], seconds: float, rows: int) -> Callable[[], float]:
    """Nothing but the two networks in turn; rows per second."""
    seen = torch.rand(rows, 3, 6, 7)

    def play() -> Iterator[int]:
        for turn in count():
            with torch.inference_mode():
                models[turn % 2](seen)
            yield rows

    return lambda: rate(play(), seconds)


def rate(play: Iterator[int], seconds: float) -> float:
    """What `play` yields a second, over about `seconds`, once it has begun."""
    next(play)
    total, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        total += next(play)
    return total / passed


def game_length(policies: list[NetworkPolicy]) -> float:
    """How many plies a game between them has, on average over 4000."""
    environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=LANES)
    play = Play(environment, policies, Pairings.repeat([[0, 1], [1, 0]], 2000, seed=5))
    while not play.over:
        play.tick()
    return float(play.drain().length.mean())


def main() -> None:
    quick = bench.arguments(__doc__).quick
    bench.one_torch_thread()
    seconds, rounds = (0.3, 3) if quick else (1.0, 9)
    spec = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=1).spec
    tasks: dict[str, Callable[[], float]] = {}
    for activation in ("relu", "tanh"):
        policies = players(spec, activation)
        models: list[Network] = [next(iter(policy.networks.values())) for policy in policies]
        tasks |= {
            f"arena, {activation}": arena(policies, seconds, LANES),
            f"forward, {activation}": forward([plain(policy) for policy in policies], seconds, LANES // 2),
            f"fused forward, {activation}": forward(models, seconds, LANES // 2),
        }
    policies = players(spec, "relu")
    tasks |= {f"arena, relu, {lanes} lanes": arena(policies, seconds, lanes) for lanes in (64, 256, 1024)}
    tasks |= {"OpenSpiel lockstep": lockstep([plain(policy) for policy in policies], seconds, PEER_LANES)}
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "plies/s")
    length, middle = game_length(policies), bench.medians(results)
    bench.report(
        "arena_throughput",
        middle["arena, relu"] / length,
        middle["OpenSpiel lockstep"] / length,
        bench.ratio(results, "arena, relu", "OpenSpiel lockstep"),
        "games/s",
        lanes=LANES,
        peer_lanes=PEER_LANES,
        plies_a_game=length,
        share_of_forward=bench.ratio(results, "arena, relu", "forward, relu"),
        share_of_fused_forward=bench.ratio(results, "arena, relu", "fused forward, relu"),
        share_of_forward_tanh=bench.ratio(results, "arena, tanh", "forward, tanh"),
        share_of_fused_forward_tanh=bench.ratio(results, "arena, tanh", "fused forward, tanh"),
        plies=middle,
    )


if __name__ == "__main__":
    main()

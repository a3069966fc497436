"""Learned players in a league: best responses in PSRO, and self-play as a chain of slices."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from league.manager import Manager
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic, for Kuhn poker")

Make = Callable[..., Manager]
SMALL = "lanes: 32, rows: 512, minibatch: 128, lr: 0.003, env_steps"
SELF_PLAY = (
    "env: classic/kuhn_poker\nstrategy: {name: league/self_play, algorithm: "
    f"{{name: rllib/mmd, horizon: 12000, {SMALL}: 4000}}}}\n"
)
PSRO = f"env: classic/kuhn_poker\nstrategy: {{name: league/psro, oracle: {{name: rllib/ppo, {SMALL}: 1000}}}}\n"


@pytest.fixture
def league(tmp_path: Path) -> Iterator[Make]:
    opened: list[Any] = []

    def make(text: str, iterations: int, where: str = "run") -> Manager:
        path, out = tmp_path / "scenario.yaml", tmp_path / where
        path.write_text(f"kind: league\nstop: {{iterations: {iterations}}}\n" + text)
        out.mkdir(exist_ok=True)
        registry = load_registry()
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(load_scenario(str(path), [], registry).config, registry, ledger, Blobs(out / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()


def test_self_play_is_one_chain_whose_snapshots_join_every_side(league: Make) -> None:
    manager = league(SELF_PLAY, 3)
    iterations = list(manager.run())
    first, second = ([player for _, player in side] for side in manager.members)
    assert [player.snapshot for player in first] == [player.snapshot for player in second]
    assert [player.parents for player in first] == [(), (), ("player_0/1",), ("player_0/2",)]
    assert len({player.snapshot for player in first}) == 4
    assert iterations[-1].mixtures == ((0, 0, 0, 1), (0, 0, 0, 1))
    assert iterations[-1].nash_conv is not None and iterations[-1].nash_conv < iterations[0].nash_conv


@pytest.mark.parametrize(
    "text", [SELF_PLAY.replace("4000", "1000"), PSRO, PSRO.replace("league/psro,", "league/psro, warm: true,")]
)
def test_a_league_that_is_stopped_and_resumed_is_the_same_league(league: Make, text: str) -> None:
    whole = league(text, 3, "whole")
    list(whole.run())
    list(itertools.islice(league(text, 3, "halves").run(), 2))  # killed after the founders and an iteration
    resumed = league(text, 3, "halves")
    list(resumed.run())
    assert whole.ledger.digest() == resumed.ledger.digest()


@pytest.mark.slow
def test_best_responses_that_are_learned_lower_nash_conv(league: Make) -> None:
    iterations = list(league(PSRO.replace("1000", "16000"), 5).run())
    assert min(iteration.nash_conv for iteration in iterations) < 0.4  # uniform play: 0.917

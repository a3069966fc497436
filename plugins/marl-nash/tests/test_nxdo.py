"""NXDO: the game in which members of a population are chosen, who plays what it was solved to, and the league."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

from league.ledger import Ledger
from league.manager import Manager
from league.operations import ask
from league.runner import build
from marl import rng, tabular
from marl.blobs import Blobs
from marl.env import Actions, Turn
from marl.errors import UserError
from marl.metrics import Metrics
from marl.policy import Policy
from marl.registry import ENVIRONMENTS, Component, load_registry
from marl.scenario import load_scenario
from marl.services import RunServices, restore
from marl.snapshot import Snapshot
from marl.testing import check_environment
from marl_nash.nxdo.game import CopiedGame, restricted, rows_of
from marl_nash.nxdo.player import snapshot_of

SMALL = "{name: nash/deep_cfr, iterations: 2, traversals: 50, steps: 10, play_steps: 30, model: {hidden: [16]}}"
KUHN = f"env: classic/kuhn_poker\nstrategy: {{name: nash/nxdo, oracle: league/best_response, solver: {SMALL}}}\n"


@pytest.fixture
def league(tmp_path: Path) -> Iterator[Callable[..., Manager]]:
    """`league(text, run)` makes a league in `tmp_path/run`, or takes it up again."""
    opened: list[Ledger] = []

    def make(text: str, run: str = "run") -> Manager:
        (tmp_path / run).mkdir(exist_ok=True)
        path = tmp_path / run / "scenario.yaml"
        path.write_text("kind: league\n" + text)
        registry, ledger = load_registry(), Ledger.at(tmp_path / run)
        opened.append(ledger)
        config = load_scenario(str(path), [], registry).config
        metrics = Metrics(tmp_path / run / "metrics.jsonl")
        return build(config, registry, ledger, Blobs(tmp_path / run / "blobs"), metrics)

    yield make
    for ledger in opened:
        ledger.close()


def kuhn(lanes: int) -> Any:
    return load_registry().make(ENVIRONMENTS, "classic/kuhn_poker", {}, lanes=lanes)


def tables(services: RunServices, count: int, seed: int = 0) -> list[list[Snapshot]]:
    """So many pure policies of each side by chance."""
    found = []
    for player in services.exact().form.players:
        mask = player.mask
        drawn = [rng.choose(rng.mix(seed, player.name[0] == "", n, range(len(mask))), mask) for n in range(count)]
        found.append([tabular.snapshot(player, np.eye(mask.shape[1])[one]) for one in drawn])
    return found


@pytest.fixture
def services(tmp_path: Path) -> RunServices:
    return RunServices(load_registry(), Component("classic/kuhn_poker"), Blobs(tmp_path), lambda step, values: None)


def policies(services: RunServices, members: list[list[Snapshot]]) -> list[list[Policy]]:
    return [[services.restore(one) for one in side] for side in members]


def test_the_game_is_an_environment_like_all_others(services: RunServices) -> None:
    members = policies(services, tables(services, 3))
    members[1].append(services.restore(Snapshot("marl/random", {})))  # one that draws, and one more than the other side
    report = check_environment(lambda lanes: restricted(kuhn(lanes), members), matches=3, ticks=40)
    assert report.ok, str(report)


def test_whoever_would_do_the_same_is_chosen_once(services: RunServices) -> None:
    one, two = (side[0] for side in tables(services, 1))
    game = restricted(kuhn(64), policies(services, [[one, one, Snapshot("marl/random", {})], [two, two, two]]))
    rows = game.reset(np.arange(64), rng.mix(1, range(64)))[0]
    assert rows is not None and rows.mask is not None and (rows.agent == 0).all()
    assert (rows.mask == [True, False, True]).all()


def test_what_is_learned_there_earns_the_same_in_the_true_game(services: RunServices) -> None:
    """The player's exact returns are those of matches in the restricted game by the chooser that it holds."""
    members = tables(services, 3)
    chooser = Snapshot("marl/random", {})
    player = services.blobs.put_snapshot(snapshot_of(chooser, members))
    exact = services.exact()
    truth = exact.form.returns([exact.plan(side, player) for side in range(2)])
    game, lanes = restricted(kuhn(4000), policies(services, members)), np.arange(4000)
    chooses = restore(services.registry, game.spec, chooser)
    turn, going, earned, tick = game.reset(lanes, rng.mix(5, lanes)), lanes, np.zeros((4000, 2)), 0
    while len(going):
        step = game.step(going, answers(chooses, turn, tick))
        earned[going] += step.rewards
        turn, going, tick = step.turn, going[~step.done], tick + 1
    assert earned.mean(0) == pytest.approx(truth, abs=4 * earned.std() / 4000**0.5)
    rows = exact.rows(0)
    acts = services.policy(player).act(rows, None, rng.mix(1, range(len(rows))))
    assert (services.policy(player).probabilities(rows)[np.arange(len(rows)), acts.action] > 0).all()  # type: ignore[attr-defined]


def answers(policy: Policy, turn: Turn, tick: int) -> Actions:
    keys = [None if rows is None else rng.mix(7, rows.lane, tick) for rows in turn]
    return [
        None if rows is None or key is None else policy.act(rows, None, key).action
        for rows, key in zip(turn, keys, strict=True)
    ]


def test_rows_of_lanes_come_in_their_order_and_as_often(services: RunServices) -> None:
    game = restricted(kuhn(6), policies(services, tables(services, 2)))
    assert isinstance(game, CopiedGame)
    rows = game.reset(np.arange(6), rng.mix(1, range(6)))[0]
    assert rows is not None
    found = rows_of(rows, np.array([4, 1, 4]), np.array([0, 2, 5]))
    assert found.lane.tolist() == [0, 2, 5]
    np.testing.assert_array_equal(
        tabular.observation_keys(found.observation), tabular.observation_keys(rows.observation)[[4, 1, 4]]
    )


def test_a_league_answers_and_solves_in_turns_and_resumes_to_the_bit(league: Any, tmp_path: Path) -> None:
    text = KUHN + "stop: {iterations: 5}\n"
    whole = league(text)
    done = list(whole.run())
    view = whole.view()
    born = {one.born: one.role for one in view.players if one.lineage}
    assert born == {1: "main", 2: "solution", 3: "main", 4: "solution", 5: "main"}
    for one in done[2:]:
        weights = dict(zip((p.name for p in view.players if 0 in p.sides), one.mixtures[0], strict=False))
        assert [name for name, weight in weights.items() if weight > 0] == [f"player_0/{2 if one.number < 4 else 4}"]
    run = league(text, "cut").run()
    for _ in range(4):
        next(run)
    again = league(text, "cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()

    ask.add(tmp_path / "run", "marl/first", load_registry())  # whoever joins is chosen from then on
    later = league(KUHN + "stop: {iterations: 7}\n")
    list(later.run())
    solution = later.view().players[-1]
    assert (solution.role, solution.born) == ("solution", 7)
    members = later.services.snapshot(solution.snapshot).meta["parts"]
    assert members["0/3"]["policy"] == "marl/first" and members["0/0"]["policy"] == "marl/tabular"


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        ("{name: nash/nxdo, transfer: true}", "transfer: goes by payoffs"),
        ("{name: self_play, algorithm: nash/restricted_game}", "use it with nash/nxdo"),
        ("{name: nash/nxdo, solver: tabular/cfr_plus}", "tabular/xdo solves it"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(league: Any, strategy: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        list(league(f"env: classic/kuhn_poker\nstrategy: {strategy}\nstop: {{iterations: 2}}\n").run())


def test_a_game_of_three_and_whoever_remembers_are_refused(league: Any) -> None:
    with pytest.raises(UserError, match="nash/nxdo needs a zero-sum game of two sides"):
        next(league(KUHN.replace("classic/kuhn_poker", "{name: classic/kuhn_poker, players: 3}")).run())
    oracle = "{name: rllib/ppo, env_steps: 200, lanes: 8, rows: 64, minibatch: 32, model: {kind: gru}}"
    with pytest.raises(UserError, match="remembers what it saw while it plays"):
        list(league(KUHN.replace("league/best_response", oracle) + "stop: {iterations: 2}\n").run())

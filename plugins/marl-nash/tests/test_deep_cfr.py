"""Deep CFR: what its reservoirs keep, what its traversals are worth on average, and that it goes on to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch")
pytest.importorskip("marl_tabular", reason="needs the plugin tabular")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

from marl.algorithm import Trained
from marl.blobs import Blobs
from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train
from marl.space import Box, Discrete
from marl.tabular import observation_keys
from marl.training.model import ModelConfig
from marl.training.modules import module_specs
from marl.training.networks import Heads
from marl_nash.deep_cfr.algorithm import DeepCFR
from marl_nash.deep_cfr.fitting import advantages, fitted, matched, merged
from marl_nash.deep_cfr.params import DeepCFRParams
from marl_nash.deep_cfr.solver import DeepRegret
from marl_nash.reservoir import Reservoir
from marl_tabular.lanes import Lanes

SMALL = {"iterations": 2, "traversals": 20, "steps": 8, "play_steps": 8, "model": {"hidden": [16]}}


class Desk:
    """Self-play on a game, job after job."""

    def __init__(self, folder: Path, env: str, **params: Any) -> None:
        self.registry = load_registry()
        self.services = RunServices(self.registry, Component(env, params), Blobs(folder), lambda step, values: None)

    def job(self, seed: int = 1, parent: Trained | None = None, **params: Any) -> Job:
        opponents = tuple(() if side == 0 else ((SELF, 1.0),) for side in range(len(self.services.spec.sides)))
        kept = None if parent is None else self.services.blobs.put_checkpoint(parent.checkpoint)
        return Job("nash/deep_cfr", 0, opponents, seed, kept, params={**SMALL, **params})

    def do(self, job: Job) -> Trained:
        return train(self.registry, self.registry.make(ALGORITHMS, job.algorithm, job.params), job, self.services)

    def work(self, seed: int = 1, parent: Trained | None = None, **params: Any) -> Trained:
        return self.do(self.job(seed, parent, **params))

    def nash_conv(self, done: Trained) -> float:
        id, exact = self.services.blobs.put_snapshot(done.snapshot), self.services.exact()
        return exact.form.nash_conv([exact.plan(side, id) for side in range(exact.sides)])


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    return lambda env="classic/kuhn_poker", **params: Desk(tmp_path, env, **params)


def test_a_reservoir_keeps_every_row_of_the_stream_with_equal_chance() -> None:
    """40 rows, 8 places, 1,000 reservoirs: 200 times each, with a deviation of 13."""
    kept = np.zeros(40)
    for seed in range(1000):
        reservoir = Reservoir(8, seed)
        for start, end in ((0, 5), (5, 6), (6, 25), (25, 40)):
            reservoir.add({"row": np.arange(start, end)})
        assert len(reservoir) == 8 and len(set(reservoir.columns["row"].tolist())) == 8
        kept[reservoir.columns["row"]] += 1
    assert np.abs(kept - 200).max() < 4.5 * 13


def test_a_reservoir_is_the_same_whatever_batches_rows_come_in_and_goes_on_where_it_was_saved() -> None:
    rows = np.arange(500)
    whole, single, resumed = Reservoir(30, 7), Reservoir(30, 7), Reservoir(30, 7)
    whole.add({"row": rows})
    for row in rows:
        single.add({"row": np.array([row])})
        if row == 200:
            resumed.load(single.save(), single.seen)
    resumed.add({"row": rows[201:]})
    assert whole.columns["row"].tolist() == single.columns["row"].tolist() == resumed.columns["row"].tolist()


def test_advantages_are_matched_in_proportion_or_the_greatest_is_played() -> None:
    advantage = np.array([[3.0, 1.0, -2.0], [-3.0, -1.0, 5.0], [0.0, 0.0, 0.0], [2.0, 9.0, 1.0]])
    mask = np.array([[True] * 3, [True, True, False], [True, True, False], [True, False, True]])
    expected = [[0.75, 0.25, 0], [0, 1, 0], [0.5, 0.5, 0], [2 / 3, 0, 1 / 3]]
    np.testing.assert_allclose(matched(advantage, mask), expected)


def test_a_network_is_fitted_to_means_in_which_iterations_count_by_their_number() -> None:
    """Rows of one information set, iterations 1 and 3: the least of the weighted squares is at their weighted mean."""
    columns = {
        "observation/": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], dtype=np.float32),
        "key": np.array([5, 9, 5], dtype=np.uint64),
        "mask": np.array([[True, True], [True, False], [True, True]]),
        "iteration": np.array([1, 2, 3], dtype=np.int32),
        "target": np.array([[4.0, 0.0], [1.0, 0.0], [0.0, 8.0]], dtype=np.float32),
    }
    examples = merged(columns)
    np.testing.assert_allclose(examples.target, [[1.0, 6.0], [1.0, 0.0]])
    np.testing.assert_allclose(examples.weight, [4 / 6, 2 / 6])
    group = Group("players", (0,), Box((2,), 0, 1), Discrete(2))
    spec = EnvSpec(("ann",), (group,), ((0,),), "turns", 9)
    ((name, module),) = module_specs(spec, ModelConfig(hidden=[16]), "all", [0], heads=Heads("values", False)).items()
    for minibatch in (2, 1):  # whole, and drawn by weight
        params = DeepCFRParams(steps=200, minibatch=minibatch)
        network, _ = fitted("advantages", module, name, examples, params, seed=3)
        said = advantages(network, np.asarray(examples.observation))
        np.testing.assert_allclose(said[0, 1] / said[0, 0], 6.0, rtol=0.05)  # in a unit of their own
        np.testing.assert_allclose(said[1, 0] / said[0, 0], 1.0, rtol=0.05)


def test_a_job_goes_on_where_its_parent_stopped_to_the_bit(desk: Callable[..., Desk]) -> None:
    kuhn = desk()
    whole, half = kuhn.work(iterations=4, capacity=60), kuhn.work(iterations=2, capacity=60)
    again = kuhn.work(iterations=2, capacity=60, parent=half)
    assert again.snapshot.id == whole.snapshot.id != half.snapshot.id
    assert again.checkpoint.meta == whole.checkpoint.meta and whole.checkpoint.meta["iterations"] == 4
    assert set(again.checkpoint.arrays) == set(whole.checkpoint.arrays)
    for name, array in whole.checkpoint.arrays.items():
        assert np.array_equal(again.checkpoint.arrays[name], array), name
    assert whole.checkpoint.meta["seen"]["regrets0"] > 60 == len(whole.checkpoint.arrays["reservoir/regrets0/key"])


def test_a_budget_of_env_steps_ends_a_job_and_what_went_beyond_is_taken_off_the_next(desk: Callable[..., Desk]) -> None:
    kuhn = desk()
    first = kuhn.do(replace(kuhn.job(), budget={"env_steps": 1}))
    steps = first.checkpoint.meta["env_steps"]
    assert first.checkpoint.meta["iterations"] == 1 and steps > 80
    second = kuhn.do(replace(kuhn.job(parent=first), budget={"env_steps": int(1.5 * steps)}))
    assert second.checkpoint.meta["iterations"] == 2 and second.checkpoint.meta["budget"] == 1 + int(1.5 * steps)


@pytest.mark.parametrize("sharing", ["all", "side"])
def test_its_players_play_games_of_three_and_games_with_illegal_actions(desk: Any, sharing: str) -> None:
    for env, params in (("classic/kuhn_poker", {"players": 3}), ("classic/leduc_poker", {})):
        game = desk(env, **params)
        done = game.work(sharing=sharing, iterations=1)
        policy = game.services.restore(done.snapshot)
        for side in range(len(game.services.spec.sides)):
            rows = game.services.exact().rows(side)
            played = policy.probabilities(rows)
            assert np.allclose(played.sum(axis=1), 1) and (played[~rows.mask] == 0).all()


PAIR = EnvSpec(
    ("ann", "bob"),
    (Group("one", (0,), Box((1,), 0, 9), Discrete(2)), Group("other", (1,), Box((2,), 0, 9), Discrete(3))),
    ((0,), (1,)),
    "turns",
    2,
)


class Guess(Match):
    """Either begins, by lot; what each sees and may do has another shape. Bob wins by his last action."""

    def start(self) -> None:
        self.turn, self.moved = int(2 * self.chance()), 0

    def views(self) -> Any:
        return {self.turn: View(self.observe(self.turn), np.ones(2 + self.turn, bool))}

    def observe(self, agent: int) -> Any:
        return np.full(1 + agent, self.moved, np.float32)

    def play(self, actions: Any) -> Any:
        ((agent, action),) = actions.items()
        self.moved += 1
        self.turn = 1 - agent
        won = float(agent == 1 and action == 2)
        return Outcome({0: -won, 1: won}, done=self.moved == 2)


def test_agents_that_see_and_do_different_things_are_told_apart() -> None:
    """Levels in which both wait, each in a group of its own: rows stay with the matches that they are of."""
    make = lambda lanes: ForkableOneByOne(PAIR, lanes, Guess)  # noqa: E731
    modules = module_specs(PAIR, ModelConfig(hidden=[8]), "none", (0, 1), heads=Heads("values", False))
    params = DeepCFRParams(traversals=30, steps=20, capacity=1000)
    solver = DeepRegret(make, 3, (0, 1), list(modules.items()), PAIR.agents, params, seed=2)
    for _ in range(2):
        solver.iterate()
    regret = solver.regrets[1].columns
    assert regret["target"].shape[1] == 3 and regret["observation/"].shape[1] == 2
    assert (regret["target"][:, 2] > 0).any() and (regret["target"][:, :2] <= 1e-6).all()
    node = Lanes(make, 3).begin(np.arange(40, dtype=np.uint64))
    assert node.lane.tolist() == list(range(40)) and 0 < node.agent.sum() < 40
    for rows, where in node.rows:
        assert (node.agent[where] == rows.agent).all() and (node.lane[where] == rows.lane).all()
        assert (node.seen[where] == observation_keys(rows.observation)).all()
        assert node.mask[where].sum(axis=1).tolist() == (2 + rows.agent).tolist()


def test_what_it_cannot_do_is_said(desk: Callable[..., Desk]) -> None:
    kuhn = desk()
    done = kuhn.work(iterations=1)
    fixed = kuhn.services.blobs.put_snapshot(done.snapshot)
    with pytest.raises(UserError, match="learns by self-play alone"):
        kuhn.do(replace(kuhn.job(), opponents=((), ((fixed, 1.0),))))
    with pytest.raises(UserError, match="recorded matches teach nothing"):
        DeepCFR().check_job(replace(kuhn.job(), dataset="x"), kuhn.services.spec)
    with pytest.raises(UserError, match="here several act at once"):
        desk("classic/rock_paper_scissors").work()
    with pytest.raises(UserError, match=r"another one .*`model` and game must be as they were"):
        kuhn.work(parent=done, model={"hidden": [8]})
    with pytest.raises(UserError, match="another capacity"):
        kuhn.work(parent=done, capacity=3)
    with pytest.raises(UserError, match=r"no reservoirs of .*`sharing`"):
        kuhn.work(parent=done, sharing="all")
    with pytest.raises(UserError, match="must not have a memory"):
        kuhn.work(model={"kind": "gru"})


@pytest.mark.slow
def test_kuhn_poker_comes_near_its_equilibrium(desk: Callable[..., Desk]) -> None:
    kuhn = desk()
    model = {"hidden": [32, 32], "activation": "relu"}
    done = kuhn.work(iterations=20, traversals=1000, steps=100, play_steps=500, model=model)
    assert kuhn.nash_conv(done) < 0.1  # docs/results/deep_cfr.md: 0.022 to 0.041 with 1,500 traversals

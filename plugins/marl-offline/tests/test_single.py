"""Each agent by itself: known answers of cloning and of conservatism, and runs that go on to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from marl.env import EnvSpec, Group, Rows
from marl.errors import UserError
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.registry import ALGORITHMS, load_registry
from marl.space import Box, Discrete
from marl.testing.games import kuhn

WIDTH, ACTIONS, MOST = 6, 4, 12
STAIRS = EnvSpec(
    agents=("walker",),
    groups=(Group("walkers", (0,), Box((WIDTH,), 0, 1), Discrete(ACTIONS)),),
    sides=((0,),),
    dynamics="turns",
    max_length=MOST,
    returns=(-5 * MOST, 0),
)


class Stairs(Match):
    """Six steps up. Action 0 climbs one for 1, action 1 for 2; 2 and 3 cost 5 and lead nowhere."""

    def start(self) -> None:
        self.place = self.tick = 0

    def observe(self, agent: int) -> Any:
        return np.eye(WIDTH, dtype=np.float32)[min(self.place, WIDTH - 1)]

    def views(self) -> dict[int, View]:
        return {0: View(self.observe(0))}

    def play(self, actions: Any) -> Outcome:
        action = int(actions[0])
        self.place, self.tick = self.place + (action < 2), self.tick + 1
        reward = (-1.0, -2.0, -5.0, -5.0)[action]
        if self.place == WIDTH:
            return Outcome({0: reward}, done=True)
        return Outcome({0: reward}, truncated={0} if self.tick == MOST else set(), done=self.tick == MOST)


def stairs(lanes: int) -> Any:
    return ForkableOneByOne(STAIRS, lanes, Stairs)


PLACES = Rows(np.arange(WIDTH), np.zeros(WIDTH, np.int64), np.eye(WIDTH, dtype=np.float32), None, np.ones(WIDTH, bool))


@pytest.fixture(scope="module")
def climbs(recorded: Any, behaviour: Any) -> Any:
    """Matches in which nobody ever tried 2 or 3."""
    return recorded(stairs, behaviour(lambda seen, agent: np.tile([0.7, 0.3, 0.0, 0.0], (len(seen), 1))), 300)


@pytest.mark.parametrize("sharing", ["all", "none"])
def test_cloning_finds_how_often_everything_was_done(recorded: Any, behaviour: Any, learned: Any, sharing: str) -> None:
    def often(seen: Any, agent: Any) -> Any:
        first = 0.2 + 0.6 * np.abs(np.sin(seen @ np.arange(1, seen.shape[1] + 1)))
        return np.stack([first, 1 - first], 1)

    host = recorded(kuhn, behaviour(often), 4000)
    falls = {"lr": 1e-2, "lr_end": 1e-5}
    policy, _ = learned("offline/bc", host, greedy=False, sharing=sharing, env_steps=60_000, rows=2048, **falls)
    window = host.recorded.windows(np.arange(4000))[0]
    _, first, which = np.unique(window.observation, axis=0, return_index=True, return_inverse=True)
    done = np.bincount(which, window.action) / np.bincount(which)  # how often action 1 was chosen, where this was seen
    rows = Rows(window.lane, window.agent, window.observation, window.mask, window.first).take(first)
    assert len(first) == 12
    error = np.abs(policy.probabilities(rows)[:, 1] - done)
    assert error[np.bincount(which) > 300].max() < 0.03 and np.average(error, weights=np.bincount(which)) < 0.01
    assert np.abs(policy.probabilities(rows) - behaviour(often).probabilities(rows)).max() < 0.15


QUICK = {"env_steps": 24_000, "rows": 512, "minibatch": 64, "discount": 1.0, "target_rate": 0.1, "lr": 5e-3}


def test_conservatism_leaves_alone_what_was_never_tried(climbs: Any, learned: Any, returns: Any) -> None:
    policy, engine = learned("offline/cql", climbs, **QUICK)
    assert returns(climbs, policy, 1)[0] == -6.0  # the best that the data knows
    values = said(engine)
    assert (values[:, 2:].max(axis=1) < values[:, 0]).all()
    assert (values.max(axis=1) <= -np.arange(WIDTH, 0, -1) + 0.1).all()  # no more than what it really earns
    bold, engine = learned("offline/cql", climbs, conservatism=0.0, **QUICK)
    assert returns(climbs, bold, 1)[0] < -20.0  # Q-learning believes in what it never saw
    assert said(engine)[0].max() > -3.0  # and expects more than there is


@pytest.mark.slow
def test_plain_deep_q_learning_learns_from_a_dataset_as_it_is(climbs: Any, learned: Any, returns: Any) -> None:
    plain = {**QUICK, "rows": 64, "env_steps": 3_000, "learning_starts": 500}
    policy, engine = learned("rllib/dqn", climbs, **plain)
    assert returns(climbs, policy, 1)[0] < -20.0
    values = said(engine)
    assert (values[:, 0] > values[:, 1] + 0.5).all()  # of what it saw, it knows the better


def said(engine: Any) -> Any:
    """The values of all actions at all places, `[6, 4]`."""
    (module,) = engine.backend.policy.networks
    batch = {"observation": torch.from_numpy(PLACES.observation)}
    return engine.backend.learner.inputs(module, batch).numpy()


@pytest.mark.parametrize("name", ["offline/bc", "offline/cql", "rllib/dqn"])
def test_three_slices_are_one_and_two_more(climbs: Any, name: str) -> None:
    small = {"rows": 256, "env_steps": 600, **({"learning_starts": 256} if name == "rllib/dqn" else {"minibatch": 64})}
    registry = load_registry()
    algorithm: Any = registry.make(ALGORITHMS, name, {**small, "horizon": 1800})
    parents: list[str | None] = [None]
    outcomes = []
    for number in range(3):
        trained = algorithm.train(climbs.job(name, number, parent=parents[-1]), climbs)
        climbs.checkpoints[f"{name} {number}"] = trained.checkpoint
        parents.append(f"{name} {number}")
        outcomes.append(trained)
    for number in (1, 2):  # what a new process would do
        again: Any = registry.make(ALGORITHMS, name, {**small, "horizon": 1800})
        trained = again.train(climbs.job(name, number, parent=parents[number]), climbs)
        assert trained.snapshot.id == outcomes[number].snapshot.id
        assert trained.checkpoint.meta == outcomes[number].checkpoint.meta
        assert all(
            np.array_equal(a, outcomes[number].checkpoint.arrays[k]) for k, a in trained.checkpoint.arrays.items()
        )
    assert not climbs.warnings


def test_another_dataset_is_another_beginning(climbs: Any, recorded: Any, behaviour: Any) -> None:
    other = recorded(stairs, behaviour(lambda seen, agent: np.ones((len(seen), ACTIONS))), 40)
    algorithm: Any = load_registry().make(ALGORITHMS, "offline/bc", {"rows": 128, "env_steps": 200})
    first = algorithm.train(climbs.job("offline/bc", 0), climbs)
    other.checkpoints["first"] = first.checkpoint
    second = algorithm.train(other.job("offline/bc", 1, parent="first"), other)
    assert other.warnings == ["the dataset is not the one that was learned from before: its first epoch begins"]
    assert second.checkpoint.meta["play"]["read"] < 80
    with pytest.raises(UserError, match="learns from what its own policy plays"):
        load_registry().make(ALGORITHMS, "rllib/ppo", {}).train(climbs.job("rllib/ppo", 0), climbs)
    memory: Any = load_registry().make(ALGORITHMS, "offline/bc", {"model": {"kind": "gru"}})
    with pytest.raises(UserError, match="gru has a memory"):
        memory.train(climbs.job("offline/bc", 0), climbs)
    elsewhere: Any = load_registry().make(ALGORITHMS, "offline/bc", {})
    climbs_of_kuhn = type(climbs)(kuhn, climbs.recorded)
    with pytest.raises(UserError, match="is of test/game, whose agents are"):
        elsewhere.train(climbs_of_kuhn.job("offline/bc", 0), climbs_of_kuhn)

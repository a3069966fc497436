"""NFSP: what its memories hold, what its networks are fitted to, and what becomes of self-play with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

import torch

from marl.algorithm import Trained
from marl.blobs import Blobs
from marl.compute import Compute
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train
from marl.space import Box
from marl_nash.reservoir import Turns

SMALL = {"lanes": 16, "rows": 64, "minibatch": 32, "learning_starts": 64, "model": {"hidden": [16]}}


class Desk:
    """Self-play on a game, job after job; `against`: snapshots that play the other side instead."""

    def __init__(self, folder: Any, env: str, compute: Compute | None = None, **params: Any) -> None:
        self.registry = load_registry()
        given = {} if compute is None else {"compute": compute}
        blobs = Blobs(folder)
        self.services = RunServices(self.registry, Component(env, params), blobs, lambda step, values: None, **given)

    def job(
        self, steps: int, parent: str | None = None, against: str = SELF, algorithm: str = "nash/nfsp", **params: Any
    ) -> Job:
        opponents = tuple(() if side == 0 else ((against, 1.0),) for side in range(len(self.services.spec.sides)))
        return Job(algorithm, 0, opponents, 1, parent, budget={"env_steps": steps}, params={**SMALL, **params})

    def work(
        self, steps: int, parent: str | None = None, against: str = SELF, algorithm: str = "nash/nfsp", **params: Any
    ) -> Trained:
        job = self.job(steps, parent, against, algorithm, **params)
        return train(self.registry, self.registry.make(ALGORITHMS, job.algorithm, job.params), job, self.services)

    def engine(self, **params: Any) -> Any:
        """One that has begun a job."""
        job = self.job(10_000, **params)
        engine = self.registry.make(ALGORITHMS, job.algorithm, job.params).engine(job, self.services)
        engine.begin(job, self.services)
        return engine

    def nash_conv(self, done: Trained) -> float:
        id, exact = self.services.blobs.put_snapshot(done.snapshot), self.services.exact()
        return exact.form.nash_conv([exact.plan(side, id) for side in range(exact.sides)])


def rows(start: int, stop: int) -> dict[str, Any]:
    number = np.arange(start, stop)
    return {"observation": {"seen": number[:, None].astype(np.float32)}, "action": number}


def kept(reservoir: Turns) -> Any:
    return reservoir.take(np.arange(reservoir.size))["action"]


def test_every_row_of_a_stream_is_kept_equally_often() -> None:
    """20 of 100 rows, in 600 streams: each row stays in a fifth of them, whenever it came."""
    counts = np.zeros(100)
    for stream in range(600):
        reservoir = Turns(20, stream)
        for start in range(0, 100, 25):
            reservoir.add(rows(start, start + 25))
        found = kept(reservoir)
        assert len(set(found.tolist())) == 20
        counts[found] += 1
    deviation = np.sqrt(600 * 0.2 * 0.8)
    assert abs(counts - 120).max() < 4.5 * deviation
    assert abs(counts.reshape(4, 25).mean(1) - 120).max() < 4.5 * deviation / 5


@settings(max_examples=40)
@given(st.integers(1, 40), st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 2**32))
def test_parts_and_checkpoints_make_no_difference(capacity: int, parts: list[int], stream: int) -> None:
    whole, piecewise, at = Turns(capacity, stream), Turns(capacity, stream), 0
    for count in parts:
        piecewise.add(rows(at, at + count))
        piecewise, at = Turns.loaded(capacity, stream, piecewise.save()), at + count
    whole.add(rows(0, at))
    assert whole.size == piecewise.size == min(at, capacity)
    assert kept(whole).tolist() == kept(piecewise).tolist()
    seen = piecewise.take(np.arange(piecewise.size))["observation"]["seen"][:, 0]
    assert seen.tolist() == kept(piecewise).tolist()


def test_a_reservoir_shrinks_but_cannot_remember_what_it_forgot() -> None:
    full, part = Turns(20), Turns(20)
    full.add(rows(0, 50))
    part.add(rows(0, 10))
    fewer = Turns.loaded(5, 0, full.save())
    assert fewer.total == 50 and set(kept(fewer).tolist()) < set(kept(full).tolist())
    assert Turns.loaded(100, 0, part.save()).size == 10
    with pytest.raises(UserError, match="40 is more than the 20 of before"):
        Turns.loaded(40, 0, full.save())


def test_rows_without_masks_allow_everything() -> None:
    reservoir = Turns(10)
    reservoir.add(rows(0, 2))
    reservoir.add({**rows(2, 4), "mask": np.array([[True, False]] * 2)})
    reservoir.add(rows(4, 5))
    assert reservoir.take(np.arange(5))["mask"].tolist() == [[True, True]] * 2 + [[True, False]] * 2 + [[True, True]]


def test_the_average_becomes_how_often_actions_were_played_and_values_what_they_won(tmp_path: Any) -> None:
    engine = Desk(tmp_path, "classic/matrix", payoffs=[[0, -1, 1], [1, 0, -1], [-1, 1, 0]]).engine()
    learner = engine.backend.learner
    (name,) = learner.names
    seen, tried = np.ones((60, 1), dtype=np.float32), np.arange(60) % 3
    columns = {
        "observation": seen,
        "action": np.repeat([0, 1, 2], [30, 18, 12]),
        "answer_observation": seen,
        "answer_action": tried,
        "reward": np.array([1.0, -0.5, 0.25], dtype=np.float32)[tried],
        "discount": np.zeros(60, dtype=np.float32),
        "next_observation": seen,
        "weight": np.ones(60, dtype=np.float32),
    }
    learner.fit({name: columns}, 200, {name: 1}, 0, {"lr": 0.02})
    look = torch.ones((1, 1))
    with torch.no_grad():
        average = torch.softmax(learner.network(name)(look).inputs, 1)[0].numpy()
        values = learner.best(name)(look).inputs[0].numpy()
    assert average == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert values == pytest.approx([1.0, -0.5, 0.25], abs=0.02)


def test_an_agent_keeps_to_one_policy_for_a_match_and_only_best_responses_are_averaged(tmp_path: Any) -> None:
    engine = Desk(tmp_path, "classic/leduc_poker").engine(eta=0.25, epsilon=0.0, lanes=64)
    backend = engine.backend
    sampler, (name,) = backend.samplers[0], backend.learner.names
    sampler.rollout.live.coefficients = {"epsilon": 0.0}
    (window,) = sampler.rollout.collect(6000).windows
    best = np.isfinite(window.value)
    agents = window.match * 2 + window.agent
    shares = np.array([best[agents == one].mean() for one in np.unique(agents)])
    assert set(shares.tolist()) == {0.0, 1.0}, "somebody changed its mind in a match"
    assert shares.mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / len(shares)))
    with torch.no_grad():
        said = backend.learner.best(name)(torch.from_numpy(window.observation), torch.from_numpy(window.mask)).inputs
    assert (window.action[best] == said.argmax(1).numpy()[best]).all()
    assert (window.action[~best] != said.argmax(1).numpy()[~best]).any()
    memory = backend.experience
    memory.add([memory.cut([window], backend.policy, (name, name)).columns])
    assert memory.reservoirs[name].total == best.sum() and memory.replay.rings[name].total == len(window)


def test_going_on_is_bit_identical_and_the_snapshot_is_the_average(tmp_path: Any) -> None:
    desk = Desk(tmp_path, "classic/kuhn_poker")
    given = {"horizon": 1600, "reservoir": 50, "capacity": 400}
    whole = desk.work(1600, **given)
    first = desk.work(800, **given)
    assert whole.checkpoint is not None and first.checkpoint is not None
    second = desk.work(800, desk.services.blobs.put_checkpoint(first.checkpoint), **given)
    assert second.checkpoint is not None and second.snapshot.id == whole.snapshot.id
    arrays = whole.checkpoint.arrays
    assert arrays.keys() == second.checkpoint.arrays.keys()
    for key, array in arrays.items():
        assert array.tobytes() == second.checkpoint.arrays[key].tobytes(), key
    (name,) = whole.snapshot.meta["modules"]
    assert not [key for key in whole.snapshot.arrays if "best" in key]
    for part in (f"weights/{name}/", f"critics/{name}/best.", f"past/{name}/best:", "experience/replay/"):
        assert [key for key in arrays if key.startswith(part)], part
    assert len(arrays[f"experience/reservoir/{name}/rows/action"]) == 50
    assert not np.array_equal(
        arrays[f"critics/{name}/best.policy_head.weight"], arrays[f"weights/{name}/policy_head.weight"]
    )


def test_it_answers_others_too(tmp_path: Any) -> None:
    """Against somebody who stands still, on one side, the average is of answers to that."""
    desk = Desk(tmp_path, "classic/matrix", payoffs=[[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    first = desk.services.blobs.put_snapshot(desk.work(320).snapshot)
    assert desk.work(640, against=first).metrics["rows"] == 64


def test_what_it_is_not_for_is_refused_in_a_sentence(tmp_path: Any) -> None:
    registry = load_registry()
    with pytest.raises(UserError, match="eta must be above 0"):
        registry.make(ALGORITHMS, "nash/nfsp", {"eta": 0})
    with pytest.raises(UserError, match="has a memory"):
        Desk(tmp_path, "classic/kuhn_poker").work(256, model={"kind": "gru", "memory": 8})
    with pytest.raises(UserError, match="only one travels to samplers"):
        Desk(tmp_path, "classic/kuhn_poker", Compute(backend="ray")).work(256)
    desk = Desk(tmp_path, "classic/kuhn_poker")
    spec, algorithm = desk.services.spec, registry.make(ALGORITHMS, "nash/nfsp", SMALL)
    real = replace(spec, groups=(replace(spec.groups[0], action=Box((2,), -1, 1)),))
    with pytest.raises(UserError, match="values each action of a list, and those of group 'players' are"):
        algorithm.check_job(desk.job(10_000), real)


@pytest.mark.slow
def test_the_average_comes_nearer_to_the_equilibrium_than_deep_q_learning_can(tmp_path: Any) -> None:
    """Kuhn poker, where uniform play has 0.917, for 150,000 env steps each (half a minute together). Deep Q-networks do
    not mix, and of policies that do not the best pair has 1/3 (all 64 of either side were tried)."""
    desk = Desk(tmp_path, "classic/kuhn_poker")
    given = {"lanes": 128, "rows": 256, "updates": 4, "minibatch": 128, "lr": 0.001, "model": {"activation": "relu"}}
    given |= {"learning_starts": 1000, "lr_end": 0.0001, "discount": 1.0}
    assert desk.nash_conv(desk.work(150_000, **given)) < 0.3
    assert desk.nash_conv(desk.work(150_000, algorithm="rllib/dqn", **given)) >= 1 / 3 - 1e-9

"""Sampling ahead of learning: how old what is learned from may be, and the same run on any backend and again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute
from marl.errors import RunError, UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, load_registry
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.skirmish import skirmish
from marl.training.experience.on_policy import module_columns

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytestmark = [
    pytest.mark.usefixtures("ray_session"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable"),
]

SMALL = {"lanes": 8, "rows": 129, "minibatch": 64, "env_steps": 1200, "epochs": 2, "samplers": 2}
SELF_PLAY = Job("test/gradient", 0, ((), ((SELF, 1.0),)), seed=3)
TIMED = {"sample_seconds", "learn_seconds"}


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def engine_of(gradient: Any, game: Any, host: Any, compute: Compute | None = None, **params: Any) -> Any:
    from marl.training.networks import ModelConfig

    model = params.pop("model", ModelConfig(hidden=[16], normalise_observations=True, normalise_returns=True))
    host.compute = compute or Compute()
    engine = gradient(**{**SMALL, "model": model, **params}).engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    return engine


def learned(engine: Any, metrics: Any = None) -> list[tuple[int, Any]]:
    """Update until the job is done: the updates that came before, and the versions that were learned from, each."""
    found = []
    while not engine.done:
        found += learned_once(engine, metrics if metrics is not None else [])
    return found


def learned_once(engine: Any, metrics: list[Any]) -> list[tuple[int, Any]]:
    """One update, as above."""
    here = getattr(engine.backend, "learners", engine.backend)
    found, add = [], here.experience.add

    def look(parts: Any) -> None:
        now = engine.progress.updates
        found.append((now, np.concatenate([c["version"].ravel() for part in parts for c in part.values()])))
        add(parts)

    here.experience.add = look
    metrics.append(engine.update())
    here.experience.add = add
    return found


@pytest.mark.parametrize("staleness", [0, 1, 3])
@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_every_row_that_is_learned_from_is_within_the_bound(
    services: Any, gradient: Any, staleness: int, kind: str
) -> None:
    from marl.training.networks import ModelConfig

    metrics: list[Any] = []
    model = ModelConfig(kind=kind, hidden=[8], memory=8)
    found = learned(engine_of(gradient, skirmish, services(skirmish), staleness=staleness, model=model), metrics)
    assert len(found) > 5
    for (now, versions), told in zip(found, metrics, strict=True):
        assert versions.max() == max(
            0, now - staleness
        )  # batch k is played with the weights after update k - staleness
        assert now - versions.min() == told["staleness"]
        if staleness:
            assert told["staleness"] <= staleness and told["rows"] + told["dropped"] == 129
            assert kind == "gru" or len(versions) == told["rows"]
    assert any(told.get("dropped", 0) for told in metrics) == (staleness > 0)  # agents whose next turn came later
    assert staleness or max(told["staleness"] for told in metrics) == 1


def test_synchronous_updates_are_play_then_learn_in_turn(services: Any, gradient: Any) -> None:
    """What `staleness: 0` computes, written out by hand from the parts of `update.py`, gives the same weights."""
    from marl import rng
    from marl.training.backend import Plan
    from marl.training.networks.moments import together
    from marl.training.update import learn

    engine, by_hand = (engine_of(gradient, kuhn, services(kuhn)) for _ in range(2))
    backend = by_hand.backend
    for number in range(3):
        engine.update()
        batches = [player.play(rows, {}) for player, rows in zip(backend.samplers, (65, 64), strict=True)]
        backend.experience.add([batch.columns for batch in batches])
        seed, coefficients = int(rng.mix(SELF_PLAY.seed, number + 1)[0]), by_hand.hyper.coefficients(0.0)
        draw = backend.experience.draw(seed, coefficients)
        learn(backend.learner, draw, Plan(129, seed, coefficients), together(batch.seen for batch in batches))
    assert same(engine.backend.learner.weights(), backend.learner.weights())


def test_nothing_is_played_that_the_job_does_not_learn_from(services: Any, gradient: Any) -> None:
    engine = engine_of(gradient, matching_pennies, services(matching_pennies), staleness=2, samplers=1)
    clock = engine.backend.samplers[0].rollout.sampler.play
    learned(engine)
    assert engine.progress.env_steps == clock.clock * 8 and not engine.backend._ahead


@pytest.fixture(scope="module")
def ahead(gradient: Any) -> Iterator[Any]:
    """An algorithm with two samplers on Ray that are two batches ahead."""
    from marl.training.networks import ModelConfig

    model = ModelConfig(hidden=[16], normalise_observations=True, normalise_returns=True)
    algorithm = gradient(**SMALL, staleness=2, model=model)
    yield algorithm
    for engine in algorithm._engines.values():
        engine.backend.close()


def begun(algorithm: Any, host: Any, job: Job = SELF_PLAY) -> Any:
    host.compute = Compute("ray")
    engine = algorithm.engine(job, host)
    engine.begin(job, host)
    return engine


def test_ahead_on_ray_are_the_numbers_of_here_and_a_resumed_run_is_the_same_run(
    services: Any, gradient: Any, ahead: Any
) -> None:
    hosts = [services(kuhn), services(kuhn)]
    here = engine_of(gradient, kuhn, hosts[0], staleness=2)
    there = begun(ahead, hosts[1])
    told: list[list[Any]] = [[], []]
    for engine, host, metrics in zip((here, there), hosts, told, strict=True):
        while not engine.done:
            metrics.append({name: value for name, value in engine.update().items() if name not in TIMED})
        host.checkpoints["half"] = engine.save()
        engine.begin(replace(SELF_PLAY, seed=4, parent="half"), host)
        while not engine.done:
            metrics.append({name: value for name, value in engine.update().items() if name not in TIMED})
    assert told[0] == told[1] and max(one["staleness"] for one in told[0]) == 2
    ends = [here.save(), there.save()]
    assert same(hosts[0].checkpoints["half"].arrays, hosts[1].checkpoints["half"].arrays)
    assert same(ends[0].arrays, ends[1].arrays)
    killed = engine_of(gradient, kuhn, hosts[0], staleness=2)  # another process, which has the checkpoint alone
    killed.begin(replace(SELF_PLAY, seed=4, parent="half"), hosts[0])
    learned(killed)
    assert same(killed.save().arrays, ends[0].arrays)


def test_a_sampler_that_dies_while_it_is_ahead_is_replaced(services: Any, ahead: Any) -> None:
    engine = begun(ahead, services(kuhn))
    engine.update()
    samplers = engine.backend.samplers
    assert samplers.waiting == 2
    before = samplers.revived
    pids = samplers.pids()
    os.kill(pids[1], signal.SIGKILL)
    for _ in range(3):
        metrics = engine.update()
        assert metrics["rows"] + metrics["dropped"] == 129 and metrics["staleness"] <= 2
    assert samplers.revived == before + 1 and samplers.pids()[0] == pids[0]


def test_an_update_of_which_nothing_is_fresh_enough_says_what_to_do(services: Any, gradient: Any) -> None:
    engine = engine_of(gradient, kuhn, services(kuhn), staleness=1, rows=8, minibatch=8, samplers=1)
    with pytest.raises(RunError, match=r"all 8 rows .* make `rows` larger, or `lanes` or `samplers` smaller"):
        while True:
            engine.update()


def test_the_parameter_of_before_says_what_it_is_called_now() -> None:
    with pytest.raises(UserError, match=r"write staleness: 1 instead of overlap: true"):
        load_registry().make(ALGORITHMS, "rllib/ppo", {"overlap": True})


def test_sequences_end_where_weights_changed_if_they_are_to_be_told_apart(window: Any) -> None:
    from marl.training.experience.on_policy import Advantages

    rows = window(clock=np.arange(6), version=np.array([0, 0, 1, 1, 1, 2]), memory=np.arange(6.0)[:, None])
    nothing = Advantages(np.zeros(6), np.zeros(6))
    apart = module_columns(rows, rows.observation, nothing, ["m"], {"m": 1}, 4, True)["m"]
    assert apart["valid"].sum(1).tolist() == [2, 3, 1] and apart["memory"][:, 0].tolist() == [0, 2, 5]
    assert [versions[valid].tolist() for versions, valid in zip(apart["version"], apart["valid"], strict=True)] == [
        [0, 0],
        [1, 1, 1],
        [2],
    ]


def stalling(flag: Path, lanes: int) -> Any:
    """Kuhn poker whose ticks last until `flag` is gone, or for a minute, for whoever was the first to lock it."""

    class Stalling(type(kuhn(1))):  # type: ignore[misc]
        def step(self, *arguments: Any) -> Any:
            with suppress(FileExistsError):
                flag.with_suffix(".mine").touch(exist_ok=False)
                self.slow = True
            until = time.monotonic() + 60
            while getattr(self, "slow", False) and flag.exists():
                time.sleep(0.02)
                if time.monotonic() > until:
                    flag.unlink()
            return super().step(*arguments)

    environment = kuhn(lanes)
    environment.__class__ = Stalling
    return environment


@pytest.fixture(scope="module")
def free(gradient: Any) -> Iterator[Any]:
    """An algorithm with two samplers on Ray that learns from rows as they come."""
    from marl.training.networks import ModelConfig

    algorithm = gradient(**SMALL, staleness=1, free=True, model=ModelConfig(hidden=[16]))
    yield algorithm
    for engine in algorithm._engines.values():
        engine.backend.close()


def test_a_sampler_that_stalls_does_not_stop_learning_and_the_bound_holds(
    services: Any, free: Any, tmp_path: Path
) -> None:
    flag = tmp_path / "stalls"
    flag.touch()
    host = services(partial(stalling, flag))
    engine = begun(free, host, replace(SELF_PLAY, budget={"env_steps": 3000}))
    metrics: list[Any] = []
    found = learned(engine, metrics)
    assert flag.exists()  # it has not played a tick, and the other one did all that was learned from
    assert len(found) > 10 and all(told["rows"] + told["dropped"] >= 128 for told in metrics)
    host.checkpoints["half"] = engine.save()
    engine.begin(
        replace(SELF_PLAY, seed=4, parent="half", budget={"env_steps": 1000}), host
    )  # it needs nobody's answer
    learned(engine, metrics)
    assert flag.exists()
    flag.unlink()
    before = sum(told["dropped"] for told in metrics)
    for _ in range(200):  # what it was asked for long ago comes, too late
        found += learned_once(engine, metrics)
        if metrics[-1]["dropped"] >= 64:
            break
    assert sum(told["dropped"] for told in metrics) >= before + 64
    assert all(now - versions.min() <= 1 for now, versions in found)
    assert all(told["staleness"] <= 1 for told in metrics)
    assert all(told["env_steps"] > 0 for told in metrics) and not host.warnings


def test_a_free_sampler_that_dies_is_replaced_while_the_other_one_plays_on(services: Any, free: Any) -> None:
    engine = begun(free, services(kuhn), replace(SELF_PLAY, seed=8))
    engine.update()
    samplers = engine.backend.samplers
    pids, before = samplers.pids(), samplers.revived
    os.kill(pids[1], signal.SIGKILL)
    updates = 0
    while samplers.revived == before or samplers._lost or not any(one.index for one in samplers._playing.values()):
        assert engine.update()["staleness"] <= 1
        updates += 1
    assert updates > 1 and samplers.revived == before + 1
    assert samplers.pids()[0] == pids[0] != samplers.pids()[1] != pids[1]


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("rllib/ppo", {"free": True}, "free: true needs staleness: 1 or more"),
        ("rllib/dqn", {"free": True, "staleness": 1}, "leave `free` out"),
        ("rllib/ppo", {"staleness": "much"}, "staleness"),
    ],
)
def test_settings_that_cannot_be_say_a_sentence(name: str, params: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load_registry().make(ALGORITHMS, name, params)

"""The ray backend: local's curve to the bit, equal learners, weights before matches, and killed actors replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute
from marl.errors import RunError
from marl.job import SELF, Job
from marl.space import Box, Discrete
from marl.testing.games.kuhn import kuhn
from marl.testing.games.skirmish import skirmish

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytestmark = [
    pytest.mark.usefixtures("ray_session"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable"),
]

SMALL = {"lanes": 8, "rows": 129, "minibatch": 64, "env_steps": 512, "epochs": 2, "average": 0.1}
SELF_PLAY = Job("test/gradient", 0, ((), ((SELF, 1.0),)), seed=3)
TIMED = {"sample_seconds", "learn_seconds"}
KINDS = ("mlp", "cnn", "gru", "lstm")
ROWS = {"big": 5001, "small": 401, "tiny": 1}  # 5,001 rows at minibatch 500 hang RLlib's own sharding


def engine_of(gradient: Any, game: Any, compute: Compute | None = None, **params: Any) -> Any:
    from marl.training.algorithm import Engine
    from marl.training.modules import module_specs
    from marl.training.networks import ModelConfig
    from marl.training.parts import Parts

    model = ModelConfig(normalise_observations=True, normalise_returns=True)
    spec, hyper = game(1).spec, gradient.parameters(**{**SMALL, "model": model, **params})
    return Engine(spec, Parts(gradient.learner), module_specs(spec, hyper.model, hyper.sharing, (0, 1)), hyper, compute)


@pytest.fixture(scope="module")
def remote(gradient: Any) -> Iterator[Any]:
    """An engine with one sampler and one learner, each in its own process."""
    engine = engine_of(gradient, skirmish, Compute("ray", learners=1))
    yield engine
    engine.backend.close()


@pytest.fixture(scope="module")
def two(gradient: Any) -> Iterator[Any]:
    """An engine with two samplers; it learns in this process."""
    engine = engine_of(gradient, kuhn, Compute("ray"), samplers=2)
    yield engine
    engine.backend.close()


@pytest.fixture(scope="module")
def pair(gradient: Any) -> Iterator[Any]:
    """Two learners (gloo) without an engine, for modules "big", "small" and "tiny", and one of each kind."""
    learners = learners_of(gradient, 2)
    yield learners
    learners.close()


def learners_of(gradient: Any, count: int) -> Any:
    from marl.training.backends.ray_learners import Learners
    from marl.training.modules import ModuleSpec
    from marl.training.networks import ModelConfig
    from marl.training.parts import Parts

    spec = ModuleSpec(Box((3,)), Discrete(4), ModelConfig(hidden=[8]))
    modules = dict.fromkeys(ROWS, spec)
    for kind in KINDS:
        shape: Any = {"hidden": [8], "memory": 8, "channels": [4], "kernels": [3], "strides": [1]}
        model = ModelConfig(kind=kind, normalise_observations=True, normalise_returns=True, **shape)
        modules[kind] = ModuleSpec(Box((1, 3, 3) if kind == "cnn" else (3,)), Discrete(4), model)
    return Learners(Parts(gradient.learner), modules, gradient.parameters(), Compute("ray", learners=count), 0)


def columns_of(kind: str, lengths: list[int]) -> Any:
    """Made-up columns for a module of one kind; with a memory, sequences that are so long."""
    import ray

    count, rng = sum(lengths), np.random.default_rng(5)
    flat = next(iter(ray.get(columns(big=count)).values()))
    flat["target"] = flat["target"] + np.repeat(np.arange(len(lengths)), lengths).astype(np.float32)
    if kind == "cnn":
        flat["observation"] = rng.normal(size=(count, 1, 3, 3)).astype(np.float32)
    if kind not in ("gru", "lstm"):
        return ray.put({kind: flat})
    valid = np.arange(max(lengths)) < np.array(lengths)[:, None]
    starts = np.cumsum([0, *lengths[:-1]])
    index = np.where(valid, starts[:, None] + np.arange(max(lengths)), starts[:, None])
    memory = rng.normal(size=(len(lengths), 8 if kind == "gru" else 16)).astype(np.float32)
    laid = {name: column[index] for name, column in flat.items()}
    return ray.put({kind: {**laid, "valid": valid, "first": np.zeros_like(valid), "memory": memory}})


def columns(**rows: int) -> Any:
    """A reference to made-up columns."""
    import ray

    result = {}
    for name, count in rows.items():
        rng = np.random.default_rng(count)
        numbers = {key: rng.normal(size=count).astype(np.float32) for key in ("advantage", "target", "value")}
        seen, action = rng.normal(size=(count, 3)).astype(np.float32), rng.integers(0, 4, count)
        result[name] = {"observation": seen, "action": action, "logp": np.full(count, -1.4, np.float32), **numbers}
    return ray.put(result)


def seen_by(kind: str) -> Any:
    """What the rows of a module of one kind may have been like."""
    from marl.training.networks.moments import Moments, Seen

    rng = np.random.default_rng(6)
    numbers = None if kind == "cnn" else Moments.of(3 + rng.normal(size=(50, 3)))
    return {kind: Seen(numbers, Moments.of(rng.normal(size=(50, 1)) * 5))}


def fit(learners: Any, parts: Any, seen: Any = None, epochs: int = 1, lr: float = 1e-3) -> Any:
    from marl.training.backend import Plan
    from marl.training.experience.on_policy import OnPolicy
    from marl.training.hyper import OnPolicyHyper

    learners.experience = OnPolicy(OnPolicyHyper(epochs=epochs, minibatch=500))
    return learners.fit(parts, Plan(0, 7, {"lr": lr}), seen or {})


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def close(a: Mapping[str, Any], b: Mapping[str, Any], tolerance: float) -> bool:
    return set(a) == set(b) and all(np.allclose(a[name], b[name], rtol=0, atol=tolerance) for name in a)


def weights_of(learner: Any, rank: int) -> Any:
    return learner.weights()


def pid_of(learner: Any, rank: int) -> int:
    return os.getpid()


def steps_of(learner: Any, rank: int) -> dict[str, int]:
    """The gradient steps that each module has had."""
    counts = {}
    for name in learner.names:
        (optimizer,) = [optimizer for _, optimizer in learner.get_optimizers_for_module(name)]
        counts[name] = int(max((float(state["step"]) for state in optimizer.state.values()), default=0))
    return counts


def gradients_of(learner: Any, rank: int, module: str) -> Any:
    """The gradients of the last minibatch."""
    named = learner.network(module).named_parameters()
    return {key: parameter.grad.cpu().numpy() for key, parameter in named}


def playing(runner: Any) -> Any:
    """The weights that a sampler plays with."""
    networks = runner.policy.networks.items()
    return {f"{name}/{key}": v.numpy().copy() for name, network in networks for key, v in network.state_dict().items()}


def frozen(runner: Any) -> Any:
    return {id: policy.snapshot().id for id, policy in runner._frozen.items() if hasattr(policy, "snapshot")}


def ask_samplers(engine: Any, func: Any) -> list[Any]:
    return [result.get() for result in engine.backend.samplers._manager.foreach_actor(func)]


def test_one_sampler_and_one_learner_give_the_local_curve_to_the_bit(gradient: Any, services: Any, remote: Any) -> None:
    here = engine_of(gradient, skirmish)
    for engine in (here, remote):
        engine.begin(SELF_PLAY, services(skirmish))
    for _ in range(3):
        mine, theirs = here.update(), remote.update()
        assert {k: v for k, v in mine.items() if k not in TIMED} == {k: v for k, v in theirs.items() if k not in TIMED}
    assert same(here.save().arrays, remote.save().arrays) and here.save().meta == remote.save().meta
    assert here.backend.policy.snapshot().id == remote.backend.policy.snapshot().id


def test_a_run_may_change_its_backend_in_the_middle(gradient: Any, services: Any, remote: Any) -> None:
    here, host = engine_of(gradient, skirmish), services(skirmish)
    here.begin(SELF_PLAY, host)
    here.update()
    host.checkpoints["half"] = here.save()
    here.update()
    remote.begin(replace(SELF_PLAY, parent="half"), host)
    remote.update()
    assert same(here.save().arrays, remote.save().arrays)


def clock(runner: Any) -> int:
    ticks: int = runner._sampler.rollout.sampler.play.clock
    return ticks


def test_samplers_keep_their_matches_from_job_to_job(gradient: Any, services: Any, remote: Any) -> None:
    saved = []
    for engine in (engine_of(gradient, skirmish), remote):
        host = services(skirmish)
        engine.begin(SELF_PLAY, host)
        engine.update()
        host.checkpoints["half"] = engine.save()
        before = ask_samplers(remote, clock) if engine is remote else []
        engine.begin(replace(SELF_PLAY, seed=4, parent="half"), host)
        assert not before or ask_samplers(remote, clock) == before != [0]
        engine.update()
        saved.append(engine.save())
    assert same(saved[0].arrays, saved[1].arrays)


def test_frozen_opponents_play_their_own_weights_and_stay_frozen(gradient: Any, services: Any, remote: Any) -> None:
    host, runs = services(skirmish), []
    opponent = gradient(**SMALL).train(SELF_PLAY, host).snapshot
    host.snapshots[opponent.id] = opponent
    against = replace(SELF_PLAY, opponents=((), ((opponent.id, 0.5), ("random", 0.5))), seed=5)
    for engine in (engine_of(gradient, skirmish), remote):
        engine.begin(against, host)
        engine.update(), engine.update()
        runs.append(engine.save())
    assert ask_samplers(remote, frozen) == [{opponent.id: opponent.id}]
    assert same(runs[0].arrays, runs[1].arrays)


def test_two_learners_stay_equal_and_do_not_hang_whatever_the_row_counts(pair: Any) -> None:
    pair.reset(1)
    fit(pair, [columns(**ROWS)], epochs=4)
    one, other = pair.each(weights_of)
    assert same(one, other) and same(one, pair.weights)
    wanted = {
        "big": 4 * 10,
        "small": 4,
        "tiny": 4,
        **dict.fromkeys(KINDS, 0),
    }  # a small module gets its epochs and no more
    assert pair.each(steps_of) == [wanted, wanted]


@pytest.fixture(scope="module")
def alone(gradient: Any) -> Any:
    """One learner in this process, for the modules of `pair`."""
    return learners_of(gradient, 0)


@pytest.mark.parametrize(
    "lengths",
    [[16, 9] * 6, [16, 1, 16, 2, 16, 3, 16, 4, 16, 5, 7], [5, 3, 1], [4], [1]],
    ids=["long and short in turn", "odd number", "three", "fewer sequences than learners", "one row"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_two_learners_have_the_gradient_of_one(alone: Any, pair: Any, kind: str, lengths: list[int]) -> None:
    found, told = [], []
    for learners in (alone, pair):
        learners.reset(1)
        stats = fit(learners, [columns_of(kind, lengths)], seen_by(kind))
        told.append(stats[kind])
        found.append(learners.each(gradients_of, kind)[0])
    assert max(np.abs(array).max() for array in found[0].values()) > 1e-3
    assert close(found[0], found[1], 1e-5)
    assert told[0] == pytest.approx(told[1], rel=1e-4, abs=1e-6)
    statistics = [
        {k: v for k, v in each.weights.items() if k.endswith(("mean", "var", "count"))} for each in (alone, pair)
    ]
    assert same(*statistics) and statistics[0][f"{kind}/returns.count"] == 50


def test_what_a_learner_reports_does_not_cost_the_group(pair: Any) -> None:
    pair.reset(1)
    with pytest.raises(RunError, match="not finite"):
        fit(pair, [columns(big=400)], epochs=2, lr=float("nan"))
    pair.reset(1)
    fit(pair, [columns(big=400)])
    assert pair.rebuilt == 0


def fail_on_one(learner: Any, rank: int) -> None:
    if rank == 0:
        raise RunError("only the first")
    import torch

    torch.distributed.all_reduce(torch.zeros(1))


def test_what_one_learner_reports_does_not_leave_the_other_waiting(pair: Any) -> None:
    pair.reset(1)
    with pytest.raises(RunError, match="only the first"):
        pair.each(fail_on_one)
    one, other = pair.each(weights_of)
    assert same(one, other) and same(one, pair.weights)
    pair.rebuilt = 0


def test_a_killed_learner_is_rebuilt_and_nothing_is_lost(gradient: Any, pair: Any) -> None:
    runs = []
    for kill in (False, True):
        pair.reset(1)
        fit(pair, [columns(**ROWS)])
        if kill:
            os.kill(pair.each(pid_of)[1], signal.SIGKILL)
        fit(pair, [columns(big=700)])
        runs.append(pair.state.arrays)
    assert pair.rebuilt == 1
    assert same(*runs)


def test_shards_are_equal_to_one_row_and_never_empty() -> None:
    from marl.training.experience import Draw

    for count, sizes in ((5001, [2501, 2500]), (7, [4, 3]), (1, [1, 1])):
        draw = Draw({"m": {"action": np.arange(count)}}, 1, {"m": 1})
        shards = [draw.share(rank, 2).columns["m"]["action"] for rank in range(2)]
        assert [len(part) for part in shards] == sizes
        assert set(np.concatenate(shards).tolist()) == set(range(count))


def test_new_weights_reach_every_sampler_before_it_plays(services: Any, two: Any) -> None:
    for seed in (3, 9):  # also after a cold start
        two.begin(replace(SELF_PLAY, seed=seed), services(kuhn))
        for _ in range(2):
            before = two.backend.learners.weights
            two.update()
            assert all(same(weights, before) for weights in ask_samplers(two, playing))
            assert not same(two.backend.learners.weights, before)


def test_two_samplers_share_out_the_rows_and_play_different_matches(services: Any, two: Any) -> None:
    import ray

    two.begin(SELF_PLAY, services(kuhn))
    assert two.update()["rows"] == 129
    two.backend.samplers.ask(65, two.backend.learners.weights, {}, 0)
    parts, references = two.backend.samplers.take()
    assert [part.rows for part in parts] == [33, 32]
    one, other = (next(iter(ray.get(reference).values()))["action"][:32].tolist() for reference in references)
    assert one != other


def test_two_samplers_resume_to_the_bit(services: Any, two: Any) -> None:
    host = services(kuhn)
    two.begin(SELF_PLAY, host)
    two.update()
    host.checkpoints["half"] = two.save()
    two.update()
    straight = two.save()
    two.begin(replace(SELF_PLAY, parent="half"), host)  # an older state, into live learners and samplers
    two.update()
    assert same(straight.arrays, two.save().arrays)


def test_as_many_samplers_in_this_process_give_the_same_numbers(gradient: Any, services: Any, two: Any) -> None:
    here = engine_of(gradient, kuhn, samplers=2)
    hosts = [services(kuhn), services(kuhn)]
    for engine, host in zip((here, two), hosts, strict=True):
        engine.begin(SELF_PLAY, host)
        engine.update(), engine.update()
        host.checkpoints["half"] = engine.save()
        engine.begin(replace(SELF_PLAY, seed=4, parent="half"), host)
        engine.update()
    assert same(hosts[0].checkpoints["half"].arrays, hosts[1].checkpoints["half"].arrays)
    assert same(here.save().arrays, two.save().arrays)


def test_a_killed_sampler_is_replaced_and_the_run_goes_on(services: Any, two: Any) -> None:
    two.begin(SELF_PLAY, services(kuhn))
    two.update()
    samplers = two.backend.samplers
    before = samplers.pids()
    os.kill(before[1], signal.SIGKILL)
    for _ in range(2):
        assert two.update()["rows"] == 129
    after = samplers.pids()
    assert after[0] == before[0] and after[1] != before[1]
    assert samplers.revived == 1


def test_learning_on_a_gpu_gives_the_same_weights(gradient: Any, services: Any) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs a GPU that torch can use")
    found = []
    for compute in (Compute("ray"), Compute("ray", 1, 1.0)):
        engine = engine_of(gradient, kuhn, compute)
        engine.begin(SELF_PLAY, services(kuhn))
        engine.update(), engine.update()
        found.append(engine.backend.learners.weights)
        engine.backend.close()
    assert close(*found, 1e-4)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"learners": 2}, "set backend: ray as well"),
        ({"backend": "ray", "learners": -1}, "learners must not be negative"),
    ],
)
def test_compute_that_cannot_be_is_refused(params: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Compute(**params)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"samplers": 0}, "samplers must be at least 1"),
        ({"staleness": -1}, "staleness must not be negative, but it is -1"),
        ({"samplers": 99, "rows": 64}, "99 samplers are more than the 64 rows"),
    ],
)
def test_settings_that_cannot_be_are_refused(gradient: Any, params: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        gradient.parameters(**params)

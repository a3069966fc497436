"""AlphaZero's search is exact where a game is small, its targets are distributions, and its runs resume to the bit."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from marl import rng
from marl.algorithm import Trained
from marl.arena import Arena, Mixtures, Pairings, Play
from marl.blobs import Blobs
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, POLICIES, Component, load_registry
from marl.scenario import load_scenario
from marl.services import RunServices, scripted
from marl.snapshot import Snapshot
from marl.training.history import History
from marl.training.model import ModelConfig
from marl.training.modules import module_specs
from marl.training.runner import run
from marl_search.alphazero import AlphaZero
from marl_search.networks import NetworkJudge, ZeroSum
from marl_search.params import AlphaZeroParams, PlayerParams
from marl_search.player import AlphaZeroPlayer
from marl_search.replay import Replay
from marl_search.rules import PUCT
from marl_search.search import Search
from marl_search.self_play import Examples, SelfPlayer, dirichlet

pytest.importorskip("marl_classic")
SMALL = {"lanes": 8, "rows": 64, "simulations": 8, "minibatch": 64, "capacity": 200, "model": {"hidden": [16]}}
OWN: tuple = ((), ((SELF, 1.0),))


def judge_of(spec) -> NetworkJudge:
    ((name, module),) = module_specs(spec, ModelConfig(hidden=[16]), "all", range(2)).items()
    return NetworkJudge(ZeroSum(spec, "this test"), {name: module.build(3, name)})


@pytest.fixture
def services(tmp_path) -> RunServices:
    return RunServices(load_registry(), Component("classic/tic_tac_toe"), Blobs(tmp_path), lambda step, values: None)


def train(services: RunServices, seed: int, steps: int, parent=None, opponents=OWN, **changes) -> Trained:
    values = {**SMALL, **changes}
    registry = services.registry
    algorithm = registry.make(ALGORITHMS, "search/alphazero", values)
    budget = {"env_steps": steps}
    parent = None if parent is None else services.blobs.put_checkpoint(parent)
    return algorithm.train(Job("search/alphazero", 0, opponents, seed, parent, params=values, budget=budget), services)


@pytest.mark.parametrize("moves", [(0, 1, 4), (4, 0, 8, 2), (1, 0, 4, 7, 3), (0, 4, 8, 2)])
@pytest.mark.parametrize("prove", [False, True])
def test_the_search_comes_to_what_perfect_play_is_worth(moves, prove, position, minimax) -> None:
    environment, rows = position("classic/tic_tac_toe", moves)
    judge = judge_of(environment.spec)
    found = Search(judge.facts, PUCT(), judge, 3000, prove)(rows, environment, rng.mix(1, np.arange(1)))
    board = ["."] * 9
    for number, cell in enumerate(moves):
        board[cell] = "xo"[number % 2]
    assert found.value[0] == pytest.approx(minimax("".join(board)), abs=1e-9 if prove else 0.1)
    board[found.action[0]] = "xo"[len(moves) % 2]
    assert -minimax("".join(board)) == round(found.value[0])


def test_what_is_learned_from_are_distributions_over_legal_moves_and_who_won() -> None:
    environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {"view": "own"}, lanes=6)
    judge = judge_of(environment.spec)
    live, examples = SelfPlayer(judge, 1.25, 8, 1.0, 12), Examples(judge)
    play = Play(environment, [live], Mixtures(np.ones((2, 1)), 5), [examples])
    live.ticks = play.ticks
    for _ in range(45):
        play.tick()
    ended, results = examples.take(), play.drain()
    assert len(ended["value"]) == results.length.sum() and len(results) > 3
    assert np.allclose(ended["policy"].sum(axis=1), 1)
    assert (ended["policy"][~ended["mask"]] == 0).all() and (~ended["mask"]).any()
    stones = ended["observation"][:, :2].sum(axis=(2, 3))  # mine and theirs; whoever sees as many of each began
    first, opening = stones[:, 0] == stones[:, 1], stones.sum(axis=1) == 0
    assert opening.sum() == len(results)
    assert ended["value"][opening].sum() == results.returns[:, 0].sum()
    assert ended["value"][first].sum() == ((results.length + 1) // 2 * results.returns[:, 0]).sum()
    assert ended["value"][~first].sum() == (results.length // 2 * results.returns[:, 1]).sum()
    assert (examples.save()["lane"] < 6).all() and "value" not in examples.save()


def test_noise_is_a_distribution_over_what_is_legal() -> None:
    mask = np.array([[True, True, False], [True, False, False]])
    noise = dirichlet(rng.mix(4, np.arange(2)), 1.0, mask)
    assert np.allclose(noise.sum(axis=1), 1) and (noise[~mask] == 0).all() and noise[1, 0] == 1
    many = dirichlet(rng.mix(5, np.arange(20000)), 0.5, np.ones((20000, 3), dtype=np.bool_))
    assert many.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.01)
    assert many.var(axis=0) == pytest.approx([2 / 9 / 2.5] * 3, rel=0.05)  # m (1 - m) / (1 + sum of concentrations)


def test_a_replay_keeps_the_newest() -> None:
    replay = Replay(5)
    for start in (0, 3, 6):
        column = np.arange(start, start + 3, dtype=np.float32)
        replay.add(
            {"observation": column[:, None], "mask": column[:, None] > 0, "policy": column[:, None], "value": column}
        )
    assert replay.save()["value"].tolist() == [4, 5, 6, 7, 8]
    again = Replay(5)
    again.load(replay.save())
    assert (again.draw(9, 2)["value"] == Replay.draw(again, 9, 2)["value"]).all()
    assert again.save()["value"].tolist() == replay.save()["value"].tolist()


def equal(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_same_jobs_have_the_same_outcome_and_the_second_goes_on_where_the_first_stopped(services) -> None:
    first = train(services, 1, 200)
    second = train(services, 2, 200, first.checkpoint)
    assert second.checkpoint.meta["progress"]["env_steps"] >= 400
    again = train(services, 2, 200, train(services, 1, 200).checkpoint)
    assert again.snapshot.id == second.snapshot.id and equal(again.checkpoint.arrays, second.checkpoint.arrays)
    waiting = {name: column for name, column in first.checkpoint.arrays.items() if name.startswith("waiting/")}
    assert len(waiting["waiting/lane"]) > 0  # matches go on over the border of a job
    assert second.snapshot.id != first.snapshot.id


def test_a_run_killed_within_a_slice_ends_bit_identical(tmp_path) -> None:
    """kill -9 after two updates of the second slice: they are done again, from where the first slice ended."""
    registry = load_registry()
    path = tmp_path / "small.yaml"
    path.write_text(
        "kind: train\nenv: classic/tic_tac_toe\nenv_steps: 384\nslice: 192\nevaluation: {every: 0}\n"
        f"algorithm: {{name: search/alphazero, {json.dumps({**SMALL, 'simulations': 3})[1:-1]}}}\n"
    )
    scenario = load_scenario(str(path), [], registry)

    def killed() -> None:
        updates, update = iter(range(1000)), AlphaZero._update

        def counted(self, training, seed, gone):
            found = update(self, training, seed, gone)
            if training.progress.env_steps > 192 and next(updates) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        AlphaZero._update = counted  # type: ignore[method-assign]
        run(scenario, registry, tmp_path / "killed", resume=False)

    process = multiprocessing.get_context("fork").Process(target=killed)
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert len(History.read(tmp_path / "killed").slices) == 1
    run(scenario, registry, tmp_path / "killed", resume=True)
    run(scenario, registry, tmp_path / "whole", resume=False)
    ends = [History.read(tmp_path / name).slices for name in ("killed", "whole")]
    assert [one.snapshot for one in ends[0]] == [one.snapshot for one in ends[1]] and len(ends[0]) == 2


def test_its_player_plays_alone_and_with_a_search(services) -> None:
    trained = train(services, 1, 200, play_simulations=5)
    assert trained.snapshot.meta["params"]["simulations"] == 5
    policy = services.restore(trained.snapshot)
    alone = AlphaZeroPlayer(services.spec, trained.snapshot, PlayerParams(simulations=0, greedy=True))
    (rows,) = services.environment(3).reset(np.arange(3), rng.mix(1, np.arange(3)))
    keys = rng.mix(2, np.arange(3))
    assert (alone.act(rows, None, keys).action == alone.search(rows, services.environment(3), keys).action).all()
    assert rows.mask[np.arange(3), policy.act(rows, None, keys).action].all()
    deep = AlphaZeroPlayer(services.spec, trained.snapshot, PlayerParams(simulations=400))
    pairings = Pairings.repeat([(0, 1), (1, 0)], 5, seed=1)
    results = Arena(services.environment(10)).play(
        [deep, services.registry.make(POLICIES, "marl/random", {}, spec=services.spec)], pairings
    )
    assert (results.returns[:5, 0] >= 0).all() and (results.returns[5:, 1] >= 0).all()


def test_it_answers_opponents_who_stand_still(services) -> None:
    rival = services.blobs.put_snapshot(scripted(Component("marl/first")))
    trained = train(services, 1, 150, opponents=((), ((rival, 1.0),)))
    column = trained.checkpoint.arrays["replay/observation"]
    assert (column[:, 1].sum(axis=(1, 2)) == column[:, 2].sum(axis=(1, 2))).all()  # x's own positions only
    self_play = train(services, 2, 100, trained.checkpoint)
    assert self_play.checkpoint.meta["matches"] != trained.checkpoint.meta["matches"]


def test_it_starts_from_the_networks_of_another(services) -> None:
    trained = train(services, 1, 100)
    algorithm, job = AlphaZero(AlphaZeroParams(model=ModelConfig(hidden=[16]))), Job("search/alphazero", 0, OWN, 5)
    begun = algorithm.start(trained.snapshot, job, services)
    key = next(name for name in trained.snapshot.arrays if name.endswith("weight"))
    assert np.array_equal(begun.arrays[f"weights/{key}"], trained.snapshot.arrays[key])
    go_on = train(services, 5, 100, begun)
    assert go_on.checkpoint.meta["progress"]["updates"] > 0


def test_it_says_what_it_cannot_learn(stones) -> None:
    job = Job("search/alphazero", 0, OWN, 1)
    with pytest.raises(UserError, match="two sides"):
        AlphaZero().check_job(job, stones.spec)
    poker = load_registry().make(ENVIRONMENTS, "classic/kuhn_poker", {}, lanes=1).spec
    with pytest.raises(UserError, match="something is hidden"):
        AlphaZero().check_job(job, poker)
    board = load_registry().make(ENVIRONMENTS, "classic/tic_tac_toe", {}, lanes=1).spec
    with pytest.raises(UserError, match="recorded matches teach it nothing"):
        AlphaZero().check_job(replace(job, dataset="x"), board)


def test_a_player_without_a_snapshot_is_refused(services) -> None:
    with pytest.raises(UserError, match="needs a snapshot"):
        services.restore(Snapshot("search/alphazero", {}))
    with pytest.raises(UserError, match="memory"):
        train(services, 1, 50, model={"kind": "gru"})

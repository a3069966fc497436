"""Auxiliary tasks: what comes after rows, and terms that features learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from marl.errors import UserError
from marl.registry import LOSSES, load_registry
from marl.reward import Window
from marl.training.experience.ahead import ahead, gains

NAMES = ("reward_prediction", "spr", "achievements")


class Live:
    """What `ahead` asks of a live policy: what its networks are shown, which is all there is."""

    def seen(self, observation: Any, agent: Any) -> Any:
        return observation


def test_the_next_gain_is_of_the_same_agent_and_match_and_the_nearest(window: Window) -> None:
    rows, at = window.rows, gains(window.rows)
    for row in range(len(rows)):
        later = [
            other
            for other in range(len(rows))
            if (rows.match[other], rows.agent[other]) == (rows.match[row], rows.agent[row])
            and rows.tick[other] >= rows.tick[row]
            and rows.reward[other] > 0
            and rows.followed[other]
        ]
        assert at[row] == min(later, key=lambda other: rows.tick[other], default=-1)


def test_columns_are_those_that_are_needed(window: Window) -> None:
    rows, live = window.rows, Live()
    assert ahead(rows, live, {"reward"}).keys() == {"reward"}  # type: ignore[arg-type]
    found = ahead(rows, live, {"next_observation", "gain", "gain_before", "gain_after"})  # type: ignore[arg-type]
    np.testing.assert_array_equal(found["next_observation"], window.next_observation)
    there = found["gain"] >= 0
    whose = rows.match * 1000 + rows.agent
    episode = ahead(rows, live, {"episode"})["episode"]  # type: ignore[arg-type]
    np.testing.assert_array_equal(episode[:, None] == episode[None], whose[:, None] == whose[None])
    np.testing.assert_array_equal(found["gain_before"][there], rows.observation[gains(rows)[there]])
    np.testing.assert_array_equal(found["gain_after"][there], window.next_observation[gains(rows)[there]])
    same = found["gain"][:, None] == found["gain"][None]
    np.testing.assert_array_equal(same[there][:, there], (gains(rows)[:, None] == gains(rows)[None])[there][:, there])


@pytest.mark.parametrize(("name", "measure"), list(zip(NAMES, ("accuracy", "cosine", "found"), strict=True)))
def test_features_learn_what_the_task_asks(window: Window, name: str, measure: str) -> None:
    """The walkers: what is paid, what is seen next and what is gained next follow from observation and action."""
    from marl.training.model import ModelConfig
    from marl.training.networks import Network

    torch.manual_seed(1)
    group, rows = window.spec.groups[0], window.rows
    network = Network(group.observation, group.action, ModelConfig(hidden=[32]))
    matched = {"match": 1.0} if name == "achievements" else {}
    task = load_registry().make(LOSSES, f"rewards/{name}", {"weight": 1.0, **matched})
    modules = task.make(network)
    columns = {**ahead(rows, Live(), task.needs), "observation": rows.observation, "action": rows.action}  # type: ignore[arg-type]
    kept = np.arange(64)
    batch: dict[str, Any] = {key: torch.from_numpy(np.asarray(column)[kept]) for key, column in columns.items()}
    batch["encode"] = network.encoded
    parameters = [*network.parameters(), *(p for one in modules.values() for p in one.parameters())]
    optimiser, told = torch.optim.Adam(parameters, lr=1e-2), []
    for _ in range(150):
        term, stats = task.loss(modules, batch, network.encoded(batch["observation"]))
        optimiser.zero_grad()
        term.backward()
        optimiser.step()
        told.append((float(term.detach()), float(stats[measure])))
    assert told[-1][0] < 0.6 * told[0][0] and told[-1][1] > max(0.5, told[0][1])


def test_an_achievement_is_told_from_others_of_its_own_match_alone(window: Window) -> None:
    """Rows of other matches are no rivals: the first term of the same rows in two batches, or in one, is the same."""
    from marl.training.model import ModelConfig
    from marl.training.networks import Network

    torch.manual_seed(1)
    group, rows = window.spec.groups[0], window.rows
    network = Network(group.observation, group.action, ModelConfig(hidden=[8]))
    task = load_registry().make(LOSSES, "rewards/achievements", {"match": 0.0})
    modules, columns = task.make(network), ahead(rows, Live(), task.needs)  # type: ignore[arg-type]
    columns |= {"observation": rows.observation, "action": rows.action}

    def loss(kept: Any) -> Any:
        batch: Any = {key: torch.from_numpy(np.asarray(column)[kept]) for key, column in columns.items()}
        batch["encode"] = network.encoded
        return task.loss(modules, batch, network.encoded(batch["observation"]))[0].detach()

    episodes = [np.flatnonzero(columns["episode"] == one) for one in np.unique(columns["episode"])]
    whole = [one for one in episodes if len(np.unique(columns["gain"][one])) > 1]
    alone, told = [float(loss(one)) for one in whole], [told_apart(columns, one) for one in whole]
    assert float(loss(np.concatenate(whole))) == pytest.approx(np.average(alone, weights=told), rel=1e-5)


def told_apart(columns: Any, rows: Any) -> int:
    """How many of the rows of a match come before an achievement that another row does not come before."""
    gain = columns["gain"][rows]
    return sum(one >= 0 and bool((gain != one).any()) for one in gain)


def test_transport_pairs_what_is_alike_in_two_matches() -> None:
    from marl_rewards.auxiliary.matching import partners, transport

    torch.manual_seed(0)
    kinds = [[0, 1, 2], [1, 0, 3, 2], [2, 4]]  # three matches
    flat = torch.tensor([kind for match in kinds for kind in match])
    episode = torch.tensor([7, 7, 7, 8, 8, 8, 8, 9, 9])
    looks = torch.nn.functional.normalize(torch.eye(5)[flat] + 0.1 * torch.randn(9, 5), dim=1)
    plan = transport(1 - looks @ looks.T, episode, partners(episode))
    assert plan.sum(dim=0).max() < 1.01 and plan.sum(dim=1).max() < 1.01
    assert [float(plan[episode == one].sum()) for one in (7, 8, 9)] == pytest.approx([2, 3, 2])  # the shorter of two
    pairs = [(int(episode[a]), int(flat[a]), int(flat[b])) for a, b in torch.nonzero(plan > 0.5)]
    assert {(8, 0, 0), (8, 1, 1), (8, 2, 2), (9, 2, 2)} <= set(pairs)
    alone = torch.tensor([3, 3])
    assert partners(alone).tolist() == [3, 3]


def trained(tmp_path: Path, algorithm: str, **params: Any) -> Any:
    from marl.blobs import Blobs
    from marl.job import Job
    from marl.registry import ALGORITHMS, Component
    from marl.services import RunServices

    registry = load_registry()
    services = RunServices(
        registry, Component("classic/deep_sea", {"size": 4}), Blobs(tmp_path), lambda step, values: None
    )
    small = {"lanes": 8, "rows": 64, "model": {"hidden": [8]}, "auxiliary": [f"rewards/{name}" for name in NAMES]}
    job = Job(algorithm, 0, ((),), 1, budget={"env_steps": 128})
    return registry.make(ALGORITHMS, algorithm, {**small, **params}).train(job, services)


@pytest.mark.parametrize(("algorithm", "params"), [("rllib/ppo", {}), ("rllib/a2c", {"model": {"kind": "gru"}})])
def test_any_actor_critic_learns_from_all_three(tmp_path: Path, algorithm: str, params: Any) -> None:
    pytest.importorskip("ray.rllib")
    pytest.importorskip("marl_rllib")
    pytest.importorskip("marl_classic")
    done = trained(tmp_path, algorithm, **params)
    assert {"reward_prediction_accuracy", "spr_cosine", "achievements_found"} <= set(done.metrics)
    assert not any("spr" in name for name in done.snapshot.arrays)  # who plays needs none of it


def test_what_an_algorithm_does_not_keep_is_told(tmp_path: Path) -> None:
    pytest.importorskip("ray.rllib")
    pytest.importorskip("marl_rllib")
    pytest.importorskip("marl_classic")
    with pytest.raises(UserError, match=r"rewards/achievements.* needs 'gain' of every row, which this algorithm"):
        trained(tmp_path, "rllib/dqn", auxiliary=["rewards/achievements"], learning_starts=16, minibatch=16)

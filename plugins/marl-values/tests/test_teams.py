"""Teams of all kinds: in turns or at once, with agents that die early, in groups apart, with networks of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from marl.algorithm import Checkpoint
from marl.errors import UserError
from marl.job import Job
from marl.registry import ALGORITHMS, load_registry
from marl.testing.games import relay
from marl.training.experience.episodes import EpisodeRing, Episodes
from marl.training.hyper import EpisodesHyper

KINDS = {
    "at once": (relay(False), "all"),
    "in turns": (relay(True), "all"),
    "groups": (relay(False, ((1,), (0, 2))), "all"),
    "groups in turns, nothing shared": (relay(True, ((1,), (0, 2)), state=False), "none"),
}
SMALL = {
    "lanes": 6,
    "rows": 60,
    "minibatch": 8,
    "steps_per_episode": 0.5,
    "capacity": 40,
    "epsilon": 0.0,
    "epsilon_end": 0.0,
}
REPLAY = ("steps_per_episode", "capacity")
MODELS = {"mlp": {"hidden": [8], "identity": True}, "lstm": {"kind": "lstm", "memory": 6, "hidden": [8]}}


def begun(host: Any, make: Any, name: str = "values/qmix", **params: Any) -> tuple[Any, Any]:
    """An engine that has begun a job, and its services."""
    small = {key: value for key, value in SMALL.items() if "pqn" not in name or key not in REPLAY}
    algorithm: Any = load_registry().make(ALGORITHMS, name, {**small, **params})
    services = host(make)
    engine = algorithm.engine(Job(name, 0, ((),), 3), services)
    engine.begin(Job(name, 0, ((),), 3), services)
    return engine, services


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_learned_from_is_what_was_played(host: Any, kind: str, model: str) -> None:
    """Networks, memories, masks and agents fit together: the values of the played matches choose what was played."""
    make, sharing = KINDS[kind]
    engine, _ = begun(host, make, sharing=sharing, model=MODELS[model])
    learner, (player,) = engine.backend.learner, engine.backend.samplers
    torch.manual_seed(1)
    for name in learner.names:  # with weights as at the start, all values would be nearly equal
        for parameter in learner.network(name).parameters():
            torch.nn.init.normal_(parameter)
    columns = player.play(150, {"epsilon": 0.0}).columns
    assert list(columns) == ["side0"] and sorted(columns["side0"]["agents"]) == list(learner.names)
    seen: dict[str, Any] = {}

    def loss(module_id: str, batch: Any, inputs: Any, value: Any) -> Any:
        seen.update(batch, inputs=inputs.detach(), target=learner.target_inputs(module_id))
        return inputs.sum(), {}

    learner.loss = loss
    learner.losses("side0", learner._tensors(columns["side0"]))
    acts = seen["acts"][:, :-1] & seen["valid"][..., None]
    assert (acts == seen["acts"][:, :-1])[seen["valid"]].all() and int(acts.sum()) >= 150
    assert acts.shape[2] == 3 and (acts.sum(2).max() == 1) == ("turns" in kind)
    played = seen["inputs"][:, :-1].argmax(3)[acts]
    assert (played == seen["action"][acts]).all() and len(set(played.tolist())) > 1
    assert torch.allclose(seen["inputs"], seen["target"], atol=1e-5)
    assert (seen["inputs"][~seen["acts"]] == 0).all()
    if kind != "groups in turns, nothing shared":
        assert (seen["state"][:, 0, 0] == 0).all() and seen["state"].shape[2] == 5
    else:
        assert seen["state"].shape[2] == (
            12 if model == "lstm" else 12 + 1 + 2 * 2
        )  # with identity, the place in the group


def disturb(columns: Any) -> None:
    """Change all that stands where an agent has no turn, and rewards on padding."""
    for part in columns["agents"].values():
        idle = ~part["acts"]
        part["observation"][idle] += 7.0
        part["action"][idle[:, :-1]] = 2
        part["mask"][idle] = True
    columns["reward"][~columns["valid"]] = 9.0


@pytest.mark.parametrize("kind", KINDS)
def test_who_does_not_act_does_not_count(host: Any, kind: str) -> None:
    """Nothing that stands where an agent has no turn, or on padding, changes the loss or a gradient."""
    make, sharing = KINDS[kind]
    engine, _ = begun(host, make, sharing=sharing, model=MODELS["lstm"])
    learner, (player,) = engine.backend.learner, engine.backend.samplers
    columns = learner._tensors(player.play(100, {"epsilon": 0.5}).columns["side0"])

    def gradients() -> dict[str, Any]:
        learner._fitting = "side0"
        found = learner.compute_gradients(learner.losses("side0", columns))
        return {str(index): one.clone() for index, one in enumerate(found.values()) if one is not None}

    before = gradients()
    disturb(columns)
    after = gradients()
    assert len(before) > 10 and all(torch.allclose(before[key], after[key], atol=1e-6) for key in before)


@pytest.mark.parametrize("name", ["iql", "vdn", "qplex", "ow_qmix", "cw_qmix", "qtran", "pqn_vdn", "pqn_qmix", "gmah"])
def test_in_no_algorithm_does_who_does_not_act_count(host: Any, name: str) -> None:
    """In turns, with masks, agents that fall out and matches that are cut short; each looks ahead in its own way."""
    ahead: dict[str, Any] = {
        "iql": {"trace": 0.6},
        "vdn": {"n_step": 3},
        "cw_qmix": {"trace": 0.6},
        "qtran": {"n_step": 2},
    }
    kinds = {"pqn": "values/normed", "gma": "values/goals"}  # by how names begin
    model = {"kind": kinds[name[:3]], "params": {"hidden": [8]}} if name[:3] in kinds else {"hidden": [8]}
    engine, _ = begun(host, relay(True), f"values/{name}", model=model, **ahead.get(name, {}))
    learner, (player,) = engine.backend.learner, engine.backend.samplers
    columns = learner._tensors(player.play(100, {"epsilon": 0.5}).columns["side0"])

    def gradients() -> list[Any]:
        learner._fitting = "side0"
        found = learner.compute_gradients(learner.losses("side0", columns | learner.prepare("side0", columns)))
        return [one.clone() for one in found.values() if one is not None]

    before = gradients()
    disturb(columns)
    columns["discount"][~columns["valid"]] = 0.5
    after = gradients()
    assert len(before) > 3 and all(torch.allclose(one, two, atol=1e-6) for one, two in zip(before, after, strict=True))


def test_values_bootstrap_where_a_match_was_cut_and_nowhere_else(host: Any) -> None:
    engine, _ = begun(host, relay(False))
    (player,) = engine.backend.samplers
    columns = player.play(200, {"epsilon": 0.5}).columns["side0"]
    length = columns["valid"].sum(1)
    last = columns["discount"][np.arange(len(length)), length - 1]
    acting = columns["agents"]["g0"]["acts"][np.arange(len(length)), length].any(1)
    assert set(last.tolist()) == {0.0, np.float32(0.99)} and ((last > 0) == acting).all()
    assert (columns["discount"][~columns["valid"]] == 0).all()
    inner = columns["valid"].copy()
    inner[np.arange(len(length)), length - 1] = False
    assert (columns["discount"][inner] == np.float32(0.99)).all()


def learned(engine: Any, updates: int) -> list[dict[str, float]]:
    told = [engine.update() for _ in range(updates)]
    return [{key: value for key, value in one.items() if "seconds" not in key and key != "staleness"} for one in told]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("values/qmix", "groups"),
        ("values/vdn", "in turns"),
        ("values/cw_qmix", "groups in turns, nothing shared"),
        ("values/qplex", "at once"),
        ("values/qtran", "in turns"),
        ("values/pqn_vdn", "at once"),
        ("values/pqn_qmix", "groups"),
        ("values/gmah", "groups in turns, nothing shared"),
    ],
)
def test_a_run_goes_on_from_a_checkpoint_to_the_bit(host: Any, name: str, kind: str) -> None:
    """Rings, targets, mixers, matches in progress and rows that wait for the end of theirs."""
    make, sharing = KINDS[kind]
    options = {
        "name": name,
        "sharing": sharing,
        "model": MODELS["lstm"],
        "samplers": 2,
        "epsilon": 0.3,
        "epsilon_end": 0.3,
    }
    if "pqn" in name:
        options["model"] = {"kind": "values/normed", "params": {"hidden": [8], "memory": 6}, "identity": True}
    if "gmah" in name:
        options["model"] = {"kind": "values/goals", "params": {"hidden": [8], "every": 2}, "identity": True}
    engine, _ = begun(host, make, **options)
    learned(engine, 3)
    saved = engine.save()
    assert any(key.startswith("lanes/") and "whole" in key for key in saved.arrays)
    wanted = learned(engine, 3)
    other, services = begun(host, make, **options)
    services.checkpoints["here"] = saved
    other.begin(Job(name, 0, ((),), 3, parent="here"), services)
    assert learned(other, 3) == wanted and {"loss", "side0/loss"} & set(wanted[0])
    one, two = engine.save(), other.save()
    assert set(one.arrays) == set(two.arrays)
    assert all(array.tobytes() == two.arrays[key].tobytes() for key, array in one.arrays.items())


def test_reward_channels_are_the_teams_too(host: Any) -> None:
    """What other channels pay is added to the game's own, by its weight."""
    pytest.importorskip("marl_rewards", reason="the reward is marl-rewards's")
    own = {"name": "rewards/team_spirit", "spirit": 0.0}  # pays every agent its own reward again
    reward = {"channels": {"own": own}, "weights": {"game": 0.5}}
    plain, paid = (begun(host, relay(False), **options)[0] for options in ({}, {"reward": reward}))
    one, two = (engine.backend.samplers[0].play(80, {"epsilon": 0.5}).columns["side0"] for engine in (plain, paid))
    np.testing.assert_allclose(two["reward"], 1.5 * one["reward"], atol=1e-6)
    assert np.abs(one["reward"]).sum() > 10


def test_an_environment_without_a_state_is_said(host: Any, trained: Any) -> None:
    services = host(relay(False, state=False))
    trained("values/qmix", services, env_steps=60, **SMALL)
    (said,) = services.warnings
    assert "no state()" in said
    trained("values/vdn", services, env_steps=60, **SMALL)
    assert len(services.warnings) == 1


def test_what_cannot_be_is_said(host: Any) -> None:
    with pytest.raises(UserError, match="normalise_returns"):
        begun(host, relay(False), model={"normalise_returns": True})
    with pytest.raises(UserError, match="capacity: 4 episodes"):
        begun(host, relay(False), capacity=4)
    with pytest.raises(UserError, match="two ways to look ahead"):
        begun(host, relay(False), n_step=3, trace=0.5)


def episodes(numbers: list[int], steps: int, rng: Any) -> dict[str, Any]:
    """Made-up episodes that show their number at every step."""
    length = rng.integers(1, steps + 1, len(numbers))
    valid = np.arange(steps) < length[:, None]
    shown = np.where(valid, np.array(numbers)[:, None], 0)
    return {"valid": valid, "reward": shown.astype(np.float32), "state": np.pad(shown, ((0, 0), (0, 1)))[..., None]}


def test_a_ring_keeps_the_newest_episodes_whole_and_trims_what_it_gives() -> None:
    rng, ring = np.random.default_rng(0), EpisodeRing(7)
    lengths = {}
    for start, count, steps in ((1, 3, 4), (4, 2, 20), (6, 4, 3), (10, 9, 5)):
        new = episodes(list(range(start, start + count)), steps, rng)
        lengths |= dict(zip(range(start, start + count), new["valid"].sum(1).tolist(), strict=True))
        ring.add(new)
        everything = ring.take(np.arange(ring.size))
        known = sorted(everything["reward"][:, 0].astype(int).tolist())
        assert known == list(range(max(1, start + count - 7), start + count))
        wanted = [lengths[number] for number in everything["reward"][:, 0].astype(int).tolist()]
        assert everything["valid"].sum(1).tolist() == wanted
        assert everything["valid"].shape[1] == max(wanted) == everything["state"].shape[1] - 1
        assert (everything["reward"].max(1) == everything["reward"][:, 0]).all()


@pytest.mark.parametrize("capacity", [7, 5, 12])
def test_a_saved_ring_draws_the_same_and_a_smaller_one_keeps_the_newest(capacity: int) -> None:
    rng = np.random.default_rng(0)
    one, other = (Episodes(EpisodesHyper(capacity=size, minibatch=3)) for size in (7, capacity))
    one.add([{"side0": episodes(list(range(1, 11)), 6, rng)}])
    one.draw(5, {})
    saved = one.save()
    other.load(Checkpoint(saved.arrays, saved.meta))
    kept = other.rings["side0"].take(np.arange(other.rings["side0"].size))["reward"][:, 0]
    assert sorted(kept.astype(int).tolist()) == list(range(11 - min(7, capacity), 11))
    for experience in (one, other):
        experience.add([{"side0": episodes([11, 12], 4, np.random.default_rng(1))}])
    mine, theirs = (experience.draw(9, {}) for experience in (one, other))
    assert mine.minibatches == theirs.minibatches == {"side0": 2}
    if capacity == 7:
        np.testing.assert_array_equal(mine.columns["side0"]["reward"], theirs.columns["side0"]["reward"])


def test_draws_follow_from_the_seed_and_have_no_episode_twice_in_a_minibatch() -> None:
    experience = Episodes(EpisodesHyper(capacity=50, minibatch=8, steps_per_episode=0.5))
    experience.add([{"side0": episodes(list(range(1, 8)), 5, np.random.default_rng(0))}])
    assert not experience.draw(1, {}).columns  # seven are not enough for eight
    draws = []
    for start, seed in ((8, 1), (38, 1), (68, 2)):
        experience.add([{"side0": episodes(list(range(start, start + 30)), 5, np.random.default_rng(0))}])
        draw = experience.draw(seed, {})
        assert draw.minibatches["side0"] in (15, 16)  # half a step for each, and what was left
        first = draw.columns["side0"]["reward"][:, 0]
        assert all(len(set(part.tolist())) == 8 for part in np.split(first[: 8 * 15], 15))
        draws.append(draw)
    copy = Episodes(EpisodesHyper(capacity=50, minibatch=8, steps_per_episode=0.5))
    saved = experience.save()
    for seed, same in ((3, True), (4, False)):
        copy.load(saved)
        experience.load(saved)
        for one in (copy, experience):
            one.add([{"side0": episodes([99, 100], 5, np.random.default_rng(0))}])
        mine, theirs = (one.draw(at, {}).columns["side0"]["reward"] for one, at in ((copy, 3), (experience, seed)))
        assert np.array_equal(mine, theirs) == same

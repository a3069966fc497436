"""Models of preferences that also learn from what nobody judged: REED and Hindsight PRIOR."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from marl.errors import UserError
from marl.registry import REWARDS, load_registry
from marl.reward import Window
from marl_rewards.preferences.hindsight_prior import HindsightPriorParams, PriorModel
from marl_rewards.preferences.model import Pairs
from marl_rewards.preferences.played import Played
from marl_rewards.preferences.reed import REEDModel, REEDParams, contrast

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("reed", {"objective": "distillation"}),
    ("reed", {"objective": "contrastive"}),
    ("hindsight_prior", {"layers": 2, "width": 8}),
]


def made(window: Window, name: str, **params: Any) -> Any:
    given = {"segment": 3, "pairs": 20, "steps": 3, "study": 3, "hidden": 8, **params}
    return load_registry().make(REWARDS, f"rewards/{name}", given, spec=window.spec)


@pytest.mark.parametrize(("name", "params"), KINDS)
def test_they_learn_from_the_judge_and_from_what_was_played_and_go_on_to_the_bit(
    window: Window, name: str, params: Any
) -> None:
    reward, other = made(window, name, **params, kept=50), made(window, name, **params, kept=50)
    told = [reward.fit(reward.samples(window), update) for update in range(3)]
    assert told[-1]["pairs"] == 60 and told[-1]["studied"] < told[0]["studied"] and len(reward.played[0]) == 50
    other.load(reward.save())
    assert reward.fit(reward.samples(window), 9) == other.fit(other.samples(window), 9)
    assert (reward(window)["preferred"] == other(window)["preferred"]).all() and reward(window)["preferred"].any()


@pytest.mark.parametrize("name", ["reed", "hindsight_prior"])
def test_with_people_what_was_played_is_learned_from_all_the_same(window: Window, name: str, tmp_path: Any) -> None:
    reward = made(window, name, people=str(tmp_path))
    told = reward.fit(reward.samples(window), 1)
    assert told["pairs"] == 0 and "studied" in told


def test_what_follows_a_turn_is_what_was_seen_next(window: Window) -> None:
    reward = made(window, "reed")
    samples = reward.samples(window)
    known, seen = samples["group0.known"], samples["group0.inputs"][..., :4]
    inside = known[:, :-1] & samples["group0.valid"][:, 1:]
    np.testing.assert_array_equal(samples["group0.following"][:, :-1][inside], seen[:, 1:][inside])
    assert inside.any() and (known <= samples["group0.valid"]).all()


def test_the_contrastive_loss_of_two_rows_is_as_by_hand() -> None:
    """Of four unit vectors e1, e2, e1, e2 at temperature 1: each finds its own among similarities 1, 0, 0."""
    rows = torch.eye(2)
    assert float(contrast(rows, rows, 1.0)) == pytest.approx(-np.log(np.e / (np.e + 2)))
    assert float(contrast(rows, rows.flip(0), 1.0)) == pytest.approx(-np.log(1 / (np.e + 2)))


@pytest.mark.parametrize("objective", ["distillation", "contrastive"])
def test_the_dynamics_hold_alike_what_leads_to_the_same_place(objective: Any) -> None:
    """Twelve doors in pseudo-random order lead to three places: what is encoded of doors goes by where they lead."""
    chance = np.random.Generator(np.random.Philox(key=3))
    leads = np.arange(12) % 3
    model = REEDModel(12, 1, REEDParams(hidden=16, lr=3e-3, objective=objective), 1)
    for _ in range(150):
        door = chance.integers(0, 12, (16, 4))
        inputs = np.concatenate([np.eye(12)[door], np.ones((16, 4, 1))], 2).astype(np.float32)
        ones = np.ones((16, 4), np.bool_)
        model.study(Played(inputs, ones, np.eye(12, dtype=np.float32)[leads[door]], ones))
    rows = torch.cat([torch.eye(12), torch.ones(12, 1)], 1)
    with torch.no_grad():
        codes = model.network[0](rows)
    codes = torch.nn.functional.normalize(codes - codes.mean(0), dim=1)
    alike = (codes @ codes.T).numpy()
    same = leads[:, None] == leads[None]
    assert alike[same & ~np.eye(12, dtype=bool)].mean() > alike[~same].mean() + 0.5


def prior(weight: float) -> PriorModel:
    return PriorModel(3, 2, HindsightPriorParams(segment=4, prior=weight, hidden=8, width=8), 1)


def test_importance_is_of_valid_turns_alone_and_sums_up_to_one() -> None:
    inputs = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(1))
    valid = torch.arange(4)[None] < torch.tensor([1, 2, 3, 4, 4])[:, None]
    found = prior(1.0).importance(inputs, valid)
    torch.testing.assert_close(found.sum(1), torch.ones(5))
    assert not found[~valid].any() and (found[valid] > 0).all()


def test_what_a_segment_is_worth_is_shared_out_by_importance() -> None:
    """The prior alone (a judge who calls all equal): each turn comes to its share of what its segment pays."""
    model = prior(1000.0)
    chance = np.random.Generator(np.random.Philox(key=2))
    inputs = chance.normal(size=(2, 6, 4, 3)).astype(np.float32)
    pairs = Pairs(inputs, np.ones((2, 6, 4), np.bool_), np.full(6, 0.5, np.float32))

    def apart() -> float:
        with torch.no_grad():
            rewards = model.network(torch.from_numpy(inputs))[..., 0]
        return float(model.besides(pairs, rewards)) / float(rewards.square().mean())

    before = apart()
    for _ in range(100):
        model.learn(pairs)
    assert apart() < 0.5 * before
    assert prior(0.0).besides(pairs, torch.ones(2, 6, 4)) == 0


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("reed", {"study": -1}, "study must not be negative"),
        ("reed", {"kept": 0}, "kept must be at least 1"),
        ("reed", {"temperature": 0}, "temperature must be above 0"),
        ("reed", {"objective": "next"}, "distillation"),
        ("hindsight_prior", {"prior": -1}, "prior must not be negative"),
        ("hindsight_prior", {"layers": 0}, "layers and width must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(window: Window, name: str, params: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(window, name, **params)


def walks(count: int, seed: int) -> tuple[Played, Any]:
    """Walks of eight turns: at one a light is on, and what is done there is seen at the end, and preferred."""
    chance = np.random.Generator(np.random.Philox(key=seed))
    lit, did = chance.integers(0, 8, count), chance.integers(0, 2, (count, 8))
    seen = np.zeros((count, 9, 6), np.float32)
    seen[np.arange(count), lit, 0] = 1
    came = 2.0 * did[np.arange(count), lit] - 1
    seen[:, 8, 1], seen[:, :, 2:] = came, chance.normal(size=(count, 1, 4))
    ones = np.ones((count, 8), np.bool_)
    return Played(np.concatenate([seen[:, :8], np.eye(2)[did]], 2).astype(np.float32), ones, seen[:, 1:], ones), came


@pytest.mark.slow
def test_credit_falls_on_the_turn_that_decides() -> None:
    """Ten answers: the model knows which other walks are better, and pays at the turn with the light on."""
    (played, came), (other, true) = walks(1000, 1), walks(1000, 2)
    chance, right, paid = np.random.Generator(np.random.Philox(key=3)), {}, {}
    first, second = np.flatnonzero(came > 0)[:10], np.flatnonzero(came < 0)[:10]
    both = np.stack([first, second])
    pairs = Pairs(played.inputs[both], played.valid[both], np.ones(10, np.float32))
    for weight in (0.0, 1.0):
        model = PriorModel(8, 6, HindsightPriorParams(segment=8, prior=weight, lr=3e-3), 1)
        for _ in range(1000 if weight else 0):
            model.study(played.take(chance.integers(0, 1000, 32)))
        for _ in range(400):
            model.learn(pairs)
        rewards = model.rewards(other.inputs.reshape(-1, 8)).reshape(1000, 8)
        difference = rewards.sum(1)[:500] - rewards.sum(1)[500:]
        apart = true[:500] - true[500:]
        right[weight] = (difference * apart > 0)[apart != 0].mean()
        lit = other.inputs[..., 0] == 1
        paid[weight] = np.abs(rewards)[lit].sum() / np.abs(rewards).sum()
    assert right[1.0] > right[0.0] + 0.1 and paid[1.0] > 2 * paid[0.0], (right, paid)

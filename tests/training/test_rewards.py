"""Channels of rewards: weighed and summed, told apart, learned once an update; a wrong one names its plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.algorithm import Checkpoint
from marl.arena import Mixtures, Record, Sampler, Trajectory
from marl.cli.check import check_plugin
from marl.errors import RunError, UserError
from marl.policies.random import Random
from marl.registry import Component, load_registry
from marl.testing.games.kuhn import SPEC as KUHN
from marl.testing.games.skirmish import SPEC, skirmish
from marl.training.composition import RewardConfig
from marl.training.rewards import Rewards

ODD = '''
from dataclasses import dataclass
import numpy as np
from marl.registry import Descriptor, hookimpl

@dataclass
class Params:
    factor: float = 0.5

class Share:
    channels = {"share": "a part of what the game pays"}
    def __init__(self, spec, params):
        if len(spec.agents) < 4:
            raise ValueError("it is for four agents")
        self.factor = params.factor
    def __call__(self, window):
        return {"share": self.factor * window.rows.reward}

class Two(Share):
    channels = {"side": "the side", "gamma": "the discount"}
    def __init__(self, spec): pass
    def __call__(self, window):
        return {"side": window.side, "gamma": np.full(len(window), window.discount)}

class Counter:
    """Pays how many rows it has learned from."""
    channels = {"count": "rows so far"}
    def __init__(self, spec): self.reset(0)
    def __call__(self, window): return {"count": np.full(len(window), float(self.count))}
    def reset(self, seed): self.count, self.seed = np.zeros(()), np.array(seed % 1000)
    def samples(self, window): return {"rows": np.ones(len(window))}
    def fit(self, samples, seed):
        self.count = self.count + samples["rows"].sum()
        return {"count": self.count}
    def save(self): return {"count": self.count, "seed": self.seed}
    def load(self, state): self.count, self.seed = state["count"], state["seed"]

class Moody(Counter):
    """Changes as it is asked."""
    def __call__(self, window):
        self.count = self.count + 1
        return super().__call__(window)

class Forgetful(Counter):
    """Saves half of what it is."""
    def save(self): return {"count": np.zeros(()), "seed": self.seed}

def wrong(give, **more):
    members = {"channels": {"x": "?"}, "__call__": lambda self, window: give(window), **more}
    return lambda spec: type("Wrong", (), members)()

raises = wrong(lambda window: window.rows.nothing)
nan = wrong(lambda window: {"x": np.where(np.arange(len(window)) == 3, np.nan, 0)})
short = wrong(lambda window: {"x": np.zeros(2)})
text = wrong(lambda window: {"x": np.full(len(window), "a")})
other = wrong(lambda window: {"y": np.zeros(len(window))})
nothing = wrong(lambda window: None)
state = wrong(lambda window: {"x": np.zeros(len(window))}, needs=("state",))
mute = wrong(lambda window: {}, channels=[])

@hookimpl
def marl_rewards():
    yield Descriptor("share", "odd:Share", "a part", params=Params)
    names = "Two Counter Moody Forgetful raises nan short text other nothing state mute"
    for name in names.split():
        yield Descriptor(name.lower(), f"odd:{name}", name)
'''


@pytest.fixture(autouse=True)
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plugin with rewards, good and bad, installed as others are."""
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (tmp_path / "odd.py").write_text(ODD)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\nodd = odd\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MARL_PLUGINS", "odd")  # settings of its own, and so a registry of its own
    monkeypatch.setattr("marl.registry.load._loaded", {})
    yield
    sys.modules.pop("odd", None)


@pytest.fixture
def windows() -> Callable[..., tuple[Trajectory, ...]]:
    sampler = Sampler(skirmish(8), [Random(SPEC)], Mixtures(np.ones((2, 1)), 3), [0], record=Record(earned=True))
    return lambda rows=400: sampler.collect(rows)


def rewards(weights: dict[str, float] | None = None, spec: Any = SPEC, **channels: Any) -> Rewards:
    named = {name: one if isinstance(one, Component) else Component(one) for name, one in channels.items()}
    return Rewards(RewardConfig(named, weights or {}), spec, 0.9)


def test_what_is_learned_from_is_the_weighted_sum_and_every_channel_is_told(windows: Any) -> None:
    parts = windows()
    share = Component("odd/share", {"factor": 0.25})
    paid = rewards({"game": 2.0, "part": -1.0, "more": 0.5, "more:gamma": 10}, part=share, more="odd/two")(parts)
    game = np.concatenate([part.reward for part in parts])
    sides = np.concatenate([SPEC.side_of[part.agent] for part in parts])
    learned = np.concatenate([part.reward for part in paid.windows])
    np.testing.assert_allclose(learned, 2 * game - 0.25 * game + 0.5 * sides + 10 * 0.9)
    wanted = {"game": game.mean(), "part": game.mean() / 4, "more:side": sides.mean(), "more:gamma": 0.9}
    means = {name: v for name, v in paid.stats.items() if name.count(".") == 1}
    assert means == pytest.approx({f"reward.{name}": v for name, v in (wanted | {"total": learned.mean()}).items()})
    assert all(new.observation is old.observation for new, old in zip(paid.windows, parts, strict=True))


def test_a_scenario_without_rewards_learns_from_the_game_and_nobody_is_asked() -> None:
    assert rewards().is_plain and not rewards(n="odd/counter").is_plain
    assert rewards().record == Record()


def test_one_that_learns_is_frozen_for_an_update_and_its_state_goes_on(windows: Any) -> None:
    one, plain = rewards(n="odd/counter"), Checkpoint({"weights/a": np.ones(2)}, {"b": 1})
    one.reset(5)
    for count in (0, 400):
        paid = one(windows())
        assert paid.stats["reward.n"] == count
        assert one.fit(paid.samples, 1) == {"reward.n.count": count + 400}
    saved = one.keep(plain)
    assert saved.meta == {"b": 1} and sorted(saved.arrays) == ["reward/n/count", "reward/n/seed", "weights/a"]
    other = rewards(n="odd/counter")
    other.resume(saved)
    assert other(windows()).stats["reward.n"] == 800
    assert {name: array.tolist() for name, array in other.save().items()} == {
        name: array.tolist() for name, array in one.save().items()
    }
    other.resume(plain)  # of before there was such a reward
    assert other(windows()).stats["reward.n"] == 0
    one.reset(5)
    assert one(windows()).stats["reward.n"] == 0
    assert rewards(part="odd/share").keep(plain) is plain


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("raises", "failed in reward(window) (odd.py, line"),
        ("nan", "gave 'nan for row 3' from reward(window) as the channel 'x'"),
        ("short", "gave 'an array of float64 [2]' from reward(window) as the channel 'x'"),
        ("text", "gave 'an array of <U1"),
        ("other", "gave ['y'] from reward(window)"),
        ("nothing", "gave nothing (None) from reward(window)"),
    ],
)
def test_a_wrong_answer_names_the_plugin_and_what_would_be_right(windows: Any, name: str, sentence: str) -> None:
    with pytest.raises(RunError) as told:
        rewards(x=f"odd/{name}")(windows())
    assert str(told.value).startswith(f"reward 'odd/{name}' (plugin 'odd' of odd 1.0) ") and sentence in str(told.value)
    assert "{'x': float64[" in str(told.value)


def test_what_does_not_fit_is_refused_before_anything_is_played() -> None:
    with pytest.raises(UserError, match="odd/share refuses its parameters: it is for four agents"):
        rewards(spec=KUHN, part="odd/share")
    with pytest.raises(UserError, match=r"'odd/state' .* needs 'state' of every row, which is not recorded; .* earned"):
        rewards(x="odd/state")
    with pytest.raises(RunError, match=r"'odd/mute' .* from its `channels`"):
        rewards(x="odd/mute")
    with pytest.raises(UserError, match=r"there is no channel 'more:sides'; did you mean 'more:side'\?"):
        rewards({"more:sides": 1.0}, more="odd/two")


def test_the_check_of_plugins_pays_rows_of_small_games() -> None:
    registry = load_registry()
    found = {
        one.subject.split()[0].removeprefix("odd/"): one
        for one in check_plugin(registry, registry.plugin("odd"))
        if one.check == "pays"
    }
    good = {name for name, one in found.items() if one.status == "pass"}
    assert good == {"share", "two", "counter"}
    assert {name for name, one in found.items() if one.status == "warn"} == {"state"}
    assert "nan for row 3" in found["nan"].message and "in another way when it is asked again" in found["moody"].message
    assert "in another way after save and load" in found["forgetful"].message


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"channels": {"game": Component("odd/two")}}, "channels: 'game' cannot be a channel's name"),
        ({"channels": {"a.b": Component("odd/two")}}, "channels: 'a.b' cannot be a channel's name"),
        ({"weights": {"gama": 1.0}}, "weights: there is no channel 'gama'; did you mean 'game'?"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(config: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as told:
        RewardConfig(**config)
    assert str(told.value).startswith(sentence)

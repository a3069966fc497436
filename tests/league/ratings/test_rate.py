"""Rating by any installed system: the order of results, and sentences for systems that fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from league.checked.ratings import natural, rate
from league.schedules import Result
from marl.errors import RunError, UserError
from marl.registry import Component
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import read_settings

PLUGIN = """
from marl.registry import Descriptor, hookimpl
@hookimpl
def league_ratings():
    names = ("raises", "numbers", "nothing", "nan", "zoe", "order")
    return [Descriptor(name, f"badrate_impl:{name}", "bad") for name in names]
"""
SYSTEMS = """
from league.ratings import Rating
def made(give):
    class System:
        def fit(self, results):
            return give(results)
    return System
raises = made(lambda results: results[0].nobody)
numbers = made(lambda results: {"a": 3.0})
nothing = made(lambda results: None)
nan = made(lambda results: {"a": Rating.around(float("nan"))})
zoe = made(lambda results: {"zoe": Rating.around(1.0)})
order = made(lambda results: {"a": Rating.around(float([r.pairing for r in results] == ["1.9.1", "1.10.1", "2.1.1"]))})
"""
RESULTS = [
    Result("2.1.1", ("a", "b"), (1, 0), round=2),
    Result("1.10.1", ("a", "b"), (1, 0), round=1),
    Result("1.9.1", ("a", "b"), (1, 0), round=1),
    Result("1.2.1", ("a", "c"), (1, 0), void=True, round=1),
]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "badrate.py").write_text(PLUGIN)
    (tmp_path / "badrate_impl.py").write_text(SYSTEMS)
    info = tmp_path / "badrate-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: badrate\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\nbadrate = badrate\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield build(discover(), read_settings(False))
    for module in ("badrate", "badrate_impl"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", "failed in fit(results) (badrate_impl.py, line"),
        ("numbers", "gave {'a': 3.0} from fit(results), which cannot be used: a league.ratings.Rating for each player"),
        ("nothing", "gave nothing (None) from fit(results)"),
        ("nan", "a finite rating, with low below high"),
        ("zoe", "rated 'zoe' in fit(results), who played no match that counts"),
    ],
)
def test_a_wrong_rating_system_is_a_sentence_that_names_its_plugin(name, words, registry):
    with pytest.raises(RunError) as raised:
        rate(registry, Component(f"badrate/{name}"), RESULTS)
    assert words in str(raised.value)
    assert "(plugin 'badrate' of badrate 0.1)" in str(raised.value)


def test_results_come_in_the_order_of_rounds_and_numbers_whichever_ended_first(registry):
    assert rate(registry, Component("badrate/order"), RESULTS)["a"].value == 1.0
    assert sorted(["1.10.1", "1.9.1", "group2:1.1", "group10:1.1"], key=natural)[2:] == ["group2:1.1", "group10:1.1"]


def test_any_system_by_name_with_parameters_and_none_without_matches(registry):
    assert rate(registry, Component("league/elo", {"k": 40}), RESULTS[:1])["a"].value == 1520
    assert rate(registry, Component("league/elo"), RESULTS[3:]) == {}
    with pytest.raises(UserError, match="did you mean"):
        rate(registry, Component("league/ello"), RESULTS)

"""Measures: they agree with known answers, say how sure they are, stop leagues, and name whoever fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from league.checked.measures import Taken
from league.config import Bound
from league.ledger import Ledger
from league.manager import Manager
from league.measures import About, Value
from league.measures.elo import fitted, joined
from league.payoffs import Payoffs
from league.reader import opened
from league.runner import build, further
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.metrics import Metrics
from marl.registry import Component
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.settings import read_settings
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

SOURCE = """
from league.measures import About, Value
from marl.registry import Descriptor, hookimpl


class Spread:
    about = About("Spread", "How far apart.", better="more")

    def measure(self, view, services):
        return Value.around(10.0 * len(view.players), 5.0)


class Bug(Spread):
    def measure(self, view, services):
        return view.nothing


class Text(Spread):
    def measure(self, view, services):
        return "many"


class Upside(Spread):
    def measure(self, view, services):
        return Value(1.0, 2.0, 0.0)


class Sometimes(Spread):
    def measure(self, view, services):
        return None if view.iterations[-1].number % 2 else Value.exact(1.0)


class Never(Spread):
    def measure(self, view, services):
        return None


class Wide(Spread):
    def measure(self, view, services):
        return Value(5.0, None, None)


class Unlabelled(Spread):
    about = "Spread"


class Parted:
    about = Spread.about

    def parts(self, view):
        return [len(players) for players in view.populations] if view.iterations[-1].number % 2 else None

    def work(self, part, services):
        return 10.0 * part + services.seed

    def value(self, view, found):
        return Value.exact(sum(found))


class Unsendable(Parted):
    def parts(self, view):
        return [lambda: 0]


class Unreturned(Parted):
    def parts(self, view):
        return [1]

    def work(self, part, services):
        return lambda: 0


class Halved:
    about = Spread.about

    def parts(self, view):
        return []


MARL_API = ">=2,<3"


@hookimpl
def league_measures():
    return [Descriptor(one.__name__.lower(), f"odd_measures:{one.__name__}", "one")
            for one in (Spread, Bug, Text, Upside, Sometimes, Unlabelled, Never, Wide, Parted, Unsendable, Unreturned,
                        Halved)]
"""

KUHN = "kind: league\nenv: classic/kuhn_poker\nstop: {iterations: 4}\n"
Make = Callable[..., Manager]


@pytest.fixture
def league(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Build a league of Kuhn poker, in which the plugin above is there: `league("measures=[elo]")`."""
    (tmp_path / "odd_measures.py").write_text(SOURCE)
    dist = tmp_path / "odd_measures-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-measures\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text("[marl]\nodd = odd_measures\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "odd_measures", raising=False)
    registry = build_registry(discover(), read_settings({}))
    opened: list[Ledger | Metrics] = []

    def make(*overrides: str, text: str = KUHN, out: str = "run") -> Manager:
        (tmp_path / "scenario.yaml").write_text(text)
        scenario = load_scenario(str(tmp_path / "scenario.yaml"), list(overrides), registry)
        run = tmp_path / out
        run.mkdir(exist_ok=True)
        (run / "scenario.yaml").write_text(scenario.text)
        ledger, metrics = Ledger.at(run), Metrics(run / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(scenario.config, registry, ledger, Blobs(run / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()


def test_a_plugins_own_measure_stops_a_league_when_its_whole_interval_is_beyond(league: Make) -> None:
    manager = league("stop.spread={above: 54}", "stop.iterations=20")
    found = [dict(iteration.measures) for iteration in manager.run()]
    assert list(found[0]) == ["nash_conv", "spread"]  # the default one stays the headline
    assert [one["spread"].value for one in found] == [20, 40, 60]  # 60 - 5 is above 54, and 40 + 5 is not
    assert manager.reason == "Spread is above 54"
    again = league()
    assert again.iterations == manager.iterations and again.measured == manager.measured


def test_a_number_alone_lies_where_the_measure_gets_better(league: Make) -> None:
    manager = league("stop.spread=54", "stop.iterations=20")
    list(manager.run())
    assert manager.reason == "Spread is above 54" and len(manager.iterations) == 3
    assert further(manager, Path("run")) == "marl resume run stop.spread=1.2e+02"
    with pytest.raises(UserError, match=r"neither less nor more Effective players .*\{below: 2\} or \{above: 2\}"):
        league("stop.effective_players=2", out="other")


def test_a_stop_on_a_measure_that_never_comes_is_told(league: Make) -> None:
    manager = league("stop.never=1", "stop.wide=1", "stop.sometimes=9", "stop.iterations=1")
    list(manager.run())
    assert manager.reason == "1 iteration is done"
    assert manager.measures.silent([one.measures for one in manager.iterations]) == [
        "stop.never: never was asked for 2 times and never came, so it could not stop the league",
        "stop.wide: wide was asked for 2 times and never came with an interval, so it could not stop the league",
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [("mode", "`source` now"), ("matches", r"\{name: sampled, matches: ...\}"), ("lanes", "lanes: ...")],
)
def test_a_key_of_payoffs_that_moved_says_where_it_went(league: Make, key: str, words: str) -> None:
    with pytest.raises(UserError, match=f"payoffs has no key '{key}'; it .*{words}"):
        league(f"payoffs.{key}=60")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "bug",
            "measure 'odd/bug' (plugin 'odd' of odd-measures 1.0) failed in measure(view, services) (odd_measures.py",
        ),
        ("text", "gave 'many' from measure(view, services), which cannot be used: a league.measures.Value"),
        ("upside", "gave Value(value=1.0, low=2.0, high=0.0)"),
        ("unlabelled", "gave 'Spread' from about"),
        ("unsendable", "measure 'odd/unsendable' (plugin 'odd' of odd-measures 1.0) failed in parts(view)"),
        ("unreturned", "measure 'odd/unreturned' (plugin 'odd' of odd-measures 1.0) failed in work(part, services)"),
        ("halved", "has no 'measure', which league.measures.Measure asks for"),
    ],
)
def test_a_measure_that_fails_is_named(league: Make, name: str, expected: str) -> None:
    with pytest.raises(RunError) as raised:
        list(league(f"measures=[{name}]").run())
    assert expected in str(raised.value)


def test_a_measure_in_parts_is_made_of_what_came_of_them(league: Make) -> None:
    found = [dict(iteration.measures) for iteration in league("measures=[parted]", "seed=3", "stop.iterations=3").run()]
    assert found[::2] == [{}, {}]
    assert [one["parted"].value for one in found[1::2]] == [46.0, 86.0]


def test_a_measure_may_have_nothing_to_say_and_keeps_its_place(league: Make, tmp_path: Path) -> None:
    manager = league("measures=[sometimes,spread,nash_conv]", "stop.iterations=1")
    first, second = manager.run()
    assert list(first.measures) == ["sometimes", "spread", "nash_conv"] and list(second.measures) == [
        "spread",
        "nash_conv",
    ]
    with opened(tmp_path / "run") as (_, view):
        assert list(view.measured) == ["sometimes", "spread", "nash_conv"]
        assert view.iterations == tuple(manager.iterations)
    events = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert events[-1]["measures"]["spread"] == {"value": 40.0, "low": 35.0, "high": 45.0}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_exploitability_by_fresh_matches_covers_the_exact_value(league: Make, seed: int) -> None:
    text = KUHN + f"seed: {seed}\nmeasures: [{{name: exploitability, matches: 4000}}, nash_conv]\n"
    for iteration in league(text=text).run():
        found, exact = iteration.measures["exploitability"], iteration.measures["nash_conv"].value / 2
        assert found.low is not None and found.high is not None and found.high - found.low < 0.15
        wide = 1.6 * (found.margin or 0)  # 15 intervals of 95 %: one of them may miss, none by that much
        assert abs(found.value - exact) < wide


def test_exploiters_are_measured_now_and_then_and_never_join(league: Make) -> None:
    text = KUHN + "payoffs: {source: {name: sampled, matches: 100}}\n"
    text += "measures: [{name: exploitability, matches: 100, every: 2}]\n"
    measured, plain = league(text=text), league("measures=[]", text=text, out="plain")
    assert ["exploitability" in one.measures for one in measured.run()] == [True, False, True, False, True]
    list(plain.run())
    assert measured.ledger.players() == plain.ledger.players() and measured.ledger.payoffs() == plain.ledger.payoffs()
    again = league(text=text, out="again")
    list(again.run())
    assert again.ledger.digest() == measured.ledger.digest()


def test_elo_is_the_logit_of_the_score() -> None:
    """Two rows, one column: the second scores 10/11 where the first scores 1/2, which is 400 Elo."""
    payoffs = Payoffs.of([np.array([[0.0], [2 * 10 / 11 - 1]]), np.array([[0.0], [1 - 2 * 10 / 11]])])
    strengths, covariance, (first, second) = fitted(payoffs)
    difference = strengths[first[1]] - strengths[first[0]]
    assert 400 / np.log(10) * difference == pytest.approx(400, rel=0.01)
    assert np.abs(covariance).max() == 0 and list(second) == [2]


def test_elo_of_a_league_of_won_and_lost_matches(league: Make) -> None:
    text = "kind: league\nenv: classic/tic_tac_toe\nmeasures: [elo, effective_players]\n"
    text += "strategy: {name: psro, metasolver: prd}\nstop: {iterations: 0}\n"
    text += "payoffs: {source: {name: sampled, matches: 200}}\n"
    (only,) = league(text=text).run()
    assert only.measures["elo"].value == pytest.approx(0) and only.measures["effective_players"] == Value.exact(1.0)


def test_elo_says_nothing_where_nobody_links_the_newest_player_to_the_first() -> None:
    mean, count = np.zeros((2, 2, 2)), np.diag([10.0, 10.0])
    apart = Payoffs(mean, count, mean, (np.arange(2), np.arange(2)))
    assert not joined(apart) and joined(apart.upto((1, 1)))
    assert joined(Payoffs(mean, np.array([[10.0, 10.0], [0.0, 10.0]]), mean, (np.arange(2), np.arange(2))))


def test_elo_of_a_clean_sweep_is_not_certain() -> None:
    mean = np.array([[[0.0], [1.0]], [[0.0], [-1.0]]])
    swept = Payoffs(mean, np.full((2, 1), 100.0), np.zeros((2, 2, 1)), (np.arange(2), np.arange(1)))
    _, covariance, (first, _) = fitted(swept)
    contrast = np.eye(3)[first[1]] - np.eye(3)[first[0]]
    assert 400 / np.log(10) * float(contrast @ covariance @ contrast) ** 0.5 > 50


def test_elo_has_an_interval_that_matches_narrow() -> None:
    def margin(matches: float) -> float:
        mean = np.array([[[0.0, -0.5], [0.5, 0.1]], [[0.0, 0.5], [-0.5, -0.1]]])
        m2 = (1 - mean**2) * (matches - 1)
        payoffs = Payoffs(mean, np.full((2, 2), matches), m2, (np.arange(2), np.arange(2)))
        _, covariance, (first, _) = fitted(payoffs)
        contrast = np.eye(4)[first[1]] - np.eye(4)[first[0]]
        return float(contrast @ covariance @ contrast) ** 0.5

    assert margin(400) == pytest.approx(margin(100) / 2, rel=0.05)
    assert margin(100) == pytest.approx((2 * 4 / 100 / 2) ** 0.5, rel=0.2)  # two scores, each 1 / sqrt(n p (1 - p))


def test_a_game_that_cannot_be_measured_is_refused_before_anything_is_written(league: Make) -> None:
    with pytest.raises(UserError, match="nash_conv needs a game with a sequence form"):
        league("env=classic/tic_tac_toe", "measures=[nash_conv]", "strategy.metasolver=prd")
    assert league("payoffs.source=sampled").measures.taken == ()
    assert [one.name for one in league("payoffs.source=sampled", "stop.nash_conv=0", out="b").measures] == ["nash_conv"]


def test_what_cannot_become_less_suggests_no_bound_that_would_be_refused() -> None:
    class Least:
        about = About("NashConv", better="less", least=0.0)

    one = Taken("nash_conv", "", Least(), Bound(below=0.001), Component("nash_conv"), bare=True)  # type: ignore[arg-type]
    assert one.beyond(Value.exact(0.0)) == "" == one.beyond(Value.exact(2.8e-16))  # rounding
    assert one.beyond(Value.exact(0.0008)) == "stop.nash_conv=0.0002"

"""Payoff sources: those of plugins fill the table, and what is wrong with them is a sentence that names the plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from league.ledger import Ledger
from league.manager import Manager
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.sampled import Params, SampledPayoffs
from league.payoffs.source import Asked
from league.runner import build
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.settings import read_settings
from marl.scenario import load_run, load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

SOURCE = '''
from dataclasses import dataclass, replace

from league.payoffs.row import PayoffRow
from marl.registry import Descriptor, hookimpl


@dataclass
class Params:
    matches: int = 50


class Guess:
    """Takes the older player to win every match; one batch a pairing."""

    def __init__(self, services, params=None):
        self.matches = (params or Params()).matches

    def fill(self, asked):
        for one in asked:
            first, second = one.pairing
            won = float(first < second) - float(first > second)
            yield [self.said(PayoffRow(one.pairing, one.before, one.count, (won, -won), (0.0, 0.0)))]

    def said(self, row):
        return row


def wrong(name, said):
    return type(name, (Guess,), {"said": lambda self, row: said(row)})


Words = wrong("Words", lambda row: "a row")
Short = wrong("Short", lambda row: replace(row, mean=(1.0,)))
NotANumber = wrong("NotANumber", lambda row: replace(row, mean=(float("nan"), 0.0)))
Other = wrong("Other", lambda row: replace(row, pairing=(7, 7)))
Bug = wrong("Bug", lambda row: row.nobody)


class Lazy(Guess):
    def fill(self, asked):
        return iter([])


class Negative(Guess):
    def __init__(self, services, params=None):
        self.matches = -1


@hookimpl
def league_payoff_sources():
    guess = Descriptor("guess", "theirs:Guess", "the older one wins", params="theirs:Params")
    wrong = (Words, Short, NotANumber, Other, Bug, Lazy, Negative)
    return [guess, *(Descriptor(each.__name__.lower(), f"theirs:{each.__name__}", "wrong") for each in wrong)]
'''
Make = Callable[[str], Manager]


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Build a league of Kuhn poker with a payoff source; the plugin above is installed."""
    info = tmp_path / "site" / "theirs-0.1.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "theirs.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\ntheirs = theirs\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    registry, opened = build_registry(discover(), read_settings(False)), []

    def make(source: str) -> Manager:
        path = tmp_path / "scenario.yaml"
        path.write_text(
            f"kind: league\nenv: classic/kuhn_poker\npayoffs: {{source: {source}}}\nstop: {{iterations: 2}}\n"
        )
        config = load_scenario(str(path), [], registry).config
        ledger, metrics = Ledger.at(tmp_path), Metrics(tmp_path / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(config, registry, ledger, Blobs(tmp_path / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()
    sys.modules.pop("theirs", None)


def test_a_league_takes_its_payoffs_from_a_plugin(theirs: Make) -> None:
    manager = theirs("{name: theirs/guess, matches: 70}")
    list(manager.run())
    rows = manager.ledger.payoffs()
    assert len(rows) == manager.filling.table.known and {row.count for row in rows} == {70}
    assert all(row.mean[0] == (1.0 if row.pairing[0] < row.pairing[1] else -1.0) for row in rows)
    assert manager.measures.taken == ()  # NashConv is taken by itself where payoffs are exact


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("words", "where an item is a str"),
        ("short", "where mean is not 2 finite numbers"),
        ("notanumber", "where mean is not 2 finite numbers"),
        ("other", r"where pairing \(1, 2\) with first_seed 0 is next"),
        ("bug", "'PayoffRow' object has no attribute 'nobody'"),
        ("lazy", r"where the pairing \(1, 2\) is missing"),
        ("negative", "matches"),
    ],
)
def test_what_is_wrong_with_a_source_names_its_plugin(theirs: Make, source: str, said: str) -> None:
    with pytest.raises(RunError, match=said) as error:
        list(theirs(f"theirs/{source}").run())
    assert f"theirs/{source}" in str(error.value)
    assert "payoff source " in str(error.value) and "payoff_source " not in str(error.value)


def test_exact_payoffs_need_a_sequence_form(theirs: Make, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("kind: league\nenv: classic/connect_four\npayoffs: {source: exact}\n")
    registry = load_registry()
    config = load_scenario(str(path), [], registry).config
    ledger, metrics = Ledger.at(tmp_path), Metrics(tmp_path / "metrics.jsonl")
    with pytest.raises(UserError, match=r"payoffs\.source: exact is asked for, but this environment"):
        build(config, registry, ledger, Blobs(tmp_path / "blobs"), metrics)
    ledger.close()
    metrics.close()


def test_matches_that_are_added_later_are_others(theirs: Make) -> None:
    """No seed is used twice, and the same is asked for and given again."""
    manager = theirs("sampled")
    list(manager.run())
    source = SampledPayoffs(manager.services, Params(matches=40, lanes=8))
    ids = [members[0] for members in manager.population.members]
    pairing, snapshots = tuple(id for id, _ in ids), tuple(player.snapshot for _, player in ids)
    seeds = np.concatenate([source._seeds(Asked(pairing, snapshots, before, 40)) for before in (0, 40, 80)])
    assert len(np.unique(seeds)) == 120
    asked = [Asked(pairing, snapshots, 40, 40)]
    (first,), (again,) = source.fill(asked), source.fill(asked)
    assert first == again and first[0].first_seed == 40 and first[0].count == 40
    manager.filling.table.add(first)
    assert manager.filling.payoffs.count[0, 0] == 1040


def test_a_run_directory_that_names_a_mode_is_read(tmp_path: Path) -> None:
    """As they did before sources were a hook. A scenario that somebody writes names a source."""
    old = "kind: league\nenv: classic/kuhn_poker\npayoffs: {mode: sampled, matches: 30, pairings: all, lanes: 16}\n"
    (tmp_path / "scenario.yaml").write_text(old)
    payoffs = load_run(tmp_path, load_registry()).config.payoffs
    assert (payoffs.source.name, payoffs.source.params) == ("league/sampled", {"matches": 30, "lanes": 16})
    (tmp_path / "scenario.yaml").write_text(old.replace("sampled", "exact"))
    assert load_run(tmp_path, load_registry()).config.payoffs.source.name == "league/exact"
    (tmp_path / "new.yaml").write_text(old)
    with pytest.raises(UserError, match="payoffs has no key 'mode'"):
        load_scenario(str(tmp_path / "new.yaml"), [], load_registry())


def test_rows_of_exact_payoffs_are_marked_so(theirs: Make) -> None:
    manager = theirs("auto")
    list(manager.run())
    assert {row.count for row in manager.ledger.payoffs()} == {EXACT}
    assert isinstance(manager.ledger.payoffs()[0], PayoffRow)

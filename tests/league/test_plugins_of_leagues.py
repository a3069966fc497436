"""Strategies, meta-solvers and oracles that others wrote: nothing but them ends a league, and faults name them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from league.ledger import Ledger
from league.ledger.orders import Orders
from league.manager import Manager
from league.reader import read_view
from league.report.words import again
from league.runner import build
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.metrics import Metrics
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.settings import read_settings
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

SOURCE = '''
import numpy as np

from league.orders import Order
from league.payoffs.joint import Joint
from marl.algorithm import Trained
from marl.errors import UserError
from marl.job import Job
from marl.registry import Descriptor, hookimpl
from marl.snapshot import Snapshot


class First:
    """The best response to the first player, whoever came since: correct, and always the same."""

    def __init__(self, registry):
        pass

    def founders(self, spec):
        return [[Snapshot("marl/random", {})] for _ in spec.sides]

    rounds = True

    def next(self, view, running):
        number = view.iterations[-1].number + 1
        first = [((players[0].snapshot, 1.0),) for players in view.populations]
        opponents = [((), first[1]), (first[0], ())]
        return [Order(Job("league/best_response", side, opponents[side], view.seed + number)) for side in range(2)]

    def mixtures(self, view):
        return [tuple(np.full(len(players), 1 / len(players))) for players in view.populations]


def variant(name, method, change):
    def changed(self, *arguments):
        return change(getattr(First, method)(self, *arguments))
    return type(name, (First,), {method: changed})


def job(change):
    return lambda orders: [Order(Job(**{**vars(orders[0].job), **change}))]


def order(**change):
    return lambda orders: [Order(orders[0].job, **change)]


NoFounders = variant("NoFounders", "founders", lambda given: given[:1])
Strings = variant("Strings", "next", lambda given: ["train"])
Side = variant("Side", "next", job({"side": 7}))
Stranger = variant("Stranger", "next", job({"opponents": ((), (("nobody", 1.0),))}))
Half = variant("Half", "mixtures", lambda given: [[0.5 * weight for weight in side] for side in given])
Bug = variant("Bug", "next", lambda given: given[5])
Patient = variant("Patient", "next", lambda given: given if given[0].job.seed < 3 else [])


Keep = variant("Keep", "next", order(keep="sometimes"))
Once = variant("Once", "next", order(keep="new", role="exploiter", lineage="ann"))
Never = variant("Never", "next", order(keep="never"))
Typo = variant("Typo", "next", job({"algorithm": "league/best_respons"}))
Depth = variant("Depth", "next", job({"params": {"depth": 3}}))
Numpy = variant("Numpy", "next", job({"side": np.int64(0), "seed": np.uint64(7), "budget": {"steps": np.float32(2)}}))
Words = variant("Words", "next", job({"budget": {"env_steps": "100"}}))
Seed = variant("Seed", "next", job({"seed": "7"}))
Params = variant("Params", "next", job({"params": {"at": object()}}))
Twice = variant("Twice", "next", lambda orders: [Order(each.job, lineage="ann") for each in orders])
Loose = variant("Loose", "mixtures", lambda given: Joint(np.full([len(side) for side in given], 0.5)))
Unready = variant("Unready", "next", job({"algorithm": "theirs/refuses"}))
Forbidden = variant("Forbidden", "next", job({"algorithm": "theirs/forbids"}))


class Forgetful:
    def __init__(self, registry):
        pass


SOLVERS = {
    "none": lambda payoffs: None,
    "negative": lambda payoffs: [np.array([2.0] + [-1.0 / max(n - 1, 1)] * (n - 1)) for n in payoffs[0].shape],
    "short": lambda payoffs: [np.ones(1)],
    "words": lambda payoffs: ["uniform", "uniform"],
    "bug": lambda payoffs: payoffs[7],
}
ORACLES = {
    "nothing": lambda job, services: None,
    "metrics": lambda job, services: Trained(Snapshot("marl/random", {}), metrics={"loss": "low"}),
    "bug": lambda job, services: 1 / 0,
    "refuses": lambda job, services: refuse(job),
}


def refuse(job, spec=None):
    raise UserError("the moon is not full")


class Forbids:
    check_job = staticmethod(refuse)

    def train(self, job, services):
        assert False, "it said beforehand that it cannot"


def solver(name):
    return lambda: SOLVERS[name]


def oracle(name):
    return lambda: type("Oracle", (), {"train": staticmethod(ORACLES[name])})()


globals().update({f"solver_{name}": solver(name) for name in SOLVERS})
globals().update({f"oracle_{name}": oracle(name) for name in ORACLES})
STRATEGIES = [First, NoFounders, Strings, Side, Stranger, Half, Bug, Patient, Keep, Once, Never, Forgetful]
STRATEGIES += [Numpy, Words, Seed, Params, Twice, Loose]
STRATEGIES += [Typo, Depth, Unready, Forbidden]


@hookimpl
def league_strategies():
    return [Descriptor(each.__name__.lower(), f"theirs:{each.__name__}", "a strategy") for each in STRATEGIES]


@hookimpl
def league_metasolvers():
    return [Descriptor(name, f"theirs:solver_{name}", "a meta-solver") for name in SOLVERS]


@hookimpl
def marl_algorithms():
    return [Descriptor(name, f"theirs:oracle_{name}", "an oracle") for name in ORACLES] + [
        Descriptor("forbids", "theirs:Forbids", "an oracle that says beforehand what it cannot do")
    ]
'''
Make = Callable[[str], Manager]


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Build a league of Kuhn poker with a strategy; the plugin above is installed."""
    site = tmp_path / "site"
    info = site / "theirs-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "theirs.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\ntheirs = theirs\n")
    monkeypatch.syspath_prepend(str(site))
    registry, opened = build_registry(discover(), read_settings(False)), []

    def make(strategy: str) -> Manager:
        path = tmp_path / "scenario.yaml"
        path.write_text(f"kind: league\nenv: classic/kuhn_poker\nstrategy: {strategy}\nstop: {{iterations: 5}}\n")
        config = load_scenario(str(path), [], registry).config
        ledger, metrics = Ledger.at(tmp_path), Metrics(tmp_path / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(config, registry, ledger, Blobs(tmp_path / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()
    sys.modules.pop("theirs", None)


def test_a_league_goes_on_though_nobody_is_new(theirs: Make) -> None:
    manager = theirs("theirs/first")
    assert len(list(manager.run())) == 6
    assert manager.reason == "5 iterations are done"
    assert [len(side) for side in manager.population.members] == [6, 6]
    assert manager.filling.table.sizes == (2, 2)


@pytest.mark.parametrize(("strategy", "sizes"), [("theirs/once", [2, 1]), ("theirs/never", [1, 1])])
def test_what_becomes_of_a_snapshot_is_the_orders_word(theirs: Make, strategy: str, sizes: list[int]) -> None:
    manager = theirs(strategy)
    assert len(list(manager.run())) == 6
    assert [len(side) for side in manager.population.members] == sizes
    (lineage,) = manager.view().lineages.values()
    assert lineage.done == 5
    joined = [player for _, player in manager.population.members[0][1:]]
    assert [(player.role, player.lineage) for player in joined] == [("exploiter", "ann")] * (sizes[0] - 1)


def test_a_league_goes_on_after_a_kill_though_nobody_is_new(theirs: Make) -> None:
    """Killed after the first of two jobs: the second joins, and the first does not join again."""
    manager = theirs("theirs/first")
    run = manager.run()
    for _ in range(3):
        next(run)
    take = manager._take

    def once(iteration: int) -> None:
        if manager._taken:
            raise KeyboardInterrupt
        take(iteration)

    manager._take = once  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        next(run)
    again = theirs("theirs/first")
    assert len(again.iterations) == 3
    assert sorted(len(side) for side in again.population.members) == [3, 4]
    list(again.run())
    assert [[player.name for _, player in side] for side in again.population.members] == [
        [f"player_{side}/{number}" for number in range(6)] for side in range(2)
    ]


def test_a_strategy_ends_its_league_by_having_no_more_orders(theirs: Make) -> None:
    manager = theirs("theirs/patient")
    assert len(list(manager.run())) == 3
    assert manager.reason == "the strategy has no more orders, and nothing is running"


@pytest.mark.parametrize(
    ("strategy", "asked", "right"),
    [
        ("theirs/nofounders", "founders(spec)", "for each of the 2 sides would be right"),
        ("theirs/strings", "gave 'train' from next(view, running)", "league.orders.Order would be right"),
        ("theirs/side", "where side is 7", "one of 0 to 1 would be right"),
        ("theirs/stranger", "nobody of player_1 has the snapshot 'nobody'", "sum to 1 would be right"),
        ("theirs/keep", "where keep is 'sometimes'", "one of 'always', 'new', 'never' would be right"),
        ("theirs/half", "mixtures(view), where number 0 sums to 0.5", "players: [1, 1]; or a Joint would be right"),
        ("theirs/words", "where Job.budget has '100' for 'env_steps'", "a number would be right"),
        ("theirs/seed", "where Job.seed is '7'", "an int would be right"),
        ("theirs/params", "cannot be written down", "what JSON can hold would be right"),
        ("theirs/twice", "where lineage 'ann' has an open order already", "one open order of a lineage at a time"),
        ("theirs/loose", "mixtures(view), where it sums to 0.5", ": a Joint whose weights sum to 1 would be right"),
        ("theirs/bug", "next(view, running) (theirs.py, line", "IndexError"),
        ("theirs/forgetful", "no 'founders', 'next', 'mixtures'", "league.strategy.Strategy asks for"),
    ],
)
def test_a_strategys_fault_names_it_and_says_what_is_right(theirs: Make, strategy: str, asked: str, right: str) -> None:
    with pytest.raises(RunError) as error:
        list(theirs(strategy).run())
    assert str(error.value).startswith(f"strategy '{strategy}' (plugin 'theirs' of theirs 0.1)")
    assert asked in str(error.value)
    assert right in str(error.value)


@pytest.mark.parametrize(
    ("solver", "said"),
    [
        ("none", "nothing (None)"),
        ("negative", "sums to 2"),
        ("short", "there are 1 of them"),
        ("words", "ValueError: could not convert string to float"),
        ("bug", "IndexError"),
    ],
)
def test_a_meta_solvers_fault_names_it_and_says_what_is_right(theirs: Make, solver: str, said: str) -> None:
    with pytest.raises(RunError) as error:
        list(theirs(f"{{name: psro, metasolver: theirs/{solver}}}").run())
    assert str(error.value).startswith(f"metasolver 'theirs/{solver}' (plugin 'theirs' of theirs 0.1)")
    assert said in str(error.value)
    assert "a distribution for each side over so many players: [1, 1]; or a Joint would be right" in str(error.value)


@pytest.mark.parametrize(
    ("oracle", "said"),
    [
        ("nothing", "nothing (None) from train(job, services)"),
        ("metrics", "'low' from train(job, services) as the metric 'loss'"),
        ("bug", "ZeroDivisionError"),
    ],
)
def test_an_oracles_fault_names_it_and_says_what_is_right(theirs: Make, oracle: str, said: str) -> None:
    with pytest.raises(RunError) as error:
        list(theirs(f"{{name: psro, oracle: theirs/{oracle}}}").run())
    assert str(error.value).startswith(f"algorithm 'theirs/{oracle}' (plugin 'theirs' of theirs 0.1)")
    assert said in str(error.value)
    assert "would be right" in str(error.value)


@pytest.mark.parametrize(
    ("strategy", "said"),
    [("typo", "unknown algorithm"), ("depth", "depth"), ("forbidden", "cannot be done: the moon is not full")],
)
def test_an_order_that_cannot_be_done_is_never_written_down(theirs: Make, strategy: str, said: str) -> None:
    manager = theirs(f"theirs/{strategy}")
    with pytest.raises(UserError, match=rf"^strategy 'theirs/{strategy}' .*next\(view, running\).*{said}"):
        list(manager.run())
    assert Orders(manager.ledger).open() == []
    assert len(list(theirs("theirs/first").run())) == 5  # mended, it goes on from iteration 0


def test_an_order_that_its_algorithm_refuses_while_it_trains_is_asked_for_anew(theirs: Make) -> None:
    manager = theirs("theirs/unready")
    with pytest.raises(UserError, match="the moon is not full"):
        list(manager.run())
    assert Orders(manager.ledger).open() == []
    assert len(list(theirs("theirs/first").run())) == 5


def test_an_order_of_a_ledger_of_before_that_cannot_be_done_is_asked_for_anew(theirs: Make) -> None:
    manager = theirs("theirs/first")
    next(run := manager.run())
    orders = manager.strategy.next(manager.view(), [])
    bad = [replace(order, job=replace(order.job, algorithm="league/gone")) for order in orders]
    manager.orders.add([orders[0], *bad[1:]], 0, manager.jobs.clock)
    run.close()
    again = theirs("theirs/first")
    assert len(again.jobs.open) == 2
    assert len(list(again.run())) == 5
    assert [len(side) for side in again.population.members] == [6, 6]


def test_numbers_of_numpy_in_an_order_are_plain_ones(theirs: Make) -> None:
    manager = theirs("theirs/numpy")
    next(run := manager.run())
    (order,) = manager.strategy.next(manager.view(), [])
    job = order.job
    assert (type(job.side), type(job.seed), type(job.budget["steps"])) == (int, int, float)
    assert len(list(run)) == 5


def test_why_a_league_ended_is_read_from_its_ledger(theirs: Make) -> None:
    manager = theirs("theirs/patient")
    list(manager.run())
    view = read_view(manager.ledger, manager.config)
    assert view.finished and view.reason == manager.reason != ""
    assert view.reason in again(view)

"""Operations on a league: taken between two iterations, written down with their place, and repeated by every resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from league import runner
from league.ledger import Ledger
from league.ledger.operations import Operations
from league.manager import Manager
from league.operations import ask
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import load_registry
from marl.run import journal
from marl.run.change import changed
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

KUHN = "env: classic/kuhn_poker\n"
PFSP = KUHN + "strategy: {name: league/pfsp, lineages: 2, win: 2.0, algorithm: league/best_response}\nworkers: 2\n"
ROCK = "env: classic/rock_paper_scissors\nstrategy: {name: league/psro, founder: marl/first}\n"


@pytest.fixture
def run(tmp_path: Path, league: Any) -> Any:
    """`run(text, "stop.iterations=3")` works until then, in `tmp_path/run`; calling it again goes on."""

    def go(text: str, *overrides: str, run: str = "run", upto: int | None = None) -> Manager:
        manager: Manager = league(text, *overrides, run=run)
        (tmp_path / run / "scenario.yaml").write_text((tmp_path / "scenario.yaml").read_text())
        for iteration in manager.run():
            if upto is not None and iteration.number >= upto:
                break  # given up
        return manager

    return go


def digest(where: Path) -> str:
    ledger = Ledger.at(where)
    try:
        return ledger.digest()
    finally:
        ledger.close()


def test_an_operation_in_the_middle_of_an_epoch_moves_no_epoch(tmp_path: Path, run: Any) -> None:
    """Somebody who is there already is added: what was decided is the same but for one iteration more."""
    text = "env: {name: classic/matrix, payoffs: [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}\n"
    text += "strategy: {name: anytime_psro, founder: marl/first, steps: 3}\n"
    alone = run(text, "stop.iterations=12", run="alone").view()
    run(text, "stop.iterations=4")
    ask.add(tmp_path / "run", "marl/first", load_registry())
    moved = run(text, "stop.iterations=13").view()
    assert moved.operations == (5,)
    assert [moved.rounds(number) for number in (0, 4, 5, 6)] == [0, 4, 4, 5]
    gaps = [[one.measures["nash_conv"].value for one in view.iterations] for view in (alone, moved)]
    assert len(set(gaps[0])) > 2 and gaps[0] == pytest.approx([*gaps[1][:5], *gaps[1][6:]])
    bred = [[player.born for player in view.players if player.lineage] for view in (alone, moved)]
    assert len(bred[0]) == len(bred[1])


@pytest.mark.parametrize("text", [KUHN, PFSP, ROCK], ids=["psro", "pfsp", "one population"])
def test_who_is_added_and_retired_is_met_and_no_more(tmp_path: Path, run: Any, text: str) -> None:
    run(text, "stop.iterations=2")
    ask.add(tmp_path / "run", "marl/random", load_registry())  # the founder once more, but in rock, paper, scissors
    after = run(text, "stop.iterations=5").view()
    added = [player for player in after.players if player.role == "added"]
    assert [player.sides for player in added] == ([(0, 1)] if text == ROCK else [(0,), (1,)])
    assert all(player.born == 3 for player in added)
    for iteration in after.iterations:
        born = [sum(player.born <= iteration.number for player in own) for own in after.populations]
        assert [len(mixture) for mixture in iteration.mixtures] == born
    if text != PFSP:  # which asks for the cells of its learners only
        assert np.isfinite(after.payoffs[0]).all()

    gone = added[0].name
    ask.retire(tmp_path / "run", gone)
    seen: list[LeagueView] = []
    manager = run(text, "stop.iterations=5")
    assert manager.view().iterations[-1].number == 6  # an operation is an iteration, also beyond the last one planned
    manager = run(text, "stop.iterations=8", upto=0)
    seen.append(manager.active().view)
    assert gone not in [player.name for player in seen[0].players]
    whole = manager.view()
    (place,) = [n for own in whole.populations for n, player in enumerate(own) if player.name == gone]
    population = next(n for n, own in enumerate(whole.populations) if any(p.name == gone for p in own))
    assert all(one.mixtures[population][place] == 0 for one in whole.iterations if one.number >= 6)
    assert whole.populations[population][place].retired == 6
    assert seen[0].payoffs.sizes == tuple(n - (side in whole.populations[population][place].sides)
                                          for side, n in enumerate(whole.payoffs.sizes))  # fmt: skip


@pytest.mark.parametrize("text", [KUHN, PFSP], ids=["rounds", "side by side"])
def test_a_league_that_is_changed_while_it_runs_is_the_one_that_was_changed_while_it_stood_still(
    tmp_path: Path, run: Any, league: Any, text: str
) -> None:
    live = league(text, "stop.iterations=9", run="live")
    (tmp_path / "live" / "scenario.yaml").write_text((tmp_path / "scenario.yaml").read_text())
    for iteration in live.run():
        if iteration.number == 3:
            ask.add(tmp_path / "live", "marl/first", load_registry())
        if iteration.number == 6:
            ask.retire(tmp_path / "live", live.population.players()[0][0].name)
    run(text, "stop.iterations=9", upto=3)
    ask.add(tmp_path / "run", "marl/first", load_registry())
    run(text, "stop.iterations=9", upto=4)
    run(text, "stop.iterations=9", upto=6)
    ask.retire(tmp_path / "run", live.population.players()[0][0].name)
    run(text, "stop.iterations=9")
    assert digest(tmp_path / "live") == digest(tmp_path / "run")
    ledger = Ledger.at(tmp_path / "run")
    assert [one.iteration for one in Operations(ledger).all()] == [4, 7]
    ledger.close()


def test_what_is_taken_and_not_concluded_is_concluded_by_whoever_goes_on(
    tmp_path: Path, run: Any, league: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("run", "whole"):
        run(KUHN, "stop.iterations=2", run=name)
        ask.add(tmp_path / name, "marl/first", load_registry())
    run(KUHN, "stop.iterations=2", run="whole")
    manager = league(KUHN, "stop.iterations=2")
    with monkeypatch.context() as patched:
        patched.setattr(Manager, "_conclude", lambda self, number: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(manager.run())
    assert len(manager.ledger.iterations()) == 3 and manager.ledger.players()[-1][1].role == "added"
    run(KUHN, "stop.iterations=2")
    assert digest(tmp_path / "run") == digest(tmp_path / "whole")


def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(tmp_path: Path, run: Any) -> None:
    run(ROCK, "stop.iterations=1")
    there, registry = tmp_path / "run", load_registry()
    with pytest.raises(UserError, match=r"has no player 'player/9'; did you mean"):
        ask.retire(there, "player/9")
    with pytest.raises(UserError, match="unknown policy 'marl/rando'"):
        ask.add(there, "marl/rando", registry)
    with pytest.raises(UserError, match="env cannot change, since its players"):
        ask.settings(there, ["env=classic/kuhn_poker"], registry)
    run("env: classic/kuhn_poker\n", "stop.iterations=1", run="other")
    with pytest.raises(UserError, match="learned classic/kuhn_poker"):
        ask.add(there, f"{tmp_path / 'other'}@player_0/0", registry)
    ledger = Ledger.at(there)
    assert not Operations(ledger).all()
    ledger.close()
    ask.retire(there, "player/0")
    ask.retire(there, "player/1")  # by then it is the last one
    run(ROCK, "stop.iterations=1")
    ledger = Ledger.at(there)
    first, second = Operations(ledger).all()
    assert (first.iteration, first.refused) == (2, "")
    assert second.refused == "player/1 is the last player of its population"
    ledger.close()


def test_settings_change_in_the_run_directory_and_from_a_stated_iteration_on(tmp_path: Path) -> None:
    registry, out = load_registry(), tmp_path / "run"
    (tmp_path / "kuhn.yaml").write_text("kind: league\n" + KUHN)
    runner.run(load_scenario(tmp_path / "kuhn.yaml", ["stop.iterations=3"], registry), registry, out, False)
    changes = ["stop.iterations=5", "strategy.metasolver=league/uniform"]
    ask.settings(out, changes, registry)
    runner.run(changed(out, [], registry), registry, out, True)
    ledger = Ledger.at(out)
    (one,) = Operations(ledger).all()
    after = ledger.iterations()
    ledger.close()
    assert (one.iteration, one.refused, after[-1].number) == (3, "", 5)
    assert set(after[-1].mixtures[0]) != set(after[3].mixtures[0])
    assert len(set(after[-1].mixtures[0])) == 1 and "league/uniform" in (out / "scenario.yaml").read_text()
    last = journal.read(out)[-1]
    assert (last.event, last.at, sorted(last.changes)) == (
        "changed", {"iteration": 3}, ["stop.iterations", "strategy.metasolver"],
    )  # fmt: skip


def test_settings_that_cannot_be_any_more_are_refused_and_the_league_goes_on(tmp_path: Path) -> None:
    registry, out = load_registry(), tmp_path / "run"
    (tmp_path / "kuhn.yaml").write_text("kind: league\n" + KUHN)
    runner.run(load_scenario(tmp_path / "kuhn.yaml", ["stop.iterations=1"], registry), registry, out, False)
    ledger = Ledger.at(out)
    Operations(ledger).ask("set", {"overrides": ["measures=[elo]"]})  # Kuhn poker is not won, drawn or lost
    runner.run(changed(out, ["stop.iterations=2"], registry), registry, out, True)
    (one,) = Operations(ledger).all()
    assert one.iteration == 1 and one.refused.startswith("elo needs a zero-sum game")
    assert ledger.iterations()[-1].number == 2
    ledger.close()

"""Forks go on as the league itself did; exported players play without it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from league import runner
from league.commands.changing import import_
from league.ledger import Ledger
from league.operations import ask
from league.operations.export import bot_folder
from league.operations.fork import fork
from league.referee.as_bot import StoredBot, allowed, seen
from league.referee.check import check
from league.referee.encode import Pen
from league.sandbox.plain import NoSandbox
from league.tournament.event import create
from league.tournament.submit import Terms, submit
from marl import rng
from marl.arena.play import environment_seeds
from marl.cli.record import record
from marl.errors import UserError
from marl.policy import Explicit
from marl.registry import ENVIRONMENTS, load_registry
from marl.run import journal
from marl.run.change import changed
from marl.run.players import contestant
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

KUHN = "kind: league\nenv: classic/kuhn_poker\n"
ROCK = "kind: league\nenv: classic/rock_paper_scissors\nstrategy: {name: league/psro, founder: marl/first}\n"
PFSP = KUHN + "strategy: {name: league/pfsp, lineages: 2, win: 2.0, algorithm: league/best_response}\nworkers: 2\n"


def begin(out: Path, text: str, *overrides: str) -> None:
    registry = load_registry()
    (out.parent / "scenario.yaml").write_text(text)
    runner.run(load_scenario(out.parent / "scenario.yaml", [*overrides, "name=it"], registry), registry, out, False)


def resume(out: Path, *overrides: str) -> None:
    registry = load_registry()
    runner.run(changed(out, list(overrides), registry), registry, out, True)


def digest(out: Path) -> str:
    ledger = Ledger.at(out)
    try:
        return ledger.digest()
    finally:
        ledger.close()


@pytest.mark.parametrize("text", [KUHN, PFSP], ids=["rounds", "side by side"])
def test_a_fork_goes_on_bit_for_bit_as_the_league_did(tmp_path: Path, text: str) -> None:
    whole = tmp_path / "whole"
    begin(whole, text, "stop.iterations=7")
    for at in (0, 3, 4):
        assert fork(whole, tmp_path / f"fork{at}", at, load_registry()) == at
        ledger = Ledger.at(tmp_path / f"fork{at}")
        assert [one.number for one in ledger.iterations()] == list(range(at + 1))
        assert max(player.born for _, player in ledger.players()) == at
        ledger.close()
        resume(tmp_path / f"fork{at}")
        assert digest(tmp_path / f"fork{at}") == digest(whole)
    assert journal.story(tmp_path / "fork3")[-1].startswith(f"forked off {whole} at iteration 3")


def test_a_fork_forgets_operations_and_settings_that_came_later(tmp_path: Path) -> None:
    whole, plain = tmp_path / "whole", tmp_path / "plain"
    begin(plain, KUHN, "stop.iterations=4")
    begin(whole, KUHN, "stop.iterations=2")
    ask.add(whole, "marl/first", load_registry())
    ask.retire(whole, "player_0/0")
    ask.settings(whole, ["stop.iterations=5", "strategy.metasolver=league/uniform"], load_registry())
    resume(whole)
    fork(whole, tmp_path / "fork", 2, load_registry())
    assert "uniform" in (whole / "scenario.yaml").read_text()
    assert "uniform" not in (tmp_path / "fork" / "scenario.yaml").read_text()
    resume(tmp_path / "fork", "stop.iterations=4")
    assert digest(tmp_path / "fork") == digest(plain)
    with pytest.raises(UserError, match="has no iteration 99: its last one is 5"):
        fork(whole, tmp_path / "other", 99, load_registry())
    with pytest.raises(UserError, match="is there already"):
        fork(whole, plain, 1, load_registry())


@pytest.mark.parametrize("name", ["classic/kuhn_poker", "classic/tic_tac_toe", "classic/rock_paper_scissors"])
@pytest.mark.parametrize("form", ["lists", "base64"])
def test_what_a_bot_is_told_is_what_the_environment_shows(name: str, form: str) -> None:
    environment = load_registry().make(ENVIRONMENTS, name, {}, lanes=3)
    turn = environment.reset(np.arange(3), environment_seeds(rng.mix(7, np.arange(3, dtype=np.uint64))))
    for rows, group in zip(turn, environment.spec.groups, strict=True):
        for row in range(0 if rows is None else len(rows)):
            assert rows is not None
            told = json.loads(b"{" + Pen(group).view(rows, row, form) + b"}")
            shown = seen(group.observation, told["observation"])
            assert isinstance(shown, np.ndarray) and isinstance(rows.observation, np.ndarray)
            np.testing.assert_array_equal(shown[0], rows.observation[row])
            assert shown.dtype == rows.observation.dtype
            mask = allowed(group.action, told.get("legal"))
            assert (mask is None) == (rows.mask is None)
            if mask is not None and rows.mask is not None:
                np.testing.assert_array_equal(mask[0], rows.mask[row])


def test_an_exported_player_plays_without_its_league(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    run, folder = tmp_path / "run", tmp_path / "bot"
    begin(run, KUHN, "stop.iterations=3")
    registry = load_registry()
    bot_folder(contestant(str(run), registry), folder, registry)
    with pytest.raises(UserError, match="is there already"):
        bot_folder(contestant(str(run), registry), folder, registry)
    run.rename(tmp_path / "gone")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{programs}:/usr/bin:/bin")
    report = check(folder, registry, NoSandbox())
    assert report.ok, report.text() + report.transcript
    bot = StoredBot(folder, registry)
    hello = {"type": "hello", "game": "classic/kuhn_poker", "params": {}, "side": 0, "match": "m"}
    assert bot.answer(hello) == {"type": "ready", "observation": "base64"}


def test_an_exported_player_knows_the_side_that_it_learned(tmp_path: Path) -> None:
    run, registry = tmp_path / "run", load_registry()
    begin(run, KUHN, "stop.iterations=1")
    bot_folder(contestant(f"{run}@player_1/1", registry), tmp_path / "bot", registry)
    sides = json.loads((tmp_path / "bot" / "player.json").read_text())["sides"]
    assert [len(side) for side in sides] == [0, 1]


def test_a_fork_that_is_killed_in_its_middle_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    import multiprocessing
    import os
    import signal

    begin(tmp_path / "whole", KUHN, "stop.iterations=2")

    def struck() -> None:
        journal.forked = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        fork(tmp_path / "whole", tmp_path / "fork", 1, load_registry())

    process = multiprocessing.get_context("fork").Process(target=struck)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL and not (tmp_path / "fork").exists()
    fork(tmp_path / "whole", tmp_path / "fork", 1, load_registry())
    assert not list(tmp_path.glob(".fork*"))
    resume(tmp_path / "fork")
    assert digest(tmp_path / "fork") == digest(tmp_path / "whole")


def test_a_player_of_a_tournament_joins_a_league(tmp_path: Path) -> None:
    registry = load_registry()
    begin(tmp_path / "run", ROCK, "stop.iterations=1")
    begin(tmp_path / "other", ROCK, "stop.iterations=0")
    draft = tmp_path / "cup.yaml"
    draft.write_text("kind: tournament\nname: cup\nenv: classic/rock_paper_scissors\n")
    event = create(tmp_path / "cup", load_scenario(draft, [], registry), registry)
    with pytest.raises(UserError, match="no snapshot takes part"):
        contestant(f"{tmp_path}/cup@ann", registry)
    submit(event, f"ann={tmp_path}/run@player/1", Terms(trust=True, valid=False))
    event.close()
    ask.add(tmp_path / "other", f"{tmp_path}/cup@ann", registry)
    resume(tmp_path / "other")
    ledgers = [Ledger.at(tmp_path / name) for name in ("run", "other")]
    (known, *_), (added, *_) = ([player for _, player in reversed(ledger.players())] for ledger in ledgers)
    assert (added.role, added.snapshot, added.name) == ("added", known.snapshot, "player/1")
    for ledger in ledgers:
        ledger.close()


def test_what_was_recorded_is_learned_and_joins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("marl_offline", reason="needs the plugin marl-offline")
    begin(tmp_path / "run", ROCK, "stop.iterations=0")
    record(["marl/first"], [], tmp_path / "logs", 200, 0, "classic/rock_paper_scissors")
    import_(tmp_path / "run", tmp_path / "logs", "offline/bc rows=256", 6000, 0)
    assert "operation 1: what offline/bc rows=256 learned joins once the league goes on" in capsys.readouterr().out
    resume(tmp_path / "run")
    registry = load_registry()
    environment = registry.make(ENVIRONMENTS, "classic/rock_paper_scissors", {}, lanes=1)
    (rows,) = environment.reset(np.arange(1), environment_seeds(rng.mix(7, np.arange(1, dtype=np.uint64))))
    joined = contestant(f"{tmp_path}/run@player/1", registry).player(registry, environment.spec)
    (policy,) = joined.policies
    assert isinstance(policy, Explicit) and rows is not None
    assert policy.probabilities(rows)[0, 0] > 0.9  # it throws a rock, as was recorded
    begin(tmp_path / "kuhn", KUHN, "stop.iterations=0")
    with pytest.raises(UserError, match="is of classic/rock_paper_scissors"):
        import_(tmp_path / "kuhn", tmp_path / "logs", "offline/bc", 600, 0)

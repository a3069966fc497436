"""Red teams: what exploiters find, known answers first; it resumes, and shows games that were lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from league.commands.attacking import redteam
from league.redteam import page
from league.redteam.findings import Report
from league.redteam.team import RedTeam
from league.redteam.told import lines
from marl.arena import Replay
from marl.errors import RunError, UserError
from marl.registry import ENVIRONMENTS, Component, load_registry
from marl.run.players import Contestant, contestant

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

BEST = "league/best_response"


def team(folder: Path, env: str, target: str | Contestant, **more: Any) -> RedTeam:
    registry = load_registry()
    found = contestant(target, registry) if isinstance(target, str) else target
    params = registry.validate(ENVIRONMENTS, env, {})
    return RedTeam(registry, Component(env, params), found, Component(BEST), BEST, folder, **more)


def test_best_responses_to_uniform_kuhn_players_gain_eleven_twelfths_together(tmp_path: Path) -> None:
    report = team(tmp_path, "classic/kuhn_poker", "marl/random", exploiters=1, matches=6000, games=2).run()
    first, second = report.findings
    for finding, exact in ((first, 0.5 - 0.125), (second, 5 / 12 + 0.125)):  # in sum NashConv, 11/12
        gain, margin = finding.gain
        assert abs(gain - exact) < margin < 0.08
        assert finding.verdict == "exploited"
    for finding in report.findings:
        assert len(finding.games) == 2
        for game in finding.games:
            replay = Replay.read(tmp_path / game)
            returns = replay.verdict["returns"]
            assert returns[finding.side] > returns[1 - finding.side]
            assert replay.players[finding.side] == "exploiter 0" and replay.players[1 - finding.side] == "marl/random"


def test_rock_always_loses_and_the_page_shows_how(tmp_path: Path) -> None:
    made = team(tmp_path, "classic/rock_paper_scissors", "marl/first", exploiters=2, matches=50)
    report = made.run()
    (finding,) = report.findings  # all sides are alike
    assert (finding.tally.wins, finding.gain[0], finding.games) == (50, 1.0, ("games/side_0_1.replay",))
    html = page.render(report, tmp_path, made.services.environment(1))
    assert "a weakness: the best of 2 wins 100%" in html and "plays 1" in html
    told = lines(report, tmp_path)
    assert told[0].startswith("any side: a weakness") and told[1].endswith("games/side_0_1.replay")


def test_an_equilibrium_is_not_exploited(tmp_path: Path) -> None:
    report = team(tmp_path, "classic/rock_paper_scissors", "marl/random", exploiters=1, matches=2000).run()
    (finding,) = report.findings
    assert finding.verdict == "unclear" and abs(finding.gain[0]) < 0.08


def test_it_goes_on_where_it_was_stopped_and_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(report: Report) -> str:
        return json.dumps([replace(one, seconds=0.0).__dict__ for one in report.attempts], default=str) + str(
            report.findings
        )

    whole = team(tmp_path / "whole", "classic/kuhn_poker", "marl/random", exploiters=2, matches=100).run()
    stopped, trained = team(tmp_path / "run", "classic/kuhn_poker", "marl/random", exploiters=2, matches=100), []

    def stop(one: Any) -> None:
        trained.append(one)
        raise KeyboardInterrupt

    stopped.tell = stop
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    again = team(tmp_path / "run", "classic/kuhn_poker", "marl/random", exploiters=2, matches=100)
    again.tell = trained.append
    assert plain(again.run()) == plain(whole)
    assert [(one.side, one.number) for one in trained] == [(0, 0), (0, 1), (1, 0), (1, 1)]  # none twice
    with pytest.raises(UserError, match="holds the report of another red team"):
        team(tmp_path / "run", "classic/kuhn_poker", "marl/first", exploiters=2, matches=100).run()
    (tmp_path / "run" / "redteam.json").write_text("{")
    with pytest.raises(RunError, match=r"redteam.json is damaged"):
        again.run()


def test_the_command_says_what_was_found_and_where(tmp_path: Path, league: Any, capsys: Any) -> None:
    manager = league("env: classic/kuhn_poker\nstop: {iterations: 1}\n")
    list(manager.run())
    (tmp_path / "run" / "scenario.yaml").write_text((tmp_path / "scenario.yaml").read_text())
    redteam(tmp_path / "run", "player_0/1", "", None, 1, 400, 1, 0, None)
    out = capsys.readouterr().out
    assert "player_1: a weakness: the best of 1 wins" in out and "player_0: " not in out  # it sits on one side only
    assert (tmp_path / "run" / "redteam" / "player_0_1" / "redteam.html").is_file()
    with pytest.raises(UserError, match="env_steps"):
        redteam(tmp_path / "run", "player_0/0", "", 100, 1, 400, 1, 0, None)

"""Running leagues from the command line: what goes wrong is said in a sentence, and loses nothing."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["env=classic/leduc_pokr"], "did you mean 'classic/leduc_poker'"),
        (["env=clasic/leduc_poker"], "unknown environment 'clasic/leduc_poker'"),
        (["strategy.oracle=league/best_respons"], "did you mean 'league/best_response'"),
        (["strategy.metasolver=nsh"], "strategy.metasolver"),
        (["stop.nash_con=0.1"], "did you mean 'nash_conv'"),
        (["stop.iterations=many"], "stop.iterations"),
        (["payoffs.source.matches=0"], "command line: payoffs.source.matches must be at least 1, not 0"),
        (["stop.iterations=-1"], "command line: stop.iterations must be at least 0, not -1"),
        (["stop.seconds=-1"], "command line: stop.seconds must be at least 0, not -1"),
        (["stop.nash_conv=-1"], "stop.nash_conv: NashConv is never below 0"),
        (["stop.iteration=3"], "command line: stop.iteration: no key is called 'iteration'; did you mean 'iterations'"),
        (["stop.nash_conv=low"], "command line: stop.nash_conv"),
        (["stop.nash_conv={under: 1}"], "stop.nash_conv has no key 'under'"),
        (["stop.league/nash_conv=1"], "stop: league/nash_conv stands there twice"),
        (["measures=[elo]"], "elo needs a zero-sum game of two sides in which a match returns 1, 0 or -1"),
        (["measures=[nash_conf]"], "did you mean 'nash_conv'"),
        (["measures=[nash_conv,nash_conv]"], "measures: one of them stands there twice"),
        (["payoffs.source=exct"], "did you mean 'exact'"),
        (["env=classic/tic_tac_toe"], "nash_conv needs a game with a sequence form"),
        (["strategy.founder=marl/tabular"], "lacks keys and probabilities"),
        (["env=classic/tic_tac_toe", "payoffs.source=exact"], "it has no sequence form"),
    ],
)
def test_wrong_scenarios_end_with_a_sentence_and_leave_the_directory_free(
    tmp_path: Path, overrides: list[str], expected: str, marl: Marl
) -> None:
    out = tmp_path / "run"
    wrong = marl("run", "leduc_psro", *overrides, "--out", out)
    assert wrong.returncode == 2, wrong.stderr
    assert expected in sentence(wrong)
    right = marl("run", "leduc_psro", "stop.iterations=1", "--out", out)
    assert right.returncode == 0, right.stderr


def test_games_without_a_sequence_form_are_played(tmp_path: Path, marl: Marl) -> None:
    text = """
kind: league
env: classic/tic_tac_toe
strategy: {name: psro, metasolver: prd, oracle: league/best_response}
payoffs: {source: {name: auto, matches: 200}}
stop: {iterations: 0}
"""
    (tmp_path / "game.yaml").write_text(text)
    done = marl("run", tmp_path / "game.yaml", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    worth = r"([−0-9.]+) ± [0-9.]+"
    values = re.search(f"values {worth}, {worth} after 0 iterations", done.stdout)
    assert values and max(map(len, values.groups())) <= 7, done.stdout
    status = json.loads(marl("league", "status", tmp_path / "run", "--json").stdout)
    assert status["measures"] == {}
    assert 0.1 < status["sides"][0]["value"] < 0.5  # moving first helps, even at random
    assert 0.05 < status["sides"][0]["margin"] < 0.25  # 1.96 / sqrt(200), for returns of about 1


def test_lost_and_surplus_lines_of_metrics_are_mended(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    marl("run", "leduc_psro", "stop.iterations=5", "--out", out)
    metrics = out / "metrics.jsonl"
    lines = metrics.read_text().splitlines(keepends=True)
    train = '{"event": "train", "time": 0, "step": 20000, "iteration": 3, "loss": 1.0}\n'
    surplus = '{"event": "train", "time": 0, "step": 40000, "iteration": 6, "loss": 1.0}\n'
    metrics.write_text("".join(lines[:-1]) + train + surplus + lines[-1][:20])
    assert marl("resume", out).returncode == 0
    events = [json.loads(line) for line in metrics.read_text().splitlines()]
    assert [event["step"] for event in events] == [0, 1, 2, 3, 4, 20000, 5]
    assert events[-1]["measures"] == json.loads(lines[-1])["measures"] != {}
    assert events[-1]["players"] == [6, 6]


def test_commands_that_look_into_a_league_agree_with_each_other(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    marl("run", "leduc_psro", "stop.iterations=3", "--out", out)
    status = json.loads(marl("league", "status", out, "--json").stdout)
    players = json.loads(marl("league", "players", out, "--json").stdout)
    payoffs = [json.loads(line) for line in marl("league", "payoffs", out, "--json").stdout.splitlines()]
    export = [json.loads(line) for line in marl("league", "export", out).stdout.splitlines()]
    assert [side["players"] for side in status["sides"]] == [4, 4]
    assert len(players) == 8
    opponents = {player["name"]: player["opponents"] for player in players}
    assert opponents["player_0/1"] == ["player_1/0"]
    assert len(payoffs) == 16
    assert [sum(event["event"] == kind for event in export) for kind in ("player", "payoff", "iteration")] == [8, 16, 4]
    assert export[-1]["measures"] == status["measures"] != {}
    assert marl("league", "payoffs", out).returncode == marl("league", "status", out).returncode == 0


def test_the_report_is_written_again_from_the_ledger(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    marl("run", "leduc_psro", "stop.iterations=2", "--out", out)
    before = (out / "report.html").read_bytes()
    assert b"<title>leduc_psro \xc2\xb7 marl league</title>" in before
    (out / "report.html").unlink()
    done = marl("report", out)
    assert (done.returncode, done.stdout) == (0, f"{out}/report.html\n"), done.stderr
    assert (out / "report.html").read_bytes() == before


def test_where_there_is_no_league_commands_say_so(tmp_path: Path, marl: Marl) -> None:
    for command in (["league", "status"], ["report"], ["resume"]):
        done = marl(*command, tmp_path)
        assert done.returncode == 2
        assert str(tmp_path) in sentence(done)

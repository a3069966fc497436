"""A ledger that somebody edited, a plugin that is gone: sentences about it, and what can be read is read."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from league import reader
from league.commands.looking import export, payoffs, players, status
from league.report.rewrite import rewrite
from league.roster import roster
from marl.cli.run import resume
from marl.errors import RunError

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

DAMAGE = {
    "delete from decisions where kind = 'mixtures' and iteration = 1": (
        "the decision 'mixtures' of iteration 1 is missing, and there is that of 2"
    ),
    "delete from players where sides = '[1]'": "player 2, who is not in the table players",
    "delete from players where sides = '[0]'": "side 0 has no players",
    "delete from players where name = 'player_0/2'": "there are payoffs of player 5, who is not in the table players",
    "delete from players where id = 6; delete from payoffs where pairing like '%,6'": (
        "the mixtures of iteration 2 are over [3, 3] players, and there were [3, 2] by then"
    ),
    "update decisions set data = '{\"mixtures\": [[1.0' where iteration = 2": (
        'data of id 3 in the table decisions is not JSON: {"mixtures": [[1.0'
    ),
    "update decisions set data = '{}' where iteration = 2": (
        "the decision 'mixtures' of iteration 2 is not whole (KeyError('mixtures'))"
    ),
    "update decisions set data = '[]' where iteration = 2": "the decision 'mixtures' of iteration 2 is not whole",
    "update players set opponents = 'x' where id = 3": "opponents of id 3 in the table players is not JSON: x",
    "update payoffs set mean = '[1.0]' where id = 2": "are not 2 numbers",
    "update payoffs set pairing = '1,1' where id = 2": "the pairing 1,1 has not one player of each side",
    "update payoffs set pairing = 'one' where id = 2": "row 2 of the table payoffs is not whole",
    "update jobs set spec = json_set(spec, '$.env', '\"classic/tic_tac_toe\"')": (
        'its jobs were done in "classic/tic_tac_toe", and scenario.yaml names'
    ),
    "delete from jobs where id = (select job from orders where number = 3)": "of order 3 is not in the table jobs",
    "update jobs set snapshot = ''": "of order 1 was taken, and nothing came of it",
    "drop table payoffs": "no such table: payoffs",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, marl: Marl) -> Path:
    run = tmp_path_factory.mktemp("ended") / "run"
    assert marl("run", "leduc_psro", "stop.iterations=2", "--out", run).returncode == 0
    return run


@pytest.mark.parametrize("edit", DAMAGE, ids=range(len(DAMAGE)))
def test_a_ledger_edited_by_hand_is_refused_with_a_sentence(ended: Path, tmp_path: Path, edit: str) -> None:
    run = Path(shutil.copytree(ended, tmp_path / "run"))
    with sqlite3.connect(run / "ledger.db") as database:
        database.executescript(edit)
    database.close()
    readers: list[Callable[[], object]] = [
        lambda: status(run, False),
        lambda: payoffs(run, 10, False),
        lambda: players(run, False),
        lambda: export(run, "", None, None),
        lambda: rewrite(run),
        lambda: resume(run, ["stop.iterations=3"], None),
    ]
    readers += [lambda: roster(run)] if "jobs" not in edit else []  # who asks for players says where they shall play
    for read in readers:
        with pytest.raises(RunError) as caught:
            read()
        said = str(caught.value)
        assert f"the ledger {run}/ledger.db is damaged: " in said and DAMAGE[edit] in said
        assert said.endswith("; restore a backup of it, or start the run again elsewhere")


@pytest.mark.parametrize("edit", [0, 2, 8, 13, 14])
def test_of_a_large_ledger_what_is_read_is_checked(
    ended: Path, tmp_path: Path, edit: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(ended, tmp_path / "run"))
    monkeypatch.setattr(reader, "MANY", 0)
    with sqlite3.connect(run / "ledger.db") as database:
        database.executescript(list(DAMAGE)[edit])
    database.close()
    if edit == 0:  # an earlier iteration is missing, which is not read
        status(run, False)
        said = capsys.readouterr().err
        assert "payoffs and all iterations but the last were not read, and so not checked for damage" in said
        assert f"`marl league players {run}` reads and checks everything" in said
    else:
        with pytest.raises(RunError, match="is damaged"):
            status(run, False)


def test_with_its_plugin_gone_a_league_is_still_read(ended: Path, tmp_path: Path, marl: Marl) -> None:
    for words in ("league status", "league payoffs", "league players", "league export"):
        here, there = marl(*words.split(), ended), marl("--safe-mode", *words.split(), ended)
        assert there.returncode == 0, there.stderr
        assert there.stdout == here.stdout
        assert "note: env: unknown environment 'classic/leduc_poker'" in there.stderr
    page = tmp_path / "page.html"
    assert marl("--safe-mode", "report", ended, "--out", page).returncode == 0
    assert page.read_bytes() == (ended / "report.html").read_bytes()
    for words in ("evaluate", "resume"):
        refused = marl("--safe-mode", words, ended)
        assert refused.returncode == 2 and "env: unknown environment 'classic/leduc_poker'" in refused.stderr


def test_with_its_plugins_gone_a_training_run_is_still_reported(tmp_path: Path, marl: Marl) -> None:
    pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
    (tmp_path / "small.yaml").write_text(
        "kind: train\nenv: classic/kuhn_poker\nenv_steps: 200\nslice: 200\nevaluation: {every: 0}\n"
        "algorithm: {name: rllib/ppo, lanes: 8, rows: 64, model: {hidden: [8]}}\n"
    )
    assert marl("run", tmp_path / "small.yaml", "--out", tmp_path / "run").returncode == 0
    before = (tmp_path / "run" / "report.html").read_bytes()
    done = marl("--safe-mode", "report", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "note: env: unknown" in done.stderr and "note: algorithm: unknown" in done.stderr
    assert (tmp_path / "run" / "report.html").read_bytes() == before
    assert json.loads((tmp_path / "run" / "progress.json").read_text())["slices"]

"""A league that ended goes on: longer, otherwise or elsewhere; what changed, and when, is written down."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from marl.registry import load_registry
from marl.run.branch import branch

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def iterations(run: Path) -> list[Any]:
    """All that a league decided, but for times."""
    ledger = Ledger.at(run)
    try:
        return [(one.number, one.mixtures, dict(one.measures), one.values) for one in ledger.iterations()]
    finally:
        ledger.close()


def journal(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, marl: Marl) -> Path:
    run = tmp_path_factory.mktemp("ended") / "run"
    done = marl("run", "leduc_psro", "stop.iterations=3", "--out", run)
    assert done.returncode == 0, done.stderr
    return run


@pytest.fixture
def run(ended: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ended, tmp_path / "run"))


def test_a_longer_league_is_the_one_that_was_that_long_from_the_start(run: Path, tmp_path: Path, marl: Marl) -> None:
    done = marl("resume", run, "stop.iterations=6")
    assert done.returncode == 0, done.stderr
    assert f"changed: stop.iterations 3 -> 6 (noted in {run}/journal.jsonl)" in done.stdout
    assert marl("run", "leduc_psro", "stop.iterations=6", "--out", tmp_path / "other").returncode == 0
    assert iterations(run) == iterations(tmp_path / "other") and len(iterations(run)) == 7
    began, changed = journal(run)
    assert (began["event"], changed["event"], changed["parent"]) == ("began", "changed", began["id"])
    assert (changed["at"], changed["changes"]) == ({"iteration": 3}, {"stop.iterations": [3, 6]})
    assert "iterations: 6" in (run / "scenario.yaml").read_text() and "iterations: 6" in changed["scenario"]
    assert marl("resume", run).returncode == 0 and len(journal(run)) == 2  # nothing new, nothing written down


@pytest.mark.parametrize(
    ("stop", "expected"), [("iterations=3", "stop.iterations=6"), ("nash_conv=9", "stop.nash_conv=")]
)
def test_what_is_printed_next_does_something(tmp_path: Path, stop: str, expected: str, marl: Marl) -> None:
    run = tmp_path / "run"
    done = marl("run", "leduc_psro", f"stop.{stop}", "--out", run)
    command = done.stdout.splitlines()[-1].split()
    assert command[:2] == ["marl", "resume"] and command[-1].startswith(expected)
    before = len(iterations(run))
    assert marl(*command[1:]).returncode == 0
    assert len(iterations(run)) > before


def test_a_branch_goes_its_own_way_and_says_where_it_comes_from(run: Path, tmp_path: Path, marl: Marl) -> None:
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    new = tmp_path / "new"
    done = marl("resume", run, "strategy.metasolver=league/prd", "stop.iterations=5", "--out", new)
    assert done.returncode == 0, done.stderr
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    assert iterations(new)[:4] == iterations(run) and len(iterations(new)) == 6
    began, branched, changed = journal(new)
    assert (branched["event"], branched["run"]) == ("branched", str(run.resolve()))
    assert began == journal(run)[0] and [branched["parent"], changed["parent"]] == [began["id"], branched["id"]]
    assert changed["changes"] == {"strategy.metasolver": ["league/nash", "league/prd"], "stop.iterations": [3, 5]}
    told = marl("league", "status", new).stdout
    assert f"branched off {run.resolve()} on " in told
    assert "changed at iteration 3 on " in told and "strategy.metasolver league/nash -> league/prd" in told
    assert f"--out {new} is there already" in sentence(marl("resume", run, "--out", new))


def test_an_edit_by_hand_is_noticed_and_written_down(run: Path, marl: Marl) -> None:
    scenario = run / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("metasolver: league/nash", "metasolver: league/uniform"))
    assert (
        "was edited by hand since: strategy.metasolver league/nash -> league/uniform"
        in marl("league", "status", run).stdout
    )
    done = marl("resume", run, "stop.iterations=4")
    assert f"{scenario} was edited by hand: strategy.metasolver league/nash -> league/uniform" in done.stdout
    assert [entry["event"] for entry in journal(run)] == ["began", "edited", "changed"]
    assert "edited by hand at iteration 3 on " in marl("league", "status", run).stdout


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("env=classic/kuhn_poker", "env cannot change, since its players and their payoffs belong to this environment"),
        ("payoffs.source=sampled", "payoffs.source cannot change, since exact and sampled payoffs"),
        ("strategy.founder=marl/first", "strategy.founder cannot change, since its first players are there already"),
        ("kind=train", "is of kind 'league', and stays of it"),
        ("stop.iteration=5", "did you mean 'iterations'?"),
    ],
)
def test_what_cannot_change_is_refused_and_nothing_is_written(
    run: Path, change: str, expected: str, marl: Marl
) -> None:
    before = (run / "scenario.yaml").read_bytes()
    done = marl("resume", run, change)
    assert done.returncode == 2 and expected in sentence(done)
    assert ((run / "scenario.yaml").read_bytes(), len(journal(run))) == (before, 1)


def test_an_environment_swapped_by_hand_is_refused(run: Path, marl: Marl) -> None:
    scenario = run / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("leduc_poker", "kuhn_poker"))
    said = sentence(marl("resume", run))
    assert "was edited by hand: env cannot change" in said and "it was 'classic/leduc_poker': put that back" in said


def test_a_run_of_an_older_marl_has_no_journal_and_gets_one(run: Path, marl: Marl) -> None:
    (run / "journal.jsonl").unlink()
    assert marl("resume", run, "stop.iterations=4").returncode == 0
    assert [entry["event"] for entry in journal(run)] == ["began", "changed"]


def test_a_run_of_the_version_before_called_its_journal_otherwise(run: Path, tmp_path: Path) -> None:
    (run / "journal.jsonl").rename(run / "lineage.jsonl")
    branch(run, tmp_path / "new", load_registry())
    began, branched = journal(tmp_path / "new")
    assert (began["event"], branched["event"], branched["parent"]) == ("began", "branched", began["id"])
    assert not (tmp_path / "new/lineage.jsonl").exists() and (run / "lineage.jsonl").exists()


def test_a_run_in_use_is_not_branched(run: Path, tmp_path: Path, marl: Marl) -> None:
    from marl.run.directory import locked

    with locked(run):
        done = marl("resume", run, "--out", tmp_path / "new")
    assert done.returncode == 2 and "stop it before you branch it" in sentence(done)
    assert not (tmp_path / "new").exists()


def test_code_that_has_changed_is_said_when_a_runs_scenario_is_run_again(run: Path, tmp_path: Path, marl: Marl) -> None:
    scenario = run / "scenario.yaml"
    assert "note:" not in marl("run", scenario, "stop.iterations=1", "--out", tmp_path / "same").stderr
    lines = [
        line[:-1] + "0" if line.startswith("# uses marl-classic") else line
        for line in scenario.read_text().splitlines()
    ]
    scenario.write_text("\n".join(lines) + "\n")
    done = marl("run", scenario, "stop.iterations=1", "--out", tmp_path / "again")
    assert done.returncode == 0
    assert f"note: marl-classic has changed since {scenario} was written (its code" in done.stderr

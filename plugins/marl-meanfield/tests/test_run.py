"""`kind: meanfield`: a run that is stopped anywhere ends as if nothing had happened, and says how it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from marl.cli.report import report
from marl.cli.run import resume, run
from marl.errors import RunError, UserError
from marl_meanfield.games.crowd import Crowd

SMALL = """
kind: meanfield
game: {name: meanfield/crowd, size: 5, horizon: 4}
solver: {name: meanfield/mirror_descent, learning_rate: 0.3}
stop: {iterations: 23}
measure: 2
checkpoint: 5
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return str(path)


def story(out: Path) -> tuple[Any, ...]:
    """All that a run leaves, without what depends on the clock."""
    events = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    done = json.loads((out / "progress.json").read_text())
    blobs = {path.name: path.read_bytes() for path in (out / "blobs").iterdir()}
    return [{**event, "time": 0} for event in events], {**done, "seconds": 0}, blobs


@pytest.mark.parametrize(("solver", "calls"), [("mirror_descent", 4), ("munchausen", 41), ("fictitious_play", 70)])
def test_a_run_that_is_interrupted_ends_as_if_it_was_not(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solver: str, calls: int
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(scenario, [f"solver={{name: {solver}}}"], whole)
    push, left = Crowd.push, [calls]

    def stopped(self: Crowd, *args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return push(self, *args)

    monkeypatch.setattr(Crowd, "push", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(scenario, [f"solver={{name: {solver}}}"], cut)
    if (cut / "progress.json").exists():
        resume(cut, [], None)
    else:
        run(scenario, [f"solver={{name: {solver}}}"], cut)
    assert story(cut) == story(whole)


def test_a_longer_run_goes_on_where_a_shorter_one_ended(scenario: str, tmp_path: Path) -> None:
    run(scenario, ["measure=1"], tmp_path / "whole")
    run(scenario, ["measure=1", "stop.iterations=7"], tmp_path / "two")
    resume(tmp_path / "two", ["stop.iterations=23"], None)
    assert story(tmp_path / "two") == story(tmp_path / "whole")


def test_the_scenario_of_the_documents_ends_below_its_bound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    run("crowd_omd", [], out)
    assert "NashConv is below 0.01" in capsys.readouterr().out
    events, done, _ = story(out)
    assert events[-1]["nash_conv"] < 0.01 <= events[-2]["nash_conv"] and done["done"]
    page = (out / "report.html").read_text()
    assert "Who is where" in page and 'id="nash-conv-curve"' in page and "data:image/png" in page
    resume(out, [], None)
    assert "this run was finished already" in capsys.readouterr().out


def test_the_report_is_read_from_the_directory_alone(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(scenario, [], tmp_path / "run")
    monkeypatch.setattr(Crowd, "__init__", None)
    report(tmp_path / "run", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "run" / "report.html").read_bytes()


def test_what_cannot_be_is_told(scenario: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown game 'crowds'; did you mean"):
        run(scenario, ["game=crowds"], tmp_path / "run")
    with pytest.raises(UserError, match="learning_rate must be finite and above 0"):
        run(scenario, ["solver.learning_rate=0"], tmp_path / "run")
    with pytest.raises(UserError, match="size must be at least 2"):
        run(scenario, ["game.size=1"], tmp_path / "run")
    run(scenario, [], tmp_path / "run")
    with pytest.raises(UserError, match=r"game\.size cannot change, since what was solved so far"):
        resume(tmp_path / "run", ["game.size=6"], None)
    with pytest.raises(RunError, match="the solver has gone astray"):
        run(scenario, ["solver.learning_rate=1e308"], tmp_path / "wild")
    (tmp_path / "run" / "progress.json").write_text("{}")
    with pytest.raises(RunError, match=r"progress\.json is damaged"):
        resume(tmp_path / "run", [], None)

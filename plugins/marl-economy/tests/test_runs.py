"""Runs of `kind: economy`: from a scenario to a page, killed and gone on with, and what is wrong said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from marl.errors import UserError
from marl.registry import load_registry
from marl.scenario import load_scenario
from marl_economy.running.runner import run

ROOT = Path(__file__).parents[3]


def scenario(folder: Path, **changes: Any) -> Path:
    """A short run between language models."""
    content: dict[str, Any] = {
        "kind": "economy",
        "env": {"name": "economy/labour", "workers": 3, "years": 6, "cutoffs": [0.0, 4.0], "rate_step": 0.1},
        "planner": {"name": "economy/language"},
        "workers": {"name": "economy/language", "personas": ["careful", "round"]},
        **changes,
    }
    path = folder / "few.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def ran(path: Path, out: Path, resume: bool = False) -> list[dict[str, Any]]:
    """Run a scenario here; its years."""
    registry = load_registry()
    run(load_scenario(path, [], registry), registry, out, resume)
    return years(out)


def years(out: Path) -> list[dict[str, Any]]:
    """What is kept of each year, without the time."""
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "time"} for line in lines]


def test_a_run_ends_with_a_page_and_everything_that_was_said(tmp_path: Path, served: Callable[..., str]) -> None:
    address = served()
    path = scenario(
        tmp_path,
        planner={"name": "economy/language", "url": address},
        workers={"name": "economy/language", "url": address, "personas": ["careful", "<b>&amp;"]},
    )
    kept = ran(path, tmp_path / "run")
    assert [year["step"] for year in kept] == [1, 2, 3, 4, 5, 6]
    assert kept[0]["rates"] == [0.5, 0.5] and kept[1]["rates"] != kept[0]["rates"]
    said = [json.loads(line) for line in (tmp_path / "run" / "said.jsonl").read_text().splitlines()]
    assert len(said) == kept[-1]["requests"] == 5 + 6 * 3
    assert sum(one["tokens"] for one in said) == kept[-1]["tokens"] > 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Tax rates" in page and "0 to 4" in page and "<b>" not in page
    before = (tmp_path / "run" / "said.jsonl").read_bytes()
    assert ran(path, tmp_path / "run", resume=True) == kept  # there is nothing left to do, and nothing is asked
    assert (tmp_path / "run" / "said.jsonl").read_bytes() == before


def test_a_run_that_was_killed_asks_nothing_again_that_was_answered(tmp_path: Path, served: Callable[..., str]) -> None:
    whole = ran(scenario(tmp_path), tmp_path / "whole")
    out, path = tmp_path / "killed", tmp_path / "few.yaml"
    process = subprocess.Popen(
        [sys.executable, "-m", "marl", "run", str(path), "--out", str(out)], stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and not (out / "said.jsonl").exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    answered = (out / "said.jsonl").read_bytes()
    answered = answered[: answered.rfind(b"\n") + 1]
    assert answered
    kept = ran(path, out, resume=True)
    assert (out / "said.jsonl").read_bytes().startswith(answered)
    asked = [json.loads(line)["id"] for line in (out / "said.jsonl").read_text().splitlines()]
    assert len(asked) == len(set(asked)) == 23
    same = ("rates", "incomes", "welfare", "equality")
    assert [[year[name] for name in same] for year in kept] == [[year[name] for name in same] for year in whole]


def test_an_endpoint_that_comes_back_is_gone_on_with(tmp_path: Path, served: Callable[..., str]) -> None:
    address = served("error")
    language = {"name": "economy/language", "url": address, "retries": 0}
    path = scenario(tmp_path, planner={"name": "economy/schedule", "rates": [0.3]}, workers=language)
    with pytest.raises(Exception, match="gave no answer to 1 request: it answered 500"):
        ran(path, tmp_path / "run")
    better = scenario(
        tmp_path, planner={"name": "economy/schedule", "rates": [0.3]}, workers={**language, "url": served()}
    )
    assert len(ran(better, tmp_path / "run", resume=True)) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"env": {"name": "classic/kuhn_poker"}}, "env: classic/kuhn_poker is no economy"),
        ({"planner": {"name": "economy/rational"}}, "plays side 1 of an economy"),
        ({"planner": {"name": "economy/schedule", "rates": [0.1, 0.2, 0.3]}}, "there are 2 brackets, and 3 rates"),
        ({"workers": {"name": "economy/builder"}}, "works in economy/town alone"),
    ],
)
def test_who_does_not_fit_is_told(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ran(scenario(tmp_path, **{"workers": {"name": "economy/rational"}, **changes}), tmp_path / "run")


@pytest.mark.parametrize("name", ["economy_language", "economy_council"])
def test_the_scenarios_run(tmp_path: Path, name: str) -> None:
    content = yaml.safe_load((ROOT / "scenarios" / f"{name}.yaml").read_text())
    content["env"] |= {"years": 3, "workers": 3}
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    assert len(ran(path, tmp_path / "run")) == 3

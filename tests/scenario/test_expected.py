"""Scenarios that say what comes of them in their first lines, as in "Expected: nash_conv at most 0.02": it does."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from marl.scenario import available

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
SAYS = re.compile(r"^# Expected: (?P<what>.+?) at (?P<way>most|least) (?P<bound>-?[0-9.]*[0-9])", re.MULTILINE)
QUICK = {"chicken_jpsro", "goofspiel_psro"}  # a second or two; the others take up to minutes


def expected() -> list[Any]:
    found = []
    for name, path in sorted(available().items()):
        if says := SAYS.search(path.read_text()):
            marks = [] if name in QUICK else [pytest.mark.slow]
            found.append(pytest.param(name, says["what"], says["way"], float(says["bound"]), id=name, marks=marks))
    return found


def test_what_is_expected_is_said_so_that_it_can_be_checked() -> None:
    for path in available().values():
        text = path.read_text()
        assert text.count("Expected") == len(SAYS.findall(text)), f"{path}: as in '# Expected: nash_conv at most 0.1'"


@pytest.mark.parametrize(("name", "what", "way", "bound"), expected())
def test_a_scenario_comes_to_what_it_says(
    name: str, what: str, way: str, bound: float, tmp_path: Path, marl: Marl
) -> None:
    out = tmp_path / "run"
    done = marl("run", name, "--out", out, timeout=3000)
    if done.returncode == 2 and re.search(r"no plugin .* is installed", done.stderr):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    if what.startswith("return"):
        against = what.removeprefix("return against ") if " " in what else None
        said = marl("evaluate", out, *(["--against", against] if against else []), "--json")
        ((_, score),) = json.loads(said.stdout)["scores"].items()
        value = score["return"]
    else:
        facts = json.loads(marl("league", "status", out, "--json").stdout)
        value = facts["sides"][0]["value"] if what == "value" else facts["measures"][what]["value"]
    assert value <= bound if way == "most" else value >= bound, f"{name}: {what} is {value}"

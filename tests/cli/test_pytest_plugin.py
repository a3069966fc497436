"""`pytest --marl PLUGIN`: a case for each check, which can fail, and which -k chooses."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points

SOURCE = """
from marl.games import OneByOne, Outcome
from marl.registry import Descriptor, hookimpl
from marl.testing.games.pennies import SPEC, Pennies, matching_pennies

MARL_API = ">=2,<3"


class Unfair(Pennies):
    def play(self, actions):
        return Outcome({0: 1.0, 1: 1.0}, done=True)


def unfair(lanes):
    return OneByOne(SPEC, lanes, Unfair)


def nothing(lanes):
    return matching_pennies(lanes)


@hookimpl
def marl_environments():
    return [Descriptor(name, f"cases:{name}", "matching pennies") for name in ("nothing", "unfair")]


@hookimpl
def marl_policies():
    return [Descriptor("lost", "cases:lost", "cannot be imported")]
"""


def test_each_check_is_a_case(tmp_path):
    (tmp_path / "cases.py").write_text(SOURCE)
    found = [] if entry_points(group="pytest11", name="marl") else ["-p", "marl.pytest_plugin"]
    env = os.environ | {"MARL_PLUGIN_DIR": str(tmp_path / "cases.py")}
    chosen = ["--marl", "cases", "-k", "returns or determinism or lost"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *found, *chosen, "-q", "-rA", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert "PASSED marl::cases/nothing[determinism]" in lines, done.stdout + done.stderr
    assert "PASSED marl::cases/nothing[returns]" in lines
    assert any(line.startswith("FAILED marl::cases/unfair[returns]") for line in lines)
    assert any(line.startswith("FAILED marl::cases/lost (policy)") for line in lines)
    assert "to see it again: seed=0" in done.stdout and "cases/lost (policy): target: " in done.stdout
    assert "2 failed, 3 passed" in done.stdout

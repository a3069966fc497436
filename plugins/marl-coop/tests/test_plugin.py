from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from marl.registry import ENVIRONMENTS, load_registry

PLUGIN = Path(__file__).parents[1]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_listing_the_games_imports_no_numpy() -> None:
    code = "import sys, marl_coop.plugin as p; n = len(list(p.marl_environments())); print(n, 'numpy' in sys.modules)"
    assert python(code).split() == ["5", "False"]


def test_every_descriptor_makes_an_environment() -> None:
    registry = load_registry()
    found = [one for one in registry.all(ENVIRONMENTS) if one.plugin == "coop"]
    assert len(found) == 5
    for one in found:
        env = registry.make(ENVIRONMENTS, one.full_name, {}, lanes=3)
        assert env.lanes == 3 and env.spec.dynamics in one.tags


def test_the_snippet_of_the_readme_runs() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    assert "(2000, 22, 5, 5)" in python(snippet)

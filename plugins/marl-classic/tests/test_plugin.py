from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from marl.registry import ENVIRONMENTS, load_registry

PLUGIN = Path(__file__).parents[1]
BENCHMARK = PLUGIN.parents[1] / "benchmarks" / "env_throughput.py"


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_listing_the_games_imports_no_numpy() -> None:
    code = (
        "import sys, marl_classic.plugin as p; n = len(list(p.marl_environments())); print(n, 'numpy' in sys.modules)"
    )
    assert python("-c", code).split() == ["17", "False"]


def test_every_descriptor_makes_an_environment() -> None:
    registry = load_registry()
    found = [one for one in registry.all(ENVIRONMENTS) if one.plugin == "classic"]
    assert len(found) == 17
    for one in found:
        env = registry.make(ENVIRONMENTS, one.full_name, {}, lanes=3)
        assert env.lanes == 3
        exact = "exact" in one.tags
        assert hasattr(env, "sequence_form") == exact
        assert env.spec.dynamics in one.tags


def test_payoffs_and_rounds_arrive_from_a_scenario() -> None:
    params = {"payoffs": [[0, 2.5], [-1, 0]], "rounds": 3}
    env = load_registry().make(ENVIRONMENTS, "classic/matrix", params, lanes=1)
    assert env.payoffs[0].tolist() == params["payoffs"] and env.spec.max_length == 3


def test_the_snippet_of_the_readme_runs() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    shown = python("-c", snippet)
    assert "4.747222" in shown
    assert len(re.findall(r"^[xo.]{7}$", shown, re.MULTILINE)) == 6


@pytest.mark.skipif(not BENCHMARK.exists(), reason="benchmarks are not part of this checkout")
def test_the_benchmark_ends_with_one_line_of_json() -> None:
    pytest.importorskip("pyspiel", reason="OpenSpiel is not installed: nothing to compare with")
    pytest.importorskip("marl_openspiel", reason="marl-openspiel is not installed: nothing to compare with")
    line = json.loads(python(str(BENCHMARK), "--quick").splitlines()[-1])
    assert set(line) == {"name", "ours", "peer", "ratio", "unit", "detail"}
    assert line["ratio"] > 5  # the claim is 10 on a quiet machine

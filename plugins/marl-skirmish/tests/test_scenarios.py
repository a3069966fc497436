"""The scenarios run, for a handful of steps: teams that learn, a league of teams, and the scripts' tournament."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import ENVIRONMENTS, load_registry
from marl.scenario import load_scenario

PLUGIN = Path(__file__).parents[1]


def test_teams_of_mappo_and_of_qmix_meet_in_a_league(tmp_path: Path) -> None:
    for plugin in ("marl_values", "marl_ctde", "marl_rewards"):
        pytest.importorskip(plugin, reason="the scenario's learners and its reward are of other plugins")
    small = {"env_steps": 64, "lanes": 4, "rows": 64, "minibatch": 2}
    overrides = ["stop.iterations=2", "payoffs.source.matches=8"]
    overrides += [f"strategy.algorithm.{key}={value}" for key, value in small.items()]
    overrides += ["strategy.others=[{name: values/pqn_qmix, env_steps: 64, lanes: 4, rows: 64, minibatch: 2}]"]
    registry = load_registry()
    config = load_scenario("skirmish_league", overrides, registry).config
    ledger, metrics = Ledger.at(tmp_path), Metrics(tmp_path / "metrics.jsonl")
    manager = build(config, registry, ledger, Blobs(tmp_path / "blobs"), metrics)
    *_, last = list(manager.run())
    assert last.number == 2 and [player.lineage for player in manager.view().players] == ["", "learner_0", "learner_1"]
    first, second = manager.strategy.next(manager.view(), [])
    assert (first.job.algorithm, second.job.algorithm) == ("ctde/mappo", "values/pqn_qmix")
    assert first.job.params["reward"].weights == {"game": 10}
    payoffs = manager.view().payoffs
    mean, count = payoffs.mean[0], payoffs.count
    assert count[1, 2] == 8 and mean[1, 2] == -mean[2, 1]  # a team of one against a team of the other
    metrics.close()
    ledger.close()


@pytest.mark.parametrize("name", ["skirmish_qmix", "skirmish_ppo", "skirmish_scripts"])
def test_scenarios_are_what_their_plugins_take(name: str) -> None:
    pytest.importorskip("marl_values", reason="a learner is marl-values'")
    registry = load_registry()
    scenario = load_scenario(name, [], registry)
    env = registry.make(ENVIRONMENTS, scenario.config.env.name, scenario.config.env.params, lanes=1)
    assert env.spec.state is not None


def test_listing_what_there_is_imports_no_numpy() -> None:
    code = (
        "import sys, marl_skirmish.plugin as p; "
        "print(len([*p.marl_environments(), *p.marl_policies()]), 'numpy' in sys.modules)"
    )
    assert _python(code).split() == ["9", "False"]


def test_the_snippet_of_the_readme_runs() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    assert "team 1: +150" in _python(snippet)


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

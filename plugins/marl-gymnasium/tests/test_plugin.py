"""What the plugin lists is what Gymnasium has, listing is cheap, and the README is true."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import gymnasium

from marl.registry import load_registry
from marl_gymnasium import plugin
from marl_gymnasium.catalogue import LISTED


def test_listing_imports_neither_gymnasium_nor_numpy():
    code = (
        "import sys, marl_gymnasium.plugin as plugin; list(plugin.marl_environments());"
        "sys.exit(any(name in sys.modules for name in ('gymnasium', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_gymnasium_knows_all_that_is_listed_and_its_limits():
    for entry in LISTED:
        assert (gymnasium.spec(entry.id).max_episode_steps is None) == (entry.limit is not None), entry.id
        path = str(gymnasium.registry[entry.id].entry_point)
        assert ("box2d" in path, "mujoco" in path) == (entry.extra == "box2d", entry.extra == "mujoco")


def test_the_newest_of_everything_that_gymnasium_brings_is_listed():
    newest = {}
    for id, spec in gymnasium.registry.items():
        if isinstance(spec.entry_point, str) and spec.entry_point.startswith("gymnasium.envs.") and not spec.namespace:
            newest[spec.name] = max(newest.get(spec.name, id), id)
    assert {entry.id for entry in LISTED} == set(newest.values())


def test_targets_and_parameters_resolve():
    for descriptor in plugin.marl_environments():
        for reference in (descriptor.target, descriptor.params):
            module, attribute = reference.split(":")
            assert callable(getattr(import_module(module), attribute))


def test_the_registry_makes_environments():
    make = load_registry().make
    assert make("environments", "gymnasium/cartpole", {"max_steps": 9}, lanes=2).spec.max_length == 9
    assert make("environments", "gymnasium/CartPole-v1", {}, lanes=2).lanes == 2
    assert make("environments", "gymnasium/any", {"id": "Oddities-v0", "max_steps": 4}, lanes=1).spec.max_length == 4


def test_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    snippets = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {})
    assert capsys.readouterr().out == "[1 4]\n(500,)\n"

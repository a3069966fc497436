"""What the plugin lists is what OpenSpiel has, and listing is cheap."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from marl.registry import ENVIRONMENTS
from marl_openspiel import catalogue, plugin


def test_the_checked_in_list_is_what_openspiel_says():
    code = "from marl_openspiel import catalogue; print(catalogue.text(catalogue.installed()), end='')"
    # in a process of its own: another test may have registered the games that are written in Python
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8").stdout
    assert said == Path(catalogue._FILE).read_text(encoding="utf-8")


def test_every_game_that_loads_is_listed_unless_a_reason_is_given():
    code = "import pyspiel; print(*[kind.short_name for kind in pyspiel.registered_games() if kind.default_loadable])"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8").stdout
    expected = {name for name in said.split() if not name.startswith("mfg_")} - set(catalogue.UNSUPPORTED)
    assert {game.name for game in catalogue.listed()} == expected
    assert len(expected) == 108


def test_listing_imports_neither_openspiel_nor_numpy():
    code = (
        "import sys, marl_openspiel.plugin as plugin; list(plugin.marl_environments());"
        "sys.exit(any(name in sys.modules for name in ('pyspiel', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["kuhn_poker", "2048", "game"])
def test_targets_and_parameters_resolve(name):
    (descriptor,) = [each for each in plugin.marl_environments() if each.name == name]
    for reference in (descriptor.target, descriptor.params):
        module, attribute = reference.split(":")
        assert callable(getattr(import_module(module), attribute))


def test_the_registry_makes_games():
    from marl.registry import load_registry

    registry = load_registry()
    environment = registry.make(ENVIRONMENTS, "openspiel/kuhn_poker", {"parameters": {"players": 3}}, lanes=2)
    assert len(environment.spec.agents) == 3
    assert registry.make(ENVIRONMENTS, "openspiel/2048", {}, lanes=1).lanes == 1
    assert registry.make(ENVIRONMENTS, "openspiel/game", {"game": "hex(board_size=3)"}, lanes=1).spec.max_length == 9


def test_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    snippets = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {})
    assert "4.747222" in capsys.readouterr().out

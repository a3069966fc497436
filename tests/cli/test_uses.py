"""What `marl plugins install` says to write into a scenario is what a scenario takes; the catalogue is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from marl.cli.plugins.search import catalogue
from marl.cli.plugins.uses import _LINES, use_of
from marl.registry import load_registry
from marl.scenario import load_scenario

REGISTRY = load_registry()
HEALTHY = {plugin.name for plugin in REGISTRY.plugins if plugin.state == "ok"}
PLUGINS = Path(__file__).parents[2] / "plugins"
TRAIN = {"kind": "train", "env": "classic/tic_tac_toe", "env_steps": 1000, "algorithm": "rllib/ppo"}
LEAGUE = {"kind": "league", "env": "classic/kuhn_poker", "strategy": "league/psro"}
TOURNAMENT = {"kind": "tournament", "env": "classic/kuhn_poker", "bots": ["a=marl/random", "b=marl/random"]}
KINDS = {
    **dict.fromkeys(("environments", "algorithms", "rewards", "models", "losses", "policies"), TRAIN),
    "sinks": TRAIN,
    "curricula": TRAIN | {"env": "classic/rooms"},
    **dict.fromkeys(("strategies", "metasolvers", "diversities", "measures", "payoff_sources"), LEAGUE),
    **dict.fromkeys(("schedules", "ratings", "sandboxes", "drawers"), TOURNAMENT),
}
NAMED = {"environments": "classic/connect_four", "rewards": "rewards/counts", "algorithms": "rllib/a2c"}


@pytest.mark.parametrize("kind", [kind for kind in _LINES if kind not in ("commands", "runners", "scenarios")])
def test_the_line_for_a_kind_is_taken(kind, tmp_path):
    if missing := {"classic", "rllib", "rewards"} - HEALTHY:
        pytest.skip(f"needs {', '.join(missing)}")
    known = [one for one in REGISTRY.all(kind) if NAMED.get(kind, one.full_name) == one.full_name]
    if not known:
        pytest.skip(f"nobody here brings {kind}")
    line = use_of(known[0])
    (tmp_path / "it.yaml").write_text(json.dumps(KINDS[kind] | yaml.safe_load(line)))
    named = known[0].name if kind == "models" else known[0].full_name  # those of marl are shortened
    assert named in load_scenario(str(tmp_path / "it.yaml"), [], REGISTRY).text


@pytest.mark.skipif(not PLUGINS.is_dir(), reason="this is no checkout")
def test_the_catalogue_has_the_plugins_of_this_checkout():
    """Whoever adds a plugin adds a line to marl/cli/plugins/catalogue.json."""
    known = {one.plugin: one for one in catalogue()}
    assert {one.distribution for one in known.values()} == {
        file.parent.name for file in PLUGINS.glob("*/pyproject.toml")
    }
    for name in known.keys() & HEALTHY:
        brought = list(dict.fromkeys(found.kind for found in REGISTRY.plugin(name).descriptors))
        assert sorted(known[name].brings) == sorted(brought), name

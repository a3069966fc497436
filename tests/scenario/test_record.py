"""What a run directory keeps of its scenario."""

from __future__ import annotations

import re

from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import Settings
from marl.scenario import load_scenario, provenance, write
from marl.scenario.record import changed

SMALL = "kind: lab\nenv: table\nplayer: marl/random\n"


def test_provenance_has_version_and_hash_of_every_distribution_used(load, registry):
    used = provenance(registry, load(SMALL))
    assert set(used) == {"marl-lab", "marl-league"}
    assert used["marl-lab"]["version"] == "0.3"
    assert re.fullmatch("[0-9a-f]{16}", used["marl-lab"]["lab"])
    assert re.fullmatch("[0-9a-f]{16}", used["marl-league"]["marl"])


def test_the_written_scenario_loads_to_the_same(load, registry, tmp_path):
    scenario = load(SMALL, "seed=5", "name=mine")
    path = write(scenario, registry, tmp_path / "deep" / "run")
    assert path == tmp_path / "deep" / "run" / "scenario.yaml"
    again = load_scenario(path, [], registry)
    assert (again.config, again.text, again.name) == (scenario.config, scenario.text, "mine")
    assert "# uses marl-lab 0.3: lab " in path.read_text()
    assert [file.name for file in path.parent.iterdir()] == ["scenario.yaml"]


def test_a_change_of_a_plugins_code_is_noticed(load, registry, tmp_path):
    path = write(load(SMALL), registry, tmp_path / "run")
    again = load_scenario(path, [], registry)
    assert changed(again, registry) == []
    code = tmp_path / "site" / "lab.py"
    code.write_text(code.read_text().replace("iterations: int = 10", "iterations: int = 11"))
    assert changed(again, registry) == ["marl-lab has changed since this run began (its code, not its version 0.3)"]


def test_an_upgrade_of_a_plugin_is_noticed(load, registry, tmp_path):
    again = load_scenario(write(load(SMALL), registry, tmp_path / "run"), [], registry)
    metadata = tmp_path / "site" / "marl_lab-0.3.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("0.3", "0.4"))
    upgraded = build(discover(), Settings(frozenset({"lab"}), frozenset(), frozenset(), False))
    assert changed(again, upgraded) == ["marl-lab has changed since this run began (was 0.3, now 0.4)"]

"""What a run directory keeps of its scenario."""

from __future__ import annotations

import re

import pytest

from marl.errors import UserError
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import Settings
from marl.run import journal
from marl.scenario import load_scenario, lock, provenance, write
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
    assert sorted(file.name for file in path.parent.iterdir()) == ["lock.json", "scenario.yaml"]


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


def test_the_lock_has_every_plugin_and_knows_those_that_are_used(load, registry, tmp_path):
    write(load(SMALL), registry, tmp_path / "run")
    found = lock.read(tmp_path / "run")
    assert {one.name for one in found.plugins} == {one.name for one in registry.plugins if one.state == "ok"}
    (lab,) = [one for one in found.plugins if one.name == "lab"]
    assert (lab.distribution, lab.version, lab.used) == ("marl-lab", "0.3", True)
    assert found.requirements["marl-league"] == found.marl
    assert list(lock.others(found, registry)) == []


def test_other_plugins_are_told_with_the_way_to_get_them(load, registry, tmp_path):
    write(load(SMALL), registry, tmp_path / "run")
    code = tmp_path / "site" / "lab.py"
    code.write_text(code.read_text() + "# another\n")
    then = lock.read(tmp_path / "run")
    (sentence,) = lock.others(then, registry)
    assert sentence.startswith("marl-lab 0.3 has other code here (lab is ") and 'no-deps "marl-lab==0.3"`' in sentence
    alone = build(
        [plugin for plugin in discover() if plugin.name != "lab"], Settings(None, frozenset(), frozenset(), False)
    )
    (sentence,) = lock.others(then, alone)
    assert sentence.startswith("marl-lab 0.3 (plugin 'lab') is not here: `")
    with pytest.raises(UserError, match=r"--locked: mine was run with other plugins than those here:\n  marl-lab 0.3"):
        lock.hold(then, alone, "mine")


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}', '{"version": 9}'])
def test_a_damaged_lock_is_a_sentence(text, tmp_path):
    with pytest.raises(UserError, match=r"there is no .*lock.json"):
        lock.read(tmp_path)
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(UserError, match=r"lock\.json (is damaged|was written by another version)"):
        lock.read(tmp_path)


def test_a_run_that_goes_on_with_other_plugins_says_so_and_writes_it_down(load, registry, tmp_path, capsys):
    out = tmp_path / "run"
    scenario = load(SMALL)
    out.mkdir()
    journal.settle(scenario, registry, out, {"step": 0})
    code = tmp_path / "site" / "lab.py"
    code.write_text(code.read_text() + "# another\n")
    journal.settle(scenario, registry, out, {"step": 7})
    assert "other plugins from here on: plugin lab (noted in" in capsys.readouterr().out
    assert re.fullmatch(r"changed at step 7 on \S+: plugin lab 0.3 \(\w+\) -> 0.3 \(\w+\)", journal.story(out)[-1])
    journal.settle(scenario, registry, out, {"step": 9})
    assert len(journal.read(out)) == 2 and list(lock.others(lock.read(out), registry)) == []

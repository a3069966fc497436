"""MARL_PLUGINS, MARL_DISABLE, safe mode and the file of disabled plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from marl.errors import UserError
from marl.registry.settings import config_file, read_disabled, write_disabled

SOURCE = "raise AssertionError('a plugin that is switched off is not imported')"
EMPTY = "MARL_API = '>=1'"


def test_disabled_plugins_are_not_imported(install, fresh, monkeypatch):
    install("off", SOURCE)
    install("on", EMPTY)
    monkeypatch.setenv("MARL_DISABLE", "off, other")
    registry = fresh()
    assert registry.plugin("off").state == "disabled"
    assert "MARL_DISABLE" in registry.plugin("off").error
    assert registry.plugin("on").state == "ok"
    assert any("'other', which is not installed" in note for note in registry.notes)


def test_only_the_named_plugins_are_loaded(install, fresh, monkeypatch):
    install("off", SOURCE)
    install("on", EMPTY)
    monkeypatch.setenv("MARL_PLUGINS", "on")
    states = {plugin.name: plugin.state for plugin in fresh().plugins}
    assert {name for name, state in states.items() if state == "ok"} == {"marl", "on"}
    assert states["off"] == "disabled"


def test_safe_mode_loads_built_ins_only(install, fresh, monkeypatch):
    install("off", SOURCE)
    for registry in (fresh(safe_mode=True), (monkeypatch.setenv("MARL_SAFE_MODE", "1"), fresh())[1]):
        assert registry.plugin("off").state == "disabled"
        assert "safe mode" in registry.plugin("off").error
        assert all(p.state == "disabled" for p in registry.plugins if p.distribution != "marl-league")
        assert registry.plugin("marl").state == "ok"


def test_the_built_in_plugin_cannot_be_switched_off(fresh, monkeypatch):
    monkeypatch.setenv("MARL_DISABLE", "marl")
    assert fresh().plugin("marl").state == "ok"


def test_the_file_of_disabled_plugins(install, fresh):
    install("off", SOURCE)
    write_disabled(["off"])
    assert read_disabled() == {"off"}
    assert "marl plugins enable off" in fresh().plugin("off").error


@pytest.mark.parametrize("content", ["{", "[]", '{"disabled": "x"}', '{"disabled": [1]}'])
def test_a_damaged_file_is_a_remark_not_the_end(content, fresh):
    Path(config_file()).write_text(content)
    with pytest.raises(UserError, match=r"config\.json"):
        read_disabled()
    registry = fresh()
    assert registry.plugin("marl").state == "ok"
    assert "config.json" in registry.notes[0]

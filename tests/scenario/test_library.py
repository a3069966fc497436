"""Every scenario that comes with marl has a name, a summary, and loads where its plugins are installed."""

from __future__ import annotations

import sys

import pytest

from marl.errors import RunError, UserError, suggestion
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import Settings
from marl.scenario import available, load_scenario, locate
from marl.scenario.library import brought


def test_scenarios_are_found_by_name():
    for name, path in available().items():
        assert path.is_file() and locate(name) == path
        assert path.read_text().startswith("# "), f"{path} begins with a comment that says what it is"


def test_a_close_name_is_offered():
    names = sorted(available())
    if not names:
        pytest.skip("no scenario comes with this marl")
    with pytest.raises(UserError) as caught:
        locate(names[0] + "x")
    assert suggestion(names[0] + "x", names) in str(caught.value)


def test_plugins_bring_scenarios_that_have_their_full_names(registry, load, tmp_path):
    code = tmp_path / "site" / "lab.py"
    hook = "[Descriptor('first', 'lab:first', 'the first'), Descriptor('gone', 'lab:gone', 'not there')]"
    code.write_text(
        code.read_text() + f"\n@hookimpl\ndef marl_scenarios():\n    return {hook}\n\n"
        "def first():\n    from pathlib import Path\n    return Path(__file__).with_name('first.yaml')\n\n"
        "def gone():\n    return 'nowhere.yaml'\n"
    )
    (tmp_path / "site" / "first.yaml").write_text("kind: lab\nenv: table\nseed: 9\n")
    del sys.modules["lab"]
    fresh = build(discover(), Settings(frozenset({"lab"}), frozenset(), frozenset(), False))
    assert set(brought(fresh)) == {"lab/first", "lab/gone"}
    assert load_scenario("lab/first", [], fresh).config.seed == 9
    with pytest.raises(UserError, match="no scenario 'lab/frist'; did you mean 'lab/first'"):
        load_scenario("lab/frist", [], fresh)
    with pytest.raises(RunError, match=r"'lab/gone' \(plugin 'lab' .* gave 'nowhere.yaml' from target\(\)"):
        load_scenario("lab/gone", [], fresh)

"""A plugin is ok, disabled, incompatible or broken; what happens to one never reaches another."""

from __future__ import annotations

import pytest

from marl.registry import POLICIES

GOOD = """
    MARL_API = ">=2,<3"

    @hookimpl
    def marl_policies():
        return [Descriptor("bot", "good_module:Bot", "a bot")]

    class Bot:
        memory = act = None

        def __init__(self, spec=None):
            self.spec = spec
"""


def test_a_good_plugin_is_ok_and_its_things_are_registered(install, fresh):
    site = install("good", GOOD)
    registry = fresh()
    plugin = registry.plugin("good")
    assert (plugin.state, plugin.distribution, plugin.version) == ("ok", "dist-good", "1.2")
    assert plugin.file == str(site / "good_module.py")
    assert plugin.api == ">=2,<3"
    assert registry.find(POLICIES, "good/bot").full_name == "good/bot"
    assert registry.make(POLICIES, "good/bot", {}, spec=7).spec == 7


BROKEN = {
    "raises on import": ("1 / 0", "ZeroDivisionError"),
    "leaves on import": ("raise SystemExit(3)", "SystemExit"),
    "imports what is missing": ("import nothing_like_this", "nothing_like_this"),
    "raises in a hook": (
        """
        @hookimpl
        def marl_environments():
            raise RuntimeError("no licence")
        """,
        "its hook marl_environments raised RuntimeError: no licence",
    ),
    "raises while its hook is read": (
        """
        @hookimpl
        def marl_environments():
            yield Descriptor("a", "x:y", "fine")
            raise RuntimeError("half way")
        """,
        "half way",
    ),
    "returns what is not a descriptor": (
        """
        @hookimpl
        def marl_environments():
            return ["kuhn"]
        """,
        "'kuhn' in its list, which is not a Descriptor",
    ),
    "returns nothing": (
        """
        @hookimpl
        def marl_environments():
            pass
        """,
        "returned None, not a list of Descriptors",
    ),
    "returns a bare descriptor": (
        """
        @hookimpl
        def marl_environments():
            return Descriptor("a", "x:y", "fine")
        """,
        "not a list of Descriptors",
    ),
    "has a name twice": (
        """
        @hookimpl
        def marl_environments():
            return [Descriptor("a", "x:y", "one"), Descriptor("a", "x:z", "two")]
        """,
        "two descriptors with the name 'a'",
    ),
    "has a malformed target": (
        """
        @hookimpl
        def marl_environments():
            return [Descriptor("a", "x.y", "one")]
        """,
        "target 'x.y' is not 'package.module:attribute'",
    ),
    "has a hook with a parameter too many": (
        """
        @hookimpl
        def marl_environments(surprise):
            return []
        """,
        "surprise",
    ),
    "declares nonsense as its range": ("MARL_API = 'new'", "'new' is not a version range"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_plugin_that(case, install, fresh):
    source, expected = BROKEN[case]
    install("bad", source)
    install("good", GOOD)
    registry = fresh()
    bad = registry.plugin("bad")
    assert bad.state == "broken"
    assert expected in bad.error
    assert bad.descriptors == ()
    assert registry.plugin("good").state == "ok"
    assert registry.find(POLICIES, "bot").plugin == "good"


def test_the_traceback_is_kept_and_points_into_the_plugin(install, fresh):
    site = install("bad", "def deep():\n    return {}['key']\n\ndeep()")
    plugin = fresh().plugin("bad")
    assert str(site / "bad_module.py") in plugin.traceback
    assert "KeyError: 'key'" in plugin.traceback


def test_registration_is_all_or_nothing(install, fresh):
    install(
        "half",
        """
        @hookimpl
        def marl_algorithms():
            return [Descriptor("early", "half_module:x", "comes first")]

        @hookimpl
        def marl_rewards():
            raise ValueError("later")
        """,
    )
    registry = fresh()
    assert registry.plugin("half").state == "broken"
    assert all(found.plugin != "half" for kind in registry.kinds for found in registry.all(kind))


def test_a_plugin_for_older_hooks_is_told_where_the_changes_stand(install, fresh):
    install("past", GOOD.replace(">=2,<3", ">=1,<2").replace("\n    ", "\n"))
    plugin = fresh().plugin("past")
    assert plugin.state == "incompatible"
    assert plugin.error == (
        "made for hook API >=1,<2, and this marl has version 2: upgrade dist-past, or, if it is yours, see what "
        "changed in docs/hooks.md and raise its MARL_API"
    )


def test_an_incompatible_plugin_is_told_so_in_a_sentence(install, fresh):
    install("future", "MARL_API = '>=3'" + GOOD.replace('MARL_API = ">=2,<3"', "").replace("\n    ", "\n"))
    plugin = fresh().plugin("future")
    assert plugin.state == "incompatible"
    assert "hook API >=3" in plugin.error and "dist-future" in plugin.error
    assert plugin.descriptors == ()


def test_of_two_plugins_with_one_name_the_first_distribution_wins_and_both_are_named(install, fresh):
    install("twin", GOOD.replace("good_module", "b_twin"), dist="b-dist", module="b_twin")
    install("twin", GOOD.replace("good_module", "a_twin"), dist="a-dist", module="a_twin")
    registry = fresh()
    first, second = (plugin for plugin in registry.plugins if plugin.name == "twin")
    assert (first.distribution, first.state) == ("a-dist", "ok")
    assert (second.distribution, second.state) == ("b-dist", "broken")
    assert "a-dist 1.2" in second.error and "b-dist 1.2" in second.error
    assert any("b-dist" in note for note in first.notes)
    assert registry.find(POLICIES, "twin/bot").target == "a_twin:Bot"


def test_nobody_else_can_be_the_built_in_plugin(install, fresh):
    install("marl", GOOD, dist="a-thief", module="good_module")
    registry = fresh()
    assert registry.plugin("marl").distribution == "marl-league"
    assert [p.state for p in registry.plugins if p.distribution == "a-thief"] == ["broken"]


def test_a_damaged_entry_point_file_stops_nobody(install, fresh):
    site = install("good", GOOD)
    info = site / "mangled-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mangled\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\nno equals sign\n")
    registry = fresh()
    assert registry.plugin("mangled").state == "broken"
    assert "entry_points.txt" in registry.plugin("mangled").error
    assert registry.plugin("good").state == "ok"


def test_what_a_plugin_prints_does_not_reach_stdout(install, fresh, capsys):
    install("loud", "print('hello')" + GOOD.replace("\n    ", "\n"))
    assert fresh().plugin("loud").state == "ok"
    assert capsys.readouterr().out == ""


def test_a_hook_nobody_has_is_a_remark_with_a_close_match(install, fresh):
    install(
        "typo",
        """
        @hookimpl
        def marl_enviroments():
            return []
        """,
    )
    plugin = fresh().plugin("typo")
    assert plugin.state == "ok"
    assert "did you mean 'marl_environments'?" in plugin.notes[0]

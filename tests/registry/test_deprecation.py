"""What leaves is said once a process, with who uses it, what to use, and when it goes; until then it works."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import dataclass
from typing import ClassVar

import pytest

from marl import deprecation
from marl.deprecation import Deprecated, Renamed, deprecated
from marl.errors import UserError
from marl.registry import POLICIES, load_registry
from marl.registry.params import fill

ZOO = """
    import types
    from marl.deprecation import leaving

    @hookspec
    def zoo_staff():
        "Staff."

    @leaving(use="zoo_staff", gone="marl-zoo 2.0")
    @hookspec
    def zoo_keepers():
        "Keepers."

    @hookimpl
    def marl_addhooks(pluginmanager):
        pluginmanager.add_hookspecs(types.SimpleNamespace(zoo_keepers=zoo_keepers, zoo_staff=zoo_staff))
"""
GUEST = """
    @hookimpl
    def {hook}():
        return [Descriptor("ann", "guest_module:Ann", "keeps lions")]
"""
OWN = """
    from dataclasses import dataclass
    from typing import ClassVar
    from marl.deprecation import Renamed

    @dataclass
    class Params:
        pace: float = 1.0
        RENAMED: ClassVar = {"speed": Renamed("pace", gone="marl-duel 2.0")}

    class Bot:
        def __init__(self, spec, snapshot=None, params=None):
            self.pace = params.pace

        def memory(self, rows): ...
        def act(self, rows, memory, keys): ...

    @hookimpl
    def marl_policies():
        return [Descriptor("bot", "duel_module:Bot", "a bot", params=Params)]
"""
SENTENCE = "plugin 'guest': the hook zoo_keepers is deprecated and goes with marl-zoo 2.0; use zoo_staff"


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """As if this process had told nothing yet."""
    monkeypatch.setattr(deprecation, "_told", set())


def test_a_notice_comes_once_a_process_and_blames_the_line_that_calls():
    with pytest.warns(Deprecated) as caught:
        for _ in range(3):
            said = deprecated("plugin 'duel'", "greedier", use="greedy", gone="marl-duel 2.0")
        deprecated("plugin 'other'", "greedier", use="greedy", gone="marl-duel 2.0")
    assert said == "plugin 'duel': greedier is deprecated and goes with marl-duel 2.0; use greedy"
    assert [str(one.message).partition(":")[0] for one in caught] == ["plugin 'duel'", "plugin 'other'"]
    assert caught[0].filename == __file__


def test_whoever_implements_a_hook_that_goes_is_told_and_works(install, fresh):
    install("zoo", ZOO)
    install("guest", GUEST.format(hook="zoo_keepers"))
    with pytest.warns(Deprecated, match="the hook zoo_keepers is deprecated") as caught:
        registry = fresh()
        fresh()
    assert len(caught) == 1
    assert registry.plugin("guest").notes == [SENTENCE]
    assert registry.find("keepers", "ann").full_name == "guest/ann"


def test_whoever_implements_the_new_one_is_told_nothing(install, fresh):
    install("zoo", ZOO)
    install("guest", GUEST.format(hook="zoo_staff"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", Deprecated)
        assert fresh().plugin("guest").notes == []


def test_a_parameter_is_taken_under_its_old_name_with_a_notice(install, fresh):
    install("duel", OWN)
    registry = fresh()
    said = "duel/bot: the parameter 'speed' is deprecated and goes with marl-duel 2.0; use 'pace'"
    with pytest.warns(Deprecated) as caught:
        assert registry.validate(POLICIES, "duel/bot", {"speed": 3}) == {"pace": 3.0}
        assert registry.make(POLICIES, "duel/bot", {"speed": 2}, spec=None).pace == 2.0
    assert [str(one.message) for one in caught] == [said]
    with warnings.catch_warnings():
        warnings.simplefilter("error", Deprecated)
        assert registry.validate(POLICIES, "duel/bot", {"pace": 3}) == {"pace": 3.0}
    with pytest.raises(UserError, match="speed: it is called pace now, which is there too"):
        registry.validate(POLICIES, "duel/bot", {"pace": 3, "speed": 2})
    with pytest.warns(Deprecated), pytest.raises(UserError, match="pace: "):
        deprecation._told.clear()
        registry.validate(POLICIES, "duel/bot", {"speed": "fast"})


@dataclass
class Part:
    """A part of parameters."""

    size: int = 1
    RENAMED: ClassVar[dict[str, Renamed]] = {"count": Renamed("size", gone="hook API 3")}


@dataclass
class Whole:
    """Parameters."""

    part: Part


def test_so_are_parameters_of_a_part():
    with pytest.warns(Deprecated, match=r"part: the parameter 'count' is deprecated and goes with hook API 3; use 'si"):
        assert fill(Whole, {"part": {"count": 4}}, "", "it", load_registry()).part.size == 4


def test_people_are_shown_it_and_other_warnings_are_left_to_python():
    code = (
        "import warnings; from marl.deprecation import *; show_to_people();"
        "deprecated('plugin a', 'b', use='c', gone='d'); deprecated('plugin a', 'b', use='c', gone='d');"
        "warnings.warn('other')"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    first, *rest = done.stderr.splitlines()
    assert first == "note: plugin a: b is deprecated and goes with d; use c"
    assert not any("deprecated" in line for line in rest)


def test_a_hook_of_a_later_version_is_ignored_with_a_remark(install, fresh):
    install(
        "early",
        "@hookimpl\ndef marl_telepathy():\n    return 1 / 0\n\n@hookimpl\ndef marl_policies():\n    return []\n",
    )
    plugin = fresh().plugin("early")
    assert plugin.state == "ok"
    assert plugin.notes == [
        "implements the hook 'marl_telepathy', which no loaded plugin has: a later version of marl, or another plugin, "
        "may have it"
    ]

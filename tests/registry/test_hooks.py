"""Plugins that add hooks of their own, and plugins that implement them."""

from __future__ import annotations

import pytest

from league.hookspecs import METASOLVERS
from marl.errors import RunError, UserError
from marl.registry import ALGORITHMS, POLICIES

GUEST = """
    @hookimpl
    def zoo_keepers():
        return [Descriptor("ann", "guest_module:Ann", "keeps lions")]
"""
HOST = """
    import types

    @hookspec
    def zoo_keepers():
        "Keepers."

    @hookimpl
    def marl_addhooks(pluginmanager):
        pluginmanager.add_hookspecs(types.SimpleNamespace(zoo_keepers=zoo_keepers))
"""


@pytest.mark.parametrize("host", ["a-first", "z-last"])
def test_the_order_of_plugins_does_not_matter(host, install, fresh):
    install("guest", GUEST, dist="m-guest")
    install("zoo", HOST, dist=host)
    registry = fresh()
    assert registry.plugin("guest").state == "ok"
    assert registry.find("keepers", "ann").full_name == "guest/ann"
    assert "keepers" in registry.kinds


def test_without_the_host_the_guest_stays_ok_with_a_remark(install, fresh):
    install("guest", GUEST)
    registry = fresh()
    assert registry.plugin("guest").state == "ok"
    assert "zoo_keepers" in registry.plugin("guest").notes[0]
    assert "keepers" not in registry.kinds


BREAKS = {
    "in addhooks": HOST + "        raise RuntimeError('late')\n",
    "in another hook": HOST + "\n    @hookimpl\n    def marl_policies():\n        raise RuntimeError('later')\n",
}


@pytest.mark.parametrize("where", BREAKS)
def test_hooks_of_a_broken_plugin_are_gone(where, install, fresh):
    install("guest", GUEST)
    install("zoo", BREAKS[where])
    registry = fresh()
    assert registry.plugin("zoo").state == "broken"
    assert registry.plugin("guest").state == "ok"
    assert "keepers" not in registry.kinds


def test_two_plugins_cannot_both_add_a_kind(install, fresh):
    install("one", HOST)
    install("two", HOST.replace("zoo_keepers", "park_keepers"))
    registry = fresh()
    assert registry.plugin("one").state == "ok"
    assert registry.plugin("two").state == "broken"
    assert "'keepers'" in registry.plugin("two").error


def test_a_forgotten_marker_is_said_where_the_thing_is_missed(install, fresh):
    install("bare", "def marl_policies():\n    return [Descriptor('bot', 'json:loads', 'a bot')]\n")
    registry = fresh()
    assert registry.plugin("bare").notes == [
        "defines marl_policies without @hookimpl above it, so it is not used: put `@hookimpl` above it"
    ]
    with pytest.raises(UserError, match="unknown policy 'bare/bot': plugin 'bare' defines marl_policies without @hook"):
        registry.find(POLICIES, "bare/bot")


def test_what_is_made_is_held_to_the_interface_of_its_kind(install, fresh):
    install(
        "odd",
        """
        class Trainer:
            def tran(self, job, services): ...

        @hookimpl
        def marl_algorithms():
            return [Descriptor("a", "odd_module:Trainer", "misspells train")]

        @hookimpl
        def league_metasolvers():
            return [Descriptor("s", "odd_module:Trainer", "cannot be called")]
        """,
    )
    registry = fresh()
    with pytest.raises(RunError, match=r"Trainer that has no 'train', which marl\.algorithm\.Algorithm asks for; did"):
        registry.make(ALGORITHMS, "odd/a")
    with pytest.raises(RunError, match="made a Trainer that cannot be called"):
        registry.make(METASOLVERS, "odd/s")

"""Plugins that add hooks of their own, and plugins that implement them."""

from __future__ import annotations

import pytest

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

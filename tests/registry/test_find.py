"""Names: qualified, short, ambiguous, unknown; and targets that cannot be loaded."""

from __future__ import annotations

import pytest

from marl.errors import RunError, UserError
from marl.registry import POLICIES, Descriptor


def bots(*names: str, target: str = "nowhere:Bot") -> str:
    listed = ", ".join(f"Descriptor({name!r}, {target!r}, 'a bot')" for name in names)
    return f"\n@hookimpl\ndef marl_policies():\n    return [{listed}]\n"


def message(registry, name, kind="policies"):
    with pytest.raises(UserError) as caught:
        registry.find(kind, name)
    return str(caught.value)


def test_a_short_name_works_while_it_is_unambiguous(install, fresh):
    install("one", bots("alpha", "beta"))
    install("two", bots("beta"))
    registry = fresh()
    assert registry.find(POLICIES, "alpha").full_name == "one/alpha"
    assert registry.find(POLICIES, "two/beta").full_name == "two/beta"
    text = message(registry, "beta")
    assert "ambiguous" in text and "one/beta" in text and "two/beta" in text


def test_the_core_keeps_its_short_names(install, fresh):
    install("one", bots("random"))
    registry = fresh()
    assert registry.find(POLICIES, "random").full_name == "marl/random"
    assert registry.find(POLICIES, "one/random").full_name == "one/random"


def test_an_unknown_name_gets_the_closest_one(install, fresh):
    install("one", bots("minimax"))
    registry = fresh()
    assert "unknown policy 'minmax'; did you mean 'minimax'?" in message(registry, "minmax")
    assert "unknown policy 'one/minmax'; did you mean 'one/minimax'?" in message(registry, "one/minmax")
    text = message(registry, "three/minimax")
    assert text == "unknown policy 'three/minimax': no plugin 'three' is installed; did you mean 'one/minimax'?"
    assert message(registry, "three/zzz") == "unknown policy 'three/zzz': no plugin 'three' is installed"
    assert "no loaded plugin has the kind 'polices'; did you mean 'policies'?" in message(registry, "x", "polices")


def test_a_plugin_that_is_not_ok_is_pointed_to(install, fresh, monkeypatch):
    install("bad", "1 / 0")
    install("off", bots("x"))
    monkeypatch.setenv("MARL_DISABLE", "off")
    registry = fresh()
    cause = "unknown policy 'bad/thing': plugin 'bad' is broken (see `marl plugins info bad`)"
    assert message(registry, "bad/thing") == cause
    assert "unknown policy 'off/x': plugin 'off' is disabled (`marl plugins enable off` brings it back)" in message(
        registry, "off/x"
    )
    text = message(registry, "anything")
    assert "'bad' is broken" in text and text.index("'bad' is broken") < text.index("known:")


def test_a_name_of_another_kind_is_told_apart(install, fresh):
    install("ace", bots("greedy") + "\n@hookimpl\ndef marl_algorithms():\n    return [Descriptor('q', 'm:Q', 'q')]\n")
    registry = fresh()
    sentence = "'ace/greedy' is a policy, not an algorithm; algorithms: "
    for name in ("ace/greedy", "greedy"):
        text = message(registry, name, "algorithms")
        assert text.startswith(sentence) and "ace/q" in text
    assert "'ace/q' is an algorithm, not a policy; policies: " in message(registry, "ace/q")


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("lost_package.core:Bot", "No module named 'lost_package'"),
        ("lazy_module:Missing", "has no attribute 'Missing'"),
        ("raising:Bot", "RuntimeError: no GPU here"),
        ("leaving:Bot", "SystemExit: 4"),
    ],
)
def test_a_target_that_cannot_be_loaded(target, cause, install, fresh):
    site = install("lazy", bots("bot", target=target))
    (site / "raising.py").write_text("raise RuntimeError('no GPU here')")
    (site / "leaving.py").write_text("raise SystemExit(4)")
    registry = fresh()
    plugin = registry.plugin("lazy")
    assert plugin.state == "ok"
    with pytest.raises(UserError) as caught:
        registry.make(POLICIES, "lazy/bot")
    text = str(caught.value)
    for part in ("'lazy/bot'", "plugin 'lazy' of dist-lazy 1.2", target, cause, "marl plugins check lazy"):
        assert part in text
    assert "Traceback" not in text
    assert "Traceback" in plugin.failures[target]


def test_what_a_target_raises_when_called_is_a_sentence(install, fresh):
    install("lazy", bots("bot", target="lazy_module:make") + "\ndef make(how):\n    raise how('seven')\n")
    registry = fresh()
    with pytest.raises(UserError, match="lazy/bot refuses its parameters: seven"):
        registry.make(POLICIES, "bot", {}, how=ValueError)
    with pytest.raises(
        RunError, match=r"plugin 'lazy' of dist-lazy 1.2\) failed \(lazy_module.py, line \d+\): OSError: seven"
    ):
        registry.make(POLICIES, "bot", {}, how=OSError)
    with pytest.raises(RunError, match="TypeError"):
        registry.make(POLICIES, "bot")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a/b", "m:x", "s"), "no plugin name"),
        (("a b", "m:x", "s"), "use letters"),
        (("a", "m", "s"), "'package.module:attribute'"),
        (("a", "m:x y", "s"), "'package.module:attribute'"),
        (("a", "m:x", ""), "one line"),
        (("a", "m:x", "two\nlines"), "one line"),
        (("a", "m:x", "s", 3), "params is a dataclass"),
        (("a", "m:x", "s", int), "params is a dataclass"),
        (("a", 3, "s"), "is text"),
    ],
)
def test_a_malformed_descriptor_says_what_is_wrong(arguments, expected):
    with pytest.raises((ValueError, TypeError), match=expected):
        Descriptor(*arguments)

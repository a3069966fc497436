"""A hook waits for no guest who never comes: somebody uses what it brings, somebody brings it, and a page says so."""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path

import pytest

from league import hookspecs
from marl.registry import specs
from marl.registry.kind import Kind

ROOT = Path(__file__).parents[2]
if not (ROOT / "plugins").is_dir():
    pytest.skip("the sources are looked at in a checkout", allow_module_level=True)
HOOKS = {
    name: module
    for module in (specs, hookspecs)
    for name in vars(module)
    if hasattr(getattr(module, name), "marl_spec")
}
KINDS = {name: hook for hook in HOOKS if (name := hook.partition("_")[2]) != "addhooks"}
DECLARE = {"specs.py", "kind.py", "hookspecs.py", "uses.py"}


def text(*folders: str, leave_out: Set[str] = frozenset()) -> str:
    """All Python code below these folders, without the docstrings of their modules."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")) if file.name not in leave_out]
    return "\n".join(file.read_text() for file in files)


@pytest.fixture(scope="module")
def users():
    return text("marl", "league", leave_out=DECLARE)


@pytest.fixture(scope="module")
def bringers():
    templates = "\n".join(file.read_text() for file in (ROOT / "marl/cli/plugins/templates").glob("*.txt"))
    pages = "\n".join(file.read_text() for file in (ROOT / "docs").glob("*.md"))  # their code is run by tests/docs
    packages = [str(path.relative_to(ROOT)) for path in (ROOT / "plugins").glob("marl-*/marl_*")]
    return text(*packages, "league") + (ROOT / "marl/builtin.py").read_text() + templates + pages


@pytest.mark.parametrize("kind", KINDS)
def test_something_uses_what_it_brings(kind, users):
    token = re.escape(kind.upper())
    makes = rf"\b(make|find|all|describe|validate)\(\s*(registry, )?(\w+\.)?({token}|\"{kind}\")\b"
    assert re.search(makes, users) or re.search(rf"\b(component|rest)\(\s*\"{kind}\"", users), f"nobody uses {kind}"


@pytest.mark.parametrize("hook", HOOKS)
def test_somebody_brings_it(hook, bringers):
    assert re.search(rf"@hookimpl\ndef {hook}\(", bringers), f"nobody implements {hook}: it has no example"


@pytest.mark.parametrize("kind", KINDS)
def test_its_interface_and_the_page_are_there(kind):
    token = {one.name: one for module in (specs, hookspecs) for one in vars(module).values() if isinstance(one, Kind)}
    from marl.registry import kind as declared

    token |= {one.name: one for one in vars(declared).values() if isinstance(one, Kind)}
    assert kind in token, f"{kind} has no typed token"
    assert f"`{KINDS[kind]}`" in (ROOT / "docs/plugins.md").read_text()

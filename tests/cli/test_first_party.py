"""Every plugin of this repository passes `marl plugins check`: quickly here, and all of it in a slow test."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("marl_classic", reason="things are tried in its games")
pytest.importorskip("marl_rllib", reason="things are tried with its algorithms")

from marl.cli.check import Finding, check_plugin
from marl.registry import ENVIRONMENTS, load_registry

FOLDERS = {path.name for path in (Path(__file__).parents[2] / "plugins").glob("marl-*")}
OURS = sorted(
    plugin.name
    for plugin in load_registry().plugins
    if plugin.state == "ok" and plugin.distribution in FOLDERS | {"marl-league"} and not plugin.place
)
KNOWN: dict[str, str] = {}  # warnings that are no fault, by subject and check


def found(name: str, quick: bool) -> Iterator[Finding]:
    registry = load_registry()
    with contextlib.redirect_stderr(io.StringIO()):
        yield from check_plugin(registry, registry.plugin(name), conformance=False, quick=quick)


def told(findings: list[Finding]) -> list[str]:
    return [f"{one.subject} {one.check}: {one.message}" for one in findings if one.status in ("fail", "warn")]


@pytest.mark.parametrize("name", OURS)
def test_it_passes(name):
    findings = list(found(name, quick=True))
    wrong = [said for said in told(findings) if said.partition(": ")[0] not in KNOWN]
    assert not wrong, "\n".join(wrong)
    checked = {one.subject for one in findings if one.status == "pass"}
    plugin = load_registry().plugin(name)
    assert all(any(one.full_name in subject for subject in checked) for one in plugin.descriptors)


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_it_passes_in_full(name):
    wrong = [said for said in told(list(found(name, quick=False))) if said.partition(": ")[0] not in KNOWN]
    assert not wrong, "\n".join(wrong)


def test_environments_are_played_by_tests_of_their_own():
    """Conformance takes longest, and is a case for each check there."""
    for name in OURS:
        if any(one.kind == ENVIRONMENTS.name for one in load_registry().plugin(name).descriptors):
            tests = Path(__file__).parents[2] / "plugins" / f"marl-{name}" / "tests"
            assert any(
                "check_environment" in file.read_text() or "conformance_tests" in file.read_text()
                for file in tests.glob("test_*.py")
            ), f"{name} has no conformance tests"

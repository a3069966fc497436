"""The conformance checks as cases of pytest: `pytest --marl nim`, or `marl = ["nim"]` in `[tool.pytest.ini_options]`.

A case for each check of each environment, `marl::nim/nim[determinism]`, and one for each other thing that the plugin
brings, `marl::nim/expert (policy)`; all have the mark `marl`. Found by pytest where `marl` is installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from marl.registry import Descriptor, Plugin, Registry

Outcome = tuple[str, str]  # a status, and what there is to say


class Broken(Exception):
    """What a check found."""


class Case(pytest.Item):
    """One check of one thing."""

    def __init__(self, *, look: Callable[[], list[Outcome]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.look = look
        self.add_marker("marl")

    def runtest(self) -> None:
        """Fails with what was found, skips where nothing applies; warnings are pytest's."""
        found = self.look()
        if failed := [said for status, said in found if status == "fail"]:
            raise Broken("\n".join(failed))
        for status, said in found:
            if status == "warn":
                warnings.warn(said, stacklevel=1)
        if found and all(status == "skip" for status, _ in found):
            pytest.skip(found[0][1])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was found is a sentence; anything else is shown as pytest shows it."""
        return str(excinfo.value) if isinstance(excinfo.value, Broken) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it is: nowhere in a file."""
        return self.path, None, self.name


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--marl PLUGIN`, and `marl` in the configuration."""
    said = "check a plugin of marl, or PLUGIN/NAME, with a case for each check"
    parser.getgroup("marl").addoption("--marl", action="append", default=[], metavar="PLUGIN", help=said)
    parser.addini("marl", said, type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """The mark of the cases."""
    config.addinivalue_line("markers", "marl: a conformance check of something that a plugin of marl brings")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the cases, before `-k` and `-m` choose among all."""
    names = dict.fromkeys([*config.getoption("marl"), *config.getini("marl")])
    if not names:
        return
    from marl.errors import UserError
    from marl.registry import load_registry

    registry = load_registry()
    for name in names:
        plugin, _, thing = name.partition("/")
        try:
            found = registry.plugin(plugin)
        except UserError as error:
            raise pytest.UsageError(f"--marl {name}: {error}") from error
        for case, look in _cases(registry, found, thing):
            items.append(Case.from_parent(session, name=case, nodeid=f"marl::{case}", look=look))


def _cases(registry: Registry, plugin: Plugin, thing: str) -> Iterator[tuple[str, Callable[[], list[Outcome]]]]:
    from marl.registry.descriptor import singular
    from marl.testing import CHECKS

    yield plugin.name, partial(_findings, registry, plugin, None)
    for one in plugin.descriptors:
        if thing in ("", one.name):
            yield f"{one.full_name} ({singular(one.kind)})", partial(_findings, registry, plugin, one)
            if one.kind == "environments" and not _needed(registry, one):
                subject = _subject(registry, one)
                yield from ((f"{one.full_name}[{check}]", partial(_checked, subject, check)) for check in CHECKS)


def _findings(registry: Registry, plugin: Plugin, one: Descriptor | None) -> list[Outcome]:
    """What `marl plugins check` finds beside the conformance of environments, of one thing or (None) of the plugin."""
    from marl.cli.check import check_plugin
    from marl.testing import CHECKS

    subject = plugin.name if one is None else f"{one.full_name} ("
    found: list[Outcome] = []
    for finding in check_plugin(registry, plugin, "-" if one is None else one.name, conformance=False):
        if finding.subject.startswith(subject) and finding.check not in CHECKS:
            hint = f" ({finding.hint})" if finding.hint else ""
            found.append((finding.status, f"{finding.subject}: {finding.check}: {finding.message}{hint}"))
    return found


def _checked(subject: Callable[[], Any], check: str) -> list[Outcome]:
    from marl.testing.conformance import run_checks

    result = run_checks(subject(), [check])[check]
    return [(result.status, result.message if result.status == "skip" else result.text())]


def _subject(registry: Registry, one: Descriptor) -> Callable[[], Any]:
    from marl.registry import ENVIRONMENTS
    from marl.testing.subject import Subject

    @cache
    def subject() -> Subject:
        chance = True if "chance" in one.tags else None
        return Subject(lambda lanes: registry.make(ENVIRONMENTS, one.full_name, lanes=lanes), chance=chance)

    return subject


def _needed(registry: Registry, one: Descriptor) -> bool:
    """Whether its defaults do not make it: `_findings` says so."""
    from marl.errors import UserError

    try:
        registry.validate(one.kind, one.full_name, {})
    except UserError:
        return True
    return False

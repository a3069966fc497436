"""The three ways to run the checks: a function, pytest, and a whole plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Protocol

from marl.errors import UserError, suggestion
from marl.testing.checks import CHECKS
from marl.testing.report import Report, Result
from marl.testing.subject import Factory, Reference, Subject


def check_environment(
    factory: Factory,
    *,
    seed: int = 0,
    matches: int = 5,
    ticks: int = 150,
    reference: Reference | None = None,
    chance: bool | None = None,
    only: Iterable[str] | None = None,
) -> Report:
    """Check an environment against the contract of `marl.env`.

    `factory(lanes)` makes it. `matches` (3 at least) are played, each for `ticks` at most. `reference` is another
    environment of the same game. `chance` says whether the seed should matter (None: not known). `only` names the
    checks to run. Raises UserError for a check that there is not.
    """
    subject = Subject(factory, seed, max(3, matches), ticks, reference, chance)
    return run_checks(subject, CHECKS if only is None else only)


def run_checks(subject: Subject, names: Iterable[str]) -> Report:
    """Run checks by name; when the environment cannot even be played, the others are skipped."""
    names = list(names)
    for name in names:
        if name not in CHECKS:
            raise UserError(f"there is no check {name!r}{suggestion(name, CHECKS)}")
    results: list[Result] = []
    playable = CHECKS["plays"](subject)
    for name in names:
        if name == "plays" or (playable.status == "fail" and not results):
            results.append(playable)
        elif playable.status == "fail":
            results.append(Result(name, "skip", "not run, because the environment cannot be played"))
        else:
            results.append(CHECKS[name](subject))
    return Report(tuple(results))


def conformance_tests(
    environments: Mapping[str, Factory],
    *,
    only: Iterable[str] | None = None,
    references: Mapping[str, Reference] | None = None,
    **options: Any,
) -> Callable[..., None]:
    """A pytest test, one case for each environment and check: `test_conformance = conformance_tests({"kuhn": kuhn})`.

    `references` are by the environments' names; `options` are those of `check_environment`. Warnings become pytest
    warnings, checks that do not apply are skipped.
    """
    import warnings

    import pytest

    @cache
    def subject(name: str) -> Subject:
        return Subject(environments[name], reference=(references or {}).get(name), **options)

    names = list(CHECKS if only is None else only)
    cases = [pytest.param(env, check, id=f"{env}-{check}") for env in environments for check in names]

    @pytest.mark.parametrize(("environment", "check"), cases)
    def test_conformance(environment: str, check: str) -> None:
        result = run_checks(subject(environment), [check]).results[0]
        if result.status == "skip":
            pytest.skip(result.message)
        if result.status == "warn":
            warnings.warn(result.text(), stacklevel=1)
        assert result.status != "fail", result.text()

    return test_conformance


class Named(Protocol):
    """What `check_plugin` needs of a descriptor."""

    name: str
    plugin: str
    tags: tuple[str, ...]


class Registered(Protocol):
    """What `check_plugin` needs of a registry."""

    def all(self, kind: str, /) -> Iterable[Any]: ...

    def make(self, kind: str, name: str, params: Mapping[str, Any], /, **extra: Any) -> Any: ...


def check_plugin(
    registry: Registered, plugin: str, *, only: Iterable[str] | None = None, **options: Any
) -> list[tuple[Any, Report]]:
    """Check every environment of a plugin with its default parameters; descriptors with their reports, in order.

    A descriptor with the tag "chance" promises that seeds matter.
    """
    checked: list[tuple[Any, Report]] = []
    for descriptor in registry.all("environments"):
        if descriptor.plugin != plugin:
            continue
        name = f"{descriptor.plugin}/{descriptor.name}"

        def factory(lanes: int, name: str = name) -> Any:
            return registry.make("environments", name, {}, lanes=lanes)

        chance = True if "chance" in descriptor.tags else None
        checked.append((descriptor, check_environment(factory, chance=chance, only=only, **options)))
    return checked

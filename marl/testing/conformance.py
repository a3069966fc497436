"""Two ways to run the checks: a function, and pytest. (`marl plugins check` calls the function.)"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from marl.errors import UserError, suggestion
from marl.testing.checks import CHECKS, FIRST
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
    checks to run. Raises UserError for fewer matches, and for a check that there is not.
    """
    subject = Subject(factory, seed, matches, ticks, reference, chance)
    return run_checks(subject, CHECKS if only is None else only)


def run_checks(subject: Subject, names: Iterable[str]) -> Report:
    """Run checks by name. When the environment cannot be played, that comes first and most others are skipped."""
    names = list(names)
    for name in names:
        if name not in CHECKS:
            raise UserError(f"there is no check {name!r}{suggestion(name, CHECKS)}")
    plays = CHECKS["plays"](subject)
    if plays.status != "fail":
        return Report(tuple(plays if name == "plays" else CHECKS[name](subject) for name in names))
    results = [plays]
    for name in names:
        if name in FIRST and _made(subject):
            results += [] if name == "plays" else [CHECKS[name](subject)]
        elif name != "plays":
            results.append(Result(name, "skip", "not run, because the environment cannot be played: see 'plays'"))
    return Report(tuple(results))


def _made(subject: Subject) -> bool:
    try:
        return bool(subject.main.calls)
    except Exception:
        return False


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
        return Subject(environments[name], reference=known.get(name), **options)

    known = dict(references or {})
    names = list(CHECKS if only is None else only)
    cases = [
        pytest.param(env, check, id=f"{env}-{check}")
        for env in environments
        for check in names
        if check != "reference" or env in known
    ]

    @pytest.mark.parametrize(("environment", "check"), cases)
    def test_conformance(environment: str, check: str) -> None:
        result = run_checks(subject(environment), [check])[check]
        if result.status == "skip":
            pytest.skip(result.message)
        if result.status == "warn":
            warnings.warn(result.text(), stacklevel=1)
        assert result.status != "fail", result.text()

    return test_conformance

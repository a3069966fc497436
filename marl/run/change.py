"""Changing a run that is there already: the keys that may change, checked before anything is written."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from marl.errors import UserError
from marl.registry import Registry
from marl.run import journal
from marl.run.rules import Rules, rules
from marl.scenario import FILE, Scenario, load_run, load_scenario
from marl.scenario.compare import Difference, differing
from marl.scenario.overrides import split


def changed(run: Path, overrides: Sequence[str], registry: Registry) -> Scenario:
    """The scenario with which to go on with a run: as it stands in its directory, with `key=value` overrides.

    Raises UserError where a key has changed, by an override or by hand, that stays as it was when the run began.
    """
    before = load_run(run, registry)
    known, given = rules(before.config), [".".join(path) for path, _ in map(split, overrides)]
    if "kind" in given:
        raise UserError(f"kind cannot change: {run} is of kind {before.kind!r}, and stays of it")
    scenario = load_scenario(run / FILE, list(overrides), registry)
    if wrong := _fixed(journal.edits(run), known):
        one, reason = wrong
        raise UserError(
            f"{run / FILE} was edited by hand: {one.key} cannot change, {reason}; it was {one.pair[0]!r}: put that back"
        )
    others = [one for one in differing(journal.written(run), scenario.text) if not one.is_new or _named(one, given)]
    if wrong := _fixed(others, known):
        one, reason = wrong
        anew = shlex.join(["marl", "run", str(run / FILE), *overrides])
        raise UserError(f"{one.key} cannot change, {reason}; start a run of its own: `{anew} --out DIR`")
    return scenario


def _fixed(found: Iterable[Difference], known: Rules) -> tuple[Difference, str] | None:
    """The first key that may not change, and why."""
    for one in found:
        if reason := known.against(one.key):
            return one, reason
    return None


def _named(one: Difference, given: Sequence[str]) -> bool:
    """Whether an override sets this key or something below it; a key may be new only as a newer plugin has it."""
    key = one.key.replace("[", ".").replace("]", "")
    return any(f"{name}.".startswith(f"{key}.") or f"{key}.".startswith(f"{name}.") for name in given)

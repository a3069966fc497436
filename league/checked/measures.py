"""The measures that a league takes: made from its scenario, checked, and asked after every iteration."""

from __future__ import annotations

import math
import numbers
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from league.config import Bound, LeagueConfig
from league.descriptors.measures import WHERE_EXACT
from league.hookspecs import MEASURES
from league.measures.measure import InParts, Measure, Needing
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import Component, Registry, blamed, wrong

_ZERO = 1e-9  # what rounding leaves of a number that cannot become less
_RIGHT = "a league.measures.Value of finite numbers with low <= value <= high, or None"


@dataclass(frozen=True)
class Taken:
    """A measure of a league, made of `component`. `bound`: where it ends the league. `subject`: what sentences call it.

    `bare`: the scenario gives the bound as a number alone.
    """

    name: str
    subject: str
    measure: Measure
    bound: Bound
    component: Component
    bare: bool = False

    def parts(self, view: LeagueView) -> list[Any] | None:
        """What workers have to do for it now; None where there is nothing to be done."""
        if not isinstance(self.measure, InParts):
            return None
        call, right = "parts(view)", "a list of parts that can be pickled, or None"
        with blamed(self.subject, call, right):
            given = self.measure.parts(view)
            parts = None if given is None else list(given)
            pickle.dumps(parts)
        return parts

    def value(self, view: LeagueView, services: LeagueServices, found: Sequence[Any] | None) -> Value | None:
        """Its value now, checked; `found`: what came of its parts, None where it has none.

        Raises RunError, naming the plugin, where it fails or gives something else.
        """
        if not isinstance(self.measure, InParts):
            call, asked = "measure(view, services)", partial(self.measure.measure, view, services)
        elif found is None:
            return None
        else:
            call, asked = "value(view, found)", partial(self.measure.value, view, found)
        with blamed(self.subject, call, _RIGHT):
            value = asked()
        if value is not None and not _sound(value):
            raise wrong(self.subject, call, value, _RIGHT)
        return value

    def reason(self, value: Value | None) -> str:
        """Why this value ends the league, in words, or "": the whole interval is beyond the bound."""
        side = self.bound.met(value)
        return f"{self.measure.about.title} is {side} {getattr(self.bound, side):g}" if side else ""

    def beyond(self, value: Value | None) -> str:
        """The override with which the league would go on from a value that ended it, or ""."""
        side = self.bound.met(value)
        if value is None or not side:
            return ""
        if side == "below":
            farther = value.value / 4 if value.value > 0 else value.value - 1
            least = self.measure.about.least
            if least is not None and value.value - least < _ZERO:
                return ""  # it cannot become less
            return f"stop.{self.name}{'' if self.bare else '.below'}={farther:.1g}"
        farther = 2 * value.value if value.value > 0 else value.value + 1
        return f"stop.{self.name}{'' if self.bare else '.above'}={farther:.2g}"

    def silence(self, values: Sequence[Value | None]) -> str:
        """What to say where no value could ever have ended the league that should stop on it, or ""."""
        if self.bound == Bound() or not values:
            return ""
        asked = f"stop.{self.name}: {self.name} was asked for {'once' if len(values) == 1 else f'{len(values)} times'}"
        if all(value is None for value in values):
            return f"{asked} and never came, so it could not stop the league"
        if all(value is None or value.low is None for value in values):
            return f"{asked} and never came with an interval, so it could not stop the league"
        return ""


@dataclass(frozen=True)
class Measures:
    """All that a league measures, in the order of its scenario; the first is its headline."""

    taken: tuple[Taken, ...] = ()

    def __iter__(self) -> Iterator[Taken]:
        return iter(self.taken)

    @property
    def first(self) -> Taken | None:
        """The headline."""
        return self.taken[0] if self.taken else None

    @property
    def abouts(self) -> dict[str, About]:
        """What people read of each, by name."""
        return {one.name: one.measure.about for one in self.taken}

    def silent(self, iterations: Sequence[Mapping[str, Value]]) -> list[str]:
        """What to say of measures that the league should stop on, and that never came in these iterations."""
        said = (one.silence([values.get(one.name) for values in iterations]) for one in self.taken)
        return [sentence for sentence in said if sentence]

    def reason(self, values: Mapping[str, Value]) -> str:
        """Why these values end the league, or ""."""
        return next((reason for one in self.taken if (reason := one.reason(values.get(one.name)))), "")


def work(component: Component, part: Any, registry: Registry, services: LeagueServices) -> Any:
    """Do a part of a measure. Raises RunError, naming the plugin, where it fails, or gives what cannot travel."""
    call, subject = "work(part, services)", registry.describe(MEASURES, component.name)
    measure = registry.make(MEASURES, component.name, component.params)
    assert isinstance(measure, InParts), "its parts were asked for"
    with blamed(subject, call, "what can be pickled"):
        found = measure.work(part, services)
        pickle.dumps(found)
    return found


def measures(config: LeagueConfig, registry: Registry, services: LeagueServices, exact: bool) -> Measures:
    """The measures that a scenario names, and those that it stops on. `exact`: whether payoffs are.

    Raises UserError where one cannot be taken of this league, or would never stop it.
    """
    default = [Component(name) for name in WHERE_EXACT if exact]
    asked = {registry.find(MEASURES, one.name).full_name: one for one in config.measures or ()}
    if len(asked) < len(config.measures or ()):
        raise UserError("measures: one of them stands there twice; each may be taken once")
    if config.measures is None:
        asked = {one.name: one for one in default}
    bounds: dict[str, float | Bound] = {}
    for name, bound in config.stop.measures.items():
        full = registry.find(MEASURES, name).full_name
        if full in bounds:
            raise UserError(f"stop: {full} stands there twice, as {name} too")
        bounds[full] = bound
        asked.setdefault(full, Component(full))
    return Measures(tuple(_taken(one, bounds.get(full, Bound()), registry, services) for full, one in asked.items()))


def _taken(component: Component, given: float | Bound, registry: Registry, services: LeagueServices) -> Taken:
    descriptor = registry.find(MEASURES, component.name)
    subject = registry.describe(MEASURES, component.name)
    made = registry.make(MEASURES, component.name, component.params)
    if not isinstance(made.about, About):
        raise wrong(subject, "about", made.about, "a league.measures.About")
    same = [one for one in registry.all(MEASURES) if one.name == descriptor.name]
    name = descriptor.name if len(same) == 1 else descriptor.full_name
    if isinstance(made, Needing):
        with blamed(subject, "needs(services)"):
            made.needs(services)
    bound, least = _bound(name, given, made.about), made.about.least
    if least is not None and bound.below is not None and bound.below < least:
        raise UserError(
            f"stop.{name}: {made.about.title} is never below {least:g}, so below: {bound.below:g} is no end"
        )
    return Taken(name, subject, made, bound, component, bare=not isinstance(given, Bound))


def _bound(name: str, given: float | Bound, about: About) -> Bound:
    """A bound that is a number alone lies where the measure gets better. Raises UserError where that is nowhere."""
    if isinstance(given, Bound):
        return given
    if about.better == "":
        raise UserError(
            f"stop.{name}: neither less nor more {about.title} is better; {{below: {given:g}}} or "
            f"{{above: {given:g}}} is right"
        )
    return Bound(above=given) if about.better == "more" else Bound(below=given)


def _sound(value: object) -> bool:
    if not isinstance(value, Value):
        return False
    parts = [part for part in (value.low, value.value, value.high) if part is not None]
    fits = all(isinstance(part, numbers.Real) and math.isfinite(part) for part in parts)
    return fits and (value.low is None) == (value.high is None) and parts == sorted(parts)

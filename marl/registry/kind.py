"""Kinds: typed tokens for what plugins bring, so that what the registry makes has a type.

    policy = registry.make(POLICIES, "marl/random", {}, spec=spec)  # a Policy, for people and type checkers

A hook `yours_things` makes the kind `things`; with `THINGS: Kind[Thing] = Kind("things", "your.module:Thing")` beside
the hook specification, the registry also holds what it makes to that interface.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from marl.errors import suggestion

if TYPE_CHECKING:
    from pathlib import Path

    from marl.algorithm import Algorithm
    from marl.curriculum import Curriculum
    from marl.drawer import Drawer
    from marl.env import Environment
    from marl.policy import Policy
    from marl.reward import Reward
    from marl.roster import Roster
    from marl.sink import Sink

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of thing. `name` is what its hook ends with ("environments"); `interface` is `"package.module:Protocol"`,
    or a union of several, of which one will do.

    The interface is imported when something of the kind is made. "" where what a target gives cannot be held to one.
    `trial` is `"package.module:function"`, which `marl plugins check` calls as `function(registry, full_name, params)`:
    it gives "", or why nothing could be tried, and raises RunError for what breaks a promise. One that has a parameter
    `quick` is given True where nothing is to be repeated.
    """

    name: str
    interface: str = ""
    trial: str = ""

    def __str__(self) -> str:
        return self.name

    def lacks(self, made: object) -> str:
        """What `made` lacks of the interface, as the end of a sentence; "" where it lacks nothing."""
        if not self.interface:
            return ""
        module, _, name = self.interface.partition(":")
        found = getattr(importlib.import_module(module), name)
        lacking = [[member for member in _members(one) if _no(made, member)] for one in get_args(found) or (found,)]
        missing = min(lacking, key=len)
        if not missing:
            return ""
        close = suggestion(missing[0], (name for name in dir(made) if not name.startswith("_")))
        near = close if close.startswith("; did you mean") else ""
        called = "cannot be called" if missing == ["__call__"] else f"has no {', '.join(map(repr, missing))}"
        return f"{called}, which {module}.{name} asks for{near}"


def _members(interface: Any) -> list[str]:
    """The methods and properties that a protocol asks for."""
    found = {
        name: None
        for base in reversed(interface.__mro__)
        if getattr(base, "_is_protocol", False)
        for name in (*vars(base), *getattr(base, "__annotations__", {}))
        if name == "__call__" or not name.startswith("_")
    }
    return list(found)


def _no(made: object, member: str) -> bool:
    return not (callable(made) if member == "__call__" else hasattr(made, member))


ENVIRONMENTS: Kind[Environment] = Kind("environments", "marl.env:Environment")
ALGORITHMS: Kind[Algorithm] = Kind("algorithms", "marl.algorithm:Algorithm")
REWARDS: Kind[Reward] = Kind("rewards", "marl.reward:Reward")
MODELS: Kind[Any] = Kind("models")
TEAM_MODELS: Kind[Any] = Kind("team_models", "marl.training.networks.team_model:TeamModel")
LOSSES: Kind[Any] = Kind("losses", "marl.training.auxiliary:AuxiliaryLoss")
CURRICULA: Kind[Curriculum] = Kind("curricula", "marl.curriculum:Curriculum")
POLICIES: Kind[Policy] = Kind("policies", "marl.policy:Policy")
RUNNERS: Kind[None] = Kind("runners")
ROSTERS: Kind[Roster] = Kind("rosters")
REPORTS: Kind[Path] = Kind("reports")
REPORT_SECTIONS: Kind[str] = Kind("report_sections")
SINKS: Kind[Sink] = Kind("sinks", "marl.sink:Sink", "marl.sinks.trial:tried")
DRAWERS: Kind[Drawer] = Kind("drawers", "marl.drawer:Drawer", "marl.drawers.trial:tried")
SCENARIOS: Kind[Path] = Kind("scenarios", trial="marl.scenario.trial:tried")
COMMANDS: Kind[Any] = Kind("commands")

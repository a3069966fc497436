"""What `marl plugins check` does to a plugin."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from marl.errors import RunError, UserError
from marl.registry import (
    ALGORITHMS,
    COMMANDS,
    CURRICULA,
    DRAWERS,
    ENVIRONMENTS,
    LOSSES,
    MODELS,
    POLICIES,
    REPORT_SECTIONS,
    REPORTS,
    REWARDS,
    ROSTERS,
    RUNNERS,
    SINKS,
    Descriptor,
    ParameterError,
    Plugin,
    Registry,
)
from marl.registry.descriptor import singular
from marl.registry.guard import did, watched

# Their targets are not what makes something, or need a run to work on.
_MADE_OTHERWISE = {
    *(kind.name for kind in (COMMANDS, RUNNERS, ROSTERS, REPORTS, REPORT_SECTIONS)),
    *(kind.name for kind in (ENVIRONMENTS, REWARDS, MODELS, DRAWERS, SINKS)),
    "payoff_sources",
}
_RUN = {
    ALGORITHMS.name: "trains",
    REWARDS.name: "pays",
    MODELS.name: "learns",
    LOSSES.name: "learns",
    "measures": "measures",
}  # and how
# some need data, or a game of their own, or what is not installed: no fault of theirs
_CHOOSY = {ALGORITHMS.name, SINKS.name, "strategies", "sandboxes"}
Status: TypeAlias = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check. `subject`: the plugin, or a descriptor's full name. `hint`: how to mend it."""

    plugin: str
    subject: str
    check: str
    status: Status
    message: str = ""
    hint: str = ""
    traceback: str = ""


def check_plugin(
    registry: Registry,
    plugin: Plugin,
    thing: str = "",
    params: Mapping[str, Any] | None = None,
    conformance: bool = True,
    quick: bool = False,
) -> Iterator[Finding]:
    """Check a plugin's state, its remarks, and each thing that it describes, or the `thing`s of that name alone.

    `params` are given to them in place of their defaults. Environments are played unless `conformance` is False.
    `quick`: algorithms train once, and what they learned plays; nothing is repeated.
    """
    if plugin.state != "ok":
        status: Status = "skip" if plugin.state == "disabled" else "fail"
        message = f"{plugin.state}: {plugin.error}"
        yield Finding(plugin.name, plugin.name, "loads", status, message, traceback=plugin.traceback)
        return
    yield Finding(plugin.name, plugin.name, "loads", "pass")
    if not plugin.api:
        hint = "add MARL_API = '>=2,<3' to the plugin's module"
        yield Finding(plugin.name, plugin.name, "hook API", "warn", "it declares no hook API range", hint)
    for note in plugin.notes:
        yield Finding(plugin.name, plugin.name, "hooks", "warn", note)
    for descriptor in plugin.descriptors:
        if thing in ("", descriptor.name):
            yield from _check(registry, plugin, descriptor, params or {}, conformance, quick)


def _check(
    registry: Registry,
    plugin: Plugin,
    descriptor: Descriptor,
    params: Mapping[str, Any],
    conformance: bool,
    quick: bool,
) -> Iterator[Finding]:
    subject = f"{descriptor.full_name} ({singular(descriptor.kind)})"
    try:
        target = registry.load(descriptor)
        if not callable(target):
            raise UserError(f"its target {descriptor.target} is {target!r:.60}, which cannot be called")
    except UserError as error:
        trace = plugin.failures.get(descriptor.target, "")
        yield Finding(plugin.name, subject, "target", "fail", str(error), traceback=trace)
        return
    yield Finding(plugin.name, subject, "target", "pass")
    try:
        needed = _check_params(registry, descriptor, params)
    except UserError as error:
        trace = plugin.failures.get(str(descriptor.params), "")
        if not params and _asks_for_some(error):
            hint = f"`marl plugins check {descriptor.full_name} KEY=VALUE` tries it with what you give it"
            message = f"it cannot be made by defaults alone: {error}"
            yield Finding(plugin.name, subject, "parameters", "skip", message, hint)
        else:
            yield Finding(plugin.name, subject, "parameters", "fail", str(error), traceback=trace)
        return
    yield Finding(plugin.name, subject, "parameters", "pass")
    if descriptor.kind == COMMANDS.name:
        yield from _check_command(registry, plugin, descriptor, subject)
    watching = partial(_watching, plugin, subject)
    if not needed and descriptor.kind not in _MADE_OTHERWISE:
        made = watching("made", lambda: [_check_made(registry, plugin, descriptor, subject, params)])
        yield from made
        if descriptor.kind == POLICIES.name and made[0].status == "pass":
            yield from watching("pace", lambda: [_check_pace(registry, plugin, descriptor, subject, params)])
    if registry.kinds[descriptor.kind].trial and not needed:
        yield from watching("trial", lambda: [_check_trial(registry, plugin, descriptor, subject, params, quick)])
    if descriptor.kind in _RUN:
        how = _RUN[descriptor.kind]
        yield from watching(how, lambda: [_check_run(registry, plugin, descriptor, subject, params, needed, quick)])
    if descriptor.kind != ENVIRONMENTS.name:
        return
    if needed:
        message = f"it cannot be made by defaults alone: it needs {', '.join(needed)}"
        hint = f"`marl plugins check {descriptor.full_name} {needed[0]}=...` plays it with what you give it"
        yield Finding(plugin.name, subject, "conformance", "skip", message, hint)
    elif conformance:
        found = watching("conformance", lambda: list(_conformance(registry, plugin, descriptor, subject, params)))
        yield from found


def _asks_for_some(error: UserError) -> bool:
    """Whether parameters refuse their defaults, by a sentence that is about none of them alone: "either a or b"."""
    return isinstance(error, ParameterError) and not error.path and isinstance(error.__cause__, ValueError)


def _watching(plugin: Plugin, subject: str, check: str, tried: Callable[[], list[Finding]]) -> list[Finding]:
    """What a trial finds; or what it was not ready for: that it does not end, or would have ended the process."""
    try:
        with watched(plugin.name):
            return tried()
    except BaseException as error:  # no Ctrl-C: `did` raises that on
        return [Finding(plugin.name, subject, check, "fail", f"it {did(error)}", traceback=traceback.format_exc())]


def _check_command(registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str) -> Iterator[Finding]:
    from marl.cli.app import OWN
    from marl.cli.merge import imported

    if descriptor.name in {own.name for own in OWN}:
        message = f"the command {descriptor.name!r} is marl's own, so this one is `marl {descriptor.full_name}`"
        yield Finding(plugin.name, subject, "name", "warn", message, "choose another name")
    try:
        imported(registry, descriptor)
    except (UserError, RunError) as error:
        yield Finding(plugin.name, subject, "command", "fail", str(error), traceback=_cause(error))


def _check_trial(
    registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str, params: Mapping[str, Any], quick: bool
) -> Finding:
    """Whether it keeps what its kind promises, by the trial that the kind names."""
    finding = partial(Finding, plugin.name, subject, "trial")
    module, _, name = registry.kinds[descriptor.kind].trial.partition(":")
    try:
        trial = getattr(importlib.import_module(module), name)
        more = {"quick": True} if quick and "quick" in inspect.signature(trial).parameters else {}
        refused = trial(registry, descriptor.full_name, params, **more)
    except (UserError, RunError) as error:
        return finding("fail", str(error), traceback=_cause(error))
    status: Status = "skip" if descriptor.kind in _CHOOSY else "warn"
    return finding(status, f"nothing could be tried: {refused}") if refused else finding("pass")


def _check_run(
    registry: Registry,
    plugin: Plugin,
    descriptor: Descriptor,
    subject: str,
    params: Mapping[str, Any],
    needed: list[str],
    quick: bool,
) -> Finding:
    """Whether it does its work: an algorithm trains and a reward pays in small games, a model and a loss learn, a
    measure is taken."""
    finding = partial(Finding, plugin.name, subject, _RUN[descriptor.kind])
    if needed:
        hint = f"`marl plugins check {descriptor.full_name} {needed[0]}=...` tries it with what you give it"
        return finding("skip", f"it cannot be made by defaults alone: it needs {', '.join(needed)}", hint)
    from marl.cli.check_runs import Doubtful

    tried: Callable[..., str]
    try:
        if descriptor.kind == REWARDS.name:
            from marl.cli import check_rewards

            tried = partial(check_rewards.played, quick=quick)
        elif descriptor.kind == ALGORITHMS.name:
            from marl.cli import check_algorithms

            tried = partial(check_algorithms.tried, quick=quick)
        else:
            from marl.cli import check_runs

            tried = partial(check_runs.tried, quick=quick)
        refused = tried(registry, descriptor, params)
    except ImportError as error:
        return finding("warn", f"it is used in training, which needs what is not installed: {error}")
    except Doubtful as error:
        return finding(
            "warn", str(error), f"with what does it learn? `marl plugins check {descriptor.full_name} lr=...`"
        )
    except (UserError, RunError) as error:
        return finding("fail", str(error), traceback=_cause(error))
    hint = "an environment in the same plugin, that it takes, is what it is tried on"
    status: Status = "skip" if descriptor.kind in _CHOOSY else "warn"
    return finding(status, f"nothing could be tried: {refused}", hint) if refused else finding("pass")


def _check_made(
    registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str, params: Mapping[str, Any]
) -> Finding:
    """Whether it makes something of its kind, where nobody but the host need give it anything."""
    finding = partial(Finding, plugin.name, subject, "made")
    extra = _extra(descriptor)
    given = {*registry.validate(descriptor.kind, descriptor.full_name, params), *extra}
    if unknown := [name for name in _needed(registry.load(descriptor)) if name not in given]:
        return finding("skip", f"the host gives it {', '.join(unknown)}")
    try:
        made = registry.make(registry.kinds[descriptor.kind], descriptor.full_name, params, **extra)
    except (UserError, RunError) as error:
        if descriptor.kind == POLICIES.name and isinstance(error, UserError):
            return finding("skip", f"not for matching pennies: {error}")
        return finding("fail", str(error), traceback=_cause(error))
    from marl.cli.check_curricula import practises
    from marl.cli.check_policies import claims, plays

    try:
        if descriptor.kind == POLICIES.name:
            plays(made)
            claims(made, descriptor.full_name)
        if descriptor.kind == CURRICULA.name:
            practises(descriptor, params)
    except (UserError, RunError) as error:
        return finding("fail", str(error), traceback=_cause(error))
    return finding("pass")


def _check_pace(
    registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str, params: Mapping[str, Any]
) -> Finding:
    """How long a policy takes for a move, and whether that is longer than one should that does not search."""
    from marl.cli.check_policies import SLOW, pace

    found = pace(registry.make(POLICIES, descriptor.full_name, params, **_extra(descriptor)))
    finding = partial(Finding, plugin.name, subject, "pace")
    if not found.slow:
        return finding("pass", str(found))
    hint = f"at most {SLOW} times is right for a policy that does not search: answer all rows of a call at once"
    return finding("warn", str(found), hint)


def _extra(descriptor: Descriptor) -> dict[str, Any]:
    """What the host adds to the parameters of things of this kind, as far as there is a stand-in."""
    if descriptor.kind == CURRICULA.name:
        from marl.testing.games.corridor import SPEC as TASKED

        return {"spec": TASKED}
    if descriptor.kind != POLICIES.name:
        return {}
    from marl.testing.games.pennies import SPEC

    return {"spec": SPEC}


def _needed(target: Any) -> list[str]:
    """The arguments that a target cannot be called without."""
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # a builtin says nothing of itself
        return []
    return [name for name, parameter in parameters.items() if _is_needed(parameter)]


def _is_needed(parameter: inspect.Parameter) -> bool:
    named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return named and parameter.default is parameter.empty


def _cause(error: BaseException) -> str:
    return "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""


def _check_params(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> list[str]:
    """Check that the parameters fit their own types, defaults too, and return those that are missing."""
    schema = registry.schema(descriptor)
    if schema is None and not params:
        return []
    fields = [field for field in dataclasses.fields(schema) if field.init] if schema else []
    missing = dataclasses.MISSING
    needed = [field.name for field in fields if field.default is missing and field.default_factory is missing]
    left = [name for name in needed if name not in params]
    if not left:
        filled = registry.validate(descriptor.kind, descriptor.full_name, params)
        registry.validate(descriptor.kind, descriptor.full_name, filled)
    return left


def _conformance(
    registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str, params: Mapping[str, Any]
) -> Iterator[Finding]:
    from marl.testing import check_environment

    def make(lanes: int) -> Any:
        return registry.make(ENVIRONMENTS, descriptor.full_name, params, lanes=lanes)

    try:
        report = check_environment(make, chance=True if "chance" in descriptor.tags else None)
    except Exception as error:
        message = f"the checks could not run: {type(error).__name__}: {error}"
        yield Finding(plugin.name, subject, "conformance", "fail", message, traceback=traceback.format_exc())
        return
    for result in report.results:
        again = f"To see it again: check_environment(..., seed={result.seed}, only=[{result.check!r}])"
        hint = f"{result.hint} {again}".strip() if result.status in ("fail", "warn") else ""
        yield Finding(plugin.name, subject, result.check, result.status, result.message, hint, result.traceback)
    if not any(result.status == "fail" for result in report.results):
        yield _played_long(registry, plugin, descriptor, subject, params)


def _played_long(
    registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str, params: Mapping[str, Any]
) -> Finding:
    from marl.cli.check_long import played_long

    finding = partial(Finding, plugin.name, subject, "plays on")
    try:
        played_long(registry, descriptor, params)
    except (UserError, RunError) as error:
        return finding("fail", str(error), traceback=_cause(error))
    return finding("pass")

"""Making PettingZoo environments, with errors that a person can act on."""

from __future__ import annotations

import importlib
import inspect
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import gymnasium
from pettingzoo.utils import conversions, wrappers
from pettingzoo.utils.env import AECEnv, ParallelEnv

from marl.errors import UserError, suggestion
from marl_pettingzoo.catalogue import Entry
from marl_pettingzoo.tuples import TupleEnvironment

_GUARDS = (
    wrappers.OrderEnforcingWrapper,
    wrappers.AssertOutOfBoundsWrapper,
    wrappers.ClipOutOfBoundsWrapper,
    wrappers.TerminateIllegalWrapper,
)


def resolve(target: str) -> Any:
    """What `"package.module:attribute"` names; raises UserError."""
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise UserError(f"target {target!r} should be 'package.module:constructor', such as 'mpe2.simple_v3:env'")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(module_name)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name and module_name.startswith(error.name)
        hint = "" if missing else _hint(module_name)
        raise UserError(f"{module_name!r} cannot be imported: {type(error).__name__}: {error}{hint}") from error
    found = getattr(module, attribute, None)
    if not callable(found):
        known = [name for name in ("parallel_env", "env", "raw_env") if hasattr(module, name)]
        raise UserError(f"the module {module_name!r} has no constructor {attribute!r}{suggestion(attribute, known)}")
    return found


def _hint(module: str) -> str:
    family = module.split(".")[1] if module.startswith("pettingzoo.") else ""
    return f"; what it needs may come with: pip install 'pettingzoo[{family}]'" if family else ""


def arguments(target: str, entry: Entry | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The constructor's arguments with its defaults filled in, where it tells them; raises UserError for wrong ones."""
    known = _signature(target, entry)
    if "render_mode" in given:
        raise UserError(f"leave 'render_mode' out of the parameters of {target}: marl draws matches itself")
    if known is None:
        return dict(given)
    for key, value in given.items():
        if key not in known:
            takes = ", ".join(f"{name} ({_said(each)})" for name, each in known.items()) or "none at all"
            close = suggestion(key, known)
            hint = f"{close} It" if "did you mean" in close else "; it"
            raise UserError(f"{target} has no parameter {key!r}{hint} takes {takes}")
        if not _fits(value, known[key]):
            wanted = _kind(known[key].default)
            raise UserError(f"parameter {key!r} of {target} is {wanted}, not {_kind(value)} {value!r}")
    return {**{key: each.default for key, each in known.items() if each.default is not each.empty}, **given}


def _signature(target: str, entry: Entry | None) -> dict[str, inspect.Parameter] | None:
    """The constructor's parameters, or None where nothing tells them (it takes `**kwargs`)."""
    constructor = resolve(target)
    module = importlib.import_module(target.partition(":")[0])
    sources = [constructor, getattr(module, "raw_env", None), getattr(module, "parallel_env", None)]
    if entry is not None and entry.arguments:
        sources = [resolve(entry.arguments)]
    for source in sources:
        if source is None:
            continue
        parameters = inspect.signature(source).parameters
        if not any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters.values()):
            return {name: each for name, each in parameters.items() if name not in ("render_mode", "randomizer")}
    return None


def _said(parameter: inspect.Parameter) -> str:
    return "needed" if parameter.default is parameter.empty else f"default {parameter.default!r}"


def _fits(value: Any, parameter: inspect.Parameter) -> bool:
    """Whether a value is of the kind of the default, where there is one that says something."""
    default, number = parameter.default, isinstance(value, (int, float)) and not isinstance(value, bool)
    if default is parameter.empty or default is None or value is None:
        return True
    if isinstance(default, float) or (type(default) is int and "float" in str(parameter.annotation)):
        return number
    if type(default) is int:
        return number and isinstance(value, int)
    return isinstance(value, type(default))


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a whole number", float: "a number", str: "text"}
    return names.get(type(value), f"a {type(value).__name__}")


def maker(target: str, entry: Entry | None, given: Mapping[str, Any]) -> Callable[[], Any]:
    """What makes the environment afresh; raises UserError where the constructor refuses."""
    constructor = resolve(target)
    options = dict(given)
    if entry is not None and entry.render_mode:
        options["render_mode"] = entry.render_mode

    def make() -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                env = constructor(**options)
        except Exception as error:
            shown = ", ".join(f"{key}={value!r}" for key, value in given.items())
            reason = str(error) or type(error).__name__
            raise UserError(f"{target} cannot be made with ({shown}): {reason}") from error
        if isinstance(env, gymnasium.Env):
            return TupleEnvironment(env, str(given.get("id", target)))
        if not isinstance(env, (AECEnv, ParallelEnv)):
            raise UserError(f"{target} makes a {type(env).__name__}, which is no PettingZoo environment")
        return env

    return make


def bare(env: Any) -> tuple[Any, bool, float]:
    """The environment to play, whether all agents act together, and what an illegal move costs its agent.

    Guards that only check actions are left off, because marl has checked them. Conversions are undone: those to the
    Parallel API assert strict cycles and observe twice, those to AEC show the second agent what is no longer so.
    """
    penalty = 0.0
    while True:
        if isinstance(env, wrappers.TerminateIllegalWrapper):
            penalty = float(env._illegal_value)
        if type(env) in _GUARDS or isinstance(env, conversions.parallel_to_aec_wrapper):
            env = env.env
        elif isinstance(env, conversions.aec_to_parallel_wrapper):
            inner, _, penalty = bare(env.aec_env)
            return inner, True, penalty
        elif isinstance(env, conversions.turn_based_aec_to_parallel_wrapper):
            return bare(env.aec_env)
        else:
            return env, isinstance(env, ParallelEnv), penalty

"""Environments that are registered with Gymnasium: `marl_gymnasium.environments:CartPole_v1` makes CartPole-v1.

Any other id: `any_environment`. An environment of your own that is not registered: `wrapped.GymnasiumEnvironment`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec, load_env_creator

from marl.errors import UserError, suggestion
from marl_gymnasium.catalogue import LISTED, listed
from marl_gymnasium.params import AnyParams, GymnasiumParams
from marl_gymnasium.wrapped import GymnasiumEnvironment

RENDER_MODES = ("ansi", "rgb_array")


def make(id: str, /, lanes: int, params: GymnasiumParams | None = None) -> GymnasiumEnvironment:
    """The environment called `id`; see `marl_gymnasium.params`.

    Raises UserError for ids, parameters and limits that make no environment, and where a package is missing.
    """
    params = params or GymnasiumParams()
    spec = _find(id)
    limit = _limit(spec, params.max_steps)
    given = _checked(spec, dict(params.parameters))

    def build() -> gymnasium.Env[Any, Any]:
        return gymnasium.make(spec, max_episode_steps=limit, disable_env_checker=True, **given)

    try:
        built = [build()]
    except Exception as error:
        raise _refused(spec.id, given, error) from error
    fresh = params.fresh or listed(spec.id).fresh
    return GymnasiumEnvironment(lambda: built.pop() if built else build(), lanes, limit, spec.id, fresh)


def any_environment(lanes: int, params: AnyParams | None = None) -> GymnasiumEnvironment:
    """The environment of any id that Gymnasium knows, or of `"module:Id-v0"`; see `make`."""
    params = params or AnyParams()
    return make(params.id, lanes, params)


def __getattr__(name: str) -> Callable[..., GymnasiumEnvironment]:
    for entry in LISTED:
        if entry.attribute == name:
            return partial(make, entry.id)
    raise AttributeError(name)


def _find(id: str) -> EnvSpec:
    """The registered spec. `module:` in front imports what registers it."""
    module, _, name = id.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except Exception as error:
            raise UserError(
                f"{module!r}, which should register {name!r} with Gymnasium, cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
    if name not in gymnasium.registry:
        raise UserError(f"Gymnasium has no environment {name!r}{suggestion(name, gymnasium.registry)}")
    return gymnasium.registry[name]


def _limit(spec: EnvSpec, max_steps: int | None) -> int:
    if max_steps is not None and max_steps < 1:
        raise UserError(f"max_steps is {max_steps}, but a match has 1 tick or more")
    limit = max_steps or spec.max_episode_steps or listed(spec.id).limit
    if limit is None:
        raise UserError(
            f"Gymnasium sets no limit on the length of {spec.id!r}, and a match needs one: give max_steps, such as 1000"
        )
    return limit


def _checked(spec: EnvSpec, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters, with a render mode where text can be had for nothing."""
    try:
        creator: Any = load_env_creator(spec.entry_point) if isinstance(spec.entry_point, str) else spec.entry_point
    except Exception as error:
        raise _refused(spec.id, parameters, error) from error
    known, anything = _arguments(creator)
    for key in parameters:
        if not anything and key not in known:
            takes = ", ".join(sorted(known - {"render_mode"})) or "none at all"
            close = suggestion(key, known)
            hint = f"{close} It" if "did you mean" in close else "; it"
            raise UserError(f"Gymnasium's {spec.id!r} has no parameter {key!r}{hint} takes {takes}")
    modes = getattr(creator, "metadata", {}).get("render_modes") or ()
    if "render_mode" not in parameters:
        return {**parameters, "render_mode": "ansi"} if "ansi" in modes and "render_mode" in known else parameters
    offered = [mode for mode in RENDER_MODES if mode in modes]
    if parameters["render_mode"] not in offered:
        raise UserError(
            f"render_mode of Gymnasium's {spec.id!r} can be {' or '.join(offered) or 'left out'} here, "
            f"not {parameters['render_mode']!r}"
        )
    return parameters


def _arguments(creator: Any) -> tuple[set[str], bool]:
    """The names of the parameters that a creator takes, and whether it takes any others."""
    try:
        arguments = inspect.signature(creator).parameters.values()
    except (TypeError, ValueError):
        return set(), True
    named = {each.name for each in arguments if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    return named, any(each.kind == each.VAR_KEYWORD for each in arguments)


def _refused(id: str, parameters: Mapping[str, Any], error: Exception) -> UserError:
    extra = listed(id).extra
    if isinstance(error, (ImportError, gymnasium.error.DependencyNotInstalled)):
        advice = f'; install it with: pip install "marl-gymnasium[{extra}]"' if extra else ""
        return UserError(f"Gymnasium's {id!r} needs a package that is missing{advice} (it said: {error})")
    shown = {key: value for key, value in parameters.items() if key != "render_mode"}
    given = f" with the parameters {shown}" if shown else ""
    return UserError(f"Gymnasium cannot make {id!r}{given}: {type(error).__name__}: {error}")

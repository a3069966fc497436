"""Environments for other processes, and for a second look at a match that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias, cast

from marl.algorithm import Services
from marl.arena.failure import EnvironmentFailed, explain
from marl.env import Environment
from marl.errors import UserError
from marl.registry import Component, load_registry

Maker: TypeAlias = Callable[[int], Environment]  # lanes -> an environment; it pickles


def maker(services: Services) -> Maker:
    """What makes the services' environments in another process.

    Services say which environment they lend by `env`, a Component, or by `make`, a function of the lanes that pickles.
    Raises UserError where they do neither.
    """
    env = _component(services)
    if env is not None:
        return partial(_registered, env.name, env.params)
    make = getattr(services, "make", None)
    if callable(make):
        return cast(Maker, make)
    raise UserError("the services do not say how to make their environment elsewhere: give them `env` or `make`")


@contextmanager
def explained(services: Services) -> Iterator[None]:
    """Where an environment raises: say in which match, and how to play it again."""
    try:
        yield
    except EnvironmentFailed as failure:
        env = _component(services)
        if env is None and not hasattr(services, "make"):
            raise
        named = None if env is None else {"name": env.name, "params": env.params}
        raise explain(failure, maker(services), named) from failure


def _component(services: Services) -> Component | None:
    env = getattr(services, "env", None)
    return env if isinstance(env, Component) else None


def _registered(name: str, params: Mapping[str, Any], lanes: int) -> Environment:
    return cast(Environment, load_registry().make("environments", name, params, lanes=lanes))

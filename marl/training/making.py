"""Environments for other processes, and for a second look at a match that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, TypeAlias, cast

from marl.algorithm import Services
from marl.arena import Failures, failure
from marl.arena.failure import EnvironmentFailed
from marl.compute import Compute
from marl.datasets import Dataset
from marl.env import Environment
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, Component, load_registry

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


def lender(services: Services | None) -> object:
    """Who lends them: services for different jobs of one run have the same `lender`, and so the same environment."""
    return getattr(services, "lender", services)


def limit(services: Services) -> Failures:
    """How many failures of the environment the services put up with: `failures`, where they have it; else none."""
    given = getattr(services, "failures", None)
    return given if isinstance(given, Failures) else Failures()


def compute(services: Services) -> Compute:
    """Where the services let work be done: `compute`, where they have it; else in this process."""
    given = getattr(services, "compute", None)
    return given if isinstance(given, Compute) else Compute()


def recorded(services: Services, id: str) -> Dataset:
    """The dataset of a job: `recorded`, where the services have that one. Raises UserError where they have not."""
    given = getattr(services, "recorded", None)
    if not isinstance(given, Dataset) or given.id != id:
        raise UserError(f"the job is about the dataset {id}, and that is not here")
    return given


def tell_void(services: Services, failed: EnvironmentFailed) -> None:
    """Say which matches are void, and how to play again what failed in them."""
    env = _component(services)
    named = None if env is None else {"name": env.name, "params": env.params}
    services.warn(failure.void(failed, maker(services), named, getattr(services, "reproductions", None)))


def explained(services: Services) -> AbstractContextManager[None]:
    """Where the services' environment raises in here: say in which match, and how to play it again."""
    env = _component(services)
    if env is None and not hasattr(services, "make"):
        return nullcontext()
    return failure.explained(maker(services), None if env is None else {"name": env.name, "params": env.params})


def _component(services: Services) -> Component | None:
    env = getattr(services, "env", None)
    return env if isinstance(env, Component) else None


def _registered(name: str, params: Mapping[str, Any], lanes: int) -> Environment:
    return load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)

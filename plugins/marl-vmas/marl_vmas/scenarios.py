"""Scenarios of VMAS: `marl_vmas.scenarios:balance` makes balance, `any_scenario` any other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import vmas

from marl.errors import UserError, suggestion
from marl_vmas.catalogue import LISTED
from marl_vmas.environment import VmasEnvironment
from marl_vmas.params import AnyParams, VmasParams


def make(name: str, /, lanes: int, params: VmasParams | None = None) -> VmasEnvironment:
    """The scenario of that name. Raises UserError where VMAS has none, or does not take its options."""
    return VmasEnvironment(name, lanes, params or VmasParams())


def any_scenario(lanes: int, params: AnyParams | None = None) -> VmasEnvironment:
    """The scenario that the parameters name; see `make`."""
    params = params or AnyParams()
    folders = {"": vmas.scenarios, "mpe/": vmas.mpe_scenarios, "debug/": vmas.debug_scenarios}
    known = [folder + name for folder, names in folders.items() for name in names]
    if params.scenario not in known:
        raise UserError(f"VMAS has no scenario {params.scenario!r}{suggestion(params.scenario, known)}")
    return make(params.scenario, lanes, params)


def __getattr__(name: str) -> Callable[..., VmasEnvironment]:
    if name in LISTED:
        return partial(make, name)
    raise AttributeError(name)

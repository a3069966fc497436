"""The solvers with networks by their names, with a sentence where torch is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from marl.errors import UserError
from marl_meanfield.deep.params import AverageParams, MunchausenParams, PPOParams
from marl_meanfield.solver import Solver


def deep_munchausen(params: MunchausenParams) -> Solver:
    """D-MOMD."""
    return _made("deep_munchausen", "DeepMunchausen", params)


def deep_average(params: AverageParams) -> Solver:
    """D-AFP."""
    return _made("deep_average", "DeepAverage", params)


def mean_field_ppo(params: PPOParams) -> Solver:
    """Mean-field PPO."""
    return _made("mean_field_ppo", "MeanFieldPPO", params)


def _made(module: str, name: str, params: Any) -> Solver:
    try:
        found = import_module(f"marl_meanfield.deep.{module}")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError(
            f"solver: meanfield/{module} has networks, and torch is not installed: pip install marl-meanfield[deep], "
            "or take an exact solver, such as meanfield/mirror_descent"
        ) from error
    made: Solver = getattr(found, name)(params)
    return made

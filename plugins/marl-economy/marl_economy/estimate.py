"""How elastic incomes are: what workers earn under rates that are drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.errors import UserError
from marl.registry import ENVIRONMENTS, POLICIES, Registry, load_registry
from marl.run.players import contestant, parameters
from marl.types import Floats
from marl_economy import saez, taxes
from marl_economy.playing import played
from marl_economy.society import WORKERS, Society


@dataclass(frozen=True)
class Estimate:
    """An elasticity, and the incomes `[n]` of a year that it was estimated from; brackets begin at `cutoffs[B]`."""

    elasticity: float
    incomes: Floats
    cutoffs: Floats

    @staticmethod
    def of(workers: str, env: str, matches: int, seed: int) -> Estimate:
        """Let workers, as people name players, play so many matches. Raises UserError where that tells nothing."""
        registry = load_registry()
        who = contestant(workers, registry)
        if env:
            place = society(env, matches, registry)
        elif who.env is not None:
            place = _made(registry, who.env.name, who.env.params, matches)
        else:
            raise UserError(f"{workers} plays in any economy: name one with --env, such as economy/labour")
        planner = registry.make(POLICIES, "marl/random", {}, spec=place.spec)
        player = who.player(registry, place.spec)
        policy = player.policies[int(np.argmax(player.weights[WORKERS]))]
        years = list(played(lambda lanes: place, planner, policy, matches, seed))
        cutoffs = place.cutoffs
        marginal = [taxes.marginal(np.maximum(year.incomes, 0.0), year.rates, cutoffs).ravel() for year in years]
        incomes = np.concatenate([year.incomes.ravel() for year in years])
        try:
            return Estimate(saez.elasticity(incomes, np.concatenate(marginal)), incomes, cutoffs)
        except ValueError as error:
            raise UserError(f"{error} (--matches)") from None


def society(env: str, lanes: int, registry: Registry | None = None) -> Society:
    """An economy by what a person types. Raises UserError where it is none."""
    name, params = parameters(env)
    return _made(registry or load_registry(), name, params, lanes)


def _made(registry: Registry, name: str, params: Any, lanes: int) -> Society:
    made = registry.make(ENVIRONMENTS, name, params, lanes=lanes)
    if not isinstance(made, Society):
        raise UserError(f"{name} is no economy; economy/labour and economy/town are")
    return made

"""PSRO whose best responses are to be other than those who are known: DPP-PSRO, BD&RD-PSRO, PSD-PSRO.

Why: in games with many cycles, best responses to a mixture look alike, and a population grows without covering more of
the game, the more so the weaker its oracle is. Here an oracle maximises what it earns and, with some weight, what it
adds to the population's diversity; it is told who is known. Which measure of diversity, and with it which paper, is a
parameter of the oracle (`diversity`): `league/cardinality`, `league/behaviour_response`, `league/policy_space`. The
meta-solver stays as it is. A league of it need not settle at an equilibrium: the weight keeps it looking for others.
For games of two sides.
Sources: Perez-Nieves et al., ICML 2021; Liu et al., NeurIPS 2021; Yao et al., NeurIPS 2023; see `league/diversity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from league.orders import Order
from league.strategies import psro
from league.view import LeagueView
from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry import ALGORITHMS, Registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params(psro.Params):
    """Those of PSRO, with an oracle that has `own`, `weights` and `met`."""

    oracle: Component = component(
        "algorithms", default="league/diverse_response", help="trains them, told who is known"
    )


class DiversePSRO(psro.PSRO):
    """PSRO, whose orders say who is known."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        super().__init__(registry, params or Params())
        schema = registry.schema(registry.find(ALGORITHMS, self.oracle.name))
        self._asks = "table" in getattr(schema, "__dataclass_fields__", ())  # whether it is told what players earn

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where there are not two sides."""
        if len(spec.sides) != 2:
            raise UserError(f"league/diverse_psro needs a game of two sides, and this one has {len(spec.sides)}")
        return super().founders(spec)

    def response(self, view: LeagueView, side: int) -> Order:
        """The order of a side's best response, told who is known on both sides."""
        order, payoffs = super().response(view, side), view.payoffs
        weights = payoffs.merged(view.iterations[-1].mixtures)[view.population(side)]
        sides = [view.population(one) for one in (side, 1 - side)]
        different = [np.flatnonzero(payoffs.first[one] == np.arange(len(payoffs.first[one]))).tolist() for one in sides]
        own, met = (
            [view.populations[one][n].snapshot for n in kept] for one, kept in zip(sides, different, strict=True)
        )
        told = {"own": own, "weights": weights[different[0]].tolist(), "met": met}
        if self._asks:
            told["table"] = np.moveaxis(payoffs[side], side, 0)[np.ix_(*different)].tolist()
        return replace(order, job=replace(order.job, params={**order.job.params, **told}))

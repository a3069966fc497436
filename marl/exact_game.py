"""Games that can be solved exactly: the plans of stored policies in their sequence form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from marl.env import Environment, Exact, Rows
from marl.errors import UserError
from marl.exact import SequenceForm
from marl.job import Mixture, Profile
from marl.policy import Explicit, Policy
from marl.recent import Recent
from marl.types import Floats

PLANS = 64 * 2**20  # bytes that plans may take


class ExactGame:
    """The sequence form of an environment, and the plans of stored policies in it.

    Player `n` of the form is agent `n` and side `n`. `policy(id)` loads a stored policy; the plans that were
    asked for last are kept.
    """

    def __init__(self, environment: Environment, policy: Callable[[str], Policy]) -> None:
        if not isinstance(environment, Exact):
            raise UserError(
                "this environment cannot say exact values of itself (it has no sequence form): "
                "choose a smaller game, or an algorithm and payoffs that play matches"
            )
        spec = environment.spec
        if any(side != (n,) for n, side in enumerate(spec.sides)):
            raise UserError(f"exact values need one agent on each side, and the sides here are {spec.sides}")
        self.form: SequenceForm = environment.sequence_form()
        self._group = [int(group) for group in spec.group_of]
        self._policy = policy
        self._plans = Recent(self._plan, PLANS)

    @property
    def sides(self) -> int:
        """How many there are."""
        return len(self.form.players)

    def rows(self, side: int) -> Rows:
        """All the information sets of a side, as rows to act on."""
        decisions = self.form.players[side]
        count = len(decisions.parent)
        agent = np.full(count, side, dtype=np.int64)
        first = np.ones(count, dtype=np.bool_)
        return Rows(np.arange(count), agent, decisions.observation, decisions.mask, first, self._group[side])

    def plan(self, side: int, snapshot: str) -> Floats:
        """The plan `float64[S]` of a stored policy. Raises UserError where it cannot state its probabilities."""
        return self._plans((side, snapshot))

    def _plan(self, key: tuple[int, str]) -> tuple[Floats, int]:
        side, snapshot = key
        policy = self._policy(snapshot)
        if not isinstance(policy, Explicit) or policy.memory(1) is not None:
            raise UserError(
                f"the policy of snapshot {snapshot} cannot state its action probabilities exactly; "
                "a league may play matches instead: payoffs.source: sampled"
            )
        plan = self.form.players[side].plan(policy.probabilities(self.rows(side)))
        return plan, plan.nbytes

    def mixture(self, side: int, mixture: Mixture) -> Floats:
        """The plan of a mixture of stored policies, chosen once before a match."""
        total = np.zeros(self.form.players[side].sequences)
        for snapshot, weight in mixture:
            if weight > 0:
                total += weight * self.plan(side, snapshot)
        return total

    def gradient(self, side: int, profiles: Sequence[Profile]) -> Floats:
        """What each sequence of a side is worth to it against others who are drawn together, `float64[S]`.

        `profiles`: a snapshot for every side, with its probability; that of `side` itself is not read.
        """
        total = np.zeros(self.form.players[side].sequences)
        for profile, weight in profiles:
            plans = [total if n == side else self.plan(n, id) for n, id in enumerate(profile)]
            total = total + weight * self.form.gradient(side, plans)
        return total

    def returns(self, profiles: Sequence[Profile]) -> Floats:
        """What every side earns under a joint distribution, `float64[N]`."""
        plans = [[self.plan(n, id) for n, id in enumerate(profile)] for profile, _ in profiles]
        parts = [weight * self.form.returns(one) for one, (_, weight) in zip(plans, profiles, strict=True)]
        return np.asarray(np.sum(parts, axis=0))

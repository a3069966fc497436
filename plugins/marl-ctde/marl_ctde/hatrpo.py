"""HATRPO: HAPPO whose agents take natural gradients, to where they are no further from what they were than allowed.

Sources: Kuba et al., "Trust region policy optimisation in multi-agent reinforcement learning", ICLR 2022, equations 7
(the problem of one agent), 8 (the step) and 10 (the estimate of what is to improve); Schulman et al., "Trust region
policy optimization", ICML 2015 (conjugate gradients and the line search).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from marl.training.learner import Tensors
from marl_ctde.algorithm import CentralCritic
from marl_ctde.clipped import mean
from marl_ctde.happo import CRITIC, HAPPOLearner
from marl_ctde.params import HATRPOParams

_SMALL = 1e-3  # the length of the step by which gradients are compared
_SHRINK, _TRIES = 0.8, 10  # of the line search
_LEAST = 0.1  # of the gain that was promised to first order: what a step must bring


class HATRPOLearner(HAPPOLearner):
    """One step an update for each agent; then the critic's epochs."""

    hyper: HATRPOParams

    def enough(self, module_id: str, stats: Mapping[str, float]) -> bool:
        """Agents make one step."""
        return self.stage != CRITIC

    def step(self, name: str, batch: Tensors, broken: Tensor) -> Tensor:
        """The natural gradient of one agent. The critic's is that of all learners."""
        if self.stage == CRITIC:
            return super().step(name, batch, broken)
        weights = [weight for weight in self.network(self.stage).parameters() if weight.requires_grad]
        joint = self.joint(name, batch)
        before = self._inputs(name).detach()

        def gain() -> Tensor:
            return self._gain(name, joint, self._inputs(name))

        def moved() -> Tensor:
            return self._moved(name, joint, before, self._inputs(name))

        start = gain()
        gradient = self._gradient(start, weights)
        here = torch.cat([weight.detach().flatten() for weight in weights])

        def curvature(direction: Tensor) -> Tensor:
            """The Hessian of the divergence times a direction: its gradient is 0 here, so that a little way off."""
            small = _SMALL / direction.norm().clamp(min=1e-12)
            _put(weights, here + small * direction)
            ahead = self._gradient(moved(), weights) / small
            _put(weights, here)
            return ahead + self.hyper.damping * direction

        direction = conjugate_gradients(curvature, gradient, self.hyper.iterations)
        steep = (direction @ curvature(direction)).clamp(min=1e-12)
        whole = (2 * self.hyper.kl / steep).sqrt() * direction
        with torch.no_grad():
            kl = self._search(weights, here, whole, gradient @ whole, gain, moved, start.detach())
        told = {"loss": -start.detach(), "policy_loss": -start.detach(), "grad_norm": gradient.norm(), "kl": kl}
        self._reported = told
        return torch.maximum(broken, (~gradient.isfinite().all()).float())

    def _search(
        self,
        weights: list[Tensor],
        here: Tensor,
        whole: Tensor,
        promised: Tensor,
        gain: Callable[[], Tensor],
        moved: Callable[[], Tensor],
        start: Tensor,
    ) -> Tensor:
        """Go as far of the whole step as brings what it must and is allowed; else stay. How far that was."""
        for attempt in range(_TRIES):
            part = _SHRINK**attempt
            _put(weights, here + part * whole)
            kl, gained = (self.mean_over_learners(value) for value in (moved(), gain() - start))
            if bool(kl <= self.hyper.kl) and bool(gained >= _LEAST * part * promised):
                return kl
        _put(weights, here)
        return torch.zeros_like(start)

    def _inputs(self, team: str) -> Tensor:
        """What the network of this stage says at steps 0 to T - 1."""
        return self.inputs_of(team, {}, learns=torch.is_grad_enabled())[:, :-1]

    def _gain(self, team: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """What is to improve: advantages by how much more likely actions are, and entropy."""
        policies, turns = self.policies(team), self.turns(team, batch)
        ratio = ((policies.logp(inputs, batch["action"]) - batch["before"]) * turns).exp()
        advantage = batch["advantage"] * batch["factor"] * batch["weight"]
        entropy = self.coefficients["entropy_weight"] * policies.entropy(inputs)
        return mean(ratio * advantage + entropy, turns)

    def _moved(self, team: str, batch: Tensors, before: Tensor, inputs: Tensor) -> Tensor:
        """The mean divergence of the policy from what it was."""
        return mean(self.policies(team).kl(before, inputs), self.turns(team, batch))

    def _gradient(self, value: Tensor, weights: list[Tensor]) -> Tensor:
        """Of a mean over this learner's own rows, as one vector; the mean over all learners of the group."""
        found = torch.autograd.grad(value, weights, allow_unused=True)
        known = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]
        return self.mean_over_learners(torch.cat([one.flatten() for one in known]))


def conjugate_gradients(product: Callable[[Tensor], Tensor], wanted: Tensor, iterations: int) -> Tensor:
    """About `x` with `product(x) = wanted`, for a positive definite product."""
    x, rest = torch.zeros_like(wanted), wanted.clone()
    direction, size = rest.clone(), rest @ rest
    for _ in range(iterations):
        if size < 1e-12:
            break
        ahead = product(direction)
        length = size / (direction @ ahead).clamp(min=1e-12)
        x, rest = x + length * direction, rest - length * ahead
        size, before = rest @ rest, size
        direction = rest + size / before * direction
    return x


def _put(weights: list[Tensor], flat: Tensor) -> None:
    """Set weights to a vector of all of them."""
    with torch.no_grad():
        for weight, part in zip(weights, flat.split([weight.numel() for weight in weights]), strict=True):
            weight.copy_(part.view_as(weight))


class HATRPO(CentralCritic):
    """See `HATRPOParams`."""

    parameters = HATRPOParams
    learner = HATRPOLearner

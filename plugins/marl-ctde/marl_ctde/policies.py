"""What the policies of a whole team say, agent by agent, whatever kinds of actions they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from marl.errors import UserError
from marl.space import Box, Discrete, Space
from marl.training.networks import Distribution, Network
from marl.training.networks.distributions import Squashed


@dataclass(frozen=True)
class _Kind:
    """Agents that act alike: their `places` in the team, and how."""

    places: list[int]
    action: Space
    distribution: Distribution

    @property
    def width(self) -> int:
        """How many inputs the distribution has."""
        return self.distribution.outputs + self.distribution.free

    def inputs(self, inputs: Tensor) -> Tensor:
        """Those of these agents, of inputs `[..., n, A]`."""
        whole = len(self.places) == inputs.shape[-2] and self.width == inputs.shape[-1]
        return inputs if whole else inputs[..., self.places, : self.width]

    def actions(self, action: Tensor, flat: bool) -> Tensor:
        """Those of these agents, `[..., k, *shape]`; `flat`: of actions `[..., n, D]`, else of `[..., n]`."""
        own = action[..., self.places, :] if flat else action[..., self.places]
        if not flat:
            return own
        shape = () if isinstance(self.action, Discrete) else own.shape[-1:]
        shape = self.action.shape if isinstance(self.action, Box) else shape
        return own[..., : torch.Size(shape).numel()].unflatten(-1, shape) if shape else own[..., 0]


class TeamPolicies:
    """The action distributions of n agents. `networks`: that of each agent, in the order of the team.

    `inputs` are `[..., n, A]` and `action` is `[..., n]` or `[..., n, D]`, as `TeamLearner` has them. What is said of
    agents that have no turn means nothing. Critics see actions as *numbers* `[..., n, A]`: choices one-hot, real ones
    in units of their box, then zeros.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        by_network: dict[int, list[int]] = {}
        for place, network in enumerate(networks):
            by_network.setdefault(id(network), []).append(place)
        owners = [networks[places[0]] for places in by_network.values()]
        self._kinds = [
            _Kind(places, owner.action, owner.distribution)
            for owner, places in zip(owners, by_network.values(), strict=True)
        ]
        plain = [isinstance(one.action, Discrete) or getattr(one.action, "shape", None) == () for one in owners]
        self._flat = not all(plain)
        self._back = torch.tensor([place for kind in self._kinds for place in kind.places]).argsort()

    def logp(self, inputs: Tensor, action: Tensor) -> Tensor:
        """The log-probability of what each did, `[..., n]`."""
        return self._each(
            lambda kind: kind.distribution.logp(kind.inputs(inputs), kind.actions(action, self._flat)), -1
        )

    def entropy(self, inputs: Tensor) -> Tensor:
        """The entropy of each policy, in nats, `[..., n]`."""
        return self._each(lambda kind: kind.distribution.entropy(kind.inputs(inputs)), -1)

    def kl(self, inputs_p: Tensor, inputs_q: Tensor) -> Tensor:
        """The divergence KL(p || q) of each agent's policies, in nats, `[..., n]`."""
        return self._each(lambda kind: kind.distribution.kl(kind.inputs(inputs_p), kind.inputs(inputs_q)), -1)

    def played(self, action: Tensor, width: int) -> Tensor:
        """What was done, as numbers; `width` is A."""

        def ask(kind: _Kind) -> Tensor:
            own = kind.actions(action, self._flat)
            known = kind.distribution.units(own) if isinstance(kind.distribution, Squashed) else _one_hot(kind, own)
            return F.pad(known, (0, width - known.shape[-1]))

        return self._each(ask, -2)

    def settled(self, inputs: Tensor) -> Tensor:
        """What each would do without any chance, as numbers."""

        def ask(kind: _Kind) -> Tensor:
            own = kind.inputs(inputs)
            known = _middle(kind, own) if isinstance(kind.distribution, Squashed) else _one_hot(kind, own.argmax(-1))
            return F.pad(known, (0, inputs.shape[-1] - known.shape[-1]))

        return self._each(ask, -2)

    def relaxed(self, inputs: Tensor, noise: Tensor) -> Tensor:
        """Numbers that gradients go through: choices are drawn, with the gradient of their softmax; real actions as in
        `settled`. `noise`: standard normal, of the shape of `inputs`."""

        def ask(kind: _Kind) -> Tensor:
            own = kind.inputs(inputs)
            deterministic = isinstance(kind.distribution, Squashed)
            known = _middle(kind, own) if deterministic else straight_through(own, kind.inputs(noise))
            return F.pad(known, (0, inputs.shape[-1] - known.shape[-1]))

        return self._each(ask, -2)

    def drawn(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers that gradients go through, all of them drawn; and the entropy of each policy `[..., n]` (of real
        actions: less the log-density of what was drawn)."""

        def ask(kind: _Kind) -> Tensor:
            own, chance, policy = kind.inputs(inputs), kind.inputs(noise), kind.distribution
            if isinstance(policy, Squashed):
                known, logp = policy.draw(own, chance[..., : policy.size])
                entropy = -logp
            else:
                known, entropy = straight_through(own, chance), policy.entropy(own)
            return torch.cat([F.pad(known, (0, inputs.shape[-1] - known.shape[-1])), entropy[..., None]], -1)

        both = self._each(ask, -2)
        return both[..., :-1], both[..., -1]

    def wanted(self, inputs: Tensor, share: float, real: float) -> Tensor:
        """The entropies that temperatures steer to, `[..., n]`: a `share` of that of uniform play, or `real` for each
        number of a real action."""

        def ask(kind: _Kind) -> Tensor:
            own = kind.inputs(inputs.detach())
            if isinstance(kind.distribution, Squashed):
                return torch.full_like(own[..., 0], real * kind.distribution.size)
            return share * (own > _ILLEGAL).sum(-1).float().log()

        return self._each(ask, -1)

    def _each(self, ask: Callable[[_Kind], Tensor], axis: int) -> Tensor:
        """What each kind says of its agents (on this axis), put together in the order of the team."""
        said = [ask(kind) for kind in self._kinds]
        return said[0] if len(said) == 1 else torch.cat(said, axis).index_select(axis, self._back.to(said[0].device))


def require(who: str, networks: Sequence[Network], *kinds: type[Space]) -> None:
    """Raises UserError unless all actions are of one of these kinds."""
    for network in networks:
        if not isinstance(network.action, kinds):
            known = " or ".join(kind.__name__ for kind in kinds)
            raise UserError(f"{who} needs {known} actions, and these are {network.action}; ctde/mappo learns those")


def straight_through(logits: Tensor, normal: Tensor) -> Tensor:
    """A draw from softmaxes, one-hot, with the gradient of a softmax of the same noise (Gumbel-softmax).

    Source: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017. `normal`: standard
    normal numbers of the shape of `logits`, `[..., A]`.
    """
    soft = (logits + gumbel(normal)).softmax(-1)
    hard = F.one_hot(soft.argmax(-1), soft.shape[-1]).float()
    return hard + soft - soft.detach()


def gumbel(normal: Tensor) -> Tensor:
    """Standard Gumbel numbers from standard normal ones: the greatest of `logits + gumbel` is a draw from a softmax."""
    return -(-torch.special.ndtr(normal).clamp(1e-6, 1 - 1e-6).log()).log()


def _one_hot(kind: _Kind, action: Tensor) -> Tensor:
    return F.one_hot(action.long(), kind.distribution.outputs).float()


def _middle(kind: _Kind, inputs: Tensor) -> Tensor:
    assert isinstance(kind.distribution, Squashed)
    return torch.tanh(kind.distribution.normal(inputs)[0])


_ILLEGAL = -1e8  # what masks forbid is at -1e9

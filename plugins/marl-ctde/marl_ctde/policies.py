"""What the policies of a whole team say, agent by agent, whatever kinds of actions they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from marl.errors import UserError
from marl.space import Box, Discrete, Space
from marl.training.networks import Distribution, Network


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


class TeamPolicies:
    """The action distributions of n agents. `networks`: that of each agent, in the order of the team.

    `inputs` are `[..., n, A]` and `action` is `[..., n]` or `[..., n, D]`, as `TeamLearner` has them; answers are
    `[..., n]`. What they say of agents that have no turn means nothing.
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
        self._back = torch.tensor([place for kind in self._kinds for place in kind.places]).argsort()

    def logp(self, inputs: Tensor, action: Tensor) -> Tensor:
        """The log-probability of what each did."""
        return self._each(lambda kind: kind.distribution.logp(_inputs(inputs, kind), _action(action, inputs, kind)))

    def entropy(self, inputs: Tensor) -> Tensor:
        """The entropy of each policy, in nats."""
        return self._each(lambda kind: kind.distribution.entropy(_inputs(inputs, kind)))

    def _each(self, ask: Callable[[_Kind], Tensor]) -> Tensor:
        """What each kind says `[..., k]`, put together in the order of the team."""
        said = [ask(kind) for kind in self._kinds]
        return said[0] if len(said) == 1 else torch.cat(said, -1).index_select(-1, self._back.to(said[0].device))


def choices_only(who: str, networks: Sequence[Network]) -> None:
    """Raises UserError unless all actions are Discrete."""
    for network in networks:
        if not isinstance(network.action, Discrete):
            raise UserError(f"{who} needs Discrete actions, and these are {network.action}; ctde/mappo needs none")


def gumbel(normal: Tensor) -> Tensor:
    """Standard Gumbel numbers from standard normal ones: the greatest of `logits + gumbel` is a draw from a softmax.

    Source: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    """
    return -(-torch.special.ndtr(normal).clamp(1e-6, 1 - 1e-6).log()).log()


def _inputs(inputs: Tensor, kind: _Kind) -> Tensor:
    whole = len(kind.places) == inputs.shape[-2] and kind.width == inputs.shape[-1]
    return inputs if whole else inputs[..., kind.places, : kind.width]


def _action(action: Tensor, inputs: Tensor, kind: _Kind) -> Tensor:
    """Actions of these agents `[..., k, *shape]`, from those of the team."""
    own = action[..., kind.places, :] if action.dim() == inputs.dim() else action[..., kind.places]
    if isinstance(kind.action, Discrete):
        return own[..., 0] if action.dim() == inputs.dim() else own
    shape = kind.action.shape if isinstance(kind.action, Box) else own.shape[-1:]
    return own[..., : torch.Size(shape).numel()].unflatten(-1, shape) if shape else own[..., 0]

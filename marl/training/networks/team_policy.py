"""The policy that plays networks with a team model: all agents of a side at once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from marl import space
from marl.env import EnvSpec, Rows, Turn
from marl.errors import UserError
from marl.policy import Acts
from marl.training.behaviour import Behaviour
from marl.training.model import Sharing
from marl.training.networks.build import module_ids
from marl.training.networks.features import columns
from marl.training.networks.network import Network
from marl.training.networks.policy import NetworkPolicy
from marl.training.networks.team_networks import Seen, TeamNetworks
from marl.training.networks.tensors import finite, numpy, tensor, tensors
from marl.types import Array, Floats, Ints, Keys


@dataclass
class _Part:
    """Rows of one module, played by one kind of team. `where`: their places among the rows of their group. `team`: the
    number of each row's team. `action`, `logp`: what they do, once it is decided. `at`: their teams and places among
    those that are asked together."""

    kind: int
    module: str
    where: Ints
    rows: Rows
    team: Ints
    keys: Keys
    action: Array
    logp: Floats
    at: tuple[Tensor, Tensor]


class TeamNetworkPolicy(NetworkPolicy):
    """See `marl.policy.TeamPolicy` and `NetworkPolicy`. A tick's agents decide in the stages of the team model.

    Who has decided is known to those who decide later; agents that do not act are not there.
    """

    def __init__(
        self,
        spec: EnvSpec,
        networks: Mapping[str, Network],
        sharing: Sharing = "all",
        behaviour: Behaviour | None = None,
    ) -> None:
        super().__init__(spec, networks, sharing, behaviour)
        ids = module_ids(spec, sharing)
        self._teams: list[TeamNetworks] = []
        self._kind = np.full(len(spec.sides), -1)  # of each side: which of `_teams` plays it
        self._at = np.zeros(len(spec.agents), dtype=np.int64)  # the place of each agent in its side
        known: dict[tuple[str, ...], int] = {}
        for side, agents in enumerate(spec.sides):
            modules = tuple(ids[agent] for agent in agents)
            self._at[list(agents)] = np.arange(len(agents))
            if all(name in self.networks for name in modules):
                self._kind[side] = known.setdefault(modules, len(known))
                if len(known) > len(self._teams):
                    self._teams.append(TeamNetworks(self.networks, modules))
        self._team_memory = max((team.model.memory_size for team in self._teams), default=0)

    def team_memory(self, teams: int) -> Array | None:
        """Zeros `float32[teams, M]`, or None without a memory."""
        return np.zeros((teams, self._team_memory), dtype=np.float32) if self._team_memory else None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """UserError: nobody of a team acts alone."""
        raise UserError("this policy acts for all agents of a side at once, and was asked for some of them alone")

    def probabilities(self, rows: Rows) -> Floats:
        """UserError: they depend on teammates."""
        raise UserError("a policy that acts for a whole side has no probabilities that follow from one row alone")

    def build(self) -> Hashable | None:
        """None: it is not stacked with others."""
        return None

    @torch.inference_mode()
    def act_together(
        self, turn: Turn, teams: Sequence[Ints | None], memory: Array | None, keys: Sequence[Keys | None]
    ) -> tuple[list[Acts | None], Array | None]:
        """See `marl.policy.TeamPolicy`."""
        parts = [
            part
            for group, rows in enumerate(turn)
            if rows is not None and len(rows)
            for part in self._parts(rows, cast(Ints, teams[group]), cast(Keys, keys[group]))
        ]
        memory = None if memory is None else memory.copy()
        for kind, team in enumerate(self._teams):
            mine = [part for part in parts if part.kind == kind]
            if mine:
                self._act_as(team, mine, memory)
        return [self._joined(parts, group, rows) for group, rows in enumerate(turn)], memory

    def _parts(self, rows: Rows, team: Ints, keys: Keys) -> list[_Part]:
        """The rows of one group by who plays them."""
        self._check(rows)
        module, kind = self._of_agent[rows.agent], self._kind[self.spec.side_of[rows.agent]]
        if (kind < 0).any():
            raise UserError("this policy has networks for some agents of a side, but not for all")
        both = module * (len(self._teams) + 1) + kind
        result = []
        for one in np.unique(both):
            where = np.flatnonzero(both == one)
            part = rows.take(where)
            name = list(self.networks)[int(module[where[0]])]
            action = space.zeros(self.spec.groups[rows.group].action, len(where))
            at = torch.from_numpy(team[where]), torch.from_numpy(self._at[part.agent])
            logp = np.zeros(len(where))
            result.append(_Part(int(kind[where[0]]), name, where, part, team[where], keys[where], action, logp, at))
        return result

    def _act_as(self, team: TeamNetworks, parts: Sequence[_Part], memory: Array | None) -> None:
        """Fill in what these rows do, stage by stage, and what their teams remember."""
        numbers, local = np.unique(np.concatenate([part.team for part in parts]), return_inverse=True)
        device, seen = team.network(team.names[0]).device, {}
        for part, own in zip(parts, np.split(local, np.cumsum([len(part.rows) for part in parts])[:-1]), strict=True):
            part.at = (tensor(own, device), part.at[1].to(device))
            shown = tensors(self.seen(part.rows.observation, part.rows.agent), device)
            seen[part.module] = Seen(part.at, shown, None)
        model = team.model
        features, acts = team.encoded(len(numbers), seen)
        known = None if memory is None else tensor(memory[numbers][:, : model.memory_size], device)
        looked, known = model.look(features, acts, known)
        if known is not None and memory is not None:
            memory[numbers, : model.memory_size] = numpy(known)
        stages = model.stages(looked, acts)
        chosen = torch.zeros((*acts.shape, team.actions), device=device)
        for stage in torch.unique(stages[acts]).tolist():
            out = model.decide(looked, chosen)
            for part in parts:
                self._decide(team, part, out, stages[part.at] == stage, chosen)

    def _decide(self, team: TeamNetworks, part: _Part, out: Tensor, now: Tensor, chosen: Tensor) -> None:
        """What the rows of a part do whose stage it is."""
        which = numpy(now).nonzero()[0]
        if not len(which):
            return
        network, at = team.network(part.module), (part.at[0][now], part.at[1][now])
        inputs = finite(numpy(network.decided(out[at])))
        mask = None if part.rows.mask is None else part.rows.mask[which]
        if self.behaviour is None:
            action, logp = network.distribution.sample(inputs, mask, part.keys[which])
        else:
            action, logp = self.behaviour.sample(
                network.distribution, inputs, mask, part.keys[which], self.coefficients
            )
        part.action[which], part.logp[which] = action, logp
        numbers = columns(network.action, tensor(action, chosen.device))
        chosen[(*at, slice(0, numbers.shape[1]))] = numbers

    def _joined(self, parts: Sequence[_Part], group: int, rows: Rows | None) -> Acts | None:
        """The answers to all rows of a group, in their order."""
        mine = [part for part in parts if part.rows.group == group]
        if rows is None or not mine:
            return None
        back = np.argsort(np.concatenate([part.where for part in mine]))
        action, logp = (np.concatenate([getattr(part, name) for part in mine])[back] for name in ("action", "logp"))
        return Acts(action, logp)

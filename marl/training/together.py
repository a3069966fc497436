"""Learners of teams whose networks have a team model (`Heads.team`): agents are asked together, not each alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from marl.training.learner import Tensors
from marl.training.networks.features import columns
from marl.training.networks.team_networks import Seen, TeamNetworks
from marl.training.team import TeamLearner


class TogetherLearner(TeamLearner):
    """Base of these learners: `inputs` are those that the agents' heads gave, given what their teammates did.

    Without a memory of the team, steps stand on their own; with one, matches are gone through from an empty memory.
    What is said of the step after the last knows nothing of what was chosen there.
    """

    def build(self) -> None:
        """See `TeamLearner`."""
        self._networks: dict[str, TeamNetworks] = {}
        self._chosen: dict[str, Tensor] = {}
        self.looked: dict[str, Any] = {}  # by team: what its model made of what all saw, when it was asked last
        super().build()

    def together(self, team: str) -> TeamNetworks:
        """The networks of a team."""
        if team not in self._networks:
            modules = self.teams[team].modules
            self._networks[team] = TeamNetworks({name: self.network(name) for name in modules}, modules)
        return self._networks[team]

    def joint(self, team: str, batch: Tensors) -> Tensors:
        """See `TeamLearner`."""
        joint = super().joint(team, batch)
        self._chosen[team] = self._numbers_chosen(team)
        return joint

    def inputs_of(self, team: str, weights: Mapping[str, Mapping[str, Tensor]], learns: bool = False) -> Tensor:
        """See `TeamLearner`."""
        networks, asked = self.together(team), {name: self._asked(team, name) for name in self.members(team)}
        teams, steps = self._shape_of(team)
        about = (teams, asked, self._chosen[team].flatten(0, 1), steps)
        named = networks.weights(weights)
        with torch.set_grad_enabled(learns):
            answer = functional_call(networks, named, about) if named else networks(*about)
        said, self.looked[team] = answer
        return self._together(self.teams[team], said)

    def learned_inputs(self, team: str) -> Tensor:
        """See `TeamLearner`. Gradients are averaged by `postprocess_gradients`, for no wrapper of RLlib's is asked."""
        return self.inputs_of(team, {}, learns=True)

    def postprocess_gradients(self, gradients_dict: dict[Any, Any]) -> dict[Any, Any]:
        """See `ColumnLearner`."""
        if self.parallel:
            self.parallel.average_gradients(self.network(module) for module in self.members(self._fitting))
        return super().postprocess_gradients(gradients_dict)

    def _asked(self, team: str, name: str) -> Seen:
        """The own turns of a module's agents in the minibatch at hand; teams are steps of matches, side by side."""
        acts = self._rows[name].acts.flatten(0, 1)  # [B, n_m]
        where, place = acts.nonzero(as_tuple=True)
        places = torch.tensor(self.together(team).places[name], device=acts.device)
        own = self._rows[name].columns
        return Seen((where, places[place]), own["observation"], own["mask"])

    def _shape_of(self, team: str) -> tuple[int, int]:
        """How many steps of matches there are, and how many of each match."""
        episodes, steps = self._rows[self.members(team)[0]].acts.shape[:2]
        return episodes * steps, steps

    def _numbers_chosen(self, team: str) -> Tensor:
        """What each agent chose at each step, as numbers `[E, T + 1, n, A]`; zero where it had no turn."""
        networks, parts = self.together(team), self._parts
        first = next(iter(parts.values()))["acts"]
        result = torch.zeros((*first.shape[:2], networks.agents, networks.actions), device=first.device)
        for name, part in parts.items():
            action = part["action"]  # [E, T, n_m, ...]
            numbers = columns(networks.network(name).action, action.flatten(0, 2)).reshape(*action.shape[:3], -1)
            numbers = numbers * part["acts"][:, :-1, :, None]
            result[:, :-1, networks.places[name], : numbers.shape[3]] = numbers
        return result

"""Learners of teams: one loss for all agents of a side together, whatever networks they have.

The columns are those of `marl.training.experience.episodes`. They stand under the name of a team, whose modules are
fitted together; here they become what all agents of it did, in the order of the side.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from marl.errors import UserError
from marl.training.answers import asked_for_loss
from marl.training.learner import ColumnLearner, Tensors
from marl.training.modules import Team
from marl.training.networks import Network
from marl.training.networks.features import at, columns, leaf_spaces, map_tensors, width


class TeamLearner(ColumnLearner):
    """Base of learners of teams: implement `loss`. It gets, of E matches of at most T steps of a team of n agents:

    `module_id`: the team's name. `inputs`: `[E, T + 1, n, A]`, what the networks say to each agent, zero where it does
    not act. `batch`: `action` `[E, T, n]`; `acts` `bool[E, T + 1, n]`; `reward`, `discount` `[E, T]`; `valid`
    `bool[E, T]`; `state` `[E, T + 1, F]`, the true state as numbers, or, in an environment that has none, what all
    agents of the team see, side by side. Means are over the `valid` steps.

    The network of each agent goes through all its own turns of a match, in their order, with an empty memory at first.
    """

    def build(self) -> None:
        """See `ColumnLearner`. Raises UserError for networks that learn returns in units of their own."""
        self._rows: dict[str, _Rows] = {}  # of the minibatch at hand, by module
        self._members: dict[str, tuple[str, ...]] = {}
        super().build()
        if any(self.network(name).returns is not None for name in self.names):
            raise UserError("model.normalise_returns: a team's return is nobody's own, so leave it false")

    @property
    def teams(self) -> dict[str, Team]:
        """The teams that the modules play for, by name."""
        return {team.name: team for name in self.names for team in self._bare(name).spec.teams}

    def members(self, name: str) -> tuple[str, ...]:
        """See `ColumnLearner`."""
        if name not in self._members:
            teams = self.teams
            self._members[name] = tuple(sorted(set(teams[name].modules))) if name in teams else (name,)
        return self._members[name]

    def make_mixer(self, agents: int, state: int) -> nn.Module | None:
        """What makes one value of the values of `agents`, given `state` numbers; None where nothing is to learn.

        Called once for each team. `forward(values [..., agents], state [..., state])` gives `[...]`.
        """
        return None

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """The mixers of the teams, each with the first module of its team."""
        mixers = {
            name: self.make_mixer(len(team.modules), self._width(team))
            for name, team in self.teams.items()
            if self.members(name)[0] == module_id
        }
        return {name: mixer for name, mixer in mixers.items() if mixer is not None}

    def mixed(self, team: str, values: Tensor, state: Tensor, target: bool = False) -> Tensor:
        """What the mixer makes of the agents' values: `[..., n], [..., F] -> [...]`; their sum where there is none."""
        first = self.members(team)[0]
        mixer = self.critics[first].get(team)
        if mixer is None:
            return values.sum(-1)
        named = self.target(first, team) if target else {}
        mixed: Tensor = functional_call(mixer, named, (values, state)) if named else mixer(values, state)
        return mixed

    def target_inputs(self, team: str) -> Tensor:
        """`inputs` of the minibatch at hand, as the target networks give them, without gradient."""
        said = {name: self.inputs(name, rows.columns, self.target(name)) for name, rows in self._rows.items()}
        return self._together(self.teams[team], said)

    def follow_team(self, team: str, rate: float) -> None:
        """Let the target networks of a team, and of its mixer, go this far towards those of now."""
        for name in self.members(team):
            self.follow(name, rate)
        if team in self.critics[self.members(team)[0]]:
            self.follow(self.members(team)[0], rate, team)

    def losses(self, name: str, batch: Tensors) -> dict[str, Any]:
        """See `ColumnLearner`: the loss of a team."""
        if name not in self.teams:
            return super().losses(name, batch)
        team, parts = self.teams[name], batch["agents"]
        self._rows = {module: _Rows(parts[module], self.network(module)) for module in self.members(name)}
        outputs = self.module.forward_train({module: rows.columns for module, rows in self._rows.items()})
        said = {module: self._rows[module].laid(outputs[module]["inputs"]) for module in self._rows}
        joint = {key: column for key, column in batch.items() if key != "agents"}
        for key in ("action", "acts"):
            joint[key] = _by_agent(team, {module: parts[module][key] for module in parts})
        joint["state"] = self._state(team, batch)
        inputs = self._together(team, said)
        loss, stats = asked_for_loss(
            self, lambda: self.loss(name, joint, inputs, cast(Any, None)), joint, self.coefficients
        )
        self._reported = {**{key: value.to(self._device) for key, value in stats.items()}, "loss": loss.detach()}
        return {name: loss * self._weight}

    def _scaled(self, name: str, tensors: Tensors) -> Tensors:
        return tensors  # no network of a team has a scale of its own

    def _together(self, team: Team, said: dict[str, Tensor]) -> Tensor:
        """What networks say to each agent, `[E, T + 1, n, A]`, from what each module says of its own rows."""
        laid = {module: self._rows[module].dense(rows) for module, rows in said.items()}
        most = max(one.shape[3] for one in laid.values())
        return _by_agent(
            team, {module: nn.functional.pad(one, (0, most - one.shape[3])) for module, one in laid.items()}
        )

    def _width(self, team: Team) -> int:
        if team.state is not None:
            return sum(width(space) for _, space in leaf_spaces(team.state))
        return sum(width(space) for name in team.modules for _, space in leaf_spaces(self._bare(name).spec.observation))

    def _state(self, team: Team, batch: Tensors) -> Tensor:
        """The true state as numbers, or what all see of it: `[E, T + 1, F]`."""
        episodes, steps = batch["valid"].shape
        if team.state is not None:
            known = [(batch["state"], team.state, None)]
        else:
            parts = [(name, batch["agents"][name]) for name in self.members(team.name)]
            known = [(part["observation"], self._bare(name).spec.observation, part["acts"]) for name, part in parts]
        result = []
        for seen, spaces, acts in known:
            for path, space in leaf_spaces(spaces):
                leaf = at(seen, path)
                shape = leaf.shape[:2] if acts is None else acts.shape
                flat = columns(space, leaf.flatten(0, len(shape) - 1)).reshape(*shape, -1)
                result.append(flat if acts is None else (flat * acts[..., None]).flatten(2))
        return torch.cat(result, 2).reshape(episodes, steps + 1, -1)


class _Rows:
    """The own turns of a module's agents, as its network goes through them. `columns`: what it is given.

    Without a memory, all turns side by side. With one, a sequence for each agent and match, own turn by own turn.
    """

    def __init__(self, part: Tensors, network: Network) -> None:
        self._acts: Tensor = part["acts"]  # [E, T + 1, n]
        self._order: Tensor | None = None
        self._size = network.memory_size
        if not self._size:
            self.columns: Tensors = {key: map_tensors(self._flat, part[key]) for key in ("observation", "mask")}
            return
        acts = self._sequences(self._acts)
        if (acts[:, 1:] & ~acts[:, :-1]).any():  # some waited, and go on: what they did comes first, in its order
            self._order = torch.argsort((~acts).long(), dim=1, stable=True)
        self.columns = {key: map_tensors(self._sequences, part[key]) for key in ("observation", "mask")}
        valid = self._sequences(self._acts)
        memory = torch.zeros((len(valid), self._size), device=valid.device)
        self.columns |= {"valid": valid, "memory": memory, "first": torch.zeros_like(valid)}

    def laid(self, rows: Tensor) -> Tensor:
        """What the network says of all turns `[K, A]`, as `ColumnLearner.inputs` has it."""
        if not self._size:
            return rows
        result = rows.new_zeros((*self.columns["valid"].shape, rows.shape[1]))
        result[self.columns["valid"]] = rows
        return result

    def dense(self, rows: Tensor) -> Tensor:
        """What the network says of all turns, by step and agent: `[E, T + 1, n, A]`, zero where nobody acts."""
        if not self._size:
            result = rows.new_zeros((*self._acts.shape, rows.shape[1]))
            result[self._acts] = rows
            return result
        if self._order is not None:
            back = self._order.argsort(1)
            rows = rows.gather(1, back[..., None].expand(-1, -1, rows.shape[2]))
        episodes, steps, count = self._acts.shape
        return rows.reshape(episodes, count, steps, -1).transpose(1, 2)

    def _flat(self, leaf: Tensor) -> Tensor:
        return leaf[self._acts]

    def _sequences(self, leaf: Tensor) -> Tensor:
        """`[E, T + 1, n, ...]` as `[E * n, T + 1, ...]`, own turns first."""
        result = leaf.transpose(1, 2).flatten(0, 1)
        if self._order is None:
            return result
        index = self._order.reshape(*self._order.shape, *[1] * (result.dim() - 2)).expand_as(result)
        return result.gather(1, index)


def _by_agent(team: Team, parts: dict[str, Tensor]) -> Tensor:
    """Columns of modules `[E, ., n, ...]` as one, with the team's agents in their order."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    agents = {module: iter(part.unbind(2)) for module, part in parts.items()}
    return torch.stack([next(agents[module]) for module in team.modules], 2)

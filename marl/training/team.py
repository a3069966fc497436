"""Learners of teams: one loss for all agents of a side together, whatever networks they have.

The columns are those of `marl.training.experience.episodes`. They stand under the name of a team, whose modules are
fitted together; here they become what all agents of it did, in the order of the side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from marl.errors import UserError
from marl.space import Space
from marl.training.answers import asked_for_loss
from marl.training.learner import ColumnLearner, Tensors
from marl.training.modules import Team
from marl.training.networks import Network
from marl.training.networks.distributions.categorical import ILLEGAL
from marl.training.networks.features import at, columns, leaf_spaces, map_tensors, width
from marl.training.team_choice import Choice, TeamShape


class TeamLearner(ColumnLearner):
    """Base of learners of teams: implement `loss`. It gets, of E matches of at most T steps of a team of n agents:

    `module_id`: the team's name. `inputs`: `[E, T + 1, n, A]`, what the networks say to each agent, zero where it does
    not act, and -1e9 for what is illegal (or no action of it, where another agent has more). `batch`: `action`
    `[E, T, n]`; `acts` `bool[E, T + 1, n]`; `reward`, `discount` `[E, T]`; `valid` `bool[E, T]`; `state`
    `[E, T + 1, F]`, the true state as numbers, or, in an environment that has none, what all agents of the team see,
    side by side. Means are over the `valid` steps.

    The network of each agent goes through all its own turns of a match, in their order, with an empty memory at first
    (and at the first turn of every life, where there are births).
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Raises UserError for a method by its old name: nobody would call it, and a team's value would be a sum."""
        super().__init_subclass__(**arguments)
        if "make_mixers" in vars(cls):
            raise UserError(f"{cls.__module__}.{cls.__name__}: make_mixers is called make_team_critics now")

    def build(self) -> None:
        """See `ColumnLearner`. Raises UserError for networks that learn returns in units of their own."""
        self._rows: dict[str, _Rows] = {}  # of the minibatch at hand, by module
        self._parts: Tensors = {}  # the same as columns
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

    def learning(self, team: str) -> tuple[str, ...]:
        """The modules whose networks are asked at this stage of a fit; what others say is zero. All, by default."""
        return self.members(team)

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """What only the loss of a team needs, by name: `{"": mixer}`, or critics with names of their own.

        Called once for each team. Each is called with a `Choice` and gives `[...]`. Where there is no "", the value of
        a team is the sum of its agents' values.
        """
        return {}

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """The mixers of the teams, each with the first module of its team."""
        return {
            _named(name, key): mixer
            for name, team in self.teams.items()
            if self.members(name)[0] == module_id
            for key, mixer in self.make_team_critics(self._shape(team)).items()
        }

    def mixer(self, team: str, name: str = "") -> nn.Module | None:
        """One of the mixers of a team; None where there is none of that name."""
        return self.critics[self.members(team)[0]].get(_named(team, name))

    def mixed(self, team: str, choice: Choice, target: bool = False, name: str = "") -> Tensor:
        """What a mixer makes of what a team chose, `[...]`; the sum of the agents' values where there is none."""
        return (
            choice.values.sum(-1) if self.mixer(team, name) is None else self.asked(team, name, choice, target=target)
        )

    def asked(self, team: str, name: str, *about: Any, target: bool = False, frozen: bool = False) -> Tensor:
        """What one of the mixers (or critics) of a team says; with its target weights, or without a gradient to its own
        (`frozen`)."""
        mixer = self.critics[self.members(team)[0]][_named(team, name)]
        named = self.target(self.members(team)[0], _named(team, name)) if target else {}
        if frozen:
            named = {key: weight.detach() for key, weight in mixer.named_parameters()}
        said: Tensor = functional_call(mixer, named, about) if named else mixer(*about)
        return said

    def target_inputs(self, team: str) -> Tensor:
        """`inputs` of the minibatch at hand, as the target networks give them, without gradient."""
        return self.inputs_of(team, {name: self.target(name) for name in self.members(team)})

    def inputs_of(self, team: str, weights: Mapping[str, Mapping[str, Tensor]], learns: bool = False) -> Tensor:
        """`inputs` of the minibatch at hand, as networks with other weights (by module) give them.

        `learns`: with a gradient. Where a module has no other weights, those of now count. Zero for agents of modules
        that are not `learning`.
        """
        asked = {name: self._rows[name].columns for name in self.learning(team)}
        said = {name: self.inputs(name, own, weights.get(name), learns) for name, own in asked.items()}
        return self._together(self.teams[team], said)

    def follow_team(self, team: str, rate: float) -> None:
        """Let the target networks of a team, and of its mixers, go this far towards those of now."""
        for name in self.members(team):
            self.follow(name, rate)
        first = self.members(team)[0]
        for name in self.critics[first]:
            if name.split(_PART)[0] == team:
                self.follow(first, rate, name)

    def follow_mixer(self, team: str, rate: float, name: str) -> None:
        """Let the target of one of a team's mixers (or critics) go this far towards that of now."""
        self.follow(self.members(team)[0], rate, _named(team, name))

    def losses(self, name: str, batch: Tensors) -> dict[str, Any]:
        """See `ColumnLearner`: the loss of a team."""
        if name not in self.teams:
            return super().losses(name, batch)
        joint = self.joint(name, batch)
        inputs = self.learned_inputs(name)
        loss, stats = asked_for_loss(
            self, lambda: self.loss(name, joint, inputs, cast(Any, None)), joint, self.coefficients
        )
        self._reported = {**{key: value.to(self._device) for key, value in stats.items()}, "loss": loss.detach()}
        return {name: loss * self._weight}

    def learned_inputs(self, team: str) -> Tensor:
        """`inputs` of the minibatch at hand, with a gradient, as the loss gets them."""
        outputs = self.module.forward_train({module: self._rows[module].columns for module in self.learning(team)})
        said = {module: self._rows[module].laid(outputs[module]["inputs"]) for module in outputs}
        return self._together(self.teams[team], said)

    def seen(self, team: str) -> Tensor:
        """What each agent sees in the minibatch at hand, as numbers `[E, T + 1, n, F]`, and zeros where another sees
        more; all zero where it has no turn."""
        return _by_agent(self.teams[team], _side_by_side(self._seen(team)))

    def joint(self, team: str, batch: Tensors) -> Tensors:
        """Columns of a team as `loss` gets them. They are now those at hand: what `inputs_of` says is said of them."""
        parts = self._parts = batch["agents"]
        self._rows = {module: _Rows(parts[module], self.network(module)) for module in self.members(team)}
        joint = {key: column for key, column in batch.items() if key != "agents"}
        for key in {"acts", "logp"} & set(next(iter(parts.values()))):
            joint[key] = _by_agent(self.teams[team], {module: parts[module][key] for module in parts})
        joint["action"] = _by_agent(self.teams[team], _side_by_side({name: parts[name]["action"] for name in parts}))
        joint["state"] = self._state(self.teams[team], batch)
        return joint

    def _scaled(self, name: str, tensors: Tensors) -> Tensors:
        return tensors  # no network of a team has a scale of its own

    def _together(self, team: Team, said: dict[str, Tensor]) -> Tensor:
        """What networks say to each agent, `[E, T + 1, n, A]`, from what each module says of its own rows, if any."""
        laid = {name: rows.dense(said[name]) if name in said else rows.silence() for name, rows in self._rows.items()}
        most = max(one.shape[3] for one in laid.values())
        missing = {module: (0, most - one.shape[3]) for module, one in laid.items()}
        return _by_agent(
            team, {name: nn.functional.pad(one, missing[name], value=ILLEGAL) for name, one in laid.items()}
        )

    def _shape(self, team: Team) -> TeamShape:
        seen = [_width(self._bare(name).spec.observation) for name in team.modules]
        actions = max(self.network(name).distribution.outputs for name in team.modules)
        state = sum(seen) if team.state is None else _width(team.state)
        return TeamShape(len(team.modules), actions, state, max(seen))

    def _state(self, team: Team, batch: Tensors) -> Tensor:
        """The true state as numbers, or what all see of it: `[E, T + 1, F]`."""
        if team.state is not None:
            return _numbers(batch["state"], team.state, 2)
        return torch.cat([part.flatten(2) for part in self._seen(team.name).values()], 2)

    def _seen(self, team: str) -> dict[str, Tensor]:
        """What each module's agents see in the minibatch at hand, as numbers `[E, T + 1, n, F]`."""
        return {
            name: _numbers(self._parts[name]["observation"], self._bare(name).spec.observation, 3)
            * self._parts[name]["acts"][..., None]
            for name in self.members(team)
        }


class _Rows:
    """The own turns of a module's agents, as its network goes through them. `columns`: what it is given.

    `acts`: `bool[E, T + 1, n]`. Without a memory, all turns side by side. With one, a sequence for each agent and
    match, own turn by own turn.
    """

    def __init__(self, part: Tensors, network: Network) -> None:
        self.acts: Tensor = part["acts"]  # [E, T + 1, n]
        self._order: Tensor | None = None
        self._size, self._width = network.memory_size, network.distribution.outputs + network.distribution.free
        if not self._size:
            self.columns: Tensors = {key: map_tensors(self._flat, part[key]) for key in ("observation", "mask")}
            return
        acts = self._sequences(self.acts)
        if (acts[:, 1:] & ~acts[:, :-1]).any():  # some waited, and go on: what they did comes first, in its order
            self._order = torch.argsort((~acts).long(), dim=1, stable=True)
        self.columns = {key: map_tensors(self._sequences, part[key]) for key in ("observation", "mask")}
        valid = self._sequences(self.acts)
        memory = torch.zeros((len(valid), self._size), device=valid.device)
        first = self._sequences(part["first"]) if "first" in part else torch.zeros_like(valid)
        self.columns |= {"valid": valid, "memory": memory, "first": first}

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
            result = rows.new_zeros((*self.acts.shape, rows.shape[1]))
            result[self.acts] = rows
            return result
        if self._order is not None:
            back = self._order.argsort(1)
            rows = rows.gather(1, back[..., None].expand(-1, -1, rows.shape[2]))
        episodes, steps, count = self.acts.shape
        return rows.reshape(episodes, count, steps, -1).transpose(1, 2)

    def silence(self) -> Tensor:
        """What nobody was asked for: zeros, as `dense` lays them."""
        return torch.zeros((*self.acts.shape, self._width), device=self.acts.device)

    def _flat(self, leaf: Tensor) -> Tensor:
        return leaf[self.acts]

    def _sequences(self, leaf: Tensor) -> Tensor:
        """`[E, T + 1, n, ...]` as `[E * n, T + 1, ...]`, own turns first."""
        result = leaf.transpose(1, 2).flatten(0, 1)
        if self._order is None:
            return result
        index = self._order.reshape(*self._order.shape, *[1] * (result.dim() - 2)).expand_as(result)
        return result.gather(1, index)


def _numbers(seen: Any, spaces: Space, leading: int) -> Tensor:
    """A tree of `[..., *shape]` (`leading` axes before the shapes) as numbers `[..., F]`."""
    result = []
    for path, space in leaf_spaces(spaces):
        leaf: Tensor = at(seen, path)
        result.append(columns(space, leaf.flatten(0, leading - 1)).reshape(*leaf.shape[:leading], -1))
    return torch.cat(result, leading)


def _width(spaces: Space) -> int:
    """How many numbers `_numbers` gives."""
    return sum(width(leaf) for _, leaf in leaf_spaces(spaces))


def _side_by_side(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Columns `[E, T, n]` as they are, where all are so; else `[E, T, n, D]`: the numbers of each, then zeros."""
    if all(part.dim() == 3 for part in parts.values()):
        return parts
    flat = {name: part.flatten(3) if part.dim() > 3 else part[..., None] for name, part in parts.items()}
    most = max(part.shape[3] for part in flat.values())
    return {name: nn.functional.pad(part, (0, most - part.shape[3])) for name, part in flat.items()}


_PART = "/"  # between the name of a team and that of a mixer of it


def _named(team: str, mixer: str) -> str:
    """What a mixer of a team is called among the critics of a module."""
    return f"{team}{_PART}{mixer}" if mixer else team


def _by_agent(team: Team, parts: dict[str, Tensor]) -> Tensor:
    """Columns of modules `[E, ., n, ...]` as one, with the team's agents in their order."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    agents = {module: iter(part.unbind(2)) for module, part in parts.items()}
    return torch.stack([next(agents[module]) for module in team.modules], 2)

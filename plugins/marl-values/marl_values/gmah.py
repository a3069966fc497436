"""GMAH: agents choose sub-goals now and then and act for them; QMIX's mixer is fed by the values of sub-goals.

Sub-goals are states of the team (`mixers.codes`): an agent acts so that the state comes near one of G prototypes.

*High*: `Q_tot(s, g) = mix_s(Q_1(o_1, g), ..., Q_n(o_n, g))`, monotonic in each, over `every` steps of what the team
earns. The sub-goal that counts as chosen is the one that was reached `every` steps later, whatever was meant, as in
Levy et al., "Learning multi-level hierarchies with hindsight", ICLR 2019 (hindsight actions). Only
likely ones are chosen, as in Fujimoto et al., "Benchmarking batch deep reinforcement learning algorithms", 2019.
*Low*: each agent's own values of actions for every sub-goal at once (Kaelbling, "Learning to achieve goals", IJCAI
1993): what the team earns, and 1 where the next state is of the sub-goal's prototype, where it ends.

Source: Xu et al., "Subgoal-based hierarchical reinforcement learning for multi-agent collaboration", 2024: sub-goals
that an auto-encoder generates and adapts, two time scales, intrinsic rewards below and a monotonic mixer of high-level
values above. Only its abstract was at hand: hindsight, likely sub-goals and all sub-goals at once are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from marl.errors import UserError
from marl.training.learner import Stats, Tensors
from marl.training.networks.features import map_tensors
from marl.training.returns import Steps, of_team, returns
from marl.training.team_choice import Choice, TeamShape
from marl_values.goals import AllGoals, GoalCore, GoalValues
from marl_values.learner import MixedByState, ValuesLearner
from marl_values.mixers.codes import Codes
from marl_values.mixers.monotonic import Monotonic
from marl_values.params import GMAHParams

_CODES = "codes"
_SELDOM = 0.001  # of the states; what is seldomer is no more wanted
_LIKELY = 0.1  # what it counts how likely sub-goals are, beside what they are worth


class GMAHLearner(ValuesLearner):
    """Three errors at once: of the team's values of sub-goals, of each agent's values of actions, of the prototypes."""

    hyper: GMAHParams

    def build(self) -> None:
        """See `ColumnLearner`. Raises UserError for networks without sub-goals, and for several learners."""
        super().build()
        if self.parallel:
            raise UserError("values/gmah: one learner chooses the sub-goals, so leave compute.learners out")

    @property
    def core(self) -> GoalCore:
        """That of any network; all have equally many sub-goals, for equally many turns."""
        cores = [self.network(name).recurrent for name in self.names]
        first = cores[0]
        if not isinstance(first, GoalCore) or not all(isinstance(one, GoalCore) for one in cores):
            raise UserError("values/gmah: its networks choose sub-goals: model.kind: values/goals is right")
        if len({(cast(GoalCore, one).goals, cast(GoalCore, one).every) for one in cores}) > 1:
            raise UserError("values/gmah: the models of all groups need the same `goals` and `every`")
        return first

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """The mixer of values of sub-goals, and the prototypes that sub-goals stand for."""
        goals = self.core.goals
        above = TeamShape(shape.agents, goals, shape.state, shape.seen)
        return {
            "": Monotonic(above, self.hyper.mixer, self.hyper.hypernetwork),
            _CODES: Codes(goals, shape.state),
        }

    def learning(self, team: str) -> tuple[str, ...]:
        """No network is asked what it would say of the sub-goal at hand; `goal_values` asks for all."""
        return ()

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The sum of the three. See `TeamLearner` for the columns; `inputs` say nothing."""
        there = F.pad(batch["valid"], (1, 0), value=True)  # [E, T + 1], a state before each step and at the end
        codes = cast(Codes, self.mixer(module_id, _CODES))
        codes.follow(batch["state"], there)
        distance = self.asked(module_id, _CODES, batch["state"])  # [E, T + 1, G]
        reached = distance.argmin(2)
        now = self.goal_values(module_id)
        with torch.no_grad():
            later = self.goal_values(module_id, {name: self.target(name) for name in self.members(module_id)})
        high, stats = self._high(module_id, batch, reached, now, later)
        low, more = self._low(batch, F.one_hot(reached, self.core.goals).float(), now.low, later.low)
        about = distance.amin(2)[there].mean()
        return high + low + about, {**stats, **more, "prototype_error": about.detach()}

    def goal_values(self, team: str, weights: Mapping[str, Mapping[str, Tensor]] | None = None) -> GoalValues:
        """What networks say of all sub-goals, `[E, T + 1, n, G]` and `[E, T + 1, n, G, A]`; zero for who has no turn.

        `weights`: others than those of now, by module.
        """
        agents: dict[str, Any] = {}
        for name in self.members(team):
            part, asked = self._parts[name], AllGoals(self.network(name))
            rows = {key: map_tensors(lambda leaf: leaf.flatten(0, 2), part[key]) for key in ("observation", "mask")}
            own = {f"network.{key}": value for key, value in (weights or {}).get(name, {}).items()}
            found = functional_call(asked, own, (rows["observation"], rows["mask"]))
            agents[name] = iter(zip(*(_by_turn(one, part["acts"]) for one in found), strict=True))
        high, likely, low = zip(*(next(agents[name]) for name in self.teams[team].modules), strict=True)
        most = max(one.shape[-1] for one in low)
        filled = [F.pad(one, (0, most - one.shape[-1]), value=-1e9) for one in low]
        return GoalValues(torch.stack(high, 2), torch.stack(likely, 2), torch.stack(filled, 2))

    def _high(
        self, team: str, batch: Tensors, reached: Tensor, now: GoalValues, later: GoalValues
    ) -> tuple[Tensor, Stats]:
        """What the team earns with the sub-goals that were reached `every` steps later, or at the end, and how likely
        these were: the error of both."""
        acts, state, valid, core = batch["acts"], batch["state"], batch["valid"], self.core
        end = torch.minimum(torch.arange(valid.shape[1], device=valid.device) + core.every, valid.sum(1, keepdim=True))
        goal = reached.gather(1, end)[..., None].expand(-1, -1, acts.shape[2])
        known = self.mixed(team, Choice(now.high[:, :-1], goal, acts[:, :-1], state[:, :-1]))
        best = (GoalValues(*(one.detach() for one in now)) if self.hyper.double else later).best(core.share)
        choice = Choice(later.high[:, 1:], best[:, 1:], acts[:, 1:], state[:, 1:])
        follows = self.mixed(team, choice, target=True).detach()
        error = (known - returns(of_team(batch["reward"], batch["discount"], follows, valid), core.every))[valid]
        turns = acts[:, :-1] & valid[..., None]
        surprise = F.cross_entropy(now.likely[:, :-1][turns], goal[turns])
        told = {"q": known.detach()[valid].mean(), "error": error.detach().abs().mean(), "surprise": surprise.detach()}
        return error.square().mean() + _LIKELY * surprise, told

    def _low(self, batch: Tensors, reached: Tensor, now: Tensor, later: Tensor) -> tuple[Tensor, Stats]:
        """The error of each agent's values of what it did, for every sub-goal. `reached`: one-hot, `[E, T + 1, G]`."""
        acts, valid = batch["acts"], batch["valid"]
        action = batch["action"].long()[..., None, None].expand(-1, -1, -1, now.shape[3], 1)
        known = now[:, :-1].gather(4, action)[..., 0].permute(0, 2, 3, 1)  # [E, n, G, T]
        best = (now.detach() if self.hyper.double else later).argmax(4, keepdim=True)
        follows = later.gather(4, best)[..., 0][:, 1:].permute(0, 2, 3, 1)
        arrives = reached[:, 1:].permute(0, 2, 1)[:, None].expand(known.shape)
        discount = batch["discount"][:, None, None] * (1 - arrives)
        acting, on = acts[:, 1:].transpose(1, 2)[:, :, None], F.pad(valid, (0, 1))[:, None, None, 1:]
        earned = batch["reward"][:, None, None]
        steps = Steps(arrives + earned, discount, follows, acting.expand(known.shape), on.expand(known.shape))
        turns = (acts[:, :-1] & valid[..., None]).transpose(1, 2)[:, :, None].expand(known.shape)
        error = (known - returns(steps, self.hyper.n_step, self.hyper.trace))[turns]
        return error.square().mean(), {"low_error": error.detach().abs().mean()}

    def stepped(self, module_id: str) -> None:
        """The target networks follow. All networks know how much is still to be tried, and what was seldom reached."""
        super().stepped(module_id)
        share = cast(Tensor, cast(Codes, self.mixer(module_id, _CODES)).share)
        for name in self.members(module_id):
            core = cast(GoalCore, self.network(name).recurrent)
            cast(Tensor, core.rare).copy_(1 / (share + _SELDOM))
            cast(Tensor, core.restless).fill_(self.coefficients.get("epsilon", 1.0))


class GMAH(MixedByState):
    """See `GMAHParams`."""

    parameters = GMAHParams
    learner = GMAHLearner


def _by_turn(said: Tensor, acts: Tensor) -> tuple[Tensor, ...]:
    """What was said of all rows `[K, ...]` by agent, each `[E, T + 1, ...]`; zero where it has no turn."""
    laid = said.reshape(*acts.shape, *said.shape[1:])
    turns = acts.reshape(*acts.shape, *[1] * (said.dim() - 1))
    return tuple(laid.where(turns, torch.zeros_like(laid)).unbind(2))

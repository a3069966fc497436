"""Sub-goals: which are found, how long they last, what is learned of them, and that learning them pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from marl.env import EnvSpec, Frame, Group
from marl.errors import UserError
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.job import Job
from marl.registry import ALGORITHMS, load_registry
from marl.space import Box, Discrete
from marl.training.model import ModelConfig
from marl.training.networks import networks
from marl_values.goals import AllGoals, GoalCore, allowed, goals
from marl_values.mixers.codes import Codes
from marl_values.params import GoalsParams

SMALL = {"kind": "values/goals", "params": {"hidden": [8], "goals": 4, "every": 3}, "identity": True}


def core(inputs: int = 6, **params: Any) -> GoalCore:
    torch.manual_seed(0)
    body = goals(Box((inputs,)), GoalsParams(hidden=[inputs], **params))
    assert isinstance(body.core, GoalCore)
    return body.core


def chosen(one: GoalCore, x: torch.Tensor, first: torch.Tensor | None = None) -> torch.Tensor:
    """Which sub-goal each step `[S, T]` is acted for."""
    cleared = torch.zeros(x.shape[:2], dtype=torch.bool) if first is None else first
    out, _ = one.unroll(x, torch.zeros(len(x), 2), cleared)
    return out.unflatten(2, (one.goals, -1)).abs().sum(3).argmax(2)


def test_a_sub_goal_lasts_for_so_many_turns_and_is_chosen_anew_where_a_match_begins() -> None:
    one = core(goals=5, every=3, wander=0.0)
    x = torch.randn(40, 12).abs()[:, :, None] * torch.randn(40, 12, 6)
    picked = chosen(one, x)
    assert (picked[:, ::3].repeat_interleave(3, 1) == picked).all() and len(picked.unique()) > 2
    assert (picked[:, 0] == one.high(x[:, 0]).masked_fill(~allowed(one.likely(x[:, 0]), 0.05), -1e9).argmax(1)).all()
    first = torch.zeros(40, 12, dtype=torch.bool)
    first[:, 7] = True
    again = chosen(one, x, first)
    assert (again[:, :7] == picked[:, :7]).all() and (again[:, 7:10] == again[:, 7:8]).all()
    assert (again[:, 7] == chosen(one, x[:, 7:8])[:, 0]).all()


def test_it_wanders_while_it_learns_and_only_then_sooner_to_what_is_rare() -> None:
    one = core(goals=4, every=1, wander=0.5, share=0.5)
    with torch.no_grad():
        one.likely.bias[:] = torch.tensor([0.0, 0.0, -9.0, 0.0])
        one.likely.weight.zero_()
        one.high.weight.zero_()
        one.high.bias[:] = torch.tensor([1.0, 0.0, 9.0, 0.0])
        one.rare[:] = torch.tensor([1.0, 1.0, 50.0, 3.0])  # type: ignore[operator]
    x = torch.randn(4000, 1, 6)
    share = torch.bincount(chosen(one, x)[:, 0], minlength=4) / 4000
    assert torch.allclose(share, torch.tensor([0.6, 0.1, 0.0, 0.3]), atol=0.03)  # half of them by 1 : 1 : 0 : 3
    one.eval()
    assert (chosen(one, x) == 0).all()


def test_prototypes_are_states_that_lie_apart_and_leave_what_is_not_seen_any_more() -> None:
    """Each match goes through four places; a third number tells matches apart, and no team can change it."""
    chance = torch.Generator().manual_seed(1)
    places = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(2, 1)
    matches = torch.cat([places.expand(50, 8, 2), 9 * torch.rand(50, 1, 1, generator=chance).expand(50, 8, 1)], 2)
    matches[:, :, :2] += 0.01 * torch.randn(50, 8, 2, generator=chance)
    there = torch.rand(50, 8, generator=chance) < 0.9
    there[:, :4] = True
    matches[~there] = 77.0
    codes = Codes(4, 3)
    codes.follow(matches, there)
    assert codes.weight[2] < 1e-6 < codes.weight[:2].min()  # type: ignore[index]
    assert (
        sorted(codes(matches[0, :4]).argmin(1).tolist()) == [0, 1, 2, 3] and codes(matches[there]).amin(1).max() < 0.1
    )
    elsewhere = torch.where(there[..., None], matches + torch.tensor([5.0, 0.0, 0.0]), matches)
    for _ in range(400):
        codes.follow(elsewhere, there)
    assert codes(elsewhere[there]).amin(1).max() < 0.1


def begun(host: Any, make: Any, **params: Any) -> tuple[Any, Any]:
    options = {"lanes": 6, "rows": 60, "minibatch": 8, "steps_per_episode": 0.5, "capacity": 40, "model": SMALL}
    algorithm: Any = load_registry().make(ALGORITHMS, "values/gmah", {**options, **params})
    services = host(make)
    engine = algorithm.engine(Job("values/gmah", 0, ((),), 3), services)
    engine.begin(Job("values/gmah", 0, ((),), 3), services)
    return engine, services


def test_values_of_all_sub_goals_are_those_that_the_network_plays_by(host: Any) -> None:
    """What is learned from all sub-goals at once, and what is played for one, are the same numbers."""
    pytest.importorskip("marl_coop", reason="the game is marl-coop's")
    spec = host("coop/stages", rooms=1, size=3).spec
    network = networks(spec, ModelConfig(**SMALL))["agents"]
    torch.manual_seed(2)
    torch.nn.init.normal_(network.policy_head.weight)
    seen = {"agent": torch.arange(2).repeat(5), "observation": torch.rand(10, *spec.groups[0].observation.shape)}
    said = AllGoals(network)(seen, torch.ones(10, 5, dtype=torch.bool))
    for goal in range(4):
        memory = torch.tensor([[goal, 1.0]]).expand(10, 2)
        assert torch.allclose(network(seen, None, memory).inputs, said.low[:, goal], atol=1e-5)


def test_a_network_without_sub_goals_is_refused(host: Any) -> None:
    pytest.importorskip("marl_classic", reason="the game is marl-classic's")
    with pytest.raises(UserError, match=r"model.kind: values/goals is right"):
        begun(host, "classic/two_step", model={"hidden": [8]})
    with pytest.raises(UserError, match="two ways to look ahead"):
        begun(host, "classic/two_step", n_step=3)


CELLS = 5


class Line(Match):
    """One agent on a line of cells, from the first to the last, which pays 1; it goes back, or on."""

    def start(self) -> None:
        self.cell = self.tick = 0

    def observe(self, agent: int) -> Any:
        return self.state()

    def views(self) -> dict[int, View]:
        return {0: View(self.observe(0), np.ones(2, np.bool_))}

    def play(self, actions: Any) -> Outcome:
        self.cell, self.tick = min(max(self.cell + 2 * int(actions[0]) - 1, 0), CELLS - 1), self.tick + 1
        over, late = self.cell == CELLS - 1, self.tick == 12
        return Outcome({0: float(over)}, set(), {0} if late and not over else set(), done=over or late)

    def state(self) -> Any:
        return (np.arange(CELLS) == self.cell).astype(np.float32)

    def render(self) -> Frame:
        return Frame("", "")


def line(lanes: int) -> Any:
    seen = Box((CELLS,))
    spec = EnvSpec(("a",), (Group("g", (0,), seen, Discrete(2)),), ((0,),), "turns", 12, state=seen)
    return ForkableOneByOne(spec, lanes, Line)


def test_known_values(host: Any, fitted: Any) -> None:
    """Sub-goals are the cells. Going on is worth 0.9 for every cell that lies between, and twice that where the match
    pays."""
    model = {"kind": "values/goals", "params": {"hidden": [32], "goals": CELLS, "every": 1}}
    options = {"model": model, "discount": 0.9, "trace": 0.0, "target_rate": 0.2, "max_grad_norm": None}
    engine, _ = fitted("values/gmah", host(line), 200, 0.02, **options)
    learner = engine.backend.learner
    codes = learner.mixer("side0", "codes")
    goal = codes(torch.eye(CELLS)).argmin(1)
    assert sorted(goal.tolist()) == list(range(CELLS))
    network = learner.network("g")
    with torch.no_grad():
        said = AllGoals(network)(torch.eye(CELLS)[:-1], torch.ones(CELLS - 1, 2, dtype=torch.bool))
    for cell in range(CELLS - 1):
        for to in range(cell + 1, CELLS):
            value = (2.0 if to == CELLS - 1 else 1.0) * 0.9 ** (to - cell - 1)
            assert abs(float(said.low[cell, goal[to], 1]) - value) < 0.15, (cell, to)
            assert said.low[cell, goal[to]].argmax() == 1
        assert said.best(0.05)[cell] == goal[cell + 1]  # no other is likely, after one turn, and worth as much
    assert said.likely[0].argsort(descending=True)[:2].sort().values.tolist() == goal[:2].sort().values.tolist()

"""Implicit and conservative values with known answers: expectiles, and real actions that nobody tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import expectile

from marl.env import EnvSpec, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.policy import Acts
from marl.space import Box, Discrete
from marl_offline.iql import expectile_loss

PAYS = (0.0, 1.0, 2.0, 4.0, 9.0)
QUICK = {"rows": 512, "minibatch": 64, "discount": 1.0, "target_rate": 0.1, "lr": 5e-3}


class Arms(Match):
    """One choice, which pays; of the discrete ones, the last is never tried below."""

    action: Any = Discrete(len(PAYS))

    def start(self) -> None:
        self.over = False

    def observe(self, agent: int) -> Any:
        return np.ones(1, dtype=np.float32)

    def views(self) -> dict[int, View]:
        return {0: View(self.observe(0))}

    def play(self, actions: Any) -> Outcome:
        return Outcome({0: self.pays(actions[0])}, done=True)

    def pays(self, action: Any) -> float:
        return PAYS[int(action)]


class Lever(Arms):
    """How far it is pushed is what it pays."""

    action: Any = Box((1,), -1, 1)

    def pays(self, action: Any) -> float:
        return float(action[0])


def game(match: type[Arms]) -> Any:
    spec = EnvSpec(("one",), (Group("ones", (0,), Box((1,), 0, 1), match.action),), ((0,),), "turns", 1)
    return lambda lanes: ForkableOneByOne(spec, lanes, match)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.95])
def test_the_loss_is_least_at_the_expectile(share: float) -> None:
    sample = torch.tensor([-3.0, 0.5, 1.0, 8.0, 2.0], dtype=torch.float64)
    value = torch.zeros((), dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([value], line_search_fn="strong_wolfe", max_iter=50)

    def closure() -> Any:
        solver.zero_grad()
        loss = expectile_loss(sample - value, share).mean()
        loss.backward()
        return loss

    solver.step(closure)
    assert float(value.detach()) == pytest.approx(expectile(sample.numpy(), share), abs=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_state_is_worth_the_expectile_of_what_was_done_in_it(
    recorded: Any, behaviour: Any, learned: Any, share: float
) -> None:
    often = [0.4, 0.3, 0.2, 0.1, 0.0]
    host = recorded(game(Arms), behaviour(lambda seen, agent: np.tile(often, (len(seen), 1))), 2000)
    falls = {"lr_end": 1e-4, "env_steps": 12_000, "minibatch": 128}
    _, engine = learned("offline/iql", host, **{**QUICK, **falls}, expectile=share, inverse_temperature=_BETA)
    seen = {"observation": torch.ones((1, 1))}
    worth = float(engine.backend.learner.critics[_module(engine)]["value"](seen["observation"]).detach())
    assert worth == pytest.approx(expectile(PAYS, share, weights=often), abs=0.15)
    weight = np.array(often) * np.minimum(np.exp(_BETA * (np.array(PAYS) - worth)), 100.0)
    played = engine.backend.learner.inputs(_module(engine), seen).softmax(1).numpy()[0]
    assert np.abs(played - weight / weight.sum()).max() < 0.06  # the best of what was done, most; never what was not


_BETA = 2.0


def _module(engine: Any) -> str:
    (module,) = engine.backend.policy.networks
    return str(module)


class Timid:
    """Pushes the lever somewhere below the middle, never above."""

    def memory(self, rows: int) -> None:
        return None

    def act(self, rows: Any, memory: Any, keys: Any) -> Acts:
        from marl import rng

        return Acts((-rng.uniform(keys)[:, None]).astype(np.float32), np.zeros(len(rows)))


def test_real_actions_that_nobody_tried_are_left_alone(recorded: Any, learned: Any, returns: Any) -> None:
    host = recorded(game(Lever), Timid(), 2000)
    small = {**QUICK, "env_steps": 10_000, "model": {"hidden": [32, 32], "activation": "relu"}}
    timid, _ = learned("offline/cql_sac", host, **small, conservatism=0.1, temperature=0.02, entropy_real=-3.0)
    assert -0.3 < returns(host, timid)[0] < 0.1  # near the best that was done, which is 0
    cloned, _ = learned("offline/iql", host, **small, expectile=0.9, inverse_temperature=10.0)
    assert -0.35 < returns(host, cloned)[0] < 0.05


@pytest.mark.slow
def test_without_conservatism_real_actions_go_where_nobody_was(recorded: Any, learned: Any, returns: Any) -> None:
    host = recorded(game(Lever), Timid(), 2000)
    small = {**QUICK, "env_steps": 16_000, "model": {"hidden": [32, 32], "activation": "relu"}}
    bold, _ = learned("offline/cql_sac", host, **small, conservatism=0.0, temperature=0.02, entropy_real=-3.0)
    assert returns(host, bold)[0] > 0.3

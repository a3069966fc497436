"""What the updates are known to do: on games of one decision, on matches of known rewards, and from job to job."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

import torch

from marl.algorithm import Trained
from marl.blobs import Blobs
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train
from marl_nash.whole import regularised

BIASED = {"payoffs": [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}  # its equilibrium: (1/4, 1/4, 1/2)
SMALL = {"lanes": 64, "rows": 256, "minibatch": 256, "model": {"hidden": [16]}}
NAMES = ["nash/rnad", "nash/nash_pg", "nash/rebel", "nash/dno"]


class Desk:
    """Self-play on a game, job after job."""

    def __init__(self, folder: Any, env: str, **params: Any) -> None:
        self.registry = load_registry()
        self.services = RunServices(self.registry, Component(env, params), Blobs(folder), lambda step, values: None)

    def job(self, name: str, steps: int, parent: str | None, **params: Any) -> Job:
        opponents = tuple(() if side == 0 else ((SELF, 1.0),) for side in range(len(self.services.spec.sides)))
        return Job(name, 0, opponents, 1, parent, budget={"env_steps": steps}, params={**SMALL, **params})

    def work(self, name: str, steps: int, parent: str | None = None, **params: Any) -> Trained:
        job = self.job(name, steps, parent, **params)
        return train(self.registry, self.registry.make(ALGORITHMS, name, job.params), job, self.services)

    def engine(self, name: str, **params: Any) -> Any:
        """One that has begun a job."""
        job = self.job(name, 10_000, None, **params)
        engine = self.registry.make(ALGORITHMS, name, job.params).engine(job, self.services)
        engine.begin(job, self.services)
        return engine

    def nash_conv(self, done: Trained) -> float:
        id, exact = self.services.blobs.put_snapshot(done.snapshot), self.services.exact()
        return exact.form.nash_conv([exact.plan(side, id) for side in range(exact.sides)])


def probabilities(learner: Any, columns: dict[str, Any]) -> Any:
    (name,) = learner.names
    return torch.softmax(learner.inputs(name, columns), 1).numpy()


@pytest.mark.parametrize(("name", "eta"), [("nash/rebel", 0.5), ("nash/dno", 0.5)])
def test_a_regression_that_is_done_is_a_step_of_mirror_descent(tmp_path: Any, name: str, eta: float) -> None:
    """Every action of the only state, alike often: the policy becomes before * exp(eta * advantage)."""
    engine = Desk(tmp_path, "classic/matrix", **BIASED).engine(name, eta=eta, tau=0.0)
    learner, (module,) = engine.backend.learner, engine.backend.learner.names
    worth = np.array([0.3, -0.5, 0.2], dtype=np.float32)
    action = np.tile(np.arange(3), 40)
    seen = np.ones((len(action), 1), dtype=np.float32)
    before = probabilities(learner, {"observation": torch.from_numpy(seen)})[0]
    columns = {
        "observation": seen,
        "action": action,
        "advantage": worth[action],
        "target": np.zeros(len(action), dtype=np.float32),
        "logp": np.log(before)[action].astype(np.float32),
        "value": np.zeros(len(action), dtype=np.float32),
    }
    learner.fit({module: columns}, 300, {module: 1}, 0, {"lr": 0.01})
    after = probabilities(learner, {"observation": torch.from_numpy(seen)})[0]
    expected = before * np.exp(eta * worth)
    assert after == pytest.approx(expected / expected.sum(), abs=2e-3)
    assert abs(after - before).max() > 0.05


def test_mixing_with_the_reference_pulls_back_to_it(tmp_path: Any) -> None:
    """Where nothing is worth more, the step goes to the mixture: (1 - eta * tau) of the way stays."""
    engine = Desk(tmp_path, "classic/matrix", **BIASED).engine("nash/rebel", eta=0.5, tau=1.0)
    learner, (module,) = engine.backend.learner, engine.backend.learner.names
    seen = torch.ones((120, 1))
    learner.target(module)  # the reference is the policy as it is
    reference = probabilities(learner, {"observation": seen})[0]
    with torch.no_grad():
        learner.network(module).policy_head.bias += torch.tensor([1.0, 0.0, -1.0])
    now = probabilities(learner, {"observation": seen})[0]
    action, zero = np.tile(np.arange(3), 40), np.zeros(120, dtype=np.float32)
    columns = {"observation": seen.numpy(), "action": action, "advantage": zero, "target": zero, "logp": zero}
    learner.fit({module: {**columns, "value": zero}}, 300, {module: 1}, 0, {"lr": 0.01})
    mixed = np.sqrt(now * reference)
    after = probabilities(learner, {"observation": seen})[0]
    assert after == pytest.approx(mixed / mixed.sum(), abs=3e-3)


def test_what_others_pay_is_earned_in_between() -> None:
    """Three matches of rows in any order, against the sum written down match by match."""
    generator = np.random.default_rng(3)
    rows = [(match, tick % 2, tick) for match, length in ((0, 5), (1, 2), (2, 1)) for tick in range(length)]
    rows = [rows[index] for index in generator.permutation(len(rows))]
    match, agent, tick = (np.array(column) for column in zip(*rows, strict=True))
    reward, paid, value = generator.normal(size=(3, len(rows)))
    after = np.array([0.7 if row == (0, 0, 4) else 0.0 for row in rows])
    came, target = regularised(match, agent, tick, reward, paid, value, after, 0.6, 0.9)
    for row, (where, who, when) in enumerate(rows):
        own = sorted(t for m, a, t in rows if m == where and a == who and t > when)
        until = own[0] if own else 99
        others = [rows.index(r) for r in rows if r[0] == where and r[1] != who and when < r[2] < until]
        earned = reward[row] + paid[others].sum()
        if own:
            then = rows.index((where, who, own[0]))
            assert came[row] == pytest.approx(earned + 0.9 * target[then])
            mixed = 0.4 * value[then] + 0.6 * target[then]
            assert target[row] == pytest.approx(earned - paid[row] + 0.9 * mixed)
        else:
            assert came[row] == pytest.approx(earned + 0.9 * after[row])
            assert target[row] == pytest.approx(came[row] - paid[row])


def test_dynamics_push_by_what_was_won_and_what_departing_costs(tmp_path: Any) -> None:
    """On average over matches of the matrix game: payoffs less eta times the log-ratio, centred by the policy."""
    engine = Desk(tmp_path, "classic/matrix", **BIASED).engine("nash/rnad", eta=0.5, rows=8192, lanes=512)
    learner, (module,) = engine.backend.learner, engine.backend.learner.names
    learner.target(module)
    with torch.no_grad():
        learner.network(module).policy_head.bias += torch.tensor([0.4, 0.0, -0.4])
    columns = engine.backend.samplers[0].play(8192, {}).columns[module]
    table = learner._tensors(columns)
    push = learner.prepare(module, table)["push"].mean(0).numpy()
    policy = probabilities(learner, table)[0]
    reference = torch.softmax(learner.reference(module, table), 1)[0].numpy()
    worth = np.array(BIASED["payoffs"]) @ policy - 0.5 * np.log(policy / reference)
    assert push == pytest.approx(worth - policy @ worth, abs=0.1)


def test_logits_far_from_their_mean_are_not_pushed_away(tmp_path: Any) -> None:
    engine = Desk(tmp_path, "classic/matrix", **BIASED).engine("nash/rnad", threshold=1.0)
    learner, (module,) = engine.backend.learner, engine.backend.learner.names
    inputs = torch.tensor([[2.0, -0.5, -1.5]], requires_grad=True)

    def gradient(push: list[float]) -> Any:
        batch = {"push": torch.tensor([push]), "goal": torch.zeros(1)}
        loss, _ = learner.loss(module, batch, inputs, torch.zeros(1))
        return torch.autograd.grad(loss, inputs)[0]

    assert not gradient([1.0, 0.0, 0.0]).any()  # far above, and further up
    assert not gradient([0.0, 0.0, -1.0]).any()
    assert gradient([-1.0, 0.0, 0.0])[0, 0] > 0  # back is allowed
    assert gradient([0.0, 1.0, 0.0])[0, 1] < 0


@pytest.mark.parametrize("name", NAMES)
def test_going_on_is_bit_identical_and_references_follow(tmp_path: Any, name: str) -> None:
    desk = Desk(tmp_path, "classic/kuhn_poker")
    given = {"reference_every": 2, "horizon": 1536}
    whole = desk.work(name, 1536, **given)
    assert whole.checkpoint is not None
    first = desk.work(name, 768, **given)
    assert first.checkpoint is not None
    second = desk.work(name, 768, desk.services.blobs.put_checkpoint(first.checkpoint), **given)
    assert second.snapshot.id == whole.snapshot.id
    past = [key for key in whole.checkpoint.arrays if "past" in key]
    assert past and any(not np.array_equal(whole.checkpoint.arrays[key], first.checkpoint.arrays[key]) for key in past)


def test_what_they_are_not_for_is_refused_in_a_sentence(tmp_path: Any) -> None:
    registry = load_registry()
    with pytest.raises(UserError, match="leave `sharing: all`"):
        registry.make(ALGORITHMS, "nash/rnad", {"sharing": "side"})
    with pytest.raises(UserError, match=r"eta \* tau must be at most 1"):
        registry.make(ALGORITHMS, "nash/rebel", {"eta": 2.0, "tau": 1.0})
    with pytest.raises(UserError, match="is for two sides of one agent each"):
        Desk(tmp_path, "classic/kuhn_poker", players=3).work("nash/rnad", 256)
    with pytest.raises(UserError, match="has a memory"):
        Desk(tmp_path, "classic/kuhn_poker").work("nash/rnad", 256, model={"kind": "gru", "memory": 8})


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_last_policy_comes_near_the_equilibrium(tmp_path: Any, name: str) -> None:
    """Kuhn poker, where uniform play has 0.917; without what holds them they go round in circles."""
    desk = Desk(tmp_path, "classic/kuhn_poker")
    given = {"lanes": 256, "rows": 1024, "minibatch": 1024, "lr": 0.003, "model": {"hidden": [64, 64]}}
    assert desk.nash_conv(desk.work(name, 200_000, **given)) < 0.3

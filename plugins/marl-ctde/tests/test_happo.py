"""HAPPO and HATRPO: agents change one after the other, and each knows how those before it have changed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from marl.errors import UserError
from marl_ctde.hatrpo import conjugate_gradients


def weights(learner: Any) -> dict[str, Any]:
    return {name: value.copy() for name, value in learner.weights().items()}


def moved(one: dict[str, Any], two: dict[str, Any]) -> set[str]:
    """The agents whose networks differ."""
    return {key.split("/")[0] for key in one if (one[key] != two[key]).any()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("happo", "groups in turns, nothing shared"), ("happo", "real and choices"), ("hatrpo", "real and choices")],
)
def test_the_product_of_ratios_is_the_joint_one(begun: Any, batch: Any, kinds: Any, name: str, kind: str) -> None:
    """And each stage changes one agent alone; the last one changes none."""
    engine, _ = begun(kinds[kind][0], f"ctde/{name}", lr=0.01, epochs=2)
    learner, _ = batch(engine, 100)
    seen: list[tuple[str, set[str], Any]] = []
    last, staged = weights(learner), learner.staged

    def watch(team: str, table: Any) -> Any:
        nonlocal last
        made, now = staged(team, table), weights(learner)
        seen.append((learner.stage, moved(last, now), {**table, **made}))
        last = now
        return made

    learner.staged = watch
    learner.fit(
        {"side0": engine.backend.samplers[0].play(100, {}).columns["side0"]},
        2,
        {"side0": 2},
        5,
        {**learner.coefficients},
    )
    stages = [stage for stage, _, _ in seen]
    assert sorted(stages[:-1]) == ["a", "b", "c"] and all(who == {stage} for stage, who, _ in seen[:-1])
    assert seen[-1][1] == set()
    table = seen[-1][2]
    joint = learner.joint("side0", table)
    with torch.no_grad():
        now = learner.policies("side0").logp(learner.inputs_of("side0", {})[:, :-1], joint["action"])
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    ratio = ((now - joint["before"]) * turns).sum(2).exp()[joint["valid"]]
    factor = table["factor"][..., 0][joint["valid"]]
    assert torch.allclose(factor, ratio, rtol=1e-3) and float((factor - 1).abs().max()) > 0.05


def test_the_order_is_another_in_every_update(begun: Any, kinds: Any) -> None:
    engine, _ = begun(kinds["at once"][0], "ctde/happo")
    learner, orders = engine.backend.learner, set()
    for seed in range(20):
        learner._seed = seed
        orders.add(learner.stages("side0"))
        assert learner.stages("side0") == learner.stages("side0")
    assert len(orders) > 3


def test_shared_networks_are_refused(begun: Any, kinds: Any) -> None:
    with pytest.raises(UserError, match="one after the other"):
        begun(kinds["at once"][0], "ctde/happo", sharing="all")


def test_natural_gradients_go_as_far_as_they_may(begun: Any, batch: Any, kinds: Any) -> None:
    """Each agent's policy is a little less than `kl` away from what it was, and what was to improve has improved."""
    engine, _ = begun(kinds["at once"][0], "ctde/hatrpo", kl=0.003, rows=600)
    learner, columns = batch(engine, 600)
    table = columns | learner.prepare("side0", columns)
    learner._fitting = "side0"
    for stage in learner.stages("side0")[:-1]:
        learner.stage = stage
        joint = learner.joint("side0", table)
        with torch.no_grad():
            before, start = learner._inputs("side0"), learner._gain("side0", joint, learner._inputs("side0"))
        learner.step("side0", table, torch.zeros(()))
        with torch.no_grad():
            after = learner._inputs("side0")
            moved, gained = learner._moved("side0", joint, before, after), learner._gain("side0", joint, after) - start
        assert 0.001 < float(moved) <= 0.003 and float(moved) == pytest.approx(float(learner._reported["kl"]), rel=1e-3)
        assert float(gained) > 0
        table |= learner.staged("side0", table)


def test_who_does_not_act_does_not_move_a_natural_gradient(begun: Any, kinds: Any) -> None:
    found = []
    for other in (False, True):
        engine, _ = begun(kinds["groups in turns, nothing shared"][0], "ctde/hatrpo")
        columns = engine.backend.samplers[0].play(150, {}).columns["side0"]
        if other:
            for part in columns["agents"].values():
                part["observation"][~part["acts"]] += 7.0
                part["logp"][~part["acts"][:, :-1]] = -3.0
            columns["reward"][~columns["valid"]] = 9.0
        coefficients = engine.hyper.coefficients(0.0)
        engine.backend.learner.fit({"side0": columns}, 2, {"side0": 1}, 5, coefficients)
        found.append(weights(engine.backend.learner))
    one, two = found
    assert all(abs(one[key] - two[key]).max() < 1e-4 for key in one)


def test_conjugate_gradients_solve_what_is_positive() -> None:
    torch.manual_seed(0)
    root = torch.randn(6, 6)
    matrix, wanted = root @ root.T + torch.eye(6), torch.randn(6)
    assert torch.allclose(matrix @ conjugate_gradients(lambda x: matrix @ x, wanted, 20), wanted, atol=1e-3)

"""HAPPO: agents change one after the other, and each knows how those before it have changed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from marl.errors import UserError


def weights(learner: Any) -> dict[str, Any]:
    return {name: value.copy() for name, value in learner.weights().items()}


def moved(one: dict[str, Any], two: dict[str, Any]) -> set[str]:
    """The agents whose networks differ."""
    return {key.split("/")[0] for key in one if (one[key] != two[key]).any()}


@pytest.mark.parametrize("kind", ["groups in turns, nothing shared", "real and choices"])
def test_the_product_of_ratios_is_the_joint_one(begun: Any, batch: Any, kinds: Any, kind: str) -> None:
    """And each stage changes one agent alone; the last one changes none."""
    engine, _ = begun(kinds[kind][0], "ctde/happo", lr=0.01, epochs=2)
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

"""What holds for all algorithms: who does not act does not count, runs go on to the bit, what cannot be is said."""

from __future__ import annotations

from typing import Any

import pytest
import torch

ALL = ["mappo", "ippo", "mat", "bnac", "happo", "coma", "maddpg", "mardpg", "facmac", "masac"]
REPLAY = {"steps_per_episode": 0.5, "capacity": 40}
PARAMS: dict[str, dict[str, Any]] = {
    "coma": {"horizon": 5000},
    "bnac": {"horizon": 150, "edges_until": 0.0, "edges_gone": 1.0},
    "maddpg": REPLAY,
    "mardpg": REPLAY,
    "facmac": REPLAY,
    "masac": REPLAY,
}


def disturb(columns: Any) -> None:
    """Change all that stands where an agent has no turn, and rewards on padding."""
    for part in columns["agents"].values():
        idle = ~part["acts"]
        part["observation"][idle] += 7.0
        part["action"][idle[:, :-1]] = 1
        part["mask"][idle] = True
        if "logp" in part:
            part["logp"][idle[:, :-1]] = -3.0
    columns["reward"][~columns["valid"]] = 9.0
    columns["discount"][~columns["valid"]] = 0.5


@pytest.mark.parametrize("name", ALL)
def test_who_does_not_act_does_not_count(begun: Any, batch: Any, kinds: Any, name: str) -> None:
    """In turns, with masks, agents that fall out, groups apart and matches that are cut short."""
    make, sharing = kinds["groups in turns, nothing shared"]
    engine, _ = begun(make, f"ctde/{name}", sharing=sharing, model={"hidden": [8]}, **PARAMS.get(name, {}))
    learner, columns = batch(engine, 100)

    def gradients() -> list[Any]:
        """Of all stages, one after the other."""
        learner._fitting, learner._drawn, found = "side0", 0, []
        table = columns | learner.prepare("side0", columns)
        for stage in learner.stages("side0"):
            learner.stage = stage
            found += list(learner.compute_gradients(learner.losses("side0", table)).values())
            table |= learner.staged("side0", table)
        learner.stage = ""
        return [one.clone() for one in found if one is not None]

    saved = learner.save()
    before = gradients()
    learner.load(saved)
    disturb(columns)
    after = gradients()
    assert len(before) > 5
    assert any(float(one.abs().max()) > 1e-6 for one in before)
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in zip(before, after, strict=True))


def learned(engine: Any, updates: int) -> list[dict[str, float]]:
    told = [engine.update() for _ in range(updates)]
    return [{key: value for key, value in one.items() if "seconds" not in key and key != "staleness"} for one in told]


@pytest.mark.parametrize(
    ("name", "kind", "model"),
    [
        ("mappo", "real and choices", "lstm"),
        ("ippo", "in turns", "lstm"),
        ("hatrpo", "groups in turns, nothing shared", "mlp"),
        ("coma", "in turns", "lstm"),
        ("maddpg", "real and choices", "mlp"),
        ("facmac", "groups in turns, nothing shared", "lstm"),
        ("mardpg", "groups in turns, nothing shared", "mlp"),
        ("mat", "groups in turns, nothing shared", "mlp"),
        ("bnac", "real and choices", "mlp"),
        ("masac", "real and choices", "lstm"),
        ("happo", "groups in turns, nothing shared", "lstm"),
    ],
)
def test_a_run_goes_on_from_a_checkpoint_to_the_bit(
    begun: Any, kinds: Any, models: Any, name: str, kind: str, model: str
) -> None:
    """Critics and their scales, optimisers, matches in progress."""
    make, sharing = kinds[kind]
    options = {"sharing": sharing, "model": models[model], "samplers": 2, **PARAMS.get(name, {})}
    engine, _ = begun(make, f"ctde/{name}", **options)
    learned(engine, 2)
    saved = engine.save()
    wanted = learned(engine, 2)
    other, _ = begun(make, f"ctde/{name}", parent=saved, **options)
    assert learned(other, 2) == wanted and {"loss", "side0/loss"} & set(wanted[0])
    one, two = engine.save(), other.save()
    assert set(one.arrays) == set(two.arrays)
    assert all(array.tobytes() == two.arrays[key].tobytes() for key, array in one.arrays.items())


def test_an_environment_without_a_state_is_said(kinds: Any, begun: Any) -> None:
    from marl.job import Job
    from marl.registry import ALGORITHMS, load_registry

    small = {"lanes": 6, "rows": 60, "minibatch": 8, "env_steps": 60}
    _, services = begun(kinds["groups in turns, nothing shared"][0], "ctde/mappo", sharing="none")
    for name, warned in (("ctde/ippo", 0), ("ctde/mappo", 1)):
        load_registry().make(ALGORITHMS, name, small).train(Job(name, 0, ((),), 1), services)
        assert len(services.warnings) == warned
    assert "no state()" in services.warnings[0]


def test_a_critic_that_nobody_would_ask_is_refused() -> None:
    from marl.errors import UserError
    from marl_ctde.mappo import MAPPOLearner

    with pytest.raises(UserError, match="make_mixers is called make_team_critics now"):
        type("Old", (MAPPOLearner,), {"make_mixers": lambda self, shape: {}})

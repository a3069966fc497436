"""What value decomposition is known to learn, and what it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("marl_classic", reason="the games are marl-classic's")

UNIFORM = {"epsilon": 1.0, "epsilon_end": 1.0}  # as in the paper: all joint actions are seen equally often
FAST = {"lanes": 32, "rows": 256, "steps_per_episode": 0.25, "lr": 5e-3, "target_rate": 0.05, **UNIFORM}
MODELS = {
    "mlp": {"hidden": [32], "identity": True},
    "gru": {"kind": "gru", "memory": 32, "hidden": [32], "identity": True},
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("name", "known"), [("values/vdn", 7.0), ("values/qmix", 8.0)])
def test_two_step(host: Any, trained: Any, returns: Any, name: str, known: float, model: str) -> None:
    """Rashid et al. 2018, section 5: VDN takes the safe game, QMIX the better one."""
    services = host("classic/two_step")
    policy, _ = trained(name, services, env_steps=2_500, model=MODELS[model], **FAST)
    assert returns(policy, services) == known


def test_agents_need_not_share_a_network(host: Any, trained: Any, returns: Any) -> None:
    services = host("classic/two_step")
    policy, engine = trained("values/qmix", services, env_steps=2_500, sharing="none", model={"hidden": [32]}, **FAST)
    assert returns(policy, services) == 8.0 and sorted(policy.networks) == ["player_0", "player_1"]
    assert sorted(engine.backend.learner.critics) == ["player_0", "player_1"]


def values(engine: Any, services: Any) -> Any:
    """The team's values of all its joint actions in a matrix game, as the learner has them: `[A, A]`."""
    learner = engine.backend.learner
    rows = services.environment(1).reset(np.zeros(1, np.int64), np.zeros(1, np.uint64))[0]
    seen = engine.backend.policy.seen(rows.observation, rows.agent)
    with torch.no_grad():
        each = learner.network("players")(
            {key: torch.from_numpy(column) for key, column in seen.items()}, None, None
        ).inputs
        count = each.shape[1]
        joint = torch.stack(torch.meshgrid(each[0], each[1], indexing="ij"), 2).reshape(-1, 2)
        return learner.mixed("side0", joint, torch.zeros(len(joint), 1)).reshape(count, count).numpy()


def test_vdn_fits_the_best_sum_and_is_misled_by_climbing(host: Any, trained: Any, returns: Any) -> None:
    """Under uniform exploration it is the least-squares fit: row means and column means. It plays (2, 2), 5 of 11."""
    services = host("classic/team_matrix", game="climbing")
    options = {**FAST, "rows": 128, "lr": 2e-2, "lr_end": 0.0, "max_grad_norm": None}
    policy, engine = trained("values/vdn", services, env_steps=2_500, model=MODELS["mlp"], **options)
    game = np.array([[11, -30, 0], [-30, 7, 6], [0, 0, 5]])
    sums = game.mean(1, keepdims=True) + game.mean(0) - game.mean()
    assert sums.max() == sums[2, 2]
    kept = engine.backend.experience.rings["side0"].take(np.arange(engine.backend.experience.rings["side0"].size))
    chosen = np.eye(3)[kept["agents"]["players"]["action"][:, 0]].reshape(-1, 6)  # what both did, one-hot
    fit = np.linalg.lstsq(chosen, kept["reward"][:, 0], rcond=None)[0]
    best = fit[:3, None] + fit[3:]  # of the matches that were played, which are not quite uniform
    assert np.abs(best - sums).max() < 2 and np.abs(values(engine, services) - best).max() < 1.5
    assert returns(policy, services) == 5.0 < game.max() == 11


def test_qmix_represents_what_is_monotonic_and_not_what_is_not(host: Any, trained: Any, returns: Any) -> None:
    options = {**FAST, "env_steps": 1_600, "rows": 128, "model": MODELS["mlp"]}
    game = [[0, 1], [1, 8]]  # no sum of two values: the best fit of one is off by 1.5 everywhere
    services = host("classic/team_matrix", payoffs=game)
    policy, engine = trained("values/qmix", services, **options)
    assert np.abs(values(engine, services) - game).max() < 0.2 and returns(policy, services) == 8.0
    misleading = host("classic/team_matrix", game="climbing")
    policy, engine = trained("values/qmix", misleading, **options)
    assert returns(policy, misleading) < 11 and values(engine, misleading)[0, 0] < 11 - 3

"""What value decomposition is known to learn, and what it cannot: of all there is to play, equally often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from marl_values.learner import played

pytest.importorskip("marl_classic", reason="the games are marl-classic's")

MODELS = {
    "mlp": {"hidden": [32], "identity": True},
    "gru": {"kind": "gru", "memory": 32, "hidden": [32], "identity": True},
}
TWO_STEP = {"steps": 120, "lr": 0.01, "target_rate": 0.1}


def values(engine: Any, columns: Any, mixer: str = "", matrix: bool = True) -> tuple[Any, list[int]]:
    """The team's values of the joint actions in columns, as `[A, A]` for a matrix of all, and each agent's choice."""
    learner = engine.backend.learner
    with torch.no_grad():
        batch = learner.joint("side0", learner._tensors(columns))
        inputs = learner.inputs_of("side0", {})
        joint = learner.mixed("side0", played(batch, inputs), name=mixer)
    return joint.reshape([inputs.shape[3]] * 2 if matrix else [-1]).numpy(), inputs[0, 0].argmax(1).tolist()


@pytest.mark.parametrize(
    ("name", "known", "model"),
    [
        ("values/vdn", 7.0, "mlp"),
        ("values/qmix", 8.0, "mlp"),
        ("values/qmix", 8.0, "gru"),
    ],
)
def test_two_step(host: Any, fitted: Any, returns: Any, name: str, known: float, model: str) -> None:
    """Rashid et al. 2018, section 5: VDN takes the safe game, QMIX the better one."""
    services = host("classic/two_step")
    engine, _ = fitted(name, services, model=MODELS[model], **TWO_STEP)
    assert returns(engine, services) == known


def test_without_a_replay_the_two_step_game_takes_two_fits(host: Any, fitted: Any, returns: Any) -> None:
    """Targets are computed once a fit: in the first, the second step is learned; then what leads there."""
    services = host("classic/two_step")
    engine, columns = fitted("values/pqn_qmix", services, model=MODELS["mlp"], steps=100, lr=0.01, trace=0.0)
    assert returns(engine, services) < 8.0
    for seed in range(1, 3):
        engine.backend.learner.fit({"side0": columns}, 100, {"side0": 1}, seed, {"lr": 0.01}, shuffled=False)
    assert returns(engine, services) == 8.0


def test_agents_need_not_share_a_network(host: Any, fitted: Any, returns: Any) -> None:
    services = host("classic/two_step")
    engine, _ = fitted("values/qmix", services, sharing="none", model={"hidden": [32]}, **TWO_STEP)
    learner = engine.backend.learner
    assert returns(engine, services) == 8.0 and learner.names == ("player_0", "player_1")
    assert sorted(learner.critics) == ["player_0", "player_1"]


@pytest.mark.slow
def test_a_whole_run_learns_it_too(host: Any, trained: Any, returns: Any) -> None:
    """As scenarios/two_step_qmix.yaml has it: matches are played, kept and drawn."""
    services = host("classic/two_step")
    fast = {"lanes": 32, "rows": 256, "steps_per_episode": 0.25, "lr": 5e-3, "target_rate": 0.05}
    _, engine = trained(
        "values/qmix", services, env_steps=2_500, epsilon=1.0, epsilon_end=1.0, model=MODELS["mlp"], **fast
    )
    assert returns(engine, services) == 8.0


def test_vdn_fits_the_best_sum_and_is_misled_by_climbing(host: Any, fitted: Any, returns: Any) -> None:
    """The least-squares fit: row means and column means. It plays (2, 2), 5 of 11."""
    services = host("classic/team_matrix", game="climbing")
    engine, columns = fitted("values/vdn", services, model=MODELS["mlp"], steps=240, lr=0.02, max_grad_norm=None)
    game = np.array([[11, -30, 0], [-30, 7, 6], [0, 0, 5]])
    sums = game.mean(1, keepdims=True) + game.mean(0) - game.mean()
    assert sums.max() == sums[2, 2] and returns(engine, services) == 5.0
    assert np.abs(values(engine, columns)[0] - sums).max() < 0.5


def test_qmix_represents_what_is_monotonic(host: Any, fitted: Any, returns: Any) -> None:
    game = [[0, 1], [1, 8]]  # no sum of two values: the best fit of one is off by 1.5 everywhere
    services = host("classic/team_matrix", payoffs=game)
    engine, columns = fitted("values/qmix", services, model=MODELS["mlp"], steps=200, lr=0.01)
    assert np.abs(values(engine, columns)[0] - game).max() < 0.2 and returns(engine, services) == 8.0


GAME = np.array([[8, -12, -12], [-12, 0, 0], [-12, 0, 0]])
"""The non-monotonic game: Son et al., "QTRAN", ICML 2019, table 1; it is in Rashid et al., "Weighted QMIX", too."""


@pytest.fixture
def misleading(host: Any, fitted: Any) -> Any:
    """A learner of the non-monotonic game, and all there is to play in it."""

    def fit(name: str, steps: int, **params: Any) -> tuple[Any, Any]:
        services = host("classic/team_matrix", game="non_monotonic")
        engine, columns = fitted(name, services, model=MODELS["mlp"], steps=steps, lr=0.01, **params)
        np.testing.assert_allclose(columns["reward"].reshape(3, 3), GAME)
        return engine, columns

    return fit


@pytest.mark.parametrize("name", ["values/iql", "values/vdn", "values/qmix", "values/pqn_vdn"])
def test_sums_and_monotonic_mixtures_play_for_nothing(misleading: Any, name: str) -> None:
    """Means of rows and columns say that 0 is the worst choice; QMIX's best fit is -8 there, and 0 elsewhere."""
    joint, chosen = values(*misleading(name, 160 if name == "values/qmix" else 60))
    assert 0 not in chosen
    if name == "values/qmix":
        best = np.where((np.arange(3) == 0)[:, None] | (np.arange(3) == 0), -8.0, 0.0)
        assert np.abs(joint - best).max() < 1.0


@pytest.mark.parametrize("name", ["values/ow_qmix", "values/cw_qmix"])
def test_weighted_qmix_finds_the_best(misleading: Any, name: str) -> None:
    """Its monotonic value is right where it is greatest; its other one is right everywhere."""
    engine, columns = misleading(name, 240)
    joint, chosen = values(engine, columns)
    assert chosen == [0, 0] and joint.argmax() == 0 and abs(joint[0, 0] - 8) < 1.5
    learner = engine.backend.learner
    with torch.no_grad():
        batch = learner.joint("side0", learner._tensors(columns))
        anything = learner.mixed("side0", played(batch, learner.central("side0")), name="central")
    assert np.abs(anything.reshape(3, 3).numpy() - GAME).max() < 1.0


def test_qtran_binds_a_sum_to_the_best_choice_of_the_joint_value(misleading: Any) -> None:
    """Table 1 (b): the joint value is the game, and the sum, up to the state's value, is 8 at best and never below."""
    engine, columns = misleading("values/qtran", 240)
    joint, chosen = values(engine, columns, "joint")
    bound = values(engine, columns)[0] + values(engine, columns, "state")[0]
    assert chosen == [0, 0] and np.abs(joint - GAME).max() < 0.5
    assert abs(bound[0, 0] - 8) < 0.5 and (bound > GAME - 1.0).all()


@pytest.mark.slow
def test_qplex_solves_the_non_monotonic_game(host: Any, trained: Any, returns: Any) -> None:
    """Exactly, and in a whole run: minibatches shake it out of the tie of two joint actions where it rests before."""
    services = host("classic/team_matrix", game="non_monotonic")
    options = {"lanes": 32, "rows": 128, "steps_per_episode": 0.25, "minibatch": 16, "lr": 0.01, "lr_end": 0.001}
    uniform = {"epsilon": 1.0, "epsilon_end": 1.0, "target_rate": 0.05}
    _, engine = trained("values/qplex", services, env_steps=4_800, model=MODELS["mlp"], **options, **uniform)
    joint, _ = values(engine, engine.backend.samplers[0].play(256, {"epsilon": 1.0}).columns["side0"], matrix=False)
    assert returns(engine, services) == 8.0 and joint.max() == pytest.approx(8.0, abs=0.5)


def test_qplex_represents_what_no_monotonic_mixture_can(host: Any, fitted: Any, returns: Any) -> None:
    """The agents' own order of the actions depends on what the other does, but for the best one."""
    game = np.array([[8, 6, -2], [6, -12, 6], [-2, 6, 0]])
    services = host("classic/team_matrix", payoffs=game.tolist())
    off = {}
    for name in ("values/qplex", "values/qmix"):
        engine, columns = fitted(name, services, model=MODELS["mlp"], steps=240, lr=0.01)
        off[name] = np.abs(values(engine, columns)[0] - game).max()
        assert name == "values/qmix" or returns(engine, services) == 8.0
    assert off["values/qplex"] < 1.0 and off["values/qmix"] > 3.0


def test_actions_that_only_a_teammate_has_are_never_the_best(host: Any, fitted: Any) -> None:
    """Everything pays less than 0, the number that would stand there."""
    services = host("classic/team_matrix", payoffs=[[-9, -8, -7], [-8, -9, -9]])
    engine, columns = fitted("values/vdn", services, model={"hidden": [8]}, steps=40, lr=0.05)
    with torch.no_grad():
        engine.backend.learner.joint("side0", engine.backend.learner._tensors(columns))
        inputs = engine.backend.learner.inputs_of("side0", {})[:, 0]
    assert inputs.shape[1:] == (2, 3) and (inputs.argmax(2).amax(0) <= torch.tensor([1, 2])).all()
    assert (inputs.amax(2) < 0).all()

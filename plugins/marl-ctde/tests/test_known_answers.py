"""What actor-critics of teams are known to learn in games of one or two steps."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("marl_classic", reason="the games are marl-classic's")


def some(first: str, *rest: str) -> list[Any]:
    """All of them; those after the first are slow."""
    return [first, *(pytest.param(name, marks=pytest.mark.slow) for name in rest)]


def trained(begun: Any, name: str, env: str, seed: int, env_steps: int, game: Any = None, **params: Any) -> Any:
    """An engine at the end of its job, and its services."""
    small = {"lanes": 64, "rows": 512, "minibatch": 64, "lr": 2e-3, "sharing": "none", "model": {"hidden": [32]}}
    engine, services = begun(env, name, seed=seed, game=game, env_steps=env_steps, **{**small, **params})
    while not engine.done:
        engine.update()
    return engine, services


@pytest.mark.parametrize("name", some("mappo", "ippo", "happo", "coma"))
def test_a_game_without_traps_is_learned(begun: Any, returns: Any, name: str) -> None:
    engine, services = trained(begun, f"ctde/{name}", "classic/team_matrix", 0, 2_500, {"payoffs": [[0, 1], [1, 8]]})
    assert returns(engine, services) == 8.0


@pytest.mark.parametrize(("name", "paid"), [("mat", 8.0), pytest.param("mappo", 0.0, marks=pytest.mark.slow)])
def test_who_knows_what_others_chose_need_not_fear_it(begun: Any, returns: Any, name: str, paid: float) -> None:
    """8 where both choose 0, -12 where one does: agents that choose by themselves learn to leave it (0)."""
    engine, services = trained(begun, f"ctde/{name}", "classic/team_matrix", 0, 3_000, {"game": "non_monotonic"})
    assert returns(engine, services) == paid


JOINT = {"lanes": 32, "rows": 128, "minibatch": 32, "steps_per_episode": 0.1, "lr": 5e-3, "target_rate": 0.05}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["maddpg", "facmac", "masac"])
def test_critics_of_joint_actions_teach_it_too(begun: Any, returns: Any, name: str) -> None:
    game = {"payoffs": [[0, 1], [1, 8]]}
    engine, services = trained(begun, f"ctde/{name}", "classic/team_matrix", 0, 1_500, game, **JOINT)
    assert returns(engine, services) == 8.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["masac", "maddpg"])
def test_two_agents_agree_on_a_number(begun: Any, returns: Any, numbers: Any, name: str) -> None:
    """Real actions: 1 is best, where both say 0.5; 0.75 is for two who say 0."""
    engine, services = trained(begun, f"ctde/{name}", numbers(True), 0, 2_500, **JOINT)
    assert returns(engine, services) > 0.95


@pytest.mark.slow
def test_a_monotonic_critic_learns_what_each_is_to_say_and_no_agreement(begun: Any, returns: Any, numbers: Any) -> None:
    """FACMAC finds what is best for one whatever the other says; what is best may not depend on the other."""
    found = []
    for agree in (False, True):
        engine, services = trained(begun, "ctde/facmac", numbers(agree), 0, 2_500, **JOINT)
        found.append(returns(engine, services))
    assert found[0] > 0.95 > found[1]

"""What actor-critics of teams are known to learn in games of one or two steps."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("marl_classic", reason="the games are marl-classic's")


def trained(begun: Any, name: str, env: str, seed: int, env_steps: int, game: Any = None, **params: Any) -> Any:
    """An engine at the end of its job, and its services."""
    small = {"lanes": 64, "rows": 512, "minibatch": 64, "lr": 2e-3, "sharing": "none", "model": {"hidden": [32]}}
    engine, services = begun(env, name, seed=seed, game=game, env_steps=env_steps, **{**small, **params})
    while not engine.done:
        engine.update()
    return engine, services


@pytest.mark.parametrize("name", ["mappo", "ippo", "happo", "coma"])
def test_a_game_without_traps_is_learned(begun: Any, returns: Any, name: str) -> None:
    engine, services = trained(begun, f"ctde/{name}", "classic/team_matrix", 0, 2_500, {"payoffs": [[0, 1], [1, 8]]})
    assert returns(engine, services) == 8.0

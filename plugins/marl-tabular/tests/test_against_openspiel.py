"""The same tables as OpenSpiel's solvers after as many iterations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyspiel", reason="needs OpenSpiel")
pytest.importorskip("marl_openspiel.games", reason="needs the plugin openspiel")

import pyspiel
from open_spiel.python import policy as pyspiel_policy
from open_spiel.python.algorithms import exploitability
from open_spiel.python.algorithms.discounted_cfr import DCFRSolver, LCFRSolver
from open_spiel.python.algorithms.mmd_dilated import MMDDilatedEnt

from marl.exact import SequenceForm
from marl_openspiel import games
from marl_openspiel.params import GameParams
from marl_tabular.algorithm import TreeSolver
from marl_tabular.double_oracle import DoubleOracle
from marl_tabular.game import LearnersGame, Seen
from marl_tabular.mirror import MirrorDescent, MirrorParams
from marl_tabular.regret import CFR, Weighting
from marl_tabular.weightings import Discounted, Plain, Plus


def self_play(form: SequenceForm, weighting: Weighting) -> CFR:
    sides = range(len(form.players))
    return CFR(LearnersGame(form, [Seen(1.0, None)] * len(sides)), sides, weighting)


def table_of(policy: Any, state: str) -> dict[int, float]:
    """What a policy of OpenSpiel, of C++ or Python, does in an information set."""
    if hasattr(policy, "policy_for_key"):
        return dict(enumerate(policy.policy_for_key(state)))
    return dict(policy.get_state_policy(state))


def difference(form: SequenceForm, ours: TreeSolver, policy: Any) -> float:
    """The largest difference of a probability between two average policies."""
    largest = 0.0
    for side, plan in ours.averages().items():
        decisions = form.players[side]
        behaviour = decisions.behaviour(plan)
        for name, row, mask in zip(decisions.name, behaviour, decisions.mask, strict=True):
            expected = table_of(policy, name)
            largest = max(largest, *(abs(row[action] - expected[action]) for action in np.flatnonzero(mask)))
    return largest


def test_double_oracle_solves_a_game_of_openspiel() -> None:
    """Kuhn poker is worth -1/18 to who begins; OpenSpiel measures the solution as we do."""
    form = games.make("kuhn_poker", lanes=1).sequence_form()
    solver = DoubleOracle(form, 20_000)
    for _ in range(10):
        solver.iterate()
    plans = list(solver.averages().values())
    assert form.returns(plans) == pytest.approx([-1 / 18, 1 / 18], abs=1e-2)
    assert form.nash_conv(plans) < 0.02
    table = pyspiel_policy.TabularPolicy(pyspiel.load_game("kuhn_poker"))
    for player, plan in zip(form.players, plans, strict=True):
        for name, row in zip(player.name, player.behaviour(plan), strict=True):
            table.policy_for_key(name)[:] = row
    assert exploitability.nash_conv(table.game, table) == pytest.approx(form.nash_conv(plans), abs=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_mirror_descent_is_that_of_openspiel(alpha: float) -> None:
    """Its own step, and after twenty of them the same policies."""
    form = games.make("kuhn_poker", lanes=1).sequence_form()
    params = MirrorParams(eta=0.5, alpha=alpha, magnet_every=0)
    ours = MirrorDescent(LearnersGame(form, [Seen(1.0, None)] * 2), (0, 1), params)
    theirs = MMDDilatedEnt(pyspiel.load_game("kuhn_poker"), alpha, stepsize=0.5)
    for _ in range(20):
        ours.iterate()
        theirs.update_sequences()
    assert difference(form, ours, theirs.get_policies()) < 1e-9


GAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "kuhn": ("kuhn_poker", {}),
    "kuhn3": ("kuhn_poker", {"players": 3}),
    "leduc": ("leduc_poker", {}),
    "liars_dice": ("liars_dice", {"dice_sides": 3}),
}
SOLVERS: dict[str, tuple[Weighting, Any]] = {
    "cfr": (Plain(), pyspiel.CFRSolver),
    "cfr_plus": (Plus(), pyspiel.CFRPlusSolver),
    "linear_cfr": (Discounted(1.0, 1.0, 1.0), LCFRSolver),
    "dcfr": (Discounted(1.5, 0.0, 2.0), DCFRSolver),
}


def cases() -> Iterator[Any]:
    """Every solver on every game; what OpenSpiel has in Python takes its time on the larger ones."""
    for solver in SOLVERS:
        for game in GAMES:
            takes_time = solver in ("linear_cfr", "dcfr") and game != "kuhn"
            yield pytest.param(solver, game, marks=[pytest.mark.slow] if takes_time else [])


@pytest.mark.parametrize(("solver", "game"), list(cases()))
def test_the_tables_are_those_of_openspiel(solver: str, game: str) -> None:
    (name, parameters), (weighting, other) = GAMES[game], SOLVERS[solver]
    form = games.make(name, lanes=1, params=GameParams(parameters=parameters)).sequence_form()
    ours, theirs = self_play(form, weighting), other(pyspiel.load_game(name, parameters))
    most = 10 if game == "leduc" and solver in ("linear_cfr", "dcfr") else 50  # theirs do 5 a second there
    for count in range(1, most + 1):
        ours.iterate()
        theirs.evaluate_and_update_policy()
        if count in (1, 10, 50):
            assert difference(form, ours, theirs.average_policy()) < 1e-9, f"after {count} iterations"

"""`marl economy ...` on answers that are known."""

from __future__ import annotations

import pytest

from marl.errors import UserError
from marl_economy.commands import elasticity, solution
from marl_economy.estimate import Estimate


def test_the_elasticity_of_rational_workers_is_found_again() -> None:
    """With few workers, each gets back much of its own tax, and answers less at high rates."""
    found = Estimate.of("economy/rational", "economy/labour elasticity=0.7 levels=201 workers=256", 64, 3)
    assert found.elasticity == pytest.approx(0.7, abs=0.05) and len(found.incomes) == 64 * 256


def test_the_commands_say_what_is_best(capsys: pytest.CaptureFixture[str]) -> None:
    solution("economy/labour cutoffs=[0,2,6] rate_step=0.1")
    assert "best            rates 80 80 50 %   welfare 2.9863" in capsys.readouterr().out
    elasticity("economy/rational", "economy/labour workers=16", 64, 0)
    said = capsys.readouterr().out
    assert said.startswith("elasticity 0.3") and '"economy/saez elasticity=0.3' in said


def test_what_cannot_be_said_is_told() -> None:
    with pytest.raises(UserError, match="plays in any economy: name one with --env"):
        Estimate.of("economy/rational", "", 4, 0)
    with pytest.raises(UserError, match="is no economy"):
        Estimate.of("marl/random", "classic/kuhn_poker", 4, 0)
    with pytest.raises(UserError, match=r"let rates vary more \(--matches\)"):
        Estimate.of("economy/rational", "economy/labour workers=2", 2, 0)
    with pytest.raises(UserError, match="has no solution that can be computed"):
        solution("economy/town")

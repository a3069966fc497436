"""Anytime PSRO with exact best responses: its meta-strategy gets no worse, and ends at the equilibrium."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from league.manager import Manager
from marl.errors import UserError

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
ANYTIME = "strategy: {name: anytime_psro, founder: marl/first, steps: %d}\n"
GAME = "env: {name: classic/matrix, payoffs: [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}\n"


def test_it_finds_the_mixture_of_a_biased_game_and_never_gets_worse(league: Make) -> None:
    """Rock; rock and paper, of which paper loses 1 to scissors; all three, whose mixture loses nothing."""
    whole = league(GAME + ANYTIME % 3)
    done = list(whole.run())
    gaps = [one.measures["nash_conv"].value for one in done]
    ends = gaps[::3]
    assert ends[0] == ends[1] == pytest.approx(4)  # rock, before and after it has met paper
    assert max(np.diff(ends)) < 1e-9
    assert ends[-1] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(whole.view().payoffs.merged(done[-1].mixtures)[0].max(), 0.5)
    assert "no best response to the meta-strategy is new" in whole.reason
    run = league(GAME + ANYTIME % 3, run="cut").run()
    for _ in range(5):
        next(run)
    again = league(GAME + ANYTIME % 3, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_between_the_ends_of_epochs_the_meta_strategy_stays(league: Make) -> None:
    manager = league(GAME + ANYTIME % 4 + "stop: {iterations: 11}\n")
    gaps = [one.measures["nash_conv"].value for one in manager.run()]
    assert len(set(gaps[4:8])) == 1 and len(set(gaps[8:12])) == 1


def test_sides_of_their_own_have_epochs_of_their_own(league: Make) -> None:
    manager = league("env: classic/kuhn_poker\n" + ANYTIME % 4 + "stop: {iterations: 20}\n")
    ends = [one.measures["nash_conv"].value for one in manager.run()][::4]
    assert ends[-1] < 0.5 * ends[0]
    assert max(np.diff(ends)) < 0.02  # a few steps do not always find the best mixture


def test_a_game_of_three_is_refused(league: Make) -> None:
    with pytest.raises(UserError, match="league/anytime_psro needs a zero-sum game of two sides"):
        next(league("env: {name: classic/kuhn_poker, players: 3}\n" + ANYTIME % 6).run())

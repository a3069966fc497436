"""Self-play PSRO: who learns beside the best responses, who joins, and where it ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from league.manager import Manager
from marl.errors import UserError

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
pytest.importorskip("marl_tabular", reason="needs the plugin marl-tabular")

Make = Callable[..., Manager]
GAME = "env: {name: classic/matrix, payoffs: [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}\n"
STRATEGY = "strategy: {name: self_play_psro, founder: marl/first, steps: %d}\n"


def test_it_never_gets_worse_and_resumes_to_the_bit(league: Make) -> None:
    text = GAME + STRATEGY % 3 + "stop: {iterations: 7}\n"
    whole = league(text)
    ends = [one.measures["nash_conv"].value for one in whole.run()][::3]
    assert max(np.diff(ends)) < 1e-9 and ends[-1] < 1
    run = league(text, run="cut").run()
    for _ in range(5):
        next(run)
    again = league(text, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_every_epoch_has_a_learner_that_goes_on_and_then_joins(league: Make) -> None:
    manager = league(GAME + STRATEGY % 3 + "stop: {iterations: 7}\n")
    list(manager.run())
    view = manager.view()
    learned = [one for one in view.players if one.role == "self_play"]
    assert [one.lineage for one in learned] == [f"player_{n // 3}" for n in range(7)]
    assert [one.parent == "" for one in learned] == [n % 3 == 0 for n in range(7)]
    mixing = manager.services.exact().plan(0, learned[2].snapshot)
    assert np.count_nonzero((mixing > 0.01) & (mixing < 0.99)) >= 2  # the average over its slices, a mixture
    weights = dict(zip((one.name for one in view.players), view.iterations[3].mixtures[0], strict=False))
    assert [weights[one.name] > 0 for one in learned[:3]] == [False, False, True]  # what it came to in the end


@pytest.mark.slow
def test_few_epochs_do_where_anytime_psro_takes_more(league: Make) -> None:
    """Kuhn poker, equal rounds: what joins mixes already."""
    kuhn = "env: classic/kuhn_poker\nstop: {iterations: 12}\n"
    gaps = []
    for name in ("anytime_psro", "self_play_psro"):
        strategy = f"strategy: {{name: {name}, founder: marl/first, steps: 4}}\n"
        *_, last = league(kuhn + strategy, run=name).run()
        gaps.append(last.measures["nash_conv"].value)
    assert gaps[1] < 0.7 * gaps[0]


def test_a_game_of_three_is_refused(league: Make) -> None:
    with pytest.raises(UserError, match="league/self_play_psro needs a zero-sum game of two sides"):
        next(league("env: {name: classic/kuhn_poker, players: 3}\n" + STRATEGY % 6).run())

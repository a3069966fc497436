"""Team spirit: by hand on rows that can be counted, and the means of a whole game."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marl.arena import Mixtures, Record, Sampler, Trajectory
from marl.errors import UserError
from marl.policies.random import Random
from marl.registry import REWARDS, load_registry
from marl.reward import Window
from marl.testing.games.kuhn import SPEC as KUHN
from marl.testing.games.skirmish import SPEC, skirmish
from marl_rewards.team_spirit import Params, TeamSpirit


def windows(learners: list[int], rows: int = 300) -> tuple[Trajectory, ...]:
    sampler = Sampler(skirmish(8), [Random(SPEC)] * 2, Mixtures(np.eye(2), 3), learners, record=Record(earned=True))
    return sampler.collect(rows)


def test_known_values() -> None:
    """The scout of red got 1 and its tank 0; blue 0.5 and -2.5: means 0.5 and -1."""
    scouts = windows([0, 1])[0]
    rows = np.flatnonzero(scouts.agent == 0)[:1]
    by_hand = replace(scouts, reward=scouts.reward.copy(), earned=scouts.earned.copy())
    by_hand.reward[rows], by_hand.earned[rows] = 1.0, (1.0, -2.0)
    (row,) = rows
    for spirit, opponents, paid in ((0.0, False, 1.0), (1.0, False, 0.5), (0.4, False, 0.8), (0.4, True, 1.8)):
        reward = TeamSpirit(SPEC, Params(spirit, opponents))
        assert reward(Window(by_hand, SPEC, 1.0))["spirit"][row] == pytest.approx(paid)


@pytest.mark.parametrize("learners", [[0], [0, 1]])
def test_a_team_shares_what_it_earns_also_with_those_of_other_groups(learners: list[int]) -> None:
    """At a tick at which all of a team act, everybody gets the same at spirit 1, and together what they earned."""
    reward, shares = TeamSpirit(SPEC, Params(1.0)), {}
    for window in windows(learners):
        paid = reward(Window(window, SPEC, 1.0))["spirit"]
        for row in range(len(window)):
            key = (int(window.match[row]), int(window.tick[row]), int(SPEC.side_of[window.agent[row]]))
            shares.setdefault(key, []).append((paid[row], window.reward[row]))
    whole = [rows for rows in shares.values() if len(rows) == 2]
    assert len(whole) > 40 and any(paid for (paid, _), _ in whole)
    for (first, own), (second, others) in whole:
        assert first == pytest.approx(second) and first + second == pytest.approx(own + others)


@pytest.mark.parametrize(
    ("spec", "params", "sentence"),
    [
        (KUHN, {}, "no side of this game has more than one agent, so there is no team"),
        (replace(SPEC, sides=((0, 1, 2, 3),)), {"opponents": True}, "there are none in a game with one side"),
        (SPEC, {"spirit": 2}, "spirit must be between 0 and 1, not 2"),
    ],
)
def test_games_without_teams_are_refused(spec, params, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError) as told:
        load_registry().make(REWARDS, "rewards/team_spirit", params, spec=spec)
    assert sentence in str(told.value)


def test_with_opponents_it_is_fine_for_two_players() -> None:
    assert TeamSpirit(KUHN, Params(0.0, opponents=True)).channels

"""Every listed game loads and plays, and pays what OpenSpiel says it pays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from marl import space
from marl_openspiel import games
from marl_openspiel.catalogue import listed

NAMES = [game.name for game in listed()]
SLOW = {"bridge_uncontested_bidding"}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in NAMES])
def environment(request):
    return games.make(request.param, lanes=2)


def test_a_random_match_pays_the_returns_of_openspiel(environment, play):
    played = play(environment, [11, 12], ticks=300)
    low, high = environment.spec.returns
    for lane in range(2):
        state = environment.match(lane).state
        if played.done[lane] and not played.truncated[lane]:
            assert state.is_terminal()
            np.testing.assert_allclose(played.totals[lane], state.returns(), atol=1e-6)
            assert low - 1e-9 <= min(state.returns()) <= max(state.returns()) <= high + 1e-9
            if environment.spec.zero_sum:
                assert played.totals[lane].sum() == pytest.approx(0, abs=1e-9)


def test_rows_belong_to_the_spaces_and_first_is_true_once(environment, play):
    played = play(environment, [3, 4], ticks=60)
    group = environment.spec.groups[0]
    for rows in played.seen.values():
        firsts = [agent for agent, _, _, first in rows if first]
        assert sorted(set(firsts)) == sorted(firsts)
        assert set(firsts) == {agent for agent, *_ in rows}
        for _, observation, mask, _ in rows:
            shown = np.frombuffer(observation, group.observation.dtype).reshape(1, *group.observation.shape)
            assert space.contains(group.observation, shown).all()
            assert any(mask)


def test_a_fork_is_the_same_position_and_the_same_future(environment, play):
    (rows,) = environment.reset(np.arange(2), np.array([5, 6], np.uint64))
    for _ in range(7):
        live = [lane for lane in range(2) if not environment.match(lane).over]
        if not live:
            break
        legal = None if rows is None else rows.mask.argmax(axis=1)
        (rows,) = environment.step(np.array(live), [legal]).turn
    blob = environment.save(np.arange(2))
    copy = games.make(environment.game.get_type().short_name, lanes=2)
    (again,) = copy.load(np.arange(2), blob)
    assert (rows is None) == (again is None)
    if rows is not None:
        for name in ("lane", "agent", "observation", "mask", "first"):
            np.testing.assert_array_equal(getattr(rows, name), getattr(again, name))
    for lane in range(2):
        assert str(copy.match(lane).state) == str(environment.match(lane).state)
    assert json.loads(copy.save(np.arange(2))) == json.loads(blob)


def test_the_state_shows_what_every_player_sees(environment):
    environment.reset(np.arange(2), np.array([5, 6], np.uint64))
    state = environment.state(np.arange(2))
    assert space.contains(environment.spec.state, state).all()
    assert environment.render(1).text

"""What the record keeps on demand: what every side earned during a row, and the columns as they were before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl.arena import Mixtures, Record, Sampler
from marl.env import Step
from marl.policies.random import Random
from marl.testing.games.kuhn import SPEC as KUHN
from marl.testing.games.kuhn import kuhn
from marl.testing.games.skirmish import SPEC as SKIRMISH
from marl.testing.games.skirmish import skirmish

ALL = Record(earned=True, before=True)


class Diary:
    """Writes down, for each tick of the play, what every agent earned and the columns, by lane."""

    def __init__(self) -> None:
        self.ticks: list[dict[int, tuple[Any, dict[str, Any]]]] = []
        self.over: list[set[int]] = []

    def acted(self, play: Any, moves: Any) -> None:
        pass

    def stepped(self, play: Any, step: Step) -> None:
        rows = enumerate(step.lanes.tolist())
        self.ticks.append({lane: (step.rewards[i], {k: c[i] for k, c in step.info.items()}) for i, lane in rows})
        self.over.append(set(step.lanes[step.done].tolist()))


def sampler(make: Any, spec: Any, record: Record | None, saved: Any = None, lanes: int = 6) -> Sampler:
    policies, weights = [Random(spec), Random(spec)], np.ones((len(spec.sides), 2))
    return Sampler(make(lanes), policies, Mixtures(weights, seed=4), [0], saved, record=record)


def watched(make: Any, spec: Any) -> tuple[Diary, Sampler]:
    diary, plays = Diary(), sampler(make, spec, ALL)
    plays.play.recorders = (*plays.play.recorders, diary)
    return diary, plays


@pytest.mark.parametrize(("make", "spec"), [(skirmish, SKIRMISH), (kuhn, KUHN)])
def test_rows_know_what_every_side_earned_meanwhile(make: Any, spec: Any) -> None:
    """From the tick of a row up to the agent's next own turn, or its end: learners, others and the dead alike."""
    diary, plays = watched(make, spec)
    seen, paid = 0, 0
    for window in (window for rows in (50, 333, 1) for window in plays.collect(rows)):
        for row in range(len(window)):
            lane, clock, following = (int(column[row]) for column in (window.lane, window.clock, window.next_row))
            until = clock + 1
            if spec.dynamics == "turns" and following >= 0:
                until = int(window.clock[following])
            elif spec.dynamics == "turns" and window.terminated[row]:
                until = next(tick for tick in range(clock, len(diary.ticks)) if lane in diary.over[tick]) + 1
            total = sum(diary.ticks[tick][lane][0] for tick in range(clock, until))
            np.testing.assert_allclose(window.earned[row], [total[list(side)].sum() for side in spec.sides], atol=1e-12)
            np.testing.assert_allclose(window.reward[row], total[window.agent[row]], atol=1e-12)
            seen, paid = seen + 1, paid + bool(total.any())
    assert seen == 384 and paid > 50


def test_columns_before_a_row_are_those_of_the_tick_before() -> None:
    diary, plays = watched(skirmish, SKIRMISH)
    windows = [window for rows in (50, 333) for window in plays.collect(rows)]
    known = 0
    for window in windows:
        for row in range(len(window)):
            lane, clock = int(window.lane[row]), int(window.clock[row])
            wanted = 0 if window.tick[row] == 0 else diary.ticks[clock - 1][lane][1]["hits"]
            assert window.before["hits"][row] == wanted
            assert window.info["hits"][row] == diary.ticks[clock][lane][1]["hits"]
            known += wanted != 0
    assert known > 10


def test_nothing_of_it_is_kept_unless_it_is_asked_for() -> None:
    (window, _) = sampler(skirmish, SKIRMISH, None).collect(40)
    assert window.earned is None and window.before == {}


@pytest.mark.parametrize("ticks", [0, 5])
def test_it_is_saved_and_taken_up_again(ticks: int) -> None:
    whole = sampler(skirmish, SKIRMISH, ALL)
    for _ in range(ticks):
        whole.play.tick()
    halved = sampler(skirmish, SKIRMISH, ALL, whole.save())
    for mine, other in zip(whole.collect(200), halved.collect(200), strict=True):
        np.testing.assert_array_equal(mine.earned, other.earned)
        np.testing.assert_array_equal(mine.before["hits"], other.before["hits"])

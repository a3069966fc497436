"""Environments that fail now and then: the match is void and played again, nothing of it counts, and others go on."""

from __future__ import annotations

import numpy as np
import pytest

from marl.arena import Arena, Failures, Mixtures, Pairings, Play, Sampler, Tolerance
from marl.arena.failure import EnvironmentFailed
from marl.env import first_error


@pytest.fixture
def failing(game, shapes):
    """Makes a game whose matches fail at a reset or a tick, one in `rarity`; `together`: with all that are played."""

    def make(rarity=15, together=False, shape=shapes["teams"], made=None):
        class Brittle(game.Jungle):
            def start(self):
                super().start()
                self.doomed = self.seed % rarity == 0
                if self.doomed and self.seed % 2 == 0:
                    raise ConnectionError("nobody there")

            def play(self, actions):
                if self.doomed and self.tick == min(2, self.ends - 1):
                    raise ConnectionError("lost")
                return super().play(actions)

        kind = type(shape.make(1))

        class Together(kind):
            def reset(self, lanes, seeds):
                with first_error():
                    return super().reset(lanes, seeds)

            def step(self, lanes, actions):
                with first_error():
                    return super().step(lanes, actions)

        def build(lanes):
            if made is not None:
                made.append(lanes)
            return (Together if together else kind)(
                shape.spec(), lanes, lambda: Brittle(shape.agents, shape.turns, shape.tree)
            )

        return build

    return make


def tolerant(make, told, allowed=1000):
    return Tolerance(Failures(allowed), make, told.append)


def play(make, policies, lanes, told, matches=200):
    arena = Arena(make(lanes), tolerant(make, told))
    pairings = Pairings.repeat([[0, 0]], matches, seed=3)
    return arena.play(policies, pairings), pairings, arena


def test_a_failure_ends_a_play_that_does_not_put_up_with_it(game, failing):
    with pytest.raises(EnvironmentFailed, match="raised ConnectionError: "):
        Arena(failing()(4)).play([game.Dice()], Pairings.repeat([[0, 0]], 200, seed=3))


@pytest.mark.parametrize("together", [False, True])
def test_void_matches_are_played_again_with_other_seeds_and_the_others_are_what_they_were(game, failing, together):
    told = []
    results, pairings, arena = play(failing(together=together), [game.Dice()], 8, told)
    assert len(results) == 200 and results.match.tolist() == list(range(200))
    again = results.seeds != pairings.seeds
    assert 0 < again.sum() < 200 and arena.void == sum(failure.void for failure in told) >= again.sum()
    whole, _, _ = play(failing(rarity=1 << 62), [game.Dice()], 8, [])
    for name in ("agent_returns", "length", "fault"):
        np.testing.assert_array_equal(getattr(results, name)[~again], getattr(whole, name)[~again])


def test_what_is_void_does_not_depend_on_the_number_of_lanes(game, failing):
    one, other = (play(failing(), [game.Dice()], lanes, [])[0] for lanes in (1, 16))
    for name in ("seeds", "agent_returns", "length"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_an_environment_that_fails_as_a_whole_is_made_anew(game, failing):
    made, told = [], []
    make = failing(together=True, made=made)
    play(make, [game.Dice()], 8, told)
    assert len(made) == 1 + len(told) > 2
    assert max(failure.void for failure in told) > 1  # with all that were under way
    made.clear()
    play(failing(made=made), [game.Dice()], 8, told)
    assert len(made) == 1  # where each match stands alone, only that one is lost


@pytest.mark.parametrize("together", [False, True])
def test_no_row_of_a_void_match_is_learned_from(game, failing, together):
    """No window has rows of a void match that came after the last window; rewards and returns agree."""
    told = []
    make = failing(together=together)
    sampler = Sampler(make(6), [game.Counter()], Mixtures(np.ones((2, 1)), 5), [0], None, tolerant(make, told))
    windows, played = [], []
    for _ in range(12):
        windows += sampler.collect(53)
        played.append(sampler.play.drain())
    assert told
    rows = {}
    for window in windows:
        ticks = {}
        for row in range(len(window)):
            key, tick = (int(window.match[row]), int(window.agent[row])), int(window.tick[row])
            if tick == 0:
                assert key not in ticks  # a window has nothing of the void match beside the one that is played again
                rows[key] = []
            assert tick == ticks.get(key, tick - 1) + 1
            ticks[key] = tick
            rows[key].append((window, row))
    checked = 0
    for results in played:
        for number, match in enumerate(results.match.tolist()):
            for agent in range(4):
                mine = rows.get((match, agent), [])
                if not mine or not (mine[-1][0].terminated | mine[-1][0].truncated)[mine[-1][1]]:
                    continue  # its last rows are in no window yet
                memory = [float(window.memory[row, 0]) for window, row in mine]
                assert memory == list(range(len(mine)))
                earned = sum(float(window.reward[row]) for window, row in mine)
                checked += results.agent_returns[number, agent] == earned  # but for what came after its part had ended
    assert checked > 100


def test_too_many_failures_end_a_play_and_say_so(game, failing):
    make, told = failing(), []
    play = Play(
        make(8), [game.Dice()], Mixtures(np.ones((2, 1)), 5), [], None, Tolerance(Failures(2, 1000), make, told.append)
    )
    with pytest.raises(EnvironmentFailed) as caught:
        while True:
            play.tick()
    assert len(told) == 2
    assert caught.value.advice == "it failed 3 times within 1,000 matches, and failures.allowed is 2"


def test_failures_that_are_far_apart_do_not_add_up(game, failing):
    make, told = failing(rarity=100), []
    limit = Failures(5, 40)
    play = Play(make(8), [game.Dice()], Mixtures(np.ones((2, 1)), 5), [], None, Tolerance(limit, make, told.append))
    for _ in range(2000):
        play.tick()
    assert len(told) > 20


def test_failures_are_counted_on_after_a_resume(game, failing):
    make, told = failing(), []

    def sampler(checkpoint=None):
        return Sampler(make(6), [game.Dice()], Mixtures(np.ones((2, 1)), 5), [0], checkpoint, tolerant(make, told, 30))

    def rest(sampler):
        windows = []
        with pytest.raises(EnvironmentFailed):
            while True:
                windows += sampler.collect(50)
        return [window.reward.tolist() for window in windows], sampler.play.started

    straight = sampler()
    straight.collect(300)
    half = straight.save()
    assert told
    assert rest(sampler(half)) == rest(straight)


@pytest.mark.parametrize("breaks", [False, True])
def test_matches_that_do_not_come_back_as_they_were_begin_again(game, shapes, breaks):
    """A reset that leaves something of the last match behind, and a replay that goes another way, or raises."""
    shape = shapes["teams"]
    make, told = shape.make, []

    def sampler(checkpoint=None):
        tolerance = Tolerance(Failures(), make, told.append)
        return Sampler(make(6), [game.Counter()], Mixtures(np.ones((2, 1)), 5), [0], checkpoint, tolerance)

    first = sampler()
    first.collect(100)
    saved = first.save()
    name = next(name for name in saved.arrays if name.startswith("play turn") and "observation" in name)
    lane = saved.arrays["play turn 0 lane"]
    spoilt = {**saved.arrays, name: np.where(lane[:, None] == lane[0], -1, saved.arrays[name]).astype(np.float32)}
    if breaks:
        spoilt["play environment"] = np.frombuffer(b"{", dtype=np.uint8)
    again = sampler(type(saved)(spoilt, saved.meta))
    assert again.play.changed == (6 if breaks else 1)
    assert sorted(again.play.live.tolist()) == list(range(6))
    lost = set(again.play.live.tolist()) if breaks else {int(lane[0])}
    assert all(again.play.ticks[lane] == 0 for lane in lost)
    rows = again.collect(200)[0]
    for lane in lost:
        mine = rows.lane == lane
        assert (rows.tick[mine][:1] == 0).all()  # nothing of the match that is gone is left

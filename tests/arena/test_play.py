from __future__ import annotations

import numpy as np
import pytest

from marl import rng, tabular
from marl.arena import Arena, Mixtures, Pairings, Play, environment_seeds
from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.games import Match, OneByOne, Outcome, View
from marl.policy import Acts
from marl.space import Box

MATCHES = 40


def lineups(shape):
    sides = len(shape.sides)
    return [[0] * sides, [side % 3 for side in range(sides)], [(side + 1) % 3 for side in range(sides)]]


def table(game, shape):
    """A tabular policy that knows every other observation it meets."""
    environment = shape.make(1)
    turn = environment.reset(np.array([0]), rng.as_keys(5))
    seen = next(rows for rows in turn if rows is not None and len(rows)).observation
    keys = tabular.observation_keys(seen)
    return tabular.Tabular(keys, np.tile([0.2, 0.7, 0.1], (len(keys), 1)))


def same(one, other):
    for name in ("match", "players", "seeds", "returns", "agent_returns", "length", "fault", "truncated"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("lanes", [2, 7, 64])
def test_results_do_not_depend_on_the_number_of_lanes(game, shape, lanes):
    pairings = Pairings.repeat(lineups(shape), MATCHES // 3, seed=3)
    policies = [game.Dice(), game.Counter(), table(game, shape)]
    alone = Arena(shape.make(1)).play(policies, pairings)
    same(alone, Arena(shape.make(lanes)).play(policies, pairings))
    assert len(alone) == len(pairings) and len(np.unique(alone.length)) > 2


def test_a_match_is_what_its_seed_keys_and_memory_make_it(game, shapes):
    shape = shapes["turns"]
    policy, seed = game.Counter(), 99
    result = Arena(shape.make(3)).play([policy], Pairings(np.zeros((1, 2), np.int64), rng.as_keys(seed)))
    environment, lane = shape.make(1), np.array([0])
    turn = environment.reset(lane, environment_seeds(rng.as_keys(seed)))
    total, memory, tick, done = np.zeros(2), policy.memory(2), 0, False
    while not done:
        rows = turn[0]
        acts = policy.act(rows, memory[rows.agent], rng.mix(seed, rows.agent, tick))
        memory[rows.agent] = acts.memory
        step = environment.step(lane, [acts.action])
        total, tick, turn, done = total + step.rewards[0], tick + 1, step.turn, step.done[0]
    assert result.agent_returns[0].tolist() == total.tolist()
    assert result.length[0] == tick


def test_a_side_earns_what_its_agents_earn(game, shapes):
    shape = shapes["teams"]
    result = Arena(shape.make(5)).play([game.Dice()], Pairings.repeat([[0, 0]], 20, seed=1))
    agents = result.agent_returns
    np.testing.assert_array_equal(
        result.returns, np.stack([agents[:, 0] + agents[:, 3], agents[:, 1] + agents[:, 2]], 1)
    )


def test_one_policy_on_both_sides_is_asked_once_a_tick(game, shapes):
    policy, other = game.Counter(), game.Counter()
    play = Play(shapes["simultaneous"].make(8), [policy, policy, other], Pairings.repeat([[0, 1]], 100, seed=1))
    for _ in range(5):
        play.tick()
    assert policy.asked == 5 and other.asked == 0


def test_policies_may_have_memories_of_different_shapes(game, shape):
    sides = len(shape.sides)
    pairings = Pairings.repeat([list(range(sides))], 20, seed=8)
    narrow = [game.Counter(start) for start in range(sides)]
    mixed = [game.Counter(start, width=1 + start) for start in range(sides)]
    same(Arena(shape.make(6)).play(narrow, pairings), Arena(shape.make(6)).play(mixed, pairings))


def test_players_are_swapped_only_between_matches(game, shapes):
    play = Play(shapes["simultaneous"].make(8), [game.Dice()] * 3, Mixtures(np.eye(3)[[0, 1]], seed=2))
    before, swapped = {}, False
    for tick in range(60):
        if tick == 30:
            play.use(play.policies, Mixtures(np.eye(3)[[2, 2]], seed=2))
        for lane in range(8):
            match, players = int(play.match[lane]), play.players[lane].tolist()
            assert before.setdefault(match, players) == players
            swapped |= players == [2, 2]
        play.tick()
    assert swapped
    results = play.drain()
    assert {tuple(players) for players in results.players.tolist()} == {(0, 1), (2, 2)}


def test_a_mixture_draws_in_proportion_and_by_number_alone():
    mixtures = Mixtures(np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0]]), seed=4)
    block = mixtures.block(0, 4000)
    assert abs((block.players[:, 0] == 2).mean() - 0.75) < 0.03
    assert (block.players[:, 0] > 0).all() and (block.players[:, 1] == 0).all()
    later = mixtures.block(1000, 10)
    np.testing.assert_array_equal(later.players, block.players[1000:1010])
    np.testing.assert_array_equal(later.seeds, block.seeds[1000:1010])
    assert len(np.unique(block.seeds)) == 4000


class Fixed:
    """Always plays the same."""

    def __init__(self, action) -> None:
        self.action = np.asarray(action)

    def memory(self, rows):
        return None

    def act(self, rows, memory, keys):
        return Acts(np.repeat(self.action[None], len(rows), axis=0), np.zeros(len(rows)))


@pytest.mark.parametrize("action", [-1, 3, 99])
def test_an_illegal_action_is_a_fault_of_the_agent_that_chose_it(game, shapes, action):
    shape = shapes["turns"]
    result = Arena(shape.make(4)).play([Fixed(0), Fixed(action)], Pairings.repeat([[0, 1], [1, 0]], 20, seed=1))
    broke = result.fault >= 0
    assert broke.sum() > 20
    guilty = np.take_along_axis(result.players[broke], result.fault_side[broke, None], axis=1)
    assert (guilty == 1).all() and (result.fault[broke] == result.fault_side[broke]).all()
    assert (result.fault_side[~broke] == -1).all()


@pytest.mark.parametrize("action", [0.5, [1, 2]])
def test_actions_of_a_wrong_shape_or_kind_are_the_policy_author_s_error(shapes, action):
    with pytest.raises(
        UserError, match=r"Fixed answered 2 rows of group 'g0' with .*Discrete\(n=3\) needs .*int64\[2\]"
    ):
        Arena(shapes["turns"].make(2)).play([Fixed(action)], Pairings.repeat([[0, 0]], 2, seed=1))


def test_pairings_that_do_not_fit_are_refused(game, shapes):
    arena = Arena(shapes["turns"].make(2))
    with pytest.raises(UserError, match="3 players, but the environment has 2 sides"):
        arena.play([game.Dice()], Pairings.repeat([[0, 0, 0]], 2, seed=1))
    with pytest.raises(UserError, match="player 1, but there are 1 policies"):
        arena.play([game.Dice()], Pairings.repeat([[0, 1]], 2, seed=1))
    with pytest.raises(ValueError, match="pairings need players"):
        Pairings(np.zeros((3, 2), np.int64), rng.as_keys([1, 2]))


def test_no_pairings_give_no_results(game, shapes):
    result = Arena(shapes["turns"].make(2)).play([game.Dice()], Pairings.repeat([[0, 0]], 0, seed=0))
    assert len(result) == 0


class Slow(Match):
    """Nobody acts in the first two ticks; then agent 1 chooses a real number, and is paid it."""

    def start(self):
        self.tick = 0

    def observe(self, agent):
        return np.zeros(1, np.float32)

    def views(self):
        return {1: View(self.observe(1))} if self.tick == 2 else {}

    def play(self, actions):
        self.tick += 1
        return Outcome({1: float(actions[1][0])} if actions else {}, done=bool(actions))


def test_ticks_without_rows_pass_and_real_actions_are_cast_to_the_space():
    space = Box((1,), -1.0, 1.0)
    spec = EnvSpec(("a", "b"), (Group("g", (0, 1), space, space),), ((0,), (1,)), "turns", 3)
    result = Arena(OneByOne(spec, 3, Slow)).play([Fixed([0.25])], Pairings.repeat([[0, 0]], 5, seed=1))
    assert result.length.tolist() == [3] * 5 and result.returns[:, 1].tolist() == [0.25] * 5


def test_a_saved_play_is_refused_where_it_does_not_fit(game, shapes):
    shape, source = shapes["turns"], Mixtures(np.ones((2, 1)), seed=1)
    saved = Play(shape.make(4), [game.Dice()], source).save()
    with pytest.raises(UserError, match=r"the saved play has match \[4\], this one \[3\]"):
        Play(shape.make(3), [game.Dice()], source, checkpoint=saved)
    with pytest.raises(UserError, match="saved with other policies"):
        Play(shape.make(4), [game.Counter()], source, checkpoint=saved)
    with pytest.raises(UserError, match="1 policies are not enough"):
        Play(shape.make(4), [game.Dice()] * 2, Mixtures(np.eye(2), 1)).use([game.Dice()], source)


def test_an_environment_that_cannot_be_saved_says_so():
    space = Box((1,), -1.0, 1.0)
    spec = EnvSpec(("a", "b"), (Group("g", (0, 1), space, space),), ((0,), (1,)), "turns", 3)
    play = Play(OneByOne(spec, 1, Slow), [Fixed([0.25])], Pairings.repeat([[0, 0]], 1, seed=1))
    with pytest.raises(UserError, match="not Forkable"):
        play.save()
    while not play.over:
        play.tick()
    with pytest.raises(ValueError, match="nothing to play"):
        play.tick()

"""Agents that die, come late, are paid out of turn, or break the rules."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from marl import rng
from marl.errors import RunError, UserError
from marl.space import Box
from marl_pettingzoo import games
from marl_pettingzoo.params import AnyParams, Params
from marl_pettingzoo.spaces import acting, plain

ONE = np.zeros(1, dtype=np.int64)


def tiny(name, lanes=1, **options):
    return games.any_game(lanes, params=AnyParams(target=f"marl_pettingzoo_tiny:{name}", **options))


def started(env, seed=1):
    return env.reset(np.arange(env.lanes), rng.mix(seed, np.arange(env.lanes)))


def raw_turns(actions):
    """What PettingZoo's own loop pays each agent of Turns, given the actions in order."""
    import marl_pettingzoo_tiny

    env, pending, paid = marl_pettingzoo_tiny.Turns(), iter(actions), {}
    env.reset()
    for name in env.agent_iter():
        _, reward, terminated, truncated, _ = env.last()
        paid[name] = paid.get(name, 0) + reward
        env.step(None if terminated or truncated else next(pending))
    return [paid[name] for name in env.possible_agents]


def test_termination_and_truncation_mix_in_one_match(play):
    env = tiny("Mixed")
    steps = [step for _, _, step in play(env, 1)]
    assert len(steps) == 4
    assert [step.terminated[0].tolist() for step in steps] == [
        [False] * 3, [True, False, False], [False] * 3, [False, False, True],
    ]  # fmt: skip
    assert [step.truncated[0].tolist() for step in steps] == [
        [False] * 3,
        [False] * 3,
        [False, True, False],
        [False] * 3,
    ]
    assert [step.done[0] for step in steps] == [False, False, False, True]
    assert [None if step.final[0] is None else step.final[0].agent.tolist() for step in steps] == [None, [0], [1], [2]]


def test_the_dead_have_no_rows_and_their_last_observation_is_of_their_last_tick(play):
    env = tiny("Mixed")
    ticks = list(play(env, 1))
    assert [turn[0].agent.tolist() for turn, _, _ in ticks] == [[0, 1, 2], [0, 1, 2], [1, 2], [2]]
    start = ticks[0][0][0].observation[0, 1]
    assert [step.final[0].observation[0, 1] - start for _, _, step in ticks[1:]] == [2, 3, 4]


def test_agents_may_come_late_or_never(play):
    env = tiny("Late")
    ticks = list(play(env, 1))
    assert [turn[0].agent.tolist() for turn, _, _ in ticks] == [[0], [0], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert [turn[0].first.tolist() for turn, _, _ in ticks[:4]] == [[True], [False], [False, True], [False, False]]
    last = ticks[-1][2]
    assert last.terminated[0].tolist() == [True, False, True] and last.truncated[0].tolist() == [False, True, False]
    assert last.final[0].agent.tolist() == [0, 1, 2]
    assert last.final[0].observation[2].tolist() == [0, 0]  # it never was there, and saw nothing


def test_agents_that_sit_out_a_tick_are_still_in_the_match(play):
    ticks = list(play(tiny("Absent"), 1))
    assert [turn[0].agent.tolist() for turn, _, _ in ticks] == [[0], [1], [0], [1]]
    assert sum(step.rewards[0] for _, _, step in ticks).tolist() == [4, 4]
    assert ticks[-1][2].terminated[0].all()


@pytest.mark.parametrize("seed", range(8))
def test_no_reward_is_lost_when_agents_are_paid_out_of_turn(seed, play):
    actions, total = [], np.zeros(3)
    for _, given, step in play(tiny("Turns"), seed):
        actions.append(int(given[0][0]))
        total += step.rewards[0]
    assert total.tolist() == raw_turns(actions)
    assert {1, 2} <= set(actions)


def test_a_killed_agent_is_paid_for_its_death_at_once_and_gone():
    env = tiny("Turns")
    started(env)
    step = env.step(ONE, [np.array([2])])
    assert step.rewards[0].tolist() == [0, -5, 0] and step.terminated[0].tolist() == [False, True, False]
    assert step.final[0].agent.tolist() == [1] and not step.done[0]
    assert step.turn[0].agent.tolist() == [2]


def test_who_is_terminated_and_truncated_is_terminated(play):
    ticks, env = list(play(tiny("Careless"), 1)), tiny("Drowned")
    started(env)
    step = env.step(ONE, [np.array([2])])
    assert step.terminated[0].tolist() == [False, True, False] and not step.truncated.any()
    assert not any(each.truncated.any() for _, _, each in ticks)
    assert sum(each.terminated[0].astype(int) for _, _, each in ticks).tolist() == [1, 1, 1]


def test_the_dead_have_no_rows_even_if_the_environment_keeps_them(play):
    ticks = list(play(tiny("Careless"), 1))
    assert [turn[0].agent.tolist() for turn, _, _ in ticks] == [[0, 1, 2], [0, 1, 2], [1, 2], [2]]


def test_of_two_who_break_the_rules_the_first_is_named():
    env = games.make("simple_tag", lanes=1)
    started(env)
    step = env.step(ONE, [np.array([0, 9, 9]), np.array([9])])
    assert step.fault.tolist() == [1]


def test_an_illegal_move_ends_the_match_at_the_price_that_pettingzoo_puts_on_it():
    env = games.make("connect_four", lanes=1)
    started(env)
    step = env.step(ONE, [np.array([9])])
    assert step.fault.tolist() == [0] and step.done[0] and step.terminated[0].all()
    assert step.rewards[0].tolist() == [-1, 1]
    assert step.final[0].observation.shape == (2, 6, 7, 2)


def test_a_full_column_is_masked_and_illegal():
    env = games.make("connect_four", lanes=1)
    started(env)
    for _ in range(6):
        step = env.step(ONE, [np.array([0])])
        assert step.fault[0] == -1
    assert step.turn[0].mask[0].tolist() == [False] + [True] * 6
    assert env.step(ONE, [np.array([0])]).fault[0] == 0


def test_out_of_bounds_and_not_a_number_are_faults_and_nothing_is_clipped_silently():
    env = games.make("simple_spread", lanes=3, params=Params(parameters={"continuous_actions": True}))
    started(env)
    actions = np.full((9, 5), 0.5)
    actions[1, 2], actions[5, 0] = 1.01, np.nan
    step = env.step(np.arange(3), [actions])
    assert step.fault.tolist() == [1, 2, -1] and step.done.tolist() == [True, True, False]
    assert not step.rewards[:2].any() and step.rewards[2].any()


@pytest.mark.parametrize(
    ("given", "received"), [([-1, -1], [-1, 0]), ([1, 1], [1, 5]), ([0, 0], [0, 2.5]), ([0.5, 0.25], [0.5, 3.125])]
)
def test_entries_with_bounds_of_their_own_are_stretched_to_them(given, received):
    env = tiny("Odd")
    started(env)
    assert env.spec.groups[4].action == Box((2,), -1, 1)
    env.step(ONE, legal_odd(last=given))
    assert env.match(0).env.received[0]["agent_4"].tolist() == received


def legal_odd(last=(0.5, 0.0)):
    discrete = [np.array([2]), np.array([[1, 0]]), np.array([[1, 0]]), np.array([[1, 0, 3]])]
    return [*discrete, np.array([last], dtype=np.float32)]


def test_actions_of_every_space_arrive_as_the_environment_knows_them():
    env = tiny("Odd")
    turn = started(env)
    assert [rows.agent.tolist() for rows in turn] == [[0], [1], [2], [3], [4]]
    env.step(ONE, legal_odd())
    (given,) = env.match(0).env.received
    assert given["agent_0"] == 5
    assert given["agent_1"].tolist() == [2, 5]
    assert given["agent_2"].tolist() == [1, 0]
    assert given["agent_3"][0] == 8 and given["agent_3"][1].tolist() == [0, 3]
    assert given["agent_4"].tolist() == [0.5, 2.5]


def test_observations_of_every_space_are_what_the_environment_showed():
    env = tiny("Odd")
    rows = started(env)
    shown = env.match(0).env.shown
    assert rows[0].observation.tolist() == [shown["agent_0"] - 3]
    assert rows[1].observation.tolist() == [(shown["agent_1"] - [1, 5]).tolist()]
    assert rows[2].observation["0"].tolist() == [shown["agent_2"][0]]
    np.testing.assert_array_equal(rows[2].observation["1"][0], shown["agent_2"][1])
    assert rows[2].observation["1"].dtype == np.uint8
    assert set(rows[3].observation) == {"x_y", "flags"}
    np.testing.assert_array_equal(rows[3].observation["flags"][0], shown["agent_3"]["flags"])
    assert rows[3].observation["x_y"].shape == (1,)


def test_masks_in_the_infos_become_masks_of_the_rows():
    env = tiny("Odd")
    rows = started(env)
    assert rows[0].mask.tolist() == [[True, False, True, False]]
    assert rows[1].mask.tolist() == [[False, True, True, True, False]]
    assert rows[2].mask is None
    actions = legal_odd()
    actions[0] = np.array([1])
    assert env.step(ONE, actions).fault[0] == 0


def test_a_match_is_cut_short_at_max_length(play):
    env = games.make("tictactoe", lanes=1, params=Params(max_length=3))
    steps = [step for _, _, step in play(env, 1)]
    assert len(steps) == 3 and steps[-1].truncated[0].all() and not steps[-1].terminated[0].any()
    assert steps[-1].turn == (None,) and len(steps[-1].final[0]) == 2


def test_go_boards_of_two_sizes_live_side_by_side(play):
    small, large = (games.make("go", lanes=1, params=Params(parameters={"board_size": size})) for size in (3, 5))
    alone = [step.rewards.tolist() for _, _, step in play(small, 1)]
    mixed = []
    others = play(large, 2)
    for _, _, step in play(small, 1):
        mixed.append(step.rewards.tolist())
        next(others)
    assert mixed == alone


def test_a_saved_match_with_a_fault_comes_back():
    env = games.make("connect_four", lanes=1)
    started(env)
    env.step(ONE, [np.array([3])])
    env.step(ONE, [np.array([-1])])
    other = games.make("connect_four", lanes=1)
    assert other.load(ONE, env.save(ONE)) == (None,)
    assert other.render(0).text == env.render(0).text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Failing", r"turns failed at tick 3 with the actions player_2: 0, in the match of seed \d+ .*reset\(seed=\d+"),
        ("Undead", "did not remove 'player_1', who was dead"),
    ],
)
def test_environments_that_fail_are_reported_with_their_seed(name, message, play):
    with pytest.raises(RunError, match=message):
        list(play(tiny(name), 1, lambda rows, tick: np.array([2 if name == "Undead" else 0])))


def test_agents_that_do_not_act_in_cycles_cannot_act_together(play):
    import marl_pettingzoo_tiny
    from pettingzoo.utils.conversions import aec_to_parallel

    marl_pettingzoo_tiny.uneven = lambda: aec_to_parallel(marl_pettingzoo_tiny.Uneven())
    env = tiny("uneven")
    assert env.spec.dynamics == "simultaneous"
    with pytest.raises(RunError, match="asks 'player_0' again before 'player_1' has acted"):
        list(play(env, 1, lambda rows, tick: np.zeros(len(rows), np.int64)))


def test_conversions_are_undone():
    parallel = games.any_game(1, params=AnyParams(target="mpe2.simple_spread_v3:parallel_env"))
    turns = games.any_game(1, params=AnyParams(target="mpe2.simple_spread_v3:env"))
    assert parallel.spec.dynamics == "simultaneous" and turns.spec.dynamics == "turns"
    assert type(parallel._make().env).__name__ == type(turns._make().env).__name__ == "raw_env"


@pytest.mark.parametrize(
    ("name", "message"),
    [("Squint", "'a' .*an observation has shape .*3"), ("Blinkered", "2 entries, but there are 3 actions")],
)
def test_observations_and_masks_that_do_not_fit_their_spaces_are_reported(name, message):
    with pytest.raises(RunError, match=message):
        started(tiny(name))


def test_a_state_that_is_gone_with_the_match_is_zeros(play):
    env = games.make("multiwalker", lanes=1)
    *_, (_, _, step) = play(env, 2)
    assert step.done[0] and env.state(ONE).shape == (1, 75)


def test_a_choice_without_a_legal_option_is_free_and_the_others_stay_masked(play):
    env = tiny("Choices")
    steps = list(play(env, 1))
    assert [turn[0].mask[0].tolist() for turn, _, _ in steps] == [
        [True, True, False, False, True], [True, False, True, True, True], [True, True, False, False, True],
    ]  # fmt: skip
    assert all(step.fault[0] == -1 for _, _, step in steps)
    started(env)
    env.step(ONE, [np.array([[0, 1], [0, 1]])])
    assert env.step(ONE, [np.array([[1, 0], [0, 1]])]).fault[0] == 0


def test_gymnasium_environments_with_a_space_for_each_agent_have_several_agents(play):
    env = games.any_game(1, params=AnyParams(target="gymnasium:make", parameters={"id": "Foragers-v0", "agents": 3}))
    assert env.spec.agents == ("agent_0", "agent_1", "agent_2") and env.spec.dynamics == "simultaneous"
    assert len(env.spec.groups) == 1 and env.spec.max_length == 3
    steps = list(play(env, 1, lambda rows, tick: np.arange(3)))
    assert [step.rewards[0].tolist() for _, _, step in steps] == [[0, 1, 2]] * 3
    assert steps[-1][2].truncated[0].all()  # Gymnasium's own limit, before the environment's end
    assert steps[1][0][0].observation.tolist() == [[0, 1], [1, 1], [2, 1]]
    team = tiny("Foragers", teams="all")
    assert team.spec.sides == ((0, 1),) and team.spec.max_length == 4
    assert list(play(team, 1))[-1][2].terminated[0].all()


def test_agents_of_a_gymnasium_environment_may_end_one_by_one_and_have_masks(play):
    steps = list(play(tiny("Foragers", parameters={"each": True, "masks": True, "agents": 3}), 1))
    assert [turn[0].agent.tolist() for turn, _, _ in steps] == [[0, 1, 2], [1, 2], [2]]
    assert steps[0][0][0].mask.tolist() == [[True, True, False], [True] * 3, [True] * 3]


def test_a_gymnasium_environment_of_one_agent_is_played_by_the_other_plugin():
    with pytest.raises(UserError, match="so it has one agent; gymnasium/any plays it"):
        tiny("Alone")


def test_real_parts_are_one_flat_box():
    space = spaces.Tuple((spaces.Box(-2, 2, (2, 1)), spaces.Box(0, 1, (1,), np.float64)))
    both = acting(space, "it")
    assert both.space == Box((3,), -1, 1, "float64")
    (value,) = both.values(np.array([[-1, 0.5, 1.0]]))
    assert value[0].tolist() == [[-2], [1]] and value[1].tolist() == [1] and space.contains(value)
    assert space.contains(both.value(plain(value)))

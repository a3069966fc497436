from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl import rng, tree
from marl.arena import Arena, Mixtures, Pairings, Play, Sampler, TrajectoryRecorder, environment_seeds
from marl.tree import flatten


def flat(observation):
    return tuple(flatten(tree.map_tree(lambda leaf: np.asarray(leaf)[None], observation))[0].tolist())


def reference(shape, policies, pairings, learners):
    """What an agent's rows are, the plain way: one match, one agent, one dictionary at a time."""
    environment, lane, rows = shape.make(1), np.array([0]), {}
    side_of, unassigned = environment.spec.side_of, np.zeros(shape.agents)
    for match, (players, seed) in enumerate(zip(pairings.players, pairings.seeds, strict=True)):
        turn = environment.reset(lane, environment_seeds(seed[None]))
        memory = {agent: policies[players[side_of[agent]]].memory(1) for agent in range(shape.agents)}
        last, tick, done = {}, 0, False
        while not done:
            actions = []
            for part in turn:
                actions.append(None if part is None else np.zeros(len(part), dtype=np.int64))
                for i, agent in enumerate([] if part is None else part.agent.tolist()):
                    policy = policies[players[side_of[agent]]]
                    before = memory[agent]
                    acts = policy.act(part.take([i]), before, rng.mix(seed, agent, tick))
                    memory[agent], actions[-1][i] = acts.memory, acts.action[0]
                    if players[side_of[agent]] in learners:
                        seen = flat(tree.take(part.observation, i))
                        if agent in last:
                            last[agent]["next"] = seen
                        row = {"observation": seen, "action": int(acts.action[0]), "reward": 0.0, "end": None}
                        row |= {
                            "memory": None if before is None else float(before[0, 0]),
                            "mask": part.mask[i].tolist(),
                        }
                        row |= {"first": bool(part.first[i]), "player": int(players[side_of[agent]])}
                        rows[match, agent, tick] = last[agent] = row
            step = environment.step(lane, actions)
            finals = {
                int(f.agent[i]): flat(tree.take(f.observation, i)) for f in step.final if f for i in range(len(f))
            }
            for agent in range(shape.agents):
                if agent in last:
                    last[agent]["reward"] += step.rewards[0, agent]
                    last[agent]["sum"] = int(step.info["sum"][0])
                elif players[side_of[agent]] in learners:
                    unassigned[agent] += step.rewards[0, agent]
                if (step.terminated[0, agent] or step.truncated[0, agent]) and agent in last:
                    last[agent] |= {"end": "truncated" if step.truncated[0, agent] else "terminated"}
                    last[agent]["next"] = finals[agent]
                    del last[agent]
            turn, done, tick = step.turn, step.done[0], tick + 1
    return rows, unassigned


def rows_of(windows):
    """The rows of trajectories as in `reference`."""
    result = {}
    for part in windows:
        after = part.next_observation() if len(part) else None
        for i in range(len(part)):
            end = "terminated" if part.terminated[i] else "truncated" if part.truncated[i] else None
            key = (int(part.match[i]), int(part.agent[i]), int(part.tick[i]))
            assert key not in result
            result[key] = {
                "observation": flat(tree.take(part.observation, i)),
                "action": int(part.action[i]),
                "reward": float(part.reward[i]),
                "end": end,
                "memory": None if part.memory is None else float(part.memory[i, 0]),
                "mask": part.mask[i].tolist(),
                "first": bool(part.first[i]),
                "player": int(part.player[i]),
                "sum": int(part.info["sum"][i]),
                "next": flat(tree.take(after, i)),
            }
    return result


def record(shape, lanes, policies, pairings, learners):
    recorder = TrajectoryRecorder(shape.spec(), lanes, learners)
    play = Play(shape.make(lanes), policies, pairings, [recorder])
    while not play.over:
        play.tick()
    return play, recorder.take(play)


@pytest.mark.parametrize("learners", [[0], [0, 1, 2]])
@pytest.mark.parametrize("lanes", [1, 7])
def test_rows_are_those_of_a_plain_loop(game, shape, lanes, learners):
    policies = [game.Counter(), game.Counter(5), game.Counter(9)]
    sides = len(shape.sides)
    pairings = Pairings.repeat([[0] * sides, [2, 0, 1][:sides], [0, 1, 2][:sides]], 6, seed=11)
    wanted, unassigned = reference(shape, policies, pairings, learners)
    play, windows = record(shape, lanes, policies, pairings, learners)
    assert rows_of(windows) == wanted
    assert sum(part.unassigned for part in windows).tolist() == unassigned.tolist()
    assert len(play.drain()) == len(pairings)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_reward_is_lost_in_any_game(game, data):
    agents = data.draw(st.integers(1, 5))
    who = list(range(agents))
    cut, split = data.draw(st.integers(1, agents)), data.draw(st.integers(1, agents))
    sides = tuple(part for part in (tuple(who[:cut]), tuple(who[cut:])) if part)
    groups = tuple(part for part in (tuple(who[:split]), tuple(who[split:])) if part)
    shape = game.Shape(agents, data.draw(st.booleans()), groups, sides, data.draw(st.booleans()))
    pairings = Pairings.repeat([[0] * len(sides)], 10, seed=data.draw(st.integers(0, 2**40)))
    play, windows = record(shape, data.draw(st.integers(1, 9)), [game.Dice()], pairings, [0])
    earned = sum(part.unassigned for part in windows).copy()
    for part in windows:
        np.add.at(earned, part.agent, part.reward)
        assert ((part.next_row >= 0) == (part.last_row < 0)).all()
        assert (part.last_row >= 0)[part.terminated | part.truncated].all()
        following = part.next_row[part.next_row >= 0]
        assert len(np.unique(following)) == len(following) and not part.first[following].any()
    assert earned.tolist() == play.drain().agent_returns.sum(axis=0).tolist()


@pytest.mark.parametrize("rows", [5, 64])
def test_windows_are_exact_and_together_hold_every_row_once(game, shape, rows):
    policies = [game.Counter(), game.Counter(5)]
    sides = len(shape.sides)
    weights = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])[:sides]
    source = Mixtures(weights, seed=6, limit=60)
    wanted, _ = reference(shape, policies, source.block(0, 60), [0])
    sampler, windows = Sampler(shape.make(4), policies, source, [0]), []
    while not (sampler.play.over and sampler.recorder.complete(sampler.play) == 0):
        window = sampler.collect(rows)
        assert sum(len(part) for part in window) == rows or sampler.play.over
        windows.extend(window)
    assert len(windows) > 4 * len(shape.groups) or rows == 64
    assert rows_of(windows) == wanted


def test_a_window_bootstraps_from_the_next_own_turn(game, shapes):
    """In a game of turns, the agent whose turn it is not is still open, and its row before shows the open row."""
    sampler = Sampler(shapes["turns"].make(24), [game.Counter()], Mixtures(np.ones((2, 1)), 3), [0])
    (first,), (second,) = sampler.collect(160), sampler.collect(800)
    keys = np.stack([second.match, second.agent, second.tick], axis=1).tolist()
    later = {tuple(key): i for i, key in enumerate(keys)}
    joined = 0
    for i in np.flatnonzero((first.next_row < 0) & ~first.terminated & ~first.truncated):
        key = min((k for k in later if k[:2] == (first.match[i], first.agent[i])), key=lambda k: k[2])
        row, last = later[key], first.last_row[i]
        np.testing.assert_array_equal(first.last.observation[last], second.observation[row])
        np.testing.assert_array_equal(first.last.mask[last], second.mask[row])
        np.testing.assert_array_equal(first.last.memory[last], second.memory[row])
        joined += 1
    assert joined >= 4


def test_final_observations_come_with_the_memory_to_judge_them(game, shapes):
    _, (part,) = record(shapes["simultaneous"], 3, [game.Counter()], Pairings.repeat([[0, 0]], 20, seed=2), [0])
    ended = np.flatnonzero(part.truncated)
    assert len(ended)
    np.testing.assert_array_equal(part.last.memory[part.last_row[ended]], part.memory[ended] + 1)


def test_order_lists_each_agent_s_own_turns_in_a_row(game, shapes):
    _, (part,) = record(shapes["teams"], 5, [game.Dice()], Pairings.repeat([[0, 0]], 20, seed=2), [0])
    order = part.order()
    here, after = order[:-1], order[1:]
    follows = part.next_row[here] == after
    same = (part.match[here] == part.match[after]) & (part.agent[here] == part.agent[after])
    np.testing.assert_array_equal(follows, same)
    np.testing.assert_array_equal(part.first[order][1:], ~same)


def test_what_was_seen_next_and_the_columns_belong_to_rows(game, shapes):
    _, (_, part) = record(shapes["groups"], 4, [game.Dice()], Pairings.repeat([[0, 0]], 10, seed=2), [0])
    following = part.next_observation()
    assert set(following) == {"seen", "sum"} and part.info["sum"].shape == (len(part),)
    assert (following["seen"][:, 1] > part.observation["seen"][:, 1]).all()
    assert set(part.agent) == {0, 2}


def test_recording_only_the_learners_does_not_change_what_is_played(game, shape):
    sides = len(shape.sides)
    policies, pairings = [game.Counter(), game.Dice()], Pairings.repeat([[0, 1, 0][:sides]], 20, seed=3)
    play, windows = record(shape, 6, policies, pairings, [1])
    quiet = Arena(shape.make(6)).play(policies, pairings)
    np.testing.assert_array_equal(play.drain().agent_returns, quiet.agent_returns)
    assert all((part.player == 1).all() and part.memory is None and np.isnan(part.value).all() for part in windows)


@pytest.mark.parametrize("ticks", [0, 3, 17])
def test_matches_in_progress_resume_identically(game, shape, ticks):
    policies, weights = [game.Counter(), game.Counter(5, width=2), game.Dice()], np.ones((len(shape.sides), 3))
    source = Mixtures(weights, seed=7, limit=60)
    whole = Sampler(shape.make(5), policies, source, [0])
    for _ in range(ticks):
        whole.play.tick()
    halved = Sampler(shape.make(5), policies, source, [0], whole.save())
    one, two = whole.collect(10**6), halved.collect(10**6)
    assert rows_of(one) == rows_of(two) and sum(map(len, one)) > 50
    for mine, other in zip(one, two, strict=True):
        np.testing.assert_array_equal(mine.next_row, other.next_row)
        np.testing.assert_array_equal(mine.clock, other.clock)
    np.testing.assert_array_equal(whole.play.drain().agent_returns, halved.play.drain().agent_returns)


def test_a_backlog_can_be_taken_in_small_parts(game, shape):
    policies, source = [game.Counter()], Mixtures(np.ones((len(shape.sides), 1)), seed=6, limit=30)
    wanted, _ = reference(shape, policies, source.block(0, 30), [0])
    recorder = TrajectoryRecorder(shape.spec(), 4, [0])
    play, windows = Play(shape.make(4), policies, source, [recorder]), []
    while recorder.complete(play) or not play.over:
        for _ in range(9):
            if not play.over:
                play.tick()
        windows.extend(recorder.take(play, 7))
    assert rows_of(windows) == wanted

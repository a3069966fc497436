"""Whole matches: handed over when they are over, with every tick of them, and laid out step by step for a team."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl import tree
from marl.arena import Mixtures, Record, Sampler
from marl.arena.tolerance import Failures, Tolerance
from marl.errors import RunError
from marl.space import Box

WHOLE = Record(whole=True, state=True)


def stateful(shape: Any, game: Any) -> Any:
    """A maker of jungles with a true state: the tick and the sum."""

    class Jungle(game.Jungle):  # type: ignore[misc]
        def state(self) -> Any:
            return np.array([self.tick, self.sum], dtype=np.float32)

    spec = replace(shape.spec(), state=Box((2,)))
    kind = type(shape.make(1))
    return lambda lanes: kind(spec, lanes, lambda: Jungle(shape.agents, shape.turns, shape.tree))


class Diary:
    """What happened at each tick of each match, as one would write it down by hand."""

    def __init__(self) -> None:
        self.ticks: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.now: dict[int, dict[str, Any]] = {}
        self.over: list[int] = []

    def acted(self, play: Any, moves: Any) -> None:
        for row in range(len(moves.rows.lane)):
            lane, agent = int(moves.rows.lane[row]), int(moves.rows.agent[row])
            page = self.now.setdefault(lane, {"rows": {}, "state": play.environment.state(np.array([lane]))[0]})
            if play.agent_player[lane, agent] == 0:
                seen = tree.take(moves.rows.observation, row)
                page["rows"][agent] = (seen, moves.rows.mask[row], moves.acts.action[row])

    def stepped(self, play: Any, step: Any) -> None:
        for row, lane in enumerate(step.lanes.tolist()):
            page = self.now.pop(lane)
            finals = {}
            for rows in step.final:
                for at in np.flatnonzero(rows.lane == lane) if rows is not None else ():
                    finals[int(rows.agent[at])] = tree.take(rows.observation, at)
            page |= {"rewards": step.rewards[row], "cut": step.truncated[row], "final": finals}
            page |= {"ended": step.truncated[row] | step.terminated[row]}
            self.ticks[int(play.match[lane])].append(page)
            if step.done[row]:
                self.over.append(int(play.match[lane]))
                page["after"] = play.environment.state(np.array([lane]))[0]

    def void(self, play: Any, lanes: Any) -> None:
        for lane in lanes.tolist():
            self.ticks.pop(int(play.match[lane]), None)
            self.now.pop(lane, None)


def sampler(make: Any, game: Any, saved: Any = None, record: Record = WHOLE, lanes: int = 5, **more: Any) -> Any:
    environment = make(lanes)
    weights = np.ones((len(environment.spec.sides), 2))
    source = Mixtures(weights, seed=4)
    return Sampler(environment, [game.Dice(), game.Counter()], source, [0], saved, record=record, **more)


def compare(window: Any, diary: Diary, spec: Any) -> int:
    """Hold the joint rows of every side to the diary; how many agents' steps were compared."""
    count = 0
    for side, agents in enumerate(spec.sides):
        mine = [agent for agent in agents if agent in spec.groups[window.group].agents]
        if not mine:
            continue
        joint = window.joint(side, mine)
        for episode, match in enumerate(joint.match.tolist()):
            pages = diary.ticks[match]
            steps = [tick for tick, page in enumerate(pages) if any(agent in page["rows"] for agent in agents)]
            assert joint.length[episode] == len(steps) == joint.valid[episode].sum()
            for step, (tick, until) in enumerate(zip(steps, [*steps[1:], len(pages)], strict=True)):
                earned = sum(page["rewards"][list(agents)].sum() for page in pages[tick:until])
                assert joint.reward[episode, step] == earned
                np.testing.assert_array_equal(joint.state[episode, step], pages[tick]["state"])
                for column, agent in enumerate(mine):
                    acts = agent in pages[tick]["rows"]
                    later = any(agent in page["rows"] for page in pages[tick:])
                    assert joint.acts[episode, step, column] == acts and joint.alive[episode, step, column] == later
                    if acts:
                        seen, mask, action = pages[tick]["rows"][agent]
                        got = tree.map_tree(lambda leaf: leaf[episode, step, column], joint.observation)  # noqa: B023
                        assert [(n, a.tolist()) for n, a in tree.leaves(got)] == [
                            (n, np.asarray(a).tolist()) for n, a in tree.leaves(seen)
                        ]
                        assert joint.mask[episode, step, column].tolist() == mask.tolist()
                        assert joint.action[episode, step, column] == action
                    count += acts
            end = len(steps)
            np.testing.assert_array_equal(joint.state[episode, end], pages[-1]["after"])
            last = [page for page in pages if page["ended"][list(agents)].any()][-1]
            cut = bool(last["cut"][list(agents)].any())
            assert joint.truncated[episode] == cut and joint.terminated[episode] == (not cut)
            for column, agent in enumerate(mine):
                acted = any(agent in page["rows"] for page in pages)
                late = [page for page in pages if page["cut"][agent]]
                assert joint.acts[episode, end, column] == (acted and cut and bool(late))
                if joint.acts[episode, end, column]:
                    got = tree.map_tree(lambda leaf: leaf[episode, end, column], joint.observation)  # noqa: B023
                    for name, leaf in tree.leaves(got):
                        np.testing.assert_array_equal(leaf, dict(tree.leaves(late[-1]["final"][agent]))[name])
    return count


def test_joint_rows_are_what_was_played(shape: Any, game: Any) -> None:
    """All kinds of games: in turns and at once, teams, groups apart, agents that die early or are cut short."""
    make = stateful(shape, game)
    diary, plays = Diary(), sampler(make, game)
    plays.play.recorders = (*plays.play.recorders, diary)
    seen, rows = 0, 0
    for limit in (1, 40, 7, 200):
        windows = plays.collect(limit)
        assert limit <= sum(map(len, windows)) < limit + 8 * shape.agents
        for window in windows:
            if len(window):
                assert set(window.match) <= set(diary.over) and not (set(window.match) & set(plays.play.match))
                assert (window.terminated | window.truncated | (window.next_row >= 0)).all()
                seen += compare(window, diary, plays.play.spec)
                rows += len(window)
    assert seen == rows >= 248


def test_matches_that_wait_are_saved(shape: Any, game: Any) -> None:
    """Whatever has been played: what goes on from a checkpoint hands over the same, to the bit."""
    make = stateful(shape, game)
    whole = sampler(make, game)
    whole.collect(11)
    for ticks in (0, 3, 20):
        for _ in range(ticks):
            whole.play.tick()
        halved = sampler(make, game, whole.save())
        for mine, other in zip(whole.collect(30), halved.collect(30), strict=True):
            for one, two in ((mine, other), (mine.ticks, other.ticks), (mine.last, other.last)):
                for name, value in vars(one).items():
                    if isinstance(value, np.ndarray | dict):
                        for (path, leaf), (_, same) in zip(
                            tree.leaves(value), tree.leaves(getattr(two, name)), strict=True
                        ):
                            np.testing.assert_array_equal(leaf, same, err_msg=f"{name} {path}")


def test_nothing_is_kept_of_matches_that_were_handed_over(game: Any, shapes: Any) -> None:
    plays = sampler(stateful(shapes["teams"], game), game)
    sizes = []
    for _ in range(40):
        plays.collect(20)
        sizes.append((plays.recorder.size, plays.recorder._whole._columns.size))
    assert max(rows for rows, _ in sizes[5:]) <= 20 + 5 * 8 * 4 and max(ticks for _, ticks in sizes) <= 5 * 9 + 20 * 9


def test_the_state_is_asked_for_once_a_tick(game: Any, shapes: Any) -> None:
    plays, asked = sampler(stateful(shapes["groups"], game), game), []
    environment = plays.play.environment
    state = environment.state
    environment.state = lambda lanes: (asked.append(len(lanes)), state(lanes))[1]
    plays.collect(100)
    assert 0 < len(asked) <= 2 * plays.play.clock  # all lanes at once, and those that are over


@pytest.mark.parametrize(("answer", "said"), [(None, "failed in state"), (np.zeros((5, 3)), "its spec says")])
def test_a_state_that_is_none_is_said_in_a_sentence(game: Any, shapes: Any, answer: Any, said: str) -> None:
    plays = sampler(stateful(shapes["teams"], game), game)

    def state(lanes: Any) -> Any:
        if answer is None:
            raise KeyError("walls")
        return answer

    plays.play.environment.state = state
    with pytest.raises(RunError, match=said):
        plays.collect(10)


def test_no_tick_of_a_void_match_is_left(game: Any, shapes: Any) -> None:
    """A match that fails is played again: what is handed over is the second attempt, whole."""
    make, told = stateful(shapes["teams"], game), []

    class Failing(type(make(1))):  # type: ignore[misc]
        failed = 0

        def _play(self, lane: int, mine: Any) -> Any:
            if self.matches[lane].tick == 2 and Failing.failed < 6:
                Failing.failed += 1
                raise OSError("the simulator is gone")
            return super()._play(lane, mine)

    def failing(lanes: int) -> Any:
        environment = make(lanes)
        environment.__class__ = Failing
        return environment

    diary = Diary()
    plays = sampler(failing, game, tolerance=Tolerance(Failures(100), failing, told.append))
    plays.play.recorders = (*plays.play.recorders, diary)
    windows = plays.collect(150)
    assert len(told) == Failing.failed == 6
    assert sum(compare(window, diary, plays.play.spec) for window in windows) == sum(map(len, windows))


def test_rows_of_windows_have_no_joint_rows(game: Any, shapes: Any) -> None:
    (window,) = sampler(stateful(shapes["teams"], game), game, record=Record()).collect(20)
    with pytest.raises(ValueError, match="whole=True"):
        window.joint(0, [0, 3])

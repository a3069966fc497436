"""Games of three sides in which a bot fails: nobody else is better off for it, and nobody can be rescued."""

from __future__ import annotations

import numpy as np
import pytest

from league.referee import Clocks, Verdict
from league.referee.scoring import Scoring
from marl.env import EnvSpec, Frame, Group
from marl.errors import UserError
from marl.games import Match, OneByOne, Outcome, View
from marl.space import Box, Discrete
from marl.testing.games import kuhn

TICKS = 4


def race(dynamics="simultaneous", at_the_end=False, masked=True, action=None):
    """Whoever chooses larger numbers comes further. With `at_the_end`, nothing is paid before."""
    spec = EnvSpec(
        ("a", "b", "c"), (Group("all", (0, 1, 2), Box((1,), 0, 99), action or Discrete(5)),), ((0,), (1,), (2,)),
        dynamics, TICKS * 3, (0, 4 * TICKS),
    )  # fmt: skip

    class Race(Match):
        def start(self):
            self.way, self.tick = [0.0] * 3, 0

        def observe(self, agent):
            return np.array([self.tick], np.float32)

        def views(self):
            mask = np.array([True] * 4 + [False]) if masked else None
            everyone = range(3) if dynamics == "simultaneous" else (self.tick % 3,)
            if self.tick == (TICKS if dynamics == "simultaneous" else 3 * TICKS):
                return {}
            return {agent: View(self.observe(agent), mask) for agent in everyone}

        def play(self, actions):
            self.tick += 1
            for agent, step in actions.items():
                if not masked and step == 4:
                    return Outcome({agent: -9.0}, done=True, fault=agent)
                self.way[agent] += int(step)
            done = self.tick == (TICKS if dynamics == "simultaneous" else 3 * TICKS)
            paid = {agent: float(step) for agent, step in actions.items()}
            if at_the_end:
                paid = dict(enumerate(self.way)) if done else {}
            return Outcome(paid, done=done)

        def frame(self):
            return Frame(f"{self.way}", "")

    return OneByOne(spec, 1, Race)


def plays(action):
    return f"def first(view): return {action}"


CRASHES = {  # what the second colluder does instead of going on
    "never gets ready": "def started(): sys.exit(1)",
    "in the first tick": "def act(message): sys.exit(1)",
    "in the last tick": "seen = []\ndef act(m):\n  seen.append(1)\n  say(move(m)) if len(seen) < 4 else sys.exit(1)\n"
    + plays(3),
    "by an illegal move": plays(4),
    "by silence": "def act(message): pass",
    "in the wrong form": "def act(message): say('x')",
}


@pytest.mark.parametrize("dynamics", ["simultaneous", "turns"])
@pytest.mark.parametrize("at_the_end", [False, True])
@pytest.mark.parametrize("crash", CRASHES)
def test_two_colluders_cannot_rescue_the_one_that_is_behind(crash, at_the_end, dynamics, bot, play):
    clocks = {"clocks": Clocks(start=5, move=0.3)} if crash == "by silence" else {}
    game = race(dynamics, at_the_end)
    record = play([bot(plays(1)), bot(CRASHES[crash]), bot(plays(2))], game, **clocks)
    assert record.scores[1] == 0.0 and record.verdicts[1].is_fault
    assert record.returns[0] == TICKS and record.returns[2] == 2 * TICKS, "the honest played to the end"
    left = record.returns[1]  # by the moves that the host played for the one who failed
    assert record.scores[0] == 0.5 * (left < TICKS) + 0.25 * (left == TICKS), "as by the rules, and 0.75 once"
    assert record.scores[0] < record.scores[2]
    assert record.verdicts[0] is Verdict.LOSS


def test_a_crash_at_the_end_of_who_is_ahead_raises_nobody(bot, play):
    """The leader had all that the last tick could bring: giving up its place would be a gift to its ally."""
    ahead = CRASHES["in the last tick"]
    record = play([bot(plays(1)), bot(ahead), bot(plays(2))], race())
    assert record.scores == (0.0, 0.0, 0.5)
    assert record.verdicts == (Verdict.LOSS, Verdict.CRASH, Verdict.LOSS)


def test_two_that_fail_leave_the_third_to_play_on_and_three_end_the_match(bot, play):
    gone = "def act(message): sys.exit(1)"
    record = play([bot(gone), bot(plays(3)), bot(gone)], race())
    assert record.scores == (0.0, 1.0, 0.0) and record.ticks == TICKS
    record = play([bot(gone), bot(gone), bot(gone)], race())
    assert record.scores == (0.0, 0.0, 0.0) and record.ticks == 0


def test_the_replay_has_the_hosts_moves_and_plays_again(bot, play):
    game = race()
    record = play([bot(plays(1)), bot("def act(message): sys.exit(1)"), bot(plays(2))], game)
    assert "broken_off" not in record.replay.verdict and record.replay.verdict["fault"] == -1
    assert len(list(record.replay.play(game))) == TICKS + 1
    assert "exit code 1" in record.reasons[1]
    again = play([bot(plays(1)), bot("def started(): sys.exit(1)"), bot(plays(2))], game)
    assert again.replay.ticks == record.replay.ticks, "the host's moves follow from the match's seed"


def test_the_host_chooses_first_moves_or_to_stop(bot, play):
    fails = CRASHES["in the last tick"].replace("< 4", "< 2")
    record = play([bot(plays(1)), bot(fails), bot(plays(2))], race(), scoring=Scoring(after_fault="first"))
    assert record.returns == (TICKS, 3, 2 * TICKS), "one move of its own, and then always the first"
    record = play([bot(plays(1)), bot(fails), bot(plays(2))], race(), scoring=Scoring(after_fault="stop"))
    assert record.ticks == 1 and record.returns == (1, 3, 2)
    assert record.scores == (0.0, 0.0, 0.5), "by the position"
    assert record.replay.verdict["broken_off"]
    assert len(list(record.replay.play(race()))) == 2


def test_a_game_that_ends_by_an_illegal_action_is_scored_by_the_position_before_it(bot, play):
    illegal = "seen = []\ndef first(view):\n  seen.append(1)\n  return 2 if len(seen) < 2 else 4"
    record = play([bot(plays(1)), bot(illegal), bot(plays(3))], race(masked=False))
    assert record.verdicts[1] is Verdict.ILLEGAL_MOVE
    assert record.returns == (1, 2, 3)
    assert record.scores == (0.0, 0.0, 1.0)


def test_first_moves_need_moves_that_can_be_counted(referee):
    with pytest.raises(UserError, match="needs discrete actions"):
        referee(race(action=Box((1,), 0, 1)), scoring=Scoring(after_fault="first"))


def test_by_return_a_match_of_two_goes_on_too(bot, honest, play):
    record = play([bot("def act(message): sys.exit(1)"), honest()], scoring=Scoring("return"))
    assert record.verdicts[0] is Verdict.CRASH
    assert record.ticks >= 2 and "broken_off" not in record.replay.verdict
    low, high = kuhn(1).spec.returns
    assert record.scores == (0.0, (record.returns[1] - low) / (high - low))


def test_matches_of_one_seed_begin_alike_and_bots_play_on_from_there(bot, honest, play):
    records = [play([bot(plays(first)), bot(plays(0)), bot(plays(0))], race(), opening=2, seed=5) for first in (1, 2)]
    one, two = ([tick["actions"] for tick in record.replay.ticks] for record in records)
    assert one[:2] == two[:2] != [{"0": 0, "1": 0, "2": 0}] * 2
    assert [tick["0"] for tick in one[2:]] == [1, 1]
    assert [tick["0"] for tick in two[2:]] == [2, 2]
    assert all(spent.moves == 2 for spent in records[0].spent)
    other = play([bot(plays(1)), bot(plays(0)), bot(plays(0))], race(), opening=2, seed=6)
    assert [tick["actions"] for tick in other.replay.ticks][:2] != one[:2]


def test_a_random_opening_that_the_game_forbids_is_nobodys_fault(honest, play):
    seeds = [play([honest(race(masked=False))] * 3, race(masked=False), opening=TICKS, seed=seed) for seed in range(9)]
    assert any(record.void for record in seeds)
    assert not any(verdict.is_fault for record in seeds for verdict in record.verdicts)
    assert "a random action of the opening" in next(record.host_error.text for record in seeds if record.void)

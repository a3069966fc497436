"""Every verdict, from a bot that deserves it; the honest side always wins."""

from __future__ import annotations

import numpy as np
import pytest

from league.referee import BotPlayer, Clocks, HostError, Match, Output, Referee, Verdict, charge
from league.referee.scoring import Scoring
from league.referee.verdict import by_the_rules, verdicts_of
from league.sandbox import Limits, rooms
from marl.errors import UserError
from marl.testing.games import kuhn, matching_pennies

WIN, DRAW, LOSS = Verdict.WIN, Verdict.DRAW, Verdict.LOSS
scores = Scoring().scores

INFINITE = """def move(m): return '{"id":"%s","action":1e999}' % m['id']"""
OTHER = """def move(m): return '{"id":"0","action":0}'"""
FLOOD = "def act(m):\n  while True: os.write(1, b'{}\\n' * 9999)"

FAULTS = {
    "never gets ready": ("def started(): time.sleep(30)", Verdict.NO_START, "not ready within 0.5 s"),
    "gets ready with nonsense": ("def started(): say('hi')", Verdict.PROTOCOL_ERROR, "not one JSON object"),
    "gets ready for another form": (
        """def started(): say('{"type":"ready","observation":"list"}')""",
        Verdict.PROTOCOL_ERROR,
        "did you mean 'lists'",
    ),
    "ends at once": ("sys.exit(3)", Verdict.CRASH, "exit code 3"),
    "ends when asked": ("def act(message): sys.exit(4)", Verdict.CRASH, "exit code 4"),
    "raises": ("def act(message): raise ValueError", Verdict.CRASH, "exit code 1"),
    "closes its output": ("def act(message): os.close(1); time.sleep(600)", Verdict.CRASH, "closed its input"),
    "is silent": ("def act(message): pass", Verdict.TIMEOUT, "did not answer within 0.5 s"),
    "is slow": ("def act(message): time.sleep(600)", Verdict.TIMEOUT, "did not answer within 0.5 s"),
    "drips": (
        "def act(message):\n  for byte in move(message).encode(): os.write(1, bytes([byte])); time.sleep(.1)",
        Verdict.TIMEOUT,
        "did not answer",
    ),
    "is illegal": ("def first(view): return 2", Verdict.ILLEGAL_MOVE, "action 2 is not legal"),
    "is negative": ("def first(view): return -1", Verdict.ILLEGAL_MOVE, "action -1 is not legal"),
    "sends text": ("def first(view): return '0'", Verdict.PROTOCOL_ERROR, 'action "0" is not an integer'),
    "sends a boolean": ("def first(view): return True", Verdict.PROTOCOL_ERROR, "action true is not an integer"),
    "sends a fraction": ("def first(view): return 0.5", Verdict.PROTOCOL_ERROR, "action 0.5 is not an integer"),
    "sends NaN": ("def first(view): return float('nan')", Verdict.PROTOCOL_ERROR, "NaN is not JSON"),
    "sends infinity": (INFINITE, Verdict.PROTOCOL_ERROR, "Infinity"),
    "sends nothing": ("def move(m): return '{\"id\":\"%s\"}' % m['id']", Verdict.PROTOCOL_ERROR, 'has no "action"'),
    "has another id": (OTHER, Verdict.PROTOCOL_ERROR, "does not carry the id"),
    "sends a list": ("def move(m): return '[1]'", Verdict.PROTOCOL_ERROR, "not an object"),
    "sends two objects": ("def move(m): return '{} {}'", Verdict.PROTOCOL_ERROR, "more follows"),
    "sends an empty line": ("def move(m): return ''", Verdict.PROTOCOL_ERROR, "not one JSON object"),
    "nests deep": ("def move(m): return '[' * 30000", Verdict.PROTOCOL_ERROR, "nested too deep"),
    "counts far": ("def first(view): return int('9' * 4000)", Verdict.ILLEGAL_MOVE, "is not legal"),
    "counts too far": ("def move(m): return '9' * 9000", Verdict.PROTOCOL_ERROR, "not one JSON object"),
    "is binary": ("def act(m): os.write(1, bytes(range(255, -1, -1)) + b'\\n')", Verdict.PROTOCOL_ERROR, "not UTF-8"),
    "floods": (FLOOD, Verdict.PROTOCOL_ERROR, "does not carry the id"),
    "floods before it is ready": (
        "def started():\n  while True: os.write(1, b'x' * 9999)",
        Verdict.FLOOD,
        "without ending the line",
    ),
    "writes a long line": ("def act(m): say('x' * 70000)", Verdict.FLOOD, "65536"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_loses_with_its_verdict(case, bot, honest, play):
    changes, verdict, words = FAULTS[case]
    start, move = (0.5 if verdict is short else 30 for short in (Verdict.NO_START, Verdict.TIMEOUT))
    record = play([bot(changes), honest()], clocks=Clocks(start=start, move=move))
    assert record.verdicts == (verdict, WIN), record.reasons
    assert words in record.reasons[0] and record.reasons[1] == ""
    assert record.scores == (0.0, 1.0)
    assert not record.void


def test_too_much_in_one_match_is_a_flood(bot, honest, play):
    spam = "def act(m):\n  while True: os.write(1, b'[]\\n' * 999)"
    record = play([honest(), bot(spam)], clocks=Clocks(move=2), output=Output(match=500))
    assert record.verdicts == (WIN, Verdict.FLOOD)
    assert "more than 500 bytes in one match" in record.reasons[1]


def test_old_moves_cannot_be_replayed(bot, honest, play):
    replay = """
    old = []
    def act(message):
        old.append(move(message))
        say(old[0])
    """
    record = play([bot(replay), bot("def first(view): return 1 if len(sys.argv) > 9 else 0")])
    assert record.verdicts == (WIN, LOSS) or record.verdicts == (LOSS, WIN)  # one move each: nothing to replay
    passes = "def first(view): return 0"
    bets = "def first(view): return 1"
    record = play([bot(replay + passes), bot(bets)])  # pass, bet, and the first is asked again
    assert record.verdicts == (Verdict.PROTOCOL_ERROR, WIN)
    assert "does not carry the id" in record.reasons[0]


def test_what_is_written_out_of_turn_is_held_against_its_writer(bot, play):
    twice = "def act(m): say(move(m)); say(move(m))\ndef first(view): return 0"
    record = play([bot(twice), bot("def first(view): return 1")])
    assert record.verdicts == (Verdict.PROTOCOL_ERROR, WIN)


def test_a_crash_after_the_last_move_costs_nothing(bot, honest, play):
    record = play([bot("def act(m): say(move(m)); os._exit(9)\ndef first(view): return 1"), honest()])
    assert not any(record.reasons)
    assert {*record.verdicts} == {WIN, LOSS}


def test_both_at_fault_lose_both(bot, play):
    record = play([bot("def act(m): pass"), bot("def act(m): pass")], matching_pennies(1), clocks=Clocks(move=0.2))
    assert record.verdicts == (Verdict.TIMEOUT, Verdict.TIMEOUT)
    assert record.scores == (0.0, 0.0)
    record = play([bot("sys.exit(1)"), bot("def act(m): say('x')")], matching_pennies(1))
    assert record.verdicts == (Verdict.CRASH, WIN)  # the second had got ready, and was never asked
    record = play([bot("def act(m): sys.exit(1)"), bot("def act(m): say('x')")], matching_pennies(1))
    assert record.verdicts == (Verdict.CRASH, Verdict.PROTOCOL_ERROR)


def test_verdicts_and_scores_by_the_rules():
    assert by_the_rules([1, -1]) == (WIN, LOSS)
    assert by_the_rules([0, 0]) == (DRAW, DRAW)
    assert by_the_rules([3, 1, 3]) == (DRAW, LOSS, DRAW)
    assert by_the_rules([2.0]) == (WIN,)
    assert scores((WIN, LOSS), [5, 2]) == (1, 0)
    assert scores(by_the_rules([3, 1, 3]), [3, 1, 3]) == (0.75, 0, 0.75)
    assert scores(by_the_rules([4, 1, 3]), [4, 1, 3]) == (1, 0, 0.5)


def test_among_more_than_two_a_failure_makes_nobody_elses_place_better():
    verdicts = verdicts_of([None, Verdict.CRASH, None], [0, 9, -3])
    assert verdicts == (LOSS, Verdict.CRASH, LOSS)
    assert scores(verdicts, [0, 9, -3]) == (0.5, 0.0, 0.0), "third of three is third of three"
    assert scores((Verdict.HOST_ERROR,) * 2, [0, 0]) is None


def test_between_two_the_other_one_wins_whatever_the_position():
    assert verdicts_of([None, Verdict.CRASH], [-5, 5]) == (WIN, Verdict.CRASH)
    assert scores((WIN, Verdict.CRASH), [-5, 5]) == (1.0, 0.0)


def test_scores_by_win_and_by_return():
    ruled = by_the_rules([3, 1, 3, -1])
    assert Scoring("win").scores(ruled, [3, 1, 3, -1]) == (0.5, 0, 0.5, 0)
    assert Scoring("return").scores(ruled, [3, 1, 3, -1], (-5, 5)) == (0.8, 0.6, 0.8, 0.4)
    assert Scoring("return", low=0, high=2).scores(ruled, [3, 1, 3, -1]) == (1, 0.5, 1, 0), "cut at the bounds"
    assert Scoring("return").scores((WIN, Verdict.CRASH), [1, -1], (-5, 5)) == (0.6, 0.0)
    with pytest.raises(UserError, match=r"classic/x says -inf to inf; set scoring.low and scoring.high"):
        Scoring("return").bounds((-np.inf, np.inf), "classic/x")
    with pytest.raises(ValueError, match="low below high"):
        Scoring("return", low=1, high=1)


def test_host_errors_are_forgiven_up_to_the_cap():
    error = HostError("disk full", (1,))
    assert charge(error, [0, 0], [0, 0]) == (Verdict.HOST_ERROR, Verdict.HOST_ERROR)
    assert charge(error, [9, 2], [0, 0]) == (Verdict.HOST_ERROR, Verdict.HOST_ERROR)
    assert charge(error, [0, 3], [0, 0]) == (WIN, Verdict.CRASH)
    assert charge(error, [0, 3, 0], [-4, 0, 4]) == (LOSS, Verdict.CRASH, WIN), "nobody is rescued by them either"
    assert charge(HostError("nobody's"), [9, 9], [0, 0]) == (Verdict.HOST_ERROR, Verdict.HOST_ERROR)


class Failing:
    """Kuhn poker whose rules break at a given call."""

    def __init__(self, when):
        self._inner, self.spec, self.lanes, self._when = kuhn(1), kuhn(1).spec, 1, when

    def reset(self, lanes, seeds):
        return self._fail("reset") or self._inner.reset(lanes, seeds)

    def step(self, lanes, actions):
        step = self._fail("step") or self._inner.step(lanes, actions)
        if self._when == "reward":
            step.rewards[0, 1] = np.nan
        return step

    def render(self, lane):
        return self._inner.render(lane)

    def _fail(self, what):
        if what == self._when:
            raise OSError("the disk is full")


@pytest.mark.parametrize(
    ("when", "sides", "why"),
    [("reset", (), "the disk is full"), ("step", (0,), "the disk is full"), ("reward", (0,), "a reward is not finite")],
)
def test_a_failing_environment_voids_the_match(when, sides, why, bot, honest, play):
    record = play([bot(), honest()], Failing(when))
    assert record.verdicts == (Verdict.HOST_ERROR, Verdict.HOST_ERROR)
    assert record.void and record.scores is None
    assert record.host_error.sides == sides and why in record.host_error.text


def test_nobody_is_blamed_for_what_failed_after_the_moves_of_several(honest):
    from league.referee.referee import play_match

    class Broken(Failing):
        def __init__(self):
            super().__init__("step")
            self._inner, self.spec = matching_pennies(1), matching_pennies(1).spec

    record = play_match(Broken(), "test/pennies", [honest(), honest()], 1)
    assert record.void and record.host_error.sides == ()


def test_a_sandbox_that_cannot_start_voids_the_match(honest, referee):
    from league.referee import BotPlayer

    def start(log):
        raise OSError("no more processes")

    records = list(referee().play([Match(str(n), [honest(), BotPlayer("bot", start)], n) for n in range(2)]))
    assert [record.host_error.sides for record in records] == [(1,), (1,)]
    assert "no more processes" in records[0].host_error.text


def test_a_policy_that_fails_has_crashed(honest, play):
    class Broken:
        def memory(self, rows):
            return None

        def act(self, rows, memory, keys):
            raise ZeroDivisionError("oops")

    from league.referee import PolicyPlayer

    record = play([PolicyPlayer("broken", Broken()), honest()])
    assert record.verdicts == (Verdict.CRASH, WIN)
    assert "oops" in record.reasons[0]


def test_a_sandbox_that_fails_costs_its_bot_nothing(bubblewrap, honest, tmp_path, monkeypatch):
    """Before the bot is let in or after: the match is void, and it says whose sandbox it was."""
    monkeypatch.setattr(rooms, "_system", lambda: ("--ro-bind", str(tmp_path / "missing"), "/usr"))
    unlucky = BotPlayer("unlucky", lambda log: bubblewrap.start(["/bin/true"], tmp_path, Limits(), log))
    referee = Referee(kuhn(1), "core/kuhn", clocks=Clocks(start=5, move=1))
    (record,) = referee.play([Match("m", [unlucky, honest()], 1)])
    referee.close()
    assert record.void
    assert record.host_error.sides == (0,)
    assert "could not be set up" in record.host_error.text

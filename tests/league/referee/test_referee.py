"""Matches that go well: fair, many at once, like the arena's, and gone when they are over."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from league.referee import Clocks, Match, PolicyPlayer, Verdict, play_match
from marl.arena import Arena, Pairings, Replay
from marl.policies.random import Random
from marl.testing.games import kuhn, matching_pennies, skirmish

TEAM = """
def choose(view):
    if view["agent"] % 2 == 0:
        return [part[0] for part in view["legal"]]
    return [0.5, -0.25]

def move(message):
    return json.dumps({"id": message["id"], "actions": [choose(view) for view in message["acts"]]})
"""


def test_policies_play_as_in_the_arena(referee):
    environment = kuhn(4)
    policies = [Random(environment.spec), Random(environment.spec)]
    players = [PolicyPlayer("a", policies[0]), PolicyPlayer("b", policies[1])]
    records = list(referee(kuhn(4)).play(Match(str(n), players, n * 31) for n in range(40)))
    results = Arena(environment).play(policies, Pairings(np.array([[0, 1]] * 40), np.arange(40, dtype=np.uint64) * 31))
    played = {int(record.id): record for record in records}
    assert [played[n].returns for n in range(40)] == [tuple(row) for row in results.returns.tolist()]
    assert len({record.returns for record in records}) > 2


def test_teams_with_several_kinds_of_actions(bot, play):
    environment = skirmish(1)
    record = play([bot(TEAM), bot(TEAM)], environment)
    assert not any(record.reasons), record.reasons
    assert record.ticks > 2
    assert [frame.text for frame in record.replay.play(skirmish(1))]
    lines = [text for _, _, way, text in record.transcript.lines() if way == ">" and '"acts"' in text]
    assert '"agent":0' in lines[0] and '"agent":1' in lines[0] and '"flares"' in lines[0]


def test_a_bot_plays_like_the_policy_it_copies(bot, honest, referee):
    """Same seeds, same actions, same returns, whether in process or over a pipe."""
    by_bots = list(referee(kuhn(3)).play(Match(str(n), [bot(kept=True), honest()], n) for n in range(5)))
    by_policy = list(referee(kuhn(3)).play(Match(str(n), [honest(), honest()], n) for n in range(5)))
    assert sorted((r.id, r.returns) for r in by_bots) == sorted((r.id, r.returns) for r in by_policy)


def test_a_slow_bot_holds_up_nobody(bot, honest, referee):
    slow = bot("def act(message): time.sleep(600)")
    matches = [Match("slow", [slow, honest()], 1)]
    matches += [Match(str(n), [bot(kept=True), honest()], n) for n in range(12)]
    playing = referee(kuhn(3), clocks=Clocks(move=600)).play(matches)
    finished = {record.id for record in islice(playing, 12)}  # all others are over while it thinks
    assert finished == {str(n) for n in range(12)}


def test_the_result_is_told(bot, honest, tmp_path, referee):
    seen = tmp_path / "over.json"
    player = bot(f"def over(message): open({str(seen)!r}, 'a').write(json.dumps(message))", kept=True)
    records = list(referee().play([Match(str(n), [player, honest()], n) for n in range(2)]))
    last = [text for _, _, way, text in records[0].transcript.lines() if way == ">"][-1]
    assert f'"type":"over","verdict":"{records[0].verdicts[0]}"' in last
    assert f'"verdict": "{records[0].verdicts[0]}"' in seen.read_text()  # it was thawed for the second match


def test_each_match_has_a_fresh_process_or_a_kept_one(bot, honest, referee, sandbox):
    for kept, count in ((False, 3), (True, 1)):
        player, starts = bot(kept=kept), []
        start = player.start
        player.start = lambda log, start=start, starts=starts: starts.append(start(log)) or starts[-1]
        records = list(referee().play([Match(str(n), [player, honest()], n) for n in range(3)]))
        assert not any(reason for record in records for reason in record.reasons)
        assert len(starts) == count
        assert all(child.exit is not None for child in starts) is not kept
        player.close()
        assert all(child.exit is not None for child in starts)


def test_a_kept_process_that_failed_is_not_kept(bot, honest, referee):
    player = bot("def act(message): say('x')", kept=True)
    records = list(referee().play([Match(str(n), [player, honest()], n) for n in range(3)]))
    assert [record.verdicts[0] for record in records] == [Verdict.PROTOCOL_ERROR] * 3
    assert player._spare == []


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_a_bot_is_frozen_while_it_is_not_its_turn(bot, referee, honest):
    idle = bot("import threading\ndef spin():\n  while True: pass\nthreading.Thread(target=spin, daemon=True).start()")
    states, children = [], []
    start = idle.start
    idle.start = lambda log: children.append(start(log)) or children[-1]

    thinker = bot("def act(message): time.sleep(0.3); say(move(message))")
    game = referee()
    watched = game._dialogue._watch.wait

    def wait():
        found = watched()
        if children and children[0].exit is None:
            states.append(state(children[0].pid))
        return found

    game._dialogue._watch.wait = wait
    (record,) = game.play([Match("m", [thinker, idle], 3)])
    assert "T" in states, states
    assert not any(record.reasons)


def test_clocks_have_a_bank(bot, honest, play):
    slow = "def act(message): time.sleep(0.15); say(move(message))"
    kind = play([bot(slow), honest()], clocks=Clocks(move=0.01, bank=1.0))
    assert not kind.reasons[0]
    assert 0.5 < kind.spent[0].bank < 0.9 and kind.spent[0].worst > 0.14
    hard = play([bot(slow), honest()], clocks=Clocks(move=0.01, bank=0.05))
    assert hard.verdicts == (Verdict.TIMEOUT, Verdict.WIN)
    blitz = play([bot(), honest()], clocks=Clocks(move=0.0, bank=1.0, increment=0.5))
    assert blitz.spent[0].bank > 1.3


def test_a_bot_that_does_not_read_is_late_and_nobody_waits(bot, honest, play):
    deaf = """
    time.sleep(0.1); say('{"type": "ready"}'); time.sleep(60)
    """
    record = play([bot(deaf), honest()], clocks=Clocks(move=0.3))
    assert record.verdicts == (Verdict.TIMEOUT, Verdict.WIN)


def test_lines_larger_than_the_pipe_arrive(bot, honest, play):
    from marl.env import EnvSpec, Group
    from marl.games import Match as Game
    from marl.games import OneByOne, Outcome, View
    from marl.space import Box, Discrete

    size = 100_000
    spec = EnvSpec(("a",), (Group("all", (0,), Box((size,), 0, 1), Discrete(2)),), ((0,),), "turns", 3)

    class Wide(Game):
        def start(self):
            self.ticks = 0

        def views(self):
            return {0: View(np.ones(size, np.float32), np.array([False, True]))}

        def play(self, actions):
            self.ticks += 1
            return Outcome({0: 1.0}, done=self.ticks == 3)

        def observe(self, agent):
            return np.ones(size, np.float32)

    total = "def first(view): assert sum(view['observation']) == 100000; return 1"
    record = play([bot(total)], OneByOne(spec, 1, Wide))
    assert record.verdicts == (Verdict.WIN,) and record.returns == (3.0,), record.reasons


def test_seeds_decide_chance(bot, honest, play):
    first = play([honest(random=True), bot()], seed=5)
    again = play([honest(random=True), bot()], seed=5)
    assert first.replay.ticks == again.replay.ticks and first.returns == again.returns
    assert len({play([honest(), honest()], seed=seed).returns for seed in range(12)}) > 1


def test_replays_play_again_also_when_broken_off(bot, honest, play, tmp_path):
    whole = play([honest(random=True), bot()], name="core/kuhn")
    path = tmp_path / "replay"
    whole.replay.write(path)
    frames = list(Replay.read(path).play(kuhn(1)))
    assert len(frames) == whole.ticks + 1
    broken = play([bot("def first(view): return 0"), bot("def act(message): sys.exit(2)")])
    assert broken.ticks == 1 and "exit code 2" in broken.replay.verdict["broken_off"]
    assert len(list(broken.replay.play(kuhn(1)))) == 2


def test_the_transcript_has_every_line(bot, honest, play, tmp_path):
    record = play([bot("def act(message): say('oops')"), honest()])
    ways = [(way, text.split('"')[3] if way == ">" else text) for _, _, way, text in record.transcript.lines()]
    assert [way for way, _ in ways] == [">", "<", ">", "<", "#"]
    assert [text for way, text in ways if way == ">"] == ["hello", "act"]
    assert ways[3] == ("<", "oops") and ways[4][1].startswith("protocol error: 'oops")
    times = [when for when, *_ in record.transcript.lines()]
    assert times == sorted(times)
    record.transcript.write(tmp_path / "t.gz")
    assert (tmp_path / "t.gz").stat().st_size > 50


def test_the_transcript_is_bounded(bot, honest, play):
    from league.referee import record as module

    record = play([bot("def act(message): say('x' * 60000)"), honest()])
    assert max(len(text) for *_, text in record.transcript.lines()) <= module.LONGEST


def test_standard_error_goes_to_the_log(bot, honest, play, tmp_path):
    play([bot("print('my own words', file=sys.stderr)"), honest()], log=tmp_path)
    assert "my own words" in (tmp_path / "m-1-0.log").read_text()


def test_truncation_is_no_fault(bot, play):
    record = play([bot(TEAM.replace("0.5, -0.25", "-1.0, -1.0")), bot(TEAM.replace("0.5, -0.25", "-1.0, -1.0"))],
                  skirmish(1))  # fmt: skip
    assert record.truncated is (record.ticks == 12)
    assert not any(record.reasons)


def test_an_environment_that_never_ends_is_a_host_error(honest, play):
    class Endless:
        def __init__(self):
            self._inner, self.spec, self.lanes = kuhn(1), kuhn(1).spec, 1
            self.render = self._inner.render

        def reset(self, lanes, seeds):
            self.turn = self._inner.reset(lanes, seeds)
            self.first = self._inner.step(lanes, [np.zeros(1, np.int64)])
            return self.turn

        def step(self, lanes, actions):
            return self.first

    record = play([honest(), honest()], Endless())
    assert record.void and "max_length" in record.host_error.text


def test_a_wrong_number_of_players_is_a_host_error(honest, play):
    assert play([honest()]).void


def test_everything_is_gone_when_play_is_closed(bot, honest, referee):
    player, children = bot("def act(message): time.sleep(30)"), []
    start = player.start
    player.start = lambda log: children.append(start(log)) or children[-1]
    quick = [Match(str(n), [honest(), honest()], n) for n in range(2)]
    playing = referee(kuhn(2)).play([Match("slow", [player, honest()], 1), *quick])
    next(playing)
    playing.close()
    assert [child.exit is not None for child in children] == [True]


def test_descriptors_do_not_leak(bot, honest):
    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    for n in range(4):
        play_match(kuhn(1), "game", [bot(), bot("def act(m): sys.exit(1)")], n, clocks=Clocks(move=2))
    assert opened() == before


def test_both_may_be_the_same_player(bot, play):
    one = bot(kept=True)
    record = play([one, one], matching_pennies(1))
    assert record.verdicts == (Verdict.WIN, Verdict.LOSS) and record.returns == (1.0, -1.0)

"""Bots that attack the referee and the host, each in a real match: the right verdict, and nobody else is touched."""

from __future__ import annotations

import shutil
import sys
import time
import uuid
from pathlib import Path

import pytest

from league.referee import BotPlayer, Clocks, Match, Referee, Verdict
from league.sandbox import Limits
from marl.testing.games import kuhn

HOSTILE = Path(__file__).parents[1] / "hostile"
LIMITS = Limits(memory_mb=128, processes=16, files_mb=16)
CLOCKS = Clocks(start=10, move=2.5)
MARK = f"of-{uuid.uuid4().hex}"  # tells these processes from those of tests that run at the same time
WELL = (Verdict.WIN, Verdict.LOSS)
EXPECTED = {
    "answers_twice": {Verdict.PROTOCOL_ERROR, *WELL},  # one move in a match, and nothing to be held against it
    "binary_garbage": {Verdict.PROTOCOL_ERROR},
    "closes_stdout": {Verdict.CRASH, Verdict.TIMEOUT},  # the sandbox's first process holds the pipe open
    "crashes": {Verdict.CRASH},
    "crashes_at_end": set(WELL),
    "deep_json": {Verdict.FLOOD},
    "endless_output": {Verdict.FLOOD, Verdict.PROTOCOL_ERROR},
    "exits_early": {Verdict.CRASH, *WELL},
    "floods_stderr": set(WELL),
    "fork_bomb": {*WELL, Verdict.CRASH, Verdict.TIMEOUT},
    "guesses_ids": {Verdict.PROTOCOL_ERROR},
    "honest": set(WELL),
    "huge_json": {Verdict.FLOOD, Verdict.CRASH},
    "huge_number": {Verdict.FLOOD},
    "ignores_signals": set(WELL),
    "illegal_move": {Verdict.ILLEGAL_MOVE},
    "infinite_move": {Verdict.PROTOCOL_ERROR},
    "memory_hog": {Verdict.CRASH, *WELL},
    "nan_move": {Verdict.PROTOCOL_ERROR},
    "never_moves": {Verdict.TIMEOUT},
    "no_id": {Verdict.PROTOCOL_ERROR},
    "no_newline": {Verdict.FLOOD},
    "no_object": {Verdict.PROTOCOL_ERROR},
    "replays_old_moves": {Verdict.PROTOCOL_ERROR, *WELL},
    "slow_loris": {Verdict.TIMEOUT},
    "stops_itself": {Verdict.TIMEOUT},
    "wrong_type": {Verdict.PROTOCOL_ERROR, Verdict.ILLEGAL_MOVE},
    "zombies": {*WELL, Verdict.CRASH, Verdict.TIMEOUT},
}


@pytest.fixture(scope="module")
def played(bubblewrap, tmp_path_factory):
    """All hostile bots against an honest one, eight matches at once, with matches of honest bots in between."""
    folder = tmp_path_factory.mktemp("bots") / "hostile"
    shutil.copytree(HOSTILE, folder)

    def player(name):
        command = [sys.executable, "-S", "-E", f"{name}.py", MARK]
        return BotPlayer(name, lambda log: bubblewrap.start(command, folder, LIMITS, log))

    matches = []
    for number, name in enumerate(EXPECTED):
        matches += [Match(name, [player(name), player("honest")], number)]
        if number % 4 == 0:
            matches += [Match(f"honest-{number}", [player("honest"), player("honest")], number)]
    referee = Referee(kuhn(8), "core/kuhn", clocks=CLOCKS)
    began = time.perf_counter()
    records = {record.id: record for record in referee.play(matches)}
    referee.close()
    return records, time.perf_counter() - began


@pytest.mark.parametrize("name", EXPECTED)
def test_an_attack_ends_in_the_right_verdict(played, name):
    records, _ = played
    record = records[name]
    assert not record.void, record.host_error
    assert record.verdicts[0] in EXPECTED[name], record.reasons
    if record.verdicts[0].is_fault:
        assert record.verdicts[1] is Verdict.WIN and record.reasons[0]
    assert record.reasons[1] == ""


def test_honest_matches_end_as_if_nobody_had_attacked(played, honest):
    records, _ = played
    untouched = Referee(kuhn(1), "core/kuhn")
    for name, record in records.items():
        if name.startswith("honest-"):
            (alone,) = untouched.play([Match(name, [honest(), honest()], record.seed)])
            assert (record.verdicts, record.returns) == (alone.verdicts, alone.returns)
    untouched.close()


def test_what_never_ends_by_itself_was_ended(played):
    assert played[1] < 600  # seconds


def test_no_process_survives(played):
    left = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            left += [words] if MARK.encode() in words else []
    assert left == []

"""Referee and bots over pipes: round trips per second, and games of Connect Four per second.

`raw pipe` is the least that any host must do with the same bot and the same lines: write a line, wait, read a line; no
rules, no clock, nothing read from the answer, no sandbox. `raw pipe in bubblewrap` is the same with the bot in the
sandbox: what that costs, whoever the host is. `JSON loop in bubblewrap` is the least that a host can do which has a
position to send and a move to read: `json.dumps` of each, `json.loads` of each answer, and a look at its id. The
referee's round trips are played in a game whose rules cost nothing, so that the difference is the referee's own:
encoding, ids, clocks, limits, checks, records. Where Linux puts the bot decides much, so that all is also measured with
one core for host and bots.
Games per second are of Connect Four with all that it costs, between two bots that play the first legal column.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import _common as bench
import numpy as np

from league.hookspecs import SANDBOXES
from league.referee import BotPlayer, Clocks, Match, Referee
from league.sandbox import Limits, Sandbox
from marl.env import EnvSpec, Frame, Group, Rows, Step
from marl.registry import ENVIRONMENTS, load_registry
from marl.space import Box, Discrete

GAME = "classic/connect_four"
BOT = """
    import json, sys
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "act":
            print(json.dumps({"id": message["id"], "action": message["legal"][0]}), flush=True)
        elif message["type"] == "hello":
            print('{"type": "ready"}', flush=True)
"""
AT_ONCE = (1, 8)
ALL = os.sched_getaffinity(0)
ONE = {min(ALL)}
COMMAND = ["/usr/bin/python3", "-S", "-E", "bot.py"]
Start: TypeAlias = Callable[[], AbstractContextManager[tuple[int, int]]]  # a bot; its input and its output


class Endless:
    """A board to look at, seven columns to choose from, and nothing that ever happens: rules that cost nothing.

    What it answers is made beforehand, since even to make it would cost as much as a third of the referee's own work.
    """

    def __init__(self, ticks: int, lanes: int = 1) -> None:
        box = Box((3, 6, 7), 0, 1)
        self.spec = EnvSpec(("player",), (Group("players", (0,), box, Discrete(7)),), ((0,),), "turns", ticks)
        self.lanes = lanes
        self._ticks, self._left = ticks, [ticks] * lanes
        self._steps: dict[tuple[int, ...], Step] = {}

    def reset(self, lanes: Any, seeds: Any) -> Any:
        for lane in lanes.tolist():
            self._left[lane] = self._ticks
        return self._rows(lanes)

    def step(self, lanes: Any, actions: Any) -> Step:
        names, left, over = tuple(lanes.tolist()), self._left, False
        for lane in names:
            left[lane] -= 1
            over |= not left[lane]
        if over:
            return self._step(lanes, np.array([not left[lane] for lane in names]))
        if names not in self._steps:
            self._steps[names] = self._step(lanes, np.zeros(len(names), np.bool_))
        return self._steps[names]

    def _step(self, lanes: Any, done: Any) -> Step:
        k = len(lanes)
        no, nobody = np.zeros((k, 1), np.bool_), -np.ones(k, np.int64)
        return Step(lanes, np.zeros((k, 1)), done[:, None], no, done, nobody, (None,), self._rows(lanes[~done]))

    def _rows(self, lanes: Any) -> Any:
        k = len(lanes)
        if not k:
            return (None,)
        board, mask = np.zeros((k, 3, 6, 7), np.float32), np.ones((k, 7), np.bool_)
        return (Rows(lanes, np.zeros(k, np.int64), board, mask, np.zeros(k, np.bool_)),)

    def state(self, lanes: Any) -> Any:
        raise NotImplementedError

    def render(self, lane: int) -> Frame:
        return Frame("", "")


def request(board: Any) -> bytes:
    """A line as the referee sends it."""
    message = {"type": "act", "id": "0123456789abcdef", "agent": 0, "observation": board.tolist()}
    return json.dumps(message | {"legal": list(range(7)), "clock": {"move": 10, "bank": 0}}).encode() + b"\n"


def raw(start: Start, trips: int, at_once: int, reads: bool = False) -> Callable[[], float]:
    """Round trips per second of a bare loop, with so many bots at once; `reads`: lines are encoded and decoded."""
    board = np.zeros((3, 6, 7), np.int64)
    line = json.dumps(json.loads(request(board)), separators=(",", ":")).encode() + b"\n"

    def ask(fd: int) -> None:
        os.write(fd, request(board) if reads else line)

    def hear(fd: int) -> None:
        answer = os.read(fd, 1 << 16)
        if reads:
            assert json.loads(answer)["id"] == "0123456789abcdef"

    def trip(bots: Sequence[tuple[int, int]], count: int) -> None:
        write = {out: into for into, out in bots}
        waiting = list(write)
        for fd in waiting:
            ask(write[fd])
        while count > len(bots):
            for fd in select.select(waiting, [], [])[0]:
                hear(fd)
                ask(write[fd])
                count -= 1
        for fd in waiting:
            select.select([fd], [], [])
            hear(fd)

    def task() -> float:
        with ExitStack() as stack:
            bots = [stack.enter_context(start()) for _ in range(at_once)]
            for into, out in bots:  # a bot in a sandbox is slow to start
                os.write(into, b'{"type": "hello"}\n')
                select.select([out], [], [])
                os.read(out, 1 << 16)
            trip(bots, 50 * at_once)
            began = time.perf_counter()
            trip(bots, trips)
            return trips / (time.perf_counter() - began)

    return task


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """A bot as an ordinary process; its input and its output."""
    with subprocess.Popen(COMMAND, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bot:
        assert bot.stdin is not None and bot.stdout is not None
        yield bot.stdin.fileno(), bot.stdout.fileno()
        bot.stdin.close()


@contextmanager
def confined(sandbox: Sandbox, folder: Path) -> Iterator[tuple[int, int]]:
    """A bot in a sandbox; its input and its output."""
    child = sandbox.start(COMMAND, folder, Limits(), Path(os.devnull))
    try:
        yield child.stdin, child.stdout
    finally:
        child.kill()


def stops(sandbox: Sandbox, folder: Path) -> float:
    """How often a second an idle bot can be stopped and let go on."""
    child, count = sandbox.start(COMMAND, folder, Limits(), Path(os.devnull)), 500
    time.sleep(0.2)
    began = time.perf_counter()
    for _ in range(count):
        child.freeze()
        child.thaw()
    rate = count / (time.perf_counter() - began)
    child.kill()
    return rate


def player(sandbox: Sandbox, folder: Path, name: str, kept: bool) -> BotPlayer:
    return BotPlayer(name, lambda log: sandbox.start(COMMAND, folder, Limits(), log), kept)


def round_trips(sandbox: Sandbox, folder: Path, trips: int, at_once: int) -> Callable[[], float]:
    """Round trips per second of the referee, with so many bots at once, each in a sandbox of its own."""

    def task() -> float:
        bot, count = player(sandbox, folder, "bot", kept=True), trips // at_once
        measured, warm = (Referee(Endless(n, at_once), "endless", clocks=Clocks(move=10)) for n in (count, 50))
        list(warm.play([Match(f"warm-{n}", [bot], n) for n in range(at_once)]))
        began = time.perf_counter()
        records = list(measured.play([Match(f"match-{n}", [bot], n) for n in range(at_once)]))
        seconds = time.perf_counter() - began
        bot.close()
        assert not any(record.reasons[0] or record.ticks != count for record in records), records
        return count * at_once / seconds

    return task


def games(tier: str, folder: Path, kept: bool, lanes: int, seconds: float, core: int) -> float:
    """Games per second of one host process on one processor, once all its bots have started."""
    os.sched_setaffinity(0, {core})  # a worker and its bots share a processor: only one of them works at any time
    registry = load_registry()
    sandbox = registry.make(SANDBOXES, tier)
    bots = [player(sandbox, folder, name, kept) for name in ("ann", "bob")]
    referee = Referee(registry.make(ENVIRONMENTS, GAME, lanes=lanes), GAME, clocks=Clocks(move=10))
    matches = (Match(str(number), bots, number) for number in itertools.count())
    count, began = 0, 0.0
    playing = referee.play(matches)
    for number, record in enumerate(playing):
        assert not any(record.reasons), record
        count += number > 2 * lanes
        if number == 2 * lanes:
            began = time.perf_counter()
        if began and time.perf_counter() - began > seconds:
            break
    spent = time.perf_counter() - began
    playing.close()
    referee.close()
    for bot in bots:
        bot.close()
    return count / spent


def game_rate(tier: str, folder: Path, kept: bool, lanes: int, seconds: float, hosts: int = 2) -> Callable[[], float]:
    """Games per second of so many host processes together."""
    cores = sorted(os.sched_getaffinity(0))

    def task() -> float:
        with ProcessPoolExecutor(hosts) as pool:
            parts = [
                pool.submit(games, tier, folder, kept, lanes, seconds, cores[number % len(cores)])
                for number in range(hosts)
            ]
            return sum(part.result() for part in parts)

    return task


def pettingzoo_rate(seconds: float) -> float:
    """Games per second of PettingZoo's own loop, in process, both agents playing the first legal column."""
    from pettingzoo.classic import connect_four_v3  # type: ignore[import-untyped]

    env, count, began = connect_four_v3.env(), 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        env.reset(seed=count)
        for _ in env.agent_iter():
            observation, _, ended, cut, _ = env.last()
            env.step(None if ended or cut else int(observation["action_mask"].argmax()))
        count += 1
    return count / (time.perf_counter() - began)


KAGGLE = """
    import sys, time
    from kaggle_environments import make

    def first(observation, configuration):
        return next(column for column in range(7) if observation.board[column] == 0)

    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < float(sys.argv[1]):
        make("connectx").run([first, first])
        count += 1
    print(count / (time.perf_counter() - began))
"""


def kaggle_rate(seconds: float) -> float:
    """Games per second of kaggle-environments, whose agents are functions in the host's own process."""
    python = os.environ.get("KAGGLE_PYTHON", sys.executable)
    command = [python, "-c", textwrap.dedent(KAGGLE), str(seconds)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[-1])


def works(task: Callable[[float], float], what: str) -> bool:
    """Whether a peer is installed here; if not, a line says so."""
    try:
        task(0.01)
    except (ImportError, subprocess.CalledProcessError):
        print(f"{what}: not installed here, left out")
        return False
    return True


def sandboxes() -> dict[str, Sandbox]:
    """The tiers that work here."""
    registry = load_registry()
    found = {each.name: registry.make(SANDBOXES, each.full_name) for each in registry.all(SANDBOXES)}
    probes = {name: sandbox.probe() for name, sandbox in found.items() if name != "container"}
    for name, probe in probes.items():
        if not probe.ok:
            print(f"{name}: {probe.reason}, left out")
    return {name: found[name] for name, probe in probes.items() if probe.ok}


def main(quick: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        (folder / "bot.py").write_text(textwrap.dedent(BOT))
        tiers = sandboxes()
        trips, rounds, seconds = (2000, 3, 0.5) if quick else (20000, 9, 2.0)
        best = "bubblewrap" if "bubblewrap" in tiers else list(tiers)[-1]
        plain, inside = partial(bare, folder), partial(confined, tiers[best], folder)
        peers = {
            "raw pipe": (plain, False),
            f"raw pipe in {best}": (inside, False),
            f"JSON loop in {best}": (inside, True),
        }
        tasks = {
            f"{name}, {n} at once": raw(start, trips, n, reads)
            for name, (start, reads) in peers.items()
            for n in AT_ONCE
        }
        for name, sandbox in tiers.items():
            tasks |= {f"{name}, {n} at once": round_trips(sandbox, folder, trips, n) for n in AT_ONCE}
        results = {}
        for where, cores in (("any core", ALL), ("one core", ONE)):
            os.sched_setaffinity(0, cores)
            results |= {f"{where}, {name}": rates for name, rates in bench.interleaved(tasks, rounds).items()}
        os.sched_setaffinity(0, ALL)
        bench.table(results, "round trips/s")
        stopped = bench.interleaved({name: partial(stops, tier, folder) for name, tier in tiers.items()}, 3)
        bench.table(stopped, "stops and wakings/s")
        ratios = {
            f"{where}, {n} at once, of the {peer}": bench.ratio(
                results, f"{where}, {best}, {n} at once", f"{where}, {peer}, {n} at once"
            )
            for where in ("any core", "one core")
            for n in AT_ONCE
            for peer in peers
        }
        for what, ratio in ratios.items():
            print(f"the referee with {best}, {what}: {ratio:.0%}")
        played = bench.interleaved(game_tasks(list(tiers), folder, seconds), max(2, rounds // 3))
        bench.table(played, "games/s of Connect Four")
    middle = bench.medians(results)
    detail = {"ratios": ratios, "games/s": bench.medians(played), "round trips/s": middle}
    ours, peer = middle[f"any core, {best}, 1 at once"], middle["any core, raw pipe, 1 at once"]
    bench.report("referee", ours, peer, ratios["any core, 1 at once, of the raw pipe"], "round trips/s", **detail)


def game_tasks(tiers: Sequence[str], folder: Path, seconds: float) -> dict[str, Callable[[], float]]:
    tasks: dict[str, Callable[[], float]] = {}
    for tier in tiers:
        tasks[f"{tier}, kept, one at a time"] = game_rate(tier, folder, True, 1, seconds, hosts=1)
        tasks[f"{tier}, kept, two hosts of 8"] = game_rate(tier, folder, True, 8, seconds)
        tasks[f"{tier}, fresh, two hosts of 2"] = game_rate(tier, folder, False, 2, seconds)
    peers = {"PettingZoo loop": pettingzoo_rate, "kaggle-environments": kaggle_rate}
    for name, task in peers.items():
        if works(task, name):
            tasks[name] = lambda task=task: task(seconds)  # type: ignore[misc]
    return tasks


if __name__ == "__main__":
    main(bench.arguments(__doc__).quick)

"""Referee and bots over pipes: round trips per second, and games of Connect Four per second.

`raw pipe` is the least that any host must do with the same bot and the same lines: write a line, wait, read a line; no
rules, no clock, nothing read from the answer, no sandbox. The referee's round trips are played in a game whose rules
cost nothing, so that the difference is the referee's own: encoding, ids, clocks, limits, checks, transcript, replay.
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
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import _common as bench
import numpy as np

from league.referee import BotPlayer, Clocks, Match, Referee
from league.sandbox import Limits, Sandbox
from marl.env import EnvSpec, Frame, Group, Rows, Step
from marl.registry import load_registry
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
COMMAND = ["/usr/bin/python3", "-S", "-E", "bot.py"]


class Endless:
    """A board to look at, seven columns to choose from, and nothing that ever happens; one agent, one lane."""

    lanes = 1

    def __init__(self, ticks: int) -> None:
        box = Box((3, 6, 7), 0, 1)
        self.spec = EnvSpec(("player",), (Group("players", (0,), box, Discrete(7)),), ((0,),), "turns", ticks)
        board = np.zeros((1, 3, 6, 7), np.float32)
        none, mask = np.zeros(1, np.int64), np.ones((1, 7), np.bool_)
        self._rows = (Rows(none, none, board, mask, np.zeros(1, np.bool_)),)
        self._left = self._ticks = ticks

    def reset(self, lanes: Any, seeds: Any) -> Any:
        self._left = self._ticks
        return self._rows

    def step(self, lanes: Any, actions: Any) -> Step:
        self._left -= 1
        over = np.array([not self._left])
        turn = (None,) if not self._left else self._rows
        return Step(
            lanes, np.zeros((1, 1)), over[:, None], over[:, None] & False, over, -np.ones(1, int), (None,), turn
        )

    def state(self, lanes: Any) -> Any:
        raise NotImplementedError

    def render(self, lane: int) -> Frame:
        return Frame("", "")


def raw(folder: Path, trips: int) -> Callable[[], float]:
    """Round trips per second of the raw pipe."""
    box = {"type": "act", "id": "0123456789abcdef", "agent": 0, "observation": np.zeros((3, 6, 7), int).tolist()}
    message = box | {"legal": list(range(7)), "clock": {"move": 10, "bank": 0}}
    line = json.dumps(message, separators=(",", ":")).encode() + b"\n"

    def task() -> float:
        with subprocess.Popen(COMMAND, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bot:
            assert bot.stdin and bot.stdout
            write, read = bot.stdin.fileno(), bot.stdout.fileno()
            for count in (50, trips):
                began = time.perf_counter()
                for _ in range(count):
                    os.write(write, line)
                    select.select([read], [], [])
                    os.read(read, 1 << 16)
            seconds = time.perf_counter() - began
            bot.stdin.close()
        return trips / seconds

    return task


def player(sandbox: Sandbox, folder: Path, name: str, kept: bool) -> BotPlayer:
    return BotPlayer(name, lambda log: sandbox.start(COMMAND, folder, Limits(), log), kept)


def round_trips(sandbox: Sandbox, folder: Path, trips: int) -> Callable[[], float]:
    """Round trips per second of the referee, with the bot in a sandbox."""

    def task() -> float:
        bot = player(sandbox, folder, "bot", kept=True)
        referee, warm = (Referee(Endless(count), "endless", clocks=Clocks(move=10)) for count in (trips, 50))
        list(warm.play([Match("warm", [bot], 0)]))
        began = time.perf_counter()
        (record,) = referee.play([Match("match", [bot], 1)])
        seconds = time.perf_counter() - began
        bot.close()
        assert record.ticks == trips and not any(record.reasons), record
        return trips / seconds

    return task


def games(tier: str, folder: Path, kept: bool, lanes: int, seconds: float, process: int = 0) -> tuple[int, float]:
    """Games that one host process finished, and the seconds it took."""
    registry = load_registry()
    sandbox = registry.make("sandboxes", tier)
    bots = [player(sandbox, folder, name, kept) for name in ("ann", "bob")]
    referee = Referee(registry.make("environments", GAME, lanes=lanes), GAME, clocks=Clocks(move=10))
    until = time.perf_counter() + seconds

    def source() -> Any:
        for number in itertools.count():
            if time.perf_counter() > until:
                return
            yield Match(f"{process}-{number}", bots, number)

    began = time.perf_counter()
    count = sum(not any(record.reasons) for record in referee.play(source()))
    spent = time.perf_counter() - began
    for bot in bots:
        bot.close()
    return count, spent


def game_rate(
    tier: str, folder: Path, kept: bool, lanes: int, seconds: float, processes: int = 2
) -> Callable[[], float]:
    """Games per second of so many host processes together."""

    def task() -> float:
        with ProcessPoolExecutor(processes) as pool:
            parts = [pool.submit(games, tier, folder, kept, lanes, seconds, number) for number in range(processes)]
            return sum(count / spent for count, spent in (part.result() for part in parts))

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
    found = {each.name: registry.make("sandboxes", each.full_name) for each in registry.all("sandboxes")}
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
        tasks = {"raw pipe": raw(folder, trips)}
        tasks |= {f"referee, {name}": round_trips(sandbox, folder, trips) for name, sandbox in tiers.items()}
        results = bench.interleaved(tasks, rounds)
        bench.table(results, "round trips/s")
        best = "bubblewrap" if "bubblewrap" in tiers else list(tiers)[-1]
        ratio = bench.ratio(results, f"referee, {best}", "raw pipe")
        print(f"the referee with {best} at {ratio:.0%} of the raw pipe\n")
        rates = game_tasks(list(tiers), folder, seconds)
        played = bench.interleaved(rates, max(2, rounds // 3))
        bench.table(played, "games/s of Connect Four")
    middle = bench.medians(results)
    detail = {"games/s": bench.medians(played), "round trips/s": middle}
    bench.report("referee", middle[f"referee, {best}"], middle["raw pipe"], ratio, "round trips/s", **detail)


def game_tasks(tiers: Sequence[str], folder: Path, seconds: float) -> dict[str, Callable[[], float]]:
    tasks: dict[str, Callable[[], float]] = {}
    for tier in tiers:
        tasks[f"{tier}, kept, one at a time"] = game_rate(tier, folder, True, 1, seconds, processes=1)
        tasks[f"{tier}, kept, two hosts of 8"] = game_rate(tier, folder, True, 8, seconds)
        tasks[f"{tier}, fresh, two hosts of 2"] = game_rate(tier, folder, False, 2, seconds)
    peers = {"PettingZoo loop": pettingzoo_rate, "kaggle-environments": kaggle_rate}
    for name, task in peers.items():
        if works(task, name):
            tasks[name] = lambda task=task: task(seconds)  # type: ignore[misc]
    return tasks


if __name__ == "__main__":
    main(bench.arguments(__doc__).quick)

"""Replays: one compact file per recorded match, from which the environment plays it again.

A replay is JSON, compressed with gzip: the environment, the seed, and every action. Playing it again checks that each
tick asks the same agents and pays the same rewards, so a replay of other rules, or of another version, is noticed.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

import marl
from marl import space
from marl.arena.play import Moves, Play, environment_seeds
from marl.blobs import write_atomically
from marl.drawer import Drawer
from marl.env import Environment, Frame, Group, Rows, Step, Turn
from marl.errors import UserError
from marl.rng import as_keys
from marl.snapshot import JSON
from marl.types import Array, Ints

_FORMAT = 1


@dataclass
class Replay:
    """One match, as it was played.

    `environment` and `params`: the registered name and its parameters. `seed`: the match's. `task`: its number, or None
    where the environment has no tasks. `players`: a name per side.
    `ticks`: per tick the actions by agent (`{"0": 3}`) and the rewards `[N]`. `verdict`: `returns` per agent, `length`,
    `fault`, `truncated`, and `broken_off`, why, where the match was ended before its end. `frames`: `[text, svg]`
    before every tick and at the end, or empty. `versions`: of `marl` and whatever else the host names.
    """

    environment: str
    params: Mapping[str, JSON]
    seed: int
    players: Sequence[str]
    ticks: list[dict[str, JSON]] = field(default_factory=list)
    verdict: dict[str, JSON] = field(default_factory=dict)
    frames: list[list[str]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=lambda: {"marl": marl.__version__})
    task: int | None = None

    def packed(self) -> bytes:
        """The whole file; equal for equal replays."""
        content = {"format": _FORMAT, **asdict(self)}
        if self.task is None:
            del content["task"]
        text = json.dumps(content, separators=(",", ":"))
        return gzip.compress(text.encode(), mtime=0)

    def write(self, path: Path) -> None:
        """Write the file so that it is there whole or not at all. Raises RunError where it cannot be written."""
        write_atomically(path, self.packed())

    @staticmethod
    def read(path: Path) -> Replay:
        """Read a replay. Raises UserError where there is none, or it is damaged or of another format."""
        try:
            content = json.loads(gzip.decompress(path.read_bytes()))
        except FileNotFoundError:
            raise UserError(f"there is no replay {path}") from None
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise UserError(f"{path} is not a replay, or it is damaged: {error}") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise UserError(f"{path} is not a replay of format {_FORMAT}, which this version of marl reads")
        content = {"task": None, **content}
        names = {known.name for known in fields(Replay)}
        if names - set(content):
            raise UserError(f"{path} is damaged: it lacks {', '.join(sorted(names - set(content)))}")
        return Replay(**{name: content[name] for name in names})

    def play(self, environment: Environment, drawer: Drawer | None = None) -> Iterator[Frame]:
        """Play the match again on lane 0, with a frame before every tick and at the end.

        `drawer`: who draws this environment; without one, it draws itself. Raises UserError at the first tick at which
        the environment does not do what the replay says.
        """
        lane, picture = np.zeros(1, dtype=np.int64), (drawer or environment).render
        which = () if self.task is None else (np.array([self.task]),)
        turn = environment.reset(lane, environment_seeds(as_keys(self.seed)), *which)
        done = False
        for number, tick in enumerate(self.ticks):
            yield picture(0)
            if done:
                raise self.differs(number, "the match is already over")
            step = environment.step(lane, self._actions(environment, turn, tick["actions"], number))
            if step.rewards[0].tolist() != tick["rewards"]:
                raise self.differs(number, f"rewards are {step.rewards[0].tolist()}, recorded were {tick['rewards']}")
            turn, done = step.turn, bool(step.done[0])
        if not done and "broken_off" not in self.verdict:
            raise self.differs(len(self.ticks), "the match goes on, but the replay ends")
        yield picture(0)

    def _actions(
        self, environment: Environment, turn: Turn, recorded: Mapping[str, Any], number: int
    ) -> list[Array | None]:
        asked = [agent for rows in turn if rows is not None for agent in rows.agent.tolist()]
        if sorted(asked) != sorted(int(agent) for agent in recorded):
            raise self.differs(number, f"agents {sorted(asked)} must act, recorded were {sorted(recorded)}")
        return [
            self.action(rows, group, number) if rows is not None and len(rows) else None
            for rows, group in zip(turn, environment.spec.groups, strict=True)
        ]

    def action(self, rows: Rows, group: Group, number: int) -> Array:
        """What these agents of a group did at a tick, `[K, ...]`. Raises UserError where the replay does not say it."""
        recorded = self.ticks[number]["actions"] if number < len(self.ticks) else {}
        missing = [agent for agent in rows.agent.tolist() if str(agent) not in recorded]
        if missing:
            raise self.differs(number, f"agent {missing[0]} must act, recorded were {sorted(recorded)}")
        like: Array = space.zeros(group.action, len(rows))
        try:
            like[...] = [recorded[str(agent)] for agent in rows.agent.tolist()]
        except (TypeError, ValueError):
            raise self.differs(number, f"the recorded actions do not fit {group.action}") from None
        return like

    def differs(self, tick: int, what: str) -> UserError:
        """The error where the rules are others than those that were played."""
        played = f"the replay of {self.environment} (seed {self.seed}) does not match this environment"
        return UserError(f"{played} at tick {tick}: {what}; was it recorded with another version of the rules?")


class ReplayRecorder:
    """Writes down chosen matches of a play; `finished` has those that ended, by number of match.

    `name` gives a name to each player (an index into the policies). With `frames`, the matches are drawn as they go.
    """

    def __init__(
        self,
        environment: str,
        params: Mapping[str, JSON],
        matches: Iterable[int],
        name: Callable[[int], str] = str,
        frames: bool = False,
    ) -> None:
        self.finished: dict[int, Replay] = {}
        self._environment, self._params = environment, params
        self._wanted = np.unique(np.fromiter(matches, dtype=np.int64))
        self._name, self._frames = name, frames
        self._open: dict[int, Replay] = {}
        self._actions: dict[int, dict[str, Any]] = {}

    def acted(self, play: Play, moves: Moves) -> None:
        """Write down the actions in the chosen matches."""
        rows = moves.rows
        for row in np.flatnonzero(np.isin(play.match[rows.lane], self._wanted)).tolist():
            lane = int(rows.lane[row])
            self._open_at(play, lane, new=play.ticks[lane] == 0)
            actions = self._actions.setdefault(int(play.match[lane]), {})
            actions[str(rows.agent[row])] = moves.acts.action[row].tolist()

    def stepped(self, play: Play, step: Step) -> None:
        """Write down the rewards, and the verdict of matches that ended."""
        for row in np.flatnonzero(np.isin(play.match[step.lanes], self._wanted)).tolist():
            lane = int(step.lanes[row])
            match = int(play.match[lane])
            actions = self._actions.pop(match, {})
            replay = self._open_at(play, lane, new=play.ticks[lane] == 1)
            if replay is None:
                continue
            replay.ticks.append({"actions": actions, "rewards": step.rewards[row].tolist()})
            if self._frames:
                replay.frames.append(list(play.environment.render(lane)))
            if step.done[row]:
                replay.verdict = {
                    "returns": play.returns[lane].tolist(),
                    "length": len(replay.ticks),
                    "fault": int(step.fault[row]),
                    "truncated": bool(step.truncated[row].any()),
                }
                self.finished[match] = self._open.pop(match)

    def begun(self) -> list[Replay]:
        """What was written so far of the chosen matches that have not ended."""
        return list(self._open.values())

    def void(self, play: Play, lanes: Ints) -> None:
        """Forget what was written of the matches in these lanes."""
        for match in play.match[lanes].tolist():
            self._open.pop(match, None)
            self._actions.pop(match, None)

    def _open_at(self, play: Play, lane: int, new: bool) -> Replay | None:
        """The replay of the match on this lane; None for a match whose start was not seen (before a checkpoint)."""
        match = int(play.match[lane])
        if match not in self._open and new:
            players = [self._name(player) for player in play.players[lane].tolist()]
            task = None if play.spec.tasks is None else int(play.tasks[lane])
            replay = Replay(self._environment, self._params, int(play.seeds[lane]), players, task=task)
            if self._frames:
                replay.frames.append(list(play.environment.render(lane)))
            self._open[match] = replay
        return self._open.get(match)

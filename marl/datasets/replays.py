"""From replays to a dataset: each recorded match is played again, by what it says that was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from marl.arena import Arena, Pairings, Play, Replay
from marl.arena.play import Moves
from marl.datasets.header import Header, spec_of
from marl.datasets.recording import Maker, add
from marl.env import EnvSpec, Rows, Step
from marl.errors import UserError
from marl.policy import Acts
from marl.rng import as_keys
from marl.snapshot import JSON
from marl.types import Array, Ints, Keys


class Replayed:
    """A policy that does what replays say, match by match on one lane; as a recorder it follows how far they are."""

    def __init__(self, replays: Sequence[Replay], spec: EnvSpec) -> None:
        self._replays, self._spec = replays, spec
        self._match = self._tick = 0

    def memory(self, rows: int) -> Array | None:
        """None."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """What these agents did then. How probable it was is not known: `logp` is NaN."""
        replay, group = self._replays[self._match], self._spec.groups[rows.group]
        return Acts(replay.action(rows, group, self._tick), np.full(len(rows), np.nan))

    def acted(self, play: Play, moves: Moves) -> None:
        """See `marl.arena.Recorder`."""

    def stepped(self, play: Play, step: Step) -> None:
        """Raises UserError where the environment pays something else than it did."""
        replay = self._replays[self._match]
        paid, then = step.rewards[0].tolist(), replay.ticks[self._tick]["rewards"]
        if paid != then:
            raise replay.differs(self._tick, f"rewards are {paid}, recorded were {then}")
        self._tick += 1
        if step.done[0]:
            self._match, self._tick = self._match + 1, 0

    def void(self, play: Play, lanes: Ints) -> None:
        """See `marl.arena.Recorder`."""


def read(paths: Sequence[Path]) -> list[Replay]:
    """The replays in these files. Raises UserError where they are not of one environment, or were broken off."""
    replays = [Replay.read(path) for path in paths]
    for path, replay in zip(paths, replays, strict=True):
        if [replay.environment, dict(replay.params)] != [replays[0].environment, dict(replays[0].params)]:
            raise UserError(
                f"{path} is of {replay.environment}, and {paths[0]} of {replays[0].environment}, or of another one by "
                "its parameters: a dataset is of one environment"
            )
        if "broken_off" in replay.verdict:
            raise UserError(
                f"{path} is of a match that was broken off ({replay.verdict['broken_off']}): there is no end of it to "
                "learn from, so leave it out"
            )
    return replays


def header(replays: Sequence[Replay], spec: EnvSpec, each: int, params: Mapping[str, JSON]) -> Header:
    """What a dataset of these is about. Players are known by their names alone."""
    names = list(dict.fromkeys(name for replay in replays for name in replay.players))
    players: list[dict[str, JSON]] = [{"name": name, "policy": "", "snapshot": ""} for name in names]
    return Header(replays[0].environment, dict(params), spec_of(spec), players, [], None, each)


def record(root: Path, header: Header, replays: Sequence[Replay], make: Maker) -> Iterator[Header]:
    """Play those again that are not written down in `root` yet; yields the header after each part."""
    environment, names = make(1), [player["name"] for player in header.players]
    while header.matches < len(replays):
        part = replays[header.matches : header.matches + header.each]
        again = Replayed(part, environment.spec)
        players = np.array([[names.index(name) for name in replay.players] for replay in part])
        tasks = None if part[0].task is None else np.array([replay.task for replay in part])
        pairings = Pairings(players, as_keys([replay.seed for replay in part]), tasks)
        header = add(root, header, Arena(environment), [again] * len(names), pairings, [again])
        yield header

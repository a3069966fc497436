"""Recording: plays matches and writes them down, part by part. Whatever interrupts it, finished parts stay.

Match m follows from the seed and m alone, so going on later gives the files that one go would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from marl import rng, space, tree
from marl.arena import Arena, Pairings, Play, Record, Recorder, Trajectory, TrajectoryRecorder
from marl.blobs import write_atomically
from marl.datasets.header import FILE, Header
from marl.datasets.parts import info_of, packed
from marl.env import Environment, EnvSpec, Step
from marl.errors import UserError
from marl.policy import Policy
from marl.types import Floats

_BYTES = 2**25  # of what agents see, in one part, at most
_LANES = 256
_PLAYER, _SEED = 0x706C6179, 0x73656564  # what a match draws: a player of a side, a seed


@dataclass(frozen=True)
class Cast:
    """Who plays: policies, and their weights on every side, `float64[R, S, P]`; match m is of line-up m modulo R."""

    policies: Sequence[Policy]
    lineups: Floats

    def pairings(self, seed: int, first: int, count: int) -> Pairings:
        """The matches numbered `first` to `first + count - 1`."""
        number = np.arange(first, first + count)
        weights = self.lineups[number % len(self.lineups)]
        players = [
            rng.choose(rng.mix(seed, _PLAYER, side, number), weights[:, side]) for side in range(weights.shape[1])
        ]
        return Pairings(np.stack(players, axis=1), rng.mix(seed, _SEED, number))


def each(spec: EnvSpec) -> int:
    """How many matches stand in a part: as many as surely have room, within reason."""
    width = sum(
        leaf.nbytes
        for group in spec.groups
        for _, leaf in tree.leaves(space.zeros(group.observation, len(group.agents)))
    )
    return int(np.clip(_BYTES // max(1, width * spec.max_length), 64, 4096))


def begun(root: Path, header: Header) -> Header:
    """The header of what is in `root` already; where nothing is, `header`, which is then written there.

    Nobody else may be writing in `root`. Raises UserError where it holds something else.
    """
    if not (root / FILE).exists():
        if root.exists() and any(one.name != "lock" for one in root.iterdir()):
            raise UserError(f"{root} has files that belong to no dataset; choose another --out")
        root.mkdir(parents=True, exist_ok=True)
        header.write(root)
        return header
    for stray in root.glob(".*"):  # what a killed process left half-written
        stray.unlink()
    there = Header.read(root)
    wanted, known = header.about(), there.about()
    differing = [name for name in wanted if wanted[name] != known.get(name)]
    if differing:
        name = differing[0]
        raise UserError(
            f"{root} holds a dataset with other {name}: {_short(known.get(name))} there, {_short(wanted[name])} here; "
            "matches can be added to it only as it was begun, so choose another --out"
        )
    return there


Maker: TypeAlias = Callable[[int], Environment]  # lanes -> an environment


def record(root: Path, header: Header, cast: Cast, make: Maker, matches: int) -> Iterator[Header]:
    """Play on until `matches` are written down in `root`; yields the header after each part.

    `header`: as `begun` gave it. What a part would have been when it was interrupted is played again.
    """
    assert header.seed is not None, "matches follow from a seed"
    arena: Arena | None = None
    while header.matches < matches:
        count = min(header.each, matches - header.matches)
        arena = arena or Arena(make(min(_LANES, count)))
        pairings = cast.pairings(header.seed, header.matches, count)
        header = add(root, header, arena, cast.policies, pairings)
        yield header


def add(
    root: Path,
    header: Header,
    arena: Arena,
    policies: Sequence[Policy],
    pairings: Pairings,
    beside: Sequence[Recorder] = (),
) -> Header:
    """Play these and write them down as the next part; the new header. `beside`: who watches too."""
    spec, everybody = arena.environment.spec, range(len(policies))
    wanted = Record(earned=True, before=bool(spec.info), whole=True, state=spec.state is not None)
    recorder = _Whole(spec, arena.environment.lanes, everybody, wanted)
    results = arena.play(policies, pairings, [recorder, *beside])
    windows = recorder.taken()
    path = root / f"part-{len(header.parts):06}.safetensors"
    content = packed(windows, results, header.matches)
    write_atomically(path, content)
    header = header.with_part(info_of(path, content, windows, results))
    header.write(root)
    return header


class _Whole(TrajectoryRecorder):
    """A recorder of matches that are played to their end."""

    _play: Play | None = None

    def stepped(self, play: Play, step: Step) -> None:
        """See `marl.arena.Recorder`."""
        self._play = play
        super().stepped(play, step)

    def taken(self) -> tuple[Trajectory, ...]:
        """All matches, when they are over."""
        assert self._play is not None, "something was played"
        return self.take(self._play)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 200 else f"{text[:200]} ..."

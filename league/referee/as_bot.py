"""A stored policy as a bot: it speaks the protocol of bots on standard input and output, and needs no league.

What `marl league export --bot` writes begins here. Sampled actions follow from the name of the match, which the host
draws: the same match, the same chance.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from league.referee.clocks import Spent
from league.referee.policy import PolicySeat
from league.referee.seat import Request, View
from marl import rng
from marl.blobs import Blobs
from marl.env import Rows
from marl.errors import RunError
from marl.registry import ENVIRONMENTS, Registry, load_registry
from marl.services import restore
from marl.space import Box, MultiDiscrete, Space, Tree, mask_width
from marl.types import ArrayTree, Bools

FILE = "player.json"  # {"sides": [[[id of a snapshot, weight], ...], ...]}; one entry for all sides, or one for each
BLOBS = "blobs"


def play(folder: Path, lines: Iterable[str] = sys.stdin, out: TextIO | None = None) -> None:
    """Answer line after line until the host closes the pipe. `folder` has the player."""
    bot = StoredBot(folder, load_registry())
    for line in lines:
        answer = bot.answer(json.loads(line))
        if answer is not None:
            print(json.dumps(answer), file=out or sys.stdout, flush=True)


class StoredBot:
    """The player of a folder, match after match."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.registry, self.blobs = registry, Blobs(folder / BLOBS)
        self.sides = json.loads((folder / FILE).read_text())["sides"]
        self._seat: PolicySeat | None = None
        self._tick = 0
        self._seen: set[int] = set()

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """What to say to a line of the host; None where nothing is to be said."""
        match message["type"]:
            case "hello":
                self._begin(message)
                return {"type": "ready", "observation": "base64"}
            case "act" if "acts" in message:
                return {"id": message["id"], "actions": self._act(message["acts"])}
            case "act":
                return {"id": message["id"], "action": self._act([message])[0]}
        return None

    def _begin(self, hello: Mapping[str, Any]) -> None:
        """Sit down at a match, with one of the players that may be drawn."""
        self.spec = self.registry.make(ENVIRONMENTS, hello["game"], hello["params"], lanes=1).spec
        seed = int(rng.mix(*hello["match"].encode())[0])
        mixture = self.sides[hello["side"] if len(self.sides) > 1 else 0]
        if not mixture:
            raise RunError(f"this player did not learn to play side {hello['side']}")
        weights = np.array([[weight for _, weight in mixture]])
        drawn = int(rng.choose(rng.mix(seed, 0), weights)[0])
        policy = restore(self.registry, self.spec, self.blobs.get_snapshot(mixture[drawn][0]))
        self._seat, self._tick, self._seen = PolicySeat(policy, self.spec, seed), 0, set()

    def _act(self, views: list[Mapping[str, Any]]) -> list[Any]:
        assert self._seat is not None, "hello comes first"
        rows = [self._rows(view) for view in views]
        asked = [View(int(view["agent"]), one, 0) for view, one in zip(views, rows, strict=True)]
        spent: list[Spent] = []
        answer = self._seat.ask(Request(asked, self._tick, spent, []))
        self._tick += 1
        if answer.fault is not None:
            raise RunError(answer.reason)
        return [action.tolist() if isinstance(action, np.ndarray) else action for action in answer.actions]

    def _rows(self, view: Mapping[str, Any]) -> Rows:
        """What an agent sees, as the environment shows it."""
        agent = int(view["agent"])
        number = next(n for n, group in enumerate(self.spec.groups) if agent in group.agents)
        group = self.spec.groups[number]
        first = agent not in self._seen
        self._seen.add(agent)
        return Rows(
            np.zeros(1, dtype=np.int64), np.array([agent]), seen(group.observation, view["observation"]),
            allowed(group.action, view.get("legal")), np.array([first]), number,
        )  # fmt: skip


def seen(space: Space, written: Any) -> ArrayTree:
    """One row `[1, ...]` of an observation as a host wrote it: lists, or a box's bytes in base64."""
    match space:
        case Tree(fields):
            return {name: seen(field, written[name]) for name, field in fields.items()}
        case Box(shape=shape, dtype=dtype) if isinstance(written, str):
            little = np.frombuffer(base64.b64decode(written), dtype=np.dtype(dtype).newbyteorder("<"))
            return little.reshape(1, *shape).astype(dtype)
        case Box(shape=shape, dtype=dtype):
            return np.array(written, dtype=dtype).reshape(1, *shape)
        case _:
            return np.array([written], dtype=np.int64)


def allowed(space: Space, legal: Any) -> Bools | None:
    """The mask `[1, mask_width]` of legal actions as a host wrote them; None where everything is legal."""
    width = mask_width(space)
    if legal is None or width is None:
        return None
    mask = np.zeros((1, width), dtype=np.bool_)
    if isinstance(space, MultiDiscrete):
        starts = np.cumsum([0, *space.nvec[:-1]]).tolist()
        legal = [start + one for start, part in zip(starts, legal, strict=True) for one in part]
    mask[0, legal] = True
    return mask

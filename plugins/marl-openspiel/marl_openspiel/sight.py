"""What a player sees: OpenSpiel's tensors, or its texts as bytes where a game has no tensor.

| name | what a row is |
|---|---|
| `information_state` | the information-state tensor: everything the player ever saw (float32, the game's shape) |
| `observation` | the observation tensor: what the player sees now (float32, the game's shape) |
| `information_state_text` | the information-state string as bytes (uint8) |
| `observation_text` | the observation string as bytes (uint8) |
| `auto` | the information state where information is imperfect and the game offers it, else the observation; |
|        | a tensor where the game offers one, else the text |

A text is `WIDTH` bytes, filled up with zeros. Of a longer text the end stands there, behind 16 bytes of a hash of all
of it, so that different texts stay different.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel

from marl.errors import UserError, suggestion
from marl.space import Box
from marl.types import Array

WIDTH = 1024
NAMES = ("information_state", "observation", "information_state_text", "observation_text")


class Sight:
    """Writes what a player sees into `buffer` (flat, `[size]`) when `look(state, player)` is called."""

    def __init__(self, name: str, space: Box, buffer: Array, look: Callable[[Any, int], None]) -> None:
        self.name = name
        self.space = space
        self.buffer = buffer
        self.look = look

    def batch(self, flat: Array) -> Array:
        """`[K, size]` in the game's own shape, `[K, *shape]`."""
        return flat.reshape(len(flat), *self.space.shape)


def offered(game: Any) -> tuple[str, ...]:
    """What the game can show, as names of the table above."""
    kind = game.get_type()
    flags = (
        kind.provides_information_state_tensor,
        kind.provides_observation_tensor,
        kind.provides_information_state_string,
        kind.provides_observation_string,
    )
    return tuple(name for name, flag in zip(NAMES, flags, strict=True) if flag)


def choose(game: Any) -> str:
    """What "auto" means for this game."""
    perfect = game.get_type().information == pyspiel.GameType.Information.PERFECT_INFORMATION
    order = ("observation", "information_state") if perfect else ("information_state", "observation")
    available = offered(game)
    for name in (*order, *(f"{name}_text" for name in order)):
        if name in available:
            return name
    raise UserError(f"OpenSpiel's game {game.get_type().short_name!r} shows its players nothing that marl could use")


def make_sight(game: Any, name: str) -> Sight:
    """The sight called `name` (or "auto"); raises UserError for one that the game does not offer."""
    available = offered(game)
    if name == "auto":
        name = choose(game)
    if name not in NAMES:
        raise UserError(f"unknown observation {name!r}{suggestion(name, ('auto', *NAMES))}")
    if name not in available:
        short = game.get_type().short_name
        raise UserError(
            f"OpenSpiel's game {short!r} does not offer observation {name!r}; it offers {', '.join(available)}"
        )
    return _text(game, name) if name.endswith("_text") else _tensor(game, name)


def _tensor(game: Any, name: str) -> Sight:
    recall = pyspiel.IIGObservationType(perfect_recall=True) if name == "information_state" else None
    shape = game.information_state_tensor_shape() if recall else game.observation_tensor_shape()
    if hasattr(game, "make_py_observer"):  # a game written in Python
        from open_spiel.python.observation import make_observation

        observation = make_observation(game, recall)
        return Sight(name, Box(tuple(shape)), observation.tensor, observation.set_from)
    observer = game.make_observer(recall, {}) if recall else game.make_observer({})
    observation = pyspiel._Observation(game, observer)
    buffer = np.frombuffer(observation, np.float32)
    return Sight(name, Box(tuple(shape)), buffer, observation.set_from)


def _text(game: Any, name: str) -> Sight:
    buffer = np.zeros(WIDTH, dtype=np.uint8)
    information = name.startswith("information")

    def look(state: Any, player: int) -> None:
        text = state.information_state_string(player) if information else state.observation_string(player)
        buffer[:] = np.frombuffer(text_bytes(text), np.uint8)

    return Sight(name, Box((WIDTH,), 0, 255, "uint8"), buffer, look)


def text_bytes(text: str) -> bytes:
    """The text as exactly `WIDTH` bytes."""
    raw = text.encode()
    if len(raw) > WIDTH:
        return hashlib.blake2b(raw, digest_size=16).digest() + raw[16 - WIDTH :]
    return raw.ljust(WIDTH, b"\0")

"""What is known of PettingZoo's own environments, without importing any of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Teams: TypeAlias = str | tuple[tuple[str, ...], ...]

_CLASSIC, _BUTTERFLY, _SISL, _MPE = "pettingzoo.classic", "pettingzoo.butterfly", "pettingzoo.sisl", "mpe2"


@dataclass(frozen=True)
class Entry:
    """One environment.

    `target`: where its constructor is. `teams`: how its agents form sides: "each", "all", "prefix", or the name
    prefixes of each side. `zero_sum`, `symmetric`, `returns` and `length` (ticks, given the constructor's arguments;
    None: its `max_cycles`) are the facts of `EnvSpec` at default teams. `arguments`: whose signature the constructor
    has, where it hides it. `prepare` (`"module:function"`): what must run before it is reset or stepped. `render_mode`:
    what its constructor needs, for `render` to be text, or for its observations to be drawn at all.
    """

    name: str
    target: str
    summary: str
    teams: Teams = "each"
    zero_sum: bool = False
    symmetric: bool = False
    returns: Callable[[Mapping[str, Any]], tuple[float, float]] | None = None
    length: Callable[[Mapping[str, Any]], int] | None = None
    arguments: str = ""
    prepare: str = ""
    render_mode: str = ""
    tags: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Where its constructor is."""
        return self.target.split(":", 1)[0]


def _one(arguments: Mapping[str, Any]) -> tuple[float, float]:
    return -1.0, 1.0


def _rounds(arguments: Mapping[str, Any]) -> tuple[float, float]:
    return -float(arguments["max_cycles"]), float(arguments["max_cycles"])


def _board(name: str, version: str, summary: str, length: Callable[[Mapping[str, Any]], int], **more: Any) -> Entry:
    target = f"{_CLASSIC}.{name}_{version}:env"
    return Entry(name, target, summary, zero_sum=True, returns=_one, length=length, tags=("turns", "classic"), **more)


def _cards(name: str, version: str, summary: str, length: int) -> Entry:
    target = f"{_CLASSIC}.{name}_{version}:env"
    tags = ("turns", "classic", "chance")
    return Entry(name, target, summary, zero_sum=True, length=lambda arguments: length, tags=tags)


def _together(family: str, name: str, version: str, summary: str, **more: Any) -> Entry:
    tags = ("simultaneous", "mpe" if family == _MPE else family.rsplit(".", 1)[-1], "chance")
    return Entry(name, f"{family}.{name}_{version}:parallel_env", summary, **{"teams": "all", "tags": tags, **more})


def _go_length(arguments: Mapping[str, Any]) -> int:
    return 4 * int(arguments["board_size"]) ** 2  # its rules set no end: cut short far beyond what real games last


def _hanabi_length(arguments: Mapping[str, Any]) -> int:
    """Every turn draws a card or spends a token, and a token comes back with a discard or a finished colour."""
    cards = int(arguments["colors"]) * 10
    return 2 * cards + int(arguments["max_information_tokens"]) + int(arguments["colors"]) + int(arguments["players"])


_TAG, _EVE = (("adversary",), ("agent",)), (("eve",), ("bob", "alice"))
_LEAD = (("leadadversary", "adversary"), ("agent",))

ENTRIES: tuple[Entry, ...] = (
    _board(
        "chess",
        "v6",
        "Chess; drawn by the 50-move rule and threefold repetition",
        lambda arguments: 11_800,
        render_mode="ansi",
    ),
    _board("connect_four", "v3", "Connect Four on 6 x 7", lambda arguments: 42),
    _board(
        "go", "v5", "Go (19 x 19 by default), Tromp-Taylor scoring", _go_length, prepare="marl_pettingzoo.quirks:go"
    ),
    _board("tictactoe", "v3", "Tic-tac-toe", lambda arguments: 9),
    _cards("leduc_holdem", "v4", "Leduc hold'em (RLCard)", 16),
    _cards("texas_holdem", "v4", "Limit Texas hold'em (RLCard)", 400),
    _cards("texas_holdem_no_limit", "v6", "No-limit Texas hold'em (RLCard)", 1000),
    Entry(
        "hanabi",
        f"{_CLASSIC}.hanabi_v5:env",
        "Hanabi, a cooperative card game (OpenSpiel)",
        teams="all",
        length=_hanabi_length,
        tags=("turns", "classic", "chance"),
    ),
    Entry(
        "rps",
        f"{_CLASSIC}.rps_v2:parallel_env",
        "Rock-paper-scissors, repeated; each sees the other's last move",
        zero_sum=True,
        symmetric=True,
        returns=_rounds,
        tags=("simultaneous", "classic"),
    ),
    _together(
        _BUTTERFLY,
        "knights_archers_zombies",
        "v11",
        "Knights and archers hold off zombies; agents die",
        prepare="marl_pettingzoo.quirks:knights_archers_zombies",
    ),
    _together(_BUTTERFLY, "pistonball", "v6", "Pistons roll a ball to the left wall; images, continuous by default"),
    _together(
        _BUTTERFLY,
        "cooperative_pong",
        "v6",
        "Two paddles keep a ball in play; images",
        render_mode="rgb_array",
        arguments="pettingzoo.butterfly.cooperative_pong.cooperative_pong:CooperativePong",
    ),
    _together(
        _SISL,
        "multiwalker",
        "v9",
        "Bipedal robots carry a package; continuous",
        arguments="pettingzoo.sisl.multiwalker.multiwalker_base:MultiWalkerEnv",
    ),
    _together(
        _SISL,
        "pursuit",
        "v5",
        "Pursuers surround evaders on a grid",
        arguments="pettingzoo.sisl.pursuit.pursuit_base:Pursuit",
    ),
    _together(_MPE, "simple", "v3", "MPE: one agent goes to a landmark"),
    _together(_MPE, "simple_adversary", "v3", "MPE: agents hide their landmark from an adversary", teams=_TAG),
    _together(_MPE, "simple_crypto", "v3", "MPE: Alice sends Bob a bit, and Eve listens", teams=_EVE),
    _together(_MPE, "simple_formation", "v1", "MPE: agents form a circle around a landmark"),
    _together(_MPE, "simple_line", "v1", "MPE: agents line up between two landmarks"),
    _together(_MPE, "simple_push", "v3", "MPE: an adversary pushes an agent off its landmark", teams=_TAG),
    _together(_MPE, "simple_reference", "v3", "MPE: two agents tell each other where to go"),
    _together(_MPE, "simple_speaker_listener", "v4", "MPE: a speaker tells a listener where to go"),
    _together(_MPE, "simple_spread", "v3", "MPE: agents cover all landmarks without colliding"),
    _together(_MPE, "simple_tag", "v3", "MPE: slow adversaries chase fast agents", teams=_TAG),
    _together(_MPE, "simple_world_comm", "v3", "MPE: simple_tag with food, forests and a leader", teams=_LEAD),
    _together(_MPE, "collect_treasure", "v1", "MPE: collectors carry treasures to deposits"),
)

UNBOUNDED = (-math.inf, math.inf)


def find(name: str) -> Entry | None:
    """The entry of this name, or None."""
    return next((entry for entry in ENTRIES if entry.name == name), None)


def of_module(module: str) -> Entry | None:
    """The entry whose constructor lives in this module, or None."""
    return next((entry for entry in ENTRIES if entry.module == module), None)

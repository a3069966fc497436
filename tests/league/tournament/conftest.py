"""Events in a temporary directory, and small bots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from league.tournament.event import Event, create
from league.tournament.submit import Terms, submit
from marl.registry import load_registry
from marl.scenario import load_scenario

Make = Callable[..., Event]

BOT = """
import json, sys
count = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        print(json.dumps({"type": "ready"}), flush=True)
    elif message["type"] == "act":
        count += 1
        LEGAL = message["legal"]
        MOVE
        print(json.dumps({"id": message["id"], "action": action}), flush=True)
"""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[Make]:
    """Make an event of tic-tac-toe: `event("random", "first", overrides=["schedule.games=4"], name="cup")`."""
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    opened: list[Event] = []

    def make(*players: str, overrides: tuple[str, ...] = (), name: str = "cup") -> Event:
        registry = load_registry()
        draft = tmp_path / "draft.yaml"
        draft.write_text(f"kind: tournament\nname: {name}\nenv: classic/tic_tac_toe\n")
        made = create(tmp_path / name, load_scenario(draft, list(overrides), registry), registry)
        opened.append(made)
        for player in players:
            submit(made, player, Terms(trust=True, valid=False, replace=True))
        return made

    yield make
    for made in opened:
        made.close()


@pytest.fixture
def chess_club(tmp_path: Path) -> Iterator[Make]:
    """Make an event of chess with these players."""
    pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    draft = tmp_path / "draft.yaml"
    draft.write_text("kind: tournament\nname: chess club\nenv: openspiel/chess\nsandbox: none\n")
    opened: list[Event] = []

    def join(*players: str, overrides: tuple[str, ...] = ()) -> Event:
        registry = load_registry()
        made = create(tmp_path / "cup", load_scenario(draft, list(overrides), registry), registry)
        opened.append(made)
        for player in players:
            submit(made, player, Terms(trust=True, valid=False))
        return made

    yield join
    for made in opened:
        made.close()


@pytest.fixture
def bot(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with a bot: `bot("ann", "action = LEGAL[0]")`."""

    def make(name: str, move: str = "action = LEGAL[0]", games: str = "[classic/tic_tac_toe]") -> Path:
        folder = tmp_path / "submitted" / name
        folder.mkdir(parents=True)
        (folder / "bot.py").write_text(BOT.replace("MOVE", move))
        command = "[python3, bot.py]"
        (folder / "bot.yaml").write_text(f"name: {name}\ncommand: {command}\ngames: {games}\nauthor: {name}'s author\n")
        return folder

    return make

"""A bot that hands its cards to the one that plays the same deal on the other side: it learns nothing."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from league.referee.fairness import commit, reveal
from league.sandbox.bubblewrap import BubblewrapSandbox
from league.tournament.event import create
from league.tournament.operate import Options, operate
from league.tournament.progress import Display
from league.tournament.submit import Terms, submit
from marl.registry import load_registry
from marl.scenario import load_scenario

HOSTILE = Path(__file__).parents[1] / "hostile"
EVENTS = 3  # of one pair of games each, so that there is no doubt whose deal was left


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


def forget() -> None:
    for place in (Path("/tmp"), Path("/dev/shm")):
        for left in place.glob("marl-cards-*"):
            left.unlink()


def entry(folder: Path, name: str, program: str) -> str:
    made = folder / name
    shutil.copytree(HOSTILE, made)
    (made / "bot.yaml").write_text(f"name: {name}\ncommand: [python3, {program}]\ngames: ['*']\n")
    return str(made)


def guesses(tmp_path: Path, *overrides: str) -> list[tuple[int | None, int]]:
    """What the cheat believed that the other side holds, and what it held, in each game in which both moved."""
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    registry, found = load_registry(), []
    draft = tmp_path / "draft.yaml"
    draft.write_text("kind: tournament\nname: cup\nenv: classic/leduc_poker\n")
    cheat, honest = entry(tmp_path, "cheat", "passes_cards.py"), entry(tmp_path, "honest", "honest.py")
    for number in range(EVENTS):
        forget()
        event = create(tmp_path / f"event-{number}", load_scenario(draft, list(overrides), registry), registry)
        with contextlib.closing(event):
            secret = bytes([number] * 32)  # the same deals each time
            (event.path / "secret").write_text(reveal(secret))
            (event.path / "commitment").write_text(commit(secret))
            submit(event, cheat, Terms(trust=True, valid=False))
            submit(event, honest, Terms(trust=True, valid=False))
            operate(event, Options(1, True), Display(Console(quiet=True)))
            found += [_guess(event.path / "logs", match.pairing, match.players) for match in event.ledger.matches()]
    return [guess for guess in found if guess is not None]


def _guess(logs: Path, pairing: str, players: tuple[str, ...]) -> tuple[int | None, int] | None:
    side = players.index("cheat")
    said = re.search(r"knows (\w+)", (logs / f"{pairing}-{side}.log").read_text())
    with gzip.open(logs / f"{pairing}.transcript.gz", "rt") as file:
        lines = [json.loads(line) for line in file]
    acts = [json.loads(line) for _, who, way, line in lines if way == ">" and who != side and '"type":"act"' in line]
    if said is None or not acts:
        return None
    return (None if said[1] == "None" else int(said[1])), acts[0]["observation"][2:8].index(1)


def test_without_a_sandbox_a_shared_deal_is_read(tmp_path: Path) -> None:
    known = [guess for guess in guesses(tmp_path, "sandbox=league/limits", "deals=shared") if guess[0] is not None]
    assert len(known) == EVENTS  # in the second game of each pair
    assert all(believed == held for believed, held in known)


def test_a_deal_of_its_own_is_read_by_nobody(tmp_path: Path) -> None:
    """Without a sandbox the cheat still finds the card of the other game, and it is the wrong one, but by chance."""
    known = [guess for guess in guesses(tmp_path, "sandbox=league/limits") if guess[0] is not None]
    assert len(known) == EVENTS
    assert not all(believed == held for believed, held in known)


@pytest.mark.parametrize("deals", ["own", "shared"])
def test_in_the_sandbox_nothing_is_handed_on(tmp_path: Path, deals: str) -> None:
    probe = BubblewrapSandbox().probe()
    if not probe.ok:
        pytest.skip(f"bubblewrap: {probe.reason}")
    found = guesses(tmp_path, f"deals={deals}")
    assert len(found) >= EVENTS
    assert [believed for believed, _ in found if believed is not None] == []

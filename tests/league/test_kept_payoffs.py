"""Payoffs that are kept for all runs: played once, the same whoever played them, and refused where they are damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from league.manager import Manager
from marl.errors import UserError

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
KUHN = "env: {name: classic/kuhn_poker, players: %d}\nstrategy: {name: psro, oracle: league/best_response}\nseed: %d\n"
STOP = "measures: [effective_players]\nstop: {iterations: 2}\n"


def asked(folder: Path, more: str = "") -> str:
    return f"payoffs: {{source: {{name: kept, matches: 60, folder: {folder}{more}}}}}\n" + STOP


def files(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*.json"))}


def test_another_run_finds_them_and_ends_as_if_it_had_played(
    league: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A league of another seed has other ids of runs and jobs, and the same snapshots."""
    first = league(KUHN % (2, 1) + asked(tmp_path / "kept"))
    list(first.run())
    kept = files(tmp_path / "kept")
    assert len(kept) == len(first.ledger.payoffs()) > 4
    again = league(KUHN % (2, 2) + asked(tmp_path / "kept"), run="again")
    with monkeypatch.context() as patch:
        patch.setattr("league.payoffs.sampled.tally", None)  # no match can be counted
        list(again.run())
    assert files(tmp_path / "kept") == kept
    alone = league(KUHN % (2, 2) + asked(tmp_path / "other"), run="alone")
    list(alone.run())
    rows = [[(row.count, row.mean, row.m2) for row in one.ledger.payoffs()] for one in (first, again, alone)]
    assert rows[0] == rows[1] == rows[2]


def test_another_game_or_salt_shares_nothing(league: Make, tmp_path: Path) -> None:
    list(league(KUHN % (2, 1) + asked(tmp_path / "kept"), "stop.iterations=0").run())
    count = len(files(tmp_path / "kept"))
    list(league(KUHN % (2, 1) + asked(tmp_path / "kept", ", salt: 1"), "stop.iterations=0", run="salt").run())
    list(league(KUHN % (3, 1) + asked(tmp_path / "kept"), "stop.iterations=0", run="three").run())
    assert len(files(tmp_path / "kept")) == 3 * count


def test_a_damaged_file_is_named(league: Make, tmp_path: Path) -> None:
    list(league(KUHN % (2, 1) + asked(tmp_path / "kept"), "stop.iterations=0").run())
    for file in files(tmp_path / "kept"):
        Path(file).write_text("{}")
    with pytest.raises(UserError, match=r"\.json is no kept payoff \('count'\): remove it, and it is played again"):
        list(league(KUHN % (2, 1) + asked(tmp_path / "kept"), "stop.iterations=0", run="again").run())

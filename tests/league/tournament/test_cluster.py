"""Matches as tasks of a real, local Ray cluster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.console import Console

from league.tournament.event import Event
from league.tournament.operate import Options, operate
from league.tournament.progress import Display

pytestmark = pytest.mark.slow


def test_an_event_on_ray_has_the_same_matches_as_one_on_processes(event: Callable[..., Event]) -> None:
    pytest.importorskip("ray", reason="needs ray")
    players = ("marl/random", "marl/first", "ann=marl/random")
    here, there = event(*players, name="here"), event(*players, name="there")
    for name in ("secret", "commitment"):
        (there.path / name).write_text((here.path / name).read_text())
    operate(here, Options(2), Display(Console(quiet=True)))
    operate(there, Options(2, ray=True), Display(Console(quiet=True)))
    assert there.has_ended
    one, two = (
        sorted((match.pairing, match.players, match.scores, match.replay_hash) for match in each.ledger.matches())
        for each in (here, there)
    )
    assert one == two

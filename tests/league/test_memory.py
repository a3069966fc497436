"""However many players there are: few policies are alive at once, and a batch of payoffs goes on where it was."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from league.items.shares import MATCHES, shares
from league.manager import Manager
from league.payoffs import sampled
from league.payoffs.sampled import batches
from league.payoffs.source import Asked
from marl import tabular

SCENARIO = """
env: classic/kuhn_poker
strategy: {name: self_play, algorithm: best_response}
payoffs: {source: {name: sampled, matches: 2, lanes: 4}}
"""
PLAYERS, LIVE, ROOM = 60, 8, 5


def test_few_policies_are_alive_whoever_plays(league: Callable[..., Manager], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    manager = league(SCENARIO)
    decisions = manager.services.exact().form.players[0]
    for number in range(PLAYERS):
        table = decisions.uniform()
        table[0] = np.roll([number / PLAYERS, 1 - number / PLAYERS], 0)
        snapshot = manager.services.blobs.put_snapshot(tabular.snapshot(decisions, table))
        for side in range(2):
            manager.population.found((side,), snapshot)
    monkeypatch.setattr(sampled, "LIVE", LIVE)
    manager.services._policies.room = ROOM * 70_000
    arena, most = manager.work.source.source.arena, 0  # type: ignore[attr-defined]
    play = arena.play

    def counted(*arguments: object) -> object:
        nonlocal most
        gc.collect()
        most = max(most, sum(isinstance(thing, tabular.Tabular) for thing in gc.get_objects()))
        return play(*arguments)

    monkeypatch.setattr(arena, "play", counted)
    asked = np.zeros((PLAYERS, PLAYERS), dtype=np.bool_)
    asked[-1] = True
    manager.filling.fill(asked)
    assert np.isfinite(manager.filling.payoffs[0][-1]).all()
    assert 1 < most <= LIVE + ROOM


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), unique=True, max_size=150),
    st.integers(1, 5_000),
    st.data(),
)
def test_batches_are_bounded_and_items_go_on_where_they_were(pairings, count, data):
    asked = [Asked(pairing, ("", ""), 0, count) for pairing in pairings]
    found = list(batches(asked))
    assert [one for batch in found for one in batch] == asked
    for batch in found:
        assert len({id for one in batch for id in one.pairing}) <= sampled.LIVE
    items = list(shares(asked))
    assert [one for item in items for one in item] == asked
    assert all(0 <= sum(one.count for one in item) - MATCHES < count for item in items[:-1])
    done = data.draw(st.integers(0, len(items)))
    assert list(shares(asked[sum(map(len, items[:done])) :])) == items[done:]

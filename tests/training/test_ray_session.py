"""A session of Ray that loses the race for a port is started again; what is wrong with it otherwise is told."""

from __future__ import annotations

from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="needs Ray")


@pytest.mark.parametrize(
    ("sentence", "address", "tries"),
    [("Failed to start GCS", None, 3), ("Failed to start GCS", "10.0.0.1:6379", 1), ("no such option", None, 1)],
)
def test_a_lost_race_for_a_port_is_run_again(
    monkeypatch: pytest.MonkeyPatch, sentence: str, address: str | None, tries: int
) -> None:
    from marl.training.backends import ray_session

    asked = []

    def lose(**options: Any) -> None:
        asked.append(options)
        if len(asked) < 3:
            raise RuntimeError(sentence)

    monkeypatch.setattr(ray, "init", lose)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    options = {"address": address} if address else {}
    if tries == 1:
        with pytest.raises(RuntimeError, match=sentence):
            ray_session._start(**options)
    else:
        ray_session._start(**options)
    assert asked == [options] * tries

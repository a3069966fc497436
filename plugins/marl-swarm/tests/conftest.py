"""Training in this process, without a league: services over a registered environment, and what came of it."""

from __future__ import annotations

import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl.testing import Host


@pytest.fixture(scope="session")
def host() -> type[Host]:
    """Services over a registered environment, or over a function of the lanes."""
    return Host

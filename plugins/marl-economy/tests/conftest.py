"""A stand-in for a language model: a real program that answers over HTTP, and misbehaves where a test asks it to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture(scope="session")
def served() -> Iterator[Callable[..., str]]:
    """The address of the stand-in, in a mode."""
    command = [sys.executable, "-m", "marl_economy.language.stand_in"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        yield lambda mode="ok": f"{address.removesuffix('/v1')}/{mode}/v1"
        process.kill()

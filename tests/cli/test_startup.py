"""Listing and explaining are quick, because they import nothing heavy."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

HEAVY = ("numpy", "scipy", "torch", "ray", "pyspiel", "open_spiel", "omegaconf", "sqlalchemy", "pandas", "gymnasium")


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"], ["--version"], ["plugins", "info", "marl"]])
def test_nothing_heavy_is_imported(arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "marl", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    imported = set(re.findall(r"\|\s+(\w[\w.]*)$", done.stderr, re.MULTILINE))
    assert "marl.registry" in imported
    assert not imported & set(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"]])
def test_the_answer_comes_quickly(arguments):
    """A third of a second is promised, and about 0.17 measured; the margin is for busy machines."""
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "marl", *arguments], capture_output=True, check=True, timeout=60)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.6

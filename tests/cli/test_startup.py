"""Listing and explaining import nothing heavy; how long they take is measured by benchmarks/startup.py."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

HEAVY = (
    "rich",
    "pydantic",
    "typer",
    "importlib.metadata",
    "numpy",
    "scipy",
    "torch",
    "ray",
    "pyspiel",
    "open_spiel",
    "omegaconf",
    "sqlalchemy",
    "pandas",
    "gymnasium",
)


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"], ["--version"], ["plugins", "info", "marl"]])
def test_nothing_heavy_is_imported(arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "marl", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    imported = set(re.findall(r"\|\s+(\w[\w.]*)$", done.stderr, re.MULTILINE))
    assert "marl.registry" in imported
    asked = {"importlib.metadata"} if "info" in arguments else set()  # where a distribution came from, and its files
    assert not imported & set(HEAVY) - asked

"""Where the scenarios are that come with this plugin."""

from __future__ import annotations

from pathlib import Path


def kuhn() -> Path:
    """Kuhn poker by CFR+."""
    return Path(__file__).with_name("kuhn.yaml")

"""Packages that sinks stand on, and that need not be installed."""

from __future__ import annotations

import importlib
from typing import Any

from marl.errors import UserError


def package(module: str, install: str) -> Any:
    """The module. Raises UserError, which says what pip is to `install`, where it is not here."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(f"it needs what is not installed ({error}): pip install '{install}'") from error

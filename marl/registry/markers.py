"""The markers that plugins decorate their hooks with, and the version of the hook API."""

from __future__ import annotations

import pluggy

API_VERSION = 2
"""Raised when a hook changes so that old plugins no longer work; plugins declare the range they support."""

hookspec = pluggy.HookspecMarker("marl")
hookimpl = pluggy.HookimplMarker("marl")

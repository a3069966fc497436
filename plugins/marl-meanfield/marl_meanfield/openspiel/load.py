"""OpenSpiel's games by their names."""

from __future__ import annotations

from typing import Any

from marl.errors import UserError, suggestion


def load(name: str) -> Any:
    """A mean-field game of OpenSpiel's. Raises UserError where there is none of that name, or OpenSpiel is missing."""
    try:
        import pyspiel
        from open_spiel.python.mfg import games  # noqa: F401 (registers the games that are written in Python)
    except ImportError as error:
        raise UserError(
            f"game: {name!r} is OpenSpiel's, which cannot be imported ({error}): pip install open_spiel, or take "
            "a game of this plugin, such as meanfield/crowd"
        ) from error
    known = sorted(one.short_name for one in pyspiel.registered_games() if one.dynamics.name == "MEAN_FIELD")
    short = name.partition("(")[0]
    if short not in known:
        close = suggestion(short, known)
        raise UserError(f"game: OpenSpiel has no mean-field game {short!r}{close}")
    try:
        return pyspiel.load_game(name)
    except (pyspiel.SpielError, RuntimeError, ValueError, TypeError, LookupError) as error:
        raise UserError(f"game: OpenSpiel refuses {name!r}: {error}") from error

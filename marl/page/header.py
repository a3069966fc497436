"""The top of a page: what ran, how it ended, and the numbers that matter."""

from __future__ import annotations

from collections.abc import Iterable

from marl.page.text import escape


def header(kind: str, name: str, facts: Iterable[str], state: str, tiles: Iterable[str], *, done: bool) -> str:
    """Kind, name, `facts` (short texts), state and tiles (see `tile`). `done`: whether the state is an end."""
    codes = "".join(f"<code>{escape(fact)}</code>" for fact in facts)
    return (
        f'<header><p class="kind">{escape(kind)}</p><h1>{escape(name)}</h1>'
        f'<p class="sub">{codes}<span class="state {"done" if done else "open"}">{escape(state)}</span></p>'
        f'<dl class="tiles">{"".join(tiles)}</dl></header>'
    )


def tile(name: str, value: str, note: str = "", anchor: str = "") -> str:
    """One headline number; `value` and `note` are HTML."""
    mark = f' id="{anchor}"' if anchor else ""
    small = f'<dd class="note">{note}</dd>' if note else ""
    return f'<div class="tile"><dt>{escape(name)}</dt><dd class="figure"{mark}>{value}</dd>{small}</div>'

"""Protocol 1: what goes over the pipe, one JSON object on a line. See docs/bots.md and the schema beside."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from importlib import resources
from typing import Any

from league.referee.clocks import Clocks
from league.referee.decode import Malformed, shorten
from league.referee.encode import FORMS, describe
from league.referee.seat import Table
from marl.errors import suggestion
from marl.snapshot import JSON

VERSION = 1


def schema() -> dict[str, JSON]:
    """The JSON schema (draft 2020-12) of every line of the protocol."""
    text = resources.files("league.referee").joinpath("protocol-1.schema.json").read_text(encoding="utf-8")
    content: dict[str, JSON] = json.loads(text)
    return content


def hello(table: Table) -> bytes:
    """The first line of a match. Its name is drawn anew each time: bots cannot tell which matches belong together."""
    spec, clocks = table.spec, table.clocks
    agents = [
        {
            "index": agent,
            "name": spec.agents[agent],
            "observation": describe(spec.groups[spec.group_of[agent]].observation),
            "action": describe(spec.groups[spec.group_of[agent]].action),
        }
        for agent in spec.sides[table.side]
    ]
    return _line(
        {
            "type": "hello",
            "protocol": VERSION,
            "match": secrets.token_hex(8),
            "game": table.environment,
            "params": dict(table.params),
            "side": table.side,
            "sides": len(spec.sides),
            "agents": agents,
            "max_length": spec.max_length,
            "clock": {name: getattr(clocks, name) for name in ("start", "move", "bank", "increment")},
            "limits": {"line": table.output.line, "match": table.output.match},
        }
    )


def over(result: Mapping[str, JSON]) -> bytes:
    """The last line of a match."""
    return _line({"type": "over", **result})


def read_ready(message: Mapping[str, Any], line: bytes) -> str:
    """The form of observations (of `FORMS`) that a bot asked for when it got ready. Raises Malformed."""
    if message.get("type") != "ready":
        raise Malformed(f'{shorten(line)} came where {{"type":"ready"}} was expected')
    form = message.get("observation", "lists")
    if form not in FORMS:
        hint = suggestion(form, FORMS) if isinstance(form, str) else f"; known: {', '.join(FORMS)}"
        raise Malformed(f"ready asks for an unknown form of observations{hint}")
    return str(form)


def clock_text(clocks: Clocks, bank: float) -> bytes:
    """The clock in a request: the time per move, and what is left in the bank, in seconds."""
    left = f"{bank:.3f}" if bank else "0"
    return f',"clock":{{"move":{clocks.move:g},"bank":{left}}}'.encode()


def _line(message: Mapping[str, JSON]) -> bytes:
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"

"""All matches, and the board on which they are played again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from league.ledger import MatchRow
from league.tournament.standings import Standings
from marl.page.figure import absent, section
from marl.page.text import embed, escape

LEAD = "Choose a match to play it again: by the buttons, the slider, or the arrow keys."
PLAIN = ("win", "draw", "loss")
HOST = "the host broke the match off"


def matches_section(standings: Standings, replays: Mapping[str, dict[str, Any]]) -> str:
    """The section of the page."""
    if not standings.matches:
        return section("matches", "Matches", absent("No match has been finished yet."))
    rows = "".join(row(match, match.pairing in replays) for match in reversed(standings.matches))
    seats = "".join(f'<th class="word">seat {seat + 1}</th>' for seat in range(standings.sides))
    table = (
        '<div class="list"><p class="filter" hidden><span></span> <button type="button">show all</button></p>'
        '<div class="scroll tall" tabindex="0"><table class="matches"><thead><tr><th class="word">match</th>'
        f'{seats}<th>moves</th><th class="word">ended by</th></tr></thead><tbody>{rows}</tbody></table></div></div>'
    )
    return section("matches", "Matches", f'<div class="theatre">{table}{board(standings, replays)}</div>', LEAD)


def row(match: MatchRow, playable: bool) -> str:
    """One match."""
    scores = match.scores or (None,) * len(match.players)
    seats = "".join(
        f'<td class="word {tone(score)}">{escape(player)}<i>{"" if score is None else f"{score:.3g}"}</i></td>'
        for player, score in zip(match.players, scores, strict=True)
    )
    name = f'<button type="button" data-match="{escape(match.pairing)}">{escape(match.pairing)}</button>'
    return (
        f'<tr data-players="{escape(json.dumps(match.players))}"><td class="word">'
        f"{name if playable else escape(match.pairing)}</td>{seats}<td>{match.plies}</td>{ending(match)}</tr>"
    )


def tone(score: float | None) -> str:
    """How a score is shown."""
    return "void" if score is None else "won" if score > 0.5 else "drawn" if score == 0.5 else "lost"


def ending(match: MatchRow) -> str:
    """Why the match ended, where it was not by the rules."""
    if match.host_error:
        return f'<td class="word fault" title="{HOST}">host error</td>'
    faults = [(verdict, reason(match, seat)) for seat, verdict in enumerate(match.verdicts) if verdict not in PLAIN]
    if not faults:
        return '<td class="word soft">the rules</td>'
    says = "; ".join(detail for _, detail in faults if detail)
    return f'<td class="word fault" title="{escape(says)}">{escape(", ".join(verdict for verdict, _ in faults))}</td>'


def reason(match: MatchRow, seat: int) -> str:
    """Why a seat was at fault, or "". What the host says of its own errors names files, and is not for everybody."""
    detail = match.details[seat]
    return HOST if match.host_error and detail == match.host_error else detail


def board(standings: Standings, replays: Mapping[str, dict[str, Any]]) -> str:
    """Where a match is shown; the script fills it."""
    if not replays:
        return absent("There are no replays.")
    return (
        '<figure class="board" tabindex="0"><div class="players"></div><div class="screen"></div>'
        '<div class="says" role="status"></div><div class="controls"><button type="button" data-go="first" '
        'aria-label="first">|◀</button><button type="button" data-go="back" aria-label="back">◀</button>'
        '<button type="button" data-go="play" aria-label="play">▶▶</button><button type="button" data-go="next" '
        'aria-label="next">▶</button><button type="button" data-go="last" aria-label="last">▶|</button>'
        '<input type="range" min="0" max="0" value="0" aria-label="move"></div>'
        f"{embed(dict(replays))}</figure>"
    )

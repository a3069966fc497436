"""The page of a league: its sections in order."""

from __future__ import annotations

from pathlib import Path

from league.report.births import births_section
from league.report.circles import circles_section
from league.report.curve import measure_sections
from league.report.heading import heading
from league.report.heatmap import heatmap_section
from league.report.learning import Learning, learning_section
from league.report.mixture import mixture_section
from league.report.ranking import ranking_section
from league.report.words import again, reading
from league.view import LeagueView
from marl.blobs import write_atomically
from marl.page import document

NOTHING = Learning()

# The hatching of cells that were never played; every heat map refers to it.
PATTERNS = (
    '<svg width="0" height="0" class="patterns" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/>'
    '<path class="hatch-line" d="M0 0V6"/></pattern></defs></svg>'
)


def render(view: LeagueView, learning: Learning = NOTHING, more: str = "") -> str:
    """The whole page as HTML text; `more` are sections of plugins."""
    sections = (
        *measure_sections(view),
        learning_section(learning),
        heatmap_section(view),
        circles_section(view),
        mixture_section(view),
        ranking_section(view),
        births_section(view),
        more,
        reading(),
        again(view),
    )
    body = f"{PATTERNS}<main>{heading(view)}{''.join(sections)}</main>"
    return document(view.name, "marl league", body, own=Path(__file__).parent)


def write(view: LeagueView, path: Path, learning: Learning = NOTHING, more: str = "") -> None:
    """Write the report of a league to `path`, all of it or nothing: a reader never meets half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render(view, learning, more).encode())

"""The page: sections in order, style and script inside, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path

import marl
from league.report.curve import curve_section
from league.report.header import header
from league.report.heatmap import heatmap_section
from league.report.lineage import lineage_section
from league.report.mixture import mixture_section
from league.report.ranking import ranking_section
from league.report.text import escape
from league.report.words import again_section, reading_section
from league.view import LeagueView

ASSETS = Path(__file__).parent


def render(view: LeagueView) -> str:
    """The whole page as HTML text."""
    style = (ASSETS / "page.css").read_text(encoding="utf-8")
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    sections = (
        curve_section(view),
        heatmap_section(view),
        mixture_section(view),
        ranking_section(view),
        lineage_section(view),
        reading_section(),
        again_section(view),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(script)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(view.name)} · marl league</title><style>{style}</style></head>"
        f"<body>{PATTERNS}<main>{header(view)}{''.join(sections)}</main>"
        f"<footer>Written by marl {escape(marl.__version__)}</footer><script>{script}</script></body></html>\n"
    )


# The hatching of cells that were never played; every heat map refers to it.
PATTERNS = (
    '<svg width="0" height="0" class="patterns" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/>'
    '<path class="hatch-line" d="M0 0V6"/></pattern></defs></svg>'
)


def policy(script: str) -> str:
    """A content security policy under which nothing is fetched and no script runs but this page's own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def write(view: LeagueView, path: Path) -> None:
    """Write the report of a league to `path`, all of it or nothing: a reader never meets half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(view))
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""What plugins add to the report of a run: their sections, or why one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marl.errors import RunError, UserError
from marl.page.figure import absent, section
from marl.page.text import escape
from marl.registry import REPORT_SECTIONS, Descriptor, Registry, blamed, wrong


def sections_of(run: Path, registry: Registry) -> str:
    """The sections of all plugins about a run directory, as HTML; a plugin that fails never costs the page."""
    return "".join(_told(run, registry))


def _told(run: Path, registry: Registry) -> Iterator[str]:
    for found in registry.all(REPORT_SECTIONS):
        try:
            yield _section(found, run, registry)
        except (UserError, RunError) as error:
            anchor = f"{found.plugin}-{found.name}"
            yield section(anchor, f"{found.full_name}: missing", absent(escape(error)))


def _section(found: Descriptor, run: Path, registry: Registry) -> str:
    subject, asked = registry.describe(REPORT_SECTIONS, found.full_name), f"section of {run.name}"
    target = registry.load(found)
    with blamed(subject, asked):
        made = target(run)
    if not isinstance(made, str):
        raise wrong(subject, asked, made, 'HTML, or "" where there is nothing to say,')
    return made

"""The page of a training run: its sections in order."""

from __future__ import annotations

from pathlib import Path

from marl.blobs import write_atomically
from marl.page import document
from marl.training.report.heading import heading
from marl.training.report.measured import measured_section
from marl.training.report.panels import learning_section, speed_section
from marl.training.report.view import TrainView
from marl.training.report.words import again, reading


def render(view: TrainView, more: str = "") -> str:
    """The whole page as HTML text; `more` are sections of plugins."""
    sections = (measured_section(view), learning_section(view), speed_section(view), more, reading(), again(view))
    body = f"<main>{heading(view)}{''.join(sections)}</main>"
    return document(view.config.name, "marl train", body, own=Path(__file__).parent)


def write(view: TrainView, path: Path, more: str = "") -> None:
    """Write the report of a training run to `path`, all of it or nothing."""
    write_atomically(path, render(view, more).encode())

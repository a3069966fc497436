"""Self-contained HTML pages: one look for the reports of all kinds of runs, nothing fetched from anywhere."""

from marl.page.document import document

__all__ = ["document"]

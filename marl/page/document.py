"""The document around a page's sections: style and script inside, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path

import marl
from marl.page.text import escape

ASSETS = Path(__file__).parent


def document(name: str, kind: str, body: str, own: Path | None = None) -> str:
    """The whole page as HTML text. `name` and `kind` make its title; `body` is HTML.

    `own`: a folder with a page.css and a page.js that come after those of all pages; either may be missing. A script
    may add to `readers`, by which figures answer to pointer and keys.
    """
    folders = [ASSETS, own] if own else [ASSETS]
    style, script = _joined(folders, "page.css"), _joined(folders, "page.js")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(script)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(name)} · {escape(kind)}</title><style>{style}</style></head>"
        f"<body>{body}<footer>Written by marl {escape(marl.__version__)}</footer>"
        f"<script>{script}</script></body></html>\n"
    )


def policy(script: str) -> str:
    """A content security policy under which nothing is fetched and no script runs but this page's own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _joined(folders: Iterable[Path], name: str) -> str:
    files = [folder / name for folder in folders if (folder / name).is_file()]
    return "".join(file.read_text(encoding="utf-8") for file in files)

"""Links of the documents, which lead from file to file of the repository, as links between pages of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<path>[^)#\s:]*)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"^```(\w+)[ \t]+file=(\S+)[ \t]*$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```[ \t]*$|``[^`].*?``|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def rewritten(text: str, origin: str, page: str, pages: Mapping[str, str]) -> str:
    """The text of `origin` (a file of the repository) as that of the page `page`.

    `pages` says which page a file or folder of the repository is on. A link that leads nowhere is left as it is, and
    mkdocs says so. Blocks of code with `file=NAME` are titled NAME.
    """
    parts, end = [], 0
    for code in _CODE.finditer(text):
        if not _in_link(text, code.start()):
            parts += [_LINK.sub(lambda link: _moved(link, origin, page, pages), text[end : code.start()]), code[0]]
            end = code.end()
    parts.append(_LINK.sub(lambda link: _moved(link, origin, page, pages), text[end:]))
    return _FENCE.sub(r'``` { .\1 title="\2" }', "".join(parts))


def _in_link(text: str, place: int) -> bool:
    """Whether code at `place` is the text of a link, as in [`name`](page.md)."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line.count("[") > line.count("]")


def _moved(link: re.Match[str], origin: str, page: str, pages: Mapping[str, str]) -> str:
    path, anchor = link["path"], link["anchor"] or ""
    if not path:
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
    target = pages.get(file, "")
    if not target:
        return link[0]
    return f"[{link['text']}]({posixpath.relpath(target, posixpath.dirname(page) or '.')}{anchor})"

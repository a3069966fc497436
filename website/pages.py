"""What mkdocs calls (`hooks` of mkdocs.yml): adds the pages that are made, and moves links and the order of pages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import catalogue
import links
import nav
import reference
from mkdocs.structure.files import File, Files

ROOT = links.ROOT
_origins: dict[str, str] = {}  # page: the file of the repository that it is made of
_pages: dict[str, str] = {}  # and the other way round, folders too


def on_files(files: Files, config: Any) -> Files:
    """Add all that is not written in docs/, and say in which order pages come."""
    written = [file.src_uri for file in files.documentation_pages()]
    for page in written:
        _stands(page, f"docs/{page}")
    made = {**_repository(), **_listings(written), **catalogue.pages(), **dict(reference.pages())}
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    _copy(files, config)
    plain = [
        *written,
        *(page for page in made if page.partition("/")[0] not in ("catalogue", "reference", "distributions")),
    ]
    config["nav"] = nav.nav(plain, {"Catalogue": _catalogue(made), "Reference": _reference()})
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links between files of the repository become links between pages."""
    origin = _origins.get(page.file.src_uri)
    return links.rewritten(markdown, origin, page.file.src_uri, _pages) if origin else markdown


def _stands(page: str, origin: str) -> None:
    _origins[page], _pages[origin] = origin, page


def _repository() -> dict[str, str]:
    """The pages that stand elsewhere in the repository."""
    found = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
    for file in sorted((ROOT / "plugins").glob("*/README.md")):
        name = file.parent.name
        found[f"plugins/{name}/README.md"] = f"distributions/{name}.md"
        _pages[f"plugins/{name}"] = f"distributions/{name}.md"
    for origin, page in found.items():
        _stands(page, origin)
    _pages["LICENSE"] = "license.md"
    texts = {page: (ROOT / origin).read_text(encoding="utf-8") for origin, page in found.items()}
    return {**texts, "license.md": f"# Licence\n\n```text\n{(ROOT / 'LICENSE').read_text(encoding='utf-8')}```\n"}


def _listings(written: list[str]) -> dict[str, str]:
    """The index of each folder of notes."""
    made = {}
    for folder, what in (
        ("decisions", "Why things are as they are, half a page each."),
        ("results", "What was measured, and how."),
    ):
        _pages[f"docs/{folder}"] = f"{folder}/index.md"
        rows = [
            f"- [{_title(page)}]({page.partition('/')[2]})" for page in sorted(written) if page.startswith(f"{folder}/")
        ]
        made[f"{folder}/index.md"] = f"# {folder.capitalize()}\n\n{what}\n\n" + "\n".join(rows) + "\n"
    return made


def _title(page: str) -> str:
    with (ROOT / "docs" / page).open(encoding="utf-8") as file:
        return next((line[2:].strip() for line in file if line.startswith("# ")), page)


def _copy(files: Files, config: Any) -> None:
    """Files that documents link to and that are no pages."""
    schema = "league/referee/protocol-1.schema.json"
    files.append(File.generated(config, f"files/{Path(schema).name}", abs_src_path=str(ROOT / schema)))
    _pages[schema] = f"files/{Path(schema).name}"


def _catalogue(made: dict[str, str]) -> list[Any]:
    things = [page for page in made if page.startswith("catalogue/")]
    shelves = [{page[len("distributions/") : -len(".md")]: page} for page in made if page.startswith("distributions/")]
    return [*things, {"Distributions": shelves}]


def _reference() -> list[Any]:
    groups = [{title: [{name: f"reference/{name}.md"} for name in names]} for title, names in reference.PUBLIC.items()]
    return ["reference/index.md", *groups]

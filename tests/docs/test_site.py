"""The site and what it promises: every page has its place, links lead somewhere, and public names stay as they were."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEBSITE = ROOT / "website"
if not WEBSITE.is_dir():
    pytest.skip("the site is built in a checkout", allow_module_level=True)
sys.path.insert(0, str(WEBSITE))

api, links, nav, reference = map(importlib.import_module, ("api", "links", "nav", "reference"))

PAGES = [page.relative_to(ROOT / "docs").as_posix() for page in sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [name for name in reference.public() if find_spec("torch") or not name.startswith("marl.training")]
IMPORT = re.compile(r"^\s*from ((?:marl|league)(?:\.\w+)*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def placed(entries: object) -> list[str]:
    """The pages of a nav."""
    if isinstance(entries, str):
        return [entries]
    parts = entries.values() if isinstance(entries, dict) else entries
    return [page for part in parts for page in placed(part)]  # type: ignore[union-attr]


def test_every_page_has_its_place_once() -> None:
    pages = [*PAGES, "league-of-tomorrow.md", "strange.md", "index.md", "changelog.md", "license.md"]
    found = nav.nav(pages, {})
    assert sorted(placed(found)) == sorted(pages)
    (leagues,) = (entry["Leagues"] for entry in found if "Leagues" in entry)
    assert "league-of-tomorrow.md" in leagues, "a new page stands where its name begins like others"


@pytest.mark.parametrize(
    ("origin", "page", "before", "after"),
    [
        ("README.md", "index.md", "[a](docs/plugins.md#x)", "[a](plugins.md#x)"),
        ("docs/results/cfr.md", "results/cfr.md", "see [`b`](../plugins.md)", "see [`b`](../plugins.md)"),
        ("plugins/marl-x/README.md", "distributions/marl-x.md", "[c](../../docs/plugins.md)", "[c](../plugins.md)"),
        ("README.md", "index.md", "`[d](docs/plugins.md)`", "`[d](docs/plugins.md)`"),
        ("README.md", "index.md", "[e](https://docs/plugins.md)", "[e](https://docs/plugins.md)"),
        (
            "README.md",
            "index.md",
            "```sh file=f\n[f](docs/plugins.md)\n```",
            '``` { .sh title="f" }\n[f](docs/plugins.md)\n```',
        ),
        ("README.md", "index.md", "[g](docs/nowhere.md)", "[g](docs/nowhere.md)"),
    ],
)
def test_links_between_files_become_links_between_pages(origin: str, page: str, before: str, after: str) -> None:
    assert links.rewritten(before, origin, page, {"docs/plugins.md": "plugins.md"}) == after


def test_what_the_documents_import_is_in_the_reference() -> None:
    templates = (ROOT / "marl" / "cli" / "plugins" / "templates").glob("*.txt")
    missing = set()
    for file in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *templates]:
        for module, names in IMPORT.findall(file.read_text(encoding="utf-8")):
            for name in re.findall(r"\w+", names.partition("#")[0]):
                known = module in reference.public() or f"{module}.{name}" in reference.public()
                missing |= set() if known else {f"{file.name}: from {module} import {name}"}
    assert sorted(missing) == [], "add the module to PUBLIC of website/reference.py, and run website/api.py"


def test_public_names_stay_as_they_were() -> None:
    now = api.by_name([line for name in MODULES for line in api.lines(importlib.import_module(name))])
    modules = tuple(MODULES)
    kept = [line for line in api.FILE.read_text(encoding="utf-8").splitlines() if _module(line) in modules]
    gone = [found for line in kept if (found := api.broken(line, now))]
    assert gone == [], "see docs/stability.md; what no plugin saw may go: python website/api.py"
    assert len(kept) > 500


def _module(line: str) -> str:
    name = line.partition("(")[0]
    return max((one for one in reference.public() if name.startswith(f"{one}.")), key=len)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("m.f(a, b=)", "m.f(a, b=, c=)", ""),
        ("m.f(a, b=)", "m.g(a, b=)", "m.f is gone"),
        ("m.f(a, b=)", "m.f(a)", "m.f takes no 'b' any more"),
        ("m.f(a, b=)", "m.f(a, b)", "m.f needs 'b' now"),
        ("m.f(a)", "m.f(a, c)", "m.f needs 'c' besides"),
        ("m.f(a)", "m.f", "m.f cannot be called any more"),
    ],
)
def test_a_break_is_told_from_an_addition(old: str, new: str, said: str) -> None:
    assert api.broken(old, api.by_name([new])) == said


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    assert reference.said(name)
    silent = [
        f"{name}.{one}"
        for one, found in api.names(module).items()
        if (inspect.isclass(found) or inspect.isfunction(found)) and not found.__doc__
    ]
    assert silent == []


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mkdocstrings") is None, reason="needs the extra `docs`: make docs")
def test_the_site_builds_and_broken_links_fail(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-f", WEBSITE / "mkdocs.yml", "-d", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "classic/kuhn_poker" in (tmp_path / "catalogue" / "environments.html").read_text(encoding="utf-8")

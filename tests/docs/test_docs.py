"""Every command and snippet in the documentation works, in the order of the page, in an empty folder.

- A `sh` or `python` block is run and must succeed; other languages are not run.
- A block with `file=NAME` after its language is written to that file instead.
- `python` blocks that follow one another share their names.
- `<!-- not run: REASON -->` before a block leaves it out; `<!-- run: COMMAND -->` runs a command that is not shown;
  `<!-- exits: N -->` before a block says that its last command fails with that code.
- `<!-- needs: PLUGIN, ... -->` anywhere skips the page where a plugin is missing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from marl.registry import load_registry, specs

ROOT = Path(__file__).parents[2]
INSTALLED = Path(sys.executable).parent  # the programs of this environment
AS_PEOPLE_DO = ("README.md", "scaling.md")  # what is done first, and what starts clusters
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
PART = re.compile(
    r"^```(?P<language>\w+)(?P<rest>[^\n]*)\n(?P<body>.*?)^```\s*$|<!--\s*(?P<word>[\w ]+?):\s*(?P<what>.*?)\s*-->",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Part:
    """A thing to do: run `body` as `language` and see it exit with `code`, or write it to `file`."""

    language: str
    body: str
    line: int
    file: str = ""
    code: int = 0

    def joins(self, before: Part) -> bool:
        """Whether this goes on with what `before` left: its names are still there."""
        return [self.language, self.file, self.code] == [before.language, before.file, before.code] == ["python", "", 0]


def parts_of(text: str) -> list[Part]:
    """What is to be done for a page."""
    parts: list[Part] = []
    skip, code = False, 0
    for match in PART.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        match match["word"]:
            case "not run":
                skip = True
            case "exits":
                code = int(match["what"])
            case "run":
                parts.append(Part("sh", match["what"], line))
            case None:
                file = re.search(r"file=(\S+)", match["rest"])
                wanted = file or match["language"] in ("sh", "python")
                if wanted and not skip:
                    part = Part(match["language"], match["body"], line, file[1] if file else "", code)
                    if parts and part.joins(parts[-1]):
                        parts[-1].body += part.body
                    else:
                        parts.append(part)
                skip, code = False, 0
    return parts


def needs(text: str) -> set[str]:
    """The plugins that a page is about."""
    found = re.findall(r"<!--\s*needs:\s*(.*?)\s*-->", text)
    return {name.strip() for group in found for name in group.split(",")}


def do(part: Part, folder: Path, programs: Path) -> None:
    """Do one thing in `folder`, with the `python`, `marl` and `pytest` in `programs`."""
    if part.file:
        path = folder / part.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(part.body)
        return
    tool = [str(programs / "python"), "-c"] if part.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MARL_")}
    path = os.pathsep.join(filter(None, (str(folder / "site"), env.get("PYTHONPATH"))))
    here = os.pathsep.join([str(programs), str(INSTALLED), env["PATH"]])
    env |= {"PATH": here, "PYTHONPATH": path}
    env |= {"MARL_CONFIG": str(folder / "config.json"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [*tool, part.body], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == part.code, f"line {part.line}:\n{part.body}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix().removeprefix("docs/"))
def test_everything_on_the_page_works(page: Path, warm: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    healthy = {plugin.name for plugin in load_registry().plugins if plugin.state == "ok"}
    if missing := needs(text) - healthy:
        pytest.skip(f"needs the plugins {', '.join(sorted(missing))}")
    programs = INSTALLED if page.name in AS_PEOPLE_DO else warm
    for part in parts_of(text):
        do(part, tmp_path, programs)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name == "tutorials"], ids=lambda page: page.stem
)
def test_a_tutorial_takes_less_than_sixty_lines(page: Path) -> None:
    written = [part.body for part in parts_of(page.read_text(encoding="utf-8")) if part.file.endswith(".py")]
    assert len([line for body in written for line in body.splitlines() if line.strip()]) < 60


@pytest.mark.parametrize("page", ["plugins.md", "hooks.md"])
def test_every_hook_is_documented(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    hooks = [name for name in vars(specs) if hasattr(getattr(specs, name), "marl_spec")]
    try:
        from league import hookspecs
    except ImportError:
        pass
    else:
        hooks += [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "marl_spec")]
    assert len(hooks) >= 7
    assert [hook for hook in hooks if f"`{hook}`" not in text] == []


def test_the_pages_are_read_as_meant() -> None:
    page = """
<!-- needs: a, b -->
```sh
one
```
<!-- not run: slow -->
```sh
two
```
```python file=x/y.py
three
```
<!-- run: four -->
<!-- exits: 2 -->
```sh
five
```
```text
six
```
```python
seven
```
Words.
```python
eight
```
"""
    assert needs(page) == {"a", "b"}
    found = [(part.language, part.body.strip(), part.file, part.code) for part in parts_of(page)]
    assert found == [
        ("sh", "one", "", 0),
        ("python", "three", "x/y.py", 0),
        ("sh", "four", "", 0),
        ("sh", "five", "", 2),
        ("python", "seven\neight", "", 0),
    ]


def test_a_block_that_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        do(Part("sh", "false\ntrue", 7), tmp_path, INSTALLED)

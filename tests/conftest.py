"""What tests of several packages need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

VOID = {"meta", "br", "img", "link", "input", "hr"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Presses an arrow key on every figure, which then says what it points at.
PRESS = """<script>addEventListener("load", () => setTimeout(() => {
  for (const figure of document.querySelectorAll("figure"))
    figure.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
}, 1000));</script>"""


class Checker(HTMLParser):
    """Collects what a page holds, and fails on tags that do not close as they opened."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.ids: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.ids.append(dict(attrs).get("id") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> inside {self.open[-3:]}"
        self.open.pop()
        self.ids.pop()

    def handle_data(self, data: str) -> None:
        for anchor in self.ids:
            if anchor:
                self.texts[anchor] = self.texts.get(anchor, "") + data

    def value(self, anchor: str) -> float:
        """The machine's number in the headline tile `anchor`."""
        where = next(i for i, (_, attributes) in enumerate(self.tags) if attributes.get("id") == anchor)
        return float(self.tags[where + 1][1]["value"] or "nan")


@pytest.fixture
def checked() -> type[Checker]:
    """`checked(html)`: a page that is well formed, and what it holds."""
    return Checker


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `python`, `marl` and `pytest`: those of this environment, started quickly (see `warm.py`)."""
    if not hasattr(os, "pidfd_open"):  # not Linux
        yield Path(sys.executable).parent
        return
    folder, pipe = tmp_path_factory.mktemp("warm"), subprocess.PIPE
    command = [sys.executable, str(Path(__file__).with_name("warm.py")), str(folder)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as server:  # closing its input ends it
        assert server.stdout is not None and server.stdout.readline() == b"ready\n"
        yield folder


@pytest.fixture(scope="session")
def marl(warm: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`marl("run", scenario, "--out", folder, cwd=...)`: a command in a process of its own, and what it printed."""

    def call(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [str(warm / "marl"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, **{"timeout": 300, **options})

    return call


@pytest.fixture
def browser(tmp_path: Path) -> Callable[[Path], list[str]]:
    """`browser(page)`: a browser runs a page's script without a problem; what each figure then says of its end.

    The page is changed for that: its policy would not let the test's own script run.
    """
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: the page's script is not tried")

    def says(page: Path) -> list[str]:
        seen = dump(page, tmp_path / "profile")
        assert 'data-ready="true"' in seen and "data-problem" not in seen
        policy = re.compile(r'<meta http-equiv="Content-Security-Policy".*?>')
        page.write_text(policy.sub("", page.read_text()) + PRESS)
        return re.findall(r'<div class="tip"[^>]*>(.*?)</div>', dump(page, tmp_path / "profile"), flags=re.S)

    return says


def dump(page: Path, profile: Path) -> str:
    """The document as a browser has it after its scripts ran."""
    quiet = "--disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", *quiet.split(), f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=4000", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

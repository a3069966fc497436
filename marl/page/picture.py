"""Where pages go, as HTML and as pictures."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from marl.blobs import write_atomically
from marl.errors import RunError, UserError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SIZE = "1180,{height}"


def keep(page: str, out: Path, png: Path | None, height: int) -> None:
    """Write a page and, if wanted, a picture of it `height` pixels high; say where they are.

    Raises UserError where they cannot be written, or where there is no browser to draw a picture with.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if png is not None and browser is None:
        raise UserError(f"--png needs a browser to draw the page with, one of {', '.join(_BROWSERS)}, and none is "
                        "installed; without --png the page is written alone")  # fmt: skip
    for file in (out, png):
        if file is not None and file.is_dir():
            raise UserError(f"{file} is a directory: name a file in it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, page.encode())
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}; name another file with --out") from error
    print(f"page    {out}")
    if png is not None and browser is not None:
        _draw(browser, out, png, height)
        print(f"picture {png}")


def _draw(browser: str, page: Path, png: Path, height: int) -> None:
    """A screenshot; the sandbox is off, as it is not there in containers, and the page is our own."""
    png.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}"]
        size = f"--window-size={_SIZE.format(height=height)}"
        command = [browser, *flags, size, f"--screenshot={png.resolve()}", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not png.is_file():
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise RunError(f"{browser} could not draw {page}: {last}")

"""Where a distribution came from, and its files, by what installers write down (PEP 376, PEP 610)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse


@dataclass(frozen=True)
class Origin:
    """`installer`: pip, uv, ... `url`: where it was taken from, "" for a package index.

    `folder`: of an editable one, or of one that was installed from a folder. `commit`: of a repository.
    """

    installer: str
    url: str = ""
    folder: str = ""
    editable: bool = False
    vcs: str = ""
    commit: str = ""

    def __str__(self) -> str:
        """In words, as in "installed by pip from git+https://... (commit 3f2a...)"."""
        if self.editable:
            return f"editable, installed by {self.installer}: the files in {self.folder} are what runs"
        source = f"{self.vcs}+{self.url}" if self.vcs else self.folder or self.url or "a package index"
        return f"installed by {self.installer} from {source}" + (f" (commit {self.commit})" if self.commit else "")

    @property
    def again(self) -> str:
        """What to install again for a newer version: "" where the name is enough."""
        return f"{self.vcs}+{self.url}" if self.vcs else self.folder

    @property
    def exact(self) -> str:
        """What to install for the same again; "" where name and version are enough (an index), or nothing is."""
        return f"{self.vcs}+{self.url}@{self.commit}" if self.vcs else ""


@dataclass(frozen=True)
class File:
    """A file of a distribution: its path, its SHA-256 as it was installed, and whether that is what it is now."""

    path: str
    sha256: str
    now: str

    @property
    def changed(self) -> bool:
        """Whether it is another one than was installed, or gone."""
        return bool(self.sha256) and self.now != self.sha256


def origin(distribution: metadata.Distribution) -> Origin:
    """Where it came from, as far as it is written down."""
    installer = (distribution.read_text("INSTALLER") or "an unknown installer").strip()
    try:
        said = json.loads(distribution.read_text("direct_url.json") or "{}")
        url, vcs = str(said.get("url", "")), said.get("vcs_info", {})
        editable = bool(said.get("dir_info", {}).get("editable", False))
    except (ValueError, AttributeError):
        return Origin(installer)
    folder = unquote(urlparse(url).path) if "dir_info" in said else ""
    return Origin(installer, url, folder, editable, str(vcs.get("vcs", "")), str(vcs.get("commit_id", "")))


def files(distribution: metadata.Distribution) -> list[File]:
    """Its files, by RECORD; those that Python writes itself are left out."""
    found = []
    for path in distribution.files or ():
        if path.suffix == ".pyc" or path.name == "RECORD":
            continue
        said = _hex(path.hash.value) if path.hash and path.hash.mode == "sha256" else ""
        found.append(File(str(path), said, sha256(Path(str(path.locate())))))
    return found


def _hex(value: str) -> str:
    """RECORD has URL-safe base64 without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()


def sha256(file: Path) -> str:
    """The hash of a file; "" where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""

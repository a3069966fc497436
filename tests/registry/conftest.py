"""Real, tiny distributions: a module and a dist-info folder on sys.path, found as installed packages are."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from marl.registry import Registry
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import read_settings

HEADER = "from marl.registry import Descriptor, hookimpl, hookspec\n"


@pytest.fixture(autouse=True)
def clean_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MARL_PLUGINS", "MARL_DISABLE", "MARL_SAFE_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MARL_CONFIG", str(tmp_path / "config.json"))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """`install("probe", source)` installs plugin `probe` of distribution `dist-probe`, module `probe_module`."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def install(
        plugin: str, source: str, *, dist: str = "", module: str = "", value: str = "", version: str = "1.2"
    ) -> Path:
        dist, module = dist or f"dist-{plugin}", module or f"{plugin}_module"
        (site / f"{module}.py").write_text(HEADER + textwrap.dedent(source))
        info = site / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        with (info / "entry_points.txt").open("a") as file:
            file.write(f"[marl]\n{plugin} = {value or module}\n")
        return site

    yield install
    for name in set(sys.modules) - before:
        if str(site) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def fresh() -> Callable[..., Registry]:
    """A registry loaded now, not the one that the process keeps."""

    def fresh(safe_mode: bool = False) -> Registry:
        return build(discover(), read_settings(safe_mode))

    return fresh

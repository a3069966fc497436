"""Reading what is installed: the same as `importlib.metadata` says, which is asked only where it must be."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata

import pytest

from marl.registry import load_registry
from marl.registry.installed import distributions, entry_points


def test_this_environment_reads_as_importlib_reads_it():
    found = {}
    for distribution in distributions():
        found.setdefault(distribution.name, distribution)
    assert len(found) > 10
    asked = {}
    for distribution in metadata.distributions():
        if distribution.read_text("entry_points.txt"):
            asked.setdefault(distribution.metadata["Name"], distribution)
    assert set(found) == set(asked)
    for name, distribution in asked.items():
        assert found[name].version == distribution.version
        for group in {point.group for point in distribution.entry_points}:
            points = [
                (p.name, p.value.partition("[")[0].strip()) for p in distribution.entry_points if p.group == group
            ]
            assert sorted(entry_points(found[name].points, group)) == sorted(points), (name, group)


def test_sections_comments_and_extras():
    text = "[console_scripts]\nx = y:z\n\n# a word\n[ marl ]\none = pack.one\ntwo=pack:two [fast]\n[other]\nbad line\n"
    assert entry_points(text, "marl") == [("one", "pack.one"), ("two", "pack:two")]
    with pytest.raises(ValueError, match="'bad line' is not NAME = MODULE:ATTRIBUTE"):
        entry_points(text, "other")


def test_a_zip_file_on_the_path_is_read_too(tmp_path, monkeypatch):
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("packed-2.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: packed\nVersion: 2.0\n")
        archive.writestr("packed-2.0.dist-info/entry_points.txt", "[marl]\npacked = packed\n")
    monkeypatch.setattr(sys, "path", [str(packed)])
    (found,) = distributions()
    assert (found.name, found.version) == ("packed", "2.0")


def test_a_folder_that_is_not_there_and_a_distribution_without_a_name(tmp_path, monkeypatch):
    info = tmp_path / "odd.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[marl]\nodd = odd\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "gone"), str(tmp_path)])
    (found,) = distributions()
    assert (found.name, found.version) == ("", "")


def test_no_plugin_that_is_here_takes_a_short_name_of_the_core() -> None:
    """Else what scenarios and commands call by it (`random`) would be ambiguous where that plugin is installed."""
    registry = load_registry()
    for kind in registry.kinds:
        of_core = {one.name for one in registry.all(kind) if one.plugin in ("marl", "league")}
        assert [
            one.full_name for one in registry.all(kind) if one.name in of_core and one.plugin not in ("marl", "league")
        ] == []

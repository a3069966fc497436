"""A database's password is nowhere but in the environment; PostgreSQL is a real one that asks for it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from marl.errors import UserError
from marl.registry import load_registry
from marl.scenario import load_scenario

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
PASSWORD = "hunter2-Zq"


@pytest.fixture(scope="module")
def guarded(postgresql) -> Iterator[str]:
    """The URL, with the password, of a server that refuses whoever does not know it."""
    with postgresql(PASSWORD) as url:
        yield url


def test_the_password_is_stored_and_printed_nowhere(guarded: str, tmp_path: Path, marl: Marl) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    cup, page = str(tmp_path / "cup"), tmp_path / "cup" / "standings.html"
    known = os.environ | {"CUP_DATABASE": guarded, "MARL_DEBUG": "1"}
    said = ""
    for arguments in (
        ["create", cup, "--game", "classic/tic_tac_toe", "ledger=${oc.env:CUP_DATABASE}"],
        ["submit", cup, "marl/random", "marl/first"],
        ["run", cup, "--workers", "2"],
        ["standings", cup],
        ["export", cup],
        ["verify", cup],
    ):
        done = marl("tournament", *arguments, env=known)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
        if arguments[0] == "export":
            exported = done.stdout
    assert page.exists()
    assert "ledger: ${oc.env:CUP_DATABASE}" in (tmp_path / "cup" / "scenario.yaml").read_text()
    assert "${oc.env:CUP_DATABASE}" in json.loads(exported.splitlines()[0])["scenario"]
    for wrong in (
        ["create", str(tmp_path / "two"), "--game", "classic/tic_tac_toe", "ledger=${oc.env:CUP_DATABASE}"],
        ["create", str(tmp_path / "two"), "--game", "classic/tic_tac_toe", "seed=${oc.env:CUP_DATABASE}"],
        ["create", str(tmp_path / "two"), "--game", "classic/tic_tac_toe", f"ledger='{guarded}'"],
        ["create", str(tmp_path / "two"), "--game", "classic/tic_tac_toe", f"name='{guarded}'"],
    ):
        done = marl("tournament", *wrong, env=known)
        assert done.returncode == 2, done.stderr
        said += done.stdout + done.stderr
    mistaken = os.environ | {"CUP_DATABASE": guarded.replace(PASSWORD, f"not-{PASSWORD}")}
    lost = marl("tournament", "standings", cup, env=mistaken)
    assert lost.returncode == 2
    assert "password authentication failed" in lost.stderr
    assert "ledger: the environment variable 'CUP_DATABASE' is not set" in marl("tournament", "run", cup).stderr
    said += lost.stderr
    assert PASSWORD not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


def test_an_exported_event_can_be_imported_without_the_database(guarded: str, tmp_path: Path, marl: Marl) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    head = {
        "event": "tournament", "format": 1, "commitment": "0" * 64, "secret": None, "roster": None,
        "scenario": "kind: tournament\nname: cup\nenv: classic/tic_tac_toe\nledger: ${oc.env:CUP_DATABASE}\n",
    }  # fmt: skip
    done = marl("tournament", "import", tmp_path / "copy", "-", input=json.dumps(head))
    assert done.returncode == 0, done.stderr
    head["scenario"] = "kind: tournament\nname: ${oc.env:HOME}\nenv: classic/tic_tac_toe\n"
    done = marl("tournament", "import", tmp_path / "spy", "-", input=json.dumps(head))
    assert done.returncode == 2
    assert "asks for this machine's environment" in done.stderr
    assert not (tmp_path / "spy").exists()


def test_references_are_kept_where_they_stand_for_a_password_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marl: Marl
) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    file = tmp_path / "cup.yaml"
    file.write_text(
        "kind: tournament\nenv: classic/tic_tac_toe\nname: ${oc.env:CUP_NAME}\nseed: ${oc.decode:${oc.env:CUP_SEED}}\n"
        "ledger: postgresql+psycopg://ann:${oc.env:CUP_PASSWORD}@db/cup\n"
    )
    for name, value in (("CUP_NAME", "spring"), ("CUP_SEED", "7"), ("CUP_PASSWORD", PASSWORD)):
        monkeypatch.setenv(name, value)
    loaded = load_scenario(file, [], load_registry())
    assert loaded.config.ledger == f"postgresql+psycopg://ann:{PASSWORD}@db/cup"
    assert "name: spring\n" in loaded.text
    assert "seed: 7\n" in loaded.text
    assert "ledger: postgresql+psycopg://ann:${oc.env:CUP_PASSWORD}@db/cup\n" in loaded.text
    for more in ([], ["--json"]):
        shown = marl("scenarios", "show", str(file), *more)
        assert shown.returncode == 0, shown.stderr
        assert "ledger" in shown.stdout
        assert PASSWORD not in shown.stdout
    again = tmp_path / "again.yaml"
    again.write_text(loaded.text)
    assert load_scenario(again, [], load_registry()) == loaded.__class__(
        loaded.kind, loaded.name, loaded.config, loaded.text, again
    )


def test_a_password_in_a_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cup.yaml"
    file.write_text(f"kind: tournament\nenv: classic/tic_tac_toe\nledger: postgresql://ann:{PASSWORD}@db/cup\n")
    with pytest.raises(UserError, match=r"cup\.yaml, line 3: ledger: a password may not stand here") as caught:
        load_scenario(file, [], load_registry())
    assert PASSWORD not in str(caught.value)

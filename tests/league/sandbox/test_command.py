from pathlib import Path

import pytest

from league.sandbox.command import resolve


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes a program in an installation of a kind, on the host's PATH."""

    def make(*marks):
        place = tmp_path / "home" / "installed" / "bin" / "speak"
        place.parent.mkdir(parents=True)
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
        for mark in marks:
            (place.parents[1] / mark).parent.mkdir(parents=True, exist_ok=True)
            (place.parents[1] / mark).touch()
        monkeypatch.setenv("PATH", f"{place.parent}:/usr/bin")
        return place

    return make


def test_a_program_of_the_system_needs_nothing(tmp_path):
    found = resolve(["sh", "-c", "x"], tmp_path)
    assert found.command[1:] == ("-c", "x") and found.command[0].endswith("/sh")
    assert found.prefixes == ()


def test_a_program_of_the_bot_is_found_in_its_folder(tmp_path):
    assert resolve(["./run", "x"], tmp_path).command == ("./run", "x")
    assert resolve([f"{tmp_path}/run"], tmp_path).command == ("/bot/run",)


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "lib/python3.11/os.py", "include/node/node.h", "lib/modules"])
def test_an_installation_is_given_whole_and_comes_first(program, tmp_path, mark):
    place = program(mark)
    found = resolve(["speak"], tmp_path)
    assert found.command == (str(place),)
    assert found.prefixes == (place.parents[1],)
    assert found.path.split(":")[0] == str(place.parent)


def test_what_lies_beside_other_things_is_not_given(program, tmp_path):
    program("lib/python3.11/site-packages/x.py", "share/keyrings/secret")
    assert resolve(["speak"], tmp_path).prefixes == ()


def test_links_are_followed_to_all_installations(program, tmp_path):
    place = program("pyvenv.cfg")
    base = tmp_path / "versions" / "3.11"
    (base / "lib/python3.11").mkdir(parents=True)
    (base / "lib/python3.11/os.py").touch()
    (base / "bin").mkdir()
    place.rename(base / "bin" / "speak")
    place.symlink_to(base / "bin" / "speak")
    assert resolve(["speak"], tmp_path).prefixes == (place.parents[1], base)


def test_what_is_not_there_stays_as_it_is(tmp_path):
    assert resolve(["no-such-program"], tmp_path).command == ("no-such-program",)
    assert resolve([str(Path("/nowhere/else"))], tmp_path).command == ("/nowhere/else",)

import io
import json
import stat
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from league.sandbox import Limits, Size, archive, build, unpack
from league.sandbox.plain import NoSandbox
from marl.errors import UserError

BOT = b"name: nim\ncommand: [./run]\n"


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return path


def tarred(path, entries, mode="w:gz"):
    with tarfile.open(path, mode) as made:
        for change in entries:
            info = tarfile.TarInfo("bot.yaml")
            content = b""
            for key, value in change.items():
                if key == "content":
                    content = value
                else:
                    setattr(info, key, value)
            info.size = len(content) if info.isreg() else 0
            made.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2"])
def test_a_plain_archive_becomes_a_folder(tmp_path, sandbox, kind):
    source = tmp_path / f"bot.{kind}"
    if kind == "zip":
        zipped(source, [("bot.yaml", BOT, 0o644), ("src/", b"", 0o40755), ("src/run", b"#!/bin/sh\n", 0o755)])
    else:
        entries = [{"content": BOT}, {"name": "src", "type": tarfile.DIRTYPE}]
        entries += [{"name": "src/run", "content": b"#!/bin/sh\n", "mode": 0o755}]
        tarred(source, entries, "w:" + kind.removeprefix("tar").removeprefix("."))
    files = unpack(source, tmp_path / "into", sandbox)
    assert [str(file.relative_to(tmp_path / "into")) for file in files] == ["bot.yaml", "src/run"]
    assert files[0].read_bytes() == BOT
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o644, 0o755]


TARS = {
    "link": ([{"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}], "is a link"),
    "hard link": ([{"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}], "is a link"),
    "device": ([{"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}], "device"),
    "pipe": ([{"type": tarfile.FIFOTYPE}], "pipe"),
    "setuid": ([{"mode": 0o4755}], "setuid"),
    "absolute": ([{"name": "/etc/cron.d/x"}], "leads outside"),
    "traversal": ([{"name": "a/../../x"}], "leads outside"),
    "twice": ([{}, {}], "twice"),
    "twice but for case": ([{}, {"name": "BOT.yaml"}], "twice"),
    "file and folder": ([{"name": "a"}, {"name": "a/b"}], "both a file and a folder"),
    "odd characters": ([{"name": "a\x1b[31m"}], "characters"),
    "backslash": ([{"name": "..\\x"}], "characters"),
    "deep": ([{"name": "a/" * 20 + "x"}], "folders deep"),
    "many": ([{"name": str(number)} for number in range(30)], "more than 20 files"),
    "large": ([{"name": str(number), "content": bytes(1 << 19)} for number in range(3)], "larger than 1 MiB"),
    "nothing": ([], "no file"),
}


@pytest.mark.parametrize("case", TARS)
def test_a_harmful_tar_is_refused_and_leaves_nothing(tmp_path, bubblewrap, case):
    entries, words = TARS[case]
    source = tarred(tmp_path / "bot.tar.gz", entries)
    with pytest.raises(UserError, match=words):
        unpack(source, tmp_path / "into", bubblewrap, Size(megabytes=1, files=20))
    assert [entry.name for entry in tmp_path.iterdir()] == ["bot.tar.gz"]


ZIPS = {
    "link": ([("x", b"/etc/passwd", 0o120777)], "is a link"),
    "setuid": ([("x", b"", 0o104755)], "setuid"),
    "absolute": ([("/etc/x", b"", 0o644)], "leads outside"),
    "traversal": ([("../x", b"", 0o644)], "leads outside"),
    "twice": ([("x", b"", 0o644), ("./x", b"", 0o644)], "twice"),
    "bomb": ([("x", bytes(8 << 20), 0o644)], "larger than 1 MiB"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_harmful_zip_is_refused(tmp_path, bubblewrap, case):
    entries, words = ZIPS[case]
    with pytest.raises(UserError, match=words):
        unpack(zipped(tmp_path / "x.zip", entries), tmp_path / "into", bubblewrap, Size(megabytes=1, files=20))
    assert not (tmp_path / "into").exists()


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path, bubblewrap):
    source = zipped(tmp_path / "x.zip", [("x", bytes(4 << 20), 0o644)])
    told = source.read_bytes().replace((4 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    source.write_bytes(told)
    with pytest.raises(UserError, match=r"x\.zip"):
        unpack(source, tmp_path / "into", bubblewrap, Size(megabytes=1))
    assert not (tmp_path / "into").exists()


def test_garbage_is_not_an_archive(tmp_path, bubblewrap):
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04" + bytes(range(256)))
    with pytest.raises(UserError, match="neither a zip nor a tar"):
        unpack(tmp_path / "x.zip", tmp_path / "into", bubblewrap)


HEADS = {
    "outside": {"path": "../x", "size": 0, "executable": False},
    "negative": {"path": "x", "size": -1, "executable": False},
    "short": {"path": "x", "size": 9, "executable": False},
    "no number": {"path": "x", "size": "1", "executable": False},
    "no text": {"path": 3, "size": 0, "executable": False},
    "no object": [1],
}


@pytest.mark.parametrize("case", HEADS)
def test_the_host_does_not_believe_what_comes_out_of_the_sandbox(case):
    with pytest.raises(UserError):
        archive._checked(json.dumps(HEADS[case]).encode() + b"\n", Size(), "a bot")


def test_a_build_changes_a_copy_and_gives_plain_files(tmp_path, folder, sandbox):
    (folder / "bot.yaml").write_bytes(BOT)
    command = ["/bin/sh", "-c", "echo built; printf '#!/bin/sh' > run; chmod +x run; rm bot.yaml"]
    files = build(folder, command, tmp_path / "into", sandbox, Limits(), 20, tmp_path / "log")
    assert [file.name for file in files] == ["run"]
    assert files[0].stat().st_mode & 0o100
    assert (folder / "bot.yaml").exists() and not (folder / "run").exists()
    assert "built" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo no; exit 7", "exit code 7: no"), ("ln -s / x", "is a link"), ("sleep 60", "longer than")],
)
def test_a_build_that_fails_says_why(tmp_path, folder, bubblewrap, script, words):
    command = ["/bin/sh", "-c", script]
    with pytest.raises(UserError, match=words):
        build(
            folder, command, tmp_path / "into", bubblewrap, Limits(), 2 if "sleep" in script else 20, tmp_path / "log"
        )
    assert not (tmp_path / "into").exists()


def test_the_program_inside_needs_nothing_of_ours(tmp_path):
    source = tarred(tmp_path / "x.tar", [{"content": BOT}], "w:")
    script = Path(archive.inside.__file__).read_text()
    with source.open("rb") as stdin:
        done = NoSandbox().run(
            [sys.executable, "-I", "-S", "-c", script, "unpack", "999", "9"], tmp_path, Limits(), 9, stdin
        )
    assert done.code == 0 and BOT in done.output

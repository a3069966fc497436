"""Copies of bots' folders: made once, new when a file changes, gone with their process."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from league.sandbox import stage


@pytest.fixture
def bot(folder):
    (folder / "bot.py").write_text("one")
    (folder / "sub").mkdir()
    (folder / "sub" / "link").symlink_to("../bot.py")
    return folder


def test_a_copy_is_made_once_and_says_nothing(bot):
    copy = stage.staged(bot)
    assert copy != bot
    assert (copy / "bot.py").read_text() == "one"
    assert (copy / "sub" / "link").is_symlink()
    assert str(bot.parent) not in str(copy)
    assert str(os.getpid()) not in copy.parts
    assert stage.staged(bot) == copy


def test_a_changed_file_gives_another_copy_and_leaves_the_first_alone(bot):
    copy = stage.staged(bot)
    (bot / "bot.py").write_text("two")
    assert (stage.staged(bot) / "bot.py").read_text() == "two"
    assert (copy / "bot.py").read_text() == "one"


def test_what_is_no_file_is_left_out(bot):
    os.mkfifo(bot / "pipe")
    assert sorted(path.name for path in stage.staged(bot).iterdir()) == ["bot.py", "sub"]


def test_too_much_is_mounted_as_it_is(bot, monkeypatch):
    monkeypatch.setattr(stage, "_LARGE", 2)
    assert stage.staged(bot) == bot


def test_nothing_is_copied_where_nothing_may_be_executed(bot, monkeypatch):
    monkeypatch.setattr(stage, "_MEMORY", Path("/proc"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/proc")
    stage._stages.clear()
    assert stage.staged(bot) == bot
    stage._stages.clear()


def _copied(bot, queue):
    queue.put(stage.staged(bot))


def test_a_process_of_multiprocessing_takes_its_copies_along(bot):
    mine = stage.staged(bot)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_copied, args=(bot, queue))
    process.start()
    theirs = queue.get()
    process.join()
    assert theirs != mine
    assert not theirs.exists()
    assert mine.exists()


def test_copies_of_a_killed_process_are_swept_away(bot):
    text = """
import os, pathlib, sys
from league.sandbox import stage
print(stage.staged(pathlib.Path(sys.argv[1])), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", text, bot], capture_output=True, text=True)
    left = Path(done.stdout.strip())
    assert left.exists()
    mine = stage.staged(bot)
    stage._sweep()
    assert not left.exists()
    assert mine.exists()

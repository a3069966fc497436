"""Nothing gets from one sandbox to another: each way to tell one bit is tried, and works where there is no sandbox."""

import contextlib
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

from league.sandbox import Limits
from league.sandbox.plain import NoSandbox

HOSTILE = Path(__file__).parents[1] / "hostile"
LIMITS = Limits(memory_mb=256, processes=20, files_mb=32)
CHANNELS = [
    "flock",
    "record_lock",
    "open_file_lock",
    "hint",
    "watch",
    "times",
    "device_times",
    "device_mode",
    "attribute",
]
CHANNELS += [
    "abstract_socket",
    "loopback",
    "shared_memory",
    "queue",
    "keyring",
    "tmp",
    "shm",
    "folder",
    "cache",
    "counters",
]


@pytest.fixture
def place(tmp_path):
    """A folder that both ends have as theirs."""
    made = tmp_path / "bot"
    made.mkdir()
    for name in ("channels.py", "drains.py"):
        shutil.copy(HOSTILE / name, made)
    (made / "note.txt").write_text("a note")
    return made


@pytest.fixture
def tell(place, tmp_path):
    """Send a bit, and say what the other end sees, while the sender goes on and after it has ended."""

    def send(sandbox, name, bit):
        log = tmp_path / "log"
        child = sandbox.start([sys.executable, "channels.py", name, "send", str(bit)], place, LIMITS, log)
        try:
            said = _first_line(child.stdout)
            assert said.startswith((b"sent", b"closed")), (said, log.read_text())
            during = _receive(sandbox, name, place)
        finally:
            child.kill()
        return during, _receive(sandbox, name, place)

    yield send
    with contextlib.suppress(OSError):
        Path("/tmp/marl-channel").unlink()
        Path("/dev/shm/marl-channel").unlink()
    if os.getuid() == 0:
        Path("/dev/zero").chmod(0o666)


def _first_line(pipe):
    said = b""
    until = time.monotonic() + 20
    while not said.endswith(b"\n") and time.monotonic() < until:
        with contextlib.suppress(BlockingIOError):
            said += os.read(pipe, 100)
        time.sleep(0.005)
    return said


def _receive(sandbox, name, place):
    done = sandbox.run([sys.executable, "channels.py", name, "receive"], place, LIMITS, 20)
    said = done.output.decode().strip()
    assert said.startswith(("sees", "closed")), (said, done.reason)
    return said


@pytest.mark.parametrize("name", CHANNELS)
def test_a_bit_does_not_reach_another_sandbox(bubblewrap, tell, name):
    assert tell(bubblewrap, name, 0) == tell(bubblewrap, name, 1)


@pytest.mark.parametrize("name", CHANNELS)
def test_without_a_sandbox_it_does(tell, name):
    if os.getuid() != 0 and name == "device_mode":
        pytest.skip("needs root")
    zero, one = tell(NoSandbox(), name, 0), tell(NoSandbox(), name, 1)
    tell(NoSandbox(), name, 0)  # takes back what stays in the kernel
    if zero == one and "closed" in one[0]:
        pytest.skip(f"this machine has it not: {one[0]}")
    assert zero != one


def test_what_the_kernel_counts_per_user_cannot_be_used_up(bubblewrap, place):
    got = _drained(bubblewrap, place)
    bounded = {"files": LIMITS.open_files, "pending_signals": 256}
    assert {name: count for name, count in got.items() if name not in bounded and count} == {}
    assert all(got[name] <= most for name, most in bounded.items())


def test_without_a_sandbox_it_can(place):
    got = _drained(NoSandbox(), place)
    assert got["inotify"] >= 100
    assert got["keys"] == got["pipe_pages"] == got["descriptors_in_flight"] == 150


def _drained(sandbox, place):
    done = sandbox.run([sys.executable, "drains.py", "150"], place, LIMITS, 20)
    found = {}
    for line in done.output.decode().splitlines():
        found |= json.loads(line)
    assert len(found) == 9, (done.output, done.reason)
    return found


def test_nothing_that_a_bot_can_read_tells_of_the_host(bubblewrap, place):
    """Where its folder lies, what the host is called, which processes and control groups there are."""
    text = """
import os
for name in ("cmdline", "environ", "mountinfo", "mounts", "cgroup", "status"):
    for process in ("1", "self"):
        print(open(f"/proc/{process}/{name}", errors="replace").read())
for process in ("1", "self"):
    for name in os.listdir(f"/proc/{process}/fd"):
        try: print(os.readlink(f"/proc/{process}/fd/{name}"))
        except OSError: pass
print(os.uname().nodename, os.listdir("/"), os.listdir("/etc"))
"""
    (place / "look.py").write_text(text)
    seen = [bubblewrap.run(["/usr/bin/python3", "look.py"], place, LIMITS, 10).output.decode() for _ in range(2)]
    facts = (str(place), place.parent.name, str(os.getpid()), str(Path.home()) + "/")
    assert "/bot" in seen[0]
    assert seen[0].splitlines()[-1].split()[0] == "bot"
    assert [fact for fact in facts if fact in seen[0]] == []
    groups = [set(re.findall(r"^\d+:\S*:/(marl-.*)$", each, re.MULTILINE)) for each in seen]
    assert groups[0].isdisjoint(groups[1])

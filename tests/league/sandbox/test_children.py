import os
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from league.sandbox import Limits, hierarchies, orphans, rooms
from league.sandbox.plain import LimitsSandbox
from marl.errors import RunError

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)\n"
TICKS = """
import os, time
for work in range(2):  # one child in a session of its own, one grandchild of nobody
    if os.fork() == 0:
        os.setsid() if work else None
        if work == 0 or os.fork() == 0:
            for _ in range(1000):
                os.write(1, b"ab"[work:work + 1])
                time.sleep(0.005)
        os._exit(0)
for _ in range(1000):
    os.write(1, b"c")
    time.sleep(0.005)
"""


PATIENCE = 60  # seconds: what is waited for comes in a moment, or never


def answer(child, seconds=PATIENCE):
    assert select.select([child.stdout], [], [], seconds)[0], child.reason()
    return os.read(child.stdout, 1 << 16)


def drain(child):
    seen = b""
    while select.select([child.stdout], [], [], 0)[0]:
        seen += os.read(child.stdout, 1 << 16)
    return seen


@pytest.fixture(params=["cgroups", "no cgroups"])
def groups(request, monkeypatch):
    """The host with the cgroups that it has, and as if it had none."""
    if request.param == "no cgroups":
        monkeypatch.setitem(hierarchies._found, os.getpid(), None)
    elif hierarchies.layout() is None:
        pytest.skip("this host lends no cgroups")


def test_a_bot_reads_and_writes_lines(sandbox, start):
    child = start(sandbox, ECHO)
    os.write(child.stdin, b"one\n")
    assert answer(child) == b"one\n"
    assert child.exit is None
    assert child.reason() == "running"


def test_it_sees_its_files_and_a_cleared_environment(bubblewrap, python):
    done = python(bubblewrap, "import os; print(os.getcwd(), os.listdir('.'), os.getuid(), *sorted(os.environ))")
    folder, files, user, *variables = done.output.decode().split()
    assert (folder, files, user) == ("/bot", "['bot.py']", "1000")
    assert set(variables) <= {"HOME", "JAVA_TOOL_OPTIONS", "LANG", "LC_CTYPE", "PATH", "PWD"}


def test_the_interpreters_home_cannot_be_listed(bubblewrap, python):
    """A virtual environment may lie anywhere; its folders are given, those above it are not."""
    parents = [str(parent) for parent in Path(sys.base_prefix).parents[:-1] if str(parent) not in ("/usr", "/tmp")]
    if sys.base_prefix.startswith("/usr"):
        pytest.skip("this interpreter belongs to the system")
    text = (
        "import os, sys\nfor place in sys.argv[1:]:\n try: print(os.listdir(place))\n except OSError as e: print('no')"
    )
    assert python(bubblewrap, text, *parents).output.decode().split() == ["no"] * len(parents)


@pytest.mark.usefixtures("groups")
def test_freezing_stops_everybody_and_thawing_wakes_them(sandbox, start):
    child = start(sandbox, TICKS)
    seen = b""
    until = time.monotonic() + PATIENCE
    while len(set(seen)) < 3 and time.monotonic() < until:
        seen += answer(child)
    # Without a pid namespace or a cgroup, the grandchild of nobody is out of reach.
    reached = b"abc" if sandbox.tier == 2 or child.group is not None else b"ac"
    child.freeze()
    time.sleep(0.03)
    drain(child)
    time.sleep(0.1)
    assert not set(drain(child)) & set(reached)
    child.thaw()
    seen, until = b"", time.monotonic() + PATIENCE
    while not set(seen) >= set(reached) and time.monotonic() < until:
        seen += answer(child)
    assert set(seen) >= set(reached)


@pytest.mark.usefixtures("groups")
def test_a_frozen_bot_can_be_killed(sandbox, start):
    child = start(sandbox, ECHO)
    os.write(child.stdin, b"one\n")
    answer(child)
    child.freeze()
    child.kill()
    assert child.exit is not None
    assert child.reason() == "killed"


@pytest.mark.usefixtures("groups")
def test_nothing_of_a_killed_bot_is_left(sandbox, folder, tmp_path, alive):
    marker = uuid.uuid4().hex
    program = """
import os, time
for _ in range(5): os.fork() or (os.setsid(), time.sleep(9))
print(1, flush=True)
time.sleep(9)
"""
    (folder / "bot.py").write_text(program)
    child = sandbox.start([sys.executable, "bot.py", marker], folder, Limits(), tmp_path / "log")
    answer(child)
    group = child.group
    child.kill()
    if sandbox.tier == 0:  # those that it killed without being their parent may take a moment
        deadline = time.monotonic() + PATIENCE
        while alive(marker) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert not alive(marker)
    assert group is None or not any(place.exists() for place in group.folders)
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, os.WNOHANG)


def test_killing_twice_is_killing_once(sandbox, start):
    child = start(sandbox, ECHO)
    child.kill()
    code = child.exit
    child.kill()
    child.freeze()
    child.thaw()
    assert child.exit == code
    assert child.stdin == child.stdout == -1


def test_descriptors_are_given_back(sandbox, folder, tmp_path):
    for _ in range(2):  # what the first one opens for all stays open
        before = len(list(Path("/proc/self/fd").iterdir()))
        sandbox.start(["/bin/cat"], folder, Limits(), tmp_path / "log").kill()
        sandbox.run(["/bin/true"], folder, Limits(), 5)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("raise SystemExit(3)", 3, "exit code 3"),
        ("pass", 0, "exit code 0"),
        ("import os; os.kill(os.getpid(), 11)", -signal.SIGSEGV, "signal 11 (SIGSEGV)"),
    ],
)
def test_an_end_has_a_reason(sandbox, python, text, code, reason):
    done = python(sandbox, text)
    assert (done.code, done.reason) == (code, reason)


def test_a_program_that_is_not_there_says_so(sandbox, folder):
    done = sandbox.run(["no-such-program"], folder, Limits(), 5)
    assert done.code
    assert b"no-such-program" in done.output


def test_what_takes_too_long_is_ended(sandbox, folder):
    began = time.monotonic()
    done = sandbox.run(["/bin/sleep", "600"], folder, Limits(), 0.2)
    assert (done.code, done.reason) == (None, "took longer than 0.2 s")
    assert time.monotonic() - began < 300


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("tier", ["limits", "bubblewrap"])
def test_too_much_memory_is_the_end(request, python, tier):
    sandbox = LimitsSandbox() if tier == "limits" else request.getfixturevalue("bubblewrap")
    text = "hoard = []\nfor _ in range(40): hoard.append(b'x' * (10 << 20))\nprint('SUCCESS')"
    done = python(sandbox, text, limits=Limits(memory_mb=100))
    assert b"SUCCESS" not in done.output
    assert done.reason == "out of memory" or b"MemoryError" in done.output
    assert b"SUCCESS" in python(sandbox, text, limits=Limits(memory_mb=600)).output


@pytest.mark.usefixtures("groups")
def test_the_memory_of_a_tree_counts_as_one(bubblewrap, python):
    """Each process is modest, and memory that they share is not overlooked."""
    text = """
import mmap, os, time
for _ in range(4):
    if os.fork() == 0:
        shared = mmap.mmap(-1, 40 << 20)
        for place in range(0, 40 << 20, 4096): shared[place] = 1
        time.sleep(1)
        os._exit(0)
for _ in range(4): assert os.wait()[1] == 0
print('SUCCESS')
"""
    assert b"SUCCESS" not in python(bubblewrap, text, limits=Limits(memory_mb=100)).output
    assert b"SUCCESS" in python(bubblewrap, text, limits=Limits(memory_mb=400)).output


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("tier", ["limits", "bubblewrap"])
def test_too_many_processes_are_the_end_or_impossible(request, python, tier):
    sandbox = LimitsSandbox() if tier == "limits" else request.getfixturevalue("bubblewrap")
    text = """
import os, time
for _ in range(30):
    if os.fork() == 0: time.sleep(2); os._exit(0)
time.sleep(0.3)
print('SUCCESS')
"""
    done = python(sandbox, text, limits=Limits(processes=12))
    assert b"SUCCESS" not in done.output
    assert done.reason == "too many processes" or b"Resource temporarily unavailable" in done.output
    assert b"SUCCESS" in python(sandbox, text, limits=Limits(processes=40)).output


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["limits", "bubblewrap"])
def test_processor_time_runs_out(request, python, tier):
    sandbox = LimitsSandbox() if tier == "limits" else request.getfixturevalue("bubblewrap")
    done = python(sandbox, "while True: pass", limits=Limits(cpu_seconds=1), seconds=8)
    assert done.reason == "cpu time used up"


def test_a_bot_dies_with_its_host(bubblewrap, folder, alive):
    marker = uuid.uuid4().hex
    host = f"""
import sys, time
from pathlib import Path
from league.sandbox import Limits
from league.sandbox.bubblewrap import BubblewrapSandbox
command = ["/bin/sh", "-c", "echo ready; exec sleep 20", {marker!r}]
child = BubblewrapSandbox().start(command, Path({str(folder)!r}), Limits(), Path({str(folder)!r} + "/log"))
print("up", flush=True)
time.sleep(20)
"""
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    assert len(alive(marker)) > 1
    process.kill()
    process.wait()
    until = time.monotonic() + PATIENCE
    while alive(marker) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(marker)


def test_a_bot_outlives_the_thread_that_started_it(bubblewrap, start):
    from threading import Thread

    found = []
    thread = Thread(target=lambda: found.append(start(bubblewrap, ECHO)))
    thread.start()
    thread.join()
    time.sleep(0.05)
    os.write(found[0].stdin, b"still here\n")
    assert answer(found[0]) == b"still here\n"


def test_a_sandbox_that_cannot_be_set_up_is_the_hosts_fault(bubblewrap, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "_system", lambda: ("--ro-bind", str(tmp_path / "missing"), "/usr"))
    with pytest.raises(RunError, match=r"could not be set up.*missing"):
        bubblewrap.run(["/bin/true"], folder, Limits(), 5)
    # It may fail before it is let in, or after.
    try:
        child = bubblewrap.start(["/bin/true"], folder, Limits(), tmp_path / "log")
    except RunError as error:
        assert "missing" in str(error)
        return
    while child.exit is None:
        time.sleep(0.001)
    assert child.host_fault
    child.kill()
    assert child.host_fault and "missing" in (tmp_path / "log").read_text()


def test_a_program_that_fails_is_not_the_hosts_fault(bubblewrap, start):
    child = start(bubblewrap, "raise SystemExit(1)")
    while child.exit is None:
        time.sleep(0.001)
    assert not child.host_fault
    child.kill()
    assert not child.host_fault


def test_a_folder_that_is_not_there_is_the_hosts_fault(bubblewrap, tmp_path):
    with pytest.raises(RunError, match="not a folder"):
        bubblewrap.run(["/bin/true"], tmp_path / "none", Limits(), 5)


HOST = """
import sys
from pathlib import Path
from league.sandbox import Limits
from league.sandbox.bubblewrap import BubblewrapSandbox
sandbox, folder = BubblewrapSandbox(), Path(sys.argv[1])
command = ["/bin/sh", "-c", "trap '' TERM; sleep 20; true", sys.argv[2]]
sandbox.start(command, folder, Limits(), folder.parent / "log").kill()
print("up", flush=True)
while True:
    sandbox.start(command, folder, Limits(), folder.parent / "log").kill()
"""


@pytest.mark.slow
def test_no_bot_survives_a_host_that_is_killed_while_it_starts_them(bubblewrap, folder, alive):
    marker = uuid.uuid4().hex
    for turn in range(25):
        host = subprocess.Popen([sys.executable, "-c", HOST, str(folder), marker], stdout=subprocess.PIPE)
        assert host.stdout is not None and host.stdout.readline() == b"up\n"
        time.sleep(turn * 0.0007)
        host.kill()
        host.wait()
        host.stdout.close()
        until = time.monotonic() + PATIENCE
        while (left := alive(marker)) and time.monotonic() < until:
            commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left if Path(f"/proc/{pid}").exists()]
            if all(command.startswith(b"marl-sandbox-of") for command in commands):
                break
            time.sleep(0.01)
        # What may be left is bubblewrap itself, waiting; the next host ends it.
        assert all(Path(f"/proc/{pid}/cmdline").read_bytes()[:15] in (b"marl-sandbox-of", b"") for pid in left)
    orphans.sweep.__wrapped__(os.getpid())
    time.sleep(0.1)
    assert not alive(marker)

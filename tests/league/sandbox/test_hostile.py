"""Attacks on the sandbox. Each is refused under bubblewrap; without a sandbox each of them succeeds."""

import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from league.sandbox import Limits
from league.sandbox.plain import NoSandbox

HOSTILE = Path(__file__).parents[1] / "hostile"
LIMITS = Limits(memory_mb=256, processes=20, files_mb=32)


def attack(sandbox, name, *targets, seconds=15.0):
    """Run an attack at once. Returns how it ended."""
    return sandbox.run([sys.executable, f"{name}.py", "now", *map(str, targets)], HOSTILE, LIMITS, seconds)


def attempt(sandbox, name, *targets):
    """Whether an attack succeeded, by its own account."""
    done = attack(sandbox, name, *targets)
    words = done.output.decode()
    assert "SUCCESS" in words or "FAILED" in words, (words, done.reason)
    return "SUCCESS" in words


@pytest.fixture
def victim():
    process = subprocess.Popen(["/bin/sleep", "20"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_text("secret")
    return path


@pytest.fixture
def server():
    """Starts listeners that greet whoever connects."""
    opened = []

    def listen(family, address):
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        opened.append(listener)

        def greet():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.sendall(b"hello")
                connection.close()

        threading.Thread(target=greet, daemon=True).start()
        return listener.getsockname()

    yield listen
    for listener in opened:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def targets(request, tmp_path, secret, server):
    """What an attack aims at, made for each."""

    def aim(name):
        if name == "network":
            return [server(socket.AF_INET, ("127.0.0.1", 0))[1]]
        if name == "abstract_socket":
            word = f"marl-{uuid.uuid4().hex}"
            server(socket.AF_UNIX, f"\0{word}")
            return [word]
        if name in ("kills", "traces"):
            return [request.getfixturevalue("victim").pid]
        if name == "reads_environment":
            os.environ["MARL_TEST_WORD"] = "hunter2"
            other = subprocess.Popen(["/bin/sleep", "20"], env={"WORD": "hunter2"})
            request.addfinalizer(lambda: (other.kill(), other.wait(), os.environ.pop("MARL_TEST_WORD")))
            return ["hunter2"]
        if name == "changes_devices":
            made = tmp_path / "null"
            made.touch()
            return [made]
        return {"reads_files": [secret], "writes_the_disk": [tmp_path], "writes_its_folder": [tmp_path]}.get(name, [])

    return aim


REFUSED = [
    "abstract_socket",
    "changes_devices",
    "fills_tmp",
    "fork_bomb",
    "kills",
    "lists_processes",
    "memory_herd",
    "network",
    "reads_environment",
    "reads_files",
    "reads_shadow",
    "traces",
    "types_into_terminal",
    "writes_its_folder",
    "writes_the_disk",
]
ROOTS = ["exotic_calls", "kernel_settings", "namespaces"]  # what an ordinary user of this host may not do anyway


@pytest.mark.parametrize("name", [*REFUSED, *ROOTS])
def test_an_attack_is_refused(bubblewrap, targets, name):
    done = attack(bubblewrap, name, *targets(name))
    assert b"SUCCESS" not in done.output
    assert b"FAILED" in done.output or done.reason == "out of memory", done


@pytest.mark.parametrize("name", [*REFUSED, *ROOTS])
def test_without_a_sandbox_it_succeeds(targets, name):
    if name in ROOTS and os.getuid() != 0:
        pytest.skip("needs root")
    assert attempt(NoSandbox(), name, *targets(name))


def test_the_hosts_own_devices_cannot_be_changed(bubblewrap):
    assert not attempt(bubblewrap, "changes_devices", "/dev/null")


def test_nothing_at_all_can_be_written_but_tmp(bubblewrap):
    everywhere = ("/", "/usr", "/usr/bin", "/etc", "/dev", "/bot", "/proc/self", "/var", "/run", "/home", "/sys")
    assert not attempt(bubblewrap, "writes_the_disk", *everywhere)
    assert attempt(bubblewrap, "writes_the_disk", "/tmp")


def test_the_victim_of_a_killer_lives_on(bubblewrap, victim):
    assert not attempt(bubblewrap, "kills", victim.pid)
    assert not attempt(bubblewrap, "kills", os.getpid())
    assert victim.poll() is None


def test_killing_everybody_inside_harms_only_itself(bubblewrap, start, victim):
    attack(bubblewrap, "kills")
    assert victim.poll() is None


def test_the_memory_of_one_process_is_bounded(bubblewrap):
    done = attack(bubblewrap, "memory_hog")
    assert b"SUCCESS" not in done.output
    assert done.reason == "out of memory" or b"MemoryError" in done.output
    assert attempt(NoSandbox(), "memory_hog")


def test_mounts_are_refused(bubblewrap, tmp_path):
    assert not attempt(bubblewrap, "mounts", "/tmp")
    if os.getuid() == 0:
        # The control runs in a mount namespace of its own, which goes with it.
        command = ["unshare", "--mount", sys.executable, "mounts.py", "now", str(tmp_path)]
        assert b"SUCCESS" in NoSandbox().run(command, HOSTILE, LIMITS, 10).output


def test_a_vsock_is_refused(bubblewrap):
    done = attack(bubblewrap, "vsock")
    assert b"FAILED" in done.output
    assert b"Address family not supported" in done.output


def test_the_programs_of_the_system_cannot_be_overwritten(bubblewrap, tmp_path):
    assert not attempt(bubblewrap, "overwrites_program")
    own = tmp_path / "program"
    own.touch()
    (tmp_path / "exe").symlink_to(own)
    assert attempt(NoSandbox(), "overwrites_program", tmp_path / "exe")


def test_descriptors_are_not_inherited(bubblewrap):
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        command = [sys.executable, "open_descriptors.py", "now"]
        assert not attempt(bubblewrap, "open_descriptors")
        assert b"SUCCESS" in subprocess.run(command, cwd=HOSTILE, close_fds=False, capture_output=True).stdout
    finally:
        os.close(read)
        os.close(write)


def test_a_link_in_the_folder_leads_nowhere(bubblewrap, folder, secret):
    (folder / "link").symlink_to(secret)
    command = ["/bin/cat", "link"]
    assert b"secret" not in bubblewrap.run(command, folder, LIMITS, 5).output
    assert b"secret" in NoSandbox().run(command, folder, LIMITS, 5).output


def test_a_daemon_does_not_survive(bubblewrap, tmp_path, alive):
    marker = uuid.uuid4().hex
    command = [sys.executable, "daemon.py", "now", marker]
    for sandbox, survives in ((NoSandbox(), True), (bubblewrap, False)):
        done = sandbox.run(command, HOSTILE, LIMITS, 10)
        assert b"SUCCESS" in done.output
        left = alive(marker)
        for pid in left:
            os.kill(pid, 9)
        assert bool(left) == survives


def test_zombies_stay_few(bubblewrap):
    done = attack(bubblewrap, "zombies")
    assert b"BlockingIOError" in done.output, done


@pytest.mark.parametrize("name", ["endless_output", "no_newline"])
def test_endless_output_is_cut(sandbox, name):
    done = sandbox.run([sys.executable, f"{name}.py", "now"], HOSTILE, LIMITS, 60, most=1 << 20)
    assert len(done.output) == 1 << 20
    assert "wrote more than" in done.reason  # and not that it took too long


def test_a_log_is_cut_and_says_so(sandbox, tmp_path):
    log = tmp_path / "log"
    limits = Limits(log_kb=16)
    done = sandbox.run([sys.executable, "floods_stderr.py", "now"], HOSTILE, limits, 10, log=log)
    assert b"SUCCESS" in done.output
    assert log.stat().st_size < 17_000
    assert re.search(rb"only its first 16384 bytes are kept", log.read_bytes())


def test_what_ignores_every_signal_dies_all_the_same(sandbox, tmp_path):
    child = sandbox.start([sys.executable, "ignores_signals.py"], HOSTILE, LIMITS, tmp_path / "log")
    os.write(child.stdin, b'{"type":"hello"}\n')
    assert select.select([child.stdout], [], [], 60)[0]
    child.kill()
    assert child.exit is not None


def test_the_host_stays_responsive_beside_bombs(bubblewrap, folder, tmp_path):
    """An honest bot answers while others fork, hoard and flood next to it."""
    (folder / "echo.py").write_text("import sys\nfor line in sys.stdin: print(line, end='', flush=True)\n")
    bombs = []
    try:
        for number, name in enumerate(("fork_bomb", "memory_herd", "endless_output", "floods_stderr")):
            command = [sys.executable, f"{name}.py", "now"]
            bombs.append(bubblewrap.start(command, HOSTILE, LIMITS, tmp_path / f"log{number}"))
        honest = bubblewrap.start([sys.executable, "echo.py"], folder, LIMITS, tmp_path / "log")
        bombs.append(honest)
        waits = []
        for _ in range(20):
            began = time.monotonic()
            os.write(honest.stdin, b"ping\n")
            assert select.select([honest.stdout], [], [], 60)[0]
            assert os.read(honest.stdout, 100) == b"ping\n"
            waits.append(time.monotonic() - began)
        assert sorted(waits)[10] < 5
    finally:
        for child in bombs:
            child.kill()


def test_a_log_that_never_ends_costs_the_host_little(bubblewrap, tmp_path, folder):
    (folder / "bot.py").write_text("import os\nwhile True: os.write(2, bytes(1 << 20))\n")
    child = bubblewrap.start([sys.executable, "bot.py"], folder, LIMITS, tmp_path / "log")
    try:
        time.sleep(0.5)
        used = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - used < 0.1
    finally:
        child.kill()
    assert (tmp_path / "log").stat().st_size < 300_000

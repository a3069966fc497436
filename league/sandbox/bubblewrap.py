"""Tier 2: namespaces by bubblewrap, a filter of system calls, and limits. For bots from strangers."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from league.sandbox import cgroups, orphans, rooms, seccomp
from league.sandbox.base import Probe
from league.sandbox.cgroups import Cgroup
from league.sandbox.child import Child, Gate
from league.sandbox.command import resolve
from league.sandbox.launch import Pipes, Tier
from league.sandbox.limits import Limits
from league.sandbox.log import Log
from league.sandbox.plain import RLIMITS, WATCHED
from league.sandbox.spawn import spawn
from league.sandbox.stage import staged
from league.sandbox.tree import Namespace
from league.sandbox.watch import watch
from marl.errors import RunError

INSTALL = "install it with `apt-get install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora) or alike"


class BubblewrapSandbox(Tier):
    """No network, own user, own processes, own files; read-only system, filtered system calls, limits on the tree."""

    name = "bubblewrap"
    tier = 2

    def probe(self) -> Probe:
        """Try it: start a command inside, and look at what it sees."""
        return _probe(os.getpid())

    def launch(self, command: Sequence[str], folder: Path, limits: Limits, pipes: Pipes, log: Log | None) -> Child:
        """See `Tier.launch`."""
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise RunError(f"the sandbox bubblewrap needs the program bwrap; {INSTALL}")
        if not folder.is_dir():
            raise RunError(f"{folder} is not a folder, so no bot can be started in it")
        orphans.sweep(os.getpid())
        program = resolve(command, folder)
        group, gate = cgroups.create(limits), Gate()
        info, theirs = os.pipe()
        texts = rooms.contents(limits)
        files = dict(zip(texts, map(_memory_file, texts.values()), strict=True))
        line = rooms.arguments(program, staged(folder), limits, files)
        line += [
            "--info-fd",
            str(theirs),
            "--block-fd",
            str(gate.inside),
            "--seccomp",
            str(law := _memory_file(_filter())),
        ]
        script = _memory_file("\0".join(line).encode())  # what is on the command line can be read inside
        shell = ["/bin/sh", "-c", _starter(pipes.source), "sh", *program.command]
        line = [orphans.mark(), "--args", str(script), "--", *shell]
        ends = [theirs, law, script, *files.values()]
        keep = [*ends, gate.inside, *([pipes.source] if pipes.source >= 0 else [])]
        process = None
        try:
            try:
                process = spawn(line, *pipes.child, env={}, keep=keep, program=bwrap)
            finally:
                for descriptor in ends:
                    os.close(descriptor)
            pipes.hand_over()
            tree = _admit(info, group, limits)
            if tree is None:
                process.wait()
                raise RunError(f"the sandbox could not be set up: {_last_words(pipes, log)}; {_HINT}")
            gate.open()
            with contextlib.suppress(BrokenPipeError):  # it could not be set up: `Child.host_fault` will tell
                os.write(pipes.ours[0], _GO)
        except BaseException:
            if process is not None:
                process.kill()
                process.wait()
            gate.close()
            if group is not None:
                group.remove()
            raise
        finally:
            os.close(info)
        child = Child(process, pipes.ours[0], pipes.ours[1], tree, group, log, shifted=True, gate=gate)
        watch(child, limits)
        return child


def _last_words(pipes: Pipes, log: Log | None) -> str:
    if log is not None:
        return log.tail()
    with contextlib.suppress(BlockingIOError):
        return os.read(pipes.ours[1], 4096).decode(errors="replace").strip()
    return "it said nothing"


_GO = b"go\n"


def _starter(source: int) -> str:
    """What becomes the bot once the host says so, and ends if the host is killed before.

    Bubblewrap alone would not do: where the host dies during the millisecond in which a sandbox is set up, nobody is
    told, and waiting at `--block-fd` ends as if all were well.
    """
    return f'read -r go && [ "$go" = go ] && exec "$@"{f" </proc/self/fd/{source}" if source >= 0 else ""}'


@cache
def _filter() -> bytes:
    return seccomp.program()


def _memory_file(content: bytes) -> int:
    descriptor = os.memfd_create("marl")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _admit(info: int, group: Cgroup | None, limits: Limits) -> Namespace | None:
    """Bind the namespace's first process, which waits at the gate and has not become the bot yet, to its limits.

    None where there is no sandbox, or none any more. Raises RunError where its limits cannot be set.
    """
    said = b""
    while chunk := os.read(info, 4096):
        said += chunk
    try:
        init = int(json.loads(said)["child-pid"])
        tree = Namespace(init)
    except (ValueError, KeyError, ProcessLookupError):
        return None
    try:
        if group is not None:
            group.join(init)
        _rlimits(init, limits, group)
    except (ProcessLookupError, OSError) as error:
        # A sandbox that could not be furnished ends at once, and says why in the log.
        if not tree.alive():
            return tree
        tree.kill()
        tree.close()
        raise RunError(f"the limits of the sandbox could not be set: {error}") from error
    return tree


_HINT = (
    "ordinary users need user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap)"
)


def _rlimits(pid: int, limits: Limits, group: Cgroup | None) -> None:
    bounds = {
        resource.RLIMIT_CPU: limits.cpu_seconds + 1,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 20,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 256,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    if group is None or group.memory is None:
        bounds[resource.RLIMIT_DATA] = limits.memory_mb << 20
    if (group is None or group.pids is None) and counts_inside():
        bounds[resource.RLIMIT_NPROC] = limits.processes + cgroups.RESERVED
    for what, most in bounds.items():
        hard = resource.prlimit(pid, what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        soft = most - 1 if what == resource.RLIMIT_CPU else most  # SIGXCPU says why, a second before SIGKILL
        resource.prlimit(pid, what, (soft, most))


@cache
def counts_inside() -> bool:
    """Whether RLIMIT_NPROC counts the processes of one user namespace, and binds us: Linux 5.14, and not root."""
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in platform.release().split(".")[:2])
    return os.getuid() != 0 and (major, minor) >= (5, 14)


@cache
def _probe(_: int) -> Probe:
    if shutil.which("bwrap") is None:
        return Probe(False, f"the program bwrap is not there; {INSTALL}")
    if not seccomp.supported():
        return Probe(False, f"there is no system call filter for {platform.machine()} processors")
    look = "id -u; cat /proc/net/dev | tail -n +3; grep Seccomp: /proc/self/status"
    with tempfile.TemporaryDirectory(prefix="marl-probe-") as folder:
        try:
            seen = BubblewrapSandbox().run(["/bin/sh", "-c", look], Path(folder), Limits(), 10)
        except RunError as error:
            return Probe(False, str(error))
    words = seen.output.decode(errors="replace")
    if seen.code != 0:
        return Probe(False, f"bwrap does not work here: {words.strip() or seen.reason}; {_HINT}")
    interfaces = [line.split(":")[0].strip() for line in words.splitlines() if line.count(":") == 1 and "lo" in line]
    if not words.startswith("1000\n") or "Seccomp:\t2" not in words or len(interfaces) > 1:
        return Probe(False, f"bwrap runs here, but does not isolate: it shows {words!r}")
    return Probe(True, "", _holds())


def _holds() -> tuple[str, ...]:
    fixed = (
        "no network",
        "own user (1000) and user namespace",
        "own processes, gone with the first one and with the host",
        "read-only system without secrets; only a sized /tmp is writable",
        "cleared environment, no inherited descriptors, new session",
        "filtered system calls (seccomp)",
        RLIMITS,
    )
    layout = cgroups.holds()
    tree = layout.phrases() if layout is not None else ()
    if layout is None or layout.pids is None:
        tree += ("processes of the whole tree (RLIMIT_NPROC in its user namespace)",) if counts_inside() else ()
    watched = () if layout and layout.memory and layout.pids else (WATCHED,)
    return (*fixed, *tree, *watched)

"""What a bot finds in /proc: its own processes, a few constants, and nothing that the rest of the machine could move.

A fresh procfs shows a bot the whole machine's counters (load, memory, interrupts, allocations ...), which are as many
ways for two sandboxes to talk. What is not known to be harmless is covered, files of later kernels too.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from league.sandbox.limits import Limits

# Of this process, this namespace, or what the kernel was built with; none of it changes while the machine runs.
_HARMLESS: tuple[str, ...] = ("self", "thread-self", "mounts", "net", "sysvipc", "acpi", "bus", "config.gz", "consoles")
_HARMLESS += (
    "crypto",
    "devices",
    "dma",
    "driver",
    "execdomains",
    "filesystems",
    "ioports",
    "iomem",
    "kallsyms",
    "kmsg",
)
_HARMLESS += ("misc", "modules", "mtrr", "partitions", "tty", "version")


@cache
def covers() -> tuple[str, ...]:
    """Arguments of bubblewrap that cover everything else; unreadable files, empty folders."""
    line: list[str] = []
    for entry in sorted(os.listdir("/proc")):  # noqa: PTH208
        path = f"/proc/{entry}"
        if entry.isdigit() or entry in _HARMLESS or path in contents(Limits()):
            continue
        if Path(path).is_dir():
            line += ["--tmpfs", path, "--remount-ro", path]
        else:
            line += ["--ro-bind", "/dev/null", path]  # the mount allows no devices, so nobody can open it
    return tuple(line)


def contents(limits: Limits) -> dict[str, bytes]:
    """What programs look up in /proc to learn how large the machine is: as large as the sandbox."""
    kilobytes = limits.memory_mb << 10
    sizes = ("MemTotal", "MemFree", "MemAvailable"), ("Buffers", "Cached", "SwapCached", "SwapTotal", "SwapFree")
    memory = [
        f"{name}: {amount:>14} kB\n" for names, amount in zip(sizes, (kilobytes, 0), strict=True) for name in names
    ]
    return {
        "/proc/meminfo": "".join(memory).encode(),
        "/proc/stat": _idle(),
        "/proc/cpuinfo": _processors(),
        "/proc/loadavg": b"0.00 0.00 0.00 1/1 1\n",
        "/proc/uptime": b"0.00 0.00\n",
    }


@cache
def _idle() -> bytes:
    numbers = " ".join("0" * 10)
    lines = [f"cpu  {numbers}", *(f"cpu{number} {numbers}" for number in range(os.cpu_count() or 1))]
    rest = ["intr 0", "ctxt 0", "btime 0", "processes 0", "procs_running 1", "procs_blocked 0", "softirq 0"]
    return "".join(f"{line}\n" for line in (*lines, *rest)).encode()


@cache
def _processors() -> bytes:
    """What the processors are, without their present frequencies."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines(keepends=True)
    except OSError:
        return b""
    return "".join(line for line in lines if not line.startswith("cpu MHz")).encode()

"""How much memory a tree of processes took at most, as far as the kernel remembers it for those that still run."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def peak(pid: int) -> int:
    """The sum of the peak resident sizes of `pid` and everything below it, in bytes; 0 where that cannot be read."""
    total, waiting, seen = 0, [pid], set[int]()
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        try:
            status = (_PROC / str(each) / "status").read_text()
            children = (_PROC / str(each) / "task" / str(each) / "children").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))
        waiting += [int(child) for child in children.split()]
    return total

"""What may run at once. A match reserves what its bots may use at most before it starts, or it does not start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from marl.errors import UserError


@dataclass(frozen=True)
class Need:
    """What the bots of a match may use together at most: processes, and megabytes of memory."""

    processes: int = 0
    memory_mb: int = 0

    def __add__(self, other: Need) -> Need:
        return Need(self.processes + other.processes, self.memory_mb + other.memory_mb)


@dataclass
class Budget:
    """What all matches may use together, and what is reserved of it now."""

    processes: int
    memory_mb: int
    reserved: Need = Need()

    def fits(self, need: Need) -> bool:
        """Whether a match with this need may start now."""
        total = self.reserved + need
        return total.processes <= self.processes and total.memory_mb <= self.memory_mb

    def reserve(self, need: Need) -> bool:
        """Reserve for a match that starts; False, with nothing reserved, where it may not start now."""
        if not self.fits(need):
            return False
        self.reserved = self.reserved + need
        return True

    def free(self, need: Need) -> None:
        """A match is over."""
        self.reserved = Need(self.reserved.processes - need.processes, self.reserved.memory_mb - need.memory_mb)

    def check(self, need: Need, match: str) -> None:
        """Raise UserError for a match that could never start."""
        if need.processes > self.processes:
            raise UserError(
                f"{match} may need {need.processes} processes, and budget.processes is {self.processes}: "
                "raise it, or lower limits.processes"
            )
        if need.memory_mb > self.memory_mb:
            raise UserError(
                f"{match} may need {need.memory_mb} MB of memory, and budget.memory_mb is {self.memory_mb}: "
                "raise it, or lower limits.memory_mb"
            )


def memory_available() -> int:
    """Megabytes that programs can have now: of the machine, or of this control group where that is less."""
    meminfo = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(meminfo["MemAvailable"].split()[0]) // 1024
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and used.exists() and (text := limit.read_text().strip()).isdigit():
        available = min(available, (int(text) - int(used.read_text())) // (1 << 20))
    return max(available, 0)

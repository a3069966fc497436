"""What a stranger's process may use."""

from __future__ import annotations

from dataclasses import dataclass

from marl.registry.ranges import at_least


@dataclass(frozen=True)
class Limits:
    """What one bot, the whole tree of its processes together, may use."""

    memory_mb: int = 512
    """Memory in MiB, the files in /tmp included where cgroups hold it."""
    processes: int = 32
    """Processes and threads."""
    cpu_seconds: int = 600
    """Processor time in seconds, over its whole life."""
    cpus: float = 1.0
    """How many processors it may keep busy, where cgroups can hold it."""
    files_mb: int = 64
    """The size of its /tmp in MiB."""
    open_files: int = 64
    """File descriptors of each process."""
    log_kb: int = 256
    """How much of its standard error is kept, in KiB; the rest is thrown away."""

    def __post_init__(self) -> None:
        at_least(self, 1, "memory_mb", "processes", "cpu_seconds", "files_mb")
        at_least(self, 0.01, "cpus")
        at_least(self, 8, "open_files")
        at_least(self, 0, "log_kb")

"""What a running league shows: a live dashboard in a terminal, a few plain lines anywhere else."""

from league.dashboard.dashboard import Dashboard
from league.dashboard.progress import JobProgress, Progress, RunInfo

__all__ = ["Dashboard", "JobProgress", "Progress", "RunInfo"]

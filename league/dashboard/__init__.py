"""What a running league shows: a live dashboard in a terminal, a few plain lines anywhere else."""

from league.dashboard.dashboard import Dashboard
from league.dashboard.progress import Headline, JobProgress, Progress, RunInfo

__all__ = ["Dashboard", "Headline", "JobProgress", "Progress", "RunInfo"]

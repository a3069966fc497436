"""Datasets: matches that were played once, written down to learn from again. docs/offline.md describes the files.

`header.py` says what a dataset is about, `parts.py` is one file of it, `dataset.py` reads them, `agent.py` shows what
one agent saw of them, and `recording.py` and `replays.py` write them.
"""

from marl.datasets.agent import AgentLog, AgentView
from marl.datasets.dataset import Dataset

__all__ = ["AgentLog", "AgentView", "Dataset"]

"""The report of a training run: one self-contained HTML file, drawn from a `TrainView` and nothing else."""

from marl.training.report.page import render, write
from marl.training.report.view import TrainView, read_view

__all__ = ["TrainView", "read_view", "render", "write"]

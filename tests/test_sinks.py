"""Sinks get what metrics.jsonl gets; one that fails is left out with a note, and the run goes on."""

from __future__ import annotations

import sys

import pytest

from marl.errors import UserError
from marl.metrics import Metrics, read
from marl.registry import SINKS, load_registry
from marl.sink import scalars
from marl.sinks.mlflow import Mlflow, MlflowParams
from marl.sinks.tensorboard import TensorBoard
from marl.sinks.trackio import Trackio
from marl.sinks.wandb import Wandb


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self, fails_at=-1):
        self.got, self.fails_at, self.closed = [], fails_at, 0

    def log(self, event, step, **values):
        if len(self.got) == self.fails_at:
            raise ConnectionError("the server is away")
        self.got.append((event, step, values))

    def close(self):
        self.closed += 1


def test_a_sink_gets_every_event(tmp_path):
    sink = Kept()
    with_sink = Metrics(tmp_path / "metrics.jsonl", {"kept": sink})
    with_sink.log("train", 3, loss=0.5)
    with_sink.log("evaluation", 3, against="marl/random", points=1.0)
    with_sink.close()
    kept = [(one["event"], one["step"]) for one in read(tmp_path / "metrics.jsonl")]
    assert kept == [(event, step) for event, step, _ in sink.got] and sink.closed == 1


def test_a_sink_that_fails_is_left_out_and_nothing_else_is(tmp_path, capsys):
    bad, good = Kept(fails_at=1), Kept()
    metrics = Metrics(tmp_path / "metrics.jsonl", {"zoo/bad": bad, "zoo/good": good})
    for step in range(4):
        metrics.log("train", step, loss=0.0)
    metrics.close()
    assert len(bad.got) == 1 and len(good.got) == 4 and len(list(read(tmp_path / "metrics.jsonl"))) == 4
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("note: the sink zoo/bad is left out from here: ConnectionError: the server is away")


def test_numbers_are_found_by_name():
    values = {"loss": 0.5, "text": "x", "good": True, "measures": {"nash_conv": {"value": 0.1}}, "none": None}
    assert dict(scalars("iteration", values)) == {"iteration/loss": 0.5, "iteration/measures/nash_conv/value": 0.1}
    assert dict(scalars("evaluation", {"against": "a/b", "points": 1})) == {"evaluation/a/b/points": 1.0}


@pytest.mark.parametrize(
    ("make", "module", "install"),
    [
        (TensorBoard, "torch.utils.tensorboard", "marl-league[tensorboard]"),
        (Wandb, "wandb", "wandb"),
        (Mlflow, "mlflow", "mlflow"),
        (Trackio, "trackio", "trackio"),
    ],
)
def test_a_package_that_is_missing_is_named(make, module, install, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=rf"pip install '{install.replace('[', '.')[:-1]}"):
        make(tmp_path, {})


def test_all_of_them_are_described():
    names = {one.name for one in load_registry().all(SINKS) if one.plugin == "marl"}
    assert names == {"tensorboard", "wandb", "mlflow", "trackio"}


def test_mlflow_has_the_numbers_and_goes_on_with_its_run(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    for step in (1, 2):
        sink = Mlflow(tmp_path, {}, MlflowParams(experiment="games"))
        sink.log("evaluation", step, against="a=b", points=float(step))
        sink.close()
    history = mlflow.tracking.MlflowClient().get_metric_history(
        (tmp_path / "mlflow.id").read_text().strip(), "evaluation/a_b/points"
    )
    assert [(one.step, one.value) for one in history] == [(1, 1.0), (2, 2.0)]


def test_wandb_has_the_numbers_and_goes_on_with_its_run(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    sink = Wandb(tmp_path, {"kind": "train"})
    id = (tmp_path / "wandb.id").read_text()
    sink.log("train", 5, loss=0.25)
    sink.close()
    Wandb(tmp_path, {"kind": "train"}).close()
    assert (tmp_path / "wandb.id").read_text() == id
    assert list(tmp_path.glob("wandb/offline-run-*"))

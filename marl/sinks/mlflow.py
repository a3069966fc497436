"""MLflow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marl.sink import scalars
from marl.sinks.packages import package

_NOT_ALLOWED = re.compile(r"[^\w./ -]")  # in the name of a metric


@dataclass(kw_only=True)
class MlflowParams:
    """Where the run is shown. Where the server is comes from the environment (MLFLOW_TRACKING_URI)."""

    experiment: str = "marl"


class Mlflow:
    """A run of MLflow for this one; a resume goes on with it. Its id is kept in `mlflow.id` in the run directory."""

    def __init__(self, run: Path, scenario: Mapping[str, Any], params: MlflowParams | None = None) -> None:
        params = params or MlflowParams()
        module = package("mlflow", "mlflow")
        self._client: Any = module.tracking.MlflowClient()
        kept = run / "mlflow.id"
        if not kept.is_file():
            found = self._client.get_experiment_by_name(params.experiment)
            experiment = found.experiment_id if found else self._client.create_experiment(params.experiment)
            made = self._client.create_run(experiment, run_name=run.name)
            kept.write_text(f"{made.info.run_id}\n", encoding="utf-8")
        self._id = kept.read_text(encoding="utf-8").strip()

    def log(self, event: str, step: int, **values: Any) -> None:
        """See `Sink`."""
        for name, value in scalars(event, values):
            self._client.log_metric(self._id, _NOT_ALLOWED.sub("_", name), value, step=step)

    def close(self) -> None:
        """See `Sink`."""
        self._client.set_terminated(self._id)

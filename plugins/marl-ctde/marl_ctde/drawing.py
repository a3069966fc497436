"""The graph of `ctde/bnac` as text, from what an update logged of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_WIDTH = 20  # of a bar


def graph(update: Mapping[str, object], names: Sequence[str]) -> str:
    """A line for each edge that was there: who goes by whose choice, and at which share of the team's steps.

    `update`: what one logged, of one team or (by names like `side0/edge_0_to_1`) of the first. `names`: of its agents.

        one -> other  ################----  0.81
    """
    shares = {}
    for parent in range(len(names)):
        for child in range(len(names)):
            key = f"edge_{parent}_to_{child}"
            logged = [value for name, value in sorted(update.items()) if name.rpartition("/")[2] == key]
            if logged and isinstance(logged[0], float | int) and logged[0] > 0:
                shares[f"{names[parent]} -> {names[child]}"] = float(logged[0])
    if not shares:
        return "no edges: each agent acts by what it sees alone"
    wide = max(map(len, shares))
    return "\n".join(
        f"{edge:{wide}}  {'#' * round(_WIDTH * share):-<{_WIDTH}}  {share:.2f}" for edge, share in shares.items()
    )

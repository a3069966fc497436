"""How the live dashboard of a training run looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import ConsoleDimensions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from marl.reward import logged
from marl.terminal.chart import braille
from marl.terminal.display import State
from marl.terminal.picture import (
    ACCENT,
    BAD,
    CURVE,
    GOOD,
    LABEL,
    SOFT,
    STRONG,
    apart,
    bar,
    beside,
    figures,
    frame,
    no_curve,
    share_bar,
)
from marl.terminal.picture import curve as labelled
from marl.training.history import Slice
from marl.words import MISSING, duration, number

SHARES = (("sampler", "sampler_share", CURVE), ("learner", "learner_share", ACCENT))
LEARNING = (
    ("policy loss", "policy_loss"),
    ("value loss", "value_loss"),
    ("entropy", "entropy"),
    ("KL", "kl"),
    ("clipped", "clip_fraction"),
    ("gradient norm", "grad_norm"),
    ("learning rate", "lr"),
)
WIDEST, MOST_POINTS = 110, 2048


@dataclass(frozen=True)
class RunInfo:
    """What does not change during a run. `measured`: whom the curve is against; "" where it is of training."""

    name: str
    env: str
    algorithm: str
    env_steps: int
    measured: str = ""


@dataclass
class Curve:
    """Points over env steps, thinned so that adding one stays cheap."""

    points: list[tuple[int, float]] = field(default_factory=list)
    best: float | None = None

    def add(self, step: int, value: float) -> None:
        """Add a point."""
        self.points.append((step, value))
        self.best = value if self.best is None else max(self.best, value)
        if len(self.points) > MOST_POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [(b[0], (a[1] + b[1]) / 2) for a, b in pairs]


@dataclass(frozen=True)
class Shown:
    """All that one picture shows."""

    info: RunInfo
    state: State
    step: int
    seconds: float
    left: float | None
    recent: dict[str, float]
    curve: Curve
    slices: list[Slice]
    updates: int
    matches: int
    doing: str
    speed: float | None = None


def layout(shown: Shown, size: ConsoleDimensions) -> RenderableType:
    """The whole picture, fitted to a terminal."""
    width = min(size.width, WIDEST)
    scores = next((done.scores for done in reversed(shown.slices) if done.scores), {})
    paid = logged(shown.recent)
    below = max(len(SHARES) + 6, _losses(shown.recent)) + (len(scores) + 3 if scores else 0) + (2 if paid else 0)
    room = size.height - 11 - below
    parts: list[RenderableType] = [headline(shown, width - 6), Text(), curve_line(shown)]
    if room >= 3:
        parts.append(curve(shown.curve.points, width - 6, min(room, 9)))
    parts += [Text(), numbers(shown, width >= 76)]
    if paid:
        parts += [Text(), channels(paid)]
    if scores and size.height >= 24:
        parts += [Text(), scorefigures(scores)]
    parts += [Text(), foot(shown)]
    title = Text.assemble((" marl train ", SOFT), (shown.info.name, STRONG), (f"  {shown.info.algorithm} on ", SOFT),
                          (f"{shown.info.env} ", SOFT))  # fmt: skip
    return frame(title, shown.state, parts, width)


def headline(shown: Shown, width: int) -> RenderableType:
    """Steps, speed and clock over a bar."""
    line = Text.assemble((f"{shown.step:,}", STRONG), (f" of {shown.info.env_steps:,} env steps", SOFT))
    if shown.speed is not None:
        line.append_text(Text.assemble("    ", (_thousands(shown.speed), f"bold {CURVE}"), (" steps/s", SOFT)))
    line.append_text(Text.assemble("    ", ("time ", SOFT), (duration(shown.seconds), STRONG)))
    if shown.left is not None and shown.left >= 0.5:
        end = Text.assemble(("left ", SOFT), (f"~{duration(shown.left)}", STRONG))
        line = apart(line, end, width) or line + Text("    ") + end
    line.no_wrap, line.overflow = True, "ellipsis"
    return Group(line, bar(shown.step / shown.info.env_steps, width))


def curve_line(shown: Shown) -> Text:
    """What the curve is of, now and best."""
    recent, points = shown.recent, shown.curve.points
    if shown.info.measured:
        what, now = f"return against {shown.info.measured}", points[-1][1] if points else None
    else:
        what, now = "return", recent.get("return")
    parts: list[tuple[str, str] | str] = [(f"{what} ", SOFT), (number(now), f"bold {CURVE}")]
    if shown.curve.best is not None:
        parts += ["    ", ("best ", SOFT), (number(shown.curve.best), STRONG)]
    if "length" in recent:
        parts += ["    ", ("length ", SOFT), (number(recent["length"]), STRONG)]
    if recent.get("faults"):
        parts += ["    ", ("faults ", SOFT), (f"{recent['faults']:.1%}", BAD)]
    return Text.assemble(*parts)


def curve(points: Sequence[tuple[int, float]], width: int, height: int) -> RenderableType:
    """The return over env steps."""
    if len(points) < 2:
        return no_curve("the curve starts with the second point", width, height)
    values = [value for _, value in points]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    dots = braille(values, width - LABEL, height, low, high)
    return Group(*labelled(dots, lambda row: number(high - (high - low) * row / (height - 1), 3)))


def numbers(shown: Shown, wide: bool) -> RenderableType:
    """Where time goes and what the learner says, side by side where there is room."""
    left, right = shares(shown.recent), learning(shown.recent)
    return beside(left, right) if wide else Group(right)


def shares(recent: dict[str, float]) -> Table:
    """Which share of the time sampler and learner take, and how well values are estimated."""
    table = figures("time of an update", "")
    for name, key, colour in SHARES:
        share = recent.get(key)
        bar = share_bar(share or 0.0, colour)
        table.add_row(Text.assemble(f"{name:<9}", bar), Text(MISSING if share is None else f"{share:.0%}", STRONG))
    table.add_row("", "")
    table.add_row(Text("values", style=SOFT), "")
    known = recent.get("explained_variance")
    table.add_row(
        Text.assemble("explained ", share_bar(max(known or 0.0, 0.0), GOOD, 11)),
        Text(MISSING if known is None else f"{known + 0.0:.0%}".replace("-0%", "0%").replace("-", "−"), STRONG),
    )
    return table


def learning(recent: dict[str, float]) -> Table:
    """A line per number of the learner, a column per module."""
    modules = _modules(recent)
    table = figures("learner", *(modules or ["now"]))
    for name, key in LEARNING:
        values = [recent.get(f"{module}/{key}") for module in modules] if modules else [recent.get(key)]
        if key == "lr":
            values = [recent.get("lr")] + [None] * (len(values) - 1)
        if any(value is not None for value in values):
            table.add_row(name, *(Text(number(value, 3) if value is not None else "", STRONG) for value in values))
    return table


def channels(paid: Mapping[str, float]) -> Text:
    """What a row was paid in the mean, by channel, in one line."""
    parts: list[tuple[str, str] | str] = [("paid per row    ", SOFT)]
    for name, value in paid.items():
        parts += [f"{name} ", (number(value, 3), STRONG), "   "]
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def scorefigures(scores: dict[str, dict[str, float]]) -> Table:
    """A line per opponent."""
    table = figures("measured against", "return", "points", "95 % interval", "matches")
    for name, score in scores.items():
        margin = f" ± {number(score['return_margin'], 2)}" if "return_margin" in score else ""
        points, interval = MISSING, MISSING
        if "points" in score:
            points, interval = f"{score['points']:.1%}", f"{score['points_low']:.1%} – {score['points_high']:.1%}"
        table.add_row(
            name, Text(number(score["return"], 3) + margin, STRONG), points, interval, f"{score['matches']:,.0f}"
        )
    return table


def foot(shown: Shown) -> Text:
    """Counts, and what goes on."""
    parts: list[tuple[str, str] | str] = []
    for name, count in (("updates", shown.updates), ("matches", shown.matches), ("slices", len(shown.slices))):
        parts += [(f"{name} ", SOFT), (f"{count:,}", STRONG), "    "]
    if shown.doing and shown.state == "running":
        parts += [("now ", SOFT), shown.doing]
    return Text.assemble(*parts)


def _modules(recent: dict[str, float]) -> list[str]:
    """The ids of several modules, four at most; none where there is one."""
    return sorted({name.rpartition("/")[0] for name in recent if "/" in name})[:4]


def _losses(recent: dict[str, float]) -> int:
    return 2 + sum(any(name.rpartition("/")[2] == key for name in recent) for _, key in LEARNING)


def _thousands(value: float) -> str:
    return f"{value / 1000:,.1f}k" if value >= 1000 else f"{value:,.0f}"

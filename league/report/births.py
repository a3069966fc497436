"""Births: when each player joined, whom it went on from and against whom it was trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from league.player import Player
from league.report.standing import final_weights
from league.view import LeagueView
from marl.page.figure import absent, figure, section, svg
from marl.page.scale import Linear
from marl.page.text import embed, escape
from marl.words import clipped, number

WIDTH, LEFT, RIGHT, TOP = 1040, 120, 24, 20
STEM = 54.0  # the longest stem, in pixels
GAP = 120.0  # between the base lines of neighbouring populations
LINES = 3  # of a highlighted player
HIGHLIGHTED = 10  # players a population
FAINT = 2000  # links drawn in the background, at most


@dataclass(frozen=True)
class Node:
    """A player and its place on paper."""

    player: Player
    weight: float
    x: float
    y: float


def births_section(view: LeagueView) -> str:
    """The section of the page."""
    if not view.players:
        return section("births", "Births", absent("The population is empty."))
    lead = (
        "Every dot is a player at the iteration of its birth; the taller its stem, the heavier it weighs in the final "
        "mixture. Lines lead to the player whose training it went on from, and to those it was trained against: for "
        f"the {HIGHLIGHTED} heaviest of each population the first {LINES}, faintly the first one for all others. Point "
        "at a dot to see its own."
    )
    return section("births", "Births", draw(view), lead)


def draw(view: LeagueView) -> str:
    """The figure."""
    nodes = placed(view)
    height = TOP + STEM + GAP * (len(view.names) - 1) + STEM + 50
    by_name = {node.player.name: node for node in nodes}
    top = heaviest(nodes, len(view.names))
    faint = [link(node, by_name[p]) for node in nodes for p in behind(node.player)[:1] if p in by_name]
    strong = [link(node, by_name[p]) for node in top for p in behind(node.player)[:LINES] if p in by_name]
    step = -(-len(faint) // FAINT) or 1
    body = axes(view, nodes, height)
    body += f'<path class="link faint" d="{"".join(faint[::step])}"/><path class="link" d="{"".join(strong)}"/>'
    body += stems(nodes) + dots(nodes, {node.player.name for node in top}) + '<g class="cursor"></g>'
    where = f"{len(view.names)} population{'s' if len(view.names) > 1 else ''}"
    label = f"Births of {len(nodes)} players in {where}, with lines to those they were trained against"
    return figure(svg(body, WIDTH, height, label), read_data(nodes, by_name))


def placed(view: LeagueView) -> list[Node]:
    """Every player's place: births from left to right, a line for each population; those born together side by side."""
    latest = max(player.born for player in view.players)
    x = Linear(0, max(latest, 1), LEFT, WIDTH - RIGHT)
    weights = final_weights(view)
    nodes = []
    for side, players in enumerate(view.populations):
        y = TOP + STEM + GAP * side
        together: dict[int, int] = {}
        for index, player in enumerate(players):
            nth = together[player.born] = together.get(player.born, -1) + 1
            nodes.append(Node(player, float(weights[side][index]), x(player.born) + min(nth, 8) * 7.0, y))
    return nodes


def heaviest(nodes: list[Node], populations: int) -> list[Node]:
    """The players of each population that weigh most in the final mixture."""
    chosen = []
    for side in range(populations):
        mine = sorted((n for n in nodes if side in n.player.sides and n.weight > 0), key=lambda n: -n.weight)
        chosen += mine[:HIGHLIGHTED]
    return chosen


def link(born: Node, other: Node) -> str:
    """Path data from a player to one that is behind it; an arch below the line within one side."""
    if born.y == other.y:
        reach = min(0.5 * abs(born.x - other.x), 0.42 * GAP)
        middle = born.y + 2 * reach
        return f"M{born.x:.1f} {born.y:.0f}Q{(born.x + other.x) / 2:.1f} {middle:.1f} {other.x:.1f} {other.y:.0f}"
    bend = (born.y + other.y) / 2
    return f"M{born.x:.1f} {born.y:.0f}C{born.x:.1f} {bend:.0f} {other.x:.1f} {bend:.0f} {other.x:.1f} {other.y:.0f}"


def behind(player: Player) -> tuple[str, ...]:
    """The player that it went on from, if any, and those that it was trained against, the heaviest first."""
    return (*((player.parent,) if player.parent else ()), *player.opponents)


def tallness(node: Node, most: float) -> float:
    """The length of a stem: the square root of the weight, so that light players still show."""
    return STEM * math.sqrt(node.weight / most) if most > 0 else 0.0


def stems(nodes: list[Node]) -> str:
    """One stem per player in use, upward from its side's line."""
    most = max((node.weight for node in nodes), default=0.0)
    used = [(node, tallness(node, most)) for node in nodes if node.weight > 1e-6]
    return '<path class="stem" d="' + "".join(f"M{n.x:.1f} {n.y:.0f}v{-tall:.1f}" for n, tall in used) + '"/>'


def dots(nodes: list[Node], top: set[str]) -> str:
    """A dot per player; those highlighted are larger."""
    plain = "".join(f"M{n.x:.1f} {n.y:.0f}h0" for n in nodes if n.player.name not in top)
    strong = "".join(f"M{n.x:.1f} {n.y:.0f}h0" for n in nodes if n.player.name in top)
    crowd = ' class="many"' if len(nodes) > 200 else ""
    return f'<g{crowd}><path class="dot" d="{plain}"/><path class="dot strong" d="{strong}"/></g>'


def axes(view: LeagueView, nodes: list[Node], height: float) -> str:
    """A base line per population, and births along the bottom."""
    parts = []
    for side, name in enumerate(view.names):
        y = TOP + STEM + GAP * side
        parts.append(f'<path class="base" d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 14}" y="{y + 4:.0f}" text-anchor="end">{escape(clipped(name, 14))}</text>')
    scale = Linear(0, max(max(n.player.born for n in nodes), 1), LEFT, WIDTH - RIGHT)
    for value, label in scale.ticks(10):
        if value == int(value):
            parts.append(f'<text x="{scale(value):.1f}" y="{height - 30:.0f}" text-anchor="middle">{label}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="axis" x="{middle:.0f}" y="{height - 8:.0f}" text-anchor="middle">born in iteration</text>'
    )
    return "".join(parts)


def read_data(nodes: list[Node], by_name: dict[str, Node]) -> str:
    """What the script needs: places, names, weights and, as indices, the first that are behind every player."""
    index = {node.player.name: number_ for number_, node in enumerate(nodes)}
    return embed(
        {
            "kind": "births",
            "gap": GAP,
            "at": [[round(n.x, 1), round(n.y)] for n in nodes],
            "names": [n.player.name for n in nodes],
            "says": [f"born {n.player.born}, {n.player.role}, weight {number(n.weight, 3)}" for n in nodes],
            "behind": [[index[p] for p in behind(n.player)[:5] if p in by_name] for n in nodes],
            "more": [max(len(behind(n.player)) - 5, 0) for n in nodes],
            "parent": [int(bool(n.player.parent)) for n in nodes],
        }
    )

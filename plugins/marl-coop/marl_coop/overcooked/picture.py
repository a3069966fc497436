"""How a match of Overcooked is drawn: as text, and as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marl.env import Frame
from marl.games.drawing import AGENTS, GREY, INK, circle, polygon, rect, svg, text
from marl_coop.overcooked.kitchens import COUNTER, DIRECTIONS, DISHES, ONIONS, POT, SERVING
from marl_coop.overcooked.rules import COOKING, DISH, FULL, NOTHING, ONION, READY

if TYPE_CHECKING:
    from marl_coop.overcooked.game import Overcooked

CELL = 44
_GROUND = {COUNTER: "#c9a26b", ONIONS: "#c9a26b", DISHES: "#c9a26b", POT: "#c9a26b", SERVING: "#8fb98a"}
_LETTERS = " XODPS"
_ONION, _DISH, _BROTH = "#e3b23c", "#ffffff", "#c2571a"


def draw(env: Overcooked, lane: int) -> Frame:
    """The match of a lane."""
    return Frame(_text(env, lane), _svg(env, lane))


def _text(env: Overcooked, lane: int) -> str:
    """A cell: what it is, or the agent's number; which way it faces; what is held, lies or cooks."""
    room, content = env.kitchen, env.content[lane].tolist()
    shown = [f"{_LETTERS[place]} " for place in room.place.tolist()]
    for cell, place in enumerate(room.place.tolist()):
        shown[cell] += _pot(env, lane, cell) if place == POT else _thing(content[cell])
    for agent, (cell, facing, held) in enumerate(_agents(env, lane), start=1):
        shown[cell] = f"{agent}{'^v><'[facing]}{_thing(held)}"
    rows = [" ".join(shown[row * room.width : (row + 1) * room.width]) for row in range(room.height)]
    return "\n".join([f"tick {env.tick[lane]} of {env.params.steps}", *(row.rstrip() for row in rows)])


def _thing(item: int) -> str:
    return {NOTHING: " ", ONION: "o", DISH: "d"}.get(item, "s")


def _pot(env: Overcooked, lane: int, cell: int) -> str:
    """How many onions are in a pot, or ~ where it cooks, or ! where soup is ready."""
    code = int(env.content[lane, cell])
    return "!" if code >= READY else "~" if code >= COOKING else str(code or " ")


def _agents(env: Overcooked, lane: int) -> list[tuple[int, int, int]]:
    """Cell, direction and thing held of each agent."""
    return list(zip(env.cell[lane].tolist(), env.facing[lane].tolist(), env.held[lane].tolist(), strict=True))


def _svg(env: Overcooked, lane: int) -> str:
    room, parts = env.kitchen, []
    for cell, place in enumerate(room.place.tolist()):
        x, y = (CELL * at for at in (cell % room.width, cell // room.width))
        parts.append(rect(x, y, CELL, CELL, _GROUND.get(place, "#f3efe6"), line="#b9ad97"))
        middle = (x + CELL / 2, y + CELL / 2)
        if place == POT:
            parts += _pot_drawn(env, lane, cell, *middle)
        elif place == ONIONS:
            parts += [circle(middle[0] + dx, middle[1] + dy, 8, _ONION) for dx, dy in ((-8, 6), (8, 6), (0, -7))]
        elif place == DISHES:
            parts += [circle(middle[0] + 3 * n - 3, middle[1] + 3 - 3 * n, 13, _DISH) for n in range(3)]
        elif place == SERVING:
            parts.append(text(middle[0], middle[1] + 5, "serve", 13))
        else:
            parts += _item(int(env.content[lane, cell]), *middle, 9)
    for agent, (cell, facing, held) in enumerate(_agents(env, lane)):
        parts += _cook(agent, cell, facing, held, room.width)
    below = CELL * room.height
    parts.append(text(6, below + 17, f"tick {env.tick[lane]} of {env.params.steps}", 13, anchor="start"))
    return svg(CELL * room.width, below + 24, parts)


def _cook(agent: int, cell: int, facing: int, held: int, width: int) -> list[str]:
    x, y = CELL * (cell % width + 0.5), CELL * (cell // width + 0.5)
    down, right = DIRECTIONS[facing].tolist()
    nose = [(x + 20 * right, y + 20 * down)]
    nose += [(x + 10 * right + side * 9 * down, y + 10 * down + side * 9 * right) for side in (-1, 1)]
    parts = [polygon(nose, AGENTS[agent % len(AGENTS)]), circle(x, y, 14, AGENTS[agent % len(AGENTS)])]
    return parts + (_item(held, x + 9 * right, y + 9 * down, 8) or [text(x, y + 5, str(agent + 1), 14, "white")])


def _item(item: int, x: float, y: float, radius: float) -> list[str]:
    """A thing that lies somewhere or is held; nothing is drawn where there is none."""
    if item == NOTHING:
        return []
    if item == ONION:
        return [circle(x, y, radius, _ONION)]
    plate = circle(x, y, radius + 2, _DISH)
    return [plate] if item == DISH else [plate, circle(x, y, radius - 2, _BROTH)]


def _pot_drawn(env: Overcooked, lane: int, cell: int, x: float, y: float) -> list[str]:
    """A pot: its onions, how long it still cooks, or that soup is ready."""
    code = int(env.content[lane, cell])
    parts = [circle(x, y, 18, "#3b3b3b")]
    if code >= READY:
        return [*parts, circle(x, y, 13, _BROTH), text(x, y + 5, "ready", 10, "white")]
    if code >= COOKING:
        number = env.kitchen.where(POT).tolist().index(cell)
        left = env.params.cook_time - int(env.cooked[lane, number])
        return [*parts, circle(x, y, 13, GREY), text(x, y + 5, str(left), 14, INK)]
    places = ((-7, 5), (7, 5), (0, -7))[: min(code, FULL)]
    return parts + [circle(x + dx, y + dy, 6, _ONION) for dx, dy in places]

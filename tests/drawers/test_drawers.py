"""Drawers: chosen by name, asked with care; where one fails, the match is drawn all the same, and it is said why."""

from __future__ import annotations

import _thread
import base64
import importlib.util
import json
import os
import signal
import sys
import zlib

import numpy as np
import pytest

from marl.cli.check import check_plugin
from marl.drawers.drawn import LARGEST, Drawn
from marl.drawers.state import Params, StateDrawer
from marl.errors import UserError
from marl.games import drawing
from marl.registry import DRAWERS, Component, load_registry
from marl.run.drawing import drawer_of
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.skirmish import skirmish

SOURCE = """
import sys, time
import numpy as np
from marl.env import Frame
from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg">'


class Fine:
    count = 0

    def __init__(self, environment):
        self.environment, self.seen = environment, 0

    def render(self, lane):
        self.seen += 1
        return self.draw(lane)

    def draw(self, lane):
        return Frame(f"picture {self.seen}", HEAD + f"<text>picture {self.seen}</text></svg>")


class Raises(Fine):
    def draw(self, lane):
        raise KeyError("no board")


class Later(Fine):
    def draw(self, lane):
        return super().draw(lane) if self.seen < 3 else 1 / 0


class Hangs(Fine):
    def draw(self, lane):
        time.sleep(3600)


class Exits(Fine):
    def draw(self, lane):
        sys.exit(3)


class Script(Fine):
    def draw(self, lane):
        return Frame("x", HEAD + "<script>alert(1)</script></svg>")


class Megabyte(Fine):
    def draw(self, lane):
        return Frame("x" * 2**20, "")


class Plain(Fine):
    def draw(self, lane):
        return "a picture"


class Silent(Fine):
    def draw(self, lane):
        return Frame(" ", "")


class Steers(Fine):
    def draw(self, lane):
        return Frame("one\\x1b[2Jtwo\\nthree", "")


class Refuses(Fine):
    def __init__(self, environment):
        raise ValueError("it draws chess")


class Unborn(Fine):
    def __init__(self, environment):
        raise KeyError("surprise")


class Meddles(Fine):
    def draw(self, lane):
        self.environment.reset(np.array([0]), np.array([self.seen], np.uint64))
        return super().draw(lane)


class Moody(Fine):
    def draw(self, lane):
        Fine.count += 1
        return Frame(f"picture {Fine.count}", "")


class Lost:
    def __init__(self, environment):
        pass


@hookimpl
def marl_drawers():
    kinds = [Fine, Raises, Later, Hangs, Exits, Script, Megabyte, Plain]
    kinds += [Silent, Steers, Refuses, Unborn, Meddles, Moody, Lost]
    return [Descriptor(kind.__name__.lower(), f"easel:{kind.__name__}", "draws") for kind in kinds]
"""
SAID = {
    "raises": "failed in render(lane) (easel.py, line",
    "later": "ZeroDivisionError",
    "hangs": "took longer than",
    "exits": "raised SystemExit: 3",
    "script": "the SVG holds <script>, which a page does not show",
    "megabyte": "gave a picture of 1,048,576 letters",
    "plain": "a marl.env.Frame of some text and of SVG",
    "silent": "gave no text",
    "unborn": "KeyError: 'surprise'",
    "lost": "made a Lost that has no 'render'",
}
CHECKED = SAID | {
    "meddles": "changes the match that it draws",
    "moody": "draws one and the same match of corridor in two ways",
    "refuses": "nothing could be tried: not for corridor: not drawn by",
}


@pytest.fixture(scope="module")
def easel(tmp_path_factory):
    """A registry with the plugin above, which a worker may meet twice."""
    file = tmp_path_factory.mktemp("easel") / "easel.py"
    file.write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        patch.setenv("MARL_PLUGIN_DIR", str(file))
        patch.delitem(sys.modules, "easel", raising=False)
        registry = load_registry()
        yield registry
    sys.modules.pop("easel", None)


@pytest.fixture
def patient(monkeypatch, request):
    """Little time for whoever hangs, and as much as ever for all others, whatever else the machine does."""
    if request.getfixturevalue("name") == "hangs":
        monkeypatch.setenv("MARL_PLUGIN_TIMEOUT", "0.12")


def begun(game=kuhn):
    made = game(1)
    made.reset(np.zeros(1, np.int64), np.array([7], np.uint64))
    return made


def test_a_drawer_draws_and_each_match_has_its_own(easel):
    drawn = Drawn(Component("easel/fine"), begun(), easel)
    assert [drawn.render(0).text for _ in range(2)] == ["picture 1", "picture 2"]
    assert drawn.begin().render(0).text == "picture 1" and drawn.problem == ""


@pytest.mark.parametrize("name", SAID)
def test_where_one_fails_the_match_is_drawn_all_the_same(name, easel, patient):
    game = begun()
    drawn = Drawn(Component(f"easel/{name}"), game, easel)
    pictures = [drawn.render(0) for _ in range(4)]
    assert pictures[-1] == game.render(0)
    assert [one.text for one in pictures[:2]] == (
        ["picture 1", "picture 2"] if name == "later" else [game.render(0).text] * 2
    )
    assert SAID[name] in drawn.problem and drawn.problem.startswith(
        f"not drawn by drawer 'easel/{name}' (plugin 'easel'"
    )
    assert "\n" not in drawn.problem and len(drawn.problem) < 500
    assert drawn.begin().render(0) == game.render(0)  # and it is not asked again


def test_what_would_steer_a_terminal_is_written_out(easel):
    assert Drawn(Component("easel/steers"), begun(), easel).render(0).text == "one\\x1b[2Jtwo\nthree"


def test_a_persons_interrupt_is_nobodys_failure(easel, monkeypatch):
    drawn = Drawn(Component("easel/fine"), begun(), easel)
    monkeypatch.setattr(drawn._drawer, "draw", lambda lane: _thread.interrupt_main())
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            drawn.render(0)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("easel/fin", "did you mean 'easel/fine'"),
        ("marl/state colums=3", "colums"),
        ("marl/state columns=0", "columns"),
        ("easel/refuses", "it draws chess"),
        ("marl/state", "its spec declares no state"),
    ],
)
def test_what_is_typed_wrongly_is_said_at_once(text, sentence, easel):
    with pytest.raises(UserError, match=sentence):
        drawer_of(text, begun(matching_pennies), easel)


def test_nothing_typed_is_the_environment(easel):
    game = begun()
    assert drawer_of("", game, easel) is game


def test_the_state_is_drawn_number_by_number_with_what_changed():
    game, lane = begun(skirmish), np.zeros(1, np.int64)
    state = game.state(lane)[0]
    drawer = StateDrawer(game, Params(columns=1, most=8))
    first = drawer.render(0)
    assert first.text.splitlines() == ["state:", *(f"  {number:>6.3g}" for number in state[:8])]
    assert first.svg.count(drawing.INK) == 1  # nothing changed yet: words alone are dark
    game.step(lane, [np.array([[2, 1], [2, 1]]), np.zeros((2, 2), np.float32)])
    changed = int((game.state(lane)[0] != state)[:8].sum())
    assert drawer.render(0).svg.count(drawing.INK) == 1 + changed and 0 < changed < 8


@pytest.mark.parametrize("name", CHECKED)
def test_the_check_tells_of_each(name, easel, patient):
    found = {one.check: one for one in check_plugin(easel, easel.plugin("easel"), name)}
    trial = found["trial"]
    assert trial.status == ("warn" if name == "refuses" else "fail")
    assert CHECKED[name] in trial.message


def test_the_check_passes_what_is_right(easel):
    for plugin, name in (("easel", "fine"), ("marl", "state")):
        found = list(check_plugin(easel, easel.plugin(plugin), name))
        assert {one.status for one in found} == {"pass"} and "trial" in {one.check for one in found}


@pytest.mark.skipif(not importlib.util.find_spec("marl_classic"), reason="needs the plugin marl-classic")
class TestShown:
    """Where people see it."""

    def test_in_the_terminal(self, easel):
        from marl.cli import watch

        _, frames = watch._match("marl/random", "", None, 0, "classic/tic_tac_toe", "easel/fine", easel)
        assert [frame.text for _, frame in frames][:3] == ["picture 1", "picture 2", "picture 3"]

    def test_in_the_terminal_the_moment_it_fails_is_said(self, easel):
        from marl.cli import watch

        _, frames = watch._match("marl/random", "", None, 0, "classic/tic_tac_toe", "easel/later", easel)
        lines = [(line, frame.text) for line, frame in frames]
        assert [number for number, (line, _) in enumerate(lines) if "not drawn by drawer 'easel/later'" in line] == [2]
        assert lines[1][1] == "picture 2" and len(lines[2][1].splitlines()) == 3

    @pytest.mark.parametrize("name", ["fine", "script", "hangs", "megabyte"])
    def test_on_the_page_of_a_tournament(self, name, easel, tmp_path, patient):
        from rich.console import Console

        from league.tournament.event import create
        from league.tournament.operate import Options, operate
        from league.tournament.page.page import render
        from league.tournament.page.replays import replays
        from league.tournament.progress import Display
        from league.tournament.standings import view
        from league.tournament.submit import Terms, submit
        from marl.scenario import load_scenario

        draft = tmp_path / "draft.yaml"
        draft.write_text(f"kind: tournament\nenv: classic/tic_tac_toe\ndrawer: easel/{name}\nsandbox: none\n")
        event = create(tmp_path / "cup", load_scenario(draft, [], easel), easel)
        for player in ("marl/random", "marl/first"):
            submit(event, player, Terms(trust=True, valid=False))
        operate(event, Options(1), Display(Console(quiet=True)))
        standings = view(event)
        shown = replays(event, standings.matches, event.drawer())
        page = render(event, standings)
        event.close()
        assert len(shown) == len(standings.matches) > 0 and "<script>alert" not in page
        for one in shown.values():
            frames = json.loads(zlib.decompress(base64.b64decode(one["frames"])))
            assert len(frames) == len(one["moves"]) + 1 and all(len(frame) < LARGEST for frame in frames)
            assert ("picture 1" in frames[0]) == (name == "fine")
            assert ("not drawn by" in one["note"]) == (name != "fine")

    def test_an_event_whose_drawer_does_not_fit_is_not_made(self, easel, tmp_path):
        from league.tournament.event import create
        from marl.scenario import load_scenario

        draft = tmp_path / "draft.yaml"
        draft.write_text("kind: tournament\nenv: classic/tic_tac_toe\ndrawer: easel/refuses\n")
        with pytest.raises(UserError, match=r"drawer: the matches of classic/tic_tac_toe are not drawn by .*chess"):
            create(tmp_path / "cup", load_scenario(draft, [], easel), easel)
        assert not (tmp_path / "cup").exists()

    def test_on_the_page_of_a_red_team_as_an_image(self, easel, tmp_path):
        from league.redteam import page
        from league.redteam.team import RedTeam
        from marl.run.players import contestant

        best = Component("league/best_response")
        game = Component("classic/rock_paper_scissors")
        team = RedTeam(
            easel, game, contestant("marl/first", easel), best, best.name, tmp_path, exploiters=1, matches=20
        )
        report = team.run()
        environment = team.services.environment(1)
        for name, words in (("fine", "picture 1"), ("script", "")):
            drawn = Drawn(Component(f"easel/{name}"), environment, easel)
            html = page.render(report, tmp_path, environment, drawn)
            pictures = [base64.b64decode(part.partition('"')[0]).decode() for part in html.split("svg+xml;base64,")[1:]]
            assert ("picture 1" in "".join(pictures)) == bool(words) and "<script>alert" not in html
            assert ("which a page does not show" in html) == (name == "script")


def test_the_kind_is_typed(easel):
    made = easel.make(DRAWERS, "easel/fine", {}, environment=begun())
    assert made.render(0).text == "picture 1"

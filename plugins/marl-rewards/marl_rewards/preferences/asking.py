"""Asking people which of two clips is better, on a page or in the terminal. Answers are files at once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from marl.errors import UserError
from marl.page import document
from marl.page.text import escape
from marl.registry import Registry
from marl.scenario import load_run
from marl_rewards.lab.reward_of import reward_of
from marl_rewards.preferences.clips import Asker, Clip, Question
from marl_rewards.preferences.people import LABELS, keep_answer

SAYS = {"first": "The first", "second": "The second", "equal": "Equally good", "skip": "I cannot tell"}
ASKING = ("rewards/bradley_terry", "rewards/reed", "rewards/hindsight_prior")
ASSETS = Path(__file__).parent / "page"


def asker_of(run: Path, registry: Registry) -> Asker:
    """Who asks for a run, by what its scenario says. Raises UserError where its rewards ask nobody."""
    reward = reward_of(load_run(run, registry))
    for one in reward.channels.values():
        if one.name in ASKING and one.params.get("people"):
            return Asker(run, Path(str(one.params["people"])), int(str(one.params["segment"])), registry)
    raise UserError(
        f"{run}: no channel of its reward asks people; give one with "
        f"{{name: rewards/bradley_terry, people: {run}/preferences}}"
    )


def page(question: Question | None, done: int, wanted: int, token: str) -> str:
    """The page of one question; of none, that all are answered."""
    if question is None:
        return document(
            "Thank you", "marl rewards judge", f"<main><h1>Thank you</h1><p>{done} answers are kept.</p></main>", ASSETS
        )
    clips = "".join(_clip(name, clip) for name, clip in zip(("First", "Second"), question.clips, strict=True))
    buttons = "".join(f'<button name="answer" value="{key}">{SAYS[key]}</button>' for key in LABELS)
    form = (
        f'<form method="post" action="/{token}"><input type="hidden" name="question" value="{question.number}">'
        f"{buttons}</form>"
    )
    body = (
        f'<main><p class="kind">Question {done + 1} of {wanted}</p><h1>Which one is better?</h1>'
        f"<p>You judge {escape(question.who)}. Keys: left, right, up (equal), space (cannot tell).</p>"
        f'<div class="clips">{clips}</div>{form}</main>'
    )
    return document("Which one is better?", "marl rewards judge", body, ASSETS)


def _clip(name: str, clip: Clip) -> str:
    frames = "".join(
        f'<div class="frame"{"" if number == 0 else " hidden"}>{frame.svg or f"<pre>{escape(frame.text)}</pre>"}</div>'
        for number, frame in enumerate(clip.frames)
    )
    return f'<section class="clip"><h2>{name}</h2>{frames}<p class="at">turn 1 of {len(clip.frames)}</p></section>'


class Server(HTTPServer):
    """Asks on a page that only this machine can open, under an address that nobody guesses; one question at a time."""

    def __init__(self, asker: Asker, wanted: int, seed: int, port: int) -> None:
        self.asker, self.wanted, self.seed, self.done = asker, wanted, seed, 0
        self.token = secrets.token_urlsafe(12)
        self.question: Question | None = asker.ask(seed)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}"

    def answer(self, number: int, answer: str) -> None:
        """Keep an answer and make the next question; an answer that comes twice counts once."""
        if self.question is None or number != self.question.number:
            return
        keep_answer(self.asker.folder, number, answer)
        self.done += 1
        self.question = self.asker.ask(self.seed + self.done) if self.done < self.wanted else None


class Handler(BaseHTTPRequestHandler):
    """GET shows the question, POST answers it."""

    server: Server

    def do_GET(self) -> None:
        """The page; 404 for any other address."""
        self._send(page(self.server.question, self.server.done, self.server.wanted, self.server.token))

    def do_POST(self) -> None:
        """Take an answer, then show the next question."""
        size = min(int(self.headers.get("Content-Length") or 0), 1000)
        given = parse_qs(self.rfile.read(size).decode("utf-8", "replace"))
        number, answer = given.get("question", [""])[0], given.get("answer", [""])[0]
        if self.path == f"/{self.server.token}" and number.isdigit() and answer in LABELS:
            self.server.answer(int(number), answer)
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is for people."""

    def _send(self, text: str) -> None:
        right = self.path == f"/{self.server.token}"
        body = text.encode() if right else b"not here: open the whole address that the command printed\n"
        self.send_response(200 if right else 404)
        self.send_header("Content-Type", f"text/{'html' if right else 'plain'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def on_a_page(asker: Asker, wanted: int, seed: int, port: int) -> int:
    """Ask until `wanted` are answered, or somebody interrupts; how many were."""
    with Server(asker, wanted, seed, port) as server:
        print(f"open {server.address}    (Ctrl-C ends it; answers are kept as they come)", flush=True)
        try:
            while server.question is not None:
                server.handle_request()
        except KeyboardInterrupt:
            pass
        return server.done


def in_the_terminal(
    asker: Asker, wanted: int, seed: int, read: Callable[[str], str] = input, delay: float = 0.2
) -> int:
    """The same without a browser: both clips one after the other, then 1, 2, = or nothing."""
    keys = {"1": "first", "2": "second", "=": "equal", "": "skip"}
    done = 0
    try:
        while done < wanted:
            question = asker.ask(seed + done)
            for name, clip in zip(("first", "second"), question.clips, strict=True):
                for number, frame in enumerate(clip.frames, 1):
                    print(f"\n{name} clip, {number} of {len(clip.frames)} ({question.who})\n{frame.text}", flush=True)
                    time.sleep(delay)
            while (said := read("\nwhich is better? 1, 2, = (equal), Enter (cannot tell): ").strip()) not in keys:
                print(f"{said!r} is none of 1, 2, = and Enter")
            keep_answer(asker.folder, question.number, keys[said])
            done += 1
    except (KeyboardInterrupt, EOFError):
        pass
    return done

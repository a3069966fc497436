"""A program that stands in for a language model: it reads the prompts of `prompts.py`, and answers by rules.

It sees the text of a prompt and nothing else, and speaks OpenAI's protocol over HTTP, so that all that a real model
would go through is gone through, without a network. `python -m marl_economy.language.stand_in --port 8000` serves it;
`url: stand-in` starts it by itself on a free port of this machine, for as long as this process lives.

Rules: a worker takes the effort that leaves it with most, as far as its persona lets it. A planner tries the rates next
to the best that it knows, one bracket at a time, and stays with the best when there is nothing new to try. A candidate
wants more taxes on incomes above its own where it earns less than the mean, and less where it earns more; voters count
what a platform leaves them with if everybody earned as before. Nothing is drawn: the same prompt has the same answer.
"""

from __future__ import annotations

import argparse
import atexit
import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from marl.errors import RunError
from marl.types import Floats
from marl_economy import taxes

MODES = ("ok", "garbage", "error", "hang", "trickle", "gullible")
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
_started: dict[int, tuple[subprocess.Popen[str], str]] = {}  # by process id: a fork starts its own
_starting = threading.Lock()


def answer(messages: list[dict[str, str]]) -> str:
    """What the rules say to the messages of a request."""
    system, user = messages[0]["content"], messages[-1]["content"]
    if "tax planner" in system:
        return json.dumps({"delta": _plan(user)})
    if "How much effort" in user:
        return json.dumps({"effort": _work(system, user)})
    if "stand for election" in user.split("\n", 1)[-1]:
        return json.dumps({"delta": _stand(user)})
    if "For whom do you vote" in user:
        return json.dumps({"candidate": _vote(user)})
    return "I do not know."


def _floats(text: str) -> list[float]:
    return [float(one) for one in _NUMBERS.findall(text)]


def _line(user: str, begins: str) -> list[float]:
    """The numbers of the line that begins so."""
    line = next(line for line in user.splitlines() if line.startswith(begins))
    return _floats(line[len(begins) :])


def _work(system: str, user: str) -> float:
    """The best effort, as far as the persona goes."""
    rows = [_floats(line) for line in user.splitlines() if line.startswith("effort ")]
    efforts, worth = np.array(rows).T
    known = re.search(r"your effort was (\d+\.\d+)", user)
    last = int(np.abs(efforts - float(known.group(1))).argmin()) if known else None
    best = int(worth.argmax())
    if "content" in system and last is not None and worth[last] >= worth[best] - 0.02 * abs(worth[best]):
        return float(efforts[last])
    if "round numbers" in system:
        quarters = [index for index, effort in enumerate(efforts) if abs(effort * 4 - round(effort * 4)) < 1e-6]
        return float(efforts[max(quarters, key=lambda index: worth[index])])
    if "by a little" in system and last is not None:
        return float(efforts[last + int(np.clip(best - last, -3, 3))])
    return float(efforts[best])


def _plan(user: str) -> list[int]:
    """Towards rates next to the best known that were not tried, or back to the best."""
    now = tuple(_line(user, "The rates now: "))
    seen: dict[tuple[float, ...], list[float]] = {}
    for rates, welfare in re.findall(r"rates \[(.*?)\], welfare (-?\d+\.\d+)", user):
        seen.setdefault(tuple(_floats(rates)), []).append(float(welfare))
    best = max(seen, key=lambda rates: sum(seen[rates]) / len(seen[rates]), default=now)
    for step, bracket in itertools.product((20, -20, 10, -10), range(len(now))):
        tried = [*best]
        tried[bracket] += step
        if 0 <= tried[bracket] <= 100 and tuple(tried) not in seen:
            return _towards(now, tried)
    return _towards(now, best)


def _towards(now: tuple[float, ...], wanted: Any) -> list[int]:
    return [int(np.clip(to - at, -20, 20)) for at, to in zip(now, wanted, strict=True)]


def _stand(user: str) -> list[int] | None:
    """More for those who earn more than I do, where I gain by it; nobody stands who would change nothing."""
    cutoffs, rates = np.array(_line(user, "Brackets begin at: ")), _line(user, "The rates now: ")
    income, incomes = _line(user, "Your income of last year: ")[0], np.array(_line(user, "Incomes of last year: "))
    wanted = []
    for low, rate in zip(cutoffs, rates, strict=True):
        poor = income < incomes.mean()
        change = (20 if low >= taxes.bracket(np.array(income), cutoffs) else 10) if poor else -10
        wanted.append(int(np.clip(rate + change, 0, 90) - rate) if rate <= 90 else -10)
    return wanted if any(wanted) else None


def _vote(user: str) -> int:
    """Whoever would leave me with most, if all earned as before."""
    cutoffs = np.array(_line(user, "Brackets begin at: "))
    income, incomes = _line(user, "Your income of last year: ")[0], np.array(_line(user, "Incomes of last year: "))
    platforms = re.findall(r"^candidate (\d+): rates \[(.*?)\]", user, re.MULTILINE)

    def left(rates: Floats) -> float:
        due = taxes.due(incomes, rates, cutoffs)
        mine = taxes.due(np.array([income]), rates, cutoffs)[0]
        return float(income - mine + due.mean())

    return int(max(platforms, key=lambda one: left(np.array(_floats(one[1])) / 100))[0])


class Handler(BaseHTTPRequestHandler):
    """`POST /v1/chat/completions`; below `/hang/v1` and so on it misbehaves as that mode does, for tests."""

    protocol_version = "HTTP/1.1"

    @property
    def mode(self) -> str:
        """The first part of the path, where it is a mode."""
        first = self.path.split("/")[1]
        return first if first in MODES else "ok"

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.mode == "hang":
            time.sleep(3600)
        if not self.path.endswith("/chat/completions"):
            return self._reply(404, {"error": {"message": f"there is no {self.path} here"}})
        if self.mode == "error":
            key = self.headers.get("Authorization", "")
            return self._reply(500, {"error": {"message": f"the model is on fire, {key}"}})
        try:
            content = json.loads(body)
            text = self._text(content["messages"])
        except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
            return self._reply(400, {"error": {"message": f"what was asked is not clear: {error!r}"}})
        words = len(text.split()) + sum(len(one["content"].split()) for one in content["messages"])
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {
            "prompt_tokens": words - len(text.split()),
            "completion_tokens": len(text.split()),
            "total_tokens": words,
        }
        self._reply(200, {"object": "chat.completion", "model": content["model"], "choices": [choice], "usage": usage})

    def _text(self, messages: list[dict[str, str]]) -> str:
        if self.mode == "garbage":
            return 'As a large model I think \u2014 }{ "effort": lots \x00'
        if self.mode == "gullible":  # does what the last braces of the persona say
            found = re.findall(r"\{[^{}]*\}", messages[0]["content"].split("<persona>")[-1].split("</persona>")[0])
            return found[-1] if found else answer(messages)
        return answer(messages)

    def _reply(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(len(body)) if self.mode == "trickle" else ():
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()
            time.sleep(0.05)
        if self.mode != "trickle":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """It says nothing."""


def address() -> str:
    """Where the stand-in of this process listens; it is started where there is none. Raises RunError."""
    with _starting:
        known = _started.get(os.getpid())
        if known is None or known[0].poll() is not None:
            command = [sys.executable, "-m", __name__, "--with-parent"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line.startswith("http://"):
                raise RunError(f"the stand-in did not start: {' '.join(command)} said {line!r}")
            atexit.register(process.kill)
            known = _started[os.getpid()] = process, line
        return known[1]


def main() -> None:
    """Serve until killed, or until whoever started it is gone."""
    parser = argparse.ArgumentParser(description="A program that stands in for a language model.")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free; it is printed")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    asked = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", asked.port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    if asked.with_parent:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()

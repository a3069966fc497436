"""Asks a language model, several questions at a time, within a budget; every answer is kept.

An endpoint that is too slow or fails (429, 5xx, no connection) is asked again after a pause. Where that does not help,
or it refuses (401, 404, ...), RunError says what it said: a run stops, and goes on from there by `marl resume`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from marl.errors import RunError
from marl_economy.language.log import Log, Said, identity
from marl_economy.language.params import STAND_IN, Endpoint
from marl_economy.language.stand_in import address

AGAIN = (408, 409, 429, 500, 502, 503, 504, 529)  # answers after which asking again may help
LONGEST = 1_000_000  # bytes of an answer that are read


class SpentError(RunError):
    """The budget is spent."""


class NoAnswerError(Exception):
    """Asking once brought nothing; `again`: it may be different the next time."""

    def __init__(self, sentence: str, again: bool) -> None:
        super().__init__(sentence)
        self.again = again


@dataclass(frozen=True)
class Question:
    """What is asked: who the model is to be, and what it is to answer. `row`: what it is for, see `Log`."""

    system: str
    user: str
    row: int = 0


class Client:
    """See above. The log is read when it is made."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.log = Log(Path(endpoint.log) if endpoint.log else None)
        self._under_way = 0  # requests that are not in the log yet
        self._lock = threading.Lock()

    def ask(self, questions: Sequence[Question]) -> list[str]:
        """The answer to each. Raises RunError where one cannot be had; those that were had are kept."""
        with ThreadPoolExecutor(self.endpoint.parallel) as pool:
            waiting = [pool.submit(self._answer, question) for question in questions]
            try:
                return [one.result() for one in waiting]
            except BaseException:
                for one in waiting:
                    one.cancel()
                raise

    def _answer(self, question: Question) -> str:
        content = self._content(question)
        id = identity(content, question.row)
        if (known := self.log.known.get(id)) is not None:
            return known.text
        pause, tried = self.endpoint.pause, 0
        while True:
            self._take(tried)
            tried += 1
            try:
                text, tokens = self._request(content)
                self._keep(id, content, tried, Said(text, tokens, tried))
                return text
            except NoAnswerError as failed:
                if not failed.again or tried > self.endpoint.retries:
                    self._keep(id, content, tried, None, str(failed))
                    asked = f"{tried} request{'' if tried == 1 else 's'}"
                    raise RunError(
                        f"the language model at {self.endpoint.url} gave no answer to {asked}: {failed}; what it "
                        "answered before is kept"
                    ) from None
                time.sleep(pause)
                pause *= 2

    def _take(self, tried: int) -> None:
        """Take a request out of the budget. Raises SpentError where there is none left; `tried` are given back."""
        endpoint, log = self.endpoint, self.log
        with self._lock:
            spent = {"calls": log.requests + self._under_way, "tokens": log.tokens}
            for name, allowed in (("calls", endpoint.calls), ("tokens", endpoint.tokens)):
                if spent[name] >= allowed:
                    self._under_way -= tried
                    raise SpentError(
                        f"the budget of {allowed:,} {name} for the language model is spent; what was answered is kept, "
                        f"and a larger one ({name}: {2 * max(allowed, 1)}) goes on from there"
                    )
            self._under_way += 1

    def _keep(self, id: str, content: dict[str, Any], tried: int, said: Said | None, error: str = "") -> None:
        with self._lock:
            self.log.add(id, content, said, error, tried)
            self._under_way -= tried

    def _content(self, question: Question) -> dict[str, Any]:
        messages = [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}]
        endpoint = self.endpoint
        return {
            "model": endpoint.model,
            "messages": messages,
            "temperature": endpoint.temperature,
            "max_tokens": endpoint.max_tokens,
        }

    def _request(self, content: dict[str, Any]) -> tuple[str, int]:
        """One request: the answer's text, and tokens. Raises NoAnswerError, in which no key is named."""
        base = address() if self.endpoint.url == STAND_IN else self.endpoint.url
        key = os.environ.get(self.endpoint.key, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            with requests.post(
                f"{base.rstrip('/')}/chat/completions",
                json=content, headers=headers, timeout=self.endpoint.timeout, stream=True, allow_redirects=False,
            ) as reply:  # fmt: skip
                body = self._body(reply)
        except (requests.Timeout, ReadTimeoutError):
            raise NoAnswerError(f"it said nothing for {self.endpoint.timeout:g} s (`timeout`)", True) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise NoAnswerError(hidden(f"it cannot be reached ({error})", key), True) from None
        if reply.status_code != 200:
            said = hidden(body.decode(errors="replace")[:200].strip(), key)
            asked = not key and reply.status_code in (401, 403)
            missing = f" (no key was sent, since {self.endpoint.key} is not set)" if asked else ""
            raise NoAnswerError(
                f"it answered {reply.status_code}: {said or 'nothing more'}{missing}", reply.status_code in AGAIN
            )
        return _read(body)

    def _body(self, reply: requests.Response) -> bytes:
        """What is answered, in the seconds that it may take, however slowly it trickles in."""
        until, body = time.monotonic() + self.endpoint.timeout, b""
        while part := reply.raw.read1(65536, decode_content=True):
            body += part
            if len(body) > LONGEST:
                raise NoAnswerError(f"its answer is longer than {LONGEST:,} bytes", False)
            if time.monotonic() > until:
                raise NoAnswerError(f"its answer took longer than {self.endpoint.timeout:g} s (`timeout`)", True)
        return body


def hidden(text: str, key: str) -> str:
    """A sentence without the key."""
    return text.replace(key, "***") if key else text


def _read(body: bytes) -> tuple[str, int]:
    """Text and tokens of an answer. Raises NoAnswerError where it is no answer of this protocol."""
    try:
        content = json.loads(body)
        text = content["choices"][0]["message"]["content"]
        tokens = int((content.get("usage") or {}).get("total_tokens", 0))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise NoAnswerError(f"what it answered is no chat completion: {body[:100]!r}", True) from None
    return str(text or ""), max(tokens, 0)

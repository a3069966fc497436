"""Where a language model is, and what it may cost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from marl.registry.ranges import above, at_least

STAND_IN = "stand-in"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"^(sk|key|pk|hf|gsk)[-_]", re.IGNORECASE)


@dataclass
class Endpoint:
    """An endpoint that answers `/chat/completions` as OpenAI's does."""

    url: str = STAND_IN
    """Its address, such as http://localhost:8000/v1. `stand-in`: the program that comes with the plugin."""
    model: str = STAND_IN
    """The model's name, as the endpoint knows it."""
    key: str = "OPENAI_API_KEY"
    """The environment variable that holds the key; where it is not set, none is sent."""
    temperature: float = 0.0
    """How freely the model answers; 0: what it finds most probable."""
    max_tokens: int = 200
    """The longest answer."""
    timeout: float = 60.0
    """Seconds to wait for an answer."""
    retries: int = 3
    """How often a question is asked again, where the endpoint fails or is too slow."""
    pause: float = 1.0
    """Seconds before it is asked again; twice as long each time."""
    parallel: int = 8
    """Questions that are asked at the same time."""
    calls: int = 10_000
    """The budget: no more requests than these, retries included, over all resumes of a run. Then the run stops."""
    tokens: int = 5_000_000
    """The budget: no further request once questions and answers took so many tokens, as the endpoint counts."""
    log: str = ""
    """The file that keeps all that is said, a line each; a question that was answered before is answered from it. A run
    of `kind: economy` has its own. Nothing: what is said is kept in memory alone."""

    def __post_init__(self) -> None:
        at_least(self, 1, "max_tokens", "parallel")
        at_least(self, 0, "temperature", "retries", "pause", "calls", "tokens")
        above(self, 0, "timeout")
        if not _NAME.fullmatch(self.key) or _SECRET.match(self.key):
            raise ValueError(
                "key must be the name of an environment variable that holds the key, such as OPENAI_API_KEY, and not "
                "the key itself, which would be written down with the run"
            )
        if self.url != STAND_IN and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url must begin with http:// or https://, or be {STAND_IN!r}, not {self.url!r}")


@dataclass
class LanguageParams(Endpoint):
    """Parameters of a language model that plans or works."""

    personas: list[str] = field(default_factory=list)
    """Who the workers are, in a sentence or two each, dealt out in turn; nobody in particular where there are none. A
    name of a persona that comes with the plugin does as well: `careful`, `content`, `round`, `keen`."""
    history: int = 100
    """How many of the last years a planner is told of."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "history")


@dataclass
class CouncilParams(LanguageParams):
    """Parameters of a council of elected workers."""

    term: int = 5
    """Years from one election to the next."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "term")

"""A scenario, once it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """A checked scenario.

    `kind`: who runs it. `name`: its `name:`, or the file's. `config`: an instance of the dataclass of its runner, with
    components named in full and completed by their defaults. `text`: the same as YAML, which loads to the same again.
    An address with a password is there as the reference that it was given by. `source`: the file it came from.

    `absent`: what it names and is not installed here, a sentence each, where that was allowed; such components have the
    parameters that stand there, unchecked.
    """

    kind: str
    name: str
    config: Any
    text: str
    source: Path
    absent: tuple[str, ...] = ()

"""Reading what names plugins that are not here: their components stay as they are written."""

from __future__ import annotations

from marl.registry.descriptor import Descriptor
from marl.registry.params import Finder


class Lenient:
    """A `Finder` that puts up with what it does not find, and keeps the sentences about it in `absent`."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.absent: list[str] = []

    def find(self, kind: str, name: str) -> Descriptor:
        """See `Finder`."""
        return self.finder.find(kind, name)

    def schema(self, descriptor: Descriptor) -> type | None:
        """See `Finder`."""
        return self.finder.schema(descriptor)

    def may_lack(self, sentence: str) -> bool:
        """It may; the sentence is kept."""
        self.absent.append(sentence)
        return True

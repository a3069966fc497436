"""What a kind of run says of how its runs go on: on its configuration class, as `RULES`.

Its `former(values)`, where it has one, writes what older run directories say as it is said now, in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rules:
    """`files`: what a branch takes along, of what is in the run directory; none where runs cannot be branched.

    `fixed`: keys that no command may change once the run has begun (with all keys below them; "" is every key), and
    why.
    """

    files: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def against(self, key: str) -> str:
        """Why a key may not change, or "". A component that is exchanged as a whole changes all that is below it."""
        dotted = key.replace("[", ".").replace("]", "") + "."
        for fixed, why in self.fixed.items():
            if not fixed or dotted.startswith(f"{fixed}.") or f"{fixed}.".startswith(dotted):
                return why
        return ""


def rules(config: object) -> Rules:
    """The rules of a run with this configuration; without any, everything may change and nothing can be branched."""
    found = getattr(config, "RULES", None)
    return found if isinstance(found, Rules) else Rules()

"""The parameters of the world; who reads a scenario needs no more."""

from __future__ import annotations

from dataclasses import dataclass

REACH = 3  # cells that a shot goes, so the least border that maps need


@dataclass
class ForagingParams:
    """Parameters of the world."""

    places: int = 128
    """How many agents can live at once, over all populations."""
    size: int = 40
    """Cells along a side of the map."""
    populations: int = 1
    """Populations, which begin at edges of their own: 1, 2, 4 or 8. Each is a group, so each has its own network."""
    rivals: bool = False
    """Whether each population is a side (all of one group, so that a player can play any of them)."""
    start: float = 0.5
    """The share of places that are taken at the start."""
    spawns: float = 0.05
    """The chance that somebody comes to an empty place, at an edge of the map, per tick."""
    fertility: float = 0.02
    """The chance that an agent that is well fed has a child next to it, per tick, where a place is empty."""
    regrowth: float = 60.0
    """Ticks until what was eaten has grown again, on average."""
    view: int = 3
    """How far agents see, in cells, across corners too."""
    entities: int = 8
    """How many others an agent sees in detail: the nearest."""
    alive: float = 0.05
    """The reward of a tick that an agent survives."""
    death: float = 0.0
    """The reward of dying, at most 0."""
    max_length: int = 256
    """Ticks after which a match is cut short."""

    def __post_init__(self) -> None:
        for name in ("places", "view", "entities", "max_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.size < 8:
            raise ValueError(f"size must be at least 8, not {self.size}")
        if self.populations not in (1, 2, 4, 8) or self.places % self.populations:
            raise ValueError(
                f"populations must be 1, 2, 4 or 8, and share the {self.places} places evenly, not {self.populations}"
            )
        if self.rivals and self.populations == 1:
            raise ValueError("rivals are two populations at least: set populations to 2, 4 or 8")
        for name in ("start", "spawns", "fertility"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1, not {getattr(self, name)}")
        if self.start == 0:
            raise ValueError("start must be above 0, not 0: somebody must live when a match begins")
        if self.regrowth < 1:
            raise ValueError(f"regrowth must be at least 1 tick, not {self.regrowth}")
        if self.alive < 0 or self.death > 0:
            raise ValueError(f"alive must be at least 0 and death at most 0, not {self.alive} and {self.death}")

    @property
    def each(self) -> int:
        """The places of a population."""
        return self.places // self.populations

    @property
    def border(self) -> int:
        """Rows and columns of stone around the map, in arrays."""
        return max(self.view, REACH)

    @property
    def width(self) -> int:
        """Cells along a side of the map with its border."""
        return self.size + 2 * self.border

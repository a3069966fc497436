"""Colour maps, each in a light and a dark dress; blue against orange stays readable to colour-blind people."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
import numpy.typing as npt

from marl.types import Floats

Palette = npt.NDArray[np.uint8]  # [256, 3]; entry 0 is nothing at all (transparent), 1..255 the map from low to high
Maps = dict[str, tuple[str, ...]]  # a theme's colours from low to high
THEMES = ("light", "dark")

DIVERGING: Maps = {
    "light": ("#7a2a05", "#c8571c", "#f0a673", "#f8f6f1", "#93c1e2", "#337dbb", "#0b3d73"),
    "dark": ("#ffc08f", "#ea7c35", "#87431d", "#23272e", "#215580", "#4099dd", "#b4deff"),
}
SEQUENTIAL: Maps = {
    "light": ("#f1effa", "#b7abe8", "#8270d4", "#523bb6", "#26116a"),
    "dark": ("#252631", "#433a7d", "#7360d2", "#ae9cff", "#f4f0ff"),
}


def palette(stops: tuple[str, ...]) -> Palette:
    """256 colours: an unused first one, then 255 between evenly spaced stops."""
    anchors = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in stops], dtype=np.float64)
    where = np.linspace(0, len(stops) - 1, 255)
    channels = [np.interp(where, np.arange(len(stops)), anchors[:, channel]) for channel in range(3)]
    return np.vstack([np.zeros((1, 3)), np.stack(channels, axis=1)]).round().astype(np.uint8)


def levels(values: Floats, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Palette entries of a table: 1 at `low` and under, 255 at `high` and over, 0 for NaN."""
    span = (high - low) or 1.0
    scaled = 1 + np.rint(254 * np.clip((np.nan_to_num(values, nan=low) - low) / span, 0, 1))
    return np.where(np.isnan(values), 0, scaled).astype(np.uint8)


def png(pixels: npt.NDArray[np.uint8], colours: Palette) -> str:
    """A data URI of `pixels[H, W]`, indices into `colours`; index 0 is transparent. (PNG, W3C recommendation 2003.)"""
    height, width = pixels.shape
    lines = np.pad(pixels, ((0, 0), (1, 0))).tobytes()  # each line starts with its filter, 0
    blocks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colours.tobytes()),
        (b"tRNS", b"\0"),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in blocks
    )
    return "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def themed_images(pixels: npt.NDArray[np.uint8], maps: Maps, **attributes: Any) -> str:
    """One SVG image per theme; the page's style sheet shows the one that fits."""
    placed = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return "".join(
        f'<image class="only-{theme}" href="{png(pixels, palette(maps[theme]))}" preserveAspectRatio="none" {placed}/>'
        for theme in THEMES
    )

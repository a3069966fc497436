"""Who is where, as a film: an animated PNG of a flow, which browsers and most viewers play, written without a library;
a GIF for those that do not.

Source: PNG, W3C recommendation (third edition, 2025), chunks acTL, fcTL, fdAT.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt

from marl.errors import UserError
from marl.page.colour import SEQUENTIAL, Palette, levels, palette
from marl.types import Floats

MOST = 60  # pictures of a film in a page
SIDE, TALL, BAR = 320, 140, 4  # pixels: of a grid, of bars over a line, of the bar that shows the time
Pixels = npt.NDArray[np.uint8]


def frames(shares: Floats, layout: tuple[int, ...]) -> list[Pixels]:
    """A picture `[H, W]` of palette entries for each time, from shares `[T + 1, S]`; below, how late it is.

    A grid has colours that follow the root of the share; states on a line have bars.
    """
    later = shares[1:] if len(shares) > 1 else shares
    most = float(later.max()) or 1.0
    draw = _grid if len(layout) == 2 else _line
    pictures = [draw(row, layout, most) for row in shares]
    return [_dated(picture, (time + 1) / len(shares)) for time, picture in enumerate(pictures)]


def filmed(
    flow: Floats, layout: tuple[int, ...], milliseconds: int, most: int | None = None, kind: str = ".png"
) -> bytes:
    """A film of a flow `[T + 1, P, S]`, its populations side by side; of `most` moments, where there are more.

    `kind`: ".png" (animated) or ".gif".
    """
    if most is not None and len(flow) > most:
        flow = flow[np.unique(np.linspace(0, len(flow) - 1, most).round().astype(int))]
    pictures = side_by_side([frames(flow[:, one], layout) for one in range(flow.shape[1])])
    return (gif if kind == ".gif" else apng)(pictures, palette(SEQUENTIAL["dark"]), milliseconds)


def _grid(row: Floats, layout: tuple[int, ...], most: float) -> Pixels:
    cells = levels(np.sqrt(np.minimum(row / most, 1.0)).reshape(layout), 0.0, 1.0)
    scale = max(1, SIDE // max(layout))
    return np.kron(cells, np.ones((scale, scale), dtype=np.uint8))


def _line(row: Floats, layout: tuple[int, ...], most: float) -> Pixels:
    wide = max(1, SIDE // len(row))
    high = np.rint(np.minimum(row / most, 1.0) * TALL).astype(int)
    bars = np.where(np.arange(TALL, 0, -1)[:, None] <= high, 200, 1).astype(np.uint8)
    return np.repeat(bars, wide, axis=1)


def _dated(picture: Pixels, share: float) -> Pixels:
    bar = np.full((BAR, picture.shape[1]), 1, dtype=np.uint8)
    bar[1:, : round(share * picture.shape[1])] = 255
    return np.vstack([picture, bar])


def side_by_side(films: Sequence[list[Pixels]]) -> list[Pixels]:
    """The films of several populations, next to each other."""
    gap = np.full((films[0][0].shape[0], 8), 1, dtype=np.uint8)
    return [np.hstack([part for picture in row for part in (picture, gap)][:-1]) for row in zip(*films, strict=True)]


def gif(pictures: Sequence[Pixels], colours: Palette, milliseconds: int) -> bytes:
    """The same as a GIF, whose times are hundredths of a second. Raises UserError without Pillow, which writes it."""
    try:
        from PIL import Image
    except ImportError as error:
        raise UserError("a GIF takes Pillow (pip install pillow); a film in a .png needs nothing") from error
    images = []
    for picture in pictures:
        images.append(Image.fromarray(picture))
        images[-1].putpalette(colours.tobytes())  # and so grey levels are entries of it
    stays = [max(20, 10 * round(milliseconds / 10))] * (len(images) - 1) + [1000]
    out = BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=stays, loop=0, optimize=False)
    return out.getvalue()


def apng(pictures: Sequence[Pixels], colours: Palette, milliseconds: int) -> bytes:
    """An animated PNG that plays for ever; the last picture stays for a second."""
    height, width = pictures[0].shape
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"acTL", struct.pack(">II", len(pictures), 0)),
        (b"PLTE", colours.tobytes()),
    ]
    number = 0
    for index, picture in enumerate(pictures):
        stays = 1000 if index == len(pictures) - 1 else milliseconds
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, stays, 1000, 0, 0)
        parts.append((b"fcTL", control))
        number += 1
        data = zlib.compress(np.pad(picture, ((0, 0), (1, 0))).tobytes(), 9)
        if index == 0:
            parts.append((b"IDAT", data))
        else:
            parts.append((b"fdAT", struct.pack(">I", number) + data))
            number += 1
    parts.append((b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)

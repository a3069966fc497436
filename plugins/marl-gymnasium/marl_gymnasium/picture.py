"""Pixels as an SVG that holds a PNG, for replays of environments that draw pixels."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from marl.types import Array


def svg(pixels: Array) -> str:
    """`uint8[height, width, 3]` as an SVG document of that size."""
    height, width = pixels.shape[:2]
    data = base64.b64encode(png(pixels)).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )


def png(pixels: Array) -> bytes:
    """`uint8[height, width, 3]` as a PNG file (ISO/IEC 15948), every line unfiltered."""
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    lines[:, 1:] = pixels[:, :, :3].reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

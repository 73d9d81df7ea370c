"""Outlines of the synthetic shop's products on a 64 x 64 canvas, and how they become a PNG.

An outline is a list of strokes, drawn in order: `main:`, `dark:`, `light:` or `back:` (the
background's colour, for holes), then a polygon `x,y x,y ...`, a box `[x0,y0,x1,y1]` or an ellipse
`(x0,y0,x1,y1)`. One real entry::

    belt = "main:[4,27,60,37] dark:[4,24,18,40] back:[8,28,14,36] dark:[11,31,22,33]"
"""

from __future__ import annotations

import io
import re
from functools import cache

import numpy as np

from muse_core.catalog.tables import table

CANVAS = 64

_STROKE = re.compile(r"(main|dark|light|back):((?:[^:](?!main|dark|light|back))+)")
_NUMBER = re.compile(r"\d+")


@cache
def _strokes(name: str) -> tuple[tuple[str, np.ndarray], ...]:
    """The outline as (role, polygon points [n, 2]) pairs, ellipses already rounded off."""
    strokes = []
    for role, shape in _STROKE.findall(table("outlines")[name]):
        numbers = np.array([int(number) for number in _NUMBER.findall(shape)], dtype=np.float64)
        if shape.strip().startswith("["):
            x0, y0, x1, y1 = numbers
            points = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        elif shape.strip().startswith("("):
            points = _ellipse(*numbers)
        else:
            points = numbers.reshape(-1, 2)
        strokes.append((role, points))
    return tuple(strokes)


def _ellipse(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.stack(
        [(x0 + x1) / 2 + (x1 - x0) / 2 * np.cos(angle), (y0 + y1) / 2 + (y1 - y0) / 2 * np.sin(angle)], 1
    )


def _pose(rng: np.random.Generator) -> np.ndarray:
    """A small turn, stretch and shift as a [2, 3] matrix about the canvas centre."""
    angle = rng.uniform(-0.12, 0.12)
    stretch_x, stretch_y = rng.uniform(0.8, 1.02, 2)
    turn = np.array([[np.cos(angle) * stretch_x, -np.sin(angle)], [np.sin(angle), np.cos(angle) * stretch_y]])
    shift = rng.uniform(-2.5, 2.5, 2) + CANVAS / 2 - turn @ np.full(2, CANVAS / 2)
    return np.column_stack([turn, shift])


def _tones(rgb: tuple[int, int, int], rng: np.random.Generator) -> dict[str, tuple[int, ...]]:
    """Main, dark, light and background colours; a pale product stands on a slate background."""
    main = np.clip(np.array(rgb) + rng.integers(-9, 10, 3), 0, 255)
    pale = main.mean() > 185
    back = np.array([150, 165, 180] if pale else [244, 244, 242]) + rng.integers(-8, 9)
    tones = {"main": main, "dark": main * 0.6, "light": main * 0.5 + 127, "back": back}
    return {role: tuple(int(value) for value in np.clip(tone, 0, 255)) for role, tone in tones.items()}


def _pattern(pixels: np.ndarray, tones: dict[str, tuple[int, ...]], pattern: str | None, step: int) -> None:
    """Stripes or checks on the main surface, in place."""
    surface = np.all(pixels == np.array(tones["main"]), axis=2)
    rows, columns = np.indices(surface.shape)
    marks = {"striped": rows % step < 2, "checked": (rows % step < 2) | (columns % step < 2)}
    marks["printed"] = (rows % step < 3) & ((columns + (rows // step) * 3) % step < 3)
    if pattern in marks:
        pixels[surface & marks[pattern]] = tones["light"]


def draw(name: str, rgb: tuple[int, int, int], pattern: str | None, rng: np.random.Generator) -> bytes:
    """A 64 x 64 PNG of the outline in the colour; pose, tone and soft shading vary with `rng`."""
    from PIL import Image, ImageDraw

    tones, pose = _tones(rgb, rng), _pose(rng)
    image = Image.new("RGB", (CANVAS, CANVAS), tones["back"])
    pen = ImageDraw.Draw(image)
    for role, points in _strokes(name):
        placed = points @ pose[:, :2].T + pose[:, 2]
        pen.polygon(np.round(placed).astype(int).ravel().tolist(), fill=tones[role])
    pixels = np.array(image)
    _pattern(pixels, tones, pattern, int(rng.integers(6, 11)))
    shading = np.kron(rng.integers(-6, 7, (8, 8, 1)), np.ones((8, 8, 1), dtype=np.int64))
    shaded = np.clip(pixels + shading, 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(shaded).save(packed, format="PNG", compress_level=4)
    return packed.getvalue()

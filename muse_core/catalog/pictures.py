"""Products that look like a picture: colour and shape features, compared by cosine similarity.

The background is what the picture's border shows; the rest is the product. Its box is cut out, so
that cropping and shifting change little. Features (float32, length `SIZE`): an HSV histogram of the
product's pixels (soft between neighbouring hues), their mean colour, a coarse mask, and edge
directions on a 4 x 4 grid (the idea of HOG, Dalal & Triggs 2005). No model, no download; CLIP is
another backend, chosen by configuration.
"""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.durable import file_lock
from muse_core.errors import ToolError

log = logging.getLogger(__name__)

_SIDE = 64
_BILINEAR = 2  # PIL.Image.Resampling.BILINEAR, without importing PIL here
_HUES, _SATURATIONS, _VALUES = 12, 3, 4
_MASK = 12
_GRID, _DIRECTIONS = 4, 6
_COLOUR_WEIGHT, _MEAN_WEIGHT, _MASK_WEIGHT, _EDGE_WEIGHT = 1.0, 0.9, 1.0, 1.0
_HISTOGRAM = _HUES * _SATURATIONS * _VALUES
SIZE = _HISTOGRAM + 3 + _MASK * _MASK + 1 + _GRID * _GRID * _DIRECTIONS


def features(image: bytes) -> np.ndarray:
    """The feature vector of an encoded picture, of length one. ToolError when it is no picture."""
    picture = _opened(image)
    mask = _foreground(np.asarray(picture, dtype=np.float32) / 255.0)
    top, bottom, left, right = box = _box(mask)
    product = _cut(picture, box, _SIDE)
    inside = _cut_mask(mask, box, _SIDE)
    weights = np.where(inside > 0.5, 1.0, 0.0)
    weights = weights if weights.sum() >= 16 else np.ones_like(weights)
    aspect = np.array([np.log((right - left) / (bottom - top))])
    parts = (
        (_COLOUR_WEIGHT, np.sqrt(_histogram(product, weights))),
        (_MEAN_WEIGHT, (product * weights[..., None]).sum((0, 1)) / weights.sum() - 0.5),
        (_MASK_WEIGHT, np.append(_cut_mask(mask, box, _MASK).ravel() - 0.5, aspect * 3)),
        (_EDGE_WEIGHT, np.sqrt(_edges(product.mean(2)))),
    )
    vector = np.concatenate([weight * part / (np.linalg.norm(part) + 1e-6) for weight, part in parts])
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class PictureIndex:
    """The features of every product that has a picture, float32 [products, SIZE]. `known` gives them
    when another process has computed them already (`kept_in`)."""

    def __init__(self, catalog: Catalog, known: np.ndarray | None = None) -> None:
        shown = [product for product in catalog if product.image is not None]
        self._ids = [product.product_id for product in shown]
        self._row_of = {product.image: row for row, product in enumerate(shown)}
        rows = [features(product.image or b"") for product in shown] if known is None else known
        self.features = np.asarray(rows, dtype=np.float32).reshape(len(shown), SIZE)

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, image: bytes, limit: int) -> list[tuple[str, float]]:
        """(product id, similarity up to 1) of the most similar pictures; equal ones in row order."""
        row = self._row_of.get(image)  # a shopper who sends a picture of the shop needs no decoder
        wanted = features(image) if row is None else self.features[row]
        # not `@`: BLAS starts threads of its own in every worker process, which then wait for each other
        similarity = np.einsum("ij,j->i", self.features, wanted)
        order = np.argsort(-similarity, kind="stable")[:limit]
        values = np.round(similarity[order].astype(np.float64), 4).tolist()
        return list(zip([self._ids[row] for row in order.tolist()], values, strict=True))


def kept_in(path: Path, catalog: Catalog) -> PictureIndex:
    """The index whose features lie in `path` (.npy): the first process that needs them computes them,
    those beside it wait and read. The folder must belong to this catalogue and this code, as a stage's
    scratch folder does."""
    with file_lock(path.with_suffix(".lock"), log.debug):
        if path.exists():
            return PictureIndex(catalog, np.load(path, mmap_mode="r"))
        index = PictureIndex(catalog)
        draft = path.with_suffix(f".{os.getpid()}.npy")
        np.save(draft, index.features)
        draft.replace(path)
        return index


def nearest(catalog: Catalog, image: bytes, limit: int) -> list[tuple[str, float]]:
    """`PictureIndex(catalog).nearest(...)` for a single question."""
    return PictureIndex(catalog).nearest(image, limit)


# ---- pixels ---------------------------------------------------------------------------------------


def _opened(image: bytes) -> Any:
    """The picture as 64 x 64 RGB, transparency on white."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            picture: Any = opened
            if opened.mode in ("P", "LA", "RGBA"):
                picture = Image.alpha_composite(
                    Image.new("RGBA", opened.size, "white"), opened.convert("RGBA")
                )
            return picture.convert("RGB").resize((_SIDE, _SIDE), _BILINEAR)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise ToolError("the picture cannot be read; expected a PNG or JPEG file") from fault


def _foreground(pixels: np.ndarray) -> np.ndarray:
    """Pixels unlike the border; everything when the border says nothing."""
    border = np.concatenate(
        [pixels[:2].reshape(-1, 3), pixels[-2:].reshape(-1, 3), pixels[:, 0], pixels[:, -1]]
    )
    distance = _greatest(np.abs(pixels - np.median(border, axis=0)))
    mask = distance > 0.11
    return mask if mask.mean() > 0.02 else np.ones_like(mask)


def _greatest(pixels: np.ndarray) -> np.ndarray:
    """The maximum over the three channels; numpy's own reduction of so short an axis is slow."""
    return np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The box around the product; rows and columns with only a speck do not count."""
    rows = np.flatnonzero(mask.sum(1) >= 2)
    columns = np.flatnonzero(mask.sum(0) >= 2)
    if len(rows) < 4 or len(columns) < 4:
        return 0, mask.shape[0], 0, mask.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _cut(picture: Any, box: tuple[int, int, int, int], side: int) -> np.ndarray:
    """The box of a picture as [side, side, 3] in 0..1."""
    top, bottom, left, right = box
    cut = picture.resize((side, side), _BILINEAR, box=(left, top, right, bottom))
    return np.asarray(cut, dtype=np.float32) / 255.0


def _cut_mask(mask: np.ndarray, box: tuple[int, int, int, int], side: int) -> np.ndarray:
    """The box of a mask as [side, side], shares of covered pixels."""
    from PIL import Image

    top, bottom, left, right = box
    cut = Image.fromarray((mask * 255).astype(np.uint8)).resize(
        (side, side), _BILINEAR, box=(left, top, right, bottom)
    )
    return np.asarray(cut, dtype=np.float32) / 255.0


def _histogram(product: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the product's pixels per hue, saturation and brightness; grey pixels have no hue."""
    value = _greatest(product)
    spread = value + _greatest(-product)
    saturation = spread / np.maximum(value, 1e-6)
    hue = _hue(product, value, spread) * _HUES
    low = np.floor(hue).astype(int) % _HUES
    share = hue - np.floor(hue)
    grey = saturation < 0.12
    low, share = np.where(grey, 0, low), np.where(grey, 0.0, share)
    bin_s = np.minimum((saturation * _SATURATIONS).astype(int), _SATURATIONS - 1) * ~grey
    bin_v = np.minimum((value * _VALUES).astype(int), _VALUES - 1)
    base = bin_s * _VALUES + bin_v
    step = _SATURATIONS * _VALUES
    counts = np.bincount((low * step + base).ravel(), (weights * (1 - share)).ravel(), _HISTOGRAM)
    counts += np.bincount(((low + 1) % _HUES * step + base).ravel(), (weights * share).ravel(), _HISTOGRAM)
    return counts / counts.sum()


def _hue(product: np.ndarray, value: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Hue in 0..1."""
    red, green, blue = product[..., 0], product[..., 1], product[..., 2]
    safe = np.maximum(spread, 1e-6)
    hue = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    return (hue / 6) % 1.0


def _edges(grey: np.ndarray) -> np.ndarray:
    """Edge strength per direction (without sign) and cell of a 4 x 4 grid."""
    down, along = np.gradient(grey)
    strength = np.hypot(down, along)
    direction = np.minimum(
        ((np.arctan2(down, along) % np.pi) / np.pi * _DIRECTIONS).astype(int), _DIRECTIONS - 1
    )
    cell = np.arange(_SIDE) * _GRID // _SIDE
    place = (cell[:, None] * _GRID + cell[None, :]) * _DIRECTIONS + direction
    return np.bincount(place.ravel(), strength.ravel(), _GRID * _GRID * _DIRECTIONS)

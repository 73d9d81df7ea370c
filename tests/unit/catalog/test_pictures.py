"""A product is found again from a worse copy of its own picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.pictures import SIZE, PictureIndex, features, kept_in, nearest
from muse_core.catalog.product import Catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.errors import ToolError

CASES = 100


@pytest.fixture(scope="module")
def shop() -> Catalog:
    return make_catalog(np.random.default_rng(2), 1000)


def _worse(image: bytes, rng: np.random.Generator) -> bytes:
    """Cropped by up to 3 pixels a side, with noise, as JPEG."""
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(np.float64)
    top, bottom, left, right = rng.integers(0, 4, 4)
    pixels = pixels[top : 64 - bottom, left : 64 - right]
    noisy = np.clip(pixels + rng.normal(0, 5, pixels.shape), 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(noisy).save(packed, format="JPEG", quality=88)
    return packed.getvalue()


def test_features_are_unit_vectors(shop: Catalog) -> None:
    vector = features(shop.products[0].image or b"")
    assert (vector.dtype, vector.shape) == (np.float32, (SIZE,))
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_a_noisy_crop_finds_its_product(shop: Catalog) -> None:
    pictures = CatalogIndex(shop).pictures
    assert pictures is not None
    rng = np.random.default_rng(5)
    asked = [shop.products[int(row)] for row in rng.choice(len(shop), CASES, replace=False)]
    found = sum(
        product.product_id in [near for near, _ in pictures.nearest(_worse(product.image or b"", rng), 5)]
        for product in asked
    )
    assert found >= 0.95 * CASES


def test_the_picture_itself_comes_first_with_similarity_one(shop: Catalog) -> None:
    few = Catalog(shop.products[:30])
    product = few.products[11]
    (first, similarity), *_ = nearest(few, product.image or b"", 3)
    assert (first, round(similarity, 3)) == (product.product_id, 1.0)


def test_the_index_is_built_once(shop: Catalog) -> None:
    index = CatalogIndex(Catalog(shop.products[:5]))
    assert index.pictures is index.pictures
    assert isinstance(index.pictures, PictureIndex) and len(index.pictures) == 5


def test_bytes_that_are_no_picture_are_the_tools_error() -> None:
    with pytest.raises(ToolError, match="cannot be read"):
        features(b"no picture")


@pytest.mark.parametrize(("size", "mode"), [((1, 1), "RGB"), ((300, 40), "L"), ((20, 200), "RGBA")])
def test_odd_pictures_have_features(size: tuple[int, int], mode: str) -> None:
    from PIL import Image

    packed = io.BytesIO()
    Image.new(mode, size).save(packed, format="PNG")
    assert np.isfinite(features(packed.getvalue())).all()


def test_features_are_kept_for_the_next_process(shop: Catalog, tmp_path: Path) -> None:
    few = Catalog(shop.products[:12])
    image = few.products[5].image or b""
    first = kept_in(tmp_path / "new" / "pictures.npy", few)
    again = kept_in(tmp_path / "new" / "pictures.npy", few)
    assert np.array_equal(first.features, PictureIndex(few).features)
    assert np.array_equal(again.features, first.features)
    assert first.nearest(image, 12) == again.nearest(image, 12)
    np.save(tmp_path / "new" / "pictures.npy", first.features[::-1])
    assert np.array_equal(kept_in(tmp_path / "new" / "pictures.npy", few).features, first.features[::-1])


def test_a_picture_of_the_shop_needs_no_decoder(shop: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    index = PictureIndex(Catalog(shop.products[:12]))
    image = shop.products[5].image or b""
    decoded = index.features @ features(image)
    monkeypatch.setattr("muse_core.catalog.pictures.features", lambda image: pytest.fail("decoded"))
    (found, similarity), *_ = index.nearest(image, 12)
    assert found == shop.products[5].product_id and similarity == round(float(decoded.max()), 4)

"""The user's file, or nothing → products: the shop that every later stage runs on.

Writes one row per product, sorted as read. Fails with CatalogError when the file cannot be used. The
file enters the fingerprint by its content. Without a file the embedded synthetic shop is made.
"""

from __future__ import annotations

import numpy as np

from muse_core.catalog.facet_columns import Asked
from muse_core.catalog.load import load_catalog
from muse_core.catalog.product import Catalog
from muse_core.catalog.questions import Answers
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.records import to_table
from muse_core.types import ArtifactRef, JsonValue

READS = ("catalog",)
KIND = "products"
STAGE_NUMBER = 1


def run(config: RunConfig, *, ctx: StageContext) -> ArtifactRef:
    """The products of the configured catalogue."""
    settings = config.catalog
    ctx.progress.update(0, 1, settings.file or "synthetic shop")
    if settings.file is None:
        catalog = make_catalog(np.random.default_rng([ctx.seed, STAGE_NUMBER]), settings.synthetic_products)
        about: dict[str, JsonValue] = {"source": "synthetic"}
    else:
        answers = Answers(settings.currency, settings.decimal, settings.minor_units)
        facets = Asked(settings.facets, settings.max_facets)
        report = load_catalog(settings.file, settings.columns or None, answers, facets)
        catalog, about = report.catalog, {"source": settings.file, "report": report.as_json()}
    metrics = _metrics(catalog)
    ctx.metrics.log(metrics)
    ctx.progress.update(1, 1, f"{len(catalog)} products")
    table = to_table(KIND, catalog)
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about=about)


def _metrics(catalog: Catalog) -> dict[str, float]:
    count = len(catalog)
    known = {
        "price": sum(product.price is not None for product in catalog),
        "colour": sum(product.colour is not None for product in catalog),
        "rating": sum(product.rating is not None for product in catalog),
        "image": sum(product.image is not None for product in catalog),
    }
    shares = {f"share_with_{name}": n / count for name, n in known.items()}
    kinds = {"product_types": float(len(catalog.types())), "facets": float(len(catalog.facets))}
    return {"products": float(count), **kinds, **shares}

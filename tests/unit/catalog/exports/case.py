"""One export of a shop system, and what is right about it: the form of every case in this folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.errors import CatalogError
from muse_core.types import HINDI_TITLE, Product


@dataclass(frozen=True)
class Want:
    """What is right of one product. A field that is None is not looked at; a price of 0 means unknown."""

    price: float | None = None
    sizes: str | None = None  # separated by blanks, in any order
    colours: str | None = None  # separated by commas, in any order
    noun: str | None = None
    hindi: str | None = None


@dataclass(frozen=True)
class Case:
    """A file and what is right: the products by title, or the words of the refusal, or what is asked."""

    name: str
    file: str
    content: str | bytes
    products: dict[str, Want] = field(default_factory=dict)
    refused: str = ""  # a word that the refusal says
    asks: str = ""  # a part of the flag that answers the question
    left_out: int = 0  # rows dropped, at least
    currency: str = ""
    noted: str = ""

    def __str__(self) -> str:
        return self.name


def verdict(case: Case, folder: Path) -> str:
    """ "right", or what is wrong; "refused: …" where a file that can be read was refused."""
    file = folder / case.file
    file.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)
    try:
        report = load_catalog(file, {})
    except CatalogError as error:
        if not case.refused:
            return f"refused: {error}"
        return (
            "right"
            if case.refused.lower() in str(error).lower()
            else f"refused without a word of it: {error}"
        )
    if case.refused:
        titles = [product.title for product in report.catalog.products]
        return f"read, and should be refused: {titles[:5]}"
    wrong = [*_wrong_products(case, report), *_wrong_report(case, report)]
    return "; ".join(wrong) or "right"


def _wrong_products(case: Case, report: LoadReport) -> list[str]:
    found = {product.title: product for product in report.catalog.products}
    titles = [product.title for product in report.catalog.products]
    if case.products and sorted(titles) != sorted(case.products):
        return [f"products {titles}"]
    return [
        f"{title}: {what}"
        for title, want in case.products.items()
        for what in _wrong_values(want, found[title])
    ]


def _wrong_values(want: Want, product: Product) -> list[str]:
    wrong = []
    if want.price is not None and (product.price or 0) != want.price:
        wrong.append(f"price {product.price}, not {want.price}")
    if want.sizes is not None and sorted(product.sizes) != sorted(want.sizes.split()):
        wrong.append(f"sizes {product.sizes}")
    if want.colours is not None and set(product.colours) != _names(want.colours):
        wrong.append(f"colours {product.colours}")
    if want.noun is not None and product.product_type != want.noun:
        wrong.append(f"product type {product.product_type!r}, not {want.noun!r}")
    if want.hindi is not None and product.attributes.get(HINDI_TITLE) != want.hindi:
        wrong.append("no Hindi title")
    return wrong


def _names(text: str) -> set[str]:
    return {name.strip().lower() for name in text.split(",") if name.strip()}


def _wrong_report(case: Case, report: LoadReport) -> list[str]:
    wrong = []
    if sum(report.dropped.values()) < case.left_out:
        wrong.append(f"left out {dict(report.dropped)}")
    if report.rows_read != report.rows_kept + sum(report.dropped.values()):
        wrong.append("rows do not add up")
    currencies = {product.currency for product in report.catalog.products}
    if case.currency and currencies != {case.currency}:
        wrong.append(f"currency {currencies}")
    questions = report.as_json().get("questions", [])
    if case.asks and not any(case.asks in question["flag"] for question in questions):
        wrong.append(f"asks {questions}")
    if case.noted and not any(case.noted.lower() in note.lower() for note in report.notes):
        wrong.append(f"notes {report.notes}")
    return wrong

"""An XML product feed -> a table: Google's RSS and Atom (g:), offers, items, plain lists of products.

The element that stands most often and holds a title and a price is the product; its children and
attributes are its fields. No document type is read: what a DTD could define (entities that unfold without
end, files of this machine) is refused before anything is parsed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from muse_core.catalog import envelopes
from muse_core.catalog.decoding import EXPECTED
from muse_core.catalog.objects import from_records
from muse_core.catalog.raw_table import RawTable
from muse_core.errors import CatalogError

_HEAD = 4000
_PROLOGUE = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*|<\?[^>]*\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_SPREADSHEET = re.compile(r"progid=.Excel\.Sheet|office:spreadsheet", re.IGNORECASE)
_HTML_ROOTS = (
    "html",
    "table",
    "body",
    "div",
    "head",
    "br",
    "p",
    "b",
    "script",
    "center",
    "meta",
    "style",
    "font",
)
_DEEPEST = 60
_ERRORS = ("error", "fault", "exception", "errors", "errorresponse", "fail")

Record = dict[str, Any]


def is_xml(text: str) -> bool:
    """Whether a text that begins with '<' is XML and no page."""
    head = text.lstrip("\ufeff \t\r\n")[:_HEAD]
    root = _root(head)
    if root is None:
        return head.startswith("<?xml") or (bool(_DOCTYPE.match(head)) and "html" not in head[:40].lower())
    return root not in _HTML_ROOTS and (head.startswith("<?xml") or f"</{root}" in text.lower())


def _root(head: str) -> str | None:
    found = _ROOT.match(head, _PROLOGUE.match(head).end())  # type: ignore[union-attr]
    return found.group(1).lower() if found else None


def read_feed(name: str, text: str) -> RawTable:
    """The products of a feed. CatalogError for a document type, damaged XML, and XML without products."""
    bare = text.lstrip("\ufeff \t\r\n")
    if _has_document_type(bare):
        raise CatalogError(
            f"{name}: found XML with a document type (<!DOCTYPE or <!ENTITY), which is not read because it "
            f"can unfold without end; {EXPECTED}. Save the feed without it, or export CSV."
        )
    if _SPREADSHEET.search(bare[:_HEAD]):
        raise CatalogError(
            f"{name}: found a spreadsheet as XML; {EXPECTED}. Open it in a table program and save it as CSV."
        )
    root = _parsed(name, _without_declaration(bare))
    _refuse_known(name, root)
    tag = _product_tag(root)
    if tag is None:
        raise CatalogError(
            f"{name}: found XML ({_local(root.tag)!r}) without products; {EXPECTED}, or a product feed. "
            "Export the products as CSV from the shop."
        )
    shelves = _shelves(root)
    records = [
        _with_shelf(_record(element), shelves) for element in root.iter() if _local(element.tag) == tag
    ]
    table = from_records(records, [])
    table.notes.append(f"an XML feed was read; each {tag!r} is a product")
    return table


def _has_document_type(text: str) -> bool:
    """Whether a document type stands before the first element, however far down; nothing of it is read."""
    parser = expat.ParserCreate()
    seen: list[str] = []

    def stop(*event: object) -> None:
        seen.append("DOCTYPE" if len(event) == 4 else "element")
        raise _Seen

    parser.StartDoctypeDeclHandler = stop
    parser.StartElementHandler = stop
    with suppress(_Seen, expat.ExpatError):
        parser.Parse(_without_declaration(text), True)
    return seen == ["DOCTYPE"]


class _Seen(Exception):
    """Enough of the prologue was seen."""


def _without_declaration(text: str) -> str:
    """The text is decoded already; what its first line says about the encoding would be wrong."""
    return re.sub(r"^<\?xml[^>]*\?>", "", text)


def _parsed(name: str, text: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as fault:
        raise CatalogError(
            f"{name}: found broken XML ({fault}); {EXPECTED}, or a product feed. Export it again, whole."
        ) from fault


def _refuse_known(name: str, root: ElementTree.Element) -> None:
    tag = _local(root.tag)
    if tag in ("urlset", "sitemapindex"):
        raise CatalogError(
            f"{name}: found a sitemap (addresses of pages, no products); {EXPECTED}. Export the products."
        )
    if tag in _ERRORS or any(
        _local(element.tag) in _ERRORS for element, _ in zip(root.iter(), range(8), strict=False)
    ):
        told = " ".join(" ".join(root.itertext()).split())[:200]
        raise CatalogError(
            f"{name}: found the answer of a service that reports an error ({told!r}); {EXPECTED}. Ask it "
            "again (check the address and the key) and save the list of products."
        )


def _local(tag: Any) -> str:
    """A tag without its namespace, in small letters; comments have none."""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _product_tag(root: ElementTree.Element) -> str | None:
    """The tag whose elements are most like products: title and price; of equals, the outer one."""
    samples: dict[str, list[Record]] = defaultdict(list)
    depth_of: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for depth, element in _walk(root, 0):
        tag = _local(element.tag)
        counts[tag] += 1
        depth_of.setdefault(tag, depth)
        if len(element) and len(samples[tag]) < 20:
            samples[tag].append(_record(element))
    scored = [
        (sum(_likeness(record) for record in records) / len(records), counts[tag] > 1, -depth_of[tag], tag)
        for tag, records in samples.items()
        if records and tag not in ("channel", "feed", "rss")
    ]
    best = max(scored, default=None)
    return best[3] if best and best[0] >= 1 else None


def _likeness(record: Record) -> float:
    if not envelopes.has_title(record):
        return 0.0
    priced = any(
        isinstance(value, str) and envelopes.has_price({key: value}) for key, value in record.items()
    )
    return 2.0 if priced or envelopes.has_price(record) else 0.9 if len(record) > 2 else 0.5


def _walk(element: ElementTree.Element, depth: int) -> Iterator[tuple[int, ElementTree.Element]]:
    waiting = [(depth, element)]
    while waiting:
        at, found = waiting.pop()
        yield at, found
        if at < _DEEPEST:
            waiting.extend((at + 1, child) for child in found)


def _record(element: ElementTree.Element, depth: int = 0) -> Record:
    """The fields of an element: attributes, children by tag, several of one tag as a list."""
    record: Record = {_local(key): value for key, value in element.attrib.items()}
    for child in element:
        tag = _local(child.tag)
        if not tag:
            continue
        value: Any = _record(child, depth + 1) if len(child) and depth < 4 else (child.text or "").strip()
        if tag == "param" and child.get("name"):
            record.setdefault(child.get("name", ""), value)
            continue
        for key, text in child.attrib.items() if not len(child) else ():
            record.setdefault(f"{tag} {_local(key)}", text)
        if tag in record and record[tag] not in ("", value):
            value = [*(record[tag] if isinstance(record[tag], list) else [record[tag]]), value]
        record[tag] = value
    return record


def _shelves(root: ElementTree.Element) -> dict[str, str]:
    """Category id -> name, where a feed lists its categories apart."""
    return {
        element.get("id", ""): (element.text or "").strip()
        for element in root.iter()
        if _local(element.tag) == "category" and element.get("id") and (element.text or "").strip()
    }


def _with_shelf(record: Record, shelves: dict[str, str]) -> Record:
    key = str(record.get("categoryid", ""))
    return {**record, "category": shelves[key]} if key in shelves and "category" not in record else record

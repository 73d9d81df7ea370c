"""Exports of shop systems: each case says what is right, and the loader must find just that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.catalog.exports.case import Case, verdict
from tests.unit.catalog.exports.currencies import COSTS, CURRENCIES, MINOR_UNITS
from tests.unit.catalog.exports.envelopes import ENVELOPES
from tests.unit.catalog.exports.erp import ERP
from tests.unit.catalog.exports.further import FURTHER
from tests.unit.catalog.exports.header_rows import HEADER_ROWS, NOT_HINTS
from tests.unit.catalog.exports.later import FOURTH, THIRD
from tests.unit.catalog.exports.magento import MAGENTO
from tests.unit.catalog.exports.markup import FEEDS, NO_TABLES
from tests.unit.catalog.exports.numbers import NUMBERS
from tests.unit.catalog.exports.shopify import SHOPIFY
from tests.unit.catalog.exports.woocommerce import STOCK_STATES, WOOCOMMERCE

CASES: tuple[Case, ...] = (
    *WOOCOMMERCE,
    *STOCK_STATES,
    *ERP,
    *MAGENTO,
    *SHOPIFY,
    *HEADER_ROWS,
    *NOT_HINTS,
    *FEEDS,
    *NO_TABLES,
    *NUMBERS,
    *CURRENCIES,
    *COSTS,
    *MINOR_UNITS,
    *ENVELOPES,
    *FURTHER,
    *THIRD,
    *FOURTH,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_export_is_understood(case: Case, tmp_path: Path) -> None:
    assert verdict(case, tmp_path) == "right"

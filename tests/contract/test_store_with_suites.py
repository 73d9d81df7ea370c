"""The store with the suites at its door: no bad table is published, and a changed suite is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_contracts import validate
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ContractViolation
from tests.contract.planted import good_rows, table_of

KEY = "ab" * 32


def test_the_manifest_says_who_validated(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, validate.validate, validate.signature)
    ref = store.write_table("products", table_of("products", good_rows("products")), KEY)
    assert store.manifest(ref)["validated_by"] == validate.signature("products")


def test_a_bad_table_is_not_published(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, validate.validate, validate.signature)
    rows = good_rows("products")
    rows[0]["product_id"] = rows[1]["product_id"]
    with pytest.raises(ContractViolation, match="product_id"):
        store.write_table("products", table_of("products", rows), KEY)
    assert store.list() == [] and not (tmp_path / "products").exists()


def test_a_table_that_only_the_schema_approved_is_validated_when_met(tmp_path: Path) -> None:
    plain = ArtifactStore(tmp_path)
    good = plain.write_table("products", table_of("products", good_rows("products")), KEY)
    rows = good_rows("products")
    rows[0]["rating"] = 9.0
    bad = plain.write_table("products", table_of("products", rows), "cd" * 32)
    strict = ArtifactStore(tmp_path, validate.validate, validate.signature)
    strict.revalidate(good)
    assert strict.manifest(good)["validated_by"] == validate.signature("products")
    with pytest.raises(ContractViolation, match="rating"):
        strict.revalidate(bad)
    assert strict.manifest(bad)["validated_by"] == "arrow schema"
    strict.revalidate(replace(good))

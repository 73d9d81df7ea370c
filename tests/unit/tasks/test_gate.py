from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.errors import ContractViolation
from muse_core.records import to_table
from tasks.gate import open_store
from tests import builders


def test_a_table_passes_its_contract_before_it_is_published(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    products = [builders.product(product_id=f"p{n}") for n in range(30)]
    ref = store.write_table("products", to_table("products", products), "ab" * 32)
    assert store.manifest(ref)["validated_by"].startswith("gx:")
    store.revalidate(ref)
    with pytest.raises(ContractViolation, match="product_id"):
        store.write_table("products", to_table("products", [products[0]] * 2), "cd" * 32)
    assert store.find("products", "cd" * 32) is None


def test_a_cached_folder_needs_no_suite(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    ref = store.write_folder(
        "model", lambda folder: (folder / "weights").write_bytes(b"1") and None, "ab" * 32
    )
    store.revalidate(ref)

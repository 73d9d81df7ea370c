"""The first check of a table: exactly its contract's columns, in order, with their types."""

from __future__ import annotations

import pyarrow as pa

from data_contracts.schemas import SCHEMAS, contract_name
from muse_core.errors import ContractViolation

ARROW_ONLY = "arrow schema"


def check_arrow_schema(kind: str, table: pa.Table) -> str:
    """The name of the approval. ContractViolation lists every column that differs."""
    expected = SCHEMAS.get(kind)
    if expected is None:
        raise ContractViolation(f"no contract for kind {kind!r}; known kinds: {', '.join(sorted(SCHEMAS))}")
    found = table.schema.remove_metadata()
    if found.equals(expected):
        return ARROW_ONLY
    raise ContractViolation(f"{contract_name(kind)}: {'; '.join(_schema_problems(found, expected))}")


def _schema_problems(found: pa.Schema, expected: pa.Schema) -> list[str]:
    problems = [f"column {name!r} is missing" for name in expected.names if name not in found.names]
    problems += [
        f"column {name!r} is not in the contract" for name in found.names if name not in expected.names
    ]
    problems += [
        f"column {name!r} has type {found.field(name).type}, the contract says {expected.field(name).type}"
        for name in expected.names
        if name in found.names and found.field(name).type != expected.field(name).type
    ]
    return problems or ["the columns stand in another order than in the contract"]

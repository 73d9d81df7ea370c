"""Every suite approves good rows, and every rule of it catches the defect planted for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pytest

from data_contracts.derived import flat_frame
from data_contracts.schemas import SCHEMAS
from data_contracts.validate import Rule, check, load_suite, read_suite, signature, validate
from muse_core.errors import ContractViolation
from tests.contract.planted import PLANTED, good_rows, planted, table_of

KINDS = tuple(SCHEMAS)
RULES = [(kind, rule) for kind in KINDS for rule in load_suite(kind).rules]
MAY_BE_EMPTY = ("preference_pairs", "talks")  # pairs and talks of the test side, where there are none
NAMES = [f"{kind}-{rule.name}" for kind, rule in RULES]


@pytest.mark.parametrize("kind", KINDS)
def test_good_rows_are_approved(kind: str) -> None:
    approval = validate(kind, table_of(kind, good_rows(kind)))
    assert approval == signature(kind) and approval.startswith("gx:")


@pytest.mark.parametrize("kind", KINDS)
def test_every_suite_counts_rows_and_forbids_nulls(kind: str) -> None:
    rules = load_suite(kind).rules
    types = [rule.type for rule in rules]
    assert ("expect_table_row_count_to_be_between" in types) == (kind not in MAY_BE_EMPTY)
    required = {rule.column for rule in rules if rule.type == "expect_column_values_to_not_be_null"}
    assert load_suite(kind).id_column in required
    one_value = ("expect_column_values_to_be_in_set", "expect_column_values_to_be_unique")
    looked_at = {
        rule.column for rule in rules if rule.type in one_value and rule.column in SCHEMAS[kind].names
    }
    nullable = {"products": {"gender"}, "augmented": {"drop_reason"}, "predictions": {"turn_type"}}
    assert looked_at - required <= nullable.get(kind, set())


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_table_is_approved_where_there_may_be_none(kind: str) -> None:
    empty = table_of(kind, [])
    if kind in MAY_BE_EMPTY:
        assert validate(kind, empty) == signature(kind)
    else:
        with pytest.raises(ContractViolation, match="expect_table_row_count_to_be_between"):
            validate(kind, empty)


@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_is_without_a_planted_defect(kind: str) -> None:
    rules = load_suite(kind).rules
    assert [rule.name for rule in rules if planted(kind, rule) is None] == []
    assert PLANTED[kind].keys() <= {rule.name for rule in rules}


@pytest.mark.parametrize(("kind", "rule"), RULES, ids=NAMES)
def test_each_rule_catches_its_defect(kind: str, rule: Rule) -> None:
    suite = replace(load_suite(kind), rules=(rule,))
    check(suite, flat_frame(kind, table_of(kind, good_rows(kind))))
    rows = good_rows(kind)
    break_it = planted(kind, rule)
    assert break_it is not None
    break_it(rows)
    with pytest.raises(ContractViolation) as caught:
        check(suite, flat_frame(kind, table_of(kind, rows)))
    assert rule.type in str(caught.value) and "could not be evaluated" not in str(caught.value)


def test_the_message_names_rule_column_count_and_ids() -> None:
    rows = good_rows("products")
    rows[0]["rating"], rows[2]["rating"], rows[1]["title"] = 7.0, -1.0, None
    with pytest.raises(ContractViolation) as caught:
        validate("products", table_of("products", rows))
    text = str(caught.value)
    assert "products@2: 2 of" in text
    assert "column rating, rule expect_column_values_to_be_between(min_value=0, max_value=5): 2 rows" in text
    assert "first product_id: p1, p3; found 7.0, -1.0" in text
    assert "column title" in text and "first product_id: p2" in text


def test_an_unknown_kind_has_no_contract() -> None:
    with pytest.raises(ContractViolation, match="known kinds"):
        validate("shoes", pa.table({}))


# failing closed

HEAD = "contract: products@2\nid: product_id\nexpectations:\n"
RULE = "  - type: {}\n    kwargs: {}\n    meta: {{why: because}}\n"
NOT_NULL = RULE.format("expect_column_values_to_not_be_null", "{column: title}")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            RULE.format("expect_column_to_be_nice", "{column: title}"),
            "has no rule 'expect_column_to_be_nice'",
        ),
        (RULE.format("expect_column_values_to_be_unique", "{colunm: title}"), "cannot be built"),
        (
            RULE.format("expect_column_values_to_be_unique", "{column: titel}"),
            "column 'titel' does not exist",
        ),
        (NOT_NULL + NOT_NULL, "all must be evaluated"),
        (
            RULE.format("expect_column_values_to_be_between", "{column: title, min_value: 3}"),
            "could not be evaluated",
        ),
    ],
)
def test_a_rule_that_cannot_be_evaluated_never_passes(rules: str, said: str) -> None:
    suite = read_suite("products", HEAD + rules)
    with pytest.raises(ContractViolation) as caught:
        check(suite, flat_frame("products", table_of("products", good_rows("products"))))
    assert said in str(caught.value)


def test_a_suite_of_another_version_or_without_reasons_is_refused() -> None:
    with pytest.raises(ContractViolation, match="products@3"):
        read_suite("products", HEAD.replace("@2", "@3"))
    with pytest.raises(ContractViolation, match=r"meta\.why"):
        read_suite("products", HEAD + "  - type: expect_column_to_exist\n    kwargs: {column: title}\n")


@pytest.mark.parametrize("rules", ["", " []\n", " null\n", " {}\n"])
def test_a_suite_without_rules_is_refused(rules: str) -> None:
    with pytest.raises(ContractViolation, match="it has no rules"):
        read_suite("products", HEAD.rstrip() + (rules or "\n"))
    with pytest.raises(ContractViolation, match=r"it has no rules|found contract None"):
        read_suite("products", rules)


@pytest.mark.parametrize("mostly", ["0", "0.0", "0.1", "-1", "2", "null", "'1'", "true", ".nan"])
def test_a_rule_that_most_rows_may_break_is_refused(mostly: str) -> None:
    rule = RULE.format("expect_column_values_to_not_be_null", f"{{column: title, mostly: {mostly}}}")
    with pytest.raises(ContractViolation, match="has mostly"):
        read_suite("products", HEAD + rule)
    assert read_suite("products", HEAD + rule.replace(f"mostly: {mostly}", "mostly: 0.95")).rules


@pytest.mark.parametrize("kwargs", ["{column: price}", "{column: price, min_value: null, max_value: null}"])
def test_a_range_without_ends_is_refused(kwargs: str) -> None:
    with pytest.raises(ContractViolation, match="neither min_value nor max_value"):
        read_suite("products", HEAD + RULE.format("expect_column_values_to_be_between", kwargs))


def test_the_digest_follows_the_rules() -> None:
    one = read_suite("products", HEAD + NOT_NULL)
    assert read_suite("products", HEAD + "# a comment\n" + NOT_NULL).digest == one.digest
    assert read_suite("products", HEAD + NOT_NULL.replace("title", "brand")).digest != one.digest
    assert read_suite("products", HEAD + NOT_NULL, "changed").digest != one.digest


def test_the_signature_does_not_import_great_expectations() -> None:
    code = (
        "import sys; from data_contracts.validate import signature; signature('products'); "
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hundred_thousand_rows_take_seconds() -> None:
    table = pa.concat_tables([table_of("metrics", good_rows("metrics")[:1])] * 1)
    rows = 100_000
    names = pa.array([f"m{n}" for n in range(rows)])
    wide = pa.table(
        {
            field.name: names if field.name == "metric" else pa.repeat(table[field.name][0], rows)
            for field in table.schema
        },
        schema=table.schema,
    )
    assert validate("metrics", wide) == signature("metrics")

"""`muse artifacts export`: three formats, nothing half written, nothing replaced unasked."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from muse_core.artifacts import ArtifactStore
from muse_core.records import to_table
from muse_core.types import ArtifactRef
from tests import builders


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def products(store: ArtifactStore) -> ArtifactRef:
    rows = [builders.product(product_id=f"p{n}", attributes={"fit": "slim"}) for n in range(30)]
    rows[1] = builders.product(product_id="p1", title='काली "शर्ट",\nM', image=b"\x00\xff", price=None)
    return store.write_table("products", to_table("products", rows), "ab" * 32)


def export(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["artifacts", "export", *arguments, "--home", str(home)])


def test_jsonl_goes_to_stdout_with_its_json_read(products: ArtifactRef, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in export(tmp_path, "products").stdout.splitlines()]
    assert len(lines) == 30
    assert lines[0]["attributes"] == {"fit": "slim"} and "attributes_json" not in lines[0]
    assert lines[1]["title"] == 'काली "शर्ट",\nM' and lines[1]["price"] is None
    assert base64.b64decode(lines[1]["image"]) == b"\x00\xff"
    assert len(export(tmp_path, "products", "--rows", "20").stdout.splitlines()) == 20


def test_nested_json_becomes_objects(store: ArtifactStore, tmp_path: Path) -> None:
    store.write_table("conversations", to_table("conversations", [builders.conversation()]), "c1" * 32)
    store.write_table("augmented", to_table("augmented", [builders.augmented()]), "a1" * 32)
    store.write_table("preference_pairs", to_table("preference_pairs", [builders.pair()]), "d1" * 32)
    talk = json.loads(export(tmp_path, "conversations").stdout)
    call = talk["messages"][2]["tool_calls"][0]
    assert call["arguments"] == {"query": "shirt", "max_price": 2000}
    assert talk["goal"]["scenario"] == "buy" and talk["attachments"] == {}
    placed = json.loads(export(tmp_path, "augmented").stdout)["tool_calls"][0]
    assert placed["arguments"]["max_price"] == 2000 and placed["result"] == {"items": [], "total": 0}
    assert (
        json.loads(export(tmp_path, "preference_pairs").stdout)["evidence"]["chosen_reasoning"]
        == "right tool"
    )


def test_pairs_can_be_had_in_the_seeds_shape(store: ArtifactStore, tmp_path: Path) -> None:
    store.write_table("preference_pairs", to_table("preference_pairs", [builders.pair()]), "d1" * 32)
    row = json.loads(export(tmp_path, "preference_pairs", "--format", "seed").stdout)
    assert set(row) == {"input", "chosen_response", "rejected_response", "strength", "kind", "evidence"}
    assert set(row["chosen_response"]) == {"tool_sequence", "quality_score", "reasoning"}


def test_only_pairs_have_the_seeds_shape(products: ArtifactRef, tmp_path: Path) -> None:
    refused = export(tmp_path, "products", "--format", "seed")
    assert refused.exit_code == 2 and "choose jsonl, csv or parquet" in refused.output


def test_csv_and_parquet_hold_the_same_table(
    products: ArtifactRef, store: ArtifactStore, tmp_path: Path
) -> None:
    text = export(tmp_path, "products", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[1]["title"] == 'काली "शर्ट",\nM' and rows[1]["price"] == ""
    assert json.loads(rows[0]["sizes"]) == ["M", "L"]
    output = tmp_path / "products.parquet"
    assert export(tmp_path, "products", "--format", "parquet", "--output", str(output)).exit_code == 0
    assert pq.read_table(output).equals(store.read_table(products))


@pytest.mark.parametrize(
    "title",
    ['=HYPERLINK("http://x.invalid","sale")', "+91 99 kurta", "-5 % kurta", "@SUM(A1)", " =1+1", "\t=1+1"],
)
def test_csv_runs_no_formula(title: str, store: ArtifactStore, tmp_path: Path) -> None:
    rows = [
        builders.product(product_id="p1", title=title),
        builders.product(product_id="p2", title="a = b-c"),
    ]
    store.write_table("products", to_table("products", rows), "ee" * 32)
    first, second = csv.DictReader(
        io.StringIO(export(tmp_path, "products", "--format", "csv").stdout, newline="")
    )
    assert first["title"] == f"'{title}" and second["title"] == "a = b-c"
    assert json.loads(export(tmp_path, "products").stdout.splitlines()[0])["title"] == title


def test_a_kind_means_its_newest_table_and_a_key_that_one(
    products: ArtifactRef, store: ArtifactStore, tmp_path: Path
) -> None:
    one = to_table("products", [builders.product(product_id="newest")])
    store.write_table("products", one, "cd" * 32)
    assert json.loads(export(tmp_path, "products").stdout)["product_id"] == "newest"
    assert len(export(tmp_path, "abab").stdout.splitlines()) == 30


def test_a_file_is_replaced_only_when_asked(products: ArtifactRef, tmp_path: Path) -> None:
    output = tmp_path / "products.jsonl"
    output.write_text("mine")
    refused = export(tmp_path, "products", "--output", str(output))
    assert refused.exit_code == 2 and "--force" in refused.stderr and output.read_text() == "mine"
    done = export(tmp_path, "products", "--output", str(output), "--force")
    assert done.exit_code == 0 and done.stdout == ""
    assert len(output.read_text().splitlines()) == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "products.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["products", "--format", "xml"], 2, "formats are jsonl, csv, parquet"),
        (["products", "--format", "parquet"], 2, "--output FILE"),
        (["products", "--output", "{home}"], 2, "is a folder"),
        (["products", "--output", "{home}/none/x.jsonl"], 2, "there is no folder"),
        (["profiles"], 1, "there is no profiles table"),
        (["zzz"], 1, "names 0 artifacts"),
        (["efef"], 1, "is a folder of files"),
    ],
)
def test_wrong_requests(
    arguments: list[str], code: int, said: str, products: ArtifactRef, store: ArtifactStore, tmp_path: Path
) -> None:
    store.write_folder("model", lambda folder: (folder / "weights").write_bytes(b"1") and None, "ef" * 32)
    result = export(tmp_path, *(text.format(home=tmp_path) for text in arguments))
    assert result.exit_code == code and said in result.stderr and result.stdout == ""


def test_a_damaged_table_leaves_no_file(products: ArtifactRef, store: ArtifactStore, tmp_path: Path) -> None:
    (store.root / products.path).write_bytes(b"PAR1")
    output = tmp_path / "out.jsonl"
    assert export(tmp_path, "products", "--output", str(output)).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["artifacts"]

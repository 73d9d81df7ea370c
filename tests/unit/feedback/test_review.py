"""Deciding: by ids, in a table that comes back, and through the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from muse_core.errors import ConfigError
from muse_core.feedback.queue import accepted, publish, queue, read_accepted
from muse_core.feedback.review import COLUMNS, review, review_table, write_table
from muse_core.feedback.row import Feedback
from tasks.gate import open_store
from tests import builders
from tests.unit.feedback.builders_feedback import (
    ASKED,
    RULES,
    calling,
    held_out,
    imported,
    piece,
    shop,
    values,
    write,
)


def rows_of(folder: Path) -> list[Feedback]:
    """One that waits, one that is unclear, one that was refused."""
    lines = [
        piece(wanted=values("black")),
        piece("=black shirts below 2000 rupees", wanted=None),
        piece(f"{ASKED}, mail a.b@example.org"),
    ]
    return list(imported(folder, *lines).rows)


def test_ids_decide_and_only_what_waits_can_be_accepted(tmp_path: Path) -> None:
    waiting, unclear, refused = rows_of(tmp_path)
    found = review(rows_of(tmp_path / "x"), ["zz"], [], False)
    assert found.problems and not found.accepted
    ids = [row.feedback_id for row in (waiting, unclear, refused)]
    found = review((waiting, unclear, refused), ids, [], False)
    assert found.accepted == 1 and len(found.problems) == 2
    assert [found.rows[name].status for name in ids] == ["accepted", "unclear", "refused"]
    found = review((waiting, unclear, refused), [], ids, False)
    assert found.rejected == 2
    assert [row.status for row in found.rows.values()] == ["rejected", "rejected", "refused"]


def test_accept_all_takes_what_waits(tmp_path: Path) -> None:
    found = review(rows_of(tmp_path), [], [], True)
    assert (found.accepted, found.problems) == (1, [])


def test_a_table_goes_out_and_comes_back(tmp_path: Path) -> None:
    waiting, unclear, refused = rows_of(tmp_path)
    file = tmp_path / "review.csv"
    assert write_table(file, (waiting, unclear, refused)) == 2
    table = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert tuple(table[0]) == COLUMNS
    assert table[0]["learnt"] == "search(query='shirt', colour='black')"
    assert table[1]["said"].startswith("'=black")  # no formula
    table[0]["decision"] = "Reject"
    table[1] |= {"decision": "accept", "tool": "search", "arguments": "query='shirt', colour='black'"}
    found = review_table((waiting, unclear, refused), _filled(file, table), RULES, held_out())
    assert (found.accepted, found.rejected, found.problems) == (1, 1, [])
    learnt = found.rows[unclear.feedback_id]
    assert learnt.status == "accepted" and learnt.better and learnt.is_correction
    assert learnt.better[0]["tool_calls"][0]["arguments"] == {"query": "shirt", "colour": "black"}


def _filled(file: Path, table: list[dict[str, str]]) -> Path:
    text = io.StringIO()
    out = csv.DictWriter(text, COLUMNS)
    out.writeheader()
    out.writerows(table)
    file.write_text(text.getvalue(), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"decision": "perhaps"}, "write accept or reject"),
        ({"decision": "accept", "reply": "Write to a.b@example.org"}, "personal data"),
        (
            {"decision": "accept", "tool": "search", "arguments": "query='shirt', colour='blue'"},
            "nobody said colour='blue'",
        ),
        ({"decision": "accept", "tool": "juggle"}, "'juggle' is no tool"),
        ({"decision": "accept", "reply": "The Silver Shirt costs ₹17."}, "fault 'value'"),
    ],
)
def test_what_a_person_writes_is_checked_like_any_other_row(
    tmp_path: Path, cells: dict[str, str], why: str
) -> None:
    _, unclear, _ = rows_of(tmp_path)
    file = tmp_path / "review.csv"
    write_table(file, [unclear])
    table = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    table[0] |= cells
    found = review_table([unclear], _filled(file, table), RULES, held_out())
    assert found.accepted == 0 and found.problems and why in " ".join(found.problems)
    assert found.rows[unclear.feedback_id].status in ("unclear", "refused")


def test_a_refused_row_stays_refused_whatever_the_table_says(tmp_path: Path) -> None:
    *_, refused = rows_of(tmp_path)
    row = dict.fromkeys(COLUMNS, "") | {"id": refused.feedback_id, "decision": "accept", "reply": "Sure."}
    found = review_table([refused], _filled(tmp_path / "r.csv", [row]), RULES, held_out())
    assert found.problems and found.rows[refused.feedback_id] == refused


def test_another_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("query,count\nred shirt,3\n")
    with pytest.raises(ConfigError, match="the column id, decision"):
        review_table([], file, RULES, held_out())


def home(folder: Path) -> Path:
    """A home with products and conversations of a run."""
    store = open_store(folder / "artifacts")
    from muse_core.records import to_table

    store.write_table("products", to_table("products", list(shop())), "a" * 64)
    store.write_table("conversations", to_table("conversations", [builders.conversation()]), "b" * 64)
    return folder


def muse(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_line_from_the_file_to_an_artifact(tmp_path: Path) -> None:
    folder = home(tmp_path)
    first, second = piece(wanted=values("black")), piece("black shirts below 2000 rupees", calling(), None)
    write(folder / "feedback" / "feedback.jsonl", first, second)
    told = json.loads(muse("feedback", "import", "--home", str(folder), "--json"))
    assert told["status"] == {"waiting": 1, "unclear": 1}
    listed = muse("feedback", "review", "--home", str(folder))
    assert "learnt  search(query='shirt', colour='black')" in listed and "1 unclear, 1 waiting" in listed
    failed = CliRunner().invoke(app, ["feedback", "review", "--accept", "nobody", "--home", str(folder)])
    assert failed.exit_code == 2
    muse("feedback", "review", "--accept", first["id"], "--home", str(folder))
    store = open_store(folder / "artifacts")
    [row] = read_accepted(store, accepted(store))
    assert row.feedback_id == first["id"] and row.status == "accepted"
    plan = json.loads(muse("explain", "--feedback", "--stage", "data", "--home", str(folder), "--json"))
    assert plan


def test_without_feedback_the_commands_say_what_to_do(tmp_path: Path) -> None:
    folder = home(tmp_path)
    missing = CliRunner().invoke(app, ["feedback", "import", "--home", str(folder)])
    nothing = CliRunner().invoke(app, ["explain", "--feedback", "--home", str(folder)])
    assert missing.exit_code == nothing.exit_code == 2
    store = open_store(folder / "artifacts")
    with pytest.raises(ConfigError, match="nothing is accepted"):
        accepted(store)
    imported(folder, piece(wanted=values("black")))
    publish(store, [row.with_status("rejected") for row in queue(store)])
    with pytest.raises(ConfigError, match="nothing is accepted"):
        accepted(store)

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows import cli
from muse_core.errors import ConfigError
from muse_core.evaluation.public_sets import set_files
from muse_core.evaluation.public_sets.names import SET_NAMES
from muse_core.evaluation.public_sets.registry import PUBLIC_SETS, convert_files
from muse_core.evaluation.public_sets.set_files import read_set_file
from tests.unit.evaluation.public_sets.made_up import computers, dialogues, turn, written

GOALS = {"a red drum": ["red drum"]}


def test_the_names_of_the_command_line_are_the_registrys() -> None:
    assert tuple(PUBLIC_SETS) == SET_NAMES
    assert all(one.licence and one.source and one.files for one in PUBLIC_SETS.values())


def test_an_unknown_set_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        convert_files("webshp", [])
    assert all(name in str(caught.value) for name in SET_NAMES)


def test_a_file_of_another_set_is_named_with_the_set_it_looks_like(tmp_path: Path) -> None:
    path = written(tmp_path, "talk.json", dialogues(turn("Hm.", "Yes?", [["Bye", "General", "", ""]])))
    with pytest.raises(ConfigError, match="looks like xrisawoz"):
        convert_files("webshop", [path])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"a red drum": ["red dr', "ends in the middle"),
        (b'[{"goal": "a", "queries": []},\n{"goal": "b"', "ends in the middle"),
        (b'{"goal": "a", "queries": []}\n{"goal": "b", "que', "1 of 2 lines"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        (b"PAR1 and no more", "damaged Parquet"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"goal,query\n", "cannot be read"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "goal_query_map.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        convert_files("webshop", [path])
    assert str(path) in str(caught.value) or path.name in str(caught.value)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        convert_files("webshop", [tmp_path / "none.json"])


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_files, "MAX_BYTES", 10)
    with pytest.raises(ConfigError, match="at most"):
        convert_files("webshop", [written(tmp_path, "goals.json", GOALS)])


def test_a_hundred_megabytes_of_something_else_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b'["')
        for _ in range(100):
            file.write(b"abcdefgh" * 2**17)
    with pytest.raises(ConfigError, match="cannot be read"):
        convert_files("webshop", [path])


def test_tables_and_lines_are_lists_of_rows(tmp_path: Path) -> None:
    table = tmp_path / "rows.tsv"
    table.write_text('domain\ten_query\nmusic\tplay "that\n', "utf-8")
    assert read_set_file(table) == [{"domain": "music", "en_query": 'play "that'}]
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"a": 1}\n\n{"a": 2}\n', "utf-8")
    assert read_set_file(lines) == [{"a": 1}, {"a": 2}]


def test_a_set_that_gives_no_case_says_why(tmp_path: Path) -> None:
    path = written(tmp_path, "talk.json", dialogues(turn("Hm.", "Yes?", [])))
    with pytest.raises(ConfigError, match="1: the turn has no annotation"):
        convert_files("xrisawoz", [path])


# ---- the command ----------------------------------------------------------------------------------


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, ["bench", "convert", *map(str, arguments)])


def test_the_command_writes_cases_and_shop_and_says_what_was_left_out(tmp_path: Path) -> None:
    wants = [["Inform", "PC", "computer type", "laptop"]]
    talk = written(
        tmp_path, "talk.json", dialogues(turn("A laptop.", "Kite.", wants), turn("Hm.", "Yes?", []))
    )
    shop = written(tmp_path, "pc.json", computers())
    cases, catalogue = tmp_path / "cases.jsonl", tmp_path / "shop.jsonl"
    done = bench("xrisawoz", talk, shop, "--output", cases, "--catalog-output", catalogue)
    assert done.exit_code == 0, done.stderr
    assert all(said in done.stdout for said in ("BSD-3-Clause", "search 1", "left out: 1"))
    assert json.loads(cases.read_text("utf-8"))["expected_tool"] == "search"
    assert len(catalogue.read_text("utf-8").splitlines()) == len(computers())


def test_json_alone_stands_on_stdout(tmp_path: Path) -> None:
    done = bench("webshop", written(tmp_path, "g.json", GOALS), "--output", tmp_path / "c.jsonl", "--json")
    told = json.loads(done.stdout)
    assert (told["cases"], told["by_tool"], told["licence"]) == (2, {"search": 2}, "MIT")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--output", "{}/g.json"], "one of the files to convert"),
        (["--output", "{}"], "is a folder"),
        (["--output", "{}/old.jsonl"], "add --force"),
        (["--output", "{}/no/c.jsonl"], "there is no folder"),
        (["--output", "{}/c.jsonl", "--catalog-output", "{}/c.jsonl"], "name two"),
        (["--output", "{}/c.jsonl", "--catalog-output", "{}/s.jsonl"], "holds products"),
    ],
)
def test_an_output_that_cannot_be_written_is_the_users_mistake(
    tmp_path: Path, extra: list[str], said: str
) -> None:
    path = written(tmp_path, "g.json", GOALS)
    (tmp_path / "old.jsonl").write_text("mine", "utf-8")
    done = bench("webshop", path, *(word.format(tmp_path) for word in extra))
    assert done.exit_code == 2 and said in re.sub(r"\s+", " ", done.stderr)
    assert not (tmp_path / "c.jsonl").exists() and (tmp_path / "old.jsonl").read_text("utf-8") == "mine"

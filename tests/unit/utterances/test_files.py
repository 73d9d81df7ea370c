"""What a log may be: tables, JSON, chats, lines; and what is refused, once and in words."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from muse_core.errors import ConfigError
from muse_core.utterances.log_file import Logged, requests

BOTH = [("red shirt", 12), ("लाल कुर्ता", 3)]


def read(path: Path, content: str | bytes) -> list[tuple[str, int]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [(one.text, one.count) for one in requests(path)]


@pytest.mark.parametrize(
    "content",
    [
        "query,count\nred shirt,12\nलाल कुर्ता,3\n",
        "Count,Search Term\n12,red shirt\n3,लाल कुर्ता\n",
        "search_term;searches\nred shirt;12\nलाल कुर्ता;3\n",
        "red shirt\t12\nलाल कुर्ता\t3\n",
        '"Query","Count"\r\n"red shirt","12"\r\n"लाल कुर्ता","3"\r\n',
        "day,query,count\n2024-01-02,red shirt,12\n2024-01-03,लाल कुर्ता,3\n",
        '{"q": "red shirt", "count": 12}\n{"q": "लाल कुर्ता", "count": 3}\n',
        '[{"query": "red shirt", "count": "12"}, {"query": "लाल कुर्ता", "count": 3}]',
        "     12 red shirt\n      3 लाल कुर्ता\n      3\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_and_lines_with_counts(content: str, encoding: str, tmp_path: Path) -> None:
    counted = content.replace("      3\n", "      3 लाल कुर्ता\n") if content.startswith("  ") else content
    found = read(tmp_path / "log.bin", counted.encode(encoding))
    assert found[:2] == BOTH


def test_plain_lines_keep_their_commas(tmp_path: Path) -> None:
    assert [text for text, _ in read(tmp_path / "a", "red, blue shirt\nkurta\nsaree, silk\n\n \n")] == [
        "red, blue shirt", "kurta", "saree, silk",
    ]  # fmt: skip
    assert read(tmp_path / "b", "one shirt") == [("one shirt", 1)]
    assert [text for text, _ in read(tmp_path / "c", "query\nshirt\nkurta\n")] == ["shirt", "kurta"]


def test_old_code_pages_are_told(tmp_path: Path) -> None:
    lines = "café table lamp\ncrème dress\nnaïve art print\n"
    assert read(tmp_path / "a", lines.encode("cp1252"))[0] == ("café table lamp", 1)


def test_only_customers_speak_in_tables_and_chats(tmp_path: Path) -> None:
    table = "role,message\nuser,red shirt\nassistant,Here are some\nuser,cheaper ones\n"
    assert [text for text, _ in read(tmp_path / "a", table)] == ["red shirt", "cheaper ones"]
    chats = [
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": f"shirt {n}"}]}
        for n in (1, 2)
    ]
    lines = "\n".join(map(json.dumps, chats))
    assert [text for text, _ in read(tmp_path / "b", lines)] == ["shirt 1", "shirt 2"]
    export = (
        "12/01/24, 10:22 - Messages are end-to-end encrypted\n12/01/24, 10:22 - Asha: red kurta\nin size M\n"
        "12/01/24, 10:23 - My Shop: Yes, at 499\n[12/01/24, 10:24:11 PM] Asha: <Media omitted>\n"
        "12/01/24, 10:25 - Asha: ok bye\n"
    )  # fmt: skip
    assert [text for text, _ in read(tmp_path / "c", export)] == ["red kurta in size M", "ok bye"]


def test_a_column_is_told_by_what_it_holds(tmp_path: Path) -> None:
    table = "id,wer,stadt\n" + "".join(f"{n},green shirt number {n},Pune\n" for n in range(1000, 1020))
    assert read(tmp_path / "a", table)[0] == ("green shirt number 1000", 1)


def test_labels_come_with_their_requests(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "query,count,tool,arguments\n'=red shirt,2,Search,\"query='shirt', colour='red'\"\nhi,1,,\n"
    )
    assert list(requests(path)) == [
        Logged("=red shirt", 2, 2, "search", "query='shirt', colour='red'"), Logged("hi", 3, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n\n", "is empty"),
        (b"PK\x03\x04" + b"\0" * 50, "zip or Excel"),
        (b"PAR1" + b"\0" * 50, "Parquet"),
        (gzip.compress(b"red shirt\n", mtime=0), "gzip"),
        (bytes(range(256)) * 40, "binary"),
        (b"<!DOCTYPE html><html><body>log in</body></html>", "web page"),
        (b"id,price,stock\n1,20,3\n2,30,4\n", "no column holds requests"),
    ],
)
def test_what_is_no_log_is_refused_in_words(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        read(tmp_path / "log", content)
    assert "expected" in str(refused.value)


REPORT = (
    "Search terms report\nJan 1, 2024 - Jan 31, 2024\n\nSearch term,Hits,Clicks\nred shirt,12,1\nkurta,3,0\n"
)


@pytest.mark.parametrize(
    "content",
    [
        REPORT,
        "# Export\n# 20240101-20240131\nquery,count\nred shirt,12\nkurta,3\n",
        "Shop\t\nsearch term\tsearches\nred shirt\t12\nkurta\t3\n",
    ],
)
def test_a_title_above_the_header_is_no_request(content: str, tmp_path: Path) -> None:
    found = list(requests(_written(tmp_path / "a.csv", content)))
    assert [one.text for one in found] == ["red shirt", "kurta"]
    assert (
        found[0].line == content.splitlines().index(next(x for x in content.splitlines() if "red" in x)) + 1
    )
    assert read(tmp_path / "b", content.encode("utf-16"))[0][0] == "red shirt"


def _written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_plain_lines_that_name_columns_are_requests(tmp_path: Path) -> None:
    lines = ["red shirt", "kurta", "search, count", "saree", *(f"lamp {n}" for n in range(30))]
    assert [text for text, _ in read(tmp_path / "a", "\n".join(lines))][:4] == lines[:4]


def test_other_names_of_fields(tmp_path: Path) -> None:
    rows = [
        {"ts": 1700000000 + n, "qstr": f"red shirt number {n}", "uid": f"u{n}", "dev": "web"}
        for n in range(9)
    ]
    assert read(tmp_path / "a", "\n".join(map(json.dumps, rows)))[0] == ("red shirt number 0", 1)


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(ConfigError, match="cannot be read"):
            list(requests(path))


def test_a_line_without_end_does_not_stay_in_memory(tmp_path: Path) -> None:
    found = read(tmp_path / "a", "red shirt\n" + "x" * 3_000_000 + "\nkurta\n")
    assert [text for text, _ in found][::2] == ["red shirt", "kurta"] and len(found[1][0]) < 20_000


def test_a_quote_that_never_closes_costs_some_rows_only(tmp_path: Path) -> None:
    rows = "".join(f"shirt {n},{n}\n" for n in range(40_000))
    found = read(tmp_path / "a", f'query,count\nred shirt,4\n"open,1\n{rows}')
    assert found[0] == ("red shirt", 4) and found[-1] == ("shirt 39999", 39999)

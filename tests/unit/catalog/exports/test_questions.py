"""What `muse catalog check` asks, and that its flags settle it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.commands import catalog as command
from muse_core.errors import ConfigError


def _checked(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str, *settings: str
) -> dict[str, Any]:
    file = folder / "shop.csv"
    file.write_text(content, encoding="utf-8")
    command.check(file, None, list(settings), True)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def _setting(found: dict[str, Any]) -> str:
    """The one question's flag as `--set` is given it by a shell."""
    (question,) = found["questions"]
    prefix, setting, end = question["flag"].split("'")
    assert (prefix, end) == ("--set ", "")
    return str(setting)


def _maximum(found: dict[str, Any]) -> float:
    return float(found["prices"]["max"])


def test_round_amounts_may_be_paise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "title,price\nOak Stool,129900\nClay Lamp,34900\nJute Bag,24900\n"
    found = _checked(tmp_path, capsys, text)
    assert _maximum(found) == 129900
    settled = _checked(tmp_path, capsys, text, _setting(found))
    assert _maximum(settled) == 1299 and settled["questions"] == []
    assert _checked(tmp_path, capsys, text, "catalog.minor_units=1")["questions"] == []


def test_a_dot_before_three_digits_may_be_a_decimal_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "title;price\nOak Stool;1.299\nClay Lamp;2.349\n"
    found = _checked(tmp_path, capsys, text)
    assert _maximum(found) == 2349
    settled = _checked(tmp_path, capsys, text, _setting(found))
    assert _maximum(settled) == 2.349 and settled["questions"] == []


def test_of_two_currencies_the_user_says_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "title,price_usd,price_eur\nOak Stool,18,17\nClay Lamp,4,3\n"
    found = _checked(tmp_path, capsys, text)
    assert _maximum(found) == 18
    settled = _checked(tmp_path, capsys, text, _setting(found))
    assert _maximum(settled) == 17 and settled["questions"] == []


def test_a_cost_becomes_a_price_only_when_the_user_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "title,Cost Price\nOak Stool,500\nClay Lamp,120\n"
    found = _checked(tmp_path, capsys, text)
    assert found["prices"] is None
    settled = _checked(tmp_path, capsys, text, _setting(found))
    assert _maximum(settled) == 500 and settled["questions"] == []


def test_what_was_left_out_can_be_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "title,status,price\nOak Stool,active,1299\nClay Lamp,draft,349\n"
    found = _checked(tmp_path, capsys, text)
    assert (found["rows_read"], found["rows_kept"]) == (2, 1) and sum(found["dropped"].values()) == 1
    assert _checked(tmp_path, capsys, text, 'catalog.columns={status = ""}')["rows_kept"] == 2


def test_questions_are_shown_to_people_with_their_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("title;price\nOak Stool;1.299\nClay Lamp;2.349\n")
    command.check(file, None, [], False)
    shown = capsys.readouterr().out
    assert "question: " in shown and "--set 'catalog.decimal=\".\"'" in shown


@pytest.mark.parametrize("setting", ["catalog.currency=rupees", "catalog.decimal=:", "catalog.minor_units=0"])
def test_an_answer_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    with pytest.raises(ConfigError, match=setting.partition("=")[0]):
        _checked(tmp_path, capsys, "title,price\nOak Stool,9\n", setting)

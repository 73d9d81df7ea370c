"""Tools behind an HTTP address: what breaks, what is recorded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from muse_core.errors import ConfigError, MuseError, TransientError
from muse_core.tools.in_use import InUse, use
from muse_core.tools.recorded import Recording
from muse_core.tools.toolbox import TOOLS, Toolbox
from tests.unit.extra_tools.builders_extra import at, delivered, edit, refused
from tests.unit.extra_tools.builders_http import Answer, answering, as_json
from tests.unit.tools.builders_tools import run, world

# ---- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (lambda body: (200, b"<html>"), MuseError, "answered 200 with '<html>', which is no JSON"),
        (lambda body: (500, b"{}"), TransientError, "answered with status 500"),
        (lambda body: (404, b"{}"), MuseError, "answered with status 404"),
        (lambda body: (302, b"{}"), MuseError, "answered with status 302"),
        (lambda body: (200, b'{"text": "' + b"x" * 5_000_000 + b'"}'), MuseError, "more than 100,000 bytes"),
        (lambda body: (200, b'{"days": 3}'), MuseError, "the key 'days' means nothing here"),
        (lambda body: (200, b"[" * 3000), MuseError, "which is no JSON"),
        (lambda body: (time.sleep(2), (200, b"{}"))[1], TransientError, "within 0.3 s (timeout_s)"),
    ],
    ids=["no JSON", "500", "404", "redirect", "5 MB", "no result", "deep", "hangs"],
)
def test_an_address_that_breaks_ends_the_run_and_is_named(
    folder: Path, answer: Answer, kind: type[MuseError], told: str
) -> None:
    with answering(answer) as (address, _):
        limit = ("timeout_s = 5", "timeout_s = 0.3" if "0.3" in told else "timeout_s = 30")
        use(InUse((str(at(folder, address, limit)),)))
        with pytest.raises(kind) as caught:
            delivered()
    assert told in str(caught.value) and "delivery(pincode='560001')" in str(caught.value)
    assert not (folder / "delivery.recorded.jsonl").exists() or "no result" in str(caught.value)


def test_nobody_behind_the_address_is_told_with_the_call(folder: Path) -> None:
    with answering(lambda body: (200, b"{}")) as (address, _):
        pass
    use(InUse((str(at(folder, address)),)))
    with pytest.raises(TransientError, match=r"delivery\(pincode='560001'\): http.* cannot be reached"):
        delivered()


def test_where_customers_are_served_a_broken_address_is_a_tools_error(folder: Path) -> None:
    with answering(lambda body: (500, b"")) as (address, _):
        use(InUse((str(at(folder, address)),), is_live=True))
        assert delivered().error == "delivery cannot be reached now"
    assert not (folder / "delivery.recorded.jsonl").exists()


def test_what_the_address_refuses_the_model_reads_and_it_is_recorded(folder: Path) -> None:
    answers = {"560001": (400, b'{"error": "no such pincode"}'), "560002": (422, b"<html>")}
    with answering(lambda body: answers[body["pincode"]]) as (address, asked):
        use(InUse((str(at(folder, address)),)))
        for _ in range(2):
            assert delivered("560001").error == "no such pincode"
            assert delivered("560002").error == "refused with status 422"
        assert len(asked) == 2
    assert "pincode" in str(delivered("12").error), "the schema refuses it; nobody is asked"


def test_an_address_is_asked_once_for_a_call(folder: Path) -> None:
    with answering(lambda body: as_json({"facts": {"days": 3}})) as (address, asked):
        file = at(folder, address)
        use(InUse((str(file),)))
        assert delivered().value == delivered().value == {"facts": {"days": 3}, "text": "days: 3"}
        assert asked == [{"pincode": "560001"}]
        again = Recording(folder / "delivery.recorded.jsonl")  # as another process sees it
        assert again.answer({"pincode": "560001"}, lambda: pytest.fail("asked")) == {"facts": {"days": 3}}


def test_a_recording_can_be_written_by_hand_and_a_broken_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "delivery.recorded.jsonl"
    path.write_text('{"call": {"pincode": "1"}, "answer": {"text": "one day"}}')  # without a line end
    kept = Recording(path)
    assert kept.answer({"pincode": "1"}, lambda: pytest.fail("asked")) == {"text": "one day"}
    assert kept.answer({"pincode": "2"}, lambda: {"text": "two days"}) == {"text": "two days"}
    assert len(path.read_text().splitlines()) == 2
    path.write_text("half a li\n")
    with pytest.raises(ConfigError, match=r"delivery\.recorded\.jsonl .*'half a li', expected"):
        Recording(path).answer({"pincode": "1"}, dict)


def test_the_address_is_told_the_product_behind_a_position(folder: Path) -> None:
    with answering(lambda body: as_json({"text": "3 days"})) as (address, asked):
        more = 'required = ["item"]\n\n[parameters.properties.item]\ntype = "integer"\nminimum = 1\n'
        text = at(folder, address).read_text("utf-8")
        head = text[: text.index("[parameters]")]
        (folder / "delivery.toml").write_text(f"{head}[parameters]\n{more}", "utf-8")
        edit(folder / "delivery.wordings.toml", ("{pincode}", "{items}"))
        use(InUse((str(folder / "delivery.toml"),)))
        box = Toolbox(world())
        assert run(box, "delivery", item=1).error == "there are no earlier results; call search first"
        run(box, "search", query="shirt")
        run(box, "delivery", item=1)
        assert asked == [{"item": 1, "product_id": box.world.session.last_shown[0]}]
        assert TOOLS["delivery"].needs_results


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("timeout_s = 5", 'timeout_s = "5"'), "`timeout_s` is '5', expected a number above 0"),
        (("share = 0.5", "shares = 0.5"), "'shares' is not known; known are name, description"),
        (("http://127.0.0.1:8765/delivery", "ftp://x"), "`address` is 'ftp://x', expected http"),
        (('type = "string"', 'type = "object"'), "a model cannot write the type 'object'"),
        (('type = "string"', 'type = "string"\nformat = "date"'), "'format' is not checked here"),
        (('"pincode"]', '"pincode", "day"]'), "`required` names 'day', which is no argument"),
        (("pincode = { pattern", "pin = { pattern"), "the argument 'pincode' has no samples"),
        (("'[1-8]\\d{2}0[0-3]\\d'", "'(1|2)'"), "expected letters, [a-z0-9]"),
        (("'[1-8]\\d{2}0[0-3]\\d'", "'9\\d{5}'"), "is refused: pincode: found '9"),
        (("[samples]", "[samples"), "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_is_refused(folder: Path, change: tuple[str, str], told: str) -> None:
    assert told in refused(edit(folder / "delivery.toml", change))

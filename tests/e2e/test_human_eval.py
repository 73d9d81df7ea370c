"""Human evaluation as people meet it: `make`, a rater at a real browser, the saved file, `import`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from muse_core.evaluation.human import CRITERIA
from tests.e2e.browser import Tab, browser, browser_path
from tests.unit.evaluation.human.builders_human import finished_run, rate, save

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium or Chrome is installed here"),
]
ITEMS = 6
SCORES = {"base": 1, "sft": 3, "dpo": 4}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    finished_run(folder)
    return folder


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with browser(tmp_path / "profile", tmp_path / "downloads") as opened:
        yield opened


def muse(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["human-eval", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def make(home: Path, packs: Path) -> tuple[dict[str, Any], list[Path]]:
    said = muse("make", "--conversations", str(ITEMS), "--evaluators", "2", "--seed", "3",
                "--home", str(home), "--output", str(packs))  # fmt: skip
    study = said.split()[1].rstrip(":")
    key = json.loads((home / "human-eval" / study / "key.json").read_text("utf-8"))
    pages = sorted(packs.iterdir())
    assert [page.name for page in pages] == [f"rate-{study}-r1.html", f"rate-{study}-r2.html"]
    return key, pages


def shown(tab: Tab) -> dict[str, Any]:
    """The item on the screen, as the page's own pack has it."""
    at = tab.run("document.getElementById('count').textContent.match(/Item (\\d+)/)[1] - 1")
    found: dict[str, Any] = tab.run(f"JSON.parse(document.getElementById('pack').textContent).items[{at}]")
    return found


def keys_for(key: dict[str, Any], rater: str, item: dict[str, Any]) -> list[str]:
    """What a rater presses who likes DPO better than SFT better than base."""
    first, second = key["items"][item["id"]]["models"]
    if item["id"] in key["raters"][rater]["second_is_a"]:
        first, second = second, first
    if item["same"]:
        return [str(SCORES[min(first, second)])] * 4
    return (
        [str(SCORES[first])] * 4
        + [str(SCORES[second])] * 4
        + ["a" if SCORES[first] > SCORES[second] else "b"]
    )


def saved_file(folder: Path, name: str) -> Path:
    path, end = folder / name, time.monotonic() + 60
    while not (path.is_file() and path.read_text("utf-8").endswith("}\n")):
        assert time.monotonic() < end, sorted(folder.iterdir())
        time.sleep(0.05)
    return path


def test_from_the_first_click_to_the_import(home: Path, tab: Tab, tmp_path: Path) -> None:
    key, pages = make(home, tmp_path / "packs")
    tab.open(pages[0].as_uri())
    tab.press("?")  # the help is open at first
    order = []
    for at in range(ITEMS):
        item = shown(tab)
        order.append(item["id"])
        tab.press(*keys_for(key, "r1", item))
        if at == 1:  # a comment in Hindi, an undo, and a reload in the middle
            tab.press("c")
            tab.do("Input.insertText", text='ठीक है, 4 | "5"')
            tab.press("Escape", "u", keys_for(key, "r1", item)[-1])
            tab.reload()
            assert shown(tab)["id"] == item["id"]
            assert tab.run("document.getElementById('comment').value") == 'ठीक है, 4 | "5"'
            assert f"{at + 1} done" in tab.run("document.getElementById('count').textContent")
            tab.press("?")
        tab.press("Enter")
    assert len(set(order)) == ITEMS
    tab.click("#save")
    path = saved_file(tmp_path / "downloads", f"ratings-{key['study']}-r1.json")
    body = json.loads(path.read_text("utf-8"))
    assert [one["item"] for one in body["ratings"]] == order
    assert body["ratings"][1]["comment"] == 'ठीक है, 4 | "5"' and body["pack"] == key["raters"]["r1"]["pack"]
    assert tab.complaints == [] and {url.split(":")[0] for url in tab.requests} <= {"file", "data", "blob"}

    other = save(tmp_path, rate(key, "r2", SCORES.__getitem__))
    said = json.loads(muse("import", str(path), str(other), "--json", "--home", str(home)))
    assert said["ratings"] == 2 * ITEMS and said["skipped"] == 0
    assert {name: one["value"] for name, one in said["alpha"].items()} == dict.fromkeys(said["alpha"], 1.0)
    for model, means in said["means"].items():
        met = [one for one in key["items"].values() if model in one["models"]]
        hand = [SCORES[min(one["models"]) if one["same"] else model] for one in met]
        for name in CRITERIA:
            assert means[name]["value"] == pytest.approx(sum(hand) / len(hand)) and means[name][
                "n"
            ] == 2 * len(met)
    assert "preference (alpha 1.00)" in said["headline"][-1]
    assert "mean score" in muse("import", str(path), str(other), "--home", str(home))


def test_skip_mouse_arrows_and_an_unfinished_page(home: Path, tab: Tab, tmp_path: Path) -> None:
    _, pages = make(home, tmp_path / "packs")
    tab.open(pages[1].as_uri())
    tab.press("?", "s")
    assert "1 done (1 skipped)" in tab.run("document.getElementById('count').textContent")
    tab.press("ArrowLeft", "u")
    assert "0 done" in tab.run("document.getElementById('count').textContent")
    tab.click("fieldset[data-question='2'] label:nth-of-type(4)")
    assert tab.run("document.querySelector('fieldset.now').dataset.question") == "3"
    tab.press("ArrowRight", "ArrowLeft", "ArrowUp")
    checked = "[...document.querySelectorAll('input:checked')].map(i => i.name + i.value)"
    assert tab.run(checked) == ["a-fluency4"]
    tab.click("#save")
    assert "6 items are still open" in tab.run("document.getElementById('notice').textContent")
    assert not list((tmp_path / "downloads").iterdir()) and tab.complaints == []


def test_without_storage_progress_travels_as_a_file(home: Path, tab: Tab, tmp_path: Path) -> None:
    key, pages = make(home, tmp_path / "packs")
    refused = "get() { throw new DOMException('no', 'SecurityError'); }"
    deny = f"Object.defineProperty(window, 'localStorage', {{{refused}}})"
    tab.do("Page.addScriptToEvaluateOnNewDocument", source=deny)
    tab.open(pages[0].as_uri())
    assert "does not keep your answers" in tab.run("document.getElementById('notice').textContent")
    tab.press("?", *keys_for(key, "r1", shown(tab)))
    tab.click("#export")
    name = f"progress-{key['study']}-r1.json"
    end = time.monotonic() + 60
    while not (tmp_path / "downloads" / name).is_file():
        assert time.monotonic() < end
        time.sleep(0.05)
    tab.reload()
    assert "0 done" in tab.run("document.getElementById('count').textContent")
    node = tab.do("DOM.querySelector", nodeId=tab.do("DOM.getDocument")["root"]["nodeId"], selector="#file")
    tab.do("DOM.setFileInputFiles", files=[str(tmp_path / "downloads" / name)], nodeId=node["nodeId"])
    tab.wait("document.getElementById('count').textContent.includes('1 done')")
    assert tab.complaints == []


def test_every_control_has_a_name_and_nothing_is_wider_than_a_phone(
    home: Path, tab: Tab, tmp_path: Path
) -> None:
    _, pages = make(home, tmp_path / "packs")
    tab.size(390, 844)
    tab.open(pages[0].as_uri())
    for _ in range(ITEMS):
        assert tab.run("document.documentElement.scrollWidth") <= 390
        tab.press("ArrowRight")
    nodes = tab.do("Accessibility.getFullAXTree")["nodes"]
    controls = [
        n for n in nodes if n.get("role", {}).get("value") in ("radio", "button", "textbox", "progressbar")
    ]
    assert len(controls) > 20 and all(n.get("name", {}).get("value") for n in controls)

"""The report in a real browser, on a desktop's and a phone's width: nothing complains, nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muse_core.evaluation.report import write_page
from tests.e2e.browser import Tab, browser, browser_path
from tests.unit.evaluation.builders_report import report_inputs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium or Chrome is installed here"),
]
# Elements that reach beyond the window and stand in no box that scrolls.
STICKING_OUT = """[...document.querySelectorAll('main *')].filter(one =>
    one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    && !one.closest('.scroll') && !one.closest('svg')
    && !one.closest('details:not([open])')).map(one => one.tagName + '.' + one.className)"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("report")
    page = write_page(folder / "page.html", report_inputs())
    with browser(folder / "profile", folder / "downloads") as opened:
        opened.open(page.as_uri())
        yield opened


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_the_window(tab: Tab, width: int) -> None:
    tab.size(width, 900)
    tab.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(STICKING_OUT) == []


def test_tables_scroll_in_their_own_box(tab: Tab) -> None:
    tab.size(390, 900)
    wide = tab.run(
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
    )
    assert wide > 0
    assert tab.run("[...document.querySelectorAll('table')].every(one => one.closest('.scroll'))")


def test_it_needs_no_network_and_the_console_stays_silent(tab: Tab) -> None:
    tab.reload()
    assert tab.complaints == []
    assert {url.partition(":")[0] for url in tab.requests} == {"file"}
    assert len({url for url in tab.requests}) == 1


def test_every_link_of_the_contents_leads_somewhere(tab: Tab) -> None:
    links = tab.run("[...document.querySelectorAll('nav a')].map(one => one.getAttribute('href'))")
    assert len(links) >= 14
    assert all(tab.run(f"document.querySelector('{link}') !== null") for link in links), links


def test_a_dialogue_opens(tab: Tab) -> None:
    tab.click("#dialogues details.talk summary")
    tab.wait("document.querySelector('#dialogues details.talk').open")
    lanes = tab.run("[...document.querySelector('#dialogues details.talk').querySelectorAll('.lane .mark')]"
                    ".map(one => one.textContent.split(' · ')[0].trim())")  # fmt: skip
    assert lanes == ["Baseline", "SFT", "SFT + DPO", "Expert (ceiling)"]

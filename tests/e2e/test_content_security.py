"""Every page forbids what it does not need, and needs nothing that it forbids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import serving.headers
from muse_core.evaluation.report import write_page
from tests.e2e.browser import Tab, browser, browser_path
from tests.unit.evaluation.builders_report import report_inputs

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "muse_core" / "evaluation").rglob("*.html.jinja"))
PAGES = [path for path in TEMPLATES if "<!doctype html>" in path.read_text("utf-8")]
LOADED = {  # element -> its attribute, and the directive that speaks about it
    "img": ("src", "img-src"), "script": ("src", "script-src"), "iframe": ("src", "frame-src"),
    "audio": ("src", "media-src"), "video": ("src", "media-src"), "embed": ("src", "object-src"),
    "object": ("data", "object-src"), "image": ("href", "img-src"), "use": ("href", "img-src"),
}  # fmt: skip


class Page(HTMLParser):
    """What a page asks of a browser: (directive, source) of everything that is loaded or inline."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.policy = ""
        self.asked: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("http-equiv", "").lower() == "content-security-policy":
            assert not self.asked, "what stands before the policy is not held by it"
            self.policy = given["content"]
        if tag == "link":
            kind = "img-src" if "icon" in given["rel"] else "style-src"
            self.asked.append((kind, given["href"]))
        if tag in LOADED and LOADED[tag][0] in given:
            self.asked.append((LOADED[tag][1], given[LOADED[tag][0]]))
        elif tag == "script" and given.get("type") != "application/json":
            self.asked.append(("script-src", "inline"))
        if tag == "style" or "style" in given:
            self.asked.append(("style-src", "inline"))
        self.asked += [("script-src", "inline") for name in given if name.startswith("on")]
        self.asked += [("script-src", "inline") for value in given.values() if "javascript:" in value.lower()]
        if tag == "form" and "action" in given:
            self.asked.append(("form-action", given["action"]))


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}


def allows(policy: str, directive: str, source: str) -> bool:
    """https://www.w3.org/TR/CSP3/, as far as these pages go: keywords and schemes."""
    rules = directives(policy)
    allowed = rules.get(directive, rules["default-src"])
    if source == "inline":
        return "'unsafe-inline'" in allowed
    if source.startswith("#"):  # of the page itself
        return True
    scheme = re.match(r"([a-z][a-z0-9+.-]*:)|//", source)
    return (scheme.group() if scheme else "'self'") in allowed


def refused(page: Page, policy: str) -> list[tuple[str, str]]:
    return [asked for asked in page.asked if not allows(policy, *asked)]


def is_strict(policy: str) -> bool:
    rules = directives(policy)
    closed = all(rules[name] == ["'none'"] for name in ("default-src", "base-uri", "form-action"))
    return closed and not re.search(r"unsafe-eval|https?:|\*", policy)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name + "/" + path.name)
def test_a_page_says_what_it_allows_and_asks_for_nothing_else(path: Path) -> None:
    page = Page(path.read_text("utf-8"))
    assert is_strict(page.policy) and page.asked and refused(page, page.policy) == []
    runs = ("script-src", "inline") in page.asked
    assert runs == ("script-src" in directives(page.policy)), "allow scripts where there are some alone"


def test_a_whole_report_asks_for_nothing_that_it_forbids(tmp_path: Path) -> None:
    page = Page(write_page(tmp_path / "page.html", report_inputs()).read_text("utf-8"))
    assert refused(page, page.policy) == [] and ("style-src", "inline") in page.asked


def test_the_page_of_serve_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = Page((ROOT / "serving" / "page" / "index.html").read_text("utf-8"))
    assert is_strict(serving.headers.POLICY) and "unsafe" not in serving.headers.POLICY
    assert {("script-src", "/page.js"), ("style-src", "/page.css")} <= set(page.asked)
    assert refused(page, serving.headers.POLICY) == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>1</script>", "<p onclick='x()'>", "<a href=' JavaScript:x()'>", "<script src='/x.js'>",
        "<img src='https://elsewhere/x.png'>", "<img src='//elsewhere/x.png'>", "<iframe src='/x'>",
        "<link rel='stylesheet' href='https://elsewhere/x.css'>", "<form action='https://elsewhere'>",
    ],
)  # fmt: skip
def test_what_somebody_plants_is_seen_by_these_tests(planted: str) -> None:
    policy = Page((ROOT / "muse_core/evaluation/report/page.html.jinja").read_text("utf-8")).policy
    assert refused(Page(planted), policy)


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    if browser_path() is None:
        pytest.skip("no Chromium or Chrome is installed here")
    with browser(tmp_path / "profile", tmp_path / "downloads") as opened:
        yield opened


@pytest.mark.slow
def test_a_browser_runs_no_script_in_a_report_and_fetches_no_picture(tab: Tab, tmp_path: Path) -> None:
    """Where escaping failed, the policy holds."""
    page = write_page(tmp_path / "page.html", report_inputs())
    tab.open(page.as_uri())
    assert tab.complaints == []
    bad = "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x.png' onerror='alert(1)'>"
    page.write_text(page.read_text("utf-8").replace("<main", f"{bad}<main", 1), "utf-8")
    tab.open(page.as_uri())
    tab.wait("document.images.length > 0")
    assert tab.run("document.title") != "owned"
    forbidden = [said for said in tab.complaints if "Content Security Policy" in said]
    assert len(forbidden) >= 3 and any("x.png" in said for said in forbidden), tab.complaints

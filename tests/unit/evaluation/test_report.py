"""The report is whole, self-contained, and says what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.evaluation.report import ReportInputs, gather, write_page, write_report
from muse_core.records import to_table
from tests.unit.evaluation.builders_report import report_inputs

INPUTS = report_inputs()
VOID = {"meta", "br", "polyline", "line"}


class Balance(HTMLParser):
    """Fails on a tag that is closed without being open, or never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        return None

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_page(tmp_path_factory.mktemp("reports") / "a" / "page.html", INPUTS).read_text("utf-8")


def test_it_needs_no_network(page: str) -> None:
    assert not re.search(r"https?://|src=|@import|url\(|<script|<link", page)
    assert 'name="viewport"' in page


def test_it_is_well_formed(page: str) -> None:
    parser = Balance()
    parser.feed(page)
    assert not parser.open


@pytest.mark.parametrize(
    "text",
    [
        "Baseline",
        "SFT + DPO",
        "(cannot call)",
        "Appendix: claimed upstream, not reproduced",
        "172 requests in three other shops",
        "60 requests in this shop",
        "searched for in training",
        "both in one request",
        "Where values are invented",
        "<code>max_price</code>",
        "Right tool, looks for another thing",
        "&lt;b&gt;vase&lt;/b&gt;",
        "Always search",
        "By language",
        "Hinglish (n = ",
        "Confusions: SFT",
        "TF-IDF + logistic",
        "Paired differences",
        "412 on-policy from 160 prompts",
        "≥ 0.2 nats: recall, precision",
        "AUC, gold against perturbed",
        "dev loss: ",
        "Provenance",
        "What is not covered",
        "Promotion: ",
        "Paired differences on the same cases",
        "Calibration of the position head",
        "What goes wrong",
        "Does not ask for what is missing",
        "Closed loop: simulated shoppers",
        "pass^3: 3 of 3 drawn succeed",
        "Baseline did not play: it cannot call",
        "the same words as before",
        "Best and worst dialogues, side by side",
        "search(query=&#39;shoes&#39;, colour=&#39;black&#39;)",
        "SFT + DPO over SFT",
        "1 of 120 test turns resemble training rows",
        "fewer than 400 cases",
        "1 min 9 s",
        "0f0f0f0f0f0f",
        "torch 2.13.0",
        "evaluation.max_cases",
    ],
)
def test_it_says(page: str, text: str) -> None:
    assert text in page


def test_people_come_first_and_claims_last(page: str) -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings[:2] == ["Requests of people", "Results on simulated turns"]
    assert headings[-1].startswith("Appendix: ")
    assert page.index("On 172 requests of people in shops it has never seen") < page.index("<h2")
    assert len(re.findall(r"<li><span class=\"kind\">", page)) == 10


def test_without_requests_of_people_no_verdict_is_made_up(tmp_path: Path) -> None:
    simulated = [row for row in INPUTS.metrics if not row["metric"].startswith(("people_", "handwritten_"))]
    page = write_page(tmp_path / "p.html", replace(INPUTS, metrics=simulated)).read_text("utf-8")
    assert "nothing here says how it does with them" in page and "Ten failures" not in page
    assert "it is not ready to ship" not in page and "Results on simulated turns" in page


def test_user_text_cannot_break_out(tmp_path: Path) -> None:
    about = dict(INPUTS.about("evaluate"))
    about["examples"] = [dict(about["examples"][0]) | {"utterance": "<script>alert(1)</script>"}]
    manifests = dict(INPUTS.manifests) | {"evaluate": dict(INPUTS.manifests["evaluate"]) | {"about": about}}
    page = write_page(tmp_path / "p.html", replace(INPUTS, manifests=manifests)).read_text("utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_seconds_stand_beside_what_the_probe_had_expected(tmp_path: Path) -> None:
    """`sft` took 57.5 s where 150 were expected; without estimates there is no such column."""
    page = write_page(tmp_path / "p.html", INPUTS).read_text("utf-8")
    row = next(part for part in page.split("<tr>") if part.startswith("<td>sft</td>"))
    assert "<td>58 s</td>" in row and "<td>2 min 30 s</td><td>38 %</td>" in row
    bare = {stage: dict(one) | {"about": {}} for stage, one in INPUTS.manifests.items()}
    page = write_page(tmp_path / "p.html", replace(INPUTS, manifests=bare)).read_text("utf-8")
    assert "<th>Expected</th>" not in page and "<td>58 s</td>" in page


def test_without_people_it_says_so(tmp_path: Path) -> None:
    page = write_page(tmp_path / "p.html", replace(INPUTS, studies=())).read_text("utf-8")
    assert "Ratings by people: none in this report" in page and "What people said" not in page


def test_an_empty_run_still_has_a_page(tmp_path: Path) -> None:
    assert "Results" in write_page(tmp_path / "p.html", ReportInputs([], {})).read_text("utf-8")


def test_gather_follows_the_receipts(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    model = store.write_folder(
        "model", lambda folder: (folder / "w").write_text("x") and None, "f1", metrics={"a": 1}
    )
    about = {"inputs": {"dpo": model.digest, "sft": "unknown"}, "examples": []}
    metrics = store.write_table("metrics", to_table("metrics", INPUTS.metrics), "f2", about=about)
    found = gather(store, metrics)
    assert list(found.manifests) == ["dpo", "evaluate"] and len(found.metrics) == len(INPUTS.metrics)
    path = write_report(store, metrics, tmp_path / "reports")
    assert path.name.startswith("report-") and (tmp_path / "reports" / "latest.html").exists()

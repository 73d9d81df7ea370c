"""The report's section on exported forms, and the card of a registered model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muse_core.config.load import load_config
from muse_core.config.run_config import PromotionConfig
from muse_core.evaluation.report import ReportInputs, write_page
from muse_core.evaluation.report.exported import exported
from muse_core.evaluation.report.model_card import model_card
from muse_core.evaluation.score.promotion import judge

RATE = {"value": 0.9, "low": 0.85, "high": 0.94, "n": 192}
PART = {
    "cases": 64,
    "max_logit_difference": 0.19,
    "same_tokens": 0.97,
    "same_decision": 1.0,
    "same_call": 0.98,
}
ABOUT: dict[str, Any] = {
    "forms": {"onnx": "published", "int8": "left out: it loses 2.0 points against PyTorch"},
    "parity": {
        "int8": {
            "whole": PART | {"cases": 192}, "slices": {"language=hi": PART, "margin<1": PART},
            "tool_accuracy": RATE, "exact_call": RATE, "tool_accuracy_of_model": RATE,
            "exact_call_of_model": RATE, "first_difference": "“<b>kurta</b>” (hi): PyTorch wrote 'a'",
        }
    },
    "latency": {
        "eager": {
            "first_token_ms": 12.0, "token_ms_p50": 3.0, "token_ms_p95": 4.0, "token_ms_p99": 5.0,
            "tokens_per_s_1": 300.0, "tokens_per_s_8": 1500.0, "tokens_per_s_32": 3000.0,
            "memory_mb": None, "size_mb": 10.2, "speed_ratio": 1.0,
        }
    },
}  # fmt: skip
HEALTHY = json.loads((Path(__file__).parent / "promotion_cases.jsonl").open(encoding="utf-8").readline())[
    "rows"
]


def test_the_page_shows_forms_parity_and_speed(tmp_path: Path) -> None:
    inputs = ReportInputs(HEALTHY, {"export": {"about": ABOUT}})
    page = write_page(tmp_path / "page.html", inputs).read_text("utf-8")
    section = page[page.index('<section id="export">') :]
    section = section[: section.index("</section>")]
    for text in (
        "left out: it loses 2.0 points",
        "&lt;b&gt;kurta",
        "… hi",
        "margin &lt;1",
        "300 / 1,500 / 3,000",
    ):
        assert text in section
    assert "<th>form</th>" in section and "<td>PyTorch</td>" in section
    assert 'id="export"' not in write_page(tmp_path / "p.html", ReportInputs(HEALTHY, {})).read_text("utf-8")


def test_without_graphs_there_is_no_section() -> None:
    assert exported({}) == {} and exported({"forms": {}, "parity": {}}) == {}


def test_the_card_names_base_data_licences_and_figures_with_intervals() -> None:
    scratch, _ = load_config("quickstart")
    verdict = judge(HEALTHY, PromotionConfig())
    sizes = {"catalog": 2000, "conversations": 6000}
    card = model_card("# Export", scratch, sizes, HEALTHY, verdict, {"run": "a9d9", "evaluate": "2691"})
    assert card.startswith("# Export\n")
    for text in (
        "- Base: trained from scratch, 4 layers of width 192.",
        "- Catalogue: MUSE's synthetic shop, 2,000 products.",
        "- Code, and data that MUSE simulates: Apache-2.0.",
        "| Right tool | – | 92.4 % [90.8, 93.9] | 4000 |",
        "- Promotion: passed.",
        "- run: `a9d9`\n- evaluate: `2691`",
    ):
        assert text in card
    assert "Nothing was measured" in model_card("#", scratch, {}, [], None, {})


def test_the_card_tells_a_pretrained_base_and_no_folder(tmp_path: Path) -> None:
    shop = tmp_path / "shop.csv"
    shop.write_text("title,price\nx,1\n")
    hub, _ = load_config("cpu", overrides=[f"catalog.file={json.dumps(str(shop))}"])
    card = model_card("#", hub, {"catalog": 1}, [], None, {})
    assert "derived from HuggingFaceTB/SmolLM2-135M-Instruct, whose licence holds" in card
    assert "the user's file shop.csv, 1 products" in card and str(tmp_path) not in card
    base = tmp_path / "base.gguf"
    base.write_bytes(b"x")
    local, _ = load_config("cpu", overrides=[f"base.model={base}"])
    assert "- Base: base.gguf, fine-tuned." in model_card("#", local, {}, [], None, {})

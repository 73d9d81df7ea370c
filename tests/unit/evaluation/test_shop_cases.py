"""Cases of a shop with facets: what they may expect, what a model is told, and what counts as right."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from flows.commands.eval import EvalFlags, eval_cases
from muse_core import records
from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.errors import ConfigError
from muse_core.evaluation.cases.answers import case_digest, context_of
from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.cases.case_models import OwnModel
from muse_core.evaluation.cases.tool_prompt import chat_messages, prompt_digest
from muse_core.models.loading import save_model
from muse_core.tools.shop_schema import PLAIN, schema_of
from muse_core.types import ToolCall
from tests import builders
from tests.unit.dialogue_llm.builders_llm import KEY, local_model
from tests.unit.evaluation.builders_cases import tool_reply
from tests.unit.models.builders_models import tiny_model

LAPTOPS = Catalog(
    tuple(
        builders.product(
            product_id=f"p{n}", title=f"Laptop {n}", product_type="laptop",
            facets={"memory": (f"{8 * n} gb",), "processor": (chip,), "touchscreen": (touch,)},
        )
        for n, (chip, touch) in enumerate([("intel core i5", "yes"), ("amd ryzen 5", "no")], 1)
    )
)  # fmt: skip
SHOP = schema_of(LAPTOPS.facets)
ASKED: dict[str, Any] = {
    "id": "a", "language": "en", "profile": "women",
    "utterance": "touch laptop with 16 gb, i5 or ryzen, not red",
    "expected_tool": "search",
    "expected_args": {
        "query": ["laptop"], "memory": [16], "touchscreen": [True], "not_colour": ["red", ""],
        "processor": [["amd ryzen 5", "intel core i5"]],
    },
}  # fmt: skip


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "cases.jsonl"
    path.write_text(json.dumps(ASKED | changes), encoding="utf-8")
    return path


@pytest.fixture
def case(tmp_path: Path) -> EvalCase:
    (found,) = load_cases(write(tmp_path), SHOP)
    return found


def called(**arguments: Any) -> list[ToolCall]:
    return [ToolCall("c", "search", {"query": "laptop"} | arguments)]


def test_a_case_may_expect_facets(case: EvalCase) -> None:
    right = {"memory": 16, "touchscreen": True, "processor": ["intel core i5", "amd ryzen 5"]}
    assert judge_case(case, called(**right), False).exact
    assert judge_case(case, called(**right, not_colour="red"), False).exact
    for wrong in ({"memory": 8}, {"touchscreen": False}, {"processor": "intel core i5"}, {"fuel": "petrol"}):
        assert not judge_case(case, called(**right | wrong), False).exact, wrong
    refused = judge_case(case, called(**right | {"memory": "16"}), False)
    assert not refused.exact and "memory" in refused.why  # the tool would refuse the text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"query": ["laptop"], "fuel": ["petrol"]}, "search has no argument 'fuel'; it has"),
        ({"query": ["laptop"], "memory": ["lots"]}, "search takes memory as none of 'lots'"),
        ({"query": ["laptop"], "touchscreen": ["maybe"]}, "search takes touchscreen as none of 'maybe'"),
        ({"query": ["laptop"], "processor": [True]}, "search takes processor as none of True"),
    ],
)
def test_what_no_call_of_this_shop_can_pass_is_refused(
    tmp_path: Path, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_cases(write(tmp_path, expected_args=arguments), SHOP)
    assert said in str(caught.value)


def test_comparing_by_a_facet_is_a_choice_of_this_shop(tmp_path: Path) -> None:
    expected = {"items": [[1, 2]], "attribute": ["memory"]}
    path = write(tmp_path, expected_tool="compare", expected_args=expected)
    (case,) = load_cases(path, SHOP)
    assert judge_case(case, [ToolCall("c", "compare", {"items": [1, 2], "attribute": "memory"})], False).exact
    with pytest.raises(ConfigError, match="compare takes attribute as none of 'memory'"):
        load_cases(path)


def test_without_that_shop_the_argument_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="search has no argument 'memory'"):
        load_cases(write(tmp_path))


def test_ours_read_the_list_and_others_get_the_shops_schemas(case: EvalCase, tmp_path: Path) -> None:
    assert context_of(case)[0].content == "also: memory (gb), processor, touchscreen (yes/no)\nen | women"
    first = chat_messages(case)[0]["content"]
    assert first.endswith("Shopper: en | women") and "also: memory" not in first
    search = SHOP.as_openai()[0]["function"]["parameters"]["properties"]
    assert {"memory", "min_memory", "not_processor", "touchscreen"} <= search.keys()
    assert prompt_digest(SHOP) != prompt_digest(PLAIN)
    (plain,) = load_cases(write(tmp_path, expected_args={"query": ["laptop"]}))
    assert case_digest(case) != case_digest(plain) and context_of(plain)[0].content == "en | women"


def test_the_command_asks_an_endpoint_with_the_catalogue_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ArtifactStore(tmp_path / "home" / "artifacts").for_stage("catalog", {})
    store.write_table("products", records.to_table("products", list(LAPTOPS)), "shop")
    with local_model(lambda body, before: tool_reply(body)) as server:
        monkeypatch.setenv("MUSE_LLM_BASE_URL", server.url)
        monkeypatch.setenv("MUSE_LLM_API_KEY", KEY)
        eval_cases(write(tmp_path), "openai:tiny", tmp_path / "home", EvalFlags(as_json=True))
    assert json.loads(capsys.readouterr().out)["n"] == 1
    (asked,) = server.asked
    assert asked["tools"] == json.loads(json.dumps(SHOP.as_openai()))


def test_our_model_of_another_shop_is_asked_with_a_warning(
    case: EvalCase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_model()
    model.about |= {"trained": "sft"}
    save_model(model, tmp_path / "model")
    with caplog.at_level(logging.WARNING):
        found = list(OwnModel(tmp_path / "model", CatalogIndex(LAPTOPS)).answers([case]))
    assert len(found) == 1
    assert "has not seen memory (gb), processor, touchscreen (yes/no)" in caplog.text

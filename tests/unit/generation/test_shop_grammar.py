"""Grammar mode in a shop with facets: the same calls as the shop's schema, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muse_core.errors import MuseError
from muse_core.generation.grammar import CallGrammar
from muse_core.models.tokenizer import encode_text, train_tokenizer
from muse_core.tools.call_syntax import CallSyntaxError, parse_call, render_call, wrap
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import TOOLS
from muse_core.types import Facet, ToolCall

SHOP = ShopSchema(
    (
        Facet("memory", "number", "gb", ("4 gb", "64 gb")),
        Facet("balance", "number", "", ("-3", "7")),
        Facet("processor", "choice", "", ("intel core i5", "amd ryzen 5")),
        Facet("touchscreen", "yes_no", "", ("yes", "no")),
        Facet("screen_size", "number", "inch", ("11.6 inch", "17.3 inch")),
    )
)
TOLD = SHOP.as_json()
FACET_ARGUMENTS = set(SHOP.order("search")) - set(PLAIN.order("search"))
WRITTEN = [
    "search(query='laptop', memory=16, processor=['intel core i5', 'amd ryzen 5'], touchscreen=True)",
    "search(query='tv', not_colour='red', not_brand=['Aravali', 'Zed'], min_screen_size=40.5)",
    "filter(not_processor='it\\'s', touchscreen=False)",
    "filter(balance=-2.5)",
    "recommend(like=2, than='cheaper', colour=['red', 'maroon', 'pink'], max_memory=8)",
    "compare(items=[1, 2], attribute='screen_size')",
]
REFUSED = [
    "search(query='laptop', memory='", "search(query='laptop', memory=True", "search(query='tv', processor=1",
    "search(query='tv', touchscreen='", "search(query='tv', touchscreen=1", "search(query='tv', fuel=",
    "search(query='tv', not_touchscreen=", "search(query='tv', min_processor=",
    "search(query='tv', not_memory=",
    "search(query='tv', processor=['a', 'b', 'c', 'd', 'e", "search(query='tv', processor=[]",
    "filter(touchscreen=true", "compare(items=[1, 2], attribute='fuel",
    "translate(text='x', target='en', memory=",
    "search(query='tv', touchscreen=True, memory=", "recommend(like=0", "recommend(than='dearer",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([f"<tool>{call}</tool><result>" for call in WRITTEN] * 4, 700)


@pytest.fixture(scope="module")
def grammar(tokenizer) -> CallGrammar:
    return CallGrammar(tokenizer, len(tokenizer), SHOP)


def is_let_through(grammar: CallGrammar, tokenizer, text: str) -> bool:
    guide = grammar.guide()
    try:
        for token in encode_text(tokenizer, text):
            guide.take(token)
    except MuseError:
        return False
    return True


@pytest.mark.parametrize("call", WRITTEN)
def test_facets_lists_and_yes_or_no_are_let_through(grammar, tokenizer, call):
    name, arguments = parse_call(call)
    assert SHOP.refusals(name, arguments) == {} and render_call(ToolCall("", name, arguments)) == call
    assert is_let_through(grammar, tokenizer, f"<tool>{call}</tool><result>")


@pytest.mark.parametrize("call", REFUSED)
def test_what_the_shop_does_not_take_is_refused(grammar, tokenizer, call):
    assert not is_let_through(grammar, tokenizer, f"<tool>{call}")


def test_a_shop_without_facets_takes_none(tokenizer):
    plain = CallGrammar(tokenizer, len(tokenizer), PLAIN)
    assert not is_let_through(plain, tokenizer, "<tool>filter(memory=")
    assert is_let_through(plain, tokenizer, "<tool>filter(not_colour=['red', 'pink'])</tool><result>")


# ---- both ways ------------------------------------------------------------------------------------

texts = (
    st.text(st.sampled_from("ab <'\\₹é-5शर्ट"), min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


def values(entry: dict[str, object]) -> st.SearchStrategy[object]:
    """Values of a JSON schema's entry, bounds and all."""
    if "anyOf" in entry:
        kinds = [one for one in entry["anyOf"] if one.get("type") != "null"]  # type: ignore[attr-defined]
        return st.one_of(*map(values, kinds))
    if "enum" in entry or "const" in entry:
        return st.sampled_from(entry.get("enum") or [entry["const"]])  # type: ignore[arg-type]
    match entry["type"]:
        case "string":
            return texts
        case "boolean":
            return st.booleans()
        case "array":
            least, most = entry["minItems"], entry["maxItems"]
            return st.lists(values(entry["items"]), min_size=least, max_size=most, unique=True)  # type: ignore
        case "integer":
            return st.integers(int(entry["minimum"]), 40)  # type: ignore[call-overload]
    low, high = (float(entry[end]) for end in ("minimum", "maximum"))  # type: ignore[arg-type]
    near = st.integers(int(max(low, -99) * 10), int(min(high, 999) * 10)).map(lambda tenths: tenths / 10)
    return st.one_of(near, st.sampled_from([low, high]))


@st.composite
def calls(draw: st.DrawFn) -> ToolCall:
    """A call of the shop, as its tool reads it."""
    schema = draw(st.sampled_from(TOLD))
    entries, required = schema["parameters"]["properties"], schema["parameters"].get("required", ())
    chosen = set(draw(st.lists(st.sampled_from(sorted(entries)), max_size=6))) | set(required)
    arguments = {name: draw(values(entries[name])) for name in sorted(chosen)}
    return ToolCall("", schema["name"], arguments)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(calls())
def test_every_call_that_the_schema_takes_is_let_through(grammar, tokenizer, call):
    if SHOP.refusals(call.name, call.arguments):
        return  # a rule of the tool: something must be given
    assert is_let_through(grammar, tokenizer, wrap(call) + "<result>"), wrap(call)


def random_call(grammar: CallGrammar, tokenizer, rng: np.random.Generator) -> str | None:
    """What the grammar lets a random writer write; None when it does not come to an end."""
    ends = tokenizer.convert_tokens_to_ids("</tool>")
    guide, written = grammar.guide(), [tokenizer.convert_tokens_to_ids("<tool>")]
    guide.take(written[0])
    weights = np.array(
        [60.0 if set(tokenizer.decode([at])) & set("')]") else 1.0 for at in range(len(tokenizer))]
    )
    for _ in range(150):
        free = np.flatnonzero(~guide.ruled_out().numpy())
        share = weights[free] / weights[free].sum()
        written.append(int(rng.choice(free, p=share)))
        guide.take(written[-1])
        if written[-1] == ends:
            return str(tokenizer.decode(written[1:-1], clean_up_tokenization_spaces=False))
    return None


def test_every_call_that_is_let_through_the_schema_takes(grammar, tokenizer):
    rng = np.random.default_rng(7)
    found = [text for _ in range(400) if (text := random_call(grammar, tokenizer, rng)) is not None]
    assert len(found) >= 200
    used: set[str] = set()
    for text in found:
        try:
            name, arguments = parse_call(text)
        except CallSyntaxError as problem:
            pytest.fail(f"{text}: {problem}")
        refused = SHOP.refusals(name, arguments)
        assert set(refused) <= {""}, (text, refused)  # rules between values are left out
        used |= {name, *arguments}
    assert set(TOOLS) <= used and len(used & FACET_ARGUMENTS) > 8

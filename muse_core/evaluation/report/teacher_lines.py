"""What the teacher was asked and gave, as lines of the data page."""

from __future__ import annotations

from collections.abc import Iterator

from muse_core.evaluation.report.quality_lines import Line, Numbers, as_count, as_share, reasons

INTENTS = {
    "search": "Requests for a product",
    "refine": "Limits on results",
    "compare": "Comparisons",
    "incomplete": "Open requests",
    "decline": "What a shop does not do",
    "reply": "Replies",
}
LANGUAGES = {"en": "English", "hi": "Hindi", "mixed": "Hinglish"}


def teacher_lines(numbers: Numbers) -> Iterator[Line]:
    """Acceptance by intent and language, reasons, cost; nothing in a run that asked no model."""
    if not numbers.get("llm/conversations"):
        return
    texts, accepted = numbers.get("llm/texts", 0), numbers.get("llm/accepted", 0)
    talks, added = (as_count(numbers.get(f"llm/{name}", 0)) for name in ("conversations", "added"))
    note = f"{as_count(accepted)} of {as_count(texts)}; {talks} conversations drawn, {added} added"
    yield Line("Texts accepted", as_share(accepted / texts if texts else None), "", "", note)
    for intent, title in INTENTS.items():
        yield from _by_language(numbers, intent, title)
    for prefix, title in (("llm/turned_down/", "Turned down"), ("llm/failed/", "Requests that failed")):
        if said := reasons(numbers, prefix):
            yield Line(title, said)
    yield from _cost(numbers)
    if numbers.get("llm/stopped"):
        yield Line("Asking stopped", "yes", "", "", "too many failures in a row; the rest stays as simulated")
    if numbers.get("llm/budget_spent"):
        yield Line("Budget spent", "yes", "", "", "llm.max_requests or llm.max_tokens; the rest as simulated")


def _by_language(numbers: Numbers, intent: str, title: str) -> Iterator[Line]:
    shares = [
        f"{name}\u00a0{as_share(numbers.get(f'llm/accepted/{intent}/{code}', 0) / texts)}"
        for code, name in LANGUAGES.items()
        if (texts := numbers.get(f"llm/texts/{intent}/{code}", 0))
    ]
    if shares:
        yield Line(f"Accepted: {title[0].lower()}{title[1:]}", " · ".join(shares))


def _cost(numbers: Numbers) -> Iterator[Line]:
    asked, known = (as_count(numbers.get(f"llm/{name}", 0)) for name in ("requests", "remembered"))
    yield Line("Requests", asked, "", "", f"{known} more were answered in an earlier run")
    tokens = " · ".join(f"{as_count(numbers.get(f'llm/tokens_{way}', 0))} {way}" for way in ("in", "out"))
    unmetered = numbers.get("llm/unmetered", 0)
    yield Line("Tokens", tokens, "", "", f"{as_count(unmetered)} answers without a count" * bool(unmetered))
    yield Line("Seconds of waiting, all requests", f"{numbers.get('llm/seconds', 0):,.0f}")
    if "llm/cost" in numbers:
        yield Line("Price", f"{numbers['llm/cost']:.2f}", "", "", "in the currency of llm.price_per_million")

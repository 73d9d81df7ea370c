"""Files that are no table: what they are, and what to export instead."""

from __future__ import annotations

import json
import re
from typing import Any

from muse_core.catalog import envelopes
from muse_core.catalog.decoding import EXPECTED
from muse_core.errors import CatalogError

_HEAD = 4000
_SIGN_IN = re.compile(
    r"type=[\"']?password|\b(?:sign|log) ?-?in\b|anmelden|se connecter|iniciar sesi", re.IGNORECASE
)
_HTML = re.compile(
    r"\s*(?:<\?php|<!doctype\s+html|<(?:html|head|body|table|div|br|p|b|script|meta|style|center|h\d|!--\[if)\b)",
    re.IGNORECASE,
)
_LINES = (
    (
        re.compile(r"version https://git-lfs\.github\.com/spec"),
        "a pointer of Git LFS, not the file itself",
        "git lfs pull",
    ),
    (re.compile(r"(?:---\s*\n)?[\w-]+:\s*\n\s*-\s+[\w-]+:\s"), "YAML", "Export CSV or JSON"),
    (re.compile(r"\{\\rtf"), "a text document (RTF)", "Save its table as CSV (UTF-8)"),
    (
        re.compile(
            r"\s*(?:window\.|(?:var|let|const|export|import|function)\s+[\w{$]|module\.exports|"
            r"[\w.$]+\(\s*[\[{\"'])"
        ),
        "a script around JSON",
        "Save the JSON alone, from the first { or [ to the last",
    ),
    (
        re.compile(
            r"\s*(?:--[^\n]*\n\s*)*(?:insert\s+into|create\s+table|drop\s+table|select\s.+\sfrom)\b",
            re.IGNORECASE,
        ),
        "SQL statements",
        "Run them and export the table as CSV",
    ),
    (
        re.compile(
            r"\s*(?:[45]\d\d,? |http[/\d. ]* \d{3} )?(?:fatal |internal server |parse )?(?:error|exception|"
            r"traceback|access denied|unauthorized|forbidden|not found|bad gateway|bad request|"
            r"service unavailable|too many requests)\b[^\n,;\t]*[:.!\n]",
            re.IGNORECASE,
        ),
        "an error message",
        "Export the catalogue again",
    ),
)


def refuse_text(name: str, text: str) -> None:
    """CatalogError when the text is a page, SQL, a pointer, an error message or prose."""
    head = re.sub(r"^(?:<!--.*?-->\s*)+", "", text.lstrip("\ufeff \t\r\n")[:_HEAD], flags=re.DOTALL)
    if _HTML.match(head):
        raise _no_table(name, *_page(text[:200_000]))
    for pattern, kind, instead in _LINES:
        if pattern.match(head):
            first = head.splitlines()[0][:100]
            raise _no_table(name, f"{kind} ({first!r})", instead)
    if _is_prose(head):
        raise _no_table(name, "prose, no table", "Export the products as CSV, one a row, with a header")


def _page(text: str) -> tuple[str, str]:
    if _SIGN_IN.search(text):
        return "a sign-in page (HTML)", "Sign in to the shop and export the products as CSV again"
    if re.search(r"urn:schemas-microsoft-com:office:excel|mso-application", text[:_HEAD]):
        return "HTML under a spreadsheet's name", "Open it in a table program and save it as CSV (UTF-8)"
    if re.search(r"<table\b", text, re.IGNORECASE):
        return (
            "a web page (HTML) with a table",
            "Open it in a table program and save it as CSV (UTF-8), or export the products from the shop",
        )
    return (
        "a web page (HTML)",
        "Export the products as CSV from the shop's administration, not the page itself",
    )


def _is_prose(head: str) -> bool:
    """Sentences: lines of several words that end in full stops, and no sign that cuts them alike."""
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    if not lines or any(sign in head for sign in "\t;|"):
        return False
    sentences = sum(len(line.split()) >= 5 and line.endswith((".", "!", "?", ":")) for line in lines)
    letter = re.match(
        r"(?:dear|hello|hi|to whom|sehr geehrte|namaste)\b[^\n]*,?\s*$", lines[0], re.IGNORECASE
    )
    commas = {line.count(",") for line in lines}
    return bool(letter) or (sentences >= 2 and sentences >= 0.5 * len(lines) and len(commas) > 1)


def _no_table(name: str, found: str, instead: str) -> CatalogError:
    return CatalogError(f"{name}: found {found}; {EXPECTED}. {instead}.")


# ---- answers of services --------------------------------------------------------------------------


def refuse_error(name: str, value: Any, found: envelopes.Found | None) -> None:
    """CatalogError when a JSON answer reports an error and holds no products."""
    if not isinstance(value, dict) or (
        found is not None and found.likeness > 1 and "errors" not in found.path
    ):
        return
    told = _error_text(value)
    if told is not None:
        raise CatalogError(
            f"{name}: found the answer of a service that reports an error ({told[:200]!r}); {EXPECTED}. "
            "Ask the service again (check the key, the address and the page size) and save its products."
        )


def _error_text(value: dict[str, Any]) -> str | None:
    """What an error answer says; None when the object is none."""
    signs = envelopes.words("errors", "signs")
    failed = str(value.get("status", "")).lower() in ("error", "fail", "failed", "failure")
    told = (
        inner is False or (key.lower() in signs and inner not in (None, [], {}, "", True))
        for key, inner in value.items()
    )
    if not failed and not any(told):
        return None
    return next(_messages(value), None)


def _messages(value: Any) -> Any:
    """Texts under the keys of messages, from the outside in."""
    keys = envelopes.words("errors", "keys")
    if isinstance(value, list):
        for item in value:
            yield from _messages(item) if isinstance(item, dict | list) else [str(item)]
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() in keys and isinstance(inner, str) and inner.strip():
                yield inner
            elif key.lower() in keys and isinstance(inner, dict | list) and inner:
                yield from _messages(inner)
                yield json.dumps(inner, ensure_ascii=False)

"""`muse feedback import | review`: what people say of served turns, into quarantine and out of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.types import ArtifactRef
from tasks.gate import open_store

if TYPE_CHECKING:
    from muse_core.feedback.better import Rules
    from muse_core.feedback.held_out import HeldOut
    from muse_core.feedback.row import Feedback

FILE = Path("feedback") / "feedback.jsonl"


@dataclass(frozen=True)
class Decisions:
    """What the flags of `review` ask for."""

    accept: Sequence[str]
    reject: Sequence[str]
    accept_all: bool
    csv: Path | None
    table: Path | None

    @property
    def is_change(self) -> bool:
        return bool(self.accept or self.reject or self.accept_all or self.table)


def import_feedback(
    file: Path | None, catalog: Path | None, cases: Sequence[Path], as_json: bool, home: Path | None
) -> None:
    """Publishes the quarantine with what is new, and says what became of it."""
    from muse_core.feedback.bring_in import import_feedback as bring_in

    folder = home_folder(home)
    path = file or folder / FILE
    if not path.is_file():
        raise ConfigError(f"{path} is not there; `muse serve` writes it when somebody sends feedback")
    store = open_store(folder / "artifacts")
    rules, held_out = _read_against(store, catalog, cases)
    found = bring_in(store, path, rules, held_out).as_json()
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _say_imported(found, Console())


def accepted_name(home: Path | None) -> str:
    """The artifact that `muse run --feedback` trains on. ConfigError while nothing is accepted."""
    from muse_core.feedback.queue import accepted

    return accepted(ArtifactStore(home_folder(home) / "artifacts"))


def _read_against(store: ArtifactStore, catalog: Path | None, cases: Sequence[Path]) -> tuple[Rules, HeldOut]:
    """The shop that the feedback is about, and what no feedback may say."""
    from muse_core.catalog.index import CatalogIndex
    from muse_core.catalog.load import load_catalog
    from muse_core.catalog.product import Catalog
    from muse_core.evaluation.cases.case_file import load_cases
    from muse_core.feedback.better import Rules
    from muse_core.feedback.held_out import HeldOut
    from muse_core.records import from_table
    from muse_core.tools.shop_schema import schema_of

    products = load_catalog(catalog).catalog if catalog else Catalog.read(store, _newest(store, "products"))
    talks = from_table("conversations", store.read_table(_newest(store, "conversations")))
    schema = schema_of(products.facets)
    own = [case for file in cases for case in load_cases(file, schema)]
    return Rules(CatalogIndex(products)), HeldOut.of(talks, products, own)


def _newest(store: ArtifactStore, kind: str) -> ArtifactRef:
    found = store.latest(kind)
    if found is None:
        raise ConfigError(
            f"there are no {kind} below {store.root}: feedback is replayed on a run's products and held "
            "against its held-out words; `muse run` makes both"
        )
    return ArtifactRef(**found["ref"])


def review(
    chosen: Decisions, catalog: Path | None, cases: Sequence[Path], as_json: bool, home: Path | None
) -> None:
    """Lists the quarantine, writes its table, or decides."""
    from muse_core.feedback.queue import queue
    from muse_core.feedback.review import write_table

    store = open_store(home_folder(home) / "artifacts")
    if chosen.is_change:
        _decide(store, chosen, catalog, cases, as_json)
        return
    rows = queue(store)
    if chosen.csv is not None:
        count = write_table(chosen.csv, rows)
        print(
            f"{count} rows to decide in {chosen.csv}; give it back with `muse feedback review --table FILE`"
        )
    elif as_json:
        print(json.dumps({"feedback": [_entry(one) for one in rows]}, ensure_ascii=False))
    else:
        _list(rows, Console())


def _decide(
    store: ArtifactStore, chosen: Decisions, catalog: Path | None, cases: Sequence[Path], as_json: bool
) -> None:
    from muse_core.feedback.queue import changing, publish
    from muse_core.feedback.review import review as decide
    from muse_core.feedback.review import review_table

    with changing(store) as rows:
        if chosen.table is not None:
            found = review_table(rows, chosen.table, *_read_against(store, catalog, cases))
            rows = list(found.rows.values())
            publish(store, rows)
        else:
            found = decide(rows, chosen.accept, chosen.reject, chosen.accept_all)
            if not found.problems:
                publish(store, found.rows.values())
    done = {"accepted": found.accepted, "rejected": found.rejected}
    if as_json:
        print(json.dumps(done | {"problems": found.problems}, ensure_ascii=False))
    elif chosen.table is not None or not found.problems:
        print(f"{found.accepted} accepted, {found.rejected} rejected")
    if found.problems:
        raise ConfigError("not decided:" if chosen.table else "nothing was decided:", found.problems)


def _entry(one: Feedback) -> dict[str, Any]:
    plain = {key: value for key, value in vars(one).items() if key not in ("asked", "answer", "better")}
    return plain | {"said": one.said, "served": list(one.answer), "learnt": one.better and list(one.better)}


def _say_imported(found: dict[str, Any], out: Console) -> None:
    status = ", ".join(f"{count} {name}" for name, count in found["status"].items()) or "none"
    lines = [f"{found['new']} new pieces of feedback ({status}); {found['known']} known, {found['bad']} bad"]
    lines += [f"  {count} × {reason}" for reason, count in found["reasons"].items()]
    lines += [f"  {one['id'][:8]} says what is held out: {one['overlaps']}" for one in found["held_out"]]
    lines += [f"  {line}" for line in found["bad_lines"]]
    lines.append("then: muse feedback review")
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _list(rows: Sequence[Feedback], out: Console) -> None:
    """What waits with both turns, what is unclear with its reason, the rest as counts."""
    from muse_core.feedback.review import shown

    for one in rows:
        if one.status in ("waiting", "unclear"):
            wish = "" if one.wish == "nothing" else f", wished {one.wish}: {one.wish_text}"
            lines = [f"{one.feedback_id[:8]}  {one.status}, thumb {one.thumb}{wish}"]
            lines += [f"    said    {text}" for text in one.said]
            lines.append(f"    served  {shown(one.answer)}")
            lines.append(f"    learnt  {shown(one.better)}" if one.better else f"    why     {one.reason}")
            for line in lines:
                out.print(line, markup=False, highlight=False, soft_wrap=True)
    counts = Counter(one.status for one in rows)
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing"
    out.print(f"in quarantine: {summary}", markup=False, highlight=False)

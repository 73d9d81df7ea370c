"""`muse artifacts export`: any table as JSONL, CSV or Parquet, on stdout or as a file written whole.

In JSONL a column of JSON text becomes what it holds, under its name without `_json` (`goal_json` is
`goal`), and bytes become base64; the rows of `conversations` are lines that `muse run --conversations`
reads. In CSV a nested cell is JSON text, and a text that a spreadsheet would run as a formula begins with
`'`. Parquet is the artifact's own table. `seed` is JSONL of preference pairs with the fields
of docs/seed.md#preference-pairs and no others.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa

from data_contracts.schemas import SCHEMAS
from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.durable import explained, fsync_path
from muse_core.errors import ArtifactError, ConfigError
from muse_core.preferences.seed_rows import seed_row
from muse_core.records import ROWS_AT_ONCE
from muse_core.types import ArtifactRef
from muse_core.utterances.guarded_cells import guarded

Format = Literal["jsonl", "csv", "parquet", "seed"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv", "parquet", "seed")
JSON_ENDING = "_json"
PAIRS = "preference_pairs"
MAKERS = {PAIRS: "pairs"}  # whose table is meant where evaluate writes one for the test side as well
# Columns of JSON text whose name does not say so, by the list that they stand in.
JSON_FIELDS = {"augmented": {"tool_calls": ("arguments", "result")}}


def export(
    name: str, form: str, output: Path | None, rows: int | None, force: bool, home: Path | None
) -> None:
    """Writes the first `rows` rows (all when None) of the table that `name` means."""
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}; formats are {', '.join(FORMATS)}")
    if form == "parquet" and output is None:
        raise ConfigError("parquet is no text: name a file with --output FILE")
    if output is not None:
        _require_free(output, force)
    store = ArtifactStore(home_folder(home) / "artifacts")
    ref = table_named(store, name)
    if form == "seed" and ref.kind != PAIRS:
        raise ConfigError(f"--format seed writes {PAIRS}; {name} is {ref.kind}: choose jsonl, csv or parquet")
    table = store.read_table(ref)
    table = table if rows is None else table.slice(0, rows)
    write: Callable[[BinaryIO], None] = {
        "jsonl": lambda file: _write_jsonl(file, ref.kind, table),
        "csv": lambda file: _write_csv(file, table),
        "parquet": lambda file: _write_parquet(file, ref.kind, table),
        "seed": lambda file: _write_seed(file, table),
    }[form]  # type: ignore[index]
    if output is None:
        _to_stdout(write)
        return
    with explained(output.parent), _whole_file(output) as file:
        write(file)


def table_named(store: ArtifactStore, name: str) -> ArtifactRef:
    """The newest table of a kind, or the table that `kind/key`, a key or a digest names."""
    if name in SCHEMAS:
        newest = store.latest(name, MAKERS.get(name)) or store.latest(name)
        if newest is None:
            raise ArtifactError(f"there is no {name} table below {store.root}; `muse run` makes one")
        return ArtifactRef(**newest["ref"])
    ref = store.resolve(name)
    if ref.kind not in SCHEMAS:
        raise ArtifactError(
            f"{ref.path} is a folder of files, not a table; tables are of the kinds {', '.join(SCHEMAS)}"
        )
    return ref


def _require_free(output: Path, force: bool) -> None:
    if output.is_dir():
        raise ConfigError(f"--output {output} is a folder; name a file in it")
    if output.exists() and not force:
        raise ConfigError(f"--output {output} exists; add --force to replace it, or name another file")
    if not output.absolute().parent.is_dir():
        raise ConfigError(f"--output {output}: there is no folder {output.absolute().parent}; make it first")


@contextmanager
def _whole_file(output: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is complete."""
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
        fsync_path(draft)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _to_stdout(write: Callable[[BinaryIO], None]) -> None:
    try:
        write(sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough; the interpreter must not flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- formats --------------------------------------------------------------------------------------


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows as plain values, some thousand in memory at a time."""
    for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
        yield from batch.to_pylist()


def _write_jsonl(file: BinaryIO, kind: str, table: pa.Table) -> None:
    for row in rows_of(table):
        text = json.dumps(parsed(row, JSON_FIELDS.get(kind, {})), ensure_ascii=False)
        file.write(text.encode("utf-8") + b"\n")


def parsed(value: Any, json_fields: Any = ()) -> Any:
    """A value with its JSON texts read. `json_fields`: names of such texts, by the field that holds them."""
    if isinstance(value, dict):
        return dict(_field(name, inner, json_fields) for name, inner in value.items())
    if isinstance(value, list):
        return [parsed(one, json_fields) for one in value]
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _field(name: str, value: Any, json_fields: Any) -> tuple[str, Any]:
    if isinstance(value, str) and (name.endswith(JSON_ENDING) or name in json_fields):
        return name.removesuffix(JSON_ENDING), json.loads(value)
    inside = json_fields.get(name, ()) if isinstance(json_fields, dict) else ()
    return name.removesuffix(JSON_ENDING), parsed(value, inside)


def _write_seed(file: BinaryIO, table: pa.Table) -> None:
    for row in rows_of(table):
        file.write(json.dumps(seed_row(row), ensure_ascii=False).encode("utf-8") + b"\n")


def _write_csv(file: BinaryIO, table: pa.Table) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    for row in rows_of(table):
        writer.writerow([_cell(value) for value in row.values()])
    text.detach()


def _cell(value: Any) -> Any:
    value = parsed(value) if isinstance(value, bytes) else value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return guarded(value)


def _write_parquet(file: BinaryIO, kind: str, table: pa.Table) -> None:
    """As the artifact store writes such a table."""
    with tempfile.TemporaryDirectory() as folder:
        store = ArtifactStore(Path(folder))
        with (store.root / store.write_table(kind, table, "export").path).open("rb") as written:
            shutil.copyfileobj(written, file)

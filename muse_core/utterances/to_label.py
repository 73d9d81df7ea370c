"""What was not read, as a table that a person labels and gives back to `--utterances`.

No cell is a formula to a spreadsheet (`guarded_cells.py`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from muse_core.durable import explained
from muse_core.utterances.guarded_cells import guarded
from muse_core.utterances.read_log import Request

COLUMNS = ("query", "count", "tool", "arguments", "language", "reason", "words not explained")
MOST_ROWS = 10_000


def write_to_label(path: Path, unread: Iterable[Request]) -> None:
    """Labels that could not be read first, then the most frequent; UTF-8 with a mark, so that a spreadsheet
    tells the letters."""
    rows = sorted(unread, key=lambda one: (not any(one.given), -one.count, one.digest))[:MOST_ROWS]
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for one in rows:
        left = ", ".join(one.decision.left)
        cells = (one.text, one.count, *one.given, one.tongue, one.decision.reason, left)
        table.writerow([guarded(cell) for cell in cells])
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")

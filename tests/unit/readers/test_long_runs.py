"""A long run of one sign is read in time: no pattern looks at all of it again from each of its signs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from muse_core.tools.call_objects import UnreadableCall
from muse_core.tools.foreign_calls import read_written
from muse_core.utterances.chat_export import messages
from muse_core.utterances.guarded_cells import guarded, unguarded
from muse_core.utterances.personal import without_personal

RUNS = ("a", "9", "a-", "a9-", " ", "\n", "@", "a.", "pan ", "h ", "9/", "<", "(9", "\u200b")
BEGUN = (
    '{"a":',
    "[search(a=",
    '[{"name":',
    "<tool_call>",
    "Action:\n",
    "```\n",
    "[TOOL_CALLS]",
    "<function=a>",
    "<function=a><parameter=b>",
    '<invoke name="a"><parameter name="b">',
    "<parameter=b>",
    "<search ",
)
LENGTH = 30_000
LIMIT_S = 5.0  # of this process's own time


def _seconds(read: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    with suppress(UnreadableCall):
        read(text)
    return time.process_time() - start


@pytest.mark.parametrize("run", RUNS)
def test_personal_data_and_chats(run: str) -> None:
    text = (run * LENGTH)[:LENGTH]
    head = ["01/02/26, 10:11 - Asha: hi\n", "01/02/26, 10:12 - Shop: hi\n"]
    assert _seconds(without_personal, f"order {text} 1") < LIMIT_S
    line = f"01/02/26, 10:13 - Asha: {text[:16_000]}x\n"
    assert _seconds(lambda _: list(messages([*head, line], head)), "") < LIMIT_S


@pytest.mark.parametrize("begun", ["", "<function=a>"])
@pytest.mark.parametrize("run", (*RUNS, *BEGUN))
def test_what_a_model_wrote(run: str, begun: str) -> None:
    assert _seconds(read_written, begun + (run * LENGTH)[: 8 * LENGTH]) < LIMIT_S


@pytest.mark.parametrize(
    "cell", ["=1", " +1", "-1", "@a", "\t=1", "\r1", "\ufeff=1", "\0=1", "＝1", "\u200b@a", "\n1"]
)
def test_no_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    assert guarded(cell) == f"'{cell}" and unguarded(f"'{cell}") == cell
    assert guarded("a=1") == "a=1" and guarded(-1) == -1 and unguarded("'tis") == "'tis"

"""The text of one cell: tags, entities, control signs and every spelling of null gone."""

from __future__ import annotations

import html
import re

NULLS = frozenset(
    re.split(
        "  +",
        "nan  none  null  nil  na  n/a  n.a  n.a.  nat  -  --  ---  .  ..  |  ||  /  ?  undefined  unknown  "
        "#n/a  #na  #div/0!  #value!  #ref!  #name?  #null!  not_available  <na>  []  {}  [nan]  (null)  "
        "not available  not specified  not applicable  no data",
    )
) | {""}
LONGEST = 200  # characters of a cell that is one price, colour, gender or size; a longer one is prose
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


def text(cell: str) -> str:
    """The cell with tags, entities, control signs and runs of blanks gone; '' for any spelling of null."""
    if "&" in cell and ";" in cell:
        cell = _ENTITY.sub(_unescaped, _ENTITY.sub(_unescaped, cell))  # '&amp;nbsp;' was escaped twice
    if "<" in cell:
        cell = _TAG.sub(" ", cell)
    if not cell.isprintable():
        cell = "".join(letter if letter.isprintable() else " " for letter in cell.translate(_INVISIBLE))
    cell = " ".join(cell.replace("\ufffd", " ").split())
    return "" if cell.lower() in NULLS else cell


def _unescaped(entity: re.Match[str]) -> str:
    return html.unescape(entity.group())

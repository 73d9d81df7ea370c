"""The bytes of a catalogue file -> its text, whatever wrote it; CatalogError for what is no text.

UTF-8 with or without a mark, UTF-16 and UTF-32 (UTF-16 without a mark too); gzip around any of them.
What is none of these is in an older code page, which charset-normalizer tells by the words that come out
(cp1252 where it cannot). UTF-8 that was decoded as cp1252 and saved again ("â‚¹499") is put right.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib

from muse_core.errors import CatalogError

EXPECTED = "expected a CSV, TSV, JSON, JSON Lines or Parquet table with one product a row"
MAX_UNPACKED = 1 << 30  # bytes that a packed file may unpack to
ALWAYS_UNPACKED = 1 << 26  # and it may always unpack to this many
_MOST_DENSE = 200  # times its size: tables shrink to a tenth, what shrinks to a thousandth was made to
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {
    b"PK\x03\x04": "a zip or Excel (xlsx) file",
    b"PK\x05\x06": "an empty zip file",
    b"\xd0\xcf\x11\xe0": "an Excel (xls) file",
    b"%PDF-": "a PDF file",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"SQLite format 3": "an SQLite database",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a rar file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}
_JUDGED = 65536  # bytes that the code page is judged by
_OTHER_SCRIPT = 0.06  # share of bytes beyond ASCII from which on a text may be in another script than Latin
_CODE_PAGES = (
    "cp1252",
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp932",
    "gb18030",
    "big5",
    "euc_kr",
    "koi8_r",
)
_CENTRAL_EUROPE = re.compile(
    "[^\\W\\d_][\u00b9\u00b3\u00bf\u00be\u00bc]+[^\\W\\d_]"
)  # 'bia\u00b3y': cp1250 read as cp1252
_CONTROL = bytes(sorted({*range(1, 9), *range(14, 32)} - {0x1A, 0x1B}))
_TWICE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122]{1,3}"
)
_SIGNS_OF_TWICE = ("â‚¹", "à¤", "Ã©", "â€", "Â ")


def unpacked(name: str, raw: bytes) -> bytes:
    """The bytes inside a gzip file; other bytes as they are."""
    if raw[:2] != b"\x1f\x8b":
        return raw
    limit = unpack_limit(len(raw))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            inner = packed.read(limit + 1)
    except (OSError, EOFError, zlib.error) as fault:
        raise CatalogError(
            f"{name}: found a damaged gzip file ({fault}); {EXPECTED}. Pack it again."
        ) from fault
    if len(inner) > limit:
        raise CatalogError(
            f"{name}: found a gzip file that unpacks to more than {limit >> 20} MB; {EXPECTED}. "
            "Split the table, or give it unpacked."
        )
    return inner


def unpack_limit(size: int) -> int:
    """Bytes that a packed file of `size` bytes may unpack to."""
    return min(MAX_UNPACKED, max(ALWAYS_UNPACKED, _MOST_DENSE * size))


def decoded(name: str, raw: bytes) -> tuple[str, list[str]]:
    """The text of a file without NUL bytes, and notes on how it was read."""
    kind = next((kind for magic, kind in _BINARY.items() if raw.startswith(magic)), None)
    mark = _encoding_by_mark(raw)
    if kind or (mark is None and _is_binary(raw)):
        raise CatalogError(
            f"{name}: found a binary file ({kind or 'of an unknown kind, or damaged'}); {EXPECTED}. "
            "Save it as CSV in UTF-8 (in a table program: Save as, CSV)."
        )
    text, notes = _text(raw, mark)
    nothing = text.count("\0")
    if nothing:
        notes.append(f"{nothing} NUL bytes were left out")
        text = text.replace("\0", "")
    return _decoded_once(text), notes


def binary_kind(raw: bytes) -> str | None:
    """What a file is that begins with these bytes and is no text; None for a text."""
    packed = {b"\x1f\x8b": "a gzip archive", b"PAR1": "a Parquet file"} | _BINARY
    kind = next((kind for magic, kind in packed.items() if raw.startswith(magic)), None)
    if kind is None and _encoding_by_mark(raw) is None and _is_binary(raw):
        return "a binary file of an unknown kind, or damaged"
    return kind


def encoding_of(raw: bytes) -> str:
    """The encoding of a text by its first bytes, best cut at a line's end."""
    mark = _encoding_by_mark(raw)
    if mark:
        return mark
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "utf-8-sig" if _is_mostly_utf8(raw) else _code_page(raw)
    return "utf-8-sig"


def _encoding_by_mark(raw: bytes) -> str | None:
    """By a byte order mark; or UTF-16 without one, by the NULs that every other byte of it is."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    head = raw[: 4096 - len(raw) % 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    many, few = 0.2 * len(head) / 2, 0.02 * len(head) / 2
    if odd > many and even <= few:
        return "utf-16-le"
    return "utf-16-be" if even > many and odd <= few else None


def _is_binary(raw: bytes) -> bool:
    """Whether the first 64 KB hold more control bytes than a text's accidents."""
    head = raw[:65536]
    control = len(head) - len(head.translate(None, _CONTROL))
    return control > 0.03 * len(head) or head.count(0) > 0.25 * len(head)


def _text(raw: bytes, encoding: str | None) -> tuple[str, list[str]]:
    if encoding:
        return raw.decode(encoding, errors="replace"), [f"the text is not UTF-8; it was read as {encoding}"]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = raw.decode("utf-8-sig", errors="replace")
    if _is_mostly_utf8(raw):
        broken = text.count("\ufffd")
        return text, [f"{broken} broken characters of the UTF-8 text were left out"]
    page = _code_page(raw)
    return raw.decode(page, errors="replace"), [f"the text is not UTF-8; it was read as {page}"]


def _is_mostly_utf8(raw: bytes) -> bool:
    """Whether of its characters beyond ASCII four in five are whole."""
    text = raw.decode("utf-8-sig", errors="replace")
    broken = text.count("\ufffd")
    return broken <= 0.25 * (sum(1 for sign in text if sign > "\x7f") - broken)


def _code_page(raw: bytes) -> str:
    """The older code page in which the first bytes read like words; scripts tell pages apart surely, the
    two pages of Latin letters only by signs inside of words."""
    from charset_normalizer import from_bytes

    head = raw[:_JUDGED]
    if sum(byte > 0x7F for byte in head) >= _OTHER_SCRIPT * len(head):
        best = from_bytes(head, cp_isolation=list(_CODE_PAGES)).best()
        if best is not None and best.encoding != "cp1252":
            return best.encoding
    is_central = _CENTRAL_EUROPE.search(head.decode("cp1252", errors="replace"))
    return "cp1250" if is_central else "cp1252"


def _decoded_once(text: str) -> str:
    """'â‚¹499' -> '₹499': UTF-8 that somebody read as cp1252 and saved again."""
    if not any(sign in text for sign in _SIGNS_OF_TWICE):
        return text
    return _TWICE.sub(_put_right, text)


def _put_right(run: re.Match[str]) -> str:
    try:
        raw = b"".join(
            bytes([ord(sign)]) if ord(sign) < 256 else sign.encode("cp1252") for sign in run.group()
        )
        return raw.decode("utf-8")
    except UnicodeError:
        return run.group()

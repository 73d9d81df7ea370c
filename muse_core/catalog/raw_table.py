"""A file as read, before anything is understood: text columns by name, columns of bytes beside them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class RawTable:
    """A file as read: text columns by name, columns of bytes beside them, all of one length."""

    columns: dict[str, list[str]]
    blobs: dict[str, list[bytes | None]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return max(
            [len(column) for column in self.columns.values()]
            + [len(blob) for blob in self.blobs.values()]
            + [0]
        )

"""A file of the user's before it is opened: an ordinary one, and of bounded size.

A folder fails late, a pipe that nobody writes never ends, and a device such as /dev/zero fills the memory.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path


def ordinary(path: Path, most_bytes: int | None = None) -> Path:
    """The path. OSError, whose `strerror` says why, for what is missing, no file that can be read from its
    begin to its end, or larger than `most_bytes`."""
    try:
        found = path.stat()
    except ValueError:  # a NUL, or half a character
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from None
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, "it is a folder; name a file in it", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device; save it as a file first", str(path))
    if most_bytes is not None and found.st_size > most_bytes:
        size = f"it has {found.st_size / 2**20:,.0f} MB; at most {most_bytes / 2**20:,.0f} MB are read"
        raise OSError(errno.EFBIG, size, str(path))
    return path

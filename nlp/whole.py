"""Files that people name for a result: whole or as they were.

The rule to know: a result is written beside its place and takes its name at the end, so that a failure leaves what was
there. What is no regular file, as a pipe or a device, can't be replaced and is written straight into.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """The file to write, on the disk when the block ends. Raises OSError that names the path, at once where it can't be written."""
    part = None
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        part = path.resolve().with_name(f".{path.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path.resolve())
    except OSError as error:
        if error.filename in (None, str(part)):
            error.filename = str(path)
        raise
    finally:
        if part is not None:
            part.unlink(missing_ok=True)

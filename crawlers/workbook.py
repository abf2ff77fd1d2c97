"""A workbook of Excel, read row by row.

The rule to know: every sheet that has the columns is read, wherever its header stands; sheets with a summary are passed over. What
is no workbook, or not all of one, raises CollectError.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, repeat
from typing import IO, Any

from crawlers.cell import plain
from crawlers.header import Wanted
from crawlers.jsonlist import Row
from crawlers.source import CollectError

LARGEST = 1_000_000_000
"""Bytes of a workbook's part, unpacked: ten times the largest export that Excel can open."""
STYLES = "xl/styles.xml"

_LINK = re.compile(r'=HYPERLINK\(\s*"((?:[^"]|"")*)"', re.IGNORECASE)
"""A link as exports write it: a formula."""
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")
"""A control character, as workbooks write it."""


def read_workbook(file: IO[bytes], wanted: Wanted) -> Iterator[Row]:
    """The rows of all sheets that have what is needed. Raises CollectError."""
    nearest: list[str] = []
    found = False
    try:
        with _opened(file) as book:
            for sheet in book.worksheets:
                rows = _rows(sheet)
                _, header = wanted.header(_titles(rows))
                if not header or wanted.lacking(header):
                    nearest = min((named for named in (nearest, header) if named), key=lambda named: len(wanted.lacking(named)), default=[])
                    continue
                found = True
                for number, cells in rows:
                    # Cells that are empty at the end of a row may be left out.
                    values = {name: cell for name, cell in zip(header, chain(cells, repeat(None)), strict=False) if name}
                    if any(value is not None for value in values.values()):
                        yield Row(number, values, json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
    except CollectError:
        raise
    except Exception as error:  # people's files come in here, and what a damaged one makes openpyxl raise is stated nowhere
        raise CollectError(f"isn't a workbook of Excel, is damaged or not all there yet ({type(error).__name__}: {error})") from error
    if not found:
        wanted.check(nearest)


def _titles(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[str]]]:
    return ((number, ["" if cell is None else str(cell) for cell in cells]) for number, cells in rows)


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Any]:
    """The workbook; without its styles where these are broken, as some exports have them: then dates are bare numbers."""
    import openpyxl  # takes a while to import, and only workbooks need it

    with zipfile.ZipFile(file) as packed, tempfile.TemporaryFile() as copy:
        if any(part.file_size > LARGEST for part in packed.infolist()):
            raise CollectError("is larger than any export, once it is unpacked")
        try:
            book = openpyxl.load_workbook(file, read_only=True)
        except Exception:
            if STYLES not in packed.namelist():
                raise
            _copy_without_styles(packed, copy)
            book = openpyxl.load_workbook(copy, read_only=True)
        try:
            yield book
        finally:
            book.close()


def _copy_without_styles(packed: zipfile.ZipFile, copy: IO[bytes]) -> None:
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as out:
        for name in packed.namelist():
            if name != STYLES:
                out.writestr(name, packed.read(name))


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Rows that hold anything, with their numbers."""
    sheet.reset_dimensions()  # some programs state them wrong, and rows beyond would be lost
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = [_value(cell) for cell in cells]
        if any(value is not None for value in values):
            yield number, values


def _value(cell: Any) -> Any:
    value = cell.value
    if cell.data_type == "e":
        return None
    if isinstance(value, str):
        link = _LINK.match(value)
        return link[1].replace('""', '"') if link else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, datetime) and "h" not in (cell.number_format or "").casefold():
        return value.date().isoformat()
    return plain(value)

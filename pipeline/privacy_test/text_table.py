"""A table of text in the copy of the inbox, whose cells are written to."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pipeline.intake.text import text_files

_LONGEST = 1 << 27  # characters of a cell


class TextTable:
    """A CSV or TSV file. Rows and columns count from 1 and 0, as findings and headers do.

    Raises ValueError where the file is not wholly in one encoding.
    """

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        fmt = text_files.examine(path, encoding, delimiter)
        text = path.read_bytes().decode(fmt.encoding).removeprefix("\ufeff")
        csv.field_size_limit(_LONGEST)
        self._path, self._delimiter = path, fmt.delimiter
        self._encoding = encoding or "utf-8-sig"
        self._rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=fmt.delimiter))

    def cell(self, _: str, row: int, position: int) -> str:
        """The text of a cell; IndexError where there is none."""
        return self._rows[row - 1][position]

    def put(self, _: str, row: int, position: int, text: str) -> None:
        """Write `text` into a cell that is there."""
        self._rows[row - 1][position] = text

    def add_column(self, _: str, header_row: int, header: str) -> None:
        """A column at the end, called `header`, whose cells are blank."""
        wide = len(self._rows[header_row - 1])
        for number, row in enumerate(self._rows[header_row - 1 :]):
            if len(row) == wide:
                row.append("" if number else header)

    def rename(self, sheet: str, name: str) -> None:
        """A text file has no sheets."""
        raise ValueError(f"{sheet} → {name}")

    def save(self) -> None:
        """Write the file."""
        written = io.StringIO(newline="")
        csv.writer(written, delimiter=self._delimiter).writerows(self._rows)
        self._path.write_bytes(written.getvalue().encode(self._encoding))

"""The columns of the files of rows that are not published; every cell is text."""

from __future__ import annotations

#: `quarantine/<dataset>.csv`: where the row is, the rules it breaks, the row as JSON.
QUARANTINE = ("file", "sheet", "row", "reasons", "record")
#: `withheld.csv`, behind the dataset: where the row is, why and since when it is withheld, the
#: legal basis, the row as JSON.
WITHHELD = ("file", "sheet", "row", "reason", "since", "basis", "record")
#: `set_aside.csv`, behind the dataset: where the row is, why it is no record, its text as written.
SET_ASIDE = ("file", "sheet", "row", "reason", "reason_zh", "reason_en", "text")

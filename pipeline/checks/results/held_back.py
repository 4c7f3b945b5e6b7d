"""The columns of the files that rows go to which are not published; every cell is text."""

from __future__ import annotations

#: `quarantine/<dataset>.csv`: where the row stood, the rules it broke, the row as JSON.
QUARANTINE = ("file", "sheet", "row", "reasons", "record")
#: `withheld.csv`, behind the dataset: where the row stood, why and since when it is withheld, by
#: which law, the row as JSON.
WITHHELD = ("file", "sheet", "row", "reason", "since", "basis", "record")

"""The parts of a compressed workbook are read in pieces that cut no cell in two."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pipeline.intake.workbook import archive
from pipeline.intake.workbook.archive import Archive

CELLS = 240


def part(folder: Path, prefix: str, text: str) -> tuple[Path, bytes]:
    cell = f'<{prefix}c r="A1" t="e"><{prefix}v>{text}</{prefix}v></{prefix}c>'
    content = ("<s>" + cell * CELLS + "</s>").encode()
    path = folder / "book.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("sheet.xml", content)
    return path, content


@pytest.mark.parametrize("prefix", ["", "x:", "spread-sheet:"])
@pytest.mark.parametrize("text", ["#N/A", "a:c b", "x:c :c :c "])
def test_a_piece_of_a_part_ends_before_a_whole_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, text: str
) -> None:
    path, content = part(tmp_path, prefix, text)
    for size in range(50, 130, 3):
        monkeypatch.setattr(archive, "PIECE", size)
        with zipfile.ZipFile(path) as opened:
            pieces = list(Archive(opened, path.stat().st_size).pieces("sheet.xml"))
        assert b"".join(pieces) == content and len(pieces) > 10
        assert all(piece.startswith(f"<{prefix}c ".encode()) for piece in pieces[1:])

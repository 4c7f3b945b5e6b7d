"""Folders of names that nobody would give, by people who had not seen the code: every command works there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.examples import examples
from tests.support.walks import Walk, from_elsewhere

pytestmark = pytest.mark.slow  # each goes the whole way

NAMES = (
    "O'Neil''s \"申报\" 2024",
    "公示[0-9]*?!(x)",
    "a.db?mode=rwc&immutable=0#frag",
    "100%25%2e%2e%2F%00%zz",
    "{a,b}{{x}}{0}%(s)s %s",
    "back\\slash\\x41\\",
    'x"; DROP TABLE penalty_filings; --',
    "$HOME $(id) `id` ${IFS} & | >",
    "-rf --help",
    "~ 前后有空格. ",
    "制表\t符 🀄️ é",
    "二〇二四年度重大行政处罚备案材料长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长xx",
)
#: As many again, by another who had not seen the code; a usual run tries the first two.
MORE = (
    "换\n行\r\n名",
    "-",
    "--site",
    "尾点...",
    "尾空格   ",
    "%2e%2e",
    "é̀̂\u0301组合",
    "\u202e件文示公\u202c",
    "\u200b\u200d\ufeff零宽",
    "\x01\x1b[31m红",
    "*?[!a]~;&&|<>",
    "a=b,c d:e@f",
)


@pytest.mark.parametrize("name", NAMES + MORE[: examples(2, len(MORE))])
def test_every_command_works_in_a_folder_of_this_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    walk = Walk(tmp_path / name, from_elsewhere(tmp_path))
    walk.all_commands()
    assert walk.wrong == []
    assert [path.name for path in tmp_path.iterdir()] == [name]

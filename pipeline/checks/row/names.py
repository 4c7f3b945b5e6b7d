"""Names of persons in the texts of rows: masked where it is sure that they are names, and shown to
a person where it is not.

A name that was found in one text of a row is masked in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.base.script import in_either_script
from pipeline.checks.privacy import persons
from pipeline.checks.privacy.found_names import Name, places, united
from pipeline.checks.privacy.name_search import names_in
from pipeline.checks.privacy.names import mask_name
from pipeline.checks.privacy.unlabelled_numbers import replaced

AROUND = 12  # characters shown on either side of what may be a name


@dataclass(slots=True)
class Named:
    """`texts` by column, with names masked, and by row the `names` that are; by column the rows (index → what may be shown of the
    text around) in which names are masked, and in which something may be a name.
    """

    texts: dict[str, pa.Array] = field(default_factory=dict)
    names: dict[int, frozenset[str]] = field(default_factory=dict)
    masked: dict[str, dict[int, str]] = field(default_factory=dict)
    unsure: dict[str, dict[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What else is known: the names `listed` as kept from the public, of which none is in doubt,
    and whether officers named in their office are shown.
    """

    listed: Collection[str] = frozenset()
    shows_officers: bool = False


def screen(texts: Mapping[str, pa.Array], setting: Setting = Setting()) -> Named:
    """The columns of `texts`, all of one table, without the names of persons."""
    named = Named()
    japanese = _japanese(texts)
    found = {
        column: {
            row: (text, judged)
            for row, (text, names) in _found(cells).items()
            if row not in japanese and (judged := _judged(text, names, setting))
        }
        for column, cells in texts.items()
    }
    sure = named.names = _sure_by_row(found)
    for column, cells in texts.items():
        rows = {row: spans for row, (_, spans) in found[column].items()}
        if not rows and not sure:
            continue
        changed = cells.to_pylist()
        for row in sorted({*rows, *sure}):
            text = changed[row]
            unsure = [
                n for n in rows.get(row, ()) if text[n.start : n.end] not in sure.get(row, ())
            ]
            if unsure := [n for n in unsure if not n.sure]:
                named.unsure.setdefault(column, {})[row] = around(text, unsure[0])
            masked = _masked(text, rows.get(row, ()), sure.get(row, frozenset()))
            if masked != text:
                named.masked.setdefault(column, {})[row] = ""
                changed[row] = masked
        if column in named.masked:
            named.texts[column] = pa.array(changed, pa.string())
    return named


def _judged(text: str, names: Sequence[Name], setting: Setting) -> list[Name]:
    """`names` without officers where they are shown; a listed one is sure."""
    judged = []
    for name in names:
        is_listed = "".join(text[name.start : name.end].split()) in setting.listed
        if is_listed or not (setting.shows_officers and _OFFICER.search(text[: name.start])):
            judged.append(replace(name, sure=name.sure or is_listed))
    return judged


#: Words of an officer's office in front of a name, or of a list that it stands in.
_OFFICER = lazy(
    r"(?:行政)?(?:执法|监察|检查|办案|承办)人员?(?:姓名)?[:：]?\s*"
    r"(?:[\u3400-\u9fff·]{2,8}\s*(?:[（(][^（）()]{1,40}[）)]\s*)?[、,，和与及]\s*){0,6}$"
)
#: From this share of kana among its characters a row's text is Japanese, not a Chinese text that
#: quotes a brand: what is known here of names does not hold for it.
_JAPANESE = 0.1
_KANA = lazy("[\u3041-\u3096\u30a1-\u30fa]")


def _japanese(texts: Mapping[str, pa.Array]) -> frozenset[int]:
    """The rows whose texts together are Japanese."""
    columns = list(texts.values())
    with_kana = [pc.match_substring_regex(c, r"[\p{Hiragana}\x{30a1}-\x{30fa}]") for c in columns]
    found = set[int]()
    for row in {row for mask in with_kana for row in pc.indices_nonzero(mask).to_pylist()}:
        text = "".join(column[row].as_py() for column in columns)
        if len(_KANA.findall(text)) >= _JAPANESE * len(text):
            found.add(row)
    return frozenset(found)


def _found(cells: pa.Array) -> dict[int, tuple[str, list[Name]]]:
    """Row → (text, the names in it), of the rows whose text has one; equal texts are read once."""
    distinct = cells.dictionary_encode()
    texts = distinct.dictionary.to_pylist()
    names = _with_roles(distinct.dictionary, texts, names_in(texts))
    if not any(names):
        return {}
    return {
        row: (texts[at], names[at])
        for row, at in enumerate(distinct.indices.to_pylist())
        if names[at]
    }


def _with_roles(
    values: pa.Array, texts: Sequence[str], names: Sequence[list[Name]]
) -> list[list[Name]]:
    """`names` of each of `texts`, and what stands behind a role or in front of a sex.

    There what may be a name is one; what reads as no name is one only before a sex.
    """
    both, sign = list(names), in_either_script(persons.SIGN)
    for at in pc.indices_nonzero(pc.match_substring_regex(values, sign)).to_pylist():
        text = by_character(texts[at])
        known = places([*both[at], Name(len(text), len(text), True)])
        roles = [Name(s, e, any(known[s:e])) for s, e in persons.behind_roles(text)]
        both[at] = united(
            both[at], [*roles, *(Name(s, e, True) for s, e in persons.before_sexes(text))]
        )
    return both


def _sure_by_row(
    found: Mapping[str, Mapping[int, tuple[str, list[Name]]]],
) -> dict[int, frozenset[str]]:
    """Row → the names that are sure in any of its texts, as they are written there."""
    sure: dict[int, set[str]] = {}
    for rows in found.values():
        for row, (text, names) in rows.items():
            for name in names:
                if name.sure:
                    sure.setdefault(row, set()).add(text[name.start : name.end])
    return {row: frozenset(names) for row, names in sure.items()}


def _masked(text: str, spans: list[Name] | tuple[()], sure: frozenset[str]) -> str:
    """`text` with its sure names masked, and every other occurrence of them."""
    at = [(n.start, n.end, mask_name(text[n.start : n.end])) for n in spans if n.sure]
    text = replaced(text, at)
    for name in sorted(sure, key=len, reverse=True):
        text = text.replace(name, mask_name(name))
    return text


def around(text: str, name: Name) -> str:
    """The words around what may be a name, which itself is shown masked."""
    start, end = max(0, name.start - AROUND), name.end + AROUND
    shown = mask_name(text[name.start : name.end])
    before = ("…" if start else "") + text[start : name.start]
    return f"{before}【{shown}】{text[name.end : end]}" + ("…" if end < len(text) else "")

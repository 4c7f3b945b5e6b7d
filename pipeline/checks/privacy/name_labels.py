"""A whole field of a record that is called after a person's part: 见证人：高尚, 被询问人：常青.

There a name may be any word, so what begins with a surname is at least in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.found_names import Name
from pipeline.checks.privacy.name_statistics import COMMON, COMPOUND, LESS_COMMON
from pipeline.checks.privacy.person_words import ROLES

_LABELS = "|".join(sorted((r for r in ROLES if len(r) > 1), key=lambda r: (-len(r), r)))
_SIGN = rf"(?:{_LABELS})\s?[:：]"
_NOBODY = "公司|单位|人员|工作|部门|安全|常年|万元|方便|安排|管理|任何|时间|双方|明知"
_FIELD = lazy(
    rf"(?:{_LABELS})\s?:\s?((?!{_NOBODY})(?:[{COMMON}{LESS_COMMON}][\u3400-\u9fff]{{1,2}}"
    rf"|(?:{'|'.join(sorted(COMPOUND))})[\u3400-\u9fff]{{1,2}}))"
    r"(?<![某员科室股所处局队站组村镇乡街路店厂])(?=[\s,。;、()/]|$)"
)


def names_in(texts: Sequence[str]) -> Iterator[tuple[int, Name]]:
    """(index of the text, what may be a name) of all such fields in `texts`."""
    signs = pc.match_substring_regex(pa.array(texts, pa.string()), _SIGN)
    for at in pc.indices_nonzero(signs).to_pylist():
        for m in _FIELD.finditer(by_character(texts[at])):
            yield at, Name(m.start(1), m.end(1), False)

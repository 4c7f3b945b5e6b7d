"""SQLite's error messages for a statement that it cannot run, in the visitor's language."""

from __future__ import annotations

import re

from pipeline.site.datasette.language import N_, Language

# The messages that a mistyped SELECT can cause (SQLite's parse.y, resolve.c and expr.c).
_MESSAGES = tuple(
    (re.compile(pattern, re.S), phrase)
    for pattern, phrase in (
        (r"no such column: (.+)", N_("There is no column %(what)s.")),
        (r"no such table: (.+)", N_("There is no table %(what)s.")),
        (r"no such (?:table-valued )?function: (.+)", N_("There is no function %(what)s.")),
        (r'near "(.*)": syntax error', N_("The statement cannot be understood at “%(what)s”.")),
        (r'unrecognized token: "(.*)"', N_("The statement cannot be understood at “%(what)s”.")),
        (r"(incomplete input)", N_("The statement ends too early.")),
        (r"ambiguous column name: (.+)", N_("Several tables have a column %(what)s; say which one.")),
        (r"wrong number of arguments to function (.+)", N_("The function %(what)s takes another number of values.")),
        (r"misuse of (?:aggregate|window) ?(?:function)?:? ?(.+)", N_("%(what)s works over many rows and cannot stand there.")),
    )
)  # fmt: skip


def plain(language: Language, message: str) -> str:
    """A message of SQLite in plain words; "" for an unknown one."""
    for pattern, phrase in _MESSAGES:
        if found := pattern.search(message):
            return language.phrase(phrase, what=found[1][:80])
    return ""

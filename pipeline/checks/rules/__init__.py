"""Rules beyond Table Schema, by subject. Importing this fills `RULES`."""

from pipeline.checks.rules import (
    across_columns,
    certificates,
    codes,
    collections,
    deadlines,
    documents,
    minors,
    penalties,
    publicity,
    registers,
    sums,
)
from pipeline.checks.rules.base import RULES, Columns, Judged, Rule, Setting

__all__ = [
    "RULES",
    "Columns",
    "Judged",
    "Rule",
    "Setting",
    "across_columns",
    "certificates",
    "codes",
    "collections",
    "deadlines",
    "documents",
    "minors",
    "penalties",
    "publicity",
    "registers",
    "sums",
]

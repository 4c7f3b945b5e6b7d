"""Rules beyond Table Schema, by subject. Importing this fills `RULES`."""

from pipeline.checks.rules import (
    certificates,
    codes,
    collections,
    dates,
    documents,
    minors,
    penalties,
    registers,
    sums,
    together,
)
from pipeline.checks.rules.base import RULES, Columns, Judged, Rule, Setting

__all__ = [
    "RULES",
    "Columns",
    "Judged",
    "Rule",
    "Setting",
    "certificates",
    "codes",
    "collections",
    "dates",
    "documents",
    "minors",
    "penalties",
    "registers",
    "sums",
    "together",
]

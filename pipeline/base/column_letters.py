"""Columns as spreadsheets name them. The reader of workbooks uses it, so it loads nothing."""

from __future__ import annotations


def letters(position: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def position(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26. Of absurdly many letters, the first 20 count."""
    number = 0
    for letter in letters[:20]:
        number = number * 26 + letter - 64
    return number - 1

"""Every phrase that the site's templates and code mark for translation."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

SITE = Path(__file__).parents[2] / "pipeline" / "site"
_KEYWORDS = {"_": None, "phrase": None, "N_": None, "n_": (1, 2), "count": (1, 2)}
_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]


def marked() -> dict[str, set[str]]:
    """The phrases by their English text, each with the files that it stands in."""
    found: dict[str, set[str]] = {}
    options = {"**.html": {"trimmed": "true", "silent": "false"}}
    for file, _line, message, _comments, _context in extract_from_dir(
        SITE, _METHODS, options, keywords=_KEYWORDS
    ):
        text = message if isinstance(message, str) else message[0]
        found.setdefault(text, set()).add(file)
    return found

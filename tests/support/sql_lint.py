"""Finds what puts a path, a name or a value into SQL, a SQLite address or a glob by itself.

Each text that becomes SQL is followed back to what it is made of, from function to function by their
annotations: what `pipeline.base.sql` gives is trusted, and what is annotated `Sql`. That such a
parameter, field or result is given nothing else is checked where it is given. Not followed: what a
function is handed by `functools.partial`, and what is set from outside.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.code_names import Bound, Code, given
from tests.support.sql_trust import KINDS, Kind, Trust, member, trusted_type

HOME = "pipeline.base.sql"
SOURCES = ("quoted", "literal", "trusted")  # in HOME: what is trusted begins here

_RUN = {"execute", "executemany", "executescript", "sql"}
_OPENING = {"sqlite3", "duckdb", "dbapi"}
_GAP = "\0"
_SQL = re.compile(
    rf"[\s(]*(select\b.*(\bfrom\b|{_GAP})|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|replace\s+into\b"
    r"|create\s+(or\s+replace\s+)?((temp|temporary|virtual|unique)\s+)*(table|view|index|schema|macro)\b"
    r"|drop\s+(table|view|index|schema)\b|alter\s+table\b|copy\b.+\bto\b|attach\s|detach\s|pragma\s|vacuum\s"
    rf"|with\s+\S+\s+as\s.*\(|set\s+\w+\s*=|(from|where|join|union\s+all|order\s+by|group\s+by)\s.*{_GAP})",
    re.I | re.S,
)
_FILES = re.compile(r"\b(read_(parquet|csv|csv_auto|json\w*|text|blob)|(parquet|sqlite)_scan|sniff_csv)\s*\(|^\s*copy\s.*\bto\s", re.I | re.S)  # fmt: skip
_ADDRESS = re.compile(r"file:", re.I)


@dataclass(frozen=True, order=True)
class Offender:
    file: str
    line: int
    why: str


class Lint:
    """All that is wrong in a package. `patterns`: files whose patterns are a user's own."""

    def __init__(self, package: Path, patterns: Collection[str] = ()) -> None:
        self.code, self.patterns = Code(package), patterns
        self.trust = Trust(self.code)

    def offenders(self) -> list[Offender]:
        nodes = list(self.code.scopes)
        for node in nodes:
            if isinstance(node, ast.Call):
                self._bind_lambdas(node)
        found = {Offender(self._file(n), getattr(n, "lineno", 0), why) for n in nodes for why in self._wrong(n)}  # fmt: skip
        return sorted(found)

    def trusting(self) -> set[str]:
        """The files that say of SQL which is not their own that it is trusted."""
        calls = (n for n in self.code.scopes if isinstance(n, ast.Call))
        return {self._file(node) for node in calls if self._is_of_home(node, "trusted")}

    def _file(self, node: ast.AST) -> str:
        return self.code.scopes[node].module.file

    def _is_home(self, node: ast.AST) -> bool:
        return self.code.scopes[node].module.name == HOME

    def _is_of_home(self, node: ast.expr, name: str = "") -> bool:
        """Whether `node` is a call of a function of `base/sql.py`."""
        found = self.code.called(node.func, self.code.scopes[node]) if isinstance(node, ast.Call) else []  # fmt: skip
        return any(self._is_home(each) and each.name == (name or each.name) for each in found)

    def _wrong(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Call):
            yield from self._wrong_call(node)
            if isinstance(node.func, ast.Attribute) and node.args and not self._is_home(node):
                yield from self._wrong_opening(node.func, node.args)
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value:
            yield from self._wrong_result(node, node.value)
        if isinstance(node, ast.expr) and not self._is_part(node):
            yield from self._wrong_text(node)

    def _wrong_text(self, node: ast.expr) -> Iterator[str]:
        text = _skeleton(node)
        is_made = _GAP in text and text != _GAP
        if is_made and _SQL.match(text) and not self.trust.safe(node, self.code.scopes[node]):
            yield "SQL of something that is not from base/sql.py"
        if self._is_home(node) or isinstance(self.code.parents.get(node), ast.Expr):
            return  # a docstring
        if is_made and _ADDRESS.match(text):
            yield "an address of a file that is not from base/sql.py"
        if _FILES.search(text):
            yield "SQL that reads or writes files, which base/sql.py does"

    def _wrong_call(self, node: ast.Call) -> Iterator[str]:
        scope, func = self.code.scopes[node], node.func
        if isinstance(func, ast.Attribute) and func.attr in _RUN and node.args:
            is_ours = self.code.module_of(func.value, scope)
            if not is_ours and not self.trust.safe(node.args[0], scope):
                yield f".{func.attr}() of something that is not from base/sql.py"
        for called in self.code.called(func, scope):
            for name, said, value in given(called, node):
                for kind in KINDS:
                    if _says_sql(said) and trusted_type(said, kind) and not self.trust.safe(value, scope, kind):  # fmt: skip
                        yield f"{called.name}({name}=…) of something that is not from base/sql.py"

    def _bind_lambdas(self, node: ast.Call) -> None:
        """A lambda's parameters are what the parameter that it is given for says of them."""
        for called in self.code.called(node.func, self.code.scopes[node]):
            for _, said, value in given(called, node):
                match said:
                    case ast.Subscript(value=ast.Name(id="Callable"), slice=ast.Tuple(elts=[ast.List(elts=types), _])) if isinstance(value, ast.Lambda):  # fmt: skip
                        for arg, each in zip(value.args.args, types, strict=False):
                            self.code.scopes[value].names[arg.arg] = [Bound("annotated", each)]

    def _wrong_result(self, node: ast.AST, value: ast.expr) -> Iterator[str]:
        made = self.code.function_of(node)
        if made is None or not _says_sql(made.returns):
            return
        if self._is_home(made) and made.name in SOURCES:
            return
        scope, why = self.code.scopes[node], f"{made.name}() gives something that is not from base/sql.py"  # fmt: skip
        parts = value.elts if isinstance(value, ast.Tuple) else []
        for place, part in enumerate(parts):
            said = member(made.returns, (place,))
            if _says_sql(said) and not self.trust.safe(part, scope):
                yield why
        for kind in KINDS:
            if trusted_type(made.returns, kind):
                asked: Kind = "text" if isinstance(node, ast.Yield) else kind
                if not self.trust.safe(value, scope, asked):
                    yield why

    def _wrong_opening(self, func: ast.Attribute, args: list[ast.expr]) -> Iterator[str]:
        """A database opened by hand, and a pattern with something in it."""
        of, first = ast.unparse(func.value), args[0]
        if func.attr == "connect" and of in _OPENING and not self._is_of_home(first):
            yield "a database that is not opened by base/sql.py"
        pattern = args[1] if of == "fnmatch" and len(args) > 1 else first
        is_glob = func.attr in ("glob", "rglob", "iglob") or of == "fnmatch"
        if is_glob and self._file(func) not in self.patterns and not _is_fixed(pattern):
            yield "a pattern with something in it that is not escaped"

    def _is_part(self, node: ast.AST) -> bool:
        """Whether `node` is a piece of a larger text, which is looked at as one."""
        above = self.code.parents.get(node)
        return isinstance(above, ast.JoinedStr | ast.FormattedValue) or (
            isinstance(above, ast.BinOp) and _skeleton(above) != _GAP
        )


def _says_sql(said: ast.expr | None) -> bool:
    return said is not None and "Sql" in ast.unparse(said)


def _skeleton(node: ast.AST) -> str:
    """A text's constant parts, with a gap where something is put in; a gap alone for what is no text."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(map(_skeleton, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = _skeleton(left), _skeleton(right)
            return _GAP if sides == (_GAP, _GAP) else "".join(sides)
        case ast.BinOp(left=left, op=ast.Mod()):
            return re.sub(r"%(\(\w+\))?[sdr]", _GAP, _skeleton(left))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(value)), attr="format")):
            return re.sub(r"\{[^{}]*\}", _GAP, value)
    return _GAP


def _is_fixed(pattern: ast.expr) -> bool:
    """Whether a pattern is a constant, or all that is put into it is escaped."""
    parts = pattern.values if isinstance(pattern, ast.JoinedStr) else [pattern]
    return all(
        isinstance(p, ast.Constant) or (isinstance(p, ast.FormattedValue) and ast.unparse(p.value).startswith("glob.escape("))
        for p in parts
    )  # fmt: skip

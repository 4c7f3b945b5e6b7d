"""Which expressions of Python code are SQL that is made of trusted parts alone.

Trusted are constants, numbers, and what is annotated `Sql`: parameters, fields, results of functions.
`tests.support.sql_lint` sees to it that nothing else is given for those. A method of what has no known
class is trusted where every class that has such a method says `Sql`.
"""

from __future__ import annotations

import ast
from typing import Literal

from tests.support.code_names import Bound, Called, Code, Function, Scope

Kind = Literal["text", "items", "values"]  # SQL itself, an iterable of it, a mapping to it
KINDS: tuple[Kind, ...] = ("text", "items", "values")

_PLAIN = {"Sql", "int", "float", "bool", "date"}  # their text cannot hold what came from outside
_LISTS = {"Sequence", "Iterable", "Iterator", "Collection", "Generator", "list", "tuple", "set", "frozenset"}  # fmt: skip
_NUMBERS = {"int", "len", "ord", "float", "bool", "sum", "round", "hash", "range"}
_SAME = {"sorted", "list", "tuple", "reversed", "set", "frozenset", "iter"}


def trusted_type(said: ast.expr | None, kind: Kind) -> bool:
    """Whether an annotation says that there is SQL, or a number."""
    match said:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return kind == "text" and name in _PLAIN
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return all(_is_none(side) or trusted_type(side, kind) for side in (left, right))
        case ast.Subscript(value=ast.Name(id=outer), slice=inner):
            each = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if kind == "items" and outer in _LISTS:
                return all(_is_dots(e) or trusted_type(e, "text") for e in each)
            return kind == "values" and outer in ("Mapping", "dict") and trusted_type(each[-1], "text")  # fmt: skip
    return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


class Trust:
    """What is made of trusted parts alone."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._asked: set[tuple[int, str, Kind]] = set()

    def safe(self, node: ast.expr | None, scope: Scope, kind: Kind = "text") -> bool:
        """Whether `node` is SQL, or gives it as an iterable or a mapping."""
        if node is None:
            return False
        look = getattr(self, f"_{type(node).__name__.lower()}", None)
        return bool(look and look(node, scope, kind))

    # ------------------------------------------------------------ by kind of expression

    def _constant(self, node: ast.Constant, scope: Scope, kind: Kind) -> bool:
        return kind == "text" or isinstance(node.value, str)

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope, kind: Kind) -> bool:
        return all(self.safe(part, scope) for part in node.values)

    def _formattedvalue(self, node: ast.FormattedValue, scope: Scope, kind: Kind) -> bool:
        return self.safe(node.value, scope) and (not node.format_spec or self.safe(node.format_spec, scope))  # fmt: skip

    def _binop(self, node: ast.BinOp, scope: Scope, kind: Kind) -> bool:
        sides = [self.safe(side, scope, kind) for side in (node.left, node.right)]
        is_list = isinstance(node.op, ast.Mult) and kind == "items"  # so many times
        return any(sides) if is_list else all(sides)

    def _unaryop(self, node: ast.UnaryOp, scope: Scope, kind: Kind) -> bool:
        return self.safe(node.operand, scope, kind)

    def _await(self, node: ast.Await, scope: Scope, kind: Kind) -> bool:
        return self.safe(node.value, scope, kind)

    def _starred(self, node: ast.Starred, scope: Scope, kind: Kind) -> bool:
        return self._part(node.value, (0,), scope, kind)

    def _ifexp(self, node: ast.IfExp, scope: Scope, kind: Kind) -> bool:
        return self.safe(node.body, scope, kind) and self.safe(node.orelse, scope, kind)

    def _boolop(self, node: ast.BoolOp, scope: Scope, kind: Kind) -> bool:
        return all(self.safe(value, scope, kind) for value in node.values)

    def _list(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope, kind: Kind) -> bool:
        return kind == "items" and all(
            self.safe(e.value, scope, "items") if isinstance(e, ast.Starred) else self.safe(e, scope)
            for e in node.elts
        )  # fmt: skip

    _tuple = _set = _list

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope, kind: Kind) -> bool:
        return kind == "items" and self.safe(node.elt, self.code.scopes[node])

    _setcomp = _generatorexp = _listcomp

    def _dict(self, node: ast.Dict, scope: Scope, kind: Kind) -> bool:
        return kind == "values" and all(self.safe(value, scope) for value in node.values)

    def _dictcomp(self, node: ast.DictComp, scope: Scope, kind: Kind) -> bool:
        return kind == "values" and self.safe(node.value, self.code.scopes[node])

    def _subscript(self, node: ast.Subscript, scope: Scope, kind: Kind) -> bool:
        if isinstance(node.slice, ast.Slice):
            return self.safe(node.value, scope, kind)
        return kind == "text" and any(self.safe(node.value, scope, k) for k in ("values", "items"))

    def _name(self, node: ast.Name, scope: Scope, kind: Kind) -> bool:
        return self._named(node.id, scope, kind)

    def _attribute(self, node: ast.Attribute, scope: Scope, kind: Kind) -> bool:
        if module := self.code.module_of(node.value, scope):
            return node.attr in module.scope.names and self._named(node.attr, module.scope, kind)
        if node.attr in ("year", "month", "day") and self.safe(node.value, scope):
            return True  # of a date
        known = self.code.class_of(node.value, scope)
        said = [s for made, s in self.code.fields.get(node.attr, ()) if known in (None, made)]
        return bool(said) and all(trusted_type(each, kind) for each in said)

    def _call(self, node: ast.Call, scope: Scope, kind: Kind) -> bool:
        func = node.func
        if isinstance(func, ast.Attribute) and self._method(func, node, scope, kind):
            return True
        if found := self.code.called(func, scope):
            return all(self._gives(each, kind) for each in found)
        return isinstance(func, ast.Name) and self._builtin(func.id, node.args, scope, kind)

    # ------------------------------------------------------------ names, calls and their parts

    def _gives(self, called: Called, kind: Kind) -> bool:
        return isinstance(called, Function) and trusted_type(called.returns, kind)

    def _builtin(self, name: str, args: list[ast.expr], scope: Scope, kind: Kind) -> bool:
        if name == "map" and args:
            found = self.code.called(args[0], scope)
            return kind == "items" and bool(found) and all(self._gives(f, "text") for f in found)
        if name in _SAME:
            return bool(args) and self.safe(args[0], scope, kind)
        if name in ("str", "chr", "min", "max"):
            return kind == "text" and all(self.safe(each, scope) for each in args)
        return name in _NUMBERS

    def _method(self, func: ast.Attribute, node: ast.Call, scope: Scope, kind: Kind) -> bool:
        of, args = func.value, [*node.args, *(each.value for each in node.keywords)]
        match func.attr:
            case "join":
                return kind == "text" and self.safe(of, scope) and self.safe(args[0], scope, "items")  # fmt: skip
            case "format":
                return kind == "text" and all(self.safe(each, scope) for each in (of, *args))
            case "partition" | "rpartition" | "split":
                return kind == "items" and self.safe(of, scope)
            case "sub":  # of a pattern
                return kind == "text" and len(args) == 2 and all(self.safe(a, scope) for a in args)
            case "values":
                return kind == "items" and self.safe(of, scope, "values")
            case "get" | "setdefault":
                return kind == "text" and self.safe(of, scope, "values") and all(self.safe(a, scope) for a in args[1:])  # fmt: skip
            case "fromkeys":
                return kind == "items" and self.safe(args[0], scope, "items")
        return False

    def _named(self, name: str, scope: Scope, kind: Kind) -> bool:
        at = scope.of(name)
        if at is None:
            there = self.code.imported(name, scope)
            if there is None or there[1] not in there[0].scope.names:
                return False
            return self._named(there[1], there[0].scope, kind)
        question = (id(at), name, kind)
        if question in self._asked:  # a name made of itself: what else it is made of decides
            return True
        self._asked.add(question)
        try:
            return all(self._bound(each, at, kind) for each in at.names[name])
        finally:
            self._asked.discard(question)

    def _bound(self, bound: Bound, scope: Scope, kind: Kind) -> bool:
        if bound.how == "annotated":
            return trusted_type(bound.node, kind)
        if bound.how == "value":
            return self._part(bound.node, bound.at, scope, kind)
        return bound.how == "each" and self._each(bound.node, bound.at, scope, kind)

    def _part(self, node: ast.expr | None, at: tuple[int, ...], scope: Scope, kind: Kind) -> bool:
        """What stands at a place of a tuple that is taken apart."""
        if not at:
            return self.safe(node, scope, kind)
        match node:
            case ast.Await(value=value):
                return self._part(value, at, scope, kind)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                return len(elts) > at[0] and self._part(elts[at[0]], at[1:], scope, kind)
            case ast.GeneratorExp(elt=elt) | ast.ListComp(elt=elt):
                return self._part(elt, at[1:], self.code.scopes[node], kind)
            case ast.Call(func=func):
                said = [member(f.returns, at) for f in self.code.called(func, scope) if isinstance(f, Function)]  # fmt: skip
                if said and all(trusted_type(each, kind) for each in said):
                    return True
        return len(at) == 1 and kind == "text" and self.safe(node, scope, "items")

    def _each(self, node: ast.expr | None, at: tuple[int, ...], scope: Scope, kind: Kind) -> bool:
        """What a loop over `node` gives, or a place in each of it."""
        match node:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if at:
                return at[0] == 0 or self._each(inner, at[1:], scope, kind)
            case ast.Call(func=ast.Name(id="zip"), args=args) if at and len(args) > at[0]:
                return self._each(args[at[0]], at[1:], scope, kind)
            case ast.Call(func=ast.Attribute(value=of, attr="items"), args=[]) if at:
                return kind == "text" and at[0] == 1 and self.safe(of, scope, "values")
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return all(self._part(each, at, scope, kind) for each in elts)
        return not at and kind == "text" and self.safe(node, scope, "items")


def member(said: ast.expr | None, at: tuple[int, ...]) -> ast.expr | None:
    """The annotation of one place of a tuple of fixed length."""
    match said:
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=elts)) if len(at) == 1:
            return elts[at[0]] if len(elts) > at[0] and not any(map(_is_dots, elts)) else None
    return None

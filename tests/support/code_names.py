"""Python code of a package, parsed: what each name in it is bound to, and whom a call can mean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Called = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


@dataclass(frozen=True)
class Bound:
    """One way in which a name comes to its value.

    `how`: "value" (it is `node`), "each" (a loop over `node` gives it), "annotated" (by what `node`
    says), "opaque" (nothing is known). `at`: where in that, if it is taken apart.
    """

    how: str
    node: ast.expr | None = None
    at: tuple[int, ...] = ()


@dataclass
class Scope:
    """A module, class, function, lambda or comprehension: the names that are bound in it."""

    module: Module
    above: Scope | None = None
    owner: ast.ClassDef | None = None
    names: dict[str, list[Bound]] = field(default_factory=dict)
    called: dict[str, Called] = field(default_factory=dict)

    def bind(self, target: ast.AST | None, bound: Bound) -> None:
        if isinstance(target, ast.Name):
            self.names.setdefault(target.id, []).append(bound)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Bound("opaque"))
        elif isinstance(target, ast.Tuple | ast.List):
            for place, each in enumerate(target.elts):
                self.bind(each, Bound(bound.how, bound.node, (*bound.at, place)))

    def of(self, name: str) -> Scope | None:
        """The scope in which `name` is bound, this one or one around it."""
        at: Scope | None = self
        while at and name not in at.names:
            at = at.above
        return at


@dataclass
class Module:
    name: str
    file: str
    tree: ast.Module
    imports: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # as here → module, name there
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                of = (getattr(node, "module", None) or "") if isinstance(node, ast.ImportFrom) else ""  # fmt: skip
                for each in node.names:
                    known = (of, each.name) if of else (each.name, "")
                    self.imports[each.asname or each.name] = known


class Code:
    """All modules of a package."""

    def __init__(self, package: Path) -> None:
        self.modules = {module.name: module for module in _modules(package)}
        self.scopes: dict[ast.AST, Scope] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        self.methods: dict[str, list[Function]] = {}
        self.fields: dict[str, list[tuple[ast.ClassDef, ast.expr | None]]] = {}
        for module in self.modules.values():
            self._enter(module.tree, module.scope)

    # ------------------------------------------------------------ whom and what a name means

    def module_of(self, node: ast.expr, scope: Scope) -> Module | None:
        """The module of the package that `node` names."""
        if not isinstance(node, ast.Name) or scope.of(node.id):
            return None
        module, name = scope.module.imports.get(node.id, ("", ""))
        return self.modules.get(f"{module}.{name}" if name else module)

    def imported(self, name: str, scope: Scope) -> tuple[Module, str] | None:
        """Where in the package a name of the module comes from."""
        module, inside = scope.module.imports.get(name, ("", ""))
        return (self.modules[module], inside) if module in self.modules else None

    def class_of(self, node: ast.expr, scope: Scope) -> ast.ClassDef | None:
        """The class of what `node` names, where that is `self` or annotated."""
        if not isinstance(node, ast.Name):
            return None
        if node.id == "self":
            return scope.owner
        at = scope.of(node.id)
        for bound in at.names[node.id] if at else ():
            if bound.how == "annotated" and isinstance(bound.node, ast.Name) and not bound.at:
                made = self.called(bound.node, scope)
                return made[0] if made and isinstance(made[0], ast.ClassDef) else None
        return None

    def called(self, func: ast.expr, scope: Scope) -> list[Called]:
        """The functions of the package, or the class, that a call of `func` can mean."""
        if isinstance(func, ast.Name):
            return self._named(func.id, scope)
        if not isinstance(func, ast.Attribute):
            return []
        if module := self.module_of(func.value, scope):
            return self._named(func.attr, module.scope)
        of = func.value
        if isinstance(of, ast.Name) and of.id in scope.module.imports and not scope.of(of.id):
            return []  # of a library
        every, known = self.methods.get(func.attr, []), self.class_of(of, scope)
        return [each for each in every if known and each in known.body] or list(every)

    def _named(self, name: str, scope: Scope) -> list[Called]:
        at: Scope | None = scope
        while at:
            if name in at.called:
                return [at.called[name]]
            if name in at.names:
                return []
            at = at.above
        there = self.imported(name, scope)
        return [there[0].scope.called[there[1]]] if there and there[1] in there[0].scope.called else []  # fmt: skip

    def function_of(self, node: ast.AST) -> Function | None:
        """The function whose own line `node` is; None in a lambda."""
        at: ast.AST | None = node
        while at and not isinstance(at, Function | ast.Lambda):
            at = self.parents.get(at)
        return at if isinstance(at, Function) else None

    # ------------------------------------------------------------ read

    def _enter(self, node: ast.AST, scope: Scope) -> None:
        self.scopes[node] = scope
        for child in ast.iter_child_nodes(node):
            self.parents[child] = node
            inner = self._scope(child, scope)
            self._bind(child, inner)
            self._enter(child, inner)

    def _scope(self, node: ast.AST, scope: Scope) -> Scope:
        if isinstance(node, ast.ClassDef | Function):
            scope.called[node.name] = node
        if isinstance(node, ast.ClassDef):
            self._class(node)
            return Scope(scope.module, scope, node)
        if isinstance(node, Function | ast.Lambda):
            inner = Scope(scope.module, scope, scope.owner)
            for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                inner.names[each.arg] = [Bound("annotated", each.annotation)]
            for rest in filter(None, (node.args.vararg, node.args.kwarg)):
                inner.names[rest.arg] = [Bound("opaque")]
            return inner
        if isinstance(node, _COMPREHENSIONS):
            inner = Scope(scope.module, scope, scope.owner)
            for part in node.generators:
                inner.bind(part.target, Bound("each", part.iter))
            return inner
        return scope

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    scope.bind(target, Bound("value", value))
            case ast.AnnAssign(target=target, value=value, annotation=said):
                scope.bind(target, Bound("value", value) if value else Bound("annotated", said))
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):  # fmt: skip
                scope.bind(target, Bound("value", value))
            case ast.For(target=target, iter=over) | ast.AsyncFor(target=target, iter=over):
                scope.bind(target, Bound("each", over))
            case ast.withitem(optional_vars=target):
                scope.bind(target, Bound("opaque"))
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                scope.names.setdefault(name, []).append(Bound("opaque"))

    def _class(self, made: ast.ClassDef) -> None:
        for node in ast.walk(made):
            if isinstance(node, ast.AnnAssign):
                name = ast.unparse(node.target)
                if node in made.body or name.startswith("self."):
                    name = name.removeprefix("self.")
                    self.fields.setdefault(name, []).append((made, node.annotation))
        for method in (node for node in made.body if isinstance(node, Function)):
            if any("property" in ast.unparse(each) for each in method.decorator_list):
                self.fields.setdefault(method.name, []).append((made, method.returns))
            else:
                self.methods.setdefault(method.name, []).append(method)


def _modules(package: Path) -> Iterator[Module]:
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package.parent)
        name = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        yield Module(name, file.as_posix(), ast.parse(path.read_text("utf-8")))


def given(called: Called, node: ast.Call) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Name, annotation and value of each argument of a call whose parameter has an annotation."""
    named = {each.arg: each.value for each in node.keywords if each.arg}
    for place, (name, annotation) in enumerate(_params(called)):
        if any(isinstance(each, ast.Starred) for each in node.args[: place + 1]):
            return
        value = node.args[place] if place < len(node.args) else named.get(name)
        if annotation is not None and value is not None:
            yield name, annotation, value


def _params(called: Called) -> list[tuple[str, ast.expr | None]]:
    if isinstance(called, ast.ClassDef):
        for node in called.body:
            if isinstance(node, Function) and node.name == "__init__":
                return _params(node)
        fields = (n for n in called.body if isinstance(n, ast.AnnAssign))
        return [(n.target.id, n.annotation) for n in fields if isinstance(n.target, ast.Name)]
    args = [*called.args.posonlyargs, *called.args.args]
    if args and args[0].arg in ("self", "cls"):
        del args[0]
    return [(each.arg, each.annotation) for each in (*args, *called.args.kwonlyargs)]

"""Mutants of a Python source: one small thing wrong in each, as a careless hand would have it.

Pure. Finds its places in the syntax tree and changes the text there, so that a mutant is told as the line it is in.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Spanned = ast.expr | ast.stmt | ast.keyword
"""What stands somewhere in the text."""

OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("/",),
    ast.Div: ("*",),
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.And: ("or",),
    ast.Or: ("and",),
}
NAMES = {"min": "max", "max": "min", "ZERO": "ONE", "ONE": "ZERO", "True": "False", "False": "True"}
NOTHING_DONE = ("positive", "abs", "root", "exp", "ln")
"""Functions that are left out: their argument stands alone."""
PARTS = (
    ("initial", "maintenance"), ("im_", "mm_"), ("long_", "short_"), ("_up", "_down"), ("perp", "option"),
    ("_call_", "_put_"), ("_put_spot", "_put_mtm"), ("linear", "abs"), ("forward", "volatility"), ("spot", "perp"),
    ("max_", "min_"), ("base", "perp"), ("short_term", "long_term"), ("mult_", "add_"), ("strike", "amount"),
    ("forward_confidence", "rate_confidence"), ("static", "confidence"), ("UP", "DOWN"),
)  # fmt: skip
"""Parts of attribute names that are taken for one another, where the other attribute exists."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Characters `start` to `end` of a source replaced by `new`."""

    start: int
    end: int
    new: str

    def apply(self, source: str) -> str:
        """The mutant's whole text."""
        return source[: self.start] + self.new + source[self.end :]

    def line(self, source: str) -> int:
        """The number of the line that it begins in."""
        return source.count("\n", 0, self.start) + 1

    def told(self, source: str) -> str:
        """The lines as they were and as they are."""
        first = source.rindex("\n", 0, self.start) + 1
        last = source.find("\n", self.end)
        old = " ".join(source[first:last].split())
        new = " ".join((source[first : self.start] + self.new + source[self.end : last]).split())
        return f"- {old}\n+ {new}"


def mutants(source: str, attributes: frozenset[str]) -> list[Mutant]:
    """All mutants of a source, in its order. `attributes` are those that exist: none fails by its name alone."""
    return sorted(set(_Search(source, attributes).everywhere()), key=lambda one: (one.start, one.end, one.new))


class _Search:
    """A walk over a syntax tree, by kind of node."""

    def __init__(self, source: str, attributes: frozenset[str]) -> None:
        self._source, self._attributes = source, attributes
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self._lines = source.splitlines(keepends=True)

    def everywhere(self) -> Iterator[Mutant]:
        tree = ast.parse(self._source)
        annotations = {
            id(inner) for node in ast.walk(tree) for outer in _annotations(node) for inner in ast.walk(outer)
        }
        for node in ast.walk(tree):
            if id(node) not in annotations:
                yield from self._of(node)

    def _of(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.BinOp):
            yield from self._binary(node)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from self._between(node.left, node.ops[0], node.comparators[0])
        elif isinstance(node, ast.BoolOp):
            yield from self._between(node.values[0], node.op, node.values[1])
            yield from (self._replaced(node, self._text(one)) for one in node.values)
        elif isinstance(node, ast.UnaryOp):
            yield self._replaced(node, self._text(node.operand))
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield self._replaced(node, str(node.value + 1))
        elif isinstance(node, (ast.If, ast.IfExp)):
            yield from (self._replaced(node.test, always) for always in ("True", "False"))
        elif isinstance(node, ast.comprehension):
            yield from (self._replaced(test, "True") for test in node.ifs)
        elif isinstance(node, ast.AugAssign):
            yield self._replaced(node, f"{self._text(node.target)} = {self._text(node.value)}")
        else:
            yield from self._named(node)

    def _named(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, (ast.Name, ast.Constant)) and self._text(node) in NAMES:
            yield self._replaced(node, NAMES[self._text(node)])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in NOTHING_DONE:
                yield self._replaced(node, f"({self._text(node.args[0])})")
            if node.func.id in ("min", "max") and len(node.args) > 1:
                yield from (self._without(node, index) for index in range(len(node.args)))
        elif isinstance(node, ast.Attribute):
            yield from (self._replaced(node, f"{self._text(node.value)}.{other}") for other in self._others(node.attr))

    def _binary(self, node: ast.BinOp) -> Iterator[Mutant]:
        yield from self._between(node.left, node.op, node.right)
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            yield self._replaced(node, f"({self._text(node.left)})")
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield self._replaced(node, f"({self._text(node.right)})")

    def _between(self, left: ast.expr, operator: ast.AST, right: ast.expr) -> Iterator[Mutant]:
        """The operator alone, wherever brackets and line ends are."""
        start, end = self._span(left)[1], self._span(right)[0]
        gap = self._source[start:end]
        core = gap.strip(" \n()")
        offset = start + gap.index(core)
        for other in OPERATORS.get(type(operator), ()):
            yield Mutant(offset, offset + len(core), other)

    def _without(self, call: ast.Call, index: int) -> Mutant:
        kept = [self._text(one) for number, one in enumerate(call.args) if number != index]
        arguments = ", ".join([*kept, *(self._text(one) for one in call.keywords)])
        name = self._text(call.func)
        return self._replaced(call, f"({kept[0]})" if len(kept) == 1 and not call.keywords else f"{name}({arguments})")

    def _others(self, name: str) -> Iterator[str]:
        for pair in PARTS:
            for one, other in (pair, pair[::-1]):
                swapped = name.replace(one, other)
                if one in name and swapped != name and swapped in self._attributes:
                    yield swapped

    def _replaced(self, node: Spanned, new: str) -> Mutant:
        return Mutant(*self._span(node), new)

    def _text(self, node: Spanned) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _span(self, node: Spanned) -> tuple[int, int]:
        """Where a node is, in characters; the tree counts bytes."""
        last_line, last_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._offset(node.lineno, node.col_offset), self._offset(last_line, last_column)

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if node.returns:
            yield node.returns
        yield from node.decorator_list
    if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr):
        yield node.value

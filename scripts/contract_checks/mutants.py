"""Mutants of a Solidity source: one small thing wrong in each, as a careless hand would have it.

Pure. Works on the text: comments and strings are set aside, what is left is matched by operators (`OPERATORS` lists
them). Mutants that do not compile are cheap to find out, so no operator looks at types.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a source replaced by `new`, by which operator."""

    operator: str
    start: int
    end: int
    new: str

    def apply(self, source: str) -> str:
        """The mutant's whole text."""
        return source[: self.start] + self.new + source[self.end :]

    def told(self, source: str) -> str:
        """The mutant as a diff of one line, by the number of the line that it begins in."""
        line = source.count("\n", 0, self.start) + 1
        before, after = source[: self.start].rpartition("\n")[2], source[self.end :].partition("\n")[0]
        old = " ".join((before + source[self.start : self.end] + after).split())
        return f"{line}: {self.operator}\n    - {old}\n    + {' '.join((before + self.new + after).split())}"


SWAPS: dict[str, tuple[str, ...]] = {
    "<": ("<=", ">="),
    ">": (">=", "<="),
    "<=": ("<", ">"),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "|=": ("=", "&="),
    "&=": ("=", "|="),
    "++": ("--",),
    "--": ("++",),
}
WORDS = {
    "true": "false",
    "false": "true",
    "min": "max",
    "max": "min",
    "add": "sub",
    "sub": "add",
    "shl": "shr",
    "shr": "shl",
    "and": "or",
    "or": "and",
    "lt": "gt",
    "gt": "lt",
}
HEADER_WORDS = frozenset(
    ("external", "public", "internal", "private", "view", "pure", "payable", "virtual", "override", "returns")
)

_ASIDE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_SYMBOL = re.compile("|".join(re.escape(s) for s in sorted([*SWAPS, "=>", "->", "=", "**"], key=len, reverse=True)))
_NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)(?![\w.])")
_FUNCTION = re.compile(r"\b(?:function\b[^;{(]*|constructor\s*|modifier\s+\w+\s*)\(")
_CALL = re.compile(r"\b[\w.\]]+(?:\{[^{}]*\})?\(")


def edits(source: str) -> list[Edit]:
    """Every mutant of a source, in order of place, none twice."""
    code = _ASIDE.sub(lambda aside: ('"' if aside[0].startswith('"') else " ") * len(aside[0]), source)
    code = re.sub(r"^(import|pragma)\b[^;]*;", lambda one: " " * len(one[0]), code, flags=re.MULTILINE)
    found = {(e.start, e.end, e.new): e for operator in OPERATORS for e in operator(source, code)}
    return sorted(found.values(), key=lambda e: (e.start, e.end, e.new))


def _swapped_symbols(source: str, code: str) -> Iterator[Edit]:
    for match in _SYMBOL.finditer(code):
        for new in SWAPS.get(match[0], ()):
            yield Edit(f"{match[0]} becomes {new}", *match.span(), new)


def _swapped_words(source: str, code: str) -> Iterator[Edit]:
    for match in re.finditer(r"\b\w+\b", code):
        if new := WORDS.get(match[0]):
            yield Edit(f"{match[0]} becomes {new}", *match.span(), new)


def _dropped_negations(source: str, code: str) -> Iterator[Edit]:
    for match in re.finditer(r"!(?!=)|(?<=[(=,?:] )-(?=\w)|(?<=\()-(?=\w)", code):
        yield Edit(f"{match[0]} dropped", *match.span(), "")


def _other_constants(source: str, code: str) -> Iterator[Edit]:
    """Numbers one higher, and texts one character longer: a type hash or a domain's name nobody would notice."""
    for match in _NUMBER.finditer(code):
        yield Edit("another number", *match.span(), str(int(match[0], 0) + 1))
    for match in _ASIDE.finditer(source):
        line = source[: match.start()].rpartition("\n")[2]
        if match[0].startswith('"') and not re.match(r"\s*(import|pragma|\}\s*from|assembly)", line):
            yield Edit("another text", *match.span(), f'{match[0][:-1]}~"')


def _removed_statements(source: str, code: str) -> Iterator[Edit]:
    """Whole statements, an `if` with the one statement that it guards; the compiler refuses where one is needed."""
    for start, end in _bodies(code):
        begin, depth = start + 1, 0
        for at in range(start + 1, end):
            depth += (code[at] in "([") - (code[at] in ")]")
            if depth or code[at] not in ";{}":
                continue
            if code[at] == ";" and not _declares(code[begin:at]):
                first = begin + len(code[begin:at]) - len(code[begin:at].lstrip())
                yield Edit("statement removed", first, at + 1, "")
            begin = at + 1


def _declares(statement: str) -> bool:
    kinds = r"(?:u?int\d*|bytes\d*|address|bool|string|[A-Z]\w*)(?:\[\])*(?:\s+(?:memory|calldata|storage))?\s+\w+"
    return bool(re.match(rf"\s*(?:{kinds}\s*(?:=|$)|\({kinds}|let\b)", statement))


def _unguarded(source: str, code: str) -> Iterator[Edit]:
    """Conditions that never hold, or always do; not where that reverts always, which any test would notice."""
    for match in re.finditer(r"\bif \(", code):
        end = _closing(code, match.end() - 1)
        reverts = re.compile(r"\)\s*\{?\s*revert\b").match(code, end)
        for new in ("false",) if reverts else ("true", "false"):
            yield Edit(f"condition {new}", match.end(), end, new)


def _removed_modifiers(source: str, code: str) -> Iterator[Edit]:
    for match in _FUNCTION.finditer(code):
        at = _closing(code, match.end() - 1) + 1
        while word := re.compile(r"\s*([\w.]+)").match(code, at):
            end = word.end()
            if code[end : end + 1] == "(" or code[end : end + 2] == " (":
                end = _closing(code, code.index("(", end)) + 1
            if word[1] not in HEADER_WORDS and not code[match.start() :].startswith("constructor"):
                yield Edit("modifier removed", word.start(1), end, "")
            at = end


def _swapped_arguments(source: str, code: str) -> Iterator[Edit]:
    for start, end in _bodies(code):
        for match in _CALL.finditer(code, start, end):
            parts = list(_arguments(code, match.end(), _closing(code, match.end() - 1)))
            for (a, b), (c, d) in pairwise(parts):
                if source[a:b] != source[c:d]:
                    yield Edit("arguments swapped", a, d, source[c:d] + source[b:c] + source[a:b])


def _arguments(code: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans between the commas of one level, without the space around."""
    depth, begin = 0, start
    for at in range(start, end + 1):
        depth += (code[at] in "([{") - (code[at] in ")]}" and at < end)
        if at == end or (code[at] == "," and depth == 0):
            text = code[begin:at]
            if text.strip():
                yield at - len(text.lstrip()), begin + len(text.rstrip())
            begin = at + 1


def _bodies(code: str) -> Iterator[tuple[int, int]]:
    """From the brace that opens a function to the one that closes it."""
    for match in _FUNCTION.finditer(code):
        head = re.compile(r"[^;{]*([;{])").match(code, _closing(code, match.end() - 1))
        if head and head[1] == "{":
            yield head.end() - 1, _closing(code, head.end() - 1)


def _closing(code: str, at: int) -> int:
    """Where the bracket that opens at a place closes."""
    depth = 0
    for place in range(at, len(code)):
        depth += (code[place] in "([{") - (code[place] in ")]}")
        if depth == 0:
            return place
    raise ValueError(f"nothing closes the bracket at {at}")


OPERATORS: tuple[Callable[[str, str], Iterator[Edit]], ...] = (
    _swapped_symbols,
    _swapped_words,
    _dropped_negations,
    _other_constants,
    _removed_statements,
    _unguarded,
    _removed_modifiers,
    _swapped_arguments,
)
"""Each takes the source, and the source with comments blanked and strings made unreadable, and yields edits."""

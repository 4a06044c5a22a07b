"""A venue's statement at a cut-off: its side of every comparison. JSON lines; the first says whose and up to where.

Strict like all files of ours: every number a text, no field left out, none unknown, nothing stated twice. What is
stated speaks in the venue's own numbers of accounts and instruments; the first line says what each is on the chain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custody.shapes import FieldError, shaped
from custody.strict_json import parse_json
from settlement.reconciling.stated_lines import Head, Side, StatedBalance, StatedFill, StatedMark, StatedPosition
from settlement.venues.entry import Entry

_RECORDS: Mapping[str, Any] = {
    "balance": StatedBalance, "position": StatedPosition, "mark": StatedMark, "fill": StatedFill,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """What a venue states. Positions by (holder in lower case, the chain's number), lots with their sign; marks by the
    chain's number; fills by the venue's.
    """

    head: Head
    balances: Mapping[str, int]
    positions: Mapping[tuple[str, int], int]
    marks: Mapping[int, tuple[int, int]]
    fills: Mapping[int, Entry]

    @property
    def numbers(self) -> dict[int, int]:
        """The chain's number of each instrument by the venue's id."""
        return {one.id: one.number for one in self.head.instruments}

    @property
    def holders(self) -> dict[int, str]:
        """Holders in lower case by the venue's number of the account."""
        return {one.number: one.holder.lower() for one in self.head.accounts}


def statement_in(lines: Iterable[str]) -> Statement:
    """A statement from its lines; FieldError names the line and the field that is wrong."""
    head: Head | None = None
    found: dict[str, dict[Any, Any]] = {name: {} for name in _RECORDS}
    for number, line in enumerate(lines, 1):
        try:
            if head is None:
                head = _head(line)
            elif line.strip():
                _take(line, head, found)
        except FieldError as why:
            raise why.under(f"line {number}") from None
    if head is None:
        raise FieldError("line 1", "expected a statement, found nothing")
    return Statement(head, found["balance"], found["position"], found["mark"], found["fill"])


def _head(line: str) -> Head:
    head: Head = shaped(Head, parse_json(line))
    if head.record != "statement":
        raise FieldError("record", f"expected statement, found {head.record}")
    if not 0 < head.first <= head.last:
        raise FieldError("last", f"expected first and last in order, from 1; found {head.first} and {head.last}")
    return head


def _take(line: str, head: Head, found: Mapping[str, dict[Any, Any]]) -> None:
    values = parse_json(line)
    name = str(values.get("record")) if isinstance(values, dict) else ""
    if name not in _RECORDS:
        raise FieldError("record", f"expected one of {', '.join(_RECORDS)}")
    key, value = _stated(shaped(_RECORDS[name], values), head)
    if key in found[name]:
        raise FieldError("", f"this {name} was stated before")
    found[name][key] = value


def _stated(one: Any, head: Head) -> tuple[Any, Any]:
    if isinstance(one, StatedBalance):
        return one.account, one.units
    numbers = {known.id: known.number for known in head.instruments}
    if one.instrument not in numbers:
        raise FieldError("instrument", f"{one.instrument} is not among the instruments of the first line")
    if isinstance(one, StatedMark):
        return numbers[one.instrument], (one.price_e6, one.as_of_s)
    if isinstance(one, StatedFill):
        if not head.first <= one.number <= head.last:
            raise FieldError("number", f"{one.number} is outside of {head.first} to {head.last}")
        return one.number, one.entry
    holders = {known.number: known.holder.lower() for known in head.accounts}
    if one.account not in holders:
        raise FieldError("account", f"{one.account} is not among the accounts of the first line")
    return (holders[one.account], numbers[one.instrument]), one.lots if one.side is Side.LONG else -one.lots

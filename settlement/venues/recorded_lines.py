"""Recorded entries as JSON lines, for people; `recording` has the packed form.

A line is one entry, with its instrument as Derive names it:

    {"kind": "fill", "instrument": "ETH-PERP", "at_ms": 1769000000000, "lots": 5, "price": "3190.5", "buyer": 11,
     "seller": 21, "cause": "trade"}

`price` is in USD, a number or its text: of a whole coin, but of funding what one lot has paid since the listing.
`buyer`, `seller`, `lots` and `price` are of fills and corrections, `about` of busts and corrections, `price` alone of
the others; `cause` may be left out. Entries are numbered from 1 in their order. A bad line is told with its number.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from custody.shapes import FieldError
from custody.strict_json import parse_json
from settlement.reports import Cause, EntryKind
from settlement.venues.derive_amounts import scaled
from settlement.venues.entry import Entry
from settlement.venues.recording import BadLine, Recording
from settlement.venues.registry import Registry

MICRO_DECIMALS = 6
_KINDS = {kind.name.lower(): kind for kind in EntryKind}
_CAUSES = {cause.name.lower(): cause for cause in Cause}
_LIMITS = {"lots": 1 << 62, "buyer": 1 << 32, "seller": 1 << 32, "about": 1 << 63, "at_ms": 1 << 62}
_OF_TRADES = frozenset({"buyer", "seller", "lots", "price"})
_FIELDS: Mapping[EntryKind, frozenset[str]] = {
    EntryKind.FILL: _OF_TRADES,
    EntryKind.CORRECTION: _OF_TRADES | {"about"},
    EntryKind.BUST: frozenset({"about"}),
    EntryKind.FUNDING: frozenset({"price"}),
    EntryKind.MARK: frozenset({"price"}),
    EntryKind.EXPIRY: frozenset({"price"}),
}
_OF_ALL = frozenset({"kind", "instrument", "at_ms"})


def read_lines(lines: Iterable[bytes], registry: Registry) -> Recording:
    """Every line of a file; empty ones are passed over."""
    body, bad = bytearray(), []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                body += _entry(line, registry).packed()
            except (ValueError, OverflowError) as why:
                bad.append(BadLine(number, str(why)))
    return Recording(bytes(body), tuple(bad))


def written_lines(entries: Iterable[Entry], registry: Registry) -> Iterator[str]:
    """The lines that `read_lines` reads as these entries."""
    for entry in entries:
        said: dict[str, object] = {
            "kind": entry.kind.name.lower(),
            "instrument": registry.numbered(entry.instrument).symbol,
            "at_ms": entry.occurred_at_ms,
        }
        values = {
            "lots": entry.lots,
            "price": _price(entry.price_e6),
            "buyer": entry.buyer,
            "seller": entry.seller,
            "about": entry.about,
        }
        said |= {name: value for name, value in values.items() if name in _FIELDS[entry.kind]}
        if entry.cause is not Cause.TRADE:
            said["cause"] = entry.cause.name.lower()
        yield json.dumps(said) + "\n"


def _entry(line: bytes, registry: Registry) -> Entry:
    said = parse_json(line.decode(), parse_float=str)
    if not isinstance(said, dict):
        raise FieldError("", "is no object")
    kind = _choice(said, "kind", _KINDS)
    needed = _OF_ALL | _FIELDS[kind]
    if missing := needed - said.keys():
        raise FieldError(min(missing), "is missing")
    if unknown := said.keys() - needed - {"cause"}:
        raise FieldError(min(unknown), f"is not known of a {said['kind']}")
    instrument = registry.named(str(said["instrument"]))
    price_e6 = _price_e6(said["price"]) if "price" in said else 0
    if kind is not EntryKind.FUNDING:
        instrument.value_units(1, price_e6)  # raises for a price off the tick
    whole = {name: _whole(said, name) for name in ("lots", "buyer", "seller", "about") if name in said}
    cause = _choice(said, "cause", _CAUSES) if "cause" in said else Cause.TRADE
    return Entry(kind, instrument.id, _whole(said, "at_ms"), price_e6=price_e6, cause=cause, **whole)


def _price_e6(value: object) -> int:
    """Numbers with a point were kept as texts, so nothing has been through a float."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldError("price", "is a decimal number")
    return scaled(str(value), MICRO_DECIMALS, exact=True)


def _whole(said: Mapping[str, Any], name: str) -> int:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LIMITS[name]:
        raise FieldError(name, f"is a whole number from 0 to below {_LIMITS[name]}")
    return value


def _choice(said: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    if not isinstance(said.get(name), str) or said[name] not in known:
        raise FieldError(name, f"is one of {', '.join(known)}")
    return known[said[name]]


def _price(price_e6: int) -> str:
    whole, below = divmod(abs(price_e6), 10**MICRO_DECIMALS)
    digits = f"{below:06d}".rstrip("0")
    return f"{'-' if price_e6 < 0 else ''}{whole}{'.' if digits else ''}{digits}"

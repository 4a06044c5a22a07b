"""Recorded reports as files: JSON lines for people, and a packed form for millions of entries.

A line is one entry, named as Derive names instruments:

    {"kind": "fill", "instrument": "ETH-PERP", "at_ms": 1769000000000, "lots": 5, "price": "3190.5", "buyer": 11,
     "seller": 21, "cause": "trade"}

`price` is a decimal text in USD: of a fill, correction, mark or expiry for a whole coin, of funding for one lot.
`buyer`, `seller`, `lots` and `price` are of fills and corrections, `about` of busts and corrections; `cause` may be left
out. Entries are numbered from 1 by their place among the lines. A bad line is told with its number, and has none.

The packed form is the line `BULKHEAD-REPORTS 1`, one JSON line {"venue", "instruments": {number: name}}, and then
entries of 48 bytes each as they travel (`settlement.reports.ENTRY`), little endian.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from custody.shapes import FieldError
from custody.strict_json import parse_json
from settlement.reports import ENTRY, Cause, EntryKind
from settlement.venues.derive_amounts import scaled
from settlement.venues.entry import Entry, unpacked
from settlement.venues.registry import Registry

MAGIC = b"BULKHEAD-REPORTS 1\n"
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


class RecordingError(ValueError):
    """A packed file that is none of ours, of another venue, or cut off."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no entry: its number from 1, and why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Recording:
    """Entries in their order, as they travel, and every line that is none."""

    body: bytes
    bad_lines: tuple[BadLine, ...] = ()


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


def written_lines(entries: Iterable[Entry], registry: Registry) -> Iterable[str]:
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


def packed(body: bytes, registry: Registry) -> bytes:
    """The packed form of entries."""
    names = {str(number): one.symbol for number, one in sorted(registry.by_number.items())}
    return MAGIC + json.dumps({"venue": registry.venue, "instruments": names}).encode() + b"\n" + body


def read_packed(file: bytes, registry: Registry) -> Recording:
    """The entries of a packed file, with the numbers that this registry has for its names. Raises RecordingError."""
    if not file.startswith(MAGIC):
        raise RecordingError(f"this is no recording: it does not begin with {MAGIC.decode().strip()}")
    head, _, body = file[len(MAGIC) :].partition(b"\n")
    try:
        told = parse_json(head.decode())
        numbers = {int(number): registry.named(name).id for number, name in told["instruments"].items()}
        if told["venue"] != registry.venue:
            raise RecordingError(f"this is a recording of {told['venue']}, not of {registry.venue}")
        unpacked(body)  # whole, and of kinds and causes that there are
    except RecordingError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise RecordingError(f"this recording cannot be read: {why}") from why
    entries = np.frombuffer(body, ENTRY).copy()
    recorded, places = np.unique(entries["instrument"], return_inverse=True)
    if unknown := set(recorded.tolist()) - numbers.keys():
        raise RecordingError(f"this recording names no instrument {min(unknown)}")
    entries["instrument"] = np.array([numbers[number] for number in recorded.tolist()], np.uint32)[places]
    return Recording(entries.tobytes())


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
    price_e6 = 0
    if "price" in said:
        price_e6 = scaled(said["price"], MICRO_DECIMALS, exact=True) if isinstance(said["price"], str) else _no_text()
        if kind is not EntryKind.FUNDING:
            instrument.value_units(1, price_e6)  # it is on the tick
    whole = {name: _whole(said, name) for name in ("lots", "buyer", "seller", "about") if name in said}
    cause = _choice(said, "cause", _CAUSES) if "cause" in said else Cause.TRADE
    return Entry(kind, instrument.id, _whole(said, "at_ms"), price_e6=price_e6, cause=cause, **whole)


def _no_text() -> int:
    raise FieldError("price", "is a decimal text")


def _whole(said: Mapping[str, Any], name: str) -> int:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LIMITS[name]:
        raise FieldError(name, f"is a whole number from 0 to below {_LIMITS[name]}")
    return value


def _choice(said: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    if said.get(name) not in known:
        raise FieldError(name, f"is one of {', '.join(known)}")
    return known[said[name]]


def _price(price_e6: int) -> str:
    whole, below = divmod(abs(price_e6), 10**MICRO_DECIMALS)
    digits = f"{below:06d}".rstrip("0")
    return f"{'-' if price_e6 < 0 else ''}{whole}{'.' if digits else ''}{digits}"

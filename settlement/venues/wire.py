"""What a venue and a desk say to each other over a network, as bytes: reports in frames, statements and cycles in JSON.

A frame is a report's first number (8 bytes, big-endian), its signature (65) and its entries. Amounts and prices are
decimal texts, so that no reader makes floats of them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from custody.strict_json import parse_json
from settlement.chain_cycle import ChainCycle, Leg, Obligations
from settlement.mirror import Fill
from settlement.reports import Report, ReportError
from settlement.stated import Stated

SIGNATURE_BYTES, NUMBER_BYTES = 65, 8
MOST_BYTES = 1 << 24
"""Of one answer: what does not fit is asked for again from where it ends."""
T = TypeVar("T")


class WireError(ValueError):
    """What came over the wire is not what was agreed; the text says what it is instead."""


def frame(report: Report) -> bytes:
    """A report on its way."""
    return report.first.to_bytes(NUMBER_BYTES, "big") + report.signature + report.body


def report_of(venue: str, told: bytes) -> Report:
    """The report in a frame, whoever signed it. Raises WireError."""
    body = told[NUMBER_BYTES + SIGNATURE_BYTES :]
    try:
        return Report(venue, int.from_bytes(told[:NUMBER_BYTES], "big"), body, told[NUMBER_BYTES : -len(body) or None])
    except ReportError as why:
        raise WireError(f"no report: {why}") from why


def stated_json(stated: Stated) -> dict[str, Any]:
    """A venue's statement."""
    return {
        "last": stated.last,
        "profit_units": _texts(stated.profit_units),
        "marks_e6": _texts(stated.marks_e6),
        "funding_units": _texts(stated.funding_units),
    }  # fmt: skip


def stated_of(text: str) -> Stated:
    """The statement in a text. Raises WireError."""

    def read(told: Mapping[str, Any]) -> Stated:
        profit = {str(party): int(units) for party, units in told["profit_units"].items()}
        return Stated(int(told["last"]), profit, _wholes(told["marks_e6"]), _wholes(told["funding_units"]))

    return _read(text, "statement", read)


def fills_json(fills: Iterable[Fill]) -> dict[str, Any]:
    """A page of a venue's fills."""
    return {"fills": [
        [one.sequence, one.instrument_id, one.buyer, one.seller, str(one.lots), str(one.price_e6), one.occurred_at_s,
         one.cause]
        for one in fills
    ]}  # fmt: skip


def fills_of(venue: str, text: str) -> tuple[Fill, ...]:
    """The fills of a page. Raises WireError."""

    def read(told: Mapping[str, Any]) -> tuple[Fill, ...]:
        return tuple(
            Fill(venue, int(sequence), int(instrument), str(buyer), str(seller), int(lots), int(price_e6), int(at_s),
                 str(cause))
            for sequence, instrument, buyer, seller, lots, price_e6, at_s, cause in told["fills"]
        )  # fmt: skip

    return _read(text, "page of fills", read)


def cycle_json(cycle: ChainCycle) -> dict[str, Any]:
    """A cycle that is to be signed."""
    legs = [
        {"token": leg.token, "debits": _rows(leg.debits), "credits": _rows(leg.credits)} for leg in cycle.legs
    ]  # fmt: skip
    return {
        "venue": cycle.venue, "sequence": cycle.sequence, "previous_digest": cycle.previous_digest.hex(),
        "cut_off_s": cycle.cut_off_s, "positions_digest": cycle.positions_digest.hex(), "legs": legs,
    }  # fmt: skip


def cycle_of(text: str) -> ChainCycle:
    """The cycle in a text. Raises WireError."""

    def read(told: Mapping[str, Any]) -> ChainCycle:
        legs = tuple(
            Leg(str(leg["token"]), _obligations(leg["debits"]), _obligations(leg["credits"])) for leg in told["legs"]
        )
        before, positions = (bytes.fromhex(told[name]) for name in ("previous_digest", "positions_digest"))
        return ChainCycle(str(told["venue"]), int(told["sequence"]), before, int(told["cut_off_s"]), positions, legs)

    return _read(text, "cycle", read)


def signature_of(text: str) -> bytes:
    """The signature in a text. Raises WireError."""
    return _read(text, "signature", lambda told: bytes.fromhex(told["signature"]))


def _read(text: str, what: str, read: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        told = parse_json(text, most_characters=MOST_BYTES)
        if not isinstance(told, dict):
            raise WireError(f"no {what}: expected a JSON object")
        return read(told)
    except KeyError as why:
        raise WireError(f"no {what}: {why} is missing") from why
    except (TypeError, ValueError, AttributeError) as why:
        raise WireError(f"no {what}: {why}") from why


def _texts(units: Mapping[Any, int]) -> dict[str, str]:
    return {str(key): str(value) for key, value in units.items()}


def _wholes(texts: Mapping[str, Any]) -> dict[int, int]:
    return {int(key): int(value) for key, value in texts.items()}


def _rows(side: Obligations) -> list[list[str]]:
    return [[holder, str(amount)] for holder, amount in side]


def _obligations(rows: Any) -> Obligations:
    return tuple((str(holder), int(amount)) for holder, amount in rows)

"""What a venue and a desk say to each other over a network, as bytes: reports in frames, statements and cycles in JSON.

A frame is a report's first number (8 bytes, big-endian), its signature (65) and its entries. Amounts and prices are
decimal texts, so that no reader makes floats of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from custody.strict_json import parse_json
from settlement.chain_cycle import ChainCycle, Leg, Obligations
from settlement.mirror import Fill
from settlement.reports import Report, ReportError
from settlement.stated import Stated

SIGNATURE_BYTES, NUMBER_BYTES = 65, 8
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
        "fills": [
            {"sequence": one.sequence, "instrument_id": one.instrument_id, "buyer": one.buyer, "seller": one.seller,
             "lots": str(one.lots), "price_e6": str(one.price_e6), "occurred_at_s": one.occurred_at_s,
             "cause": one.cause}
            for one in stated.fills
        ],
        "marks_e6": _texts(stated.marks_e6),
        "funding_units": _texts(stated.funding_units),
    }  # fmt: skip


def stated_of(venue: str, text: str) -> Stated:
    """The statement in a text. Raises WireError."""

    def read(told: Mapping[str, Any]) -> Stated:
        fills = tuple(
            Fill(venue, int(one["sequence"]), int(one["instrument_id"]), str(one["buyer"]), str(one["seller"]),
                 int(one["lots"]), int(one["price_e6"]), int(one["occurred_at_s"]), str(one["cause"]))
            for one in told["fills"]
        )  # fmt: skip
        marks, funding = (
            {int(key): int(value) for key, value in told[name].items()} for name in ("marks_e6", "funding_units")
        )
        profit = {str(party): int(units) for party, units in told["profit_units"].items()}
        return Stated(int(told["last"]), profit, fills, marks, funding)

    return _read(text, "statement", read)


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
        told = parse_json(text)
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

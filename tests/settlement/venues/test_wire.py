"""What travels between venue and desk comes out as it went in, and what is no such thing is refused with the reason."""

import json

import pytest

from settlement.chain_cycle import ChainCycle, Leg
from settlement.mirror import Fill
from settlement.stated import Stated
from settlement.venues.wire import (
    WireError,
    cycle_json,
    cycle_of,
    fills_json,
    fills_of,
    frame,
    report_of,
    signature_of,
    stated_json,
    stated_of,
)
from tests.settlement.venues.listing import ETH, START_MS, venue

STATED = Stated(7, {"house": -(2**60), "fund": 2**60}, {1: 3 * 10**9}, {1: -12})
FILLS = (Fill("harbour", 3, 1, "house", "fund", 5, 3 * 10**9, 10, "trade"),)
CYCLE = ChainCycle(
    "0x" + "a1" * 20, 4, b"\x01" * 32, 1_769_000_000, b"\x02" * 32,
    (Leg("0x" + "c1" * 20, (("0x" + "01" * 20, 5),), (("0x" + "02" * 20, 2), ("0x" + "03" * 20, 3))),),
)  # fmt: skip


def test_reports_statements_and_cycles_come_out_as_they_went_in() -> None:
    made = venue()
    made.mark(ETH, 3_000_000_000, START_MS)
    (report,) = made.publish()
    assert report_of("harbour", frame(report)) == report
    assert stated_of(json.dumps(stated_json(STATED))) == STATED
    assert fills_of("harbour", json.dumps(fills_json(FILLS))) == FILLS
    assert cycle_of(json.dumps(cycle_json(CYCLE))) == CYCLE
    assert cycle_of(json.dumps(cycle_json(CYCLE))).digest(bytes(32)) == CYCLE.digest(bytes(32))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "0 bytes are no whole entries"),
        (bytes(8 + 65), "0 bytes are no whole entries"),
        (bytes(8 + 65 + 47), "47 bytes are no whole entries"),
        (bytes(8 + 65 + 48), "no entry has the number 0"),
        (b"\xff" * (8 + 65 + 48), "no entry has the number"),
    ],
)
def test_bytes_that_are_no_report_are_refused(told: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        report_of("harbour", told)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"last": 1}', '{"last": 1, "last": 2}', json.dumps(stated_json(STATED) | {"marks_e6": 3})],
)
def test_texts_that_are_no_statement_are_refused(text: str) -> None:
    with pytest.raises(WireError, match="no statement: "):
        stated_of(text)


@pytest.mark.parametrize("without", ["venue", "sequence", "legs", "previous_digest"])
def test_a_cycle_without_a_member_is_none(without: str) -> None:
    told = cycle_json(CYCLE)
    del told[without]
    with pytest.raises(WireError, match=f"no cycle: '{without}' is missing"):
        cycle_of(json.dumps(told))


def test_a_signature_is_in_hex() -> None:
    assert signature_of('{"signature": "00ff"}') == b"\x00\xff"
    with pytest.raises(WireError, match="no signature"):
        signature_of('{"signature": "xy"}')

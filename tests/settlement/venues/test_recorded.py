"""Recordings: both forms read as they were written, bad lines told, hours played at their speed, a day from candles."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.reports import ENTRY, Cause, EntryKind, Report
from settlement.venues.derive_amounts import scaled
from settlement.venues.entry import Entry, unpacked
from settlement.venues.recorded import RecordedVenue
from settlement.venues.recorded_lines import read_lines, written_lines
from settlement.venues.recording import Recording, RecordingError, packed, read_packed
from settlement.venues.registry import Registry, Terms
from settlement.venues.venue_books import statement
from tests.settlement.venues.listing import BTC, CALL, COINS, DOMAIN, ETH, PERPS, REGISTRY, SIGNER, START_MS, venue

CANDLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "feb2026_ETHUSDT_1h.csv"
FILL = Entry(EntryKind.FILL, ETH, START_MS, 5, 3_190_500_000, 11, 21, cause=Cause.LIQUIDATION)
GOOD = {"kind": "fill", "instrument": "ETH-PERP", "at_ms": START_MS, "lots": 5, "price": "3190.5", "buyer": 11,
        "seller": 21, "cause": "liquidation"}  # fmt: skip

fills = st.builds(
    lambda kind, number, at_ms, lots, ticks, buyer, about, cause: Entry(
        kind, number, at_ms, lots, ticks * 100_000, buyer, 21, about if kind is EntryKind.CORRECTION else 0, cause
    ),
    st.sampled_from((EntryKind.FILL, EntryKind.CORRECTION)), st.sampled_from((ETH, CALL, BTC)),
    st.integers(0, 1 << 60), st.integers(0, 1 << 60), st.integers(0, 1 << 40), st.integers(0, (1 << 32) - 1),
    st.integers(0, 1 << 60), st.sampled_from(Cause),
)  # fmt: skip
others = st.builds(
    lambda kind, price, at_ms: Entry(kind, ETH, at_ms, price_e6=price * 10_000),
    st.sampled_from((EntryKind.FUNDING, EntryKind.MARK)), st.integers(-(1 << 40), 1 << 40), st.integers(0, 1 << 60),
) | st.builds(lambda about: Entry(EntryKind.BUST, BTC, START_MS, about=about), st.integers(0, 1 << 60))  # fmt: skip


@given(st.lists(fills | others, max_size=20))
def test_both_forms_are_read_as_they_were_written(entries: list[Entry]) -> None:
    body = b"".join(entry.packed() for entry in entries)
    assert unpacked(body) == entries
    assert read_lines((line.encode() for line in written_lines(entries, REGISTRY)), REGISTRY) == Recording(body)
    assert read_packed(packed(body, REGISTRY), REGISTRY) == Recording(body)


@pytest.mark.parametrize(("changed", "why"), [
    ({"kind": "trade"}, "kind: is one of fill"), ({"instrument": "ETH"}, "lists no 'ETH'"),
    ({"lots": None}, "lots: is a whole number"), ({"lots": -1}, "lots: is a whole number"),
    ({"buyer": 1 << 32}, "buyer: is a whole number"), ({"lots": 1.5}, "lots: is a whole number"),
    ({"price": True}, "price: is"), ({"price": None}, "price: is"), ({"price": "x"}, "no decimal"),
     ({"price": "3190.123"}, "not on the tick"), ({"price": "0.0000001"}, "decimals"),
    ({"more": 1}, "more: is not known"), ({"about": 7}, "about: is not known of a fill"),
    ({"kind": "correction"}, "about: is missing"), ({"cause": "luck"}, "cause: is one of trade"),
    ({"kind": []}, "kind: is one of"),
])  # fmt: skip
def test_bad_lines_are_told_by_their_number(changed: dict[str, object], why: str) -> None:
    lines = [json.dumps(line).encode() for line in (GOOD, GOOD | changed, GOOD)]
    found = read_lines([lines[0], b"\n", *lines[1:]], REGISTRY)
    [bad] = found.bad_lines
    assert bad.line == 3
    assert why in str(bad)
    assert unpacked(found.body) == [FILL, FILL]


@pytest.mark.parametrize("price", [3190.5, "3190.50", "31905e-1"])
def test_prices_are_read_digit_by_digit(price: object) -> None:
    assert unpacked(read_lines([json.dumps(GOOD | {"price": price}).encode()], REGISTRY).body) == [FILL]


@pytest.mark.parametrize("line", [b"[]", b"{", b"\xff", b'{"kind": "fill", "kind": "fill"}', b"7"])
def test_what_is_no_json_object(line: bytes) -> None:
    assert [bad.line for bad in read_lines([line], REGISTRY).bad_lines] == [1]


def test_a_recording_with_bad_lines_is_played_only_on_purpose() -> None:
    found = read_lines([b"{}", json.dumps(GOOD).encode()], REGISTRY)
    with pytest.raises(RecordingError, match="1 bad lines; line 1"):
        RecordedVenue("harbour", found, SIGNER, DOMAIN)
    RecordedVenue("harbour", found, SIGNER, DOMAIN, without_bad_lines=True)


WHOLE = packed(FILL.packed(), REGISTRY)


@pytest.mark.parametrize(("change", "why"), [
    (lambda file: b"X" + file, "does not begin"), (lambda file: file[:-1], "no whole entries"),
    (lambda file: file.replace(b"harbour", b"quayside"), "of quayside"),
    (lambda file: file.replace(b'"ETH-PERP"', b'"XXX-PERP"'), "lists no"),
    (lambda file: file.replace(b'"instruments"', b'"others"'), "cannot be read"),
    (lambda file: file[:-48] + b"\x09" + file[-47:], "kind or cause"),
    (lambda file: file[:-44] + b"\x63" + file[-43:], "names no instrument 99"),
])  # fmt: skip
def test_a_packed_file_that_is_none_of_ours(change: Callable[[bytes], bytes], why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        read_packed(change(WHOLE), REGISTRY)


def test_numbers_are_those_of_whoever_reads() -> None:
    terms = [Terms(70, "BTC-PERP", COINS, 1000, 100_000), Terms(4, "ETH-PERP", PERPS, 100, 10_000)]
    here = Registry.of("harbour", terms)
    body = replace(FILL, instrument=BTC).packed() + FILL.packed()
    there = Registry.of("harbour", [replace(terms[0], number=BTC), replace(terms[1], number=ETH)])
    assert [entry.instrument for entry in unpacked(read_packed(packed(body, there), here).body)] == [70, 4]


async def played(made: RecordedVenue, times_as_fast: int = 0) -> list[Report]:
    await made.play(times_as_fast)
    return [report async for report in made.listen(0)]


async def test_it_is_played_at_its_own_speed_or_faster() -> None:
    body = b"".join(replace(FILL, occurred_at_ms=START_MS + at).packed() for at in (0, 400, 5_000, 4_000, 9_000))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made = RecordedVenue("harbour", Recording(body), SIGNER, DOMAIN, sleep=sleep)
    reports = await played(made, 2)
    assert slept == [2.5, 2.0]
    assert [(report.first, report.last) for report in reports] == [(1, 2), (3, 4), (5, 5)]
    assert b"".join(report.body for report in reports) == body
    at_once = RecordedVenue("harbour", Recording(body), SIGNER, DOMAIN)
    assert [(report.first, report.last) for report in await played(at_once)] == [(1, 5)]
    assert await played(RecordedVenue("harbour", Recording(b""), SIGNER, DOMAIN)) == []


async def test_a_day_of_candles_replayed_is_the_same_day() -> None:
    if not CANDLES.is_file():
        pytest.skip("the shared price bars are not beside this checkout")
    with CANDLES.open() as file:
        bars = list(csv.DictReader(file))[-48:]
    made = venue()
    for bar in bars:
        at_ms, price_e6 = int(bar["close_ms"]), scaled(bar["close"], 6)
        made.report_fill(Entry(EntryKind.FILL, ETH, at_ms, 7, price_e6, 11, 21))
        made.mark(ETH, price_e6, at_ms)
    lines = [line.encode() for line in written_lines(made.tape.entries(), REGISTRY)]
    recorded = RecordedVenue("harbour", read_lines(lines, REGISTRY), SIGNER, DOMAIN)
    heard = [entry for report in await played(recorded) for entry in unpacked(report.body)]
    assert len(heard) == 96
    told = statement("harbour", REGISTRY.by_number, heard, int(bars[-1]["close_ms"]))
    assert told == made.statement(int(bars[-1]["close_ms"]))
    assert told.positions == {(11, ETH): 7 * 48, (21, ETH): -7 * 48}
    assert any(told.cash_units.values())
    assert ENTRY.itemsize * len(heard) == len(recorded.recording.body)

"""The simulated venue: what orders become in its reports, and its own computation held against a plain one."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.reports import HOUSE_ACCOUNT, EntryKind, Report
from settlement.venues.entry import Entry, unpacked
from settlement.venues.orders import Lifetime, Order, Placed
from settlement.venues.simulated import SimulatedVenue, VenueError
from settlement.venues.venue_books import BooksError
from tests.settlement.venues.listing import (
    BTC,
    CALL,
    DOMAIN,
    ETH,
    EXPIRES_AT_MS,
    PUT,
    REGISTRY,
    SIGNER,
    START_MS,
    venue,
)

LONG, SHORT = 1, 2
HOUR_MS = 3_600_000


def trade(at: SimulatedVenue, number: int, lots: int, ticks: int, now_ms: int = START_MS) -> None:
    """LONG buys from SHORT."""
    turn = at.tape.last
    assert isinstance(at.place(number, Order(f"a{turn}", SHORT, False, lots, ticks), now_ms), Placed)
    placed = at.place(number, Order(f"b{turn}", LONG, True, lots, ticks, Lifetime.IMMEDIATE), now_ms)
    assert isinstance(placed, Placed)
    assert placed.trades


def test_trades_become_numbered_signed_fills() -> None:
    made = venue(most_entries=2)
    for _ in range(3):
        trade(made, ETH, 5, 300_000)
    reports = made.publish()
    assert [(report.first, report.last) for report in reports] == [(1, 2), (3, 3)]
    assert all(report.is_signed_by(DOMAIN, SIGNER.address) for report in reports)
    fill = unpacked(reports[0].body)[0]
    assert fill == Entry(EntryKind.FILL, ETH, START_MS, 5, 300_000 * 10_000, LONG, SHORT)
    assert made.publish() == []


def test_funding_is_paid_by_who_holds_when_it_falls_due() -> None:
    made = venue()
    trade(made, ETH, 100, 300_000)  # one coin at 3,000
    made.fund(ETH, 10_000, 3_000_000_000, 3_600, START_MS + HOUR_MS)  # 0.001 % an hour: 0.03 USD
    trade(made, ETH, 100, 300_000, START_MS + HOUR_MS + 1)
    made.fund(ETH, 10_000, 3_000_000_000, 8 * 3_600, START_MS + 9 * HOUR_MS)  # 0.24 USD a coin, on two coins
    made.mark(ETH, 3_000_000_000, START_MS + 9 * HOUR_MS)
    assert made.books.profit_units(LONG) == -30_000 - 480_000
    assert made.books.profit_units(SHORT) == 510_000


def test_a_bust_and_a_correction_are_of_what_stands() -> None:
    made = venue()
    trade(made, ETH, 100, 300_000)
    corrected = made.correct(1, 50, 2_990_000_000, START_MS + 1)
    assert made.books.holdings() == {(LONG, ETH): 50, (SHORT, ETH): -50}
    assert made.books.cash_units(LONG) == -50 * 29_900_000
    for undo in (lambda: made.bust(1, START_MS), lambda: made.correct(1, 5, 10_000, START_MS)):
        with pytest.raises(BooksError, match="no fill 1 stands"):
            undo()
    made.bust(corrected, START_MS + 2)
    assert (made.books.holdings(), made.books.cash_units(LONG)) == ({}, 0)
    assert made.tape.last == 3  # what is refused is not said


@pytest.mark.parametrize(("number", "spot_e6", "value_e6"), [
    (CALL, 3_100_000_000, 100_000_000), (CALL, 2_999_000_000, 0), (PUT, 2_999_990_000, 0),
    (PUT, 2_950_150_000, 49_800_000),
])  # fmt: skip
def test_options_expire_at_what_they_pay(number: int, spot_e6: int, value_e6: int) -> None:
    made = venue()
    trade(made, number, 10, 200)  # at 20 USD a coin, a tenth of a coin: 2 USD
    made.expire(number, spot_e6, EXPIRES_AT_MS)
    assert made.books.holdings() == {}
    assert made.books.cash_units(LONG) == value_e6 // 10 - 2_000_000
    assert unpacked(made.publish()[0].body)[-1].price_e6 == value_e6
    with pytest.raises(VenueError, match="has expired"):
        trade(made, number, 1, 200, EXPIRES_AT_MS)
    made.bust(1, EXPIRES_AT_MS + 1)  # a fill of what has expired is undone at its value
    assert made.books.cash_units(LONG) == 0


@pytest.mark.parametrize("number", [ETH, CALL, 99])
def test_what_does_not_expire_now(number: int) -> None:
    with pytest.raises(ValueError, match=r"expire|lists no"):
        venue().expire(number, 1, EXPIRES_AT_MS - 1)


async def heard(made: SimulatedVenue, after: int) -> list[Report]:
    return [report async for report in made.listen(after)]


async def test_whoever_listens_hears_what_comes_later_and_the_end() -> None:
    made = venue(most_entries=3)
    early = asyncio.create_task(heard(made, 0))
    for _ in range(4):
        trade(made, BTC, 1, 900_000)
        made.publish()
        await asyncio.sleep(0)
    late = asyncio.create_task(heard(made, 2))
    made.close()
    assert [(report.first, report.last) for report in await early] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [report.first for report in await late] == [3, 4]


async def test_what_is_missing_is_fetched_by_number() -> None:
    made = venue(most_entries=2)
    for _ in range(7):
        trade(made, BTC, 1, 900_000)
    made.publish()
    trade(made, BTC, 1, 900_000)
    asked = await made.fetch(3, 99)
    assert [(report.first, report.last) for report in asked] == [(3, 4), (5, 6), (7, 7)]  # 8 is not published
    assert all(report.is_signed_by(DOMAIN, SIGNER.address) for report in asked)
    assert await made.fetch(8, 9) == []


def folded(entries: list[Entry]) -> dict[int, int]:
    """Cash by account, paid out entry by entry: the plain way, funding to everybody each time."""
    cash: dict[int, int] = defaultdict(int)
    lots: dict[tuple[int, int], int] = defaultdict(int)
    index: dict[int, int] = defaultdict(int)
    stood: dict[int, Entry] = {}

    def move(fill: Entry, sign: int) -> None:
        for account, side in ((fill.buyer, sign), (fill.seller, -sign)):
            lots[account, fill.instrument] += side * fill.lots
            per_coin = REGISTRY.numbered(fill.instrument).lots_per_coin
            cash[account] -= side * fill.lots * fill.price_e6 // per_coin

    for number, entry in enumerate(entries, 1):
        if entry.about:
            move(stood.pop(entry.about), -1)
        if entry.kind in {EntryKind.FILL, EntryKind.CORRECTION}:
            stood[number] = entry
            move(entry, 1)
        if entry.kind is EntryKind.FUNDING:
            for (account, instrument), held in lots.items():
                if instrument == entry.instrument:
                    cash[account] -= held * (entry.price_e6 - index[entry.instrument])
            index[entry.instrument] = entry.price_e6
    return cash


def a_day(turns: list[tuple[int, int, int]]) -> SimulatedVenue:
    """Hours of orders, funding, busts and corrections, out of three numbers a turn."""
    made = venue(most_entries=7)
    for turn, (what, lots, ticks) in enumerate(turns):
        now_ms = START_MS + turn * HOUR_MS
        number, account, standing = (ETH, BTC)[what % 2], what % 3, sorted(made.books.standing)
        if what == 6:
            made.fund(number, lots * 1_000, 3_000_000_000, 3_600, now_ms)
        elif what == 7 and standing:
            made.bust(standing[lots % len(standing)], now_ms)
        elif what == 8 and standing:
            fill = made.books.standing[standing[-1]]
            made.correct(standing[-1], lots, fill.price_e6, now_ms)
        else:
            made.place(
                number, Order(str(turn), account or HOUSE_ACCOUNT, ticks % 2 == 0, lots, 300_000 + ticks), now_ms
            )
    made.publish()
    return made


turns = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 50), st.integers(0, 9)), min_size=20, max_size=60)


def test_books_by_index_are_books_paid_out_entry_by_entry() -> None:
    kinds: dict[EntryKind, int] = defaultdict(int)

    @given(turns)
    def holds(drawn: list[tuple[int, int, int]]) -> None:
        made = a_day(drawn)
        entries = made.tape.entries()
        for entry in entries:
            kinds[entry.kind] += 1
        cash = folded(entries)
        assert {account: made.books.cash_units(account) for account in made.books.accounts()} == cash
        assert sum(cash.values()) == 0
        sums: dict[int, int] = defaultdict(int)
        for (_, number), lots in made.books.holdings().items():
            sums[number] += lots
        assert not any(sums.values())
        told = made.statement(1 << 62)
        assert (told.positions, dict(told.cash_units)) == (made.books.holdings(), cash)

    holds()
    assert min(kinds[kind] for kind in (EntryKind.FILL, EntryKind.FUNDING, EntryKind.BUST, EntryKind.CORRECTION)) > 10


@given(turns)
def test_the_same_day_is_the_same_to_the_byte(drawn: list[tuple[int, int, int]]) -> None:
    first, second = a_day(drawn), a_day(drawn)
    assert first.tape.entries() == second.tape.entries()


def test_a_statement_ends_at_its_cut_off() -> None:
    made = venue()
    trade(made, ETH, 100, 300_000, START_MS)
    trade(made, ETH, 11, 300_000, START_MS + 1)
    told = made.statement(START_MS)
    assert told.positions == {(LONG, ETH): 100, (SHORT, ETH): -100}
    assert (told.last, list(told.fills)) == (1, [1])


async def test_whoever_has_heard_more_than_is_published_hears_only_what_is_new() -> None:
    made = venue(most_entries=1)
    ahead = asyncio.create_task(heard(made, 2))
    await asyncio.sleep(0)
    for _ in range(3):
        trade(made, BTC, 1, 900_000)
        made.publish()
    made.close()
    assert [report.first for report in await ahead] == [3]

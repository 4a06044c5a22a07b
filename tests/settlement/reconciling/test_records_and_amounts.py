"""Faults put into one of two or three records, each found with its type, its place, its amount and its owner."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from settlement.reconciling.amounts import InFlight, Line, Worth, compare_lines
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.reconciling.cycles import CycleLine, compare_cycles
from settlement.reconciling.records import compare_fills, compare_marks
from settlement.reports import EntryKind
from settlement.venues.entry import Entry

USD = 10**6
LEDGER, VENUE, CHAIN = Source
NOON_MS = 1_769_000_000_000
CLEAN = {
    1: Entry(EntryKind.FILL, 1, NOON_MS, 10, 90_000 * USD, 1, 2),
    2: Entry(EntryKind.FILL, 1, NOON_MS + 1_000, 4, 90_100 * USD, 2, 3),
    4: Entry(EntryKind.FILL, 2, NOON_MS + 3_000, 7, 3_000 * USD, 3, 1),
}
KNOWN = {1, 2, 3}

Fills = dict[int, Entry]


def worth(fill: Entry) -> int:
    return fill.lots * fill.price_e6


def fills(booked: Mapping[int, Entry], stated: Mapping[int, Entry] = CLEAN) -> Outcome:
    return compare_fills("north", booked, stated, KNOWN, worth)


def changed(number: int, **fields: object) -> Callable[[Fills], Fills]:
    return lambda clean: {**clean, number: replace(clean[number], **fields)}


FAULTS: dict[str, tuple[Callable[[Fills], Fills], BreakType, str, Source, int]] = {
    "a fill is dropped": (
        lambda clean: {n: one for n, one in clean.items() if n != 2},
        BreakType.MISSING, "fill 2", LEDGER, 4 * 90_100 * USD,
    ),
    "a fill is doubled": (
        lambda clean: {**clean, 3: clean[2]}, BreakType.DUPLICATE, "fill 3", LEDGER, 4 * 90_100 * USD,
    ),
    "a fill is invented": (
        lambda clean: {**clean, 3: replace(clean[2], lots=1)}, BreakType.MISSING, "fill 3", VENUE, 90_100 * USD,
    ),
    "a price is changed": (
        changed(1, price_e6=90_001 * USD), BreakType.PRICE, "fill 1", LEDGER, 10 * USD,
    ),
    "lots are changed": (changed(1, lots=11), BreakType.AMOUNT, "fill 1", LEDGER, 90_000 * USD),
    "sides are exchanged": (changed(4, buyer=1, seller=3), BreakType.SIDE, "fill 4", LEDGER, 2 * 7 * 3_000 * USD),
    "a fill is late": (changed(4, occurred_at_ms=NOON_MS + 9_000), BreakType.TIMING, "fill 4", LEDGER, 0),
    "a bust was not heard": (changed(4, kind=EntryKind.CORRECTION, about=2), BreakType.STATUS, "fill 4", LEDGER, 0),
    "an account nobody has": (
        lambda clean: {**clean, 3: replace(clean[2], buyer=9)},
        BreakType.UNKNOWN_ACCOUNT, "fill 3", LEDGER, 4 * 90_100 * USD,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_in_the_booked_fills_is_found(fault: str) -> None:
    inject, kind, first, owner, effect_e6 = FAULTS[fault]
    (found,) = fills(inject(dict(CLEAN))).breaks
    assert (found.type, found.first, found.owner, found.effect_e6) == (kind, first, owner, effect_e6)
    assert (found.what, found.place) == ("fill", "north")


def test_a_clean_day_has_no_breaks_and_an_empty_one_is_not_reconciled() -> None:
    assert fills(CLEAN) == Outcome(compared=3)
    assert fills(CLEAN).reconciled
    assert not fills({}, {}).reconciled


def test_what_the_venue_repeats_is_the_venues() -> None:
    (found,) = fills(CLEAN, {**CLEAN, 7: CLEAN[1]}).breaks
    assert (found.type, found.owner, found.first) == (BreakType.DUPLICATE, VENUE, "fill 7")


def test_the_same_trade_twice_on_both_sides_is_two_trades() -> None:
    both = {**CLEAN, 7: CLEAN[1]}
    assert fills(both, both).reconciled


def test_of_two_differences_the_first_type_is_told() -> None:
    two = {**CLEAN, 1: replace(CLEAN[1], lots=11, price_e6=1)}
    assert [found.type for found in fills(two).breaks] == [BreakType.AMOUNT]
    three = {**CLEAN, 1: replace(CLEAN[1], buyer=2, seller=1, lots=11)}
    assert [found.type for found in fills(three).breaks] == [BreakType.SIDE]


# -- marks -------------------------------------------------------------------------------------------------------------

MARKS = {"BTC-PERP": (90_000 * USD, 100), "ETH-PERP": (3_000 * USD, 100)}


@pytest.mark.parametrize(("theirs", "kind", "said"), [
    ({**MARKS, "ETH-PERP": (3_001 * USD, 100)}, BreakType.MARK, (3_000 * USD, 3_001 * USD)),
    ({**MARKS, "ETH-PERP": (3_000 * USD, 99)}, BreakType.TIMING, (100, 99)),
    ({"BTC-PERP": MARKS["BTC-PERP"]}, BreakType.MISSING, (3_000 * USD, 0)),
])  # fmt: skip
def test_a_mark_that_is_another(theirs: dict[str, tuple[int, int]], kind: BreakType, said: tuple[int, int]) -> None:
    (found,) = compare_marks("north", MARKS, theirs, CHAIN).breaks
    assert (found.type, found.place, tuple(found.said.values())) == (kind, "ETH-PERP at north", said)
    assert found.owner is CHAIN
    assert compare_marks("north", MARKS, MARKS, CHAIN).reconciled


# -- amounts -----------------------------------------------------------------------------------------------------------


def line(**said: int | None) -> Line:
    return Line("compartment", "hedger", {Source(name): amount for name, amount in said.items()}, worth=Worth(USD, 10))


LINES: dict[str, tuple[Line, BreakType, Source, int]] = {
    "a compartment is debited": (line(ledger=70, chain=60), BreakType.AMOUNT, CHAIN, USD),
    "the books are outvoted": (line(ledger=70, venue=60, chain=60), BreakType.AMOUNT, LEDGER, USD),
    "the venue is outvoted": (line(ledger=70, venue=61, chain=70), BreakType.AMOUNT, VENUE, 9 * USD // 10),
    "a holder nobody knows": (line(ledger=None, chain=60), BreakType.UNKNOWN_ACCOUNT, CHAIN, 6 * USD),
    "an account that the venue has not": (line(ledger=70, venue=None, chain=70), BreakType.MISSING, VENUE, 7 * USD),
    "dust": (replace(line(ledger=70, chain=73), step=10), BreakType.ROUNDING, CHAIN, 3 * USD // 10),
    "a side": (line(ledger=-5, venue=-5, chain=5), BreakType.SIDE, CHAIN, USD),
}


@pytest.mark.parametrize("fault", LINES)
def test_every_amount_that_differs_is_told_with_whose_it_is(fault: str) -> None:
    told, kind, owner, effect_e6 = LINES[fault]
    (found,) = compare_lines([told]).breaks
    assert (found.type, found.owner, found.effect_e6) == (kind, owner, effect_e6)


def test_amounts_that_agree_are_compared_and_clean() -> None:
    assert compare_lines([line(ledger=70, venue=70, chain=70), line(ledger=None, chain=0)]) == Outcome(compared=2)


@pytest.mark.parametrize(("chain", "explained"), [
    (70, ()), (90, ("mint 1",)), (60, ("mint 1", "burn 2")), (65, ("mint 1", "burn 2", "mint 3")),
])  # fmt: skip
def test_what_is_in_flight_explains_what_has_arrived_in_order(chain: int, explained: tuple[str, ...]) -> None:
    sent = (InFlight("mint 1", 20), InFlight("burn 2", -30), InFlight("mint 3", 5))
    outcome = compare_lines([replace(line(ledger=70, chain=chain), in_flight=sent)])
    assert outcome.breaks == ()
    assert tuple(one.by for one in outcome.explained) == ((explained,) if explained else ())


@pytest.mark.parametrize("chain", [40, 75, 91])
def test_what_could_not_have_arrived_in_order_is_a_break(chain: int) -> None:
    """40 would be the burn without the mint that was sent before it, 75 the second mint alone."""
    sent = (InFlight("mint 1", 20), InFlight("burn 2", -30), InFlight("mint 3", 5))
    assert len(compare_lines([replace(line(ledger=70, chain=chain), in_flight=sent)]).breaks) == 1


# -- cycles ------------------------------------------------------------------------------------------------------------

OWED = {"hedger": -40, "maker": 40}
PAID = CycleLine("north/1", "confirmed", True, OWED, OWED, 100)


@pytest.mark.parametrize(("cycle", "kind", "effects"), [
    (replace(PAID, posted={"hedger": -80, "maker": 80}), BreakType.DUPLICATE, [40, 40]),
    (replace(PAID, posted={"hedger": -40}), BreakType.MISSING, [40]),
    (replace(PAID, posted={"hedger": 40, "maker": -40}), BreakType.SIDE, [80, 80]),
    (replace(PAID, posted={"hedger": -40, "maker": 39}), BreakType.AMOUNT, [1]),
    (replace(PAID, posted={**OWED, "stranger": 3}), BreakType.AMOUNT, [3]),
    (replace(PAID, state="voided", is_settled=False), BreakType.AMOUNT, [40, 40]),
    (replace(PAID, posted={"hedger": 200, "maker": -40}), BreakType.SIDE, [240, 80]),
    (replace(PAID, is_settled=False), BreakType.STATUS, [0]),
])  # fmt: skip
def test_a_cycle_that_was_posted_otherwise_than_agreed(cycle: CycleLine, kind: BreakType, effects: list[int]) -> None:
    found = compare_cycles([cycle], Worth(1)).breaks
    assert {one.type for one in found} == {kind}
    assert [one.effect_e6 for one in found] == effects
    assert all(one.owner is LEDGER for one in found)


def test_a_cycle_paid_once_is_clean_and_one_not_yet_heard_of_explained() -> None:
    assert compare_cycles([PAID], Worth(1)).reconciled
    waiting = compare_cycles([replace(PAID, state="final", posted={})], Worth(1))
    assert waiting.breaks == ()
    assert [one.by for one in waiting.explained] == [("settled, not yet heard of",)]


@pytest.mark.parametrize("state", ["open", "computed", "proposed", "disputed", "failed", "voided"])
def test_a_cycle_that_the_chain_has_paid_is_no_matter_of_waiting_where_the_books_do_not_expect_it(state: str) -> None:
    found = compare_cycles([replace(PAID, state=state, posted={})], Worth(1))
    assert not found.reconciled
    assert found.explained == ()
    assert [one.type for one in found.breaks] == [BreakType.STATUS, BreakType.MISSING, BreakType.MISSING]


def test_a_break_has_an_age_and_one_id_for_as_long_as_it_lasts() -> None:
    found = Break(BreakType.PRICE, "fill", "north", LEDGER, {LEDGER: 1}, "fill 1", 100)
    assert (found.age_s(160), found.age_s(40), found.id) == (60, 0, "price/fill/north/fill 1")
    assert replace(found, said={LEDGER: 2}).id == found.id

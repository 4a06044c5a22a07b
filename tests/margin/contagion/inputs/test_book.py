"""A user's own book: what a drawn one gives back to the byte, and every row that is wrong, named."""

import csv
import io
from collections.abc import Iterable, Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.assumptions import Assumptions
from margin.contagion.inputs.accounts import COLUMNS
from margin.contagion.inputs.book import Book, book_of
from margin.contagion.inputs.book_rows import rows_of
from margin.contagion.inputs.cells import Row, Table
from margin.contagion.inputs.faults import SHOWN, FaultyError
from margin.contagion.population import Kind, Population
from margin.contagion.venues import Venue, default_venues

GOOD = {
    "account": "a1", "client": "c1", "venue": "venue_1", "instrument": "BTC", "position": "0.5", "collateral": "9000",
}  # fmt: skip


def table(*rows: Mapping[str, str]) -> Table:
    """Numbered as the lines of a file are, the header's the first."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return Table(header, [Row(number, row) for number, row in enumerate(rows, start=2)])


def read(a: Assumptions, *rows: Mapping[str, str]) -> Book:
    return book_of(table(*rows), a, default_venues(a), 1.0)


def faults(a: Assumptions, *rows: Mapping[str, str]) -> list[tuple[int, str, str]]:
    with pytest.raises(FaultyError) as raised:
        read(a, *rows)
    return [(one.number, one.column, one.reason) for one in raised.value.faults]


def drawn(people: Population, a: Assumptions) -> list[Mapping[str, str]]:
    return list(rows_of(people, a, default_venues(a)))


def test_a_drawn_population_is_read_back_to_the_byte(assumptions: Assumptions, people: Population) -> None:
    rows = drawn(people, assumptions)
    assert len(rows) > 5_000
    book = book_of(table(*rows), assumptions, default_venues(assumptions), people.weight)
    assert book.population.digest() == people.digest()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_columns_means_nothing(assumptions: Assumptions, people: Population, seed: int) -> None:
    rows, order = drawn(people, assumptions), Random(seed)
    order.shuffle(rows)
    names = [one.name for one in COLUMNS]
    order.shuffle(names)
    book = book_of(
        table(*({name: row[name] for name in names} for row in rows)),
        assumptions, default_venues(assumptions), people.weight,
    )  # fmt: skip
    assert book.population.digest() == people.digest()


def test_only_six_columns_are_needed_and_the_rest_is_completed_and_told(assumptions: Assumptions) -> None:
    book = read(assumptions, GOOD)
    assert book.completed == (("venue_1", "BTC", -5_000),)
    assert book.below == ()
    people = book.population
    assert people.weight == 1.0
    assert (people.clients.kind[0], people.clients.delay[0]) == (Kind.RETAIL, 0.5)
    assert (people.positions.lots[0], people.accounts.cash_units[0]) == (5_000, 9_000_000_000)


def test_gains_since_entry_are_collateral_to_the_micro_dollar(assumptions: Assumptions) -> None:
    """Half a coin from $70,000.01 to the start's $73,166."""
    book = read(assumptions, {**GOOD, "entry_price": "70000.01"})
    assert book.population.accounts.cash_units[0] == 9_000_000_000 + (73_166_000_000 - 70_000_010_000) // 2


def test_hedges_of_one_client_stand_at_several_venues(assumptions: Assumptions) -> None:
    other = {**GOOD, "account": "a2", "venue": "venue_2", "position": "-0.5"}
    book = read(assumptions, GOOD, other, {**GOOD, "instrument": "ETH", "position": "-1"})
    assert book.accounts == ("a1", "a2")
    assert book.population.accounts.client[:2].tolist() == [0, 0]
    assert book.population.positions.first[:3].tolist() == [0, 2, 3]


def test_collateral_alone_is_an_account(assumptions: Assumptions) -> None:
    book = read(assumptions, GOOD, {**GOOD, "account": "a2", "venue": "venue_2", "instrument": "", "position": ""})
    assert book.population.positions.first[:3].tolist() == [0, 1, 1]


def test_who_starts_below_maintenance_margin_is_told(assumptions: Assumptions) -> None:
    """Half a coin at $73,166 and 50 bps: $182.915."""
    assert read(assumptions, {**GOOD, "collateral": "182.915"}).below == ()
    assert read(assumptions, {**GOOD, "collateral": "182.914999"}).below == ("a1",)


def test_a_venues_largest_leverage_holds_at_the_start(assumptions: Assumptions) -> None:
    """Half a coin at $73,166 is $36,583: ten times $3,658.30."""
    venues = (Venue("venue_1", largest_leverage=10), *default_venues(assumptions)[1:])
    book_of(table({**GOOD, "collateral": "3658.30"}), assumptions, venues, 1.0)
    with pytest.raises(FaultyError) as raised:
        book_of(table(GOOD | {"account": "a0"}, {**GOOD, "collateral": "3658.29"}), assumptions, venues, 1.0)
    assert [(one.number, one.column) for one in raised.value.faults] == [(3, "collateral")]
    assert "holds $36,583.00 with $3,658.29: at most 10 times it" in raised.value.faults[0].reason


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"account": ""}, "account", "is missing"),
        ({"client": " "}, "client", "is missing"),
        ({"venue": "venue_9"}, "venue", "expected one of venue_1, venue_2, venue_3, venue_4, found 'venue_9'"),
        ({"venue": ""}, "venue", "found nothing"),
        ({"instrument": "DOGE"}, "instrument", "expected one of BTC, ETH, SOL, OTHER, XAG, found 'DOGE'"),
        ({"instrument": ""}, "instrument", "found nothing"),
        ({"position": ""}, "position", "is missing"),
        ({"position": "many"}, "position", "expected a number, in coins, found 'many'"),
        ({"position": "0.00005"}, "position", "expected a multiple of 0.0001 BTC, which is one lot, and not 0"),
        ({"position": "0"}, "position", "and not 0"),
        ({"position": "2000000"}, "position", "is worth more than $100,000,000,000"),
        ({"position": "nan"}, "position", "expected a number"),
        ({"position": "9" * 70}, "position", "expected a number"),
        ({"collateral": "-1"}, "collateral", "expected from 0 to $100,000,000,000, found -1.000000"),
        ({"collateral": "0.0000001"}, "collateral", "cannot be held: in $, at most 6 decimals, found '0.0000001'"),
        ({"collateral": "1e3"}, "collateral", "expected a number"),
        ({"collateral": ""}, "collateral", "is missing"),
        ({"collateral_asset": "BTC"}, "collateral_asset", "expected one of USD, USDC, USDT, found 'BTC'"),
        ({"entry_price": "0"}, "entry_price", "expected a price above 0"),
        ({"entry_price": "70000.0000001"}, "entry_price", "makes a gain that is no whole number of millionths"),
        ({"entry_price": "100000"}, "collateral", "starts with $-4,417.000000"),
        ({"entry_price": "70000", "enters": "0.5"}, "entry_price", "at the price of then: leave it empty"),
        ({"kind": "rest"}, "kind", "expected one of retail, professional, hedger, market_maker, fund, found 'rest'"),
        ({"outside": "-5"}, "outside", "expected from 0"),
        ({"delay": "1"}, "delay", "expected a number from 0 to below 1, found '1'"),
        ({"stop": "1.5"}, "stop", "expected a part from 0 to 1, found 1.5"),
        ({"enters": "soon"}, "enters", "expected a number from 0 to below 1, found 'soon'"),
    ],
)
def test_a_wrong_cell_is_named(assumptions: Assumptions, change: dict[str, str], column: str, reason: str) -> None:
    found = faults(assumptions, {**GOOD, "account": "a0"}, {**GOOD, **change})
    assert [(number, where) for number, where, _ in found] == [(3, column)]
    assert reason in found[0][2]


def test_every_wrong_cell_of_every_row_is_named(assumptions: Assumptions) -> None:
    wrong = {**GOOD, "venue": "x", "position": "y", "collateral": "z"}
    assert [(number, column) for number, column, _ in faults(assumptions, wrong, GOOD, {**wrong, "account": "a9"})] == [
        (2, "collateral"), (2, "position"), (2, "venue"), (4, "collateral"), (4, "position"), (4, "venue"),
    ]  # fmt: skip


def test_rows_of_one_account_or_client_say_the_same(assumptions: Assumptions) -> None:
    found = faults(
        assumptions, GOOD, {**GOOD, "instrument": "ETH", "collateral": "9001"}, GOOD,
        {**GOOD, "account": "a2", "outside": "5"}, {**GOOD, "client": "c2", "instrument": "SOL", "position": "1"},
    )  # fmt: skip
    assert found == [
        (3, "collateral", "account 'a1' has another one at 2"),
        (4, "account", "'a1' has this instrument at 2 already"),
        (5, "outside", "client 'c1' has another one at 2"),
        (6, "client", "account 'a1' has another one at 2"),
    ]


def test_columns_that_are_missing_double_or_misspelt_are_named(assumptions: Assumptions) -> None:
    row = Row(2, {**GOOD, "colateral": "5"})
    header = ["account", "account", "client", "venue", "colateral"]
    with pytest.raises(FaultyError) as raised:
        book_of(Table(header, [row]), assumptions, default_venues(assumptions), 1.0)
    assert [one.column for one in raised.value.faults] == ["'colateral'", "account", "collateral"]


def test_no_row_is_no_book(assumptions: Assumptions) -> None:
    with pytest.raises(FaultyError, match="at least one row"):
        book_of(Table(list(GOOD), []), assumptions, default_venues(assumptions), 1.0)


def test_the_first_faults_are_shown_and_all_are_counted(assumptions: Assumptions) -> None:
    with pytest.raises(FaultyError) as raised:
        read(assumptions, *({**GOOD, "account": f"a{n}", "position": "x", "venue": "y"} for n in range(300)))
    told = raised.value.told("book.csv", "line").splitlines()
    assert len(told) == SHOWN + 1
    assert told[0] == "book.csv, line 2, position: expected a number, in coins, found 'x'"
    assert told[-1] == "book.csv: 600 faults in 300 lines, the first 20 of which are above; nothing was run"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {name: st.sampled_from([*good, "", "x", "-1", "0.1"]) for name, good in (
                ("account", ["a1", "a2"]), ("client", ["c1"]), ("venue", ["venue_1"]), ("instrument", ["BTC", "ETH"]),
                ("position", ["1", "2"]), ("collateral", ["5"]), ("stop", ["0.5"]), ("kind", ["fund"]),
            )}
        ),
        max_size=6,
    )
)  # fmt: skip
def test_every_row_is_in_the_book_or_named(assumptions: Assumptions, rows: Iterable[dict[str, str]]) -> None:
    """None is dropped: either all positions are there, or a fault has the number of a row that is wrong."""
    every = list(rows)
    found = outcome(assumptions, every)
    if isinstance(found, FaultyError):
        assert {one.number for one in found.faults} <= {*range(1, len(every) + 2)}
    else:
        held = sum(bool(row["instrument"]) for row in every)
        assert len(found.population.positions) == held + len(default_venues(assumptions)) * len(assumptions.instruments)


def outcome(a: Assumptions, rows: list[dict[str, str]]) -> Book | FaultyError:
    try:
        return read(a, *rows)
    except FaultyError as error:
        return error


WRONG = {
    "venue": "nowhere", "instrument": "DOGE", "position": "0.000000001", "collateral": "-1", "kind": "rest",
    "stop": "2", "delay": "late", "enters": "1", "outside": "x", "collateral_asset": "GOLD", "entry_price": "0",
}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 199), st.sampled_from(sorted(WRONG)), max_size=40))
def test_the_rows_that_are_named_are_those_that_are_wrong(assumptions: Assumptions, spoilt: dict[int, str]) -> None:
    """Two hundred good rows, some of them spoilt in one cell: those and no others, however many there are."""
    good = {**GOOD, "kind": "retail", "stop": "", "delay": "", "enters": "", "outside": "", "collateral_asset": ""}
    rows = [{**good, "account": f"a{n}", "client": f"c{n}", "entry_price": ""} for n in range(200)]
    for number, column in spoilt.items():
        rows[number][column] = WRONG[column]
    found = outcome(assumptions, rows)
    named = {(one.number - 2, one.column) for one in found.faults} if isinstance(found, FaultyError) else set()
    assert named == set(spoilt.items())


def test_rows_are_text_that_a_csv_holds(assumptions: Assumptions, people: Population) -> None:
    text = io.StringIO()
    csv.DictWriter(text, [one.name for one in COLUMNS]).writerows(drawn(people, assumptions))
    assert '"' not in text.getvalue()

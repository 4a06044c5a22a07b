"""The past as the journal has it: every answer is that of a replay of the first so many transfers."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custody import ledger
from custody.accounts import Chart, Code, Totals
from custody.books import Books, BooksError
from custody.database import Database, open_database
from custody.history import History, Query
from custody.state import LedgerState
from custody.transfers import Kind, Reason, Transfer

CHART = Chart("USDC")
CAST = (CHART.vault(), CHART.suspense(), CHART.available("fund"), CHART.delegated("fund", "venue"), CHART.fees())
VAULT, SUSPENSE, FUND, VENUE, FEES = (account.id for account in CAST)
HEDGER = CHART.available("hedger").id

DEPOSIT = Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT, reference="wire")
HOLD = Transfer("hold", FUND, VENUE, 30, Reason.DELEGATION, Kind.PENDING, reference="wire", expires_at_s=50)
TAKE = Transfer("take", "", "", 20, Reason.DELEGATION, Kind.POST, "hold")
FEE = Transfer("fee", FUND, FEES, 1, Reason.CUSTODY_FEE)


@pytest.fixture
def history(database: Database, books: Books) -> History:
    """Positions 1 to 4 were recorded at 10, 20, 20 and 30."""
    for batch, recorded_at_s in (([DEPOSIT], 10), ([HOLD, TAKE], 20), ([FEE], 30)):
        assert all(outcome.ok for outcome in books.post(batch, recorded_at_s))
    return History(database)


# -- totals as of ------------------------------------------------------------------------------------------------------


def test_each_position_has_the_totals_that_stood_there(history: History) -> None:
    assert [history.totals(FUND, position) for position in range(5)] == [
        Totals(),
        Totals(credits_posted=100),
        Totals(debits_pending=30, credits_posted=100),
        Totals(debits_posted=20, credits_posted=100),
        Totals(debits_posted=21, credits_posted=100),
    ]
    assert history.totals(VENUE, 2) == Totals(credits_pending=30)
    assert history.totals(HEDGER, 4) == Totals()


def test_as_of_now_is_what_the_counters_say(history: History, books: Books) -> None:
    assert history.all_totals(books.head().position) == books.all_totals()
    assert list(history.all_totals(0).values()) == [Totals()] * len(books.accounts())


@pytest.mark.parametrize(
    ("at_s", "position"), [(-1, 0), (9, 0), (10, 1), (19, 1), (20, 3), (29, 3), (30, 4), (10**12, 4)]
)
def test_a_time_is_the_last_position_recorded_by_then(history: History, at_s: int, position: int) -> None:
    assert history.position_at(at_s) == position


def test_a_clock_that_stepped_back_moves_nothing_before_what_it_followed(history: History, books: Books) -> None:
    books.post([replace(FEE, id="early")], 15)
    books.post([replace(FEE, id="last")], 40)
    assert [history.position_at(at_s) for at_s in (15, 20, 29, 30, 40)] == [1, 3, 3, 5, 6]


def test_what_is_not_in_the_books_has_no_past(history: History) -> None:
    for position in (-1, 5):
        with pytest.raises(BooksError, match=f"there is no position {position}: the journal ends at 4"):
            history.totals(FUND, position)
        with pytest.raises(BooksError, match="the journal ends at 4"):
            history.all_totals(position)
    with pytest.raises(BooksError, match="there is no account 'USDC/nowhere'"):
        history.totals("USDC/nowhere", 1)
    with pytest.raises(BooksError, match="there is no account 'USDC/nowhere'"):
        history.statement("USDC/nowhere", 0, 1)


# -- queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        (Query(), [1, 2, 3, 4]),
        (Query(account_id=FUND), [1, 2, 3, 4]),
        (Query(account_id=VENUE), [2, 3]),
        (Query(account_id=HEDGER), []),
        (Query(account_id="USDC/nowhere"), []),
        (Query(code=Code.VAULT), [1]),
        (Query(code=Code.AVAILABLE), [1, 2, 3, 4]),
        (Query(code=Code.FEES), [4]),
        (Query(code=Code.INSURANCE), []),
        (Query(reference="wire"), [1, 2]),
        (Query(reference=""), []),
        (Query(reason=Reason.DELEGATION), [2, 3]),
        (Query(from_s=20), [2, 3, 4]),
        (Query(to_s=20), [1]),
        (Query(from_s=10, to_s=30), [1, 2, 3]),
        (Query(from_s=21, to_s=30), []),
        (Query(from_s=30, to_s=10), []),
        (Query(account_id=VENUE, reference="wire"), [2]),
        (Query(account_id=VENUE, reason=Reason.DEPOSIT), []),
        (Query(code=Code.AVAILABLE, reason=Reason.CUSTODY_FEE, from_s=20), [4]),
        (Query(account_id=FUND, code=Code.DELEGATED, from_s=20, to_s=21), [2, 3]),
    ],
)
def test_transfers_are_found_by_what_they_say(history: History, query: Query, positions: list[int]) -> None:
    assert [recorded.position for recorded in history.find(query)] == positions


def test_what_is_found_is_what_the_journal_keeps(history: History, books: Books) -> None:
    assert history.find(Query()) == history.find(Query(account_id=FUND)) == books.transfers()


@pytest.mark.parametrize("query", [Query(), Query(account_id=FUND), Query(code=Code.AVAILABLE)])
def test_pages_follow_one_another_and_leave_nothing_out(history: History, books: Books, query: Query) -> None:
    ways = [(VAULT, FUND), (FUND, FEES), (FUND, VENUE)]
    books.post([Transfer(f"t{index}", *ways[index % 3], 1, Reason.RECALL) for index in range(9)], 40)
    pages, after = [], 0
    for _ in range(4):
        pages.append([recorded.position for recorded in history.find(query, after, limit=5)])
        after = max(pages[-1], default=after)
    assert pages == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13], []]


def test_a_page_that_holds_nothing_cannot_be_asked_for(history: History) -> None:
    for limit in (0, -1):
        with pytest.raises(BooksError, match="a page holds at least one transfer"):
            history.find(Query(), limit=limit)


# -- statements --------------------------------------------------------------------------------------------------------


def test_a_statement_tells_the_period_and_nothing_else(history: History) -> None:
    statement = history.statement(FUND, 20, 30)
    assert (statement.opening, statement.closing) == (history.totals(FUND, 1), history.totals(FUND, 3))
    assert [(entry.transfer_id, entry.debit, entry.balance) for entry in statement.entries] == [("take", 20, 80)]


def test_one_statements_closing_is_the_next_ones_opening(history: History, books: Books) -> None:
    days = [history.statement(FUND, start_s, start_s + 10) for start_s in range(0, 50, 10)]
    for earlier, later in pairwise(days):
        assert earlier.closing == later.opening
    told = [entry for day in days for entry in day.entries]
    assert told == list(history.statement(FUND, 0, 50).entries)
    assert told[-1].balance == books.balance(FUND)
    assert len(told) == 3


def test_a_period_may_be_empty_but_not_end_before_it_begins(history: History) -> None:
    assert history.statement(FUND, 20, 20).entries == ()
    with pytest.raises(BooksError, match="cannot end at 19, before it begins at 20"):
        history.statement(FUND, 20, 19)


def test_a_row_changed_by_hand_shows_only_in_what_was_counted_from_it(
    history: History, raw: Callable[..., list[tuple[object, ...]]], books: Books
) -> None:
    raw("UPDATE transfer SET amount = 101 WHERE id = 'deposit'")
    assert history.all_totals(4) != books.all_totals()
    assert history.totals(FUND, 1).credits_posted == 101


# -- against a replay --------------------------------------------------------------------------------------------------

WAYS = [(VAULT, FUND), (VAULT, FUND), (FUND, VENUE), (VENUE, FUND), (FUND, FEES), (FUND, VAULT), (SUSPENSE, VAULT)]
SEEN: Counter[str] = Counter()


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[int, list[Transfer]]]:
    """Batches, each with the time at which it is recorded; the clock sometimes steps back."""
    found: list[tuple[int, list[Transfer]]] = []
    pending: list[str] = []
    now_s = 100
    for index in range(draw(st.integers(3, 20))):
        now_s += draw(st.sampled_from([0, 1, 1, 3, -2]))
        ends = draw(st.booleans())
        if pending and ends:
            kind = draw(st.sampled_from([Kind.POST, Kind.VOID]))
            part = draw(st.sampled_from([0, 1])) if kind is Kind.POST else 0
            made = [Transfer(f"e{index}", "", "", part, Reason.RECALL, kind, draw(st.sampled_from(pending)))]
        else:
            kind = draw(st.sampled_from([Kind.POSTED, Kind.PENDING]))
            way, amount = draw(st.sampled_from(WAYS)), draw(st.integers(1, 60))
            made = [Transfer(f"s{index}-{step}", *way, amount, Reason.RECALL, kind) for step in range(2)]
            pending += [one.id for one in made if kind is Kind.PENDING]
        found.append((now_s, made))
    return found


def replayed(books: Books, position: int) -> dict[str, Totals]:
    """The totals after the first so many transfers, by the rules alone."""
    state = LedgerState({account.id: account for account in CAST}, {account.id: Totals() for account in CAST})
    journal = books.transfers(limit=1_000)[:position]
    outcomes = ledger.apply(state, [replace(one.transfer, linked=False) for one in journal], now_s=0)
    assert all(outcome.ok and not outcome.repeated for outcome in outcomes)
    return state.totals


def compare(books: Books, history: History, cut_s: int) -> None:
    end = books.head().position
    for position in range(end + 1):
        expected = replayed(books, position)
        assert history.all_totals(position) == expected
        assert history.totals(FUND, position) == expected[FUND]
    assert history.all_totals(end) == books.all_totals()
    for account_id in (FUND, VENUE, VAULT):
        before, after = history.statement(account_id, 0, cut_s), history.statement(account_id, cut_s, 10_000)
        assert before.closing == after.opening == replayed(books, history.position_at(cut_s - 1))[account_id]
        assert after.closing == books.totals(account_id)
        assert before.entries + after.entries == history.statement(account_id, 0, 10_000).entries
        SEEN["entries before the cut"] += len(before.entries)
        SEEN["entries after the cut"] += len(after.entries)
    SEEN.update(one.transfer.kind.name for one in books.transfers(limit=1_000))
    times = [one.recorded_at_s for one in books.transfers(limit=1_000)]
    assert times == sorted(times)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(said=batches(), cut_s=st.integers(99, 115))
def replay_every_position(said: list[tuple[int, list[Transfer]]], cut_s: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "ledger.sqlite")
        books = Books(database)
        books.open_accounts(CAST)
        books.post([replace(DEPOSIT, id="start", amount=100)], 100)
        latest_s = 100
        for recorded_at_s, transfers in said:
            moved = any(outcome.ok for outcome in books.post(transfers, recorded_at_s))
            SEEN["stepped back"] += moved and recorded_at_s < latest_s
            if moved:
                latest_s = max(latest_s, recorded_at_s)
                assert books.transfers(limit=1_000)[-1].recorded_at_s == latest_s
        compare(books, History(database), cut_s)
        database.close()


def test_every_position_and_every_statement_agree_with_a_replay() -> None:
    SEEN.clear()
    replay_every_position()
    # Without this they could agree because nothing was accepted, or nothing lay on one side of the cut.
    asked = (*Kind.__members__, "entries before the cut", "entries after the cut", "stepped back")
    assert {name for name in asked if SEEN[name] < 10} == set()

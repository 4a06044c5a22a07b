"""An account is closed only when it is empty, for good, and under the next seal."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from custody.accounts import Chart, Totals
from custody.books import Books, BooksError
from custody.closing import Closing, ClosingRefusal, judge_closing
from custody.database import Database, DatabaseError, open_database
from custody.history import History
from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer, linked

CHART = Chart("USDC")
VAULT, FUND, HEDGER = CHART.vault().id, CHART.available("fund").id, CHART.available("hedger").id
VENUE, FEES = CHART.delegated("fund", "venue").id, CHART.fees().id

DEPOSIT = Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT)
WITHDRAW = Transfer("withdraw", FUND, VAULT, 100, Reason.WITHDRAWAL)
HOLD = Transfer("hold", FUND, VENUE, 30, Reason.DELEGATION, Kind.PENDING, expires_at_s=50)

NOT_FOUND, PENDING, BALANCE = ClosingRefusal
# Every row also breaks the rules below its own.
REFUSALS: list[tuple[Totals | None, ClosingRefusal | None]] = [
    (None, NOT_FOUND),
    (Totals(debits_pending=1, credits_posted=5), PENDING),
    (Totals(credits_pending=1, debits_posted=5), PENDING),
    (Totals(debits_pending=1, credits_pending=1, credits_posted=5), PENDING),
    (Totals(debits_pending=1), PENDING),
    (Totals(credits_posted=1), BALANCE),
    (Totals(debits_posted=1), BALANCE),
    (Totals(debits_posted=5, credits_posted=6), BALANCE),
    (Totals(debits_posted=6, credits_posted=6), None),
    (Totals(), None),
]


@pytest.mark.parametrize(("totals", "refusal"), REFUSALS)
def test_the_first_rule_broken_is_the_refusal(totals: Totals | None, refusal: ClosingRefusal | None) -> None:
    answer = judge_closing("a", totals, closed=False)
    assert (answer, answer.ok) == (Closing("a", refusal), refusal is None)


def test_the_table_has_every_refusal_in_order() -> None:
    order = list(ClosingRefusal)
    listed = [order.index(refusal) for _totals, refusal in REFUSALS if refusal is not None]
    assert listed == sorted(listed)
    assert {order[index] for index in listed} == set(ClosingRefusal)


def test_what_is_closed_already_is_closed_whatever_it_holds() -> None:
    assert judge_closing("a", Totals(), closed=True) == Closing("a", repeated=True)
    assert judge_closing("a", None, closed=True) == Closing("a", NOT_FOUND)


def test_each_account_asked_about_has_an_answer_of_its_own(books: Books) -> None:
    books.post([DEPOSIT, HOLD], 9)
    answers = books.close_accounts(["USDC/nowhere", FUND, VENUE, VAULT, HEDGER, FEES, HEDGER], 10)
    assert answers == [
        Closing("USDC/nowhere", NOT_FOUND),
        Closing(FUND, PENDING),
        Closing(VENUE, PENDING),
        Closing(VAULT, BALANCE),
        Closing(HEDGER),
        Closing(FEES),
        Closing(HEDGER, repeated=True),
    ]
    assert books.closed_accounts() == {FEES: 10, HEDGER: 10}
    assert books.close_accounts([], 11) == []


def test_closing_twice_repeats_and_keeps_the_first_time(books: Books, database: Database) -> None:
    assert books.close_accounts([HEDGER], 10) == [Closing(HEDGER)]
    assert books.close_accounts([HEDGER], 11) == [Closing(HEDGER, repeated=True)]
    books.post([DEPOSIT], 12)
    assert Books(database).close_accounts([HEDGER], 13) == [Closing(HEDGER, repeated=True)]
    assert books.closed_accounts() == {HEDGER: 10}
    assert books.verify() == []


def test_an_account_can_be_closed_once_it_has_been_emptied(books: Books) -> None:
    books.post([DEPOSIT, HOLD], 9)
    assert books.close_accounts([FUND], 10)[0].refusal is PENDING
    books.expire(50)
    assert books.close_accounts([FUND], 51)[0].refusal is BALANCE
    books.post([WITHDRAW], 52)
    assert books.close_accounts([FUND], 53)[0].ok
    assert books.totals(FUND) == Totals(debits_posted=100, credits_posted=100)


@pytest.mark.parametrize("kind", [Kind.POSTED, Kind.PENDING])
def test_a_closed_account_takes_no_transfer_on_either_side(books: Books, kind: Kind) -> None:
    books.post([DEPOSIT], 9)
    books.close_accounts([HEDGER, FEES], 10)
    out, into = replace(DEPOSIT, id="out", debit_account=HEDGER, kind=kind), replace(DEPOSIT, id="into", kind=kind)
    asked = [out, replace(into, credit_account=HEDGER), replace(out, id="both", credit_account=FEES)]
    refusals = [Refusal.DEBIT_ACCOUNT_IS_CLOSED, Refusal.CREDIT_ACCOUNT_IS_CLOSED, Refusal.DEBIT_ACCOUNT_IS_CLOSED]
    head = books.head()
    assert [outcome.refusal for outcome in books.post(asked, 11)] == refusals  # by the fast twin
    chain = linked(asked[1], replace(into, id="more"))
    assert [outcome.refusal for outcome in books.post(chain, 11)] == [refusals[1], Refusal.LINKED_EVENT_FAILED]
    assert books.head() == head


def test_what_was_posted_before_is_still_there_when_repeated(books: Books) -> None:
    books.post([DEPOSIT, WITHDRAW], 9)
    assert books.close_accounts([FUND], 10)[0].ok
    assert books.post([DEPOSIT, WITHDRAW], 11) == [Outcome("deposit", None, True), Outcome("withdraw", None, True)]
    assert books.post([replace(DEPOSIT, id="n")], 11)[0].refusal is Refusal.CREDIT_ACCOUNT_IS_CLOSED


def test_a_closed_account_is_never_opened_again(books: Books) -> None:
    books.close_accounts([HEDGER], 10)
    for definition in (CHART.available("hedger"), replace(CHART.available("hedger"), asset="BTC")):
        with pytest.raises(BooksError, match=r"was closed; open one of another name|cannot become"):
            books.open_accounts([CHART.claim("fund", "venue"), definition])
    assert CHART.claim("fund", "venue") not in books.accounts()
    assert CHART.available("hedger") in books.accounts()
    assert books.closed_accounts() == {HEDGER: 10}


def test_a_closing_stands_or_falls_with_the_callers_transaction(books: Books, database: Database) -> None:
    def close_and_fail() -> None:
        with database.transaction() as tx:
            assert books.close_accounts([HEDGER], 10, tx)[0].ok
            assert books.post_in(tx, [replace(DEPOSIT, id="n", credit_account=HEDGER)], 10)[0].refusal
            tx.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(DatabaseError, match="nowhere"):
        close_and_fail()
    assert books.closed_accounts() == {}
    assert books.post([replace(DEPOSIT, credit_account=HEDGER)], 11)[0].ok
    assert books.verify() == []


def test_a_closing_outlives_a_restart_before_it_was_sealed(books: Books, database: Database, address: str) -> None:
    books.post([DEPOSIT], 9)
    books.close_accounts([HEDGER], 10)
    books.close_accounts([FEES], 12)
    database.close()
    again = open_database(address)
    reopened = Books(again)
    assert reopened.verify() == []
    assert reopened.post([replace(DEPOSIT, id="n", debit_account=FEES)], 13)[0].refusal
    assert reopened.post([replace(DEPOSIT, id="second")], 13)[0].ok
    assert reopened.verify() == []
    assert reopened.closed_accounts() == {FEES: 12, HEDGER: 10}
    again.close()


def test_closings_in_any_order_are_sealed_in_the_order_of_keys(books: Books, database: Database) -> None:
    """The writer has them in hand; whoever reads them back must find the same order."""
    books.close_accounts([FEES], 10)
    books.close_accounts([VENUE, HEDGER], 11)
    books.post([DEPOSIT], 12)
    assert books.verify() == Books(database).verify() == []


def test_a_forged_reopening_is_found_once_the_closing_was_sealed(
    books: Books, raw: Callable[..., list[tuple[object, ...]]]
) -> None:
    books.close_accounts([HEDGER], 10)
    assert books.verify() == []
    books.post([DEPOSIT], 11)
    assert books.verify() == []
    raw(f"UPDATE account SET closed_after = NULL, closed_at_s = NULL WHERE id = '{HEDGER}'")
    (fault,) = books.verify()
    assert (fault.kind, fault.where) == ("seal_broken", "the seal at position 1, behind position 0")


def test_history_goes_on_telling_of_a_closed_account(books: Books, database: Database) -> None:
    books.post([DEPOSIT, WITHDRAW], 9)
    books.close_accounts([FUND], 10)
    history = History(database)
    assert history.totals(FUND, 1) == Totals(credits_posted=100)
    assert [entry.balance for entry in history.statement(FUND, 0, 100).entries] == [100, 0]

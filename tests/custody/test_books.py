"""The stored ledger: durable, idempotent over a restart, one with the caller's own rows, and readable by page."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from custody.accounts import Account, Chart, Limit, Totals
from custody.books import Books, BooksError, TrialBalance
from custody.database import Database, DatabaseError, open_database
from custody.journal import GENESIS, START, Added, Head, Place, Seal, account_digest, checksum_of, encoded, seal
from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer, linked

CHART = Chart("USDC")
VAULT, FUND, HEDGER = CHART.vault().id, CHART.available("fund").id, CHART.available("hedger").id
VENUE, FEES = CHART.delegated("fund", "venue").id, CHART.fees().id

DEPOSIT = Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT, reference="wire")
DELEGATE = Transfer("delegate", FUND, VENUE, 30, Reason.DELEGATION, Kind.PENDING, reference="wire", expires_at_s=50)
ACKNOWLEDGE = Transfer("acknowledge", "", "", 20, Reason.DELEGATION, Kind.POST, "delegate")


def test_a_day_of_transfers_leaves_its_totals_and_balances(books: Books) -> None:
    outcomes = books.post([DEPOSIT, DELEGATE, ACKNOWLEDGE], 9)
    assert outcomes == [Outcome("deposit"), Outcome("delegate"), Outcome("acknowledge")]
    assert books.totals(FUND) == Totals(debits_posted=20, credits_posted=100)
    assert (books.balance(VAULT), books.balance(FUND), books.balance(VENUE)) == (-100, 80, 20)
    assert books.all_totals()[VENUE] == Totals(credits_posted=20)
    assert books.trial_balance() == (TrialBalance("BTC", 0, 0), TrialBalance("USDC", 120, 120))
    assert books.verify() == []


def seals(database: Database) -> list[Seal]:
    with database.snapshot() as reader:
        rows = reader.exec_driver_sql("SELECT position, accounts, recorded_at_s, digest FROM seal ORDER BY position")
        return [Seal(*row) for row in rows]


def test_the_journal_keeps_what_was_accepted_in_order_with_its_checksums(books: Books) -> None:
    books.post([DEPOSIT, replace(DEPOSIT, id="too much", amount=0), DELEGATE], 9)
    books.post([ACKNOWLEDGE], 10)
    first, second, third = books.transfers()
    assert [entry.position for entry in (first, second, third)] == [1, 2, 3]
    assert [entry.recorded_at_s for entry in (first, second, third)] == [9, 9, 10]
    assert (first.transfer, second.transfer) == (DEPOSIT, DELEGATE)
    assert third.transfer == replace(ACKNOWLEDGE, debit_account=FUND, credit_account=VENUE)
    vault, fund, venue = books.keys([VAULT, FUND, VENUE]).tolist()
    assert first.checksum == checksum_of(encoded(DEPOSIT, Place(1, vault, fund)))
    assert second.checksum == checksum_of(encoded(DELEGATE, Place(2, fund, venue)))
    assert third.checksum == checksum_of(encoded(third.transfer, Place(3, fund, venue, pending_position=2)))


def test_each_post_is_sealed_over_all_that_it_added(
    books: Books, database: Database, cast: tuple[Account, ...]
) -> None:
    later = CHART.claim("fund", "venue")
    books.post([DEPOSIT, DELEGATE], 9)
    books.open_accounts([later])
    books.close_accounts([HEDGER], 11)
    books.post([replace(DEPOSIT, amount=0)], 12)  # refused: nothing is added, so nothing is sealed
    books.post([ACKNOWLEDGE], 10)
    keys = dict(zip([account.id for account in cast], range(1, 7), strict=True))
    vault, fund, venue = (keys[name] for name in (VAULT, FUND, VENUE))
    posted = books.transfers()[2].transfer
    first, second = encoded(DEPOSIT, Place(1, vault, fund)), encoded(DELEGATE, Place(2, fund, venue))
    opened = [account_digest(keys[account.id], account) for account in cast]
    one = seal(START, Added(opened, (), [first, second]), 9)
    closed, third = [(keys[HEDGER], 11)], encoded(posted, Place(3, fund, venue, 2))
    two = seal(one, Added([account_digest(7, later)], closed, [third]), 10)
    assert seals(database) == [one, two]
    assert books.head() == two.head == Head(3, two.digest)


def test_keys_count_from_one_in_the_order_of_opening(books: Books, cast: tuple[Account, ...]) -> None:
    books.open_accounts([CHART.claim("fund", "venue"), *cast])
    assert books.keys([account.id for account in cast]).tolist() == [1, 2, 3, 4, 5, 6]
    assert books.keys([CHART.claim("fund", "venue").id, VAULT]).tolist() == [7, 1]
    with pytest.raises(BooksError, match="there is no account 'USDC/elsewhere'"):
        books.keys([VAULT, "USDC/elsewhere"])


def test_a_clock_that_steps_back_is_recorded_as_standing_still(books: Books, database: Database) -> None:
    for index, now_s in enumerate((20, 10, 25)):
        assert books.post([replace(DEPOSIT, id=f"d{index}")], now_s)[0].ok
    assert [one.recorded_at_s for one in seals(database)] == [20, 20, 25]
    assert [entry.recorded_at_s for entry in books.transfers()] == [20, 20, 25]
    # What has expired is told by the time that was given: it is the caller's word for now.
    books.post([replace(DELEGATE, expires_at_s=15)], 14)
    assert books.post([ACKNOWLEDGE], 14)[0].ok
    assert books.verify() == []


def test_new_books_are_empty_and_sound(books: Books) -> None:
    assert books.head() == Head(0, GENESIS)
    assert books.transfers() == []
    assert books.post([], 9) == []
    assert books.verify() == []


def test_the_same_ids_after_a_restart_are_the_same_transfers(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        database = open_database(tmp_path / "again.sqlite")
        books = Books(database)
        books.open_accounts([CHART.vault(), CHART.available("fund"), CHART.delegated("fund", "venue")])
        answers.append((books.post([DEPOSIT, DELEGATE, ACKNOWLEDGE], 9), books.head(), books.all_totals()))
        other = books.post([replace(DEPOSIT, amount=99), replace(ACKNOWLEDGE, amount=0)], 9)
        assert [outcome.refusal for outcome in other] == [Refusal.EXISTS_WITH_DIFFERENT_AMOUNT] * 2
        database.close()
    assert all(outcome.repeated for outcome in answers[1][0])
    assert answers[0][1:] == answers[1][1:]


def test_a_stored_post_is_told_from_what_borrows_its_id_and_names_no_pending_transfer(books: Books) -> None:
    books.post([DEPOSIT, DELEGATE, ACKNOWLEDGE], 9)
    (outcome,) = books.post([replace(DEPOSIT, id="acknowledge")], 9)
    assert outcome.refusal is Refusal.EXISTS_WITH_DIFFERENT_KIND
    (outcome,) = books.post([replace(ACKNOWLEDGE, pending_id="")], 9)
    assert outcome.refusal is Refusal.EXISTS_WITH_DIFFERENT_PENDING_ID


def test_the_journal_posted_into_new_books_gives_the_same_books(books: Books, tmp_path: Path) -> None:
    books.post([DEPOSIT, DELEGATE, ACKNOWLEDGE, *linked(replace(DEPOSIT, id="l0"), replace(DEPOSIT, id="l1"))], 9)
    database = open_database(tmp_path / "copy.sqlite")
    copy = Books(database)
    keys = books.keys([account.id for account in books.accounts()]).tolist()
    copy.open_accounts(account for _key, account in sorted(zip(keys, books.accounts(), strict=True)))
    assert all(outcome.ok for outcome in copy.post([entry.transfer for entry in books.transfers()], 9))
    assert (copy.head(), copy.all_totals()) == (books.head(), books.all_totals())
    database.close()


def test_a_refused_chain_is_not_written_and_can_be_tried_again(books: Books) -> None:
    spend = Transfer("spend", FUND, FEES, 60, Reason.CUSTODY_FEE)
    chain = linked(DEPOSIT, spend, replace(spend, id="spend-2"))
    assert [outcome.refusal for outcome in books.post(chain, 9)] == [
        Refusal.LINKED_EVENT_FAILED,
        Refusal.LINKED_EVENT_FAILED,
        Refusal.EXCEEDS_AVAILABLE,
    ]
    assert books.head().position == 0
    assert books.totals(FUND) == Totals()
    books.post([replace(DEPOSIT, id="more")], 9)
    assert all(outcome.ok for outcome in books.post(chain, 9))


def test_accounts_are_opened_once_and_never_redefined(books: Books, cast: tuple[Account, ...]) -> None:
    books.post([DEPOSIT], 9)
    books.open_accounts([*cast, *cast])
    assert set(books.accounts()) == set(cast)
    assert books.balance(FUND) == 100
    with pytest.raises(BooksError, match="cannot become"):
        books.open_accounts([CHART.omnibus("venue"), replace(CHART.available("fund"), limit=Limit.NONE)])
    assert set(books.accounts()) == set(cast)


def test_an_account_that_is_not_open_has_no_balance(books: Books) -> None:
    with pytest.raises(BooksError, match="no account 'USDC/elsewhere'"):
        books.balance("USDC/elsewhere")
    unknown = replace(DEPOSIT, credit_account="USDC/elsewhere")
    assert books.post([unknown], 9) == [Outcome("deposit", Refusal.CREDIT_ACCOUNT_NOT_FOUND)]


def test_transfers_and_the_callers_rows_stand_or_fall_together(books: Books, database: Database) -> None:
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE outbox (id TEXT PRIMARY KEY)")

    def post_and_note(transfer: Transfer, note: str) -> None:
        with database.transaction() as tx:
            assert books.post_in(tx, [transfer], 9)[0].ok
            assert books.balance(FUND, tx) > 0
            tx.execute(text("INSERT INTO outbox VALUES (:note)"), {"note": note})

    post_and_note(DEPOSIT, "sent")
    with pytest.raises(DatabaseError, match=r"(?i)unique constraint"):
        post_and_note(replace(DEPOSIT, id="second"), "sent")
    assert books.balance(FUND) == 100
    assert [entry.transfer.id for entry in books.transfers()] == ["deposit"]
    assert books.verify() == []


def test_what_went_back_with_a_savepoint_was_never_posted(books: Books, database: Database) -> None:
    with database.transaction() as tx:
        savepoint = tx.begin_nested()
        assert books.post_in(tx, [DEPOSIT], 9)[0].ok
        savepoint.rollback()
        assert books.post_in(tx, [replace(DEPOSIT, id="second", amount=7)], 9)[0].ok
    assert books.post([replace(DEPOSIT, id="third", amount=1)], 9)[0].ok
    assert books.balance(FUND) == 8
    assert books.verify() == []


def test_expiry_releases_what_is_due_and_only_that(books: Books) -> None:
    books.post([DEPOSIT, DELEGATE, replace(DELEGATE, id="later", expires_at_s=51)], 9)
    books.post([replace(DELEGATE, id="never", expires_at_s=0), replace(DELEGATE, id="ended", amount=1)], 9)
    books.post([replace(ACKNOWLEDGE, amount=0, pending_id="ended")], 9)
    assert books.expire(49) == []
    assert books.expire(50) == [Outcome("delegate:expired")]
    assert books.expire(50) == []
    assert books.totals(FUND) == Totals(debits_pending=60, debits_posted=1, credits_posted=100)
    assert books.post([replace(ACKNOWLEDGE, id="n")], 49)[0].refusal is Refusal.ALREADY_VOIDED
    assert books.verify() == []


def test_pages_follow_one_another_by_position(books: Books) -> None:
    books.post([replace(DEPOSIT, id=f"d-{index}", amount=1) for index in range(7)], 9)
    pages, after = [], 0
    for _ in range(4):
        page = [entry.position for entry in books.transfers(after=after, limit=3)]
        pages.append(page)
        after = max(page, default=after)
    assert pages == [[1, 2, 3], [4, 5, 6], [7], []]


def test_transfers_are_found_by_account_on_either_side_and_by_reference(books: Books) -> None:
    fee = Transfer("fee", FUND, FEES, 1, Reason.CUSTODY_FEE)
    books.post([DEPOSIT, replace(DEPOSIT, id="other", credit_account=HEDGER, reference="card"), DELEGATE, fee], 9)

    def ids(account_id: str | None = None, reference: str | None = None) -> list[str]:
        return [entry.transfer.id for entry in books.transfers(account_id, reference)]

    assert ids(FUND) == ["deposit", "delegate", "fee"]
    assert ids(FEES) == ["fee"]
    assert ids(reference="wire") == ["deposit", "delegate"]
    assert ids(HEDGER, "card") == ["other"]
    assert ids(HEDGER, "wire") == []
    assert ids(reference="") == []


def test_two_books_on_one_ledger_see_each_others_work(books: Books, database: Database, address: str) -> None:
    other = Books(database)
    watching = open_database(address, read_only=True)
    books.post([DEPOSIT], 9)
    assert other.post([replace(DELEGATE, amount=100)], 9)[0].ok
    assert books.post([replace(DELEGATE, id="n", amount=1)], 9)[0].refusal is Refusal.EXCEEDS_AVAILABLE
    other.open_accounts([CHART.claim("fund", "venue")])
    assert books.balance(CHART.claim("fund", "venue").id) == 0
    assert Books(watching).head() == books.head()
    assert Books(watching).all_totals() == books.all_totals()
    assert books.verify() == Books(watching).verify() == []
    watching.close()


def test_a_batch_longer_than_one_statement_takes_is_posted_whole(books: Books) -> None:
    many = [replace(DEPOSIT, id=f"d-{index}", amount=1) for index in range(20_001)]
    assert all(outcome.ok for outcome in books.post(many, 9))
    assert books.balance(FUND) == 20_001
    assert books.post(many[-1:], 9)[0].repeated

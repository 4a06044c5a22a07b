"""Group commit: each caller gets its own answer, after the disk has it, whoever else was in the transaction."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from custody.accounts import Chart
from custody.books import Books
from custody.database import Database, DatabaseError
from custody.group import MOST_TRANSFERS, GroupCommit
from custody.transfers import Outcome, Reason, Refusal, Transfer, linked

USDC = Chart("USDC")
MAKER, TAKER = USDC.available("maker"), USDC.available("taker")


@pytest.fixture
def books(database: Database) -> Books:
    books = Books(database)
    books.open_accounts([USDC.vault(), MAKER, TAKER])
    return books


class Slow(Books):
    """The real books behind a gate: what arrives while it is shut has to wait, and so forms a group."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.gate, self.sizes = threading.Event(), list[int]()

    def post(self, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
        self.sizes.append(len(transfers))
        assert self.gate.wait(10)
        return super().post(transfers, recorded_at_s)


def deposit(number: int, amount: int = 5) -> Transfer:
    return Transfer(f"deposit/{number}", USDC.vault().id, MAKER.id, amount, Reason.DEPOSIT)


def pay(number: int, amount: int, *, last: bool = True) -> Transfer:
    return Transfer(f"pay/{number}", MAKER.id, TAKER.id, amount, Reason.SETTLEMENT, linked=not last)


async def test_what_arrives_while_one_is_written_goes_together(database: Database, books: Books) -> None:
    slow = Slow(database)
    group = GroupCommit(slow, lambda: 7)
    first = asyncio.create_task(group.post([deposit(0)]))
    while not slow.sizes:
        await asyncio.sleep(0)
    others = [asyncio.create_task(group.post([deposit(n)])) for n in range(1, 101)]
    await asyncio.sleep(0)
    slow.gate.set()
    answers = await asyncio.gather(first, *others)
    assert slow.sizes == [1, 100]
    assert [answer[0].transfer_id for answer in answers] == [f"deposit/{n}" for n in range(101)]
    assert all(answer[0].ok for answer in answers)
    assert books.balance(MAKER.id) == 505
    assert {recorded.recorded_at_s for recorded in books.transfers(limit=200)} == {7}
    assert books.verify() == []


async def test_an_answer_means_that_it_is_on_disk(database: Database, books: Books) -> None:
    group = GroupCommit(books, lambda: 1)
    found = text("SELECT count(*) FROM transfer WHERE id = :id")

    async def caller(number: int) -> int:
        await group.post([deposit(number)])
        # Another connection sees only what has been committed.
        with database.snapshot() as reader:
            return int(reader.execute(found, {"id": f"deposit/{number}"}).scalar_one())

    assert await asyncio.gather(*map(caller, range(300))) == [1] * 300
    assert group.groups < 300, "they did not each pay for a commit"


async def test_a_refusal_is_the_refused_callers_own(books: Books) -> None:
    group = GroupCommit(books, lambda: 1)
    sets = [[deposit(1, 10)], [pay(1, 99)], list(linked(pay(2, 4), pay(3, 99))), [pay(4, 6)], [deposit(1, 10)], []]
    answers = await asyncio.gather(*map(group.post, sets))
    assert [[outcome.refusal for outcome in answer] for answer in answers] == [
        [None],
        [Refusal.EXCEEDS_AVAILABLE],
        [Refusal.LINKED_EVENT_FAILED, Refusal.EXCEEDS_AVAILABLE],
        [None],
        [None],
        [],
    ]
    assert answers[4][0].repeated
    assert (books.balance(MAKER.id), books.balance(TAKER.id)) == (4, 6)


async def test_an_open_chain_does_not_run_on_into_the_next_callers_transfers(books: Books) -> None:
    group = GroupCommit(books, lambda: 1)
    sets = [[deposit(1, 10)], [pay(1, 1, last=False)], [pay(2, 2)]]
    before, unfinished, behind = await asyncio.gather(*map(group.post, sets))
    assert before[0].ok
    assert [outcome.refusal for outcome in unfinished] == [Refusal.LINKED_CHAIN_OPEN]
    assert behind[0].ok
    assert books.balance(TAKER.id) == 2


async def test_a_set_larger_than_a_group_goes_whole(database: Database, books: Books) -> None:
    slow = Slow(database)
    slow.gate.set()
    group = GroupCommit(slow, lambda: 1)
    many = [deposit(n) for n in range(MOST_TRANSFERS + 1)]
    answers = await asyncio.gather(group.post(many), group.post([deposit(-1)]))
    assert slow.sizes == [MOST_TRANSFERS + 1, 1]
    assert all(outcome.ok for answer in answers for outcome in answer)


async def test_a_fault_reaches_every_caller_and_the_next_group_goes_on(database: Database, books: Books) -> None:
    class Failing(Books):
        fails = True

        def post(self, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
            if self.fails:
                raise DatabaseError("the disk is full")
            return super().post(transfers, recorded_at_s)

    failing = Failing(database)
    group = GroupCommit(failing, lambda: 1)
    answers = await asyncio.gather(*(group.post([deposit(n)]) for n in range(3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["the disk is full"] * 3
    assert books.head().position == 0
    failing.fails = False
    assert (await group.post([deposit(9)]))[0].ok


async def test_a_cancelled_caller_holds_nobody_up(database: Database, books: Books) -> None:
    slow = Slow(database)
    group = GroupCommit(slow, lambda: 1)
    gone = asyncio.create_task(group.post([deposit(1)]))
    stays = asyncio.create_task(group.post([deposit(2)]))
    while not slow.sizes:
        await asyncio.sleep(0)
    gone.cancel()
    slow.gate.set()
    assert (await stays)[0].ok
    with pytest.raises(asyncio.CancelledError):
        await gone
    await group.close()
    # It was on its way already, and its id tells.
    assert [recorded.transfer.id for recorded in books.transfers()] == ["deposit/1", "deposit/2"]

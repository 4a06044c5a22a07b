"""Random days at the books against a plain model that keeps lists where the books keep counters.

The model shares no code with the ledger: it finds what an account can spend by adding up every movement anew, and
undoes a chain by having kept everything as it was. What is compared: whether a step is accepted, the totals of every
account after each, those of any earlier moment, and that an audit finds nothing.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from custody.accounts import Account, Chart, Limit, Totals
from custody.books import Books, BooksError
from custody.columns import REPEATED, Columns, refusal_of
from custody.corrections import CorrectionError, reversing
from custody.database import open_database
from custody.history import History
from custody.transfers import Kind, Outcome, Reason, Transfer

STEPS_A_DAY = 50
STEPS = {"sqlite": 7_500, "postgresql": 2_500}
MOST_RUNS = 4
CHART = Chart("USDC")
VAULT, SUSPENSE, FUND, FEES = CHART.vault(), CHART.suspense(), CHART.available("fund"), CHART.fees()
VENUE = CHART.delegated("fund", "venue")
CAST = (VAULT, SUSPENSE, FUND, VENUE, FEES)
GUESTS = tuple(CHART.available(f"guest-{number}") for number in range(3))
"""Those who come and go: their accounts are opened, emptied and closed."""

WAYS = [
    (VAULT, FUND), (VAULT, FUND), (FUND, VENUE), (VENUE, FUND), (FUND, FEES), (FUND, VAULT), (SUSPENSE, VAULT),
    (FEES, FEES), *((FUND, guest) for guest in GUESTS), *((guest, FUND) for guest in GUESTS),
]  # fmt: skip

Movement = tuple[str, str, int]
Lender = Callable[[], AbstractContextManager[str]]
"""Lends the place of a database in which there is nothing, for as long as the block lasts."""


@dataclass
class PlainBooks:
    """Movements in lists, nothing summed up in advance."""

    opened: dict[str, Account] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    moved: list[Movement] = field(default_factory=list)
    reserved: dict[str, Movement] = field(default_factory=dict)
    expiries: dict[str, int] = field(default_factory=dict)
    said: dict[str, Transfer] = field(default_factory=dict)

    def take(self, batch: list[Transfer], now_s: int) -> list[bool]:
        answers: list[bool] = []
        while batch:
            length = next((index + 1 for index, one in enumerate(batch) if not one.linked), len(batch))
            chain, batch = batch[:length], batch[length:]
            before = {name: copy(value) for name, value in self.__dict__.items()}
            accepted = not chain[-1].linked and all(self.accept(replace(one, linked=False), now_s) for one in chain)
            if not accepted:
                self.__dict__.update(before)
            answers += [accepted] * length
        return answers

    def accept(self, one: Transfer, now_s: int) -> bool:
        if one.id in self.said:
            return self.said[one.id] == one
        accepted = self.end(one, now_s) if one.pending_id else self.start(one)
        if accepted:
            self.said[one.id] = one
        return accepted

    def start(self, one: Transfer) -> bool:
        sides = (one.debit_account, one.credit_account)
        if one.amount <= 0 or sides[0] == sides[1]:
            return False
        if any(side not in self.opened or side in self.closed for side in sides):
            return False
        for side, account_id in enumerate(sides):
            used = self.total(side, account_id, self.moved) + self.total(side, account_id, self.held()) + one.amount
            bound = (Limit.DEBITS_WITHIN_CREDITS, Limit.CREDITS_WITHIN_DEBITS)[side]
            if self.opened[account_id].limit is bound and used > self.total(1 - side, account_id, self.moved):
                return False
        if one.kind is Kind.PENDING:
            self.reserved[one.id] = (*sides, one.amount)
            self.expiries[one.id] = one.expires_at_s
        else:
            self.moved.append((*sides, one.amount))
        return True

    def end(self, one: Transfer, now_s: int) -> bool:
        if one.pending_id not in self.reserved:
            return False
        debit, credit, amount = self.reserved[one.pending_id]
        if one.amount > amount or (one.kind is Kind.VOID and one.amount not in {0, amount}):
            return False
        expiry = self.expiries[one.pending_id]
        if one.kind is Kind.POST:
            if expiry and now_s >= expiry:
                return False
            self.moved.append((debit, credit, one.amount or amount))
        del self.reserved[one.pending_id]
        return True

    def open(self, account: Account) -> bool:
        if account.id in self.closed or self.opened.get(account.id, account) != account:
            return False
        self.opened[account.id] = account
        return True

    def close(self, account_id: str, now_s: int) -> bool:
        if account_id not in self.opened:
            return False
        if account_id in self.closed:
            return True
        totals = self.totals(account_id)
        if totals.debits_pending or totals.credits_pending or totals.debits_posted != totals.credits_posted:
            return False
        self.closed[account_id] = now_s
        return True

    def held(self) -> list[Movement]:
        return list(self.reserved.values())

    @staticmethod
    def total(side: int, account_id: str, movements: list[Movement]) -> int:
        return sum(movement[2] for movement in movements if movement[side] == account_id)

    def totals(self, account_id: str) -> Totals:
        held = self.held()
        return Totals(
            self.total(0, account_id, held),
            self.total(0, account_id, self.moved),
            self.total(1, account_id, held),
            self.total(1, account_id, self.moved),
        )


class BooksAgainstModel(RuleBasedStateMachine):
    """Every step is done by both, and then every account compared."""

    lend: ClassVar[Lender]
    seen: ClassVar[Counter[tuple[str, str]]]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.lent = type(self).lend()
        self.place = self.lent.__enter__()
        self.database = open_database(self.place)
        self.books = Books(self.database)
        self.model = PlainBooks()
        self.books.open_accounts(CAST)
        for account in CAST:
            self.model.open(account)
        self.now_s = self.count = 0
        self.past = {self.books.head().position: self.books.head()}
        self.totals_at: dict[int, dict[str, Totals]] = {0: {}}
        self.open_an_account(GUESTS[0], redefined=False)
        self.post("start", [Transfer("start", VAULT.id, FUND.id, 500, Reason.DEPOSIT)])

    def note(self, step: str, accepted: bool, repeated: bool = False) -> None:
        self.seen[step, "repeated" if repeated else "accepted" if accepted else "refused"] += 1

    # -- posting ---------------------------------------------------------------------------------------------------

    def post(self, step: str, batch: list[Transfer]) -> None:
        type(self).steps += 1
        outcomes = self.books.post(batch, self.now_s)
        self.agree(step, batch, outcomes)

    def agree(self, step: str, batch: list[Transfer], outcomes: list[Outcome]) -> None:
        assert [outcome.ok for outcome in outcomes] == self.model.take(batch, self.now_s)
        for transfer, outcome in zip(batch, outcomes, strict=True):
            self.note(transfer.kind.name, outcome.ok, outcome.repeated)
            self.note(step, outcome.ok, outcome.repeated)
            if transfer.linked:
                self.note("linked", outcome.ok)
        self.compare()

    def compare(self) -> None:
        with self.database.snapshot() as reader:
            totals, head = self.books.all_totals(reader), self.books.head(reader)
        assert totals == {account_id: self.model.totals(account_id) for account_id in self.model.opened}
        assert sum(one.balance for one in totals.values()) == 0
        self.past[head.position] = head
        self.totals_at[head.position] = totals

    def start(self, source: st.DataObject) -> Transfer:
        kind = source.draw(st.sampled_from([Kind.POSTED, Kind.PENDING]))
        debit, credit = source.draw(st.sampled_from(WAYS))
        amount = source.draw(st.sampled_from([7, 1, 40, 0, 300, 2000]))
        expires_at_s = source.draw(st.sampled_from([0, self.now_s + 1, self.now_s + 2])) if kind is Kind.PENDING else 0
        self.count += 1
        return Transfer(
            f"t{self.count}", debit.id, credit.id, amount, Reason.DELEGATION, kind, expires_at_s=expires_at_s
        )

    def end(self, source: st.DataObject, pending_id: str, most: int) -> Transfer:
        amount = source.draw(st.sampled_from([0, 0, 1, most, most + 1]))
        self.count += 1
        kind = (Kind.POST, Kind.VOID)[self.count % 2]
        return Transfer(f"t{self.count}", "", "", amount, Reason.DELEGATION, kind, pending_id)

    @rule(source=st.data(), length=st.integers(1, 5))
    def start_some(self, source: st.DataObject, length: int) -> None:
        flags = [source.draw(st.sampled_from([False, False, True])) for _ in range(length)]
        self.post("set", [replace(self.start(source), linked=flag) for flag in flags])

    @rule(source=st.data(), length=st.integers(1, 5))
    def start_some_by_columns(self, source: st.DataObject, length: int) -> None:
        type(self).steps += 1
        batch = [self.start(source) for _ in range(length)]
        if source.draw(st.booleans()):
            batch.append(self.model.said["start"])
        keys = [self.key_of(name) for one in batch for name in (one.debit_account, one.credit_account)]
        columns = Columns(
            [one.id for one in batch],
            np.array(keys[::2], dtype=np.int64),
            np.array(keys[1::2], dtype=np.int64),
            np.array([one.amount for one in batch], dtype=np.int64),
            np.array([one.reason for one in batch], dtype=np.int64),
            np.array([one.kind for one in batch], dtype=np.int64),
            expires_at_s=np.array([one.expires_at_s for one in batch], dtype=np.int64),
        )
        codes = self.books.post_columns(columns, self.now_s).tolist()
        answers = [Outcome(one.id, refusal_of(code), code == REPEATED) for one, code in zip(batch, codes, strict=True)]
        self.agree("columns", batch, answers)

    def key_of(self, name: str) -> int:
        return int(self.books.keys([name])[0]) if name in self.model.opened else 999

    @precondition(lambda self: self.model.reserved)
    @rule(source=st.data())
    def end_one_that_is_open(self, source: st.DataObject) -> None:
        pending_id = source.draw(st.sampled_from(list(self.model.reserved)))
        most = self.model.said[pending_id].amount
        end = self.end(source, pending_id, most)
        self.post("end", [end])
        self.post("end said again", [end])
        self.post("end", [self.end(source, pending_id, most)])

    @rule(source=st.data())
    def end_one_linked_to_a_start(self, source: st.DataObject) -> None:
        pending_id = source.draw(st.sampled_from([*self.model.reserved, *self.model.said]))
        end = self.end(source, pending_id, self.model.said[pending_id].amount)
        self.post("end and start", [replace(end, linked=source.draw(st.booleans())), self.start(source)])

    @rule(source=st.data())
    def start_and_end_in_one_chain(self, source: st.DataObject) -> None:
        start = replace(self.start(source), kind=Kind.PENDING)
        self.post("chain", [replace(start, linked=True), self.end(source, start.id, start.amount)])

    @rule(source=st.data(), more=st.integers(0, 1))
    def say_it_again(self, source: st.DataObject, more: int) -> None:
        kinds = sorted({one.kind for one in self.model.said.values()}, reverse=True)
        kind = source.draw(st.sampled_from(kinds))
        again = source.draw(st.sampled_from([one for one in self.model.said.values() if one.kind is kind]))
        self.post("again", [again, replace(again, occurred_at_s=again.occurred_at_s - more)])

    @rule(source=st.data())
    def correct_one(self, source: st.DataObject) -> None:
        position = source.draw(st.integers(1, self.books.head().position))
        (recorded,) = self.books.transfers(after=position - 1, limit=1)
        if recorded.transfer.kind in {Kind.PENDING, Kind.VOID}:
            with pytest.raises(CorrectionError, match="moved nothing"):
                reversing(recorded, self.now_s)
            type(self).steps += 1
            self.note("correction", accepted=False)
        else:
            correction = reversing(recorded, self.now_s)
            self.post("correction", [correction])
            self.post("correction", [correction])

    @rule()
    def let_time_run_out(self) -> None:
        type(self).steps += 1
        self.now_s += 1
        due = [name for name in self.model.reserved if 0 < self.model.expiries[name] <= self.now_s]
        assert [outcome.transfer_id for outcome in self.books.expire(self.now_s)] == [f"{name}:expired" for name in due]
        for name in due:
            del self.model.reserved[name]
        self.note("expiry", accepted=bool(due))
        self.compare()

    # -- accounts --------------------------------------------------------------------------------------------------

    @rule(guest=st.sampled_from(GUESTS), redefined=st.sampled_from([False, False, False, True]))
    def open_an_account(self, guest: Account, redefined: bool) -> None:
        type(self).steps += 1
        account = replace(guest, limit=Limit.NONE) if redefined and guest.id in self.model.opened else guest
        known = guest.id in self.model.opened
        accepted = self.model.open(account)
        if accepted:
            self.books.open_accounts([account])
        else:
            with pytest.raises(BooksError, match=f"account {guest.id} (was closed|is open as)"):
                self.books.open_accounts([account])
        self.note("opening", accepted, accepted and known)
        self.compare()

    @rule(account=st.sampled_from([*GUESTS, *GUESTS, FUND, VENUE, FEES]))
    def close_an_account(self, account: Account) -> None:
        type(self).steps += 1
        repeated = account.id in self.model.closed
        expected = self.model.close(account.id, self.now_s)
        (answer,) = self.books.close_accounts([account.id], self.now_s)
        assert (answer.ok, answer.repeated) == (expected, repeated)
        self.note("closing", answer.ok, answer.repeated)
        assert self.books.closed_accounts() == dict(sorted(self.model.closed.items()))
        self.compare()

    @rule(guest=st.sampled_from(GUESTS))
    def let_a_guest_come_and_go(self, guest: Account) -> None:
        self.open_an_account(guest, redefined=False)
        self.count += 1
        self.post("come", [Transfer(f"t{self.count}", FUND.id, guest.id, 3, Reason.DELEGATION)])
        spendable = self.model.totals(guest.id).spendable
        if spendable:
            self.post("leave", [Transfer(f"t{self.count}/out", guest.id, FUND.id, spendable, Reason.RECALL)])
        self.close_an_account(guest)

    # -- reading ---------------------------------------------------------------------------------------------------

    @rule()
    def open_again(self) -> None:
        type(self).steps += 1
        self.database.close()
        self.database = open_database(self.place, create=False)
        self.books = Books(self.database)
        self.note("reopening", accepted=True)
        self.compare()

    @rule(source=st.data())
    def look_back(self, source: st.DataObject) -> None:
        type(self).steps += 1
        position = source.draw(st.sampled_from(sorted(self.past)))
        assert self.books.verify(self.past[position]) == []
        then = self.totals_at[position]
        told = History(self.database).all_totals(position)
        assert told == {account_id: then.get(account_id, Totals()) for account_id in self.model.opened}
        self.note("looking back", accepted=True)

    def teardown(self) -> None:
        try:
            assert self.books.verify() == []
            assert [row.difference for row in self.books.trial_balance()] == [0]
        finally:
            self.database.close()
            self.lent.__exit__(None, None, None)


def lender(database: str, request: pytest.FixtureRequest) -> Lender:
    """Who lends databases of this kind; each is a copy of one in which there is nothing but the tables."""
    if database == "sqlite":
        return files(request.getfixturevalue("tmp_path"))
    server: Any = request.getfixturevalue("postgres")

    @contextmanager
    def on_the_server() -> Iterator[str]:
        name = server.fresh(template="ledger")
        yield server.url(name)
        server.drop(name)

    return on_the_server


def files(folder: Path) -> Lender:
    open_database(folder / "empty.sqlite").close()

    @contextmanager
    def in_a_file() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=folder) as own:
            yield str(shutil.copy(folder / "empty.sqlite", own))

    return in_a_file


KINDS_OF_STEP = (
    "set",
    "columns",
    "end",
    "end and start",
    "chain",
    "again",
    "correction",
    "expiry",
    "opening",
    "closing",
    "linked",
)


@pytest.mark.parametrize("database", STEPS)
def test_the_books_agree_with_a_plain_model_and_every_kind_of_step_was_accepted_and_refused(
    database: str, request: pytest.FixtureRequest
) -> None:
    class Machine(BooksAgainstModel):
        lend = staticmethod(lender(database, request))
        seen: ClassVar[Counter[tuple[str, str]]] = Counter()

    profile = settings(
        max_examples=STEPS[database] // STEPS_A_DAY + 5,
        stateful_step_count=STEPS_A_DAY,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    # What a seed draws differs with the modules that a session has imported (Hypothesis takes constants from them), and
    # a rare kind of step may be left out by one: then there are more days.
    for days in range(MOST_RUNS):
        run_state_machine_as_test(seed(days)(Machine), settings=profile)
        if not unseen(Machine.seen, STEPS[database] // 2_500):
            break
    assert Machine.steps >= STEPS[database]
    assert unseen(Machine.seen, STEPS[database] // 2_500) == {}


def unseen(seen: Counter[tuple[str, str]], often: int) -> dict[tuple[str, str], int]:
    """What has to have happened and did not so often.

    Without this the comparison could hold because nothing was ever accepted, or nothing ever refused.
    """
    asked = {(name, answer) for name in (*Kind.__members__, *KINDS_OF_STEP) for answer in ("accepted", "refused")}
    asked |= {
        (name, "repeated") for name in (*Kind.__members__, "columns", "correction", "again", "opening", "closing")
    }
    asked -= {("again", "accepted")}
    asked |= {
        ("reopening", "accepted"),
        ("looking back", "accepted"),
        ("come", "accepted"),
        ("come", "refused"),
        ("leave", "accepted"),
    }
    return {pair: seen[pair] for pair in asked if seen[pair] < often}

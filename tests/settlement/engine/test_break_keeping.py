"""Breaks opened once, taken through suspense by linked transfers that name them, and closed; and told of."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.corrections import reversing
from custody.database import LEDGER, Database, open_database
from custody.transfers import Reason, Transfer
from settlement.engine.break_keeping import BreakAnswer, act, keep
from settlement.engine.break_record import Why, find, history, open_breaks
from settlement.engine.telling import told
from settlement.reconciling.at_block import Block
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.reconciling.lifecycle import TABLE, BreakAct, BreakRefusal, BreakState, reference_of, refusal
from settlement.records import DESK

CHART = Chart("USDC")
VAULT, HEDGER, SUSPENSE = CHART.vault(), CHART.delegated("hedger", "harbour"), CHART.suspense()
BLOCK = Block(7, "0x" + "11" * 32, 100)
FOUND = Break(BreakType.AMOUNT, "compartment", HEDGER.id, Source.CHAIN, {Source.LEDGER: 105, Source.CHAIN: 100}, step=1)
OUTCOME = Outcome((FOUND,), (), 1)
ID = f"{FOUND.id}#1"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))) as opened:
        books = Books(opened)
        books.open_accounts([VAULT, HEDGER, SUSPENSE])
        booked = [
            Transfer("start", VAULT.id, HEDGER.id, 100, Reason.DEPOSIT),
            Transfer("late", VAULT.id, HEDGER.id, 5, Reason.DEPOSIT),
        ]
        assert all(outcome.ok for outcome in books.post(booked, 1))
        yield opened


def aside(name: str = "aside", units: int = 5, break_id: str = ID) -> Transfer:
    """Out of the client's account, into suspense."""
    return Transfer(name, HEDGER.id, SUSPENSE.id, units, Reason.CORRECTION, reference=reference_of(break_id))


def back(name: str = "back", units: int = 5) -> Transfer:
    """Out of suspense, to where it came from: it was never there."""
    return Transfer(name, SUSPENSE.id, VAULT.id, units, Reason.CORRECTION, reference=reference_of(ID))


def did(
    database: Database, what: BreakAct, *transfers: Transfer, who: str = "auditor", reason: str = "why"
) -> BreakAnswer:
    return act(database, ID, what, Why(who, reason), 200, transfers)


def balances(database: Database) -> tuple[int, int]:
    books = Books(database)
    return books.balance(HEDGER.id), books.balance(SUSPENSE.id)


def names(database: Database) -> list[str]:
    with database.snapshot() as reader:
        return [one.name for one in told(reader, 0, 100)]


def test_a_break_goes_through_suspense_and_is_cleared(database: Database) -> None:
    assert keep(database, OUTCOME, BLOCK, 101) == [ID]
    assert did(database, BreakAct.INVESTIGATE).kept is not None
    assert did(database, BreakAct.SUSPEND, aside()).refusal is None
    assert balances(database) == (100, 5)
    cleared = did(database, BreakAct.CLEAR, back(), reason="booked without a deposit").kept
    assert cleared is not None
    assert (cleared.state, cleared.reason) == (BreakState.CLEARED, "booked without a deposit")
    assert balances(database) == (100, 0)
    assert names(database) == ["reconciliation.break_opened", "reconciliation.break_closed"]
    with database.snapshot() as reader:
        lines = [(one.act, one.state, one.why, one.at_s) for one in history(reader, ID)]
    assert lines == [
        (BreakAct.INVESTIGATE, BreakState.INVESTIGATED, Why("auditor", "why"), 200),
        (BreakAct.SUSPEND, BreakState.IN_SUSPENSE, Why("auditor", "why"), 200),
        (BreakAct.CLEAR, BreakState.CLEARED, Why("auditor", "booked without a deposit"), 200),
    ]
    assert Books(database).verify() == []


def test_what_is_found_again_is_the_same_break_until_it_is_closed(database: Database) -> None:
    assert keep(database, OUTCOME, BLOCK, 101) == [ID]
    assert keep(database, OUTCOME, BLOCK, 102) == []
    assert did(database, BreakAct.EXPLAIN).refusal is None
    assert keep(database, OUTCOME, BLOCK, 103) == [f"{FOUND.id}#2"]
    with database.snapshot() as reader:
        assert [one.id for one in open_breaks(reader)] == [f"{FOUND.id}#2"]


def test_every_act_is_in_the_table_or_refused() -> None:
    for state, what in product(BreakState, BreakAct):
        answer = refusal(state, what, "who", "why", 1)
        if state.is_closed:
            assert answer is BreakRefusal.BREAK_IS_CLOSED
        else:
            assert answer is (None if (state, what) in TABLE else BreakRefusal.ACT_NOT_POSSIBLE_HERE)


REFUSED: list[tuple[list[BreakAct], BreakAct, str, tuple[Transfer, ...], BreakRefusal]] = [
    ([BreakAct.EXPLAIN], BreakAct.SUSPEND, "", (), BreakRefusal.BREAK_IS_CLOSED),
    ([], BreakAct.SUSPEND, "", (), BreakRefusal.ACT_NOT_POSSIBLE_HERE),
    ([BreakAct.INVESTIGATE], BreakAct.SUSPEND, "", (), BreakRefusal.REASON_IS_MISSING),
    ([BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why", (), BreakRefusal.TRANSFERS_ARE_MISSING),
    (
        [BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why", (aside(break_id="another", units=1_000),),
        BreakRefusal.TRANSFERS_ARE_NONE_OF_SUSPENSE,
    ),
    (
        [BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why",
        (Transfer("past", HEDGER.id, VAULT.id, 5, Reason.CORRECTION, reference=reference_of(ID)),),
        BreakRefusal.TRANSFERS_ARE_NONE_OF_SUSPENSE,
    ),
    ([BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why", (aside(units=4),), BreakRefusal.DIFFERENCE_REMAINS),
    ([BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why", (aside("a", 1_000),), BreakRefusal.DIFFERENCE_REMAINS),
    ([BreakAct.INVESTIGATE], BreakAct.SUSPEND, "why", (aside("late"),), BreakRefusal.LEDGER_REFUSES),
]  # fmt: skip


@pytest.mark.parametrize(("before", "what", "reason", "transfers", "expected"), REFUSED)
def test_what_is_refused_moves_nothing(
    database: Database, before: list[BreakAct], what: BreakAct, reason: str,
    transfers: tuple[Transfer, ...], expected: BreakRefusal,
) -> None:  # fmt: skip
    keep(database, OUTCOME, BLOCK, 101)
    for one in before:
        assert did(database, one).refusal is None
    with database.snapshot() as reader:
        stood = find(reader, ID)
    assert did(database, what, *transfers, reason=reason).refusal is expected
    with database.snapshot() as reader:
        assert find(reader, ID) == stood
    assert balances(database) == (105, 0)


def test_nobody_acts_without_a_name(database: Database) -> None:
    keep(database, OUTCOME, BLOCK, 101)
    assert did(database, BreakAct.INVESTIGATE, who="", reason="").refusal is BreakRefusal.ACTOR_IS_MISSING
    with database.snapshot() as reader:
        assert history(reader, ID) == []


def test_a_break_is_due_by_its_type(database: Database) -> None:
    keep(database, Outcome((FOUND, replace(FOUND, type=BreakType.PRICE)), (), 2), BLOCK, 101)
    with database.snapshot() as reader:
        assert [one.due_at_s - one.opened_at_s for one in open_breaks(reader)] == [4 * 3600, 24 * 3600]


def test_suspense_is_left_in_full_or_not_at_all(database: Database) -> None:
    keep(database, OUTCOME, BLOCK, 101)
    did(database, BreakAct.INVESTIGATE)
    did(database, BreakAct.SUSPEND, aside())
    refused = did(database, BreakAct.CLEAR, back(units=4))
    assert (refused.refusal, refused.detail) == (BreakRefusal.SUSPENSE_IS_NOT_EMPTY, "{'USDC/suspense': 1}")
    assert balances(database) == (100, 5)
    assert did(database, BreakAct.CLEAR, back("one", 4), back("two", 1)).refusal is None


def test_a_break_that_nobody_has_found_is_not_acted_on(database: Database) -> None:
    assert act(database, "another", BreakAct.EXPLAIN, Why("auditor", "why"), 1).refusal is BreakRefusal.BREAK_NOT_FOUND


def test_a_reversal_of_what_was_suspended_is_a_correction_too(database: Database) -> None:
    """The ledger's own corrections name the transfer that they correct, so a break's are written out in full."""
    keep(database, OUTCOME, BLOCK, 101)
    did(database, BreakAct.INVESTIGATE)
    did(database, BreakAct.SUSPEND, aside())
    (recorded,) = Books(database).transfers(reference=reference_of(ID))
    assert reversing(recorded, 300).reference == "aside"
    assert (
        did(database, BreakAct.CLEAR, reversing(recorded, 300)).refusal is BreakRefusal.TRANSFERS_ARE_NONE_OF_SUSPENSE
    )
